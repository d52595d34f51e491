// Starts Swagger UI on the description of all tables, or of the one that the address names: ?table=Book.
"use strict";

const viewer = document.getElementById("viewer");
const table = new URLSearchParams(location.search).get("table");
const root = viewer.dataset.root;
const url = table ? `${root}table/${encodeURIComponent(table)}/openapi.json` : `${root}openapi.json`;
document.getElementById("table").value = table ?? "";

/** Shows the description as it is for whoever asks: with the token that was given, or with the session. */
async function load(system) {
  const token = system.authSelectors.authorized()?.getIn(["bearer", "value"]);
  const headers = { Accept: "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(url, { headers }).catch((fault) => ({ ok: false, statusText: fault.message }));
  const text = answer.ok ? await answer.text() : JSON.stringify(await refused(answer));
  system.specActions.updateLoadingStatus("success");
  system.specActions.updateSpec(text);
}

/** Stands for a description that there is none of, so that another token can be given. */
async function refused(answer) {
  const problem = await answer.json?.().catch(() => null);
  const description = problem?.detail ?? answer.statusText;
  const bearer = { type: "http", scheme: "bearer" };
  return {
    openapi: "3.1.1",
    info: { title: table ?? "API", version: "", description },
    paths: {},
    components: { securitySchemes: { bearer } },
  };
}

/** The least of a description in which everything that a part of it refers to is there. */
function around(description, path) {
  const part = { ...description, paths: {}, components: {} };
  const wanted = [path, ...(path[0] === "paths" ? [[...path.slice(0, 2), "parameters"]] : [])];
  const [taken, linked] = [new Set(), new Set()];
  while (wanted.length) {
    const steps = wanted.pop();
    const last = steps.at(-1);
    const from = steps.slice(0, -1).reduce((found, step) => found?.[step], description);
    if (from?.[last] === undefined || taken.has(steps.join(" "))) continue;
    taken.add(steps.join(" "));
    steps.slice(0, -1).reduce((found, step) => (found[step] ??= {}), part)[last] = from[last];
    JSON.stringify(from[last], (key, value) => {
      if (key === "$ref" && `${value}`.startsWith("#/")) wanted.push(stepsOf(value));
      if (key === "operationId") linked.add(value);
      return value;
    });
  }
  for (const [name, item] of Object.entries(description.paths))
    for (const [method, { operationId }] of Object.entries(item))
      if (linked.has(operationId)) (part.paths[name] ??= {})[method] ??= { operationId };
  return part;
}

/** The steps of a reference within the document (RFC 6901, section 6). */
function stepsOf(reference) {
  return reference
    .slice(2)
    .split("/")
    .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"));
}

const loading = (original, system) => (payload) => {
  original(payload);
  return load(system);
};

const plugin = {
  // Swagger UI reads the whole description for each part that it opens: seconds, for those of many tables.
  afterLoad() {
    const { resolveSubtree } = this.fn;
    this.fn.resolveSubtree = (description, path, options) => resolveSubtree(around(description, path), path, options);
  },
  statePlugins: {
    auth: { wrapActions: { authorize: loading, logout: loading } },
    // It would be read as YAML, of which JSON is a part.
    spec: { wrapActions: { parseToJson: (_, system) => (text) => system.specActions.updateJsonSpec(JSON.parse(text)) } },
  },
};

window.ui = SwaggerUIBundle({
  domNode: viewer,
  deepLinking: true,
  docExpansion: table ? "list" : "none",
  defaultModelsExpandDepth: table ? 0 : -1,
  filter: true,
  plugins: [plugin],
  // The badge of a validator would be a request to another origin.
  validatorUrl: null,
});
window.ui.specActions.updateUrl(url);
window.ui.specActions.updateLoadingStatus("loading");
load(window.ui);
