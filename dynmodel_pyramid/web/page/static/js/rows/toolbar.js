/** What stands above the grid of a table, and below it. */
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { later } from "../core/later.js";
import { can } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, CheckBox, Icon, IconButton, Menu, SearchInput, Spinner, useFloating } from "../kit/index.js";
import { deleteRows } from "./deleting.js";
import { redo, retry, undo } from "./actions.js";

/**
 * @param {Object} props
 * @param {import("./model.js").TableRows} props.model
 * @param {any} [props.filters] the bar of filters
 * @param {any} [props.more] further items, of other parts
 * @param {(import("./columns.js").ColumnChoice & { label: string })[]} props.columns
 * @param {(columns: import("./columns.js").ColumnChoice[]) => void} props.onColumns
 * @param {() => void} props.onAdd
 * @param {string} props.find
 * @param {(text: string) => void} props.onFind
 * @param {{ current: (() => void) | null }} props.findRef opens the box to find with
 */
export function Toolbar({ model, filters, more, columns, onColumns, onAdd, find, onFind, findRef }) {
  const n = model.checkedCount;
  return html`<div class="rows-tools" role="toolbar" aria-label=${t("rows.tools")}>
    ${n > 0 ? html`<${Selected} model=${model} n=${n} />` : html`
      ${can(model.definition, "create") !== false && html`<${Button} kind="primary" icon="add" onClick=${onAdd}>${t("rows.add")}</${Button}>`}
      ${filters}
      <${Columns} columns=${columns} onColumns=${onColumns} />
      <span class="rows-gap"></span>
      <${Find} text=${find} onFind=${onFind} findRef=${findRef} />
      <span class="rows-pair"><${IconButton} icon="undo" label=${t("rows.undo_keys")} disabled=${!model.history.done.value.length} onClick=${() => undo(model)} />
      <${IconButton} icon="redo" label=${t("rows.redo_keys")} disabled=${!model.history.undone.value.length} onClick=${() => redo(model)} /></span>
      ${more}`}
  </div>`;
}

/** @param {{ model: import("./model.js").TableRows, n: number }} props */
function Selected({ model, n }) {
  const { all, ids } = model.checked.value, total = model.source.count.value ?? 0;
  return html`<span class="rows-selected" role="status">${t("rows.selected", { n })}</span>
    ${!all && n < total && model.source.known.value !== "least" && html`<${Button} kind="quiet" onClick=${() => model.checkAll(true)}>${t(model.isFiltered ? "rows.select_found" : "rows.select_all", { n: total })}</${Button}>`}
    <${Button} kind="quiet" icon="close" onClick=${() => model.checkAll(false)}>${t("rows.select_none")}</${Button}>
    <span class="rows-gap"></span>
    ${can(model.definition, "delete") !== false && html`<${Button} kind="danger" icon="trash" onClick=${() => deleteRows(model, all ? { except: [...ids] } : { ids: [...ids] })}>${t("rows.delete", { n })}</${Button}>`}`;
}

/** @param {{ text: string, onFind: (text: string) => void, findRef: { current: (() => void) | null } }} props */
function Find({ text, onFind, findRef }) {
  const [isOpen, setOpen] = useState(Boolean(text));
  const [typed, setTyped] = useState(text);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const stop = useRef(/** @type {(() => void) | null} */ (null));
  findRef.current = () => {
    setOpen(true);
    setTimeout(() => box.current?.querySelector("input")?.focus());
  };
  useEffect(() => {
    if (!stop.current) setTyped(text);
  }, [text]);
  if (!isOpen && !text) return html`<${IconButton} icon="search" label=${t("rows.find_keys")} onClick=${() => findRef.current?.()} />`;
  const close = () => {
    setOpen(false);
    setTyped("");
    onFind("");
  };
  return html`<span class="rows-find" ref=${box} onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") close();
      if (event.key === "Enter") onFind(typed);
    }}>
    <${SearchInput} label=${t("rows.find")} value=${typed} onInput=${(/** @type {string} */ next) => {
      setTyped(next);
      stop.current?.();
      stop.current = later(() => { stop.current = null; onFind(next); }, 300);
    }} /><${IconButton} icon="close" label=${t("rows.find_end")} onClick=${close} /></span>`;
}

/** Which columns are shown, in which order. @param {{ columns: (import("./columns.js").ColumnChoice & { label: string })[], onColumns: (columns: any[]) => void }} props */
function Columns({ columns, onColumns }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLElement | null} */ (null)), anchor = useRef(/** @type {Element | null} */ (null)), place = useRef(/** @type {HTMLElement | null} */ (null));
  useFloating(isOpen, box, anchor);
  const closed = useRef(0);
  const hidden = columns.filter((each) => each.hidden && !each.field.startsWith("_") && each.field !== "id").length;
  /** @param {number} at @param {any} change */
  const change = (at, change) => onColumns(columns.map((each, i) => ({ ...strip(each), ...(i === at ? change : {}) })));
  /** @param {number} at @param {number} to */
  const move = (at, to) => {
    const next = columns.map(strip);
    next.splice(to, 0, ...next.splice(at, 1));
    onColumns(next);
  };
  return html`<span ref=${place}><${Button} kind="quiet" icon="columns" aria-haspopup="dialog" aria-expanded=${String(isOpen)} onClick=${() => {
      anchor.current = place.current?.querySelector("button") ?? null;
      if (Date.now() - closed.current > 150) setOpen(!isOpen);
    }}>${hidden ? t("rows.columns_hidden", { n: hidden }) : t("rows.columns")}</${Button}>
    ${isOpen && html`<div class="menu rows-columns" popover="auto" role="dialog" aria-label=${t("rows.columns")} ref=${box}
        onToggle=${(/** @type {any} */ event) => { if (event.newState === "closed") { closed.current = Date.now(); setOpen(false); } }}>
      <ul>${columns.map((each, at) => html`<li key=${each.field}>
        <${CheckBox} checked=${!each.hidden} label=${each.label} onChange=${(/** @type {boolean} */ on) => change(at, { hidden: !on })} />
        <span class="rows-gap"></span>
        <${IconButton} small icon="freeze" label=${t(each.frozen ? "rows.unfreeze_of" : "rows.freeze_of", { name: each.label })} aria-pressed=${String(each.frozen)} onClick=${() => change(at, { frozen: !each.frozen })} />
        <${IconButton} small icon="arrowUp" label=${t("rows.up_of", { name: each.label })} disabled=${at === 0} onClick=${() => move(at, at - 1)} />
        <${IconButton} small icon="arrowDown" label=${t("rows.down_of", { name: each.label })} disabled=${at === columns.length - 1} onClick=${() => move(at, at + 1)} />
      </li>`)}</ul>
      <div class="row rows-columns-end"><${Button} small onClick=${() => onColumns(columns.map((each) => ({ ...strip(each), hidden: false })))}>${t("rows.show_all")}</${Button}
        ><${Button} small onClick=${() => onColumns([])}>${t("rows.columns_reset")}</${Button}></div>
    </div>`}</span>`;
}

/** @param {import("./columns.js").ColumnChoice} choice */
const strip = ({ field, width, hidden, frozen }) => ({ field, width, hidden, frozen });

/** @param {{ model: import("./model.js").TableRows, definition: import("../core/state.js").Definition }} props */
export function Status({ model }) {
  const added = model.sheet.tail.value.filter((each) => each.stored).length;
  const { count, known, problem } = model.source, n = (count.value ?? 0) + added;
  void model.sheet.changed.value;
  const unsaved = model.sheet.unsaved, cells = unsaved.reduce((sum, { over }) => sum + Math.max(1, Object.keys(over.marks).length), 0);
  return html`<div class="rows-status">
    <span role="status">${count.value !== null ? t(`rows.${model.isFiltered ? "found" : "count"}${known.value === "exact" ? "" : `_${known.value}`}`, { n }) : problem.value ? "" : t("rows.counting")}</span>
    ${model.writer.pending.value > 0 && html`<span class="rows-busy"><${Spinner} label=${t("rows.saving")} /> ${t("rows.saving")}</span>`}
    ${cells > 0 && html`<span class="rows-unsaved" role="status"><${Icon} name="warning" size=${14} /> ${t("rows.unsaved", { n: cells })}
      <${Button} small onClick=${() => retry(model)}>${t("rows.retry")}</${Button}>
      <${Button} small onClick=${() => { for (const { key } of model.sheet.unsaved) model.sheet.lift(key); }}>${t("rows.discard")}</${Button}></span>`}
    <span class="rows-gap"></span>
    <span class="rows-keys"><${Menu} label=${t("rows.keys")} icon="info" iconOnly small end items=${KEYS.map(([keys, text]) => ({ label: t(text), keys, onSelect: () => {} }))} /></span>
  </div>`;
}

const KEYS = [
  ["Enter / F2", "rows.key_edit"], ["Esc", "rows.key_cancel"], ["Tab", "rows.key_tab"], ["Ctrl+↑ ↓ ← →", "rows.key_far"], ["Shift+↑ ↓ ← →", "rows.key_select"],
  ["Ctrl+C / X / V", "rows.key_clipboard"], ["Ctrl+D", "rows.key_fill"], ["Ctrl+Z / Y", "rows.key_undo"], ["Delete", "rows.key_clear"], ["Ctrl+-", "rows.key_delete"],
  ["Space", "rows.key_open"], ["Shift+Space", "rows.key_check"], ["Ctrl+F", "rows.key_find"], ["Shift+F10", "rows.key_menu"],
];
