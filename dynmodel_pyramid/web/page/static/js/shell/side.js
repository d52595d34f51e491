/** The list of tables at the left, and the places that are no tables. */
import { html } from "../../vendor/preact.js";
import { link, place } from "../core/router.js";
import { me, tables, titleOf } from "../core/state.js";
import { t } from "../core/texts.js";
import { Icon, Skeleton } from "../kit/index.js";

/** Tables that the list shows; the finder knows all. */
const MOST = 200;

/**
 * Places below the list: path, icon, key of its text, who sees it.
 * @type {{ path: string, icon: string, text: string, isFor: (me: import("../core/state.js").Me) => boolean }[]}
 */
const PLACES = [
  { path: "/diagram/", icon: "diagram", text: "shell.diagram", isFor: () => true },
  { path: "/trash/", icon: "trash", text: "shell.trash", isFor: (who) => who.definitions === "write" },
  { path: "/doctor/", icon: "warning", text: "shell.doctor", isFor: (who) => who.admin },
  { path: "/access/", icon: "shield", text: "shell.access", isFor: (who) => who.admin && !who.read_only },
];

export function Side() {
  const { path } = place.value;
  const all = tables.value, who = me.value;
  const current = /^\/table\/([^/]+)\//.exec(path)?.[1];
  const places = who ? PLACES.filter((each) => each.isFor(who)) : [];
  return html`<nav class="side" id="side" aria-label=${t("shell.tables")}>
    <div class="title"><a class="grow" href=${link("/")} aria-current=${path === "/" ? "page" : undefined}><${Icon} name="list" />${t("shell.allTables")}</a></div>
    <div class="tables">
      ${all === null ? html`<${Skeleton} lines=${5} />` : html`<ul>${all.slice(0, MOST).map((each) => html`<li key=${each.id}>
        <a href=${link(`/table/${each.id}/`)} aria-current=${String(each.id) === current || each.model_name === current ? "page" : undefined} title=${titleOf(each)}>
          <${Icon} name="table" /><span class="cut">${titleOf(each)}</span></a></li>`)}</ul>`}
      ${all && all.length > MOST && html`<p class="note muted small">${t("shell.more", { n: all.length - MOST })}</p>`}
    </div>
    ${places.length > 0 && html`<ul class="places">${places.map((each) => html`<li key=${each.path}>
      <a href=${link(each.path)} aria-current=${path.startsWith(each.path) ? "page" : undefined}><${Icon} name=${each.icon} />${t(each.text)}</a></li>`)}</ul>`}
  </nav>`;
}
