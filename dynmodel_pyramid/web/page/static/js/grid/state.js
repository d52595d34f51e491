/**
 * What a grid knows of itself: the active cell, the selected cells, the editor that is open, and the part in view.
 *
 * Rows are counted from 0, and -1 is the heads of columns; column -1 is the heads of rows. The active cell is one end of
 * the selection, `to` is the other.
 */
import { batch, signal } from "../../vendor/preact.js";
import { layoutOf, revealed } from "./layout.js";
import { Scale } from "./scale.js";

/**
 * @typedef {import("./types.js").Column} Column
 * @typedef {import("./types.js").Rect} Rect
 * @typedef {{ row: number, column: number, toRow: number, toColumn: number }} Place
 * @typedef {{ row: import("./types.js").Row, column: Column, initial: string | undefined }} Editing row: as it was at the beginning
 */

export class GridState {
  scale = new Scale();
  place = signal(/** @type {Place} */ ({ row: 0, column: 0, toRow: 0, toColumn: 0 }));
  editing = signal(/** @type {Editing | null} */ (null));
  /** Grows with each scroll and each change of size. */
  view = signal(0);
  width = 0;
  left = 0;
  /** Whether the focus should follow the active cell. */
  hasFocus = false;
  /** The rows that a drag of the handle would fill. @type {import("../../vendor/preact.js").Signal<Rect | null>} */
  filling = signal(/** @type {Rect | null} */ (null));
  /** The box that scrolls. @type {HTMLElement | null} */
  box = null;
  /** Where a run of Tab began, for Enter to go back to. */
  #began = -1;
  /** @type {{ value: any, fault: string | null, isChanged: boolean }} */
  #draft = { value: null, fault: null, isChanged: false };

  /**
   * @param {import("./types.js").Source} source
   * @param {import("./types.js").Actions} actions
   */
  constructor(source, actions) {
    this.source = source;
    this.actions = actions;
    this.layout = layoutOf([], 0);
  }

  /** Go on from the state of another source. @param {GridState} before @param {boolean} isSame whether its rows are the same */
  follow(before, isSame) {
    const { row, column } = before.place.peek(), now = isSame || row < 0 ? row : 0;
    this.hasFocus = before.hasFocus;
    this.layout = before.layout;
    this.width = before.width;
    this.left = before.left;
    this.place.value = { row: now, column, toRow: now, toColumn: column };
    if (isSame) this.scale = before.scale;
  }

  /** @param {HTMLElement} box */
  mount(box) {
    this.box = box;
    this.left = box.scrollLeft;
    const top = this.scale.at;
    this.measure();
    this.scale.go(top);
    this.#stand(this.scale.at - this.scale.offset);
  }

  /** @param {Column[]} columns */
  arrange(columns) {
    const active = this.layout.columns[this.place.peek().column]?.key;
    this.layout = layoutOf(columns, this.width || 1e9);
    const moved = this.layout.columns.findIndex((each) => each.key === active);
    const { row, column } = this.place.peek();
    if (moved >= 0 ? moved !== column : column >= columns.length) {
      const now = moved >= 0 ? moved : Math.max(-1, columns.length - 1);
      this.place.value = { row, column: now, toRow: row, toColumn: now };
    }
  }

  /** The box's own measures. */
  measure() {
    const { box } = this;
    if (!box) return;
    this.width = box.clientWidth;
    this.scale.measure(this.source.count.peek(), box.clientHeight - 34);
    this.view.value++;
  }

  scrolled() {
    const { box } = this;
    if (!box) return;
    this.left = box.scrollLeft;
    this.#stand(this.scale.scrolled(box.scrollTop));
    this.view.value++;
  }

  /** The bar agrees with the rows again. */
  settle() {
    const { offset } = this.scale;
    if (!this.box || !offset) return;
    this.#stand(this.scale.settle());
    if (this.scale.offset !== offset) this.view.value++;
  }

  /** @param {number | null} top */
  #stand(top) {
    if (this.box && top !== null) this.box.scrollTop = top;
  }

  /** @returns {Rect} */
  get rect() {
    const { row, column, toRow, toColumn } = this.place.peek();
    return { top: Math.min(row, toRow), bottom: Math.max(row, toRow), left: Math.max(0, Math.min(column, toColumn)), right: Math.max(column, toColumn) };
  }

  get column() {
    return this.layout.columns[this.place.peek().column];
  }

  /**
   * Make a cell the active one, or with `extend` the other end of the selection.
   * @param {number} row
   * @param {number} column
   * @param {{ extend?: boolean, keepRun?: boolean }} [options]
   */
  go(row, column, { extend = false, keepRun = false } = {}) {
    const before = this.place.peek();
    const lastRow = this.source.count.peek() - 1, lastColumn = this.layout.columns.length - 1;
    const toRow = Math.max(extend ? 0 : -1, Math.min(lastRow, row));
    const toColumn = Math.max(extend ? 0 : -1, Math.min(lastColumn, column));
    if (!keepRun) this.#began = -1;
    if (extend) this.place.value = { ...before, row: Math.max(0, before.row), column: Math.max(0, before.column), toRow, toColumn };
    else this.place.value = { row: toRow, column: toColumn, toRow, toColumn };
    this.reveal(toRow, toColumn);
    if (!extend && before.row !== toRow && before.row >= 0) this.actions.leave(before.row);
  }

  /** @param {number} row @param {number} column */
  reveal(row, column) {
    const { box } = this;
    if (!box) return;
    if (row >= 0) this.#stand(this.scale.reveal(row));
    const left = column >= 0 ? revealed(this.layout, column, box.scrollLeft, box.clientWidth) : null;
    if (left !== null) box.scrollLeft = this.left = left;
    this.view.value++;
  }

  /** @param {number} rows @param {number} columns @param {boolean} extend */
  move(rows, columns, extend) {
    const { row, column, toRow, toColumn } = this.place.peek();
    this.go((extend ? toRow : row) + rows, (extend ? toColumn : column) + columns, { extend });
  }

  /** Tab: the next cell of the row. -> false: there is none, so that the focus leaves the grid @param {number} step */
  tab(step) {
    const { row, column } = this.place.peek();
    if (column + step < -1 || column + step >= this.layout.columns.length) return false;
    const began = this.#began < 0 ? column : this.#began;
    this.go(row, column + step, { keepRun: true });
    this.#began = began;
    return true;
  }

  /** Enter: the cell below, in the column where a run of Tab began. @param {number} step */
  enter(step) {
    const { row, column } = this.place.peek();
    this.go(row + step, this.#began < 0 ? column : this.#began);
  }

  /** @param {string} [initial] what was typed */
  begin(initial) {
    const { row, column } = this.place.peek(), here = this.layout.columns[column];
    const shown = this.source.row(row);
    if (row < 0 || !here || !shown) return false;
    if (here.locked(shown) !== null || !here.Editor) return false;
    this.#draft = { value: shown.values[here.key], fault: null, isChanged: false };
    batch(() => {
      this.place.value = { row, column, toRow: row, toColumn: column };
      this.editing.value = { row: shown, column: here, initial };
    });
    this.reveal(row, column);
    return true;
  }

  /** The editor's value. @param {any} value @param {string | null} [fault] */
  change(value, fault = null) {
    this.#draft = { value, fault: fault ?? null, isChanged: true };
  }

  /** @returns {boolean} false: it is no value yet, and the editor stays */
  commit() {
    const editing = this.editing.peek();
    if (!editing) return true;
    if (this.#draft.fault) return false;
    this.editing.value = null;
    if (this.#draft.isChanged) this.actions.edit(editing.row, editing.column, this.#draft.value);
    return true;
  }

  cancel() {
    this.editing.value = null;
  }
}
