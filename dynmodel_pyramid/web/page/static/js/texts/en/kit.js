import { add } from "../../core/texts.js";

add("kit", {
  product: "Tables",
  loading: "Loading…",
  retry: "Try again",
  close: "Close",
  cancel: "Cancel",
  go: "Continue",
  copy: "Copy",
  copied: "Copied",
  notCopied: "The browser did not allow to copy",
  hint: "{hint}",
  moreFaults: { one: "and {n} more", other: "and {n} more" },
  broken: "This part of the page has failed",
  showPassword: "Show the password",
  hidePassword: "Hide the password",
  choices: "Choices",
  nothingFound: "Nothing found",
});

add("problems", {
  no_answer: "The service does not answer",
});
