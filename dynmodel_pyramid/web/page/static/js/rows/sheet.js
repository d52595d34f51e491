/**
 * What the grid shows: stored rows, over them the values that are on their way or were refused, then new rows, and last
 * a blank one to begin a new row in.
 */
import { computed, signal } from "../../vendor/preact.js";
import { bare } from "../core/records.js";

/**
 * @typedef {import("./source.js").StoredRow} StoredRow
 * @typedef {import("../grid/types.js").Mark & { raw?: boolean }} Mark raw: the value is a text that is none of the field's
 * @typedef {{ values: Record<string, any>, marks: Record<string, Mark>, fault: string }} Over what lies over a row
 * @typedef {import("../grid/types.js").Row & { id: number | null, version: number }} SheetRow
 * @typedef {{ key: string, stored: StoredRow | null }} NewRow
 */

/** @type {SheetRow} */
const BLANK = { key: "blank", id: null, version: 0, values: bare(), marks: bare(), isNew: true, fault: "" };
/** @type {Over} */
const NOTHING = { values: bare(), marks: bare(), fault: "" };

export class Sheet {
  changed = signal(0);
  /** New rows, after the stored ones. @type {import("../../vendor/preact.js").Signal<NewRow[]>} */
  tail = signal(/** @type {NewRow[]} */ ([]));
  /** @type {Map<number | string, Over>} by the rows' keys */
  #over = new Map();
  /** @type {WeakMap<object, { over: Over, row: SheetRow }>} */
  #drawn = new WeakMap();
  #number = 0;

  /** @param {import("./source.js").RowSource} source @param {boolean} canAdd */
  constructor(source, canAdd) {
    this.source = source;
    this.canAdd = canAdd;
    this.count = computed(() => (source.count.value ?? 0) + this.tail.value.length + (canAdd && source.count.value !== null ? 1 : 0));
    this.anyChange = computed(() => source.changed.value + this.changed.value);
  }

  /** Take over what another query's sheet has not stored. @param {Sheet} before */
  follow(before) {
    this.#over = new Map([...before.#over].filter(([, over]) => over.fault || Object.values(over.marks).some((mark) => mark.state !== "saving")));
    this.#number = before.#number;
    this.tail.value = before.tail.peek().filter((each) => !each.stored);
  }

  /** Stored rows. */
  get total() {
    return this.source.count.peek() ?? 0;
  }

  /** Index of the blank row. */
  get blank() {
    return this.total + this.tail.peek().length;
  }

  /** @param {number} index @returns {SheetRow | undefined} */
  row(index) {
    const { total } = this;
    if (index < total) {
      const row = this.source.row(index);
      return row && this.#merged(row.id, row, row, false);
    }
    const added = this.tail.peek()[index - total];
    if (!added) return this.canAdd ? BLANK : undefined;
    return this.#merged(added.stored?.id ?? added.key, added.stored ?? added, added.stored, !added.stored);
  }

  /** @param {number | string} key @param {object} token @param {StoredRow | null} row @param {boolean} isNew */
  #merged(key, token, row, isNew) {
    const over = this.#over.get(key) ?? NOTHING, before = this.#drawn.get(token);
    if (before?.over === over) return before.row;
    /** @type {SheetRow} */
    const merged = { key, id: row?.id ?? null, version: row?.version ?? 0, values: bare(row?.values, over.values), marks: over.marks, isNew, fault: over.fault };
    this.#drawn.set(token, { over, row: merged });
    return merged;
  }

  /** The row with this id, as it is stored; null: it is not held. @param {number} id */
  stored(id) {
    return this.source.find(id)?.row ?? this.tail.peek().find((each) => each.stored?.id === id)?.stored ?? null;
  }

  /** Begin a new row. @returns {string} its key */
  add() {
    const key = `new-${++this.#number}`;
    this.tail.value = [...this.tail.peek(), { key, stored: null }];
    return key;
  }

  /** New rows, with their values, that are not stored. */
  get drafts() {
    return this.tail.peek().filter((each) => !each.stored).map((each) => ({ key: each.key, ...(this.#over.get(each.key) ?? NOTHING) }));
  }

  /** @param {string} key @param {StoredRow} stored */
  became(key, stored) {
    this.#over.delete(key);
    this.tail.value = this.tail.peek().map((each) => (each.key === key ? { key, stored } : each));
    this.changed.value++;
  }

  /** Stored rows have other values now. @param {StoredRow[]} rows */
  replace(rows) {
    const found = new Map(rows.map((row) => [row.id, row]));
    if (this.tail.peek().some((each) => each.stored && found.has(each.stored.id))) {
      this.tail.value = this.tail.peek().map((each) => ({ ...each, stored: each.stored && (found.get(each.stored.id) ?? each.stored) }));
    }
    this.source.replace(rows);
  }

  /**
   * Lay a value over a cell.
   * @param {number | string} key @param {string} field @param {any} value @param {Mark} mark
   */
  lay(key, field, value, mark) {
    const { values, marks } = this.#over.get(key) ?? NOTHING;
    this.#over.set(key, { values: bare(values, { [field]: value }), marks: bare(marks, { [field]: mark }), fault: "" });
    this.changed.value++;
  }

  /** @param {number | string} key @param {string} field @param {Mark} mark */
  mark(key, field, mark) {
    const over = this.#over.get(key);
    if (!over) return;
    this.#over.set(key, { ...over, marks: bare(over.marks, { [field]: { ...mark, raw: over.marks[field]?.raw } }) });
    this.changed.value++;
  }

  /** @param {number | string} key @param {string} fault of the row as a whole */
  blame(key, fault) {
    this.#over.set(key, { ...(this.#over.get(key) ?? NOTHING), fault });
    this.changed.value++;
  }

  /** What lies over a row. @param {number | string} key */
  over(key) {
    return this.#over.get(key) ?? NOTHING;
  }

  /** Take back what lies over cells; of a new row without any value the row itself. @param {number | string} key @param {string[]} [fields] all without it */
  lift(key, fields) {
    const over = this.#over.get(key);
    if (!over) return;
    const values = bare(over.values), marks = bare(over.marks);
    for (const field of fields ?? Object.keys(values)) {
      delete values[field];
      delete marks[field];
    }
    if (Object.keys(values).length) this.#over.set(key, { values, marks, fault: "" });
    else {
      this.#over.delete(key);
      if (this.tail.peek().some((each) => each.key === key && !each.stored)) this.tail.value = this.tail.peek().filter((each) => each.key !== key);
    }
    this.changed.value++;
  }

  /** Cells that are not stored and not on their way. @returns {{ key: number | string, over: Over }[]} */
  get unsaved() {
    return [...this.#over].filter(([, over]) => over.fault || Object.values(over.marks).some((mark) => mark.state !== "saving")).map(([key, over]) => ({ key, over }));
  }

  /** Read everything anew; stored new rows take their places then. @param {{ count?: boolean }} [options] */
  refresh(options = { count: true }) {
    if (options.count) this.tail.value = this.tail.peek().filter((each) => !each.stored);
    this.source.refresh(options);
  }
}
