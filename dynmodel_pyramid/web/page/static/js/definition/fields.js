/** The fields of a draft, one below the other: names, types, options, order. */
import { html, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Badge, Button, Combo, Icon, IconButton, TextInput } from "../kit/index.js";
import { said, under } from "../kit/schema.js";
import { changeOf, keptFields, moved, newField, retyped, withField, withoutField } from "./draft.js";
import { FieldOptions, TablePicker } from "./field_options.js";
import { typeChoices, typeIcon, typeTitle, withDefaults } from "./types.js";

/** @typedef {import("./draft.js").Draft} Draft @typedef {import("./draft.js").DraftField} DraftField @typedef {import("../kit/schema.js").Fault} Fault */

/**
 * @param {{ draft: Draft, base?: Draft, onChange: (draft: Draft) => void, types: Map<string, any>, errors: Fault[], disabled?: boolean,
 *   autofocus?: boolean, onSubmit?: () => void }} props
 *   base: what the draft differs from; none for a new table. errors: pointers count the fields that stay
 */
export function FieldList({ draft, base, onChange, types, errors, disabled, autofocus, onSubmit }) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const wanted = useRef(/** @type {string | null} */ (autofocus ? draft.fields[0]?.key ?? null : null));
  const [open, setOpen] = useState(/** @type {string | null} */ (null));
  const [dragged, setDragged] = useState(/** @type {string | null} */ (null));
  const [says, setSays] = useState("");
  useLayoutEffect(() => {
    if (!wanted.current) return;
    const [key, part] = wanted.current.split("/");
    /** @type {HTMLElement | null | undefined} */ (list.current?.querySelector(`[data-key="${key}"] ${part ? ".handle" : ".name-cell input"}`))?.focus();
    wanted.current = null;
  });
  const choices = useMemo(() => typeChoices(types), [types]);
  const kept = keptFields(draft);
  const befores = useMemo(() => new Map(base?.fields.map((field) => [field.key, field])), [base]);
  // Lines are drawn anew when they change, so that typing is as quick among 400 fields as among four: what they call
  // looks up the draft of the moment.
  const now = useRef({ draft, onChange, onSubmit });
  now.current = { draft, onChange, onSubmit };
  const lines = useRef(/** @type {Map<string, { of: any[], line: any }>} */ (new Map()));
  /** @param {number} at */
  const add = (at) => {
    const before = now.current.draft, field = newField();
    field.options = withDefaults(types.get(field.type), {});
    wanted.current = field.key;
    now.current.onChange({ ...before, fields: [...before.fields.slice(0, at), field, ...before.fields.slice(at)] });
  };
  /** @param {string} key @param {(at: number) => number} place */
  const move = (key, place) => {
    const { fields } = now.current.draft, from = fields.findIndex((each) => each.key === key);
    const at = Math.max(0, Math.min(fields.length - 1, place(from)));
    if (from === at) return;
    wanted.current = `${key}/handle`;
    now.current.onChange(moved(now.current.draft, from, at));
    setSays(t("definition.movedTo", { field: fields[from].name || t("definition.unnamed"), n: at + 1, of: fields.length }));
  };
  /** @param {DraftField} field */
  const remove = (field) => {
    const { fields } = now.current.draft, at = fields.findIndex((each) => each.key === field.key);
    if (field.id === null) wanted.current = (fields[at + 1] ?? fields[at - 1])?.key ?? null;
    now.current.onChange(withoutField(now.current.draft, field.key));
    setOpen((shown) => (shown === field.key ? null : shown));
  };
  /** @param {DraftField} field @param {number} at */
  const lineOf = (field, at) => {
    const faults = field.dropped || !errors.length ? [] : under(under(errors, "fields"), kept.indexOf(field));
    const of = [field, at, befores.get(field.key), types, disabled, open === field.key, dragged, faults.length ? errors : null];
    const held = lines.current.get(field.key);
    if (held && held.of.every((each, n) => each === of[n])) return held.line;
    const line = html`<${FieldLine} key=${field.key} field=${field} at=${at} change=${base ? changeOf(befores.get(field.key), field) : null} before=${befores.get(field.key)}
      types=${types} choices=${choices} disabled=${disabled} isNewTable=${!base} open=${open === field.key} isDragged=${dragged === field.key} errors=${faults}
      onChange=${(/** @type {Partial<DraftField>} */ members) => now.current.onChange(withField(now.current.draft, field.key, members))} onOpen=${() => setOpen((shown) => (shown === field.key ? null : field.key))}
      onAdd=${() => add(at + 1)} onSubmit=${() => now.current.onSubmit?.()} onRemove=${() => remove(field)} onMove=${(/** @type {number} */ by) => move(field.key, (from) => from + by)}
      onDragFrom=${(/** @type {boolean} */ begins) => setDragged(begins ? field.key : null)} onDragOver=${() => { if (dragged && dragged !== field.key) move(dragged, () => at); }} />`;
    lines.current.set(field.key, { of, line });
    return line;
  };
  return html`<div class="field-list" ref=${list}>
    <ol>${draft.fields.map(lineOf)}</ol>
    ${!disabled && html`<div class="row add-field"><${Button} icon="add" onClick=${() => add(draft.fields.length)}>${t("definition.addField")}</${Button}><span class="muted small keys">${t("definition.keysHelp")}</span></div>`}
    <div class="unseen" role="status" aria-live="polite">${says}</div>
  </div>`;
}

/** @param {any} props */
function FieldLine({ field, at, change, before, types, choices, disabled, isNewTable, open, isDragged, errors, onChange, onOpen, onAdd, onSubmit, onRemove, onMove, onDragFrom, onDragOver }) {
  const line = useRef(/** @type {HTMLElement | null} */ (null));
  const name = field.name || t("definition.unnamed");
  const hasOptions = errors.some((/** @type {Fault} */ each) => each.pointer && each.pointer !== "/name" && each.pointer !== "/type");
  const wrongName = said(errors.filter((/** @type {Fault} */ each) => each.pointer === "" || each.pointer === "/name"));
  const wrongType = said(under(errors, "type"));
  const isLink = field.type === "link" || field.type === "links";
  const wrongTable = isLink && !open ? said(under(errors, "table")) : undefined;
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || !(event.target instanceof HTMLInputElement) || event.target.type !== "text") return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) onSubmit?.();
    else if (!event.target.closest(".field-options")) onAdd();
  };
  /** @param {KeyboardEvent} event */
  const onHandleKey = (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1, Home: -1e6, End: 1e6 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onMove(by);
  };
  if (field.dropped) {
    return html`<li class="field-line dropped" data-key=${field.key}><div class="line-main"><span class="handle"></span><${Icon} name=${typeIcon(field.type)} />
      <span class="grow cut"><s>${field.name}</s> <span class="muted small">${typeTitle(field.type)}</span></span><${Badge} kind="danger">${t("definition.dropped")}</${Badge}>
      <${IconButton} icon="undo" label=${t("definition.undrop", { field: field.name })} onClick=${() => onChange({ dropped: undefined })} /></div></li>`;
  }
  return html`<li class=${`field-line ${isDragged ? "dragged" : ""}`} data-key=${field.key} ref=${line} onKeyDown=${onKeyDown}
      onDragOver=${(/** @type {DragEvent} */ event) => { event.preventDefault(); onDragOver(); }} onDrop=${(/** @type {DragEvent} */ event) => event.preventDefault()}>
    <div class="line-main">
      ${disabled ? html`<span class="handle"></span>` : html`<button type="button" class="handle" draggable="true" aria-label=${t("definition.moveField", { field: name })} title=${t("definition.moveField", { field: name })} onKeyDown=${onHandleKey}
        onDragStart=${(/** @type {DragEvent} */ event) => { if (event.dataTransfer) { event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", field.name); if (line.current) event.dataTransfer.setDragImage(line.current, 8, 16); } onDragFrom(true); }}
        onDragEnd=${() => onDragFrom(false)}><${Icon} name="drag" /></button>`}
      <div class="name-cell"><${TextInput} value=${field.name} maxlength="63" placeholder=${t("definition.newField")} aria-label=${t("definition.fieldName", { n: at + 1 })} aria-invalid=${wrongName ? "true" : undefined} disabled=${disabled}
        onInput=${(/** @type {string} */ text) => onChange({ name: text })} />${wrongName && html`<div class="fault" role="alert">${wrongName}</div>`}</div>
      <div class="type-cell"><${Combo} icon=${typeIcon(field.type)} choices=${choices} text=${typeTitle(field.type)} aria-label=${t("definition.fieldType", { n: at + 1 })} disabled=${disabled} aria-invalid=${wrongType ? "true" : undefined}
        onChoose=${(/** @type {any} */ choice) => onChange(typed(field, choice.value, before, types))} />${wrongType && html`<div class="fault" role="alert">${wrongType}</div>`}</div>
      ${isLink && !open ? html`<div class="table-cell"><${TablePicker} value=${field.options.table} disabled=${disabled} onChange=${(/** @type {any} */ value) => onChange({ options: { ...field.options, table: value } })} />
        ${wrongTable && html`<div class="fault" role="alert">${wrongTable}</div>`}</div>` : html`<div class="marks"><${Marks} field=${field} change=${change} before=${before} /></div>`}
      <${IconButton} icon=${open ? "chevronDown" : "gear"} label=${t("definition.options", { field: name })} aria-expanded=${open ? "true" : "false"} class=${hasOptions && !open ? "wrong" : ""} onClick=${onOpen} />
      ${!disabled && html`<${IconButton} icon=${field.id === null ? "close" : "trash"} label=${t(field.id === null || isNewTable ? "definition.remove" : "definition.drop", { field: name })} onClick=${onRemove} />`}
    </div>
    ${open && html`<${FieldOptions} field=${field} types=${types} errors=${errors} onChange=${onChange} disabled=${disabled} />`}
    ${!open && hasOptions && !wrongTable && html`<div class="fault" role="alert">${said(errors.filter((/** @type {Fault} */ each) => each.pointer && each.pointer !== "/name" && each.pointer !== "/type"))}</div>`}
  </li>`;
}

/** A field with the type that is chosen; the type that it had brings its options back. @param {DraftField} field @param {string} type @param {DraftField | undefined} before @param {Map<string, any>} types */
function typed(field, type, before, types) {
  if (type === field.type) return {};
  if (before && type === before.type) return { type, options: before.options };
  const members = retyped(field, type, types);
  return { ...members, options: withDefaults(types.get(type), members.options ?? {}) };
}

/** What is worth knowing of a field at a glance. @param {{ field: DraftField, change: ReturnType<typeof changeOf>, before?: DraftField }} props */
function Marks({ field, change, before }) {
  const { required, unique, unique_ignore_case: ignoresCase, index } = field.common;
  return html`${change === "added" && html`<${Badge} kind="ok">${t("definition.added")}</${Badge}>`}
    ${Array.isArray(change) && html`<${Badge} kind="accent">${change.includes("name") && before ? t("definition.renamedFrom", { name: before.name }) : change.includes("type") && before ? t("definition.changedType", { type: typeTitle(before.type) }) : t("definition.changed")}</${Badge}>`}
    ${required && html`<${Badge}>${t("definition.required")}</${Badge}>`}${(unique || ignoresCase) && html`<${Badge}>${t("definition.unique")}</${Badge}>`}${index && html`<${Badge}>${t("definition.index")}</${Badge}>`}
    ${field.common.label && html`<span class="muted small cut">${field.common.label}</span>`}`;
}
