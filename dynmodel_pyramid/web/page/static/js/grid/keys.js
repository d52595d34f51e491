/** Keys, as in spreadsheets. */

const IS_MAC = /Mac|iP(hone|ad)/.test(navigator.platform);

/** Whether the key for commands is held. @param {KeyboardEvent | MouseEvent} event */
export const isCommand = (event) => (IS_MAC ? event.metaKey : event.ctrlKey);

/**
 * @param {import("./state.js").GridState} state
 * @param {KeyboardEvent} event
 * @param {(what: "column" | "row") => void} openMenu
 */
export function onKey(state, event, openMenu) {
  if (event.defaultPrevented || event.isComposing) return;
  if (state.editing.peek()) return whileEditing(state, event);
  const acts = state.place.peek().row < 0 ? heads : cells;
  if (moves(state, event) || acts(state, event, openMenu) || state.actions.key(event, state.rect)) event.preventDefault();
}

/** @param {import("./state.js").GridState} state @param {KeyboardEvent} event */
function whileEditing(state, event) {
  if (event.key === "Escape") {
    event.preventDefault();
    state.cancel();
  } else if (event.key === "Enter" && !event.altKey) {
    event.preventDefault();
    if (state.commit()) state.enter(event.shiftKey ? -1 : 1);
  } else if (event.key === "Tab") {
    if (!state.commit()) event.preventDefault();
    else if (state.tab(event.shiftKey ? -1 : 1)) event.preventDefault();
  }
}

/** @param {import("./state.js").GridState} state @param {KeyboardEvent} event */
function moves(state, event) {
  const { row, column, toRow, toColumn } = state.place.peek();
  const extend = event.shiftKey, far = isCommand(event);
  const here = extend ? { row: toRow, column: toColumn } : { row, column };
  const lastRow = state.source.count.peek() - 1, lastColumn = state.layout.columns.length - 1;
  const page = state.scale.page;
  /** @type {[number, number] | null} */
  let to = null;
  if (event.altKey) return false;
  switch (event.key) {
    case "ArrowDown": to = [far ? lastRow : here.row + 1, here.column]; break;
    case "ArrowUp": to = [far ? 0 : here.row - 1, here.column]; break;
    case "ArrowRight": to = [here.row, far ? lastColumn : here.column + 1]; break;
    case "ArrowLeft": to = [here.row, far ? 0 : here.column - 1]; break;
    case "PageDown": to = [Math.min(lastRow, here.row + page), here.column]; break;
    case "PageUp": to = [Math.max(0, here.row - page), here.column]; break;
    case "Home": to = [far ? 0 : here.row, 0]; break;
    case "End": to = [far ? lastRow : here.row, lastColumn]; break;
    case "Tab":
      return !far && state.tab(extend ? -1 : 1);
    default: return false;
  }
  state.go(to[0], to[1], { extend });
  return true;
}

/** @param {import("./state.js").GridState} state @param {KeyboardEvent} event @param {(what: "column" | "row") => void} openMenu */
function heads(state, event, openMenu) {
  const { column } = state.place.peek(), here = state.layout.columns[column];
  const isMenu = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey) || (event.key === "ArrowDown" && event.altKey);
  if (column < 0) {
    if (event.key !== " " && event.key !== "Enter") return false;
    state.actions.checkAll(true);
  } else if (isMenu) openMenu("column");
  else if ((event.key === "Enter" || event.key === " ") && here.sortable) state.actions.sort(here, event.shiftKey);
  else return false;
  return true;
}

/** @param {import("./state.js").GridState} state @param {KeyboardEvent} event @param {(what: "column" | "row") => void} openMenu */
function cells(state, event, openMenu) {
  const { row, column } = state.place.peek(), here = state.column;
  const command = isCommand(event);
  if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) openMenu("row");
  else if (event.key === " " && event.shiftKey) state.actions.check(row, !event.ctrlKey, false);
  else if (column < 0) {
    if (event.key === " ") state.actions.check(row, true, false);
    else if (event.key === "Enter") state.actions.open(row);
    else return false;
  } else if (command && event.key.toLowerCase() === "a") {
    state.go(0, 0);
    state.go(state.source.count.peek() - 1, state.layout.columns.length - 1, { extend: true });
  } else if (command && event.key.toLowerCase() === "d") {
    const { top, bottom, left, right } = state.rect;
    if (bottom > top) state.actions.fill({ top, bottom: top, left, right }, { top: top + 1, bottom, left, right });
    else if (row > 0) state.actions.fill({ top: row - 1, bottom: row - 1, left, right }, { top: row, bottom: row, left, right });
  } else if (event.key === "Enter" && command) return false;
  else if (event.key === "Enter" || event.key === "F2") {
    if (event.key === "Enter" && toggle(state)) return true;
    if (!state.begin()) state.enter(event.shiftKey ? -1 : 1);
  } else if (event.key === "Escape") {
    const { toRow, toColumn } = state.place.peek();
    if (!here || !state.actions.discard(row, here)) {
      if (toRow === row && toColumn === column) return false;
      state.go(row, column);
    }
  } else if (event.key === "Delete" || event.key === "Backspace") state.actions.clear(state.rect);
  else if (event.key === " ") {
    if (!toggle(state)) state.actions.open(row);
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) return state.begin(event.key);
  else return false;
  return true;
}

/** Turn the value of the active cell, if a click turns its values. @param {import("./state.js").GridState} state */
export function toggle(state) {
  const here = state.column, shown = state.source.row(state.place.peek().row);
  if (!here?.toggles || !shown || here.locked(shown) !== null) return false;
  state.actions.edit(shown, here, shown.values[here.key] !== true);
  return true;
}
