/** Mouse, pen and finger: selecting by dragging, filling by the handle, resizing and moving columns. */
import { toggle } from "./keys.js";
import { NARROWEST, WIDEST } from "./layout.js";
import { ROW } from "./scale.js";

/** The cell of an event's place. @param {EventTarget | null} target */
export function cellAt(target) {
  const cell = target instanceof Element ? target.closest("[data-column]") : null;
  const row = cell?.closest("[data-row]");
  if (!(cell instanceof HTMLElement) || !(row instanceof HTMLElement)) return null;
  return { row: Number(row.dataset.row), column: Number(cell.dataset.column), element: cell };
}

/**
 * Follow a pointer until it is let go.
 * @param {PointerEvent} event
 * @param {(event: PointerEvent) => void} move
 * @param {(event: PointerEvent | null) => void} end null: it was taken away
 */
function follow(event, move, end) {
  const stop = new AbortController(), { signal } = stop, id = event.pointerId;
  /** @param {PointerEvent} each */
  const onMove = (each) => each.pointerId === id && move(each);
  addEventListener("pointermove", onMove, { signal });
  for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, (each) => {
      const pointer = /** @type {PointerEvent} */ (each);
      if (pointer.pointerId !== id) return;
      stop.abort();
      end(name === "pointerup" ? pointer : null);
    }, { signal });
  }
}

/** While a drag is beside the box, it scrolls. @param {import("./state.js").GridState} state @param {PointerEvent} event */
function pull(state, event) {
  const at = state.box?.getBoundingClientRect();
  if (!at || !state.box) return;
  if (event.clientY > at.bottom - 8) state.box.scrollTop += ROW;
  else if (event.clientY < at.top + 34) state.box.scrollTop -= ROW;
  if (event.clientX > at.right - 8) state.box.scrollLeft += ROW;
  else if (event.clientX < at.left + state.layout.held) state.box.scrollLeft -= ROW;
}

/** @param {import("./state.js").GridState} state @param {PointerEvent} event */
function cellUnder(state, event) {
  pull(state, event);
  const at = state.box?.getBoundingClientRect();
  if (!at) return null;
  const x = Math.max(at.left + 2, Math.min(at.left + state.width - 2, event.clientX)), y = Math.max(at.top + 36, Math.min(at.bottom - 2, event.clientY));
  return cellAt(document.elementFromPoint(x, y));
}

/** @param {import("./state.js").GridState} state @param {PointerEvent} event */
export function onPointerDown(state, event) {
  const target = event.target instanceof Element ? event.target : null;
  if (event.button || !target || target.closest(".grid-editor")) return;
  const handle = target.closest("[data-resize]");
  if (handle instanceof HTMLElement) return resize(state, event, handle);
  const cell = cellAt(target);
  if (!cell || target.closest("button, a, input")) return;
  if (cell.row < 0) return void (cell.column >= 0 && move(state, event, cell));
  if (state.editing.peek() && !state.commit()) return event.preventDefault();
  if (target.closest(".grid-handle")) return fill(state, event);
  if (event.pointerType === "touch") return; // a finger scrolls; a tap arrives as a click
  event.preventDefault();
  state.hasFocus = true;
  const before = state.place.peek();
  const wasActive = before.row === cell.row && before.column === cell.column;
  state.go(cell.row, cell.column, { extend: event.shiftKey && cell.column >= 0 });
  if (cell.column < 0) return;
  let hasMoved = false;
  follow(event, (each) => {
    const under = cellUnder(state, each);
    if (!under || under.row < 0 || (under.row === cell.row && under.column === cell.column && !hasMoved)) return;
    hasMoved = true;
    state.go(under.row, Math.max(0, under.column), { extend: true });
  }, () => {
    if (wasActive && !hasMoved && !event.shiftKey) toggle(state);
  });
}

/** A tap: the cell becomes the active one; a tap on the active one edits. @param {import("./state.js").GridState} state @param {MouseEvent} event */
export function onTap(state, event) {
  const cell = cellAt(event.target);
  const isTouch = event instanceof PointerEvent && event.pointerType === "touch";
  if (!isTouch || !cell || cell.row < 0 || (event.target instanceof Element && event.target.closest("button, a, input, .grid-editor"))) return;
  if (state.editing.peek() && !state.commit()) return;
  const { row, column } = state.place.peek();
  state.hasFocus = true;
  if (row !== cell.row || column !== cell.column) state.go(cell.row, cell.column);
  else if (!toggle(state)) state.begin();
}

/** @param {import("./state.js").GridState} state @param {PointerEvent} event */
function fill(state, event) {
  event.preventDefault();
  const from = state.rect;
  follow(event, (each) => {
    const under = cellUnder(state, each);
    if (!under || under.row < 0) return;
    const below = under.row - from.bottom, above = from.top - under.row;
    state.filling.value = below > 0 ? { ...from, top: from.bottom + 1, bottom: under.row } : above > 0 ? { ...from, top: under.row, bottom: from.top - 1 } : null;
  }, (last) => {
    const to = state.filling.peek();
    state.filling.value = null;
    if (last && to) state.actions.fill(from, to);
  });
}

/** @param {import("./state.js").GridState} state @param {PointerEvent} event @param {HTMLElement} handle */
function resize(state, event, handle) {
  event.preventDefault();
  const column = state.layout.columns[Number(handle.dataset.resize)], width = column.width;
  follow(event, (each) => {
    state.actions.resize(column, Math.max(NARROWEST, Math.min(WIDEST, Math.round(width + each.clientX - event.clientX))));
  }, () => {});
}

/**
 * Drag the head of a column to another place; without a drag it is a click, which sorts.
 * @param {import("./state.js").GridState} state @param {PointerEvent} event @param {{ column: number, element: HTMLElement }} cell
 */
function move(state, event, cell) {
  const column = state.layout.columns[cell.column];
  /** @type {HTMLElement | null} */
  let over = null;
  let isAfter = false, isDragged = false;
  const unmark = () => over?.classList.remove("drop-before", "drop-after");
  follow(event, (each) => {
    if (!isDragged && Math.abs(each.clientX - event.clientX) < 6) return;
    isDragged = true;
    cell.element.classList.add("is-dragged");
    const under = cellAt(document.elementFromPoint(each.clientX, event.clientY));
    unmark();
    over = under && under.row < 0 && under.column >= 0 ? under.element : null;
    if (!over) return;
    const at = over.getBoundingClientRect();
    isAfter = each.clientX > at.left + at.width / 2;
    over.classList.add(isAfter ? "drop-after" : "drop-before");
  }, (last) => {
    unmark();
    cell.element.classList.remove("is-dragged");
    if (!last) return;
    if (!isDragged) {
      state.hasFocus = true;
      state.go(-1, cell.column);
      if (column.sortable) state.actions.sort(column, event.shiftKey);
    } else if (over) {
      const to = Number(over.dataset.column) + (isAfter ? 1 : 0);
      if (to !== cell.column && to !== cell.column + 1) state.actions.move(column.key, state.layout.columns[to]?.key ?? null);
    }
  });
}
