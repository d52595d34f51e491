/** The values that a column has, with how often each occurs, to tick: a box beside its button. */
import { html, useMemo, useRef, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { fieldTypes } from "../core/state.js";
import { number, t } from "../core/texts.js";
import { editorFor } from "../editors/index.js";
import { CheckBox, IconButton, Loading, ProblemBox, SearchInput, useFloating, useLoaded } from "../kit/index.js";
import { printName } from "./grammar.js";
import { otherConditions, readTicks, withTicks } from "./ticks.js";
import { fieldOf, fieldsOf } from "./fields.js";
import { choicesOf } from "./value.js";

/** The most values that are shown. */
const MOST = 200;
/** Types whose values are no single texts. */
const COMPOUND = new Set(["json", "point", "links", "tags", "multi_choice"]);

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

/**
 * The values of a column that filter it, beside an anchor: ticks are conditions of the query.
 * @param {{ definition: import("../core/state.js").Definition, name: string, query: URLSearchParams, anchor: { current: Element | null },
 *   onChange: (query: URLSearchParams) => void, onClose: () => void }} props
 */
export function ColumnFilter({ definition, name, query, anchor, onChange, onClose }) {
  const field = fieldOf(fieldsOf(definition), name), { values, empty } = readTicks(query, name);
  const isTruth = field.type === "boolean";
  const give = (/** @type {import("./ticks.js").Ticks} */ ticks) => onChange(withTicks(query, name, ticks, isTruth));
  return html`<${Values} definition=${definition} field=${field} query=${query} chosen=${values} onChosen=${(/** @type {string[]} */ next) => give({ values: next, empty })}
    ticksEmpty empty=${empty} onEmpty=${(/** @type {boolean} */ on) => give({ values, empty: on })} anchor=${anchor} onClose=${onClose} />`;
}

/** Whether a field's values can be ticked. @param {string} type */
export const hasTicks = (type) => !COMPOUND.has(type) && Boolean(fieldTypes.value.get(type)?.operators?.some((/** @type {any} */ each) => each.name === "in"));

/** @param {any} props */
function Values({ definition, field, query, chosen, onChosen, anchor, onClose, ticksEmpty, empty, onEmpty }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [wanted, setWanted] = useState("");
  useFloating(true, box, anchor, { end: true });
  const { value: rows, problem } = useLoaded(`${definition.id}/${field.name}/${new URLSearchParams(otherConditions(query, field.name))}`, async (/** @type {AbortSignal} */ signal) => {
    const name = printName(field.name);
    const params = new URLSearchParams([["select", `value:${name},times:count()`], ...otherConditions(query, field.name), ...(ticksEmpty ? [] : [[name, "not.is.null"]]), ["order", "count().desc"], ["limit", String(MOST + 1)]]);
    return (await api.get(`/table/${definition.id}/rows/`, { params, signal })).data;
  });
  const kind = useMemo(() => editorFor(field, fieldTypes.value), [field.name]);
  const labels = new Map(choicesOf(field)?.map((each) => [each.value, each.label]));
  /** @param {any} value */
  const said = (value) => value === null ? t("filters.empty") : labels.get(String(value)) ?? kind.toText(value, field);
  const found = (rows ?? []).slice(0, MOST).filter((/** @type {any} */ { value }) => said(value).toLocaleLowerCase().includes(wanted.toLocaleLowerCase()));
  /** @param {string} value @param {boolean} on */
  const tick = (value, on) => onChosen(on ? [...chosen, value] : chosen.filter((/** @type {string} */ each) => each !== value));
  return html`<div class="menu filter-values" popover="auto" role="dialog" aria-label=${t("filters.values_of", { name: field.label })} ref=${box}
      onToggle=${(/** @type {any} */ event) => { if (event.newState === "closed") onClose(); }}>
    <${ProblemBox} problem=${problem} />
    ${!rows && !problem && html`<${Loading} />`}
    ${rows && html`<${SearchInput} value=${wanted} onInput=${setWanted} label=${t("filters.find_value")} autofocus />
      <ul class="filter-ticks">${found.map((/** @type {any} */ { value, times }) => html`<li key=${String(value)}>
        <${CheckBox} checked=${value === null ? empty : chosen.includes(String(value))} onChange=${(/** @type {boolean} */ on) => (value === null ? onEmpty(on) : tick(String(value), on))}
          label=${html`<span class=${value === null ? "cut muted" : "cut"}>${value === null ? t("filters.empty") : said(value) || t("filters.empty_text")}</span><span class="muted small filter-times">${number(times)}</span>`} /></li>`)}</ul>
      ${!found.length && html`<p class="muted small">${t("filters.no_values")}</p>`}
      ${rows.length > MOST && html`<p class="muted small">${t("filters.more_values", { n: MOST })}</p>`}`}
  </div>`;
}
