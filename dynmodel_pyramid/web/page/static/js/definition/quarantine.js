/** Values that a conversion could not carry over, with their rows and reasons: corrected in place, one or many. */
import { html, useRef, useState } from "../../vendor/preact.js";
import { api, totalOf } from "../core/api.js";
import { csv } from "../core/csv.js";
import { link } from "../core/router.js";
import { t } from "../core/texts.js";
import { Button, CheckBox, EmptyState, IconButton, Loading, Moment, ProblemBox, Select, TextInput, confirm, toast, useLoaded } from "../kit/index.js";
import { quoted } from "../editors/names.js";
import { TablePage } from "./frame.js";

/** @typedef {import("../core/state.js").Definition} Definition */
/** @typedef {{ id: number, field: string | null, field_id: number, row: number, version: number, type: string, value?: string, reason?: string, kept_at: string }} Kept */

/** Values in one go. */
const SHOWN = 100;

/** @param {{ params: { id: string }, query: URLSearchParams }} props */
export default function QuarantinePage({ params, query }) {
  return html`<${TablePage} key=${params.id} id=${params.id} active="quarantine" writers text=${t("definition.quarantineText")}>
    ${(/** @type {Definition} */ table) => html`<${Quarantine} table=${table} field=${query?.get("field") ?? ""} />`}
  </${TablePage}>`;
}

/** @param {{ table: Definition, field: string }} props */
function Quarantine({ table, field: first }) {
  const path = `/table/${table.id}/quarantine/`;
  const [field, setField] = useState(first);
  const [most, setMost] = useState(SHOWN);
  const [texts, setTexts] = useState(/** @type {Record<number, string>} */ ({}));
  const [chosen, setChosen] = useState(/** @type {Set<number>} */ (new Set()));
  const [faults, setFaults] = useState(/** @type {Record<number, string>} */ ({}));
  const [overwrite, setOverwrite] = useState(false);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const { value, problem: failed, reload, isLoading } = useLoaded(`${field}/${most}`, async (signal) => {
    const { data, headers } = await api.get(path, { params: { limit: Math.min(most, 1000), field: field ? quoted(field) : undefined }, signal });
    return { values: /** @type {Kept[]} */ (data), total: totalOf(headers) ?? data.length };
  });
  if (failed) return html`<${ProblemBox} problem=${failed} onRetry=${reload} />`;
  if (!value) return html`<${Loading} />`;
  const { values, total } = value;
  if (!total && !field) return html`<${EmptyState} icon="check" title=${t("definition.quarantineEmpty")} text=${t("definition.quarantineEmptyText")} />`;
  const corrected = values.filter((each) => texts[each.id] !== undefined);
  const selected = values.filter((each) => chosen.has(each.id));

  /** Send corrections; those that are refused stay, with the service's words. @param {Kept[]} about @param {any} body @param {string} type */
  const send = async (about, body, type) => {
    setIsBusy(true);
    setProblem(null);
    setFaults({});
    try {
      const { data } = await api.send("POST", path, body, { type, params: { partial: true, ...(overwrite ? { overwrite: true } : {}) } });
      if (data.restored.length) toast(t("definition.quarantineDone", { n: data.restored.length }), { kind: "ok" });
      if (data.discarded.length) toast(t("definition.discardedValues", { n: data.discarded.length }));
      /** @type {Record<number, string>} */
      const refused = {};
      for (const fault of data.errors) {
        const kept = about[Number(/^\/(\d+)/.exec(fault.pointer)?.[1])];
        if (kept) refused[kept.id] = fault.detail;
      }
      setFaults(refused);
      if (data.error_count) toast(t("definition.quarantineLeft", { n: data.error_count }), { kind: "danger" });
      const done = new Set([...data.restored.map((/** @type {any} */ each) => each.id), ...data.discarded]);
      setTexts(Object.fromEntries(Object.entries(texts).filter(([id]) => !done.has(Number(id)))));
      setChosen(new Set([...chosen].filter((id) => !done.has(id))));
      reload();
    } catch (error) {
      setProblem(error);
    }
    setIsBusy(false);
  };
  // As CSV, values are in the text forms of their fields: "249" is a number for one, a text for another.
  const correct = (/** @type {Kept[]} */ about) => send(about, csv([["id", "value"], ...about.map((each) => [each.id, texts[each.id]])]), "text/csv");
  const retry = () => send(selected, selected.map(({ id }) => ({ id })), "application/json");
  const discard = async (/** @type {Kept[]} */ about) => {
    if (await confirm({ title: t("definition.destroyTitle", { n: about.length }), text: t("definition.destroyText"), action: t("definition.purgeAction"), danger: true })) {
      await send(about, about.map(({ id }) => ({ id, discard: true })), "application/json");
    }
  };
  /** Enter goes to the next line, as in a spreadsheet. @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const by = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined || !(event.target instanceof HTMLInputElement) || event.target.type !== "text") return;
    event.preventDefault();
    if (event.ctrlKey && corrected.length) { correct(corrected); return; }
    const inputs = /** @type {HTMLInputElement[]} */ ([...(list.current?.querySelectorAll("input[type=text]") ?? [])]);
    inputs[inputs.indexOf(event.target) + by]?.focus();
  };
  const names = Object.keys(table.fields).sort();
  return html`<div class="stack">
    <div class="bar-of-tools"><label class="row"><span>${t("definition.filterByField")}</span><${Select} value=${field} onChange=${(/** @type {string} */ name) => { setField(name); setMost(SHOWN); }} options=${[{ value: "", label: t("definition.allFields") }, ...names.map((name) => ({ value: name, label: name }))]} /></label>
      <span class="muted" role="status">${t("definition.shownOf", { shown: values.length, total })}</span><span class="grow"></span>
      ${selected.length > 0 && html`<span class="muted">${t("definition.selected", { n: selected.length })}</span><${Button} disabled=${isBusy} icon="refresh" onClick=${retry}>${t("definition.tryAgain")}</${Button}><${Button} disabled=${isBusy} onClick=${() => discard(selected)}>${t("definition.discardValues")}</${Button}>`}
      <${Button} kind="primary" busy=${isBusy} disabled=${!corrected.length} onClick=${() => correct(corrected)}>${corrected.length ? t("definition.restoreCorrected", { n: corrected.length }) : t("definition.restoreNone")}</${Button}></div>
    <${ProblemBox} problem=${problem} />
    <div class="table-wrap corrections" ref=${list} onKeyDown=${onKeyDown} tabindex="0" role="region" aria-label=${t("definition.quarantine")} aria-busy=${isLoading ? "true" : "false"}><table class="table" role="table"><caption class="unseen">${t("definition.quarantine")}</caption>
      <thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader"><${CheckBox} label=${t("definition.selectAll")} hideLabel checked=${values.length > 0 && selected.length === values.length} indeterminate=${selected.length > 0 && selected.length < values.length}
          onChange=${(/** @type {boolean} */ checked) => setChosen(new Set(checked ? values.map((each) => each.id) : []))} /></th>
        <th scope="col" role="columnheader">${t("definition.row")}</th><th scope="col" role="columnheader">${t("definition.field")}</th><th scope="col" role="columnheader">${t("definition.oldValue")}</th><th scope="col" role="columnheader">${t("definition.reason")}</th><th scope="col" role="columnheader">${t("definition.correction")}</th><th scope="col" role="columnheader">${t("definition.since")}</th><th scope="col" role="columnheader"><span class="unseen">${t("definition.more")}</span></th></tr></thead>
      <tbody role="rowgroup">${values.map((each) => html`<tr key=${each.id} role="row">
        <td class="tick" role="cell"><${CheckBox} label=${t("definition.selectOne", { row: String(each.row) })} hideLabel checked=${chosen.has(each.id)} onChange=${(/** @type {boolean} */ checked) => { const next = new Set(chosen); if (checked) next.add(each.id); else next.delete(each.id); setChosen(next); }} /></td>
        <td class="of-row" role="cell"><a href=${link(`/table/${table.id}/row/${each.row}/`)}>${each.row}</a></td><td class="of-field" role="cell">${each.field ?? html`<span class="muted">${t("definition.gone")}</span>`}</td>
        <th scope="row" role="rowheader" class="mono old">${each.value ?? "···"}</th><td class="muted small reason" role="cell">${each.reason}</td>
        <td class="correction" role="cell"><${TextInput} value=${texts[each.id] ?? ""} aria-label=${t("definition.correctionOf", { value: each.value ?? "", row: String(each.row) })} disabled=${each.field === null} aria-invalid=${faults[each.id] ? "true" : undefined}
          onInput=${(/** @type {string} */ text) => { const { [each.id]: _, ...rest } = texts; setTexts(text === "" ? rest : { ...texts, [each.id]: text }); }} />${faults[each.id] && html`<div class="fault" role="alert">${faults[each.id]}</div>`}</td>
        <td class="muted small since" role="cell"><${Moment} at=${each.kept_at} /></td>
        <td class="actions" role="cell"><${IconButton} small icon="check" label=${t("definition.restore")} disabled=${isBusy || texts[each.id] === undefined} onClick=${() => correct([each])} /><${IconButton} small icon="trash" label=${t("definition.discardValues")} disabled=${isBusy} onClick=${() => discard([each])} /></td></tr>`)}</tbody></table></div>
    <div class="row">${values.length < total && most < 1000 && html`<${Button} busy=${isLoading} onClick=${() => setMost(Math.min(1000, most * 3))}>${t("definition.moreValues")}</${Button}>`}
      <span class="grow"></span><${CheckBox} label=${t("definition.overwrite")} checked=${overwrite} onChange=${setOverwrite} /></div>
  </div>`;
}
