/** The rows of a query of a table, with what the page knows of them: one for each query. */
import { signal } from "../../vendor/preact.js";
import { quoted } from "../editors/names.js";
import { can } from "../core/state.js";
import { finding, selectOf } from "./columns.js";
import { isComputed } from "./kinds.js";
import { Sheet } from "./sheet.js";
import { RowSource } from "./source.js";
import { History } from "./undo.js";
import { Writer } from "./writes.js";

/** Milliseconds after which rows in view are read anew, as others may have changed them. */
const STALE = 30_000;

/** Parameters of the page's own address that are no part of the query. */
export const FIND = "_find";

/**
 * @typedef {{ all: boolean, ids: Set<number> }} Checked all: all rows of the query but these
 */

export class TableRows {
  /** @type {RowSource} */
  source;
  /** @type {Sheet} */
  sheet;
  /** @type {Writer} */
  writer;
  /** @type {History} */
  history;
  checked = signal(/** @type {Checked} */ ({ all: false, ids: new Set() }));
  /** The last row that was checked, for ranges. */
  lastChecked = -1;

  /**
   * @param {Object} options
   * @param {import("../core/state.js").Definition} options.definition
   * @param {URLSearchParams} options.query as in the page's address
   * @param {import("./columns.js").FieldColumn[]} options.columns
   * @param {(version: string) => void} options.onVersion
   * @param {import("./writes.js").Writer["choose"]} options.choose
   * @param {TableRows | null} [options.before] those of the query before: what can be undone, and what is not stored, goes on
   */
  constructor({ definition, query, columns, onVersion, choose, before = null }) {
    this.definition = definition;
    /** Fields whose values the system gives. */
    this.computed = new Set(Object.keys(definition.fields).filter((name) => isComputed({ ...definition.fields[name], name })));
    this.path = `/table/${definition.id}/rows/`;
    this.conditions = conditionsOf(query, columns);
    this.source = new RowSource({ path: this.path, params: this.conditions, select: selectOf(columns), onVersion });
    this.sheet = new Sheet(this.source, can(definition, "create") !== false);
    this.writer = new Writer({ sheet: this.sheet, table: definition.id, select: selectOf(columns), choose });
    this.history = before?.history ?? new History();
    this.history.write = (change) => this.writer.write(change).then((made) => this.#after(made));
    if (before) {
      if (String(before.conditions) === String(this.conditions)) this.source.follow(before.source);
      this.sheet.follow(before.sheet);
      this.writer.follow(before.writer);
      if (before.writer.pending.peek()) before.writer.settled.then(() => this.source.look());
    }
    this.gridSource = {
      count: this.sheet.count, changed: this.sheet.anyChange,
      row: (/** @type {number} */ index) => this.sheet.row(index),
      want: (/** @type {number} */ first, /** @type {number} */ last, /** @type {number} */ active) => this.source.want(first, last, active),
    };
    this.source.start();
    this.#watch();
  }

  /** Whether the query has conditions. */
  get isFiltered() {
    return [...this.conditions.keys()].some((name) => name !== "order");
  }

  /** The query of what is seen, for files and for other clients. @param {import("./columns.js").FieldColumn[]} columns */
  shared(columns) {
    const found = new URLSearchParams(this.conditions), names = columns.filter((each) => !each.field?.write_only).map((each) => each.key);
    const all = Object.keys(this.definition.fields);
    if (names.length !== all.length || names.some((name, i) => name !== all[i])) found.set("select", names.map(quoted).join(","));
    return found;
  }

  /** Conditions that find all its rows: a write needs one. */
  get target() {
    const found = new URLSearchParams(this.conditions);
    found.delete("order");
    if (!this.isFiltered) found.set("id", "gt.0");
    return found;
  }

  /** Make a change that can be undone. @param {import("./writes.js").Change} change */
  async make(change) {
    const made = await this.writer.write(change);
    if (made) this.history.note(made);
    return this.#after(made);
  }

  /** @param {import("./writes.js").Change | null} made */
  #after(made) {
    // Rows that go, or come back to their places, move the others.
    if (made && (made.removals.length || made.inserts.some((each) => !each.key))) this.sheet.refresh();
    return made;
  }

  #watch() {
    const look = () => {
      if (document.visibilityState !== "visible" || this.source.count.peek() === null || this.source.isLoading.peek() || this.writer.pending.peek()) return;
      this.source.look();
    };
    const timer = setInterval(look, STALE);
    const onShow = () => document.visibilityState === "visible" && look();
    document.addEventListener("visibilitychange", onShow);
    this.end = () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", onShow);
      this.source.close();
    };
  }

  /** @param {{ id: number | null }} row */
  isChecked({ id }) {
    const { all, ids } = this.checked.value;
    return id !== null && all !== ids.has(id);
  }

  /** How many are checked. */
  get checkedCount() {
    const { all, ids } = this.checked.value;
    return all ? Math.max(0, (this.source.count.value ?? 0) - ids.size) : ids.size;
  }

  /** @param {number[]} ids @param {boolean} on */
  check(ids, on) {
    const { all, ids: before } = this.checked.peek(), next = new Set(before);
    for (const id of ids) all === on ? next.delete(id) : next.add(id);
    this.checked.value = { all, ids: next };
  }

  /** @param {boolean} on */
  checkAll(on) {
    this.checked.value = { all: on, ids: new Set() };
  }
}

/** @param {URLSearchParams} query @param {import("./columns.js").FieldColumn[]} columns */
function conditionsOf(query, columns) {
  const found = new URLSearchParams(query), text = found.get(FIND)?.trim();
  found.delete(FIND);
  for (const name of ["select", "limit", "offset", "_after", "_before", "_view"]) found.delete(name);
  const condition = text && finding(columns, text);
  if (condition) found.append("or", condition);
  return found;
}
