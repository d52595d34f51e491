/** The editor of a definition: changes are collected, their plan is shown, and then they are applied at once. */
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { equal } from "../core/json.js";
import { beforeLeaving, link } from "../core/router.js";
import { fieldTypes, loadMe, loadTable, loadTables, tagOf } from "../core/state.js";
import { t } from "../core/texts.js";
import "../texts/en/definition.js";
import { Button, Menu, Notice, ProblemBox, confirm, copy, toast } from "../kit/index.js";
import { askToDelete } from "./delete.js";
import { changeOf, documentOf, draftOf, isChanged, keptFields } from "./draft.js";
import { ConflictDialog } from "./conflict.js";
import { ownFaults } from "./field_options.js";
import { FieldList } from "./fields.js";
import { TablePage, mayWrite } from "./frame.js";
import { PlanDialog } from "./plan.js";
import { Rules, TableTexts } from "./rules.js";
import { typeTitle } from "./types.js";

/** @typedef {import("./draft.js").Draft} Draft @typedef {import("../core/state.js").Definition} Definition */

/** @param {{ params: { id: string } }} props */
export default function DefinitionPage({ params }) {
  const [deleting, setDeleting] = useState(/** @type {any} */ (null));
  return html`<${TablePage} key=${params.id} id=${params.id} active="definition" text=${mayWrite() ? undefined : t("definition.readOnlyNote")}
    actions=${(/** @type {Definition} */ table) => html`<${Button} small icon="diagram" href=${link(`/diagram/?table=${table.id}`)}>${t("definition.showDiagram")}</${Button}>
      <${Menu} label=${t("definition.more")} icon="more" iconOnly end items=${[
        { label: t("definition.exportJson"), icon: "copy", onSelect: () => copy(JSON.stringify(withoutServers(table), null, 2), t("definition.copied")) },
        mayWrite() && { separator: true },
        mayWrite() && { label: t("definition.deleteTable"), icon: "trash", danger: true, onSelect: async () => setDeleting(await askToDelete(table, () => setDeleting(null))) },
      ]} />`}>
    ${(/** @type {Definition} */ table, /** @type {string | null} */ tag, /** @type {() => void} */ reload) => html`<${Editor} table=${table} tag=${tag} onApplied=${reload} />${deleting}`}
  </${TablePage}>`;
}

/** A definition as one would send it. @param {Record<string, any>} table */
function withoutServers({ id, version, linked_from, display_field, ...rest }) {
  return rest;
}

/** @param {{ table: Definition, tag: string | null, onApplied: () => void }} props */
function Editor({ table: loaded, tag: loadedTag, onApplied }) {
  const types = fieldTypes.value;
  const [start, setStart] = useState({ table: loaded, tag: loadedTag });
  const [draft, setDraft] = useState(() => draftOf(loaded));
  const [faults, setFaults] = useState(/** @type {any[]} */ ([]));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [isPlanning, setIsPlanning] = useState(false);
  const [conflict, setConflict] = useState(/** @type {{ table: Definition, tag: string | null } | null} */ (null));
  const [note, setNote] = useState("");
  const base = useMemo(() => draftOf(start.table), [start]);
  const isDirty = isChanged(base, draft);
  const dirty = useRef(isDirty);
  dirty.current = isDirty;
  const disabled = !mayWrite();
  useEffect(() => {
    if (!isDirty) return undefined;
    return beforeLeaving(() => !dirty.current || confirm({ title: t("definition.leaveTitle"), text: t("definition.leaveText"), action: t("definition.leave"), danger: true }));
  }, [isDirty]);

  /** @param {Draft} changed */
  const change = (changed) => { setDraft(changed); setFaults([]); setProblem(null); setNote(""); };
  /** @param {Definition} table @param {string | null} tag */
  const begin = (table, tag) => { setStart({ table, tag }); setDraft(draftOf(table)); setFaults([]); setProblem(null); };
  /** @param {any} refused */
  const onRefused = (refused) => {
    if (refused.status === 412) {
      setIsPlanning(false);
      loadTable(start.table.id).then((now) => setConflict({ table: now, tag: tagOf(start.table.id) }), setProblem);
      return true;
    }
    if (refused.status !== 422) return false;
    setIsPlanning(false);
    setFaults(refused.errors);
    setProblem(refused);
    return true;
  };
  const document = () => documentOf(draft, types);
  const showPlan = () => {
    const found = ownFaults(document(), types);
    setFaults(found);
    setIsPlanning(!found.length);
  };
  const path = `/table/${start.table.id}/`;
  const ifMatch = start.tag ?? undefined;
  const count = changeCount(base, draft);
  const plan = isPlanning && {
    title: t("definition.planTitle"),
    fields: Object.fromEntries(keptFields(draft).map((field) => [field.name, { type: field.type, ...field.common }])),
    plan: async (/** @type {string | undefined} */ onError, /** @type {AbortSignal} */ signal) => (await api.send("POST", `${path}plan/`, document(), { params: { on_error: onError }, ifMatch, signal })).data,
    apply: (/** @type {string | undefined} */ onError, /** @type {AbortSignal} */ signal) => api.send("PUT", path, document(), { params: { on_error: onError }, ifMatch, signal }),
    onRefused,
    onDone: (/** @type {any} */ answer) => {
      setIsPlanning(false);
      begin(answer.data, answer.etag);
      toast(t("definition.applied", { version: String(answer.data.version) }), { kind: "ok" });
      onApplied();
      loadTables();
      loadMe();
    },
  };
  return html`<div class="editor">
    ${note && html`<${Notice}>${note}</${Notice}>`}
    <section><h2>${t("definition.fields")}</h2><${FieldList} draft=${draft} base=${base} onChange=${change} types=${types} errors=${faults} disabled=${disabled} onSubmit=${() => isDirty && showPlan()} /></section>
    <${Rules} draft=${draft} onChange=${change} errors=${faults} disabled=${disabled} />
    <section><h2>${t("definition.table")}</h2><${TableTexts} withName draft=${draft} onChange=${change} errors=${faults} disabled=${disabled} keyType=${typeTitle(/** @type {any} */ (start.table).key?.type ?? "integer").toLowerCase()} /></section>
    <${ProblemBox} problem=${problem} places=${(/** @type {string} */ pointer) => placeOf(pointer, draft)} />
    ${!disabled && html`<div class=${`save-bar ${isDirty ? "is-dirty" : ""}`} role="region" aria-label=${t("definition.changes", { n: count })}>
      <span class="grow ${isDirty ? "" : "muted"}" role="status">${isDirty ? t("definition.changes", { n: count }) : t("definition.nothingYet")}</span>
      ${isDirty && html`<${Button} onClick=${async () => { if (await confirm({ title: t("definition.discardTitle"), text: t("definition.discardText"), action: t("definition.discard"), danger: true })) begin(start.table, start.tag); }}>${t("definition.discard")}</${Button}>
      <${Button} kind="primary" onClick=${showPlan}>${t("definition.showPlan")}</${Button}>`}</div>`}
    ${plan && html`<${PlanDialog} change=${plan} onClose=${() => setIsPlanning(false)} />`}
    ${conflict && html`<${ConflictDialog} base=${start.table} mine=${draft} theirs=${conflict.table} onClose=${() => setConflict(null)}
      onRebase=${(/** @type {Draft} */ rebased) => { setStart(conflict); setDraft(rebased); setConflict(null); setNote(t("definition.rebased", { after: String(conflict.table.version) })); }}
      onDiscard=${() => { begin(conflict.table, conflict.tag); setConflict(null); }} />`}
  </div>`;
}

/** @param {Draft} base @param {Draft} draft */
function changeCount(base, draft) {
  const befores = new Map(base.fields.map((field) => [field.key, field]));
  const fields = draft.fields.filter((field) => changeOf(befores.get(field.key), field)).length;
  const order = equal(base.fields.map((field) => field.key), draft.fields.filter((field) => field.id !== null).map((field) => field.key)) ? 0 : 1;
  const table = Object.keys(draft.table).filter((name) => !equal(base.table[name], draft.table[name])).length;
  return fields + order + table + (equal(base.unique, draft.unique) ? 0 : 1) + (equal(base.indexes, draft.indexes) ? 0 : 1);
}

/** "/fields/2/min" -> "price › min". @param {string} pointer @param {Draft} draft */
function placeOf(pointer, draft) {
  const [, part, number, ...rest] = pointer.split("/");
  const field = part === "fields" ? keptFields(draft)[Number(number)] : undefined;
  return [...(field ? [field.name || t("definition.unnamed")] : [part, number]), ...rest].filter(Boolean).join(" › ");
}

