/** The order of rows by several fields, each up or down: the parameter `order`. */
import { html } from "../../vendor/preact.js";
import { fieldTypes } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, IconButton, Select } from "../kit/index.js";
import { fieldOf, fieldsOf, optionsOf, sortable } from "./fields.js";
import { printName } from "./grammar.js";

/** @typedef {{ name: string, descending: boolean, text: string }} Term text: as it stands; name: empty where it is more than a field */

/** @param {string | null} order @returns {Term[]} */
export function termsOf(order) {
  const parts = order?.match(/(?:"(?:[^"\\]|\\.)*"|\([^)]*\)|[^,])+/g) ?? [];
  return parts.map((text) => {
    const found = /^(?:"((?:[^"\\]|\\.)*)"|([^."(>]+))(\.asc|\.desc)?$/.exec(text);
    if (!found) return { name: "", descending: false, text };
    return { name: found[1] !== undefined ? found[1].replace(/\\(.)/g, "$1") : found[2], descending: found[3] === ".desc", text };
  });
}

/** @param {Term[]} terms */
export const orderOf = (terms) => terms.map(({ name, descending, text }) => (name ? `${printName(name)}${descending ? ".desc" : ""}` : text)).join(",");

/**
 * @param {{ definition: import("../core/state.js").Definition, query: URLSearchParams, onChange: (query: URLSearchParams) => void }} props
 */
export function SortBuilder({ definition, query, onChange }) {
  const terms = termsOf(query.get("order")), fields = sortable(fieldsOf(definition), fieldTypes.value);
  /** @param {Term[]} next */
  const change = (next) => {
    const changed = new URLSearchParams(query), order = orderOf(next);
    if (order) changed.set("order", order);
    else changed.delete("order");
    onChange(changed);
  };
  /** @param {number} at @param {Partial<Term>} what */
  const set = (at, what) => change(terms.map((each, i) => (i === at ? { ...each, ...what } : each)));
  /** @param {number} from @param {number} to */
  const move = (from, to) => {
    const next = [...terms];
    next.splice(to, 0, ...next.splice(from, 1));
    change(next);
  };
  const free = fields.find((each) => !terms.some(({ name }) => name === each.name));
  return html`<div class="filter-builder">
    ${terms.length ? html`<ul class="filter-items">${terms.map((term, at) => html`<li key=${term.name || term.text} class="filter-item"><div class="filter-line">
      <span class="filter-join muted small">${t(at ? "filters.then" : "filters.by")}</span>
      ${term.name ? html`<${Select} value=${term.name} aria-label=${t("filters.field")} options=${optionsOf(fields.some(({ name }) => name === term.name) ? fields : [fieldOf([], term.name), ...fields])}
          onChange=${(/** @type {string} */ name) => set(at, { name })} />
        <${Select} value=${term.descending ? "desc" : "asc"} aria-label=${t("filters.direction", { name: fieldOf(fields, term.name).label })}
          options=${[{ value: "asc", label: t("filters.ascending") }, { value: "desc", label: t("filters.descending") }]} onChange=${(/** @type {string} */ to) => set(at, { descending: to === "desc" })} />`
        : html`<code class="grow cut">${term.text}</code>`}
      <${IconButton} small icon="arrowUp" label=${t("filters.earlier", { name: term.name || term.text })} disabled=${at === 0} onClick=${() => move(at, at - 1)} />
      <${IconButton} small icon="close" label=${t("filters.remove", { name: term.name || term.text })} onClick=${() => change(terms.filter((_, i) => i !== at))} />
    </div></li>`)}</ul>` : html`<p class="muted small">${t("filters.unsorted")}</p>`}
    <div class="row filter-end">${free && html`<${Button} small icon="add" onClick=${() => change([...terms, { name: free.name, descending: false, text: "" }])}>${t("filters.add_sort")}</${Button}>`}</div>
  </div>`;
}
