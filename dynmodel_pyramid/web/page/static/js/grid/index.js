/**
 * A grid over any number of rows, of which it draws those in view.
 *
 *     html`<${Grid} label="Books" columns=${columns} source=${source} actions=${actions} isChecked=${(row) => ...} />`
 *
 * `types.js` says what a column, a source and the actions are. It knows no API: whoever mounts it gives rows by index,
 * and is told what people do.
 *
 * types.js     what it is given
 * state.js     the active cell, the selection, the open editor
 * scale.js     positions of rows, beyond the greatest height that browsers have
 * layout.js    positions of columns
 * keys.js      keys; pointer.js: mouse and finger
 * head.js      the heads of columns; row.js: a row
 *
 * For assistive technology it is a `grid` of the ARIA Authoring Practices Guide: the active cell has the focus, rows and
 * columns say their place among all (aria-rowindex, aria-rowcount). The row of the active cell is always drawn, so that
 * the focus is never lost.
 */
import "../texts/en/grid.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { MenuItems } from "../kit/index.js";
import { Head } from "./head.js";
import { onKey } from "./keys.js";
import { drawn } from "./layout.js";
import { cellAt, onPointerDown, onTap } from "./pointer.js";
import { GridRow } from "./row.js";
import { GridState } from "./state.js";

/** Rows that are drawn above and below those in view. */
const SPARE = 6;

/**
 * @param {Object} props
 * @param {string} props.label
 * @param {import("./types.js").Column[]} props.columns
 * @param {import("./types.js").Source} props.source
 * @param {import("./types.js").Actions} props.actions
 * @param {(row: import("./types.js").Row) => boolean} props.isChecked
 * @param {"all" | "some" | "none"} props.checked
 * @param {boolean} [props.canCheck]
 * @param {{ current: GridState | null }} [props.handle] for whoever mounts it
 * @param {string} [props.list] what the rows are: another source of the same list keeps the place
 */
export function Grid({ label, columns, source, actions, isChecked, checked, canCheck = true, handle, list = "" }) {
  const made = useRef(/** @type {{ state: GridState, list: string } | null} */ (null));
  const state = useMemo(() => {
    const next = new GridState(source, actions);
    if (made.current) next.follow(made.current.state, made.current.list === list);
    made.current = { state: next, list };
    return next;
  }, [source]);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [menu, setMenu] = useState(/** @type {{ items: any[], anchor: { current: Element | null }, label: string } | null} */ (null));
  state.actions = actions;
  if (handle) handle.current = state;
  const last = useRef(/** @type {{ columns: any, width: number }} */ ({ columns: null, width: -1 }));
  if (last.current.columns !== columns || last.current.width !== state.width) {
    last.current = { columns, width: state.width };
    state.arrange(columns);
  }
  useLayoutEffect(() => {
    state.mount(/** @type {HTMLElement} */ (box.current));
    const watcher = new ResizeObserver(() => state.measure());
    watcher.observe(/** @type {HTMLElement} */ (box.current));
    return () => watcher.disconnect();
  }, [state]);
  useWheel(box, state);

  // Read, so that each change of them draws the grid anew.
  const count = source.count.value, place = state.place.value, editing = state.editing.value, filling = state.filling.value;
  void source.changed.value;
  void state.view.value;
  useLayoutEffect(() => state.measure(), [count]);
  const { scale, layout } = state;
  const seen = scale.rows;
  useEffect(() => source.want(seen.first, seen.last, place.row), [source, seen.first, seen.last, place.row, count]);
  useFocus(box, state, place, editing);

  const shown = drawn(layout, state.left, state.width || 1200, place.column);
  /** @type {number[]} */
  const rows = [];
  for (let i = Math.max(0, seen.first - SPARE); i <= Math.min(count - 1, seen.last + SPARE); i++) rows.push(i);
  if (place.row >= 0 && place.row < count && !rows.includes(place.row)) rows.push(place.row);
  const rect = state.rect, isOne = rect.top === rect.bottom && rect.left === rect.right;
  const openMenu = (/** @type {"row" | "column"} */ what, /** @type {number} */ at, /** @type {Element | null} */ anchor) => {
    const found = anchor ?? box.current?.querySelector('[tabindex="0"]') ?? null;
    const column = layout.columns[at];
    const items = what === "column" ? actions.columnMenu(column) : actions.rowMenu(place.row, state.rect);
    if (items.length) setMenu({ items, anchor: { current: found }, label: what === "column" ? column.label : t("grid.menu") });
  };
  return html`<div class="grid-frame">
    <div class="grid" role="grid" aria-label=${label} aria-rowcount=${count + 1} aria-colcount=${layout.columns.length + 1} aria-multiselectable="true" ref=${box}
      onScroll=${() => state.scrolled()}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => onKey(state, event, (what) => openMenu(what, place.column, null))}
      onPointerDown=${(/** @type {PointerEvent} */ event) => onPointerDown(state, event)}
      onClick=${(/** @type {MouseEvent} */ event) => onTap(state, event)}
      onDblClick=${(/** @type {MouseEvent} */ event) => {
        const cell = cellAt(event.target);
        if (!cell || (event.target instanceof Element && event.target.closest("button, input, a, .grid-editor, [data-resize]"))) return;
        if (cell.row >= 0 && cell.column >= 0 && !layout.columns[cell.column].toggles) state.begin();
        else if (cell.row >= 0 && cell.column < 0) actions.open(cell.row);
      }}
      onContextMenu=${(/** @type {MouseEvent} */ event) => {
        const cell = cellAt(event.target);
        if (!cell || state.editing.peek()) return;
        event.preventDefault();
        const { top, bottom, left, right } = state.rect;
        if (cell.row < 0) return void (cell.column >= 0 && openMenu("column", cell.column, cell.element));
        if (cell.row < top || cell.row > bottom || cell.column < left || cell.column > right) state.go(cell.row, cell.column);
        setMenu({ items: actions.rowMenu(cell.row, state.rect), anchor: { current: cell.element }, label: t("grid.menu") });
      }}
      onCopy=${(/** @type {ClipboardEvent} */ event) => clipboard(state, event, actions.copy)}
      onCut=${(/** @type {ClipboardEvent} */ event) => clipboard(state, event, actions.copy)}
      onPaste=${(/** @type {ClipboardEvent} */ event) => clipboard(state, event, actions.paste)}
      onFocusIn=${(/** @type {FocusEvent} */ event) => {
        markCut(event.target);
        state.hasFocus = true;
        const cell = cellAt(event.target);
        if (cell && !(event.target instanceof Element && event.target.closest("input, button, .grid-editor")) && (cell.row !== place.row || cell.column !== place.column)) state.go(cell.row, cell.column);
      }}
      onFocusOut=${(/** @type {FocusEvent} */ event) => {
        if (box.current?.contains(/** @type {Node | null} */ (event.relatedTarget))) return;
        if (event.relatedTarget instanceof Element && event.relatedTarget.closest("[popover], dialog")) return;
        if (!event.relatedTarget && document.hasFocus() && !state.editing.peek()) return; // the cell was drawn anew
        state.hasFocus = false;
        if (event.relatedTarget) state.commit();
      }}>
      <${Head} state=${state} columns=${shown} checked=${checked} canCheck=${canCheck} openMenu=${(/** @type {number} */ at, /** @type {Element} */ anchor) => openMenu("column", at, anchor)} />
      <div role="rowgroup" class="grid-body" style=${{ height: `${scale.height}px`, width: `${layout.width}px` }}>
        ${rows.map((i) => {
          const row = source.row(i), isHere = place.row === i, isIn = i >= rect.top && i <= rect.bottom;
          const isFilled = filling !== null && i >= filling.top && i <= filling.bottom;
          return html`<${GridRow} key=${i} index=${i} row=${row} layout=${layout} columns=${shown} top=${scale.place(i)} state=${state} canCheck=${canCheck}
            active=${isHere ? place.column : -2} from=${(isIn && (!isOne || isHere)) || isFilled ? rect.left : -1} to=${isIn || isFilled ? rect.right : -1}
            hasHandle=${i === rect.bottom && !editing && place.row >= 0 && rect.right >= 0} isFilled=${isFilled} isChecked=${row ? isChecked(row) : false}
            editor=${isHere && editing ? html`<${Editing} key=${editing.row.key} state=${state} editing=${editing} />` : null} />`;
        })}
      </div>
    </div>
    <div class="unseen" aria-live="polite">${isOne || place.row < 0 ? "" : t("grid.selected", { rows: rect.bottom - rect.top + 1, columns: rect.right - rect.left + 1 })}</div>
    ${menu && html`<${MenuItems} items=${menu.items} anchor=${menu.anchor} label=${menu.label} onClose=${() => { setMenu(null); state.hasFocus = true; state.view.value++; }} />`}
  </div>`;
}

/** @param {{ state: GridState, editing: import("./state.js").Editing }} props */
function Editing({ state, editing }) {
  const { column, row } = editing, { Editor } = column;
  // The editor's own value: the row's is what it began with.
  const [value, setValue] = useState(row.values[column.key]);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  // One that needs more room than there is to the right of it begins further left.
  useLayoutEffect(() => {
    const element = box.current, frame = element?.closest(".grid");
    if (!element || !frame || !column.roomy) return;
    const beyond = element.getBoundingClientRect().right - frame.getBoundingClientRect().left - frame.clientWidth;
    if (beyond > 0) element.style.left = `${-1 - beyond}px`;
  }, []);
  return html`<div ref=${box} class=${`grid-editor ${column.roomy ? "is-roomy" : ""}`}>
    <${/** @type {any} */ (Editor)} value=${value} row=${row.values} initial=${editing.initial} autofocus
      onChange=${(/** @type {any} */ next, /** @type {string | null} */ fault) => { if (!fault) setValue(next); state.change(next, fault); }}
      onCommit=${() => { if (state.commit()) state.enter(1); }} onCancel=${() => state.cancel()} />
  </div>`;
}

/** @param {GridState} state @param {ClipboardEvent} event @param {(event: ClipboardEvent, rect: any) => void} act */
function clipboard(state, event, act) {
  if (state.editing.peek() || state.place.peek().row < 0 || state.rect.right < 0) return;
  event.preventDefault();
  act(event, state.rect);
}

/**
 * A text that is cut in its cell shows whole while the keyboard's focus is on it (css/editors.css).
 * @param {EventTarget | null} target
 */
function markCut(target) {
  if (!(target instanceof HTMLElement) || target.getAttribute("role") !== "gridcell") return;
  const text = target.querySelector(".cell-text, .cell-items"), frame = target.closest(".grid");
  const isCut = text !== null && frame !== null && text.scrollWidth > text.clientWidth + 1;
  const isLate = isCut && target.getBoundingClientRect().left + 420 > frame.getBoundingClientRect().right;
  if (isCut) target.dataset.cut = isLate ? "end" : "start";
  else delete target.dataset.cut;
}

/** The focus follows the active cell. @param {{ current: HTMLElement | null }} box @param {GridState} state @param {any} place @param {any} editing */
function useFocus(box, state, place, editing) {
  useLayoutEffect(() => {
    if (!state.hasFocus || editing) return;
    const cell = box.current?.querySelector(`[data-row="${place.row}"] > [data-column="${place.column}"]`);
    if (!(cell instanceof HTMLElement) || cell === document.activeElement) return;
    const now = document.activeElement;
    if (now && now !== document.body && !box.current?.contains(now)) return; // a dialog has it
    cell.focus({ preventScroll: true });
  });
}

/** After a scroll the bar agrees with the rows again. @param {{ current: HTMLElement | null }} box @param {GridState} state */
function useWheel(box, state) {
  useEffect(() => {
    const element = /** @type {HTMLElement} */ (box.current);
    const settle = () => state.settle();
    element.addEventListener("scrollend", settle);
    return () => element.removeEventListener("scrollend", settle);
  }, [state]);
}
