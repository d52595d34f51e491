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
route("/import/", () => import("./files/new_table.js"), ["files", "definition"]);
route("/table/{id}/import/", () => import("./files/into_table.js"), ["files"]);
route("/table/{id}/row/{row}/", () => import("./rows/form/page.js"), ["editors", "row_form"]);
route("/new/", () => import("./tables/new.js"), ["definition"]);
route("/trash/", () => import("./tables/trash.js"), ["definition"]);
route("/doctor/", () => import("./tables/doctor.js"), ["definition"]);
route("/diagram/", () => import("./definition/diagram.js"), ["definition"]);
route("/table/{id}/definition/", () => import("./definition/index.js"), ["definition"]);
route("/table/{id}/history/", () => import("./definition/history.js"), ["definition"]);
route("/table/{id}/trash/", () => import("./definition/trash.js"), ["definition"]);
route("/table/{id}/quarantine/", () => import("./definition/quarantine.js"), ["definition"]);
route("/table/{id}/health/", () => import("./definition/health.js"), ["definition"]);
route("/table/{id}/", () => import("./rows/index.js"), ["grid", "rows", "filters", "editors", "files", "requests"]);
route("/account/", () => import("./session/account.js"), ["access"]);
route("/access/", () => import("./access/index.js"), ["access"]);
route("/access/users/", () => import("./access/users.js"), ["access"]);
route("/access/tokens/", () => import("./access/tokens.js"), ["access"]);
route("/access/explain/", () => import("./access/explain.js"), ["access"]);
route("/access/audit/", () => import("./access/audit.js"), ["access"]);

render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
loadAll().then(
  () => (started.value = true),
  (problem) => (started.value = problem),
);
