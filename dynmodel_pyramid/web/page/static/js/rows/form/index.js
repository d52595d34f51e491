/**
 * The form of a row: a page of its own (page.js), or beside the grid.
 *
 *     html`<${RowForm} table=${1} id=${17} query=${query} onMove=${(id) => ...} onSaved=${(row) => ...} onDeleted=${(id) => ...} onClose=${...} />`
 *
 * `id` null makes a new row, with the values of `preset`. Style sheets: "editors" and "row_form".
 */
import "../../texts/en/form.js";
import { html, useEffect, useRef, useState } from "../../../vendor/preact.js";
import { bare, own } from "../../core/records.js";
import { beforeLeaving, link } from "../../core/router.js";
import { can, fieldTypes, titleOf } from "../../core/state.js";
import { t } from "../../core/texts.js";
import { isGiven, remember, rowTitle } from "../../editors/index.js";
import { Button, confirm, EmptyState, IconButton, Loading, Menu, Notice, ProblemBox, toast, useLoaded, useTitle } from "../../kit/index.js";
import { Conflict } from "./conflict.js";
import { FORM } from "./panel.js";
import { changed, compare, faultsOf } from "./draft.js";
import { FieldRow, mayWrite } from "./fields.js";
import { neighbours } from "./neighbours.js";
import { ReverseSides } from "./reverse.js";
import { isConflict, read, remove, save } from "./saving.js";
import { SystemValues } from "./system.js";

/**
 * @typedef {Object} RowFormProps
 * @property {string | number} table
 * @property {number | null} id null: a new row
 * @property {Record<string, any>} [preset] values of a new row
 * @property {URLSearchParams} [query] the list that the row was opened from, for the rows before and after it
 * @property {(id: number) => void} [onMove] to another row; without it there are no such buttons
 * @property {(row: Record<string, any>) => void} [onSaved]
 * @property {(id: number) => void} [onDeleted]
 * @property {() => void} [onClose] a form beside the grid has a button for it
 * @property {boolean} [aside] beside the grid: the title of the browser's tab stays
 */

/** @param {RowFormProps} props */
export function RowForm(props) {
  const { table, id } = props;
  const loaded = useLoaded(`${table}/${id}`, (signal) => read(table, id, signal));
  if (loaded.problem) return html`<div class="row-form"><${ProblemBox} problem=${loaded.problem} onRetry=${loaded.reload} /></div>`;
  const held = loaded.value;
  const isIt = held && (held.row.id ?? null) === id && [String(held.definition.id), held.definition.model_name].includes(String(table));
  if (!isIt) return html`<div class="row-form"><${Loading} /></div>`;
  return html`<${Form} key=${`${table}/${id}`} ...${props} begun=${held} reload=${loaded.reload} />`;
}

/** @param {RowFormProps & { begun: import("./saving.js").Held, reload: () => void }} props */
function Form({ begun, reload, query, preset, onMove, onSaved, onDeleted, onClose, aside }) {
  const [held, setHeld] = useState(begun);
  const [draft, setDraft] = useState(/** @type {Record<string, any>} */ (bare(preset)));
  const [faults, setFaults] = useState(/** @type {Record<string, string | null>} */ (bare()));
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [settled, setSettled] = useState(/** @type {string[]} */ ([]));
  const [clash, setClash] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const { definition, row, system } = held;
  const isNew = row.id === undefined;
  const types = fieldTypes.value;
  const title = isNew ? t("form.newRow") : rowTitle(row, definition);
  const sent = changed(draft, row);
  const isDirty = Object.keys(sent).length > (isNew ? Object.keys(preset ?? {}).length : 0) || Object.values(faults).some(Boolean);
  const told = refusal ? faultsOf({ errors: refusal.errors ?? [] }, definition, settled) : { byField: /** @type {Record<string, string>} */ (bare()), others: [] };
  const writes = can(definition, isNew ? "create" : "update");
  const names = Object.keys(definition.fields);

  // What was read anew (after a conflict, or because the caller says so) is what one goes on from.
  useEffect(() => setHeld(begun), [begun]);
  useEffect(() => (isDirty ? beforeLeaving(() => confirm({ title: t("form.leave"), text: t("form.leaveText"), action: t("form.leaveAction"), danger: true }), FORM) : undefined), [isDirty]);

  const change = (/** @type {string} */ name) => (/** @type {any} */ value, /** @type {string | null | undefined} */ fault) => {
    setDraft((/** @type {Record<string, any>} */ before) => bare(before, { [name]: value }));
    setFaults((/** @type {Record<string, string | null>} */ before) => bare(before, { [name]: fault ?? null }));
    // What was said of the old value.
    if (refusal && name in told.byField) setSettled([...settled, name]);
  };
  const showFaults = () => requestAnimationFrame(() => place.current?.querySelector(/** @type {any} */ ('[aria-invalid="true"]'))?.focus());

  /** @param {import("./saving.js").Held} base @param {Record<string, any>} values */
  const submit = async (base, values) => {
    setBusy(true);
    try {
      const answer = await save(base, values);
      const saved = answer.row ?? { ...base.row, ...values };
      setRefusal(null);
      setClash(null);
      setDraft(bare());
      if (saved.id !== undefined) remember(definition.id, saved, definition);
      toast(t(isNew ? "form.made" : "form.saved"), { kind: "ok", seconds: 3 });
      // The next question of the router must not find a draft.
      setTimeout(() => onSaved?.(saved));
      if (!isNew) setHeld({ ...base, ...(await read(definition.id, base.row.id)) });
    } catch (error) {
      if (isConflict(error)) {
        const current = await read(definition.id, base.row.id);
        setHeld(current);
        // What the system gives changes with every write, and reverse sides with other rows.
        const given = Object.keys(current.row).filter((name) => !Object.hasOwn(definition.fields, name) || isGiven({ ...definition.fields[name], name }, types));
        setClash(compare(values, base.row, current.row, given));
      } else {
        setRefusal(error);
        setSettled([]);
        showFaults();
      }
    } finally {
      setBusy(false);
    }
  };
  const trySave = () => {
    if (busy) return;
    if (Object.values(faults).some(Boolean)) showFaults();
    else if (isNew || Object.keys(sent).length) submit(held, sent);
  };
  const discard = () => {
    setDraft(bare());
    setFaults(bare());
    setRefusal(null);
    setClash(null);
  };
  const erase = async () => {
    if (!(await confirm({ title: t("form.delete"), text: t("form.deleteText", { title }), action: t("form.deleteAction"), danger: true }))) return;
    try {
      await remove(held);
      setDraft(bare());
      toast(t("form.deleted"), { kind: "ok" });
      setTimeout(() => onDeleted?.(row.id));
    } catch (error) {
      if (isConflict(error)) reload();
      setRefusal(error);
    }
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if ((event.ctrlKey || event.metaKey) && (event.key === "s" || event.key === "Enter")) {
      event.preventDefault();
      trySave();
    }
  };
  const duplicate = `${link(`/table/${definition.id}/row/new/`)}?_copy=${row.id}`;

  if (isNew && !writes) return html`<${EmptyState} icon="lock" title=${t("form.mayNotAdd")} />`;
  return html`<article class="row-form" ref=${place} onKeyDown=${press} aria-label=${title}>
    ${!aside && html`<${Titled} title=${`${title} · ${titleOf(definition)}`} />`}
    <header class="row-form-head">
      <div class="grow">
        <p class="small muted"><a href=${link(`/table/${definition.id}/${query?.size ? `?${query}` : ""}`)}>${titleOf(definition)}</a>${!isNew && html` <span>#${row.id}</span>`}</p>
        ${aside ? html`<h2 class="cut row-form-title" title=${title}>${title}</h2>` : html`<h1 class="cut" tabindex="-1" title=${title}>${title}</h1>`}
      </div>
      ${!isNew && onMove && html`<${Neighbours} held=${held} query=${query ?? new URLSearchParams()} onMove=${onMove} />`}
      ${!isNew && html`<${Menu} label=${t("form.more")} icon="more" iconOnly end items=${[
        aside && { label: t("form.open"), icon: "link", href: link(`/table/${definition.id}/row/${row.id}/${query?.size ? `?${query}` : ""}`) },
        can(definition, "create") && { label: t("form.duplicate"), icon: "copy", href: duplicate },
        can(definition, "delete") && { separator: true },
        can(definition, "delete") && { label: t("form.deleteAction"), icon: "trash", danger: true, onSelect: erase },
      ]} />`}
      ${onClose && html`<${IconButton} icon="close" label=${t("form.close")} onClick=${onClose} />`}
    </header>
    ${refusal && html`<${Refusal} refusal=${refusal} told=${told} />`}
    ${clash && html`<${Conflict} clash=${clash} definition=${definition} onDiscard=${discard} busy=${busy}
      onChosen=${(/** @type {string[]} */ theirs) => submit(held, Object.fromEntries(Object.entries(sent).filter(([name]) => !theirs.includes(name))))} />`}
    <form class="row-form-fields" noValidate onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); trySave(); }}>
      ${names.map((name) => {
        const field = { ...definition.fields[name], name };
        return html`<${FieldRow} key=${name} field=${field} types=${types} isNew=${isNew} writes=${mayWrite(field, writes, isNew, types)} row=${row}
          value=${name in draft ? draft[name] : own(row, name)} isTouched=${name in sent && !(isNew && preset && Object.hasOwn(preset, name))} error=${faults[name] ?? told.byField[name]} onChange=${change(name)} />`;
      })}
      ${(writes || isNew) && !clash && html`<footer class="row-form-foot">
        <${Button} kind="primary" type="submit" busy=${busy} disabled=${!isNew && !isDirty}>${t(isNew ? "form.make" : "form.save")}</${Button}>
        <${Button} disabled=${!isDirty} onClick=${discard}>${t("form.discard")}</${Button}>
        <span class="small muted grow" role="status">${isDirty && !isNew ? t("form.unsaved", { n: Object.keys(sent).length }) : ""}</span>
      </footer>`}
    </form>
    ${!isNew && html`<${ReverseSides} definition=${definition} row=${row} />`}
    ${system && html`<${SystemValues} system=${system} />`}
  </article>`;
}

/**
 * What the service refused: faults of fields stand at the fields, all else here.
 * @param {{ refusal: any, told: ReturnType<typeof faultsOf> }} props
 */
function Refusal({ refusal, told }) {
  const n = Object.keys(told.byField).length;
  if (n && !told.others.length) return html`<${Notice} kind="danger" role="alert"><strong>${t("form.faults", { n })}</strong></${Notice}>`;
  if (refusal.errors?.length && !n && !told.others.length) return null;
  return html`<${ProblemBox} problem=${{ detail: refusal.message, code: refusal.code, hint: refusal.hint, errors: told.others }} />`;
}

/** @param {{ title: string }} props */
function Titled({ title }) {
  useTitle(title);
  return null;
}

/** @param {{ held: import("./saving.js").Held, query: URLSearchParams, onMove: (id: number) => void }} props */
function Neighbours({ held, query, onMove }) {
  const { definition, row, system, etag } = held;
  const found = useLoaded(`${definition.id}/${row.id}/${etag}/${query}`, (signal) => neighbours(definition.id, { ...row, ...system }, query, definition.fields, signal));
  const { previous = null, next = null } = found.value ?? {};
  const go = (/** @type {number | null} */ id) => id !== null && onMove(id);
  return html`<span class="row-form-steps">
    <${IconButton} icon="arrowUp" label=${t("form.previous")} aria-disabled=${previous === null ? "true" : undefined} onClick=${() => go(previous)} />
    <${IconButton} icon="arrowDown" label=${t("form.next")} aria-disabled=${next === null ? "true" : undefined} onClick=${() => go(next)} />
  </span>`;
}
