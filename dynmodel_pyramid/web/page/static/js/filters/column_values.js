/** The values that a column has, with how often each occurs, to tick: a box beside its button. */
import { html, useMemo, useRef, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { fieldTypes } from "../core/state.js";
import { number, t } from "../core/texts.js";
import { editorFor } from "../editors/index.js";
import { CheckBox, IconButton, Loading, ProblemBox, SearchInput, useFloating, useLoaded } from "../kit/index.js";
import { isCondition, parseFilter, printFilter, printName } from "./grammar.js";
import { choicesOf } from "./value.js";

/** The most values that are shown. */
const MOST = 200;

/**
 * The conditions of a query but those on one field: its values are counted among the rows that the others find.
 * @param {URLSearchParams} query @param {string} name
 */
function others(query, name) {
  const filter = parseFilter([...query].filter(([parameter]) => isCondition(parameter)));
  if (filter.join === "or") return printFilter(filter);
  return printFilter({ ...filter, items: filter.items.filter((each) => !("field" in each) || each.field !== name) });
}

/**
 * @param {{ definition: { id: number }, field: import("./fields.js").Field, query: URLSearchParams, chosen: string[], onChosen: (values: string[]) => void }} props
 */
export function ColumnValues(props) {
  const [isOpen, setOpen] = useState(false);
  const anchor = useRef(/** @type {Element | null} */ (null)), place = useRef(/** @type {HTMLElement | null} */ (null)), closed = useRef(0);
  return html`<span ref=${place}><${IconButton} small icon="list" label=${t("filters.values_of", { name: props.field.label })} aria-haspopup="dialog" aria-expanded=${String(isOpen)} onClick=${() => {
      anchor.current = place.current?.querySelector("button") ?? null;
      if (Date.now() - closed.current > 150) setOpen(!isOpen);
    }} />${isOpen && html`<${Values} ...${props} anchor=${anchor} onClose=${() => { closed.current = Date.now(); setOpen(false); }} />`}</span>`;
}

/** @param {any} props */
function Values({ definition, field, query, chosen, onChosen, anchor, onClose }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [wanted, setWanted] = useState("");
  useFloating(true, box, anchor, { end: true });
  const { value: rows, problem } = useLoaded(`${definition.id}/${field.name}/${query}`, async (/** @type {AbortSignal} */ signal) => {
    const name = printName(field.name);
    const params = new URLSearchParams([["select", `value:${name},times:count()`], ...others(query, field.name), [name, "not.is.null"], ["order", "count().desc"], ["limit", String(MOST + 1)]]);
    return (await api.get(`/table/${definition.id}/rows/`, { params, signal })).data;
  });
  const kind = useMemo(() => editorFor(field, fieldTypes.value), [field.name]);
  const labels = new Map(choicesOf(field)?.map((each) => [each.value, each.label]));
  /** @param {any} value */
  const said = (value) => labels.get(String(value)) ?? kind.toText(value, field);
  const found = (rows ?? []).slice(0, MOST).filter((/** @type {any} */ { value }) => said(value).toLocaleLowerCase().includes(wanted.toLocaleLowerCase()));
  /** @param {string} value @param {boolean} on */
  const tick = (value, on) => onChosen(on ? [...chosen, value] : chosen.filter((/** @type {string} */ each) => each !== value));
  return html`<div class="menu filter-values" popover="auto" role="dialog" aria-label=${t("filters.values_of", { name: field.label })} ref=${box}
      onToggle=${(/** @type {any} */ event) => { if (event.newState === "closed") onClose(); }}>
    <${ProblemBox} problem=${problem} />
    ${!rows && !problem && html`<${Loading} />`}
    ${rows && html`<${SearchInput} value=${wanted} onInput=${setWanted} label=${t("filters.find_value")} autofocus />
      <ul class="filter-ticks">${found.map((/** @type {any} */ { value, times }) => html`<li key=${String(value)}>
        <${CheckBox} checked=${chosen.includes(String(value))} onChange=${(/** @type {boolean} */ on) => tick(String(value), on)}
          label=${html`<span class="cut">${said(value) || t("filters.empty_text")}</span><span class="muted small filter-times">${number(times)}</span>`} /></li>`)}</ul>
      ${!found.length && html`<p class="muted small">${t("filters.no_values")}</p>`}
      ${rows.length > MOST && html`<p class="muted small">${t("filters.more_values", { n: MOST })}</p>`}`}
  </div>`;
}
