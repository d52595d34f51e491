/**
 * Addresses of the page: paths below /ui/, with a query.
 *
 *     navigate("/table/1/?price=gte.10");            // a new entry of the browser's history
 *     html`<a href=${link("/access/")}>Access</a>`   // plain links are enough: clicks are taken by the router
 *
 * A part says in main.js which paths are its own: `route("/table/{id}/", () => import("./rows/index.js"), ["rows"])`.
 * The module's default export is a component with the props { params, query, path }; its style sheets (css/rows.css)
 * are loaded with it. It says its title by kit's <Page title> or useTitle().
 */
import { signal } from "../../vendor/preact.js";
import { root } from "./api.js";

const base = `${root}ui`;
/** The folder of all files, by the hash in their address. */
const files = new URL("../../", import.meta.url).href;

/**
 * @typedef {Object} Place
 * @property {string} path "/table/1/"
 * @property {URLSearchParams} query
 * @property {string} text path and query
 */

/** @returns {Place} */
function here() {
  const path = location.pathname.startsWith(base) ? location.pathname.slice(base.length) || "/" : "/";
  return { path: path.endsWith("/") ? path : `${path}/`, query: new URLSearchParams(location.search), text: path + location.search };
}

/** Where the page is. */
export const place = signal(here());

/** @typedef {() => boolean | Promise<boolean>} Guard */
/** Each with the part of the page that it is of. @type {Map<Guard, string>} */
const guards = new Map();

/**
 * Ask before the page leaves a place: `const end = beforeLeaving(() => confirm(...))`.
 * @param {Guard} guard whether to go
 * @param {string} [part] a part that can be left alone, such as the form beside the grid
 * @returns {() => void} ends it
 */
export function beforeLeaving(guard, part = "") {
  guards.set(guard, part);
  return () => guards.delete(guard);
}

/** Whether the page may be left, or a part of it: its guards are asked. @param {string} [part] */
export async function mayLeave(part) {
  for (const [guard, of] of [...guards]) if ((part === undefined || part === of) && !(await guard())) return false;
  return true;
}

addEventListener("beforeunload", (event) => {
  if (guards.size) event.preventDefault();
});

/** @param {string} path a path of the page, perhaps with a query */
export const link = (path) => base + (path.startsWith("/") ? path : `/${path}`);

/**
 * @param {string} path
 * @param {{ replace?: boolean }} [options] replace: no new entry of the history
 */
export async function navigate(path, { replace = false } = {}) {
  const isElsewhere = new URL(link(path), location.href).pathname !== location.pathname;
  if (isElsewhere && !(await mayLeave())) return;
  history[replace ? "replaceState" : "pushState"](null, "", link(path));
  place.value = here();
}

addEventListener("popstate", async () => {
  const to = here();
  if (guards.size && to.path !== place.value.path) {
    // The browser has gone already: back to the address that is shown, till the answer is there.
    history.pushState(null, "", link(place.value.text));
    if (!(await mayLeave())) return;
    history.replaceState(null, "", link(to.text));
  }
  place.value = to;
});

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const anchor = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(anchor instanceof HTMLAnchorElement) || anchor.target || anchor.hasAttribute("download")) return;
  if (anchor.origin !== location.origin || !(anchor.pathname + "/").startsWith(`${base}/`)) return;
  event.preventDefault();
  if (anchor.hash && anchor.pathname === location.pathname) document.getElementById(anchor.hash.slice(1))?.focus();
  else navigate(anchor.pathname.slice(base.length) + anchor.search);
});

/**
 * @typedef {Object} Route
 * @property {RegExp} pattern
 * @property {string[]} names
 * @property {() => Promise<{ default: any }>} load
 * @property {string[]} styles
 */

/** @type {Route[]} */
const routes = [];

/**
 * @param {string} pattern "/table/{id}/"
 * @param {() => Promise<{ default: any }>} load imports the part
 * @param {string[]} [styles] names of its style sheets
 */
export function route(pattern, load, styles = []) {
  /** @type {string[]} */
  const names = [];
  const text = pattern.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, (_, name) => {
    names.push(name);
    return "([^/]+)";
  });
  routes.push({ pattern: new RegExp(`^${text}$`), names, load, styles });
}

/**
 * The route of a path, with its parameters.
 * @param {string} path
 */
export function matched(path) {
  for (const each of routes) {
    const found = each.pattern.exec(path);
    if (found) {
      try {
        const params = Object.fromEntries(each.names.map((name, i) => [name, decodeURIComponent(found[i + 1])]));
        return { route: each, params };
      } catch {
        return null; // a % that begins no character
      }
    }
  }
  return null;
}

/** @type {Map<string, Promise<void>>} */
const sheets = new Map();

/**
 * Load a style sheet of css/ once; resolves when it holds.
 * @param {string} name
 */
export function style(name) {
  let loaded = sheets.get(name);
  if (!loaded) {
    loaded = new Promise((resolve, reject) => {
      const sheet = document.createElement("link");
      sheet.rel = "stylesheet";
      sheet.href = `${files}css/${name}.css`;
      sheet.onload = () => resolve();
      sheet.onerror = () => reject(new Error(`css/${name}.css can't be loaded`));
      document.head.append(sheet);
    });
    sheets.set(name, loaded);
  }
  return loaded;
}
