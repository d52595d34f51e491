/** The filter as people build it: conditions in rows, groups of them, or its text. */
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { later } from "../core/later.js";
import { fieldTypes } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, IconButton, ProblemBox, Select, TextArea } from "../kit/index.js";
import { ColumnValues, hasTicks } from "./column_values.js";
import { changed, draftOf, newCondition, newKey, wholeOf } from "./draft.js";
import { fieldOf, fieldsOf, optionsOf } from "./fields.js";
import { isCondition, pairsOf, parseFilter, printFilter, textOf, withConditions } from "./grammar.js";
import { labelOf, offersFor } from "./operators.js";
import { ValueInput } from "./value.js";

/** Milliseconds after the last letter until a condition is asked. */
const PAUSE = 400;

/** @param {URLSearchParams} query */
const conditionsText = (query) => textOf([...query].filter(([name]) => isCondition(name)));

/**
 * Whether the service takes conditions; what it says if it does not.
 * @param {number} table @param {[string, string][]} pairs @param {AbortSignal} signal
 */
async function refusalOf(table, pairs, signal) {
  try {
    await api.get(`/table/${table}/rows/`, { params: new URLSearchParams([...pairs, ["limit", "0"], ["select", "id"]]), signal });
    return null;
  } catch (problem) {
    if (signal.aborted) return undefined;
    return problem;
  }
}

/**
 * @param {{ definition: import("../core/state.js").Definition, query: URLSearchParams, onChange: (query: URLSearchParams) => void }} props
 *   query: with its other parameters, which stay
 */
export function FilterBuilder({ definition, query, onChange }) {
  const types = fieldTypes.value;
  const fields = useMemo(() => fieldsOf(definition), [definition]);
  const text = conditionsText(query);
  /** @returns {import("./draft.js").DraftGroup} */
  const parsed = () => /** @type {any} */ (draftOf(parseFilter(query), fields, types));
  const [draft, setDraft] = useState(parsed);
  const [asText, setAsText] = useState(/** @type {string | null} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const sent = useRef(text), stop = useRef(/** @type {(() => void) | null} */ (null)), asked = useRef(/** @type {AbortController | null} */ (null));
  useEffect(() => {
    if (text !== sent.current) {
      sent.current = text;
      setDraft(parsed());
      setProblem(null);
    }
  }, [text]);
  const waiting = useRef(/** @type {(() => void) | null} */ (null));
  // What was typed last counts, also if the filter is closed at once.
  useEffect(() => () => { stop.current?.(); waiting.current?.(); }, []);

  /** @param {[string, string][]} pairs @param {() => void} [done] */
  const apply = async (pairs, done) => {
    asked.current?.abort();
    const stop = (asked.current = new AbortController());
    const refusal = await refusalOf(definition.id, pairs, stop.signal);
    if (refusal === undefined) return;
    setProblem(refusal);
    if (refusal) return;
    sent.current = textOf(pairs);
    if (sent.current !== text) onChange(withConditions(query, pairs));
    done?.();
  };
  /** @param {import("./draft.js").DraftGroup} next @param {boolean} [typed] */
  const change = (next, typed = false) => {
    setDraft(next);
    stop.current?.();
    waiting.current = () => {
      waiting.current = null;
      apply(printFilter(wholeOf(next)));
    };
    stop.current = later(() => waiting.current?.(), typed ? PAUSE : 0);
  };
  /** @param {import("./draft.js").DraftGroup} group @param {import("./draft.js").DraftItem} item */
  const add = (group, item) => change(changed(draft, group.key, (found) => ({ ...found, items: [...found.items, item] })));
  const shared = { definition, fields, types, query, change: (/** @type {number} */ key, /** @type {(item: any) => any} */ how, /** @type {boolean} */ typed = false) => change(changed(draft, key, how), typed), add };
  if (asText !== null) {
    return html`<div class="filter-builder">
      <${TextArea} class="mono" rows=${4} value=${asText} aria-label=${t("filters.text")} autofocus onInput=${setAsText} />
      <p class="muted small">${t("filters.text_help")}</p>
      <${ProblemBox} problem=${problem} />
      <div class="row filter-end">
        <${Button} small kind="primary" onClick=${() => apply(pairsOf(asText).filter(([name]) => isCondition(name)), () => { setDraft(/** @type {any} */ (draftOf(parseFilter(pairsOf(asText)), fields, types))); setAsText(null); })}>${t("filters.apply")}</${Button}>
        <${Button} small onClick=${() => { setAsText(null); setProblem(null); }}>${t("filters.as_clicks")}</${Button}>
      </div></div>`;
  }
  return html`<div class="filter-builder">
    <${Items} group=${draft} isRoot ...${shared} />
    <${ProblemBox} problem=${problem} />
    <div class="row filter-end">
      <${Adders} group=${draft} ...${shared} />
      <span class="grow"></span>
      <${Button} small kind="quiet" icon="api" onClick=${() => setAsText(textOf(printFilter(wholeOf(draft))))}>${t("filters.as_text")}</${Button}>
      ${draft.items.length > 0 && html`<${Button} small kind="quiet" icon="close" onClick=${() => change({ key: newKey(), join: "and", not: false, items: [] })}>${t("filters.clear")}</${Button}>`}
    </div></div>`;
}

/** @param {any} props */
function Adders({ group, add, fields, types }) {
  const first = fields.find((/** @type {any} */ each) => offersFor(each, types).length) ?? fields[0];
  return html`<${Button} small icon="add" onClick=${() => add(group, newCondition(first, types))}>${t("filters.add")}</${Button}>
    <${Button} small kind="quiet" onClick=${() => add(group, { key: newKey(), join: group.join === "and" ? "or" : "and", not: false, items: [newCondition(first, types)] })}>${t("filters.add_group")}</${Button}>`;
}

/** @param {any} props */
function Items({ group, isRoot, ...shared }) {
  if (!group.items.length) return html`<p class="muted small">${t("filters.none")}</p>`;
  return html`<ul class="filter-items">${group.items.map((/** @type {any} */ item, /** @type {number} */ at) => html`<li key=${item.key} class="filter-item">
    <span class="filter-join">${at === 0 ? html`<span class="muted small">${t(isRoot ? "filters.where" : "filters.where_group")}</span>`
      : at === 1 ? html`<${Select} class="small" value=${group.join} aria-label=${t("filters.join")} options=${[{ value: "and", label: t("filters.and") }, { value: "or", label: t("filters.or") }]}
          onChange=${(/** @type {any} */ join) => shared.change(group.key, (/** @type {any} */ found) => ({ ...found, join }))} />`
      : html`<span class="muted small">${t(`filters.${group.join}`)}</span>`}</span>
    ${"raw" in item ? html`<${RawItem} item=${item} ...${shared} />` : "join" in item ? html`<${GroupItem} item=${item} ...${shared} />` : html`<${ConditionItem} item=${item} ...${shared} />`}
  </li>`)}</ul>`;
}

/** @param {any} props */
const Remove = ({ item, label, change }) => html`<${IconButton} small icon="close" label=${label} onClick=${() => change(item.key, () => null)} />`;

/** @param {any} props */
function RawItem({ item, ...shared }) {
  const text = textOf([item.raw]);
  return html`<div class="filter-line"><code class="grow cut" title=${text}>${text}</code><${Remove} item=${item} label=${t("filters.remove", { name: text })} ...${shared} /></div>`;
}

/** @param {any} props */
function GroupItem({ item, ...shared }) {
  return html`<div class="filter-group" role="group" aria-label=${t("filters.group")}>
    <div class="row"><${Select} class="small" value=${item.not ? "not" : ""} aria-label=${t("filters.group_holds")} options=${[{ value: "", label: t(`filters.holds_${item.join}`) }, { value: "not", label: t(`filters.holds_not_${item.join}`) }]}
        onChange=${(/** @type {string} */ not) => shared.change(item.key, (/** @type {any} */ found) => ({ ...found, not: not !== "" }))} />
      <span class="grow"></span><${Remove} item=${item} label=${t("filters.remove_group")} ...${shared} /></div>
    <${Items} group=${item} ...${shared} /><div class="row"><${Adders} group=${item} ...${shared} /></div></div>`;
}

/** @param {any} props */
function ConditionItem({ item, definition, fields, types, query, change }) {
  const field = fieldOf(fields, item.field), offers = offersFor(field, types);
  const all = offers.some((each) => each.key === item.offer?.key) ? offers : [...(item.offer ? [item.offer] : []), ...offers];
  /** @param {string} name */
  const setField = (name) => {
    const next = newCondition(fieldOf(fields, name), types);
    const same = offersFor(fieldOf(fields, name), types).find((each) => each.key === item.offer?.key);
    change(item.key, () => ({ ...next, key: item.key, ...(same ? { offer: same, value: field.type === fieldOf(fields, name).type ? item.value : next.value } : {}) }));
  };
  /** @param {string} key */
  const setOffer = (key) => {
    const offer = /** @type {import("./operators.js").Offer} */ (all.find((each) => each.key === key));
    const one = Array.isArray(item.value) ? (item.value[0] ?? "") : item.value;
    change(item.key, (/** @type {any} */ found) => ({ ...found, offer, value: offer.isList ? (one ? (Array.isArray(item.value) ? item.value : [one]) : []) : one }));
  };
  const listed = hasTicks(field.type) ? offers.find((each) => each.key === "in") : undefined;
  return html`<div class="filter-line">
    <${Select} value=${item.field} aria-label=${t("filters.field")} options=${optionsOf(fields.some((/** @type {any} */ each) => each.name === item.field) ? fields : [field, ...fields])} onChange=${setField} />
    <${Select} value=${item.offer?.key ?? ""} aria-label=${t("filters.operator", { name: field.label })} options=${all.map((each) => ({ value: each.key, label: labelOf(each, types, field) }))} onChange=${setOffer} />
    ${item.offer && html`<div class="filter-value"><${ValueInput} field=${field} offer=${item.offer} value=${item.value} label=${t("filters.value", { name: field.label })}
      onInput=${(/** @type {any} */ value, /** @type {boolean} */ typed) => change(item.key, (/** @type {any} */ found) => ({ ...found, value }), typed)} /></div>`}
    ${listed && html`<${ColumnValues} definition=${definition} field=${field} query=${query} chosen=${item.offer?.isList && Array.isArray(item.value) ? item.value : []}
      onChosen=${(/** @type {string[]} */ values) => change(item.key, (/** @type {any} */ found) => ({ ...found, offer: found.offer?.isList ? found.offer : listed, value: values }))} />`}
    <${Remove} item=${item} label=${t("filters.remove", { name: field.label })} change=${change} />
  </div>`;
}

