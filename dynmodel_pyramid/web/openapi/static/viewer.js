// Starts Swagger UI on the description of all tables, or of the one that the address names: ?table=Book.
"use strict";

const viewer = document.getElementById("viewer");
const table = new URLSearchParams(location.search).get("table");
const root = viewer.dataset.root;
document.getElementById("table").value = table ?? "";

window.ui = SwaggerUIBundle({
  domNode: viewer,
  url: table ? `${root}table/${encodeURIComponent(table)}/openapi.json` : `${root}openapi.json`,
  deepLinking: true,
  docExpansion: table ? "list" : "none",
  defaultModelsExpandDepth: 0,
  filter: true,
  // The badge of a validator would be a request to another origin.
  validatorUrl: null,
});
