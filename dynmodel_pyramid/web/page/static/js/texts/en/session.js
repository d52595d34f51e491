import { add } from "../../core/texts.js";

add("session", {
  title: "Sign in",
  signIn: "Sign in",
  name: "Name",
  password: "Password",
  hasEnded: "The session has ended. Sign in again: nothing that you typed is lost.",
});
