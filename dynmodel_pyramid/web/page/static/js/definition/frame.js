/** What all pages about a table's definition share: the heading, tabs, and who may see them. */
import { html } from "../../vendor/preact.js";
import { api, nextOf } from "../core/api.js";
import { link } from "../core/router.js";
import { loadFieldTypes, loadTable, me, tagOf, titleOf } from "../core/state.js";
import { t } from "../core/texts.js";
import "../texts/en/definition.js";
import { EmptyState, Loading, Page, ProblemBox, Tabs, useLoaded, useTitle } from "../kit/index.js";

/** @typedef {import("../core/state.js").Definition} Definition */

/** The tabs, each with whether only those who write definitions see it. */
const TABS = /** @type {[string, string, boolean][]} */ ([
  ["rows", "", false], ["definition", "definition/", false], ["history", "history/", false], ["trash", "trash/", true], ["quarantine", "quarantine/", true], ["health", "health/", true],
]);

/** Whether definitions may be written. */
export const mayWrite = () => me.value?.definitions === "write";
/** Whether definitions, and their history, may be read. */
export const mayRead = () => me.value?.definitions === "write" || me.value?.definitions === "read";

/** @param {{ table: Definition, active: string }} props */
export function TableTabs({ table, active }) {
  return html`<${Tabs} label=${t("definition.sections")} active=${active} tabs=${TABS.filter(([id, , writes]) => (writes ? mayWrite() : id === "rows" || mayRead() || id === "definition"))
    .map(([id, path]) => ({ id, label: t(`definition.${id}`), href: link(`/table/${table.id}/${path}`) }))} />`;
}

/**
 * A page of a table: it loads the definition and the field types, and draws `children(definition, tag, reload)`.
 * @param {{ id: string, active: string, text?: any, actions?: (table: Definition, reload: () => void) => any, writers?: boolean,
 *   children: (table: Definition, tag: string | null, reload: () => void) => any }} props
 */
export function TablePage({ id, active, text, actions, writers, children }) {
  const { value, problem, reload } = useLoaded(id, async (signal) => {
    const [definition] = await Promise.all([loadTable(id, { signal }), loadFieldTypes()]);
    return { definition, tag: tagOf(id) };
  });
  const name = t(`definition.${active}`);
  if (writers ? !mayWrite() : !mayRead() && active !== "definition") return html`<${Page} title=${name}><${EmptyState} icon="lock" title=${t(writers ? "definition.noWriting" : "definition.noRights")} text=${t("definition.noRightsText")} /></${Page}>`;
  if (problem) return html`<${Page} title=${name}><${ProblemBox} problem=${problem} onRetry=${reload} /></${Page}>`;
  if (!value) return html`<${Loading} />`;
  const { definition, tag } = value;
  return html`<${Titled} title=${`${name}: ${titleOf(definition)}`}><header class="table-head"><h1 tabindex="-1" title=${definition.description || undefined}>${titleOf(definition)}</h1>
      <${TableTabs} table=${definition} active=${active} /><span class="grow"></span>${actions && html`<div class="actions">${actions(definition, reload)}</div>`}</header>
    <div class="page definition-page">${text && html`<p class="muted">${text}</p>`}${children(definition, tag, reload)}</div></${Titled}>`;
}

/** @param {{ title: string, children?: any }} props */
function Titled({ title, children }) {
  useTitle(title);
  return html`<div class="table-page">${children}</div>`;
}

/** All parts of a list that has parts. @param {string} path @param {AbortSignal} [signal] @param {number} [most] parts */
export async function allParts(path, signal, most = 20) {
  const found = [];
  /** @type {string | null} */
  let next = path;
  for (let part = 0; next && part < most; part++) {
    /** @type {import("../core/api.js").Answer} */
    const answer = await api.get(next, { signal });
    found.push(...answer.data);
    next = nextOf(answer.headers);
  }
  return found;
}
