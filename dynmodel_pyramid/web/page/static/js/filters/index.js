/**
 * What is seen of a table: conditions and order, built by clicks and shown as the query text of the API.
 *
 *     html`<${FilterBar} definition=${definition} query=${query} onChange=${(query) => navigate(...)} />`
 *
 * `query` is a URLSearchParams of the grammar (docs/queries.md); parameters that are neither conditions nor `order` stay
 * as they are. What clicks can't build stays as text, and nothing of it is lost.
 *
 * grammar.js       conditions <-> text; operators.js: the operators in people's words; fields.js: what can be named
 * builder.js       the conditions as rows and groups; draft.js: while they are built; value.js: what they compare with
 * column_values.js the values that a column has, to tick; ticks.js: as conditions
 * sorts.js         the order
 */
import "../texts/en/filters.js";
import "../texts/en/editors.js";
import { html, useRef, useState } from "../../vendor/preact.js";
import { fieldTypes } from "../core/state.js";
import { style } from "../core/router.js";
import { t } from "../core/texts.js";
import { Button, IconButton, useFloating } from "../kit/index.js";
import { FilterBuilder } from "./builder.js";
import { fieldOf, fieldsOf } from "./fields.js";
import { isCondition, isGroup, isRaw, parseFilter, printFilter, textOf, withConditions } from "./grammar.js";
import { labelOf, offersFor, read } from "./operators.js";
import { SortBuilder, termsOf } from "./sorts.js";
import { choicesOf } from "./value.js";

export { ColumnFilter, ColumnValues, hasTicks } from "./column_values.js";
export { isCondition, pairsOf, parseFilter, printFilter, textOf, withConditions } from "./grammar.js";

style("filters");
style("editors");

/**
 * A button that opens a box.
 * @param {{ label: any, icon: string, name: string, active: boolean, children: () => any }} props
 */
function Opener({ label, icon, name, active, children }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLElement | null} */ (null)), anchor = useRef(/** @type {Element | null} */ (null)), place = useRef(/** @type {HTMLElement | null} */ (null));
  const closed = useRef(0);
  useFloating(isOpen, box, anchor);
  return html`<span ref=${place}><${Button} kind="quiet" icon=${icon} class=${active ? "filter-active" : ""} aria-haspopup="dialog" aria-expanded=${String(isOpen)} onClick=${() => {
      anchor.current = place.current?.querySelector("button") ?? null;
      if (Date.now() - closed.current > 150) setOpen(!isOpen);
    }}>${label}</${Button}>
    ${isOpen && html`<div class="menu filter-box" popover="auto" role="dialog" aria-label=${name} ref=${box}
        onToggle=${(/** @type {any} */ event) => { if (event.newState === "closed" && event.target === box.current) { closed.current = Date.now(); setOpen(false); } }}>${children()}</div>`}</span>`;
}

/**
 * @param {{ definition: import("../core/state.js").Definition, query: URLSearchParams, onChange: (query: URLSearchParams) => void }} props
 */
export function FilterBar({ definition, query, onChange }) {
  const conditions = parseFilter(query).items.length, terms = termsOf(query.get("order")).length;
  return html`<${Opener} icon="filter" name=${t("filters.title")} active=${conditions > 0} label=${conditions ? t("filters.filters", { n: conditions }) : t("filters.filter")}>
      ${() => html`<${FilterBuilder} definition=${definition} query=${query} onChange=${onChange} />`}</${Opener}>
    <${Opener} icon="sort" name=${t("filters.order")} active=${terms > 0} label=${terms ? t("filters.sorts", { n: terms }) : t("filters.sort")}>
      ${() => html`<${SortBuilder} definition=${definition} query=${query} onChange=${onChange} />`}</${Opener}>`;
}

/**
 * The conditions in words, each to be taken away; nothing where there are none.
 * @param {{ definition: import("../core/state.js").Definition, query: URLSearchParams, onChange: (query: URLSearchParams) => void, class?: string }} props
 */
export function FilterChips({ definition, query, onChange, class: also = "" }) {
  const filter = parseFilter(query), fields = fieldsOf(definition);
  if (!filter.items.length) return null;
  return html`<ul class=${`filter-chips ${also}`} aria-label=${t("filters.title")}>${filter.items.map((item, at) => {
    const said = inWords(item, fields);
    return html`<li key=${`${at}${said}`} class="filter-chip">${at > 0 && filter.join === "or" && html`<span class="muted">${t("filters.or")} </span>`}<span class="cut" title=${said}>${said}</span>
      <${IconButton} small icon="close" label=${t("filters.remove", { name: said })}
        onClick=${() => onChange(withConditions(query, printFilter({ ...filter, items: filter.items.filter((_, i) => i !== at) })))} /></li>`;
  })}</ul>`;
}

/** @param {import("./grammar.js").Item} item @param {import("./fields.js").Field[]} fields @returns {string} */
function inWords(item, fields) {
  if (isRaw(item)) return textOf([item.raw]);
  if (isGroup(item)) {
    const inner = item.items.map((each) => inWords(each, fields)).join(` ${t(`filters.${item.join}`)} `);
    return item.not ? t("filters.not_group", { inner }) : `(${inner})`;
  }
  const field = fieldOf(fields, item.field), { offer, value } = read(item, offersFor(field, fieldTypes.value));
  const labels = new Map(choicesOf(field)?.map((each) => [each.value, each.label]));
  const shown = (Array.isArray(value) ? value : [value]).map((each) => labels.get(each) ?? each).join(", ");
  return [field.label, labelOf(offer, fieldTypes.value, field), shown].filter(Boolean).join(" ");
}

/** Whether a query has conditions. @param {URLSearchParams} query */
export const isFiltered = (query) => [...query.keys()].some(isCondition);
