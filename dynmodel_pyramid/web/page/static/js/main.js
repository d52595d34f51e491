/**
 * Starts the page. Parts are loaded when their routes are visited: one line each.
 */
import { html, render } from "../vendor/preact.js";
import { route } from "./core/router.js";
import { loadAll } from "./core/state.js";
import "./core/theme.js";
import "./texts/en/kit.js";
import { App, started } from "./shell/app.js";

// path, module, style sheets (css/*.css)
route("/", () => import("./tables/index.js"), ["tables", "files"]);
route("/import/", () => import("./files/new_table.js"), ["files"]);
route("/table/{id}/import/", () => import("./files/into_table.js"), ["files"]);
route("/table/{id}/row/{row}/", () => import("./rows/form/page.js"), ["editors", "row_form"]);

render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
loadAll().then(
  () => (started.value = true),
  (problem) => (started.value = problem),
);
