import { add } from "../../core/texts.js";

add("requests", {
  api: "API",
  title: "{table} in programs",
  text: "Everything on this page goes through the same API. Copy a request, and run it as it is.",
  which: "Request",
  request_list: "Rows in view",
  request_csv: "Rows in view as CSV",
  request_create: "Add a row",
  request_update: "Change a row",
  request_delete: "Delete a row",
  language: "Language",
  code: "The request in {language}",
  token: "Put a token into the environment variable {name}: requests of programs need one, and it should stand in no file.",
  openapi: "OpenAPI of this table",
  docs: "Documentation of the API",
});
