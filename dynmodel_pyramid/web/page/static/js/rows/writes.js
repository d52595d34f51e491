/**
 * Changes of rows, as people make them: shown at once, written one after another, each in one request, all or none.
 *
 * A change is sent with the version of each row that the person saw. Where somebody else has changed the row since, the
 * service refuses (412): cells that nobody else has touched are sent again, of the others the person chooses.
 */
import { signal } from "../../vendor/preact.js";
import { api as theApi, Problem } from "../core/api.js";
import { partsOf } from "../core/json.js";
import { t } from "../core/texts.js";
import { equal } from "./values.js";
import { stored } from "./source.js";

/** Operations that one batch takes; more updates than that are one upsert, without versions. */
const OPERATIONS = 900;

/**
 * @typedef {{ id: number, seen: number, before: Record<string, any>, after: Record<string, any> }} Update seen: version; 0: any
 * @typedef {{ key: string | null, id?: number, values: Record<string, any> }} Insert key: of the new row in the sheet
 * @typedef {{ id: number, values: Record<string, any> }} Removal with the values that the row had
 * @typedef {{ label: string, updates: Update[], inserts: Insert[], removals: Removal[] }} Change
 *
 * @typedef {Object} Conflict somebody else has changed a cell
 * @property {number} id
 * @property {string} field
 * @property {any} base what it was
 * @property {any} mine
 * @property {any} theirs
 */

export class Writer {
  /** Requests that have not been answered. */
  pending = signal(0);
  problem = signal(/** @type {Problem | null} */ (null));
  /** @type {Promise<any>} */
  #last = Promise.resolve();
  /** @type {Map<number, { from: Set<number>, to: number }>} versions of rows that are this page's own doing */
  #own = new Map();

  /** Go on where another query's writer is. @param {Writer} before */
  follow(before) {
    this.#own = before.#own;
    this.#last = before.#last;
  }

  /** When all writes so far are answered. */
  get settled() {
    return this.#last;
  }

  /**
   * @param {Object} options
   * @param {import("./sheet.js").Sheet} options.sheet
   * @param {number} options.table
   * @param {string} options.select
   * @param {(conflicts: Conflict[]) => Promise<Set<Conflict> | null>} options.choose those of which the person keeps the own value; null: none, and nothing more
   * @param {Pick<typeof theApi, "get" | "send">} [options.api]
   */
  constructor({ sheet, table, select, choose, api = theApi }) {
    this.sheet = sheet;
    this.table = table;
    this.select = select;
    this.choose = choose;
    this.api = api;
  }

  /**
   * Write a change after all that came before. -> the change as it was done, for undo; null: it was refused
   * @param {Change} change
   * @returns {Promise<Change | null>}
   */
  write(change) {
    for (const { id, after } of change.updates) for (const field in after) this.sheet.lay(id, field, after[field], { state: "saving" });
    for (const { key, values } of change.inserts) if (key) for (const field in values) this.sheet.mark(key, field, { state: "saving" });
    this.pending.value++;
    const done = this.#last.then(() => this.#send(change)).finally(() => this.pending.value--);
    this.#last = done.catch(() => null);
    return done;
  }

  /** The version to send for a row that was seen with another one. @param {number} id @param {number} seen */
  #version(id, seen) {
    const own = this.#own.get(id);
    if (!seen) return own?.to ?? this.sheet.stored(id)?.version;
    return own?.from.has(seen) ? own.to : seen;
  }

  /** @param {number} id @param {number | undefined} from @param {number} to */
  #wrote(id, from, to) {
    const own = this.#own.get(id) ?? { from: new Set(), to };
    if (from) own.from.add(from);
    own.to = to;
    this.#own.delete(id);
    this.#own.set(id, own);
    if (this.#own.size > 20000) this.#own.delete(/** @type {number} */ (this.#own.keys().next().value));
  }

  /** @param {Change} change @returns {Promise<Change | null>} */
  async #send(change) {
    const { updates, inserts, removals } = change;
    const isLong = updates.length + removals.length > OPERATIONS;
    const versions = updates.map(({ id, seen }) => this.#version(id, seen));
    /** @type {any[]} */
    const operations = isLong && updates.length
      ? [{ operation: "upsert", table: this.table, rows: updates.map(({ id, after }) => ({ id, ...after })), select: this.select }]
      : updates.map(({ id, after }, i) => ({ operation: "update", table: this.table, id, version: versions[i], row: after, select: this.select }));
    const firstInsert = operations.length;
    if (inserts.length) operations.push({ operation: "insert", table: this.table, rows: inserts.map(({ id, values }) => (id ? { id, ...values } : values)), select: this.select });
    if (removals.length) {
      if (isLong || removals.length > OPERATIONS) operations.push({ operation: "delete", table: this.table, where: { id: { in: removals.map(({ id }) => id) } } });
      else for (const { id } of removals) operations.push({ operation: "delete", table: this.table, id, version: this.#version(id, 0) });
    }
    if (!operations.length) return change;
    let results;
    try {
      results = (await this.api.send("POST", "/batch/", operations)).data;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 412 && updates.length) return this.#conflict(change, error);
      this.#refused(change, error, firstInsert, isLong);
      return null;
    }
    this.problem.value = null;
    const updated = isLong && updates.length ? results[0] : results.slice(0, updates.length);
    /** @type {import("./source.js").StoredRow[]} */
    const rows = [];
    for (const [i, update] of updates.entries()) {
      const document = updated[i];
      // A row that may be written and not read has no values here.
      const row = document && Object.keys(document).length > 2 ? stored(document) : { id: update.id, version: document?._version ?? 0, values: { ...this.sheet.stored(update.id)?.values, ...update.after } };
      rows.push(row);
      this.#wrote(update.id, versions[i], row.version);
      const over = this.sheet.over(update.id);
      // What has been typed meanwhile stays.
      this.sheet.lift(update.id, Object.keys(update.after).filter((field) => over.marks[field]?.state === "saving" && equal(over.values[field], update.after[field])));
    }
    this.sheet.replace(rows);
    /** @type {Insert[]} */
    const made = [];
    for (const [i, insert] of inserts.entries()) {
      const document = results[firstInsert][i];
      const row = document && Object.keys(document).length > 2 ? stored(document) : { id: document?.id, version: document?._version ?? 0, values: { id: document?.id, ...insert.values } };
      this.#wrote(row.id, undefined, row.version);
      made.push({ ...insert, id: row.id });
      if (insert.key) this.sheet.became(insert.key, row);
    }
    return { ...change, inserts: made };
  }

  /** @param {Change} change @param {Problem} problem @param {number} firstInsert @param {boolean} isLong */
  #refused({ updates, inserts }, problem, firstInsert, isLong) {
    this.problem.value = problem;
    const others = { state: /** @type {const} */ ("unsaved"), text: t("rows.unsaved_others") };
    const whole = problem.errors.length ? others : { state: /** @type {const} */ ("refused"), text: [problem.detail, problem.hint].filter(Boolean).join(" ") };
    for (const { id, after } of updates) for (const field in after) this.sheet.mark(id, field, whole);
    for (const { key, values } of inserts) if (key) for (const field in values) this.sheet.mark(key, field, whole);
    for (const { pointer, detail } of problem.errors) {
      const [operation, member, ...rest] = partsOf(pointer);
      const isInsert = Number(operation) >= firstInsert;
      const at = isInsert || isLong ? Number(rest[0]) : Number(operation);
      const field = member === "rows" ? rest[1] : rest[0];
      const key = isInsert ? inserts[at]?.key : updates[at]?.id;
      if (key === undefined || key === null) continue;
      const over = this.sheet.over(key);
      if (field !== undefined && field in over.values) this.sheet.mark(key, field, { state: "refused", text: detail });
      else if (field !== undefined && isInsert) this.sheet.lay(key, field, null, { state: "refused", text: detail });
      else this.sheet.blame(key, detail);
    }
  }

  /** @param {Change} change @param {Problem} problem @returns {Promise<Change | null>} */
  async #conflict(change, problem) {
    const ids = change.updates.map(({ id }) => id);
    const { data } = await this.api.send("POST", `/table/${this.table}/query/`, { select: this.select, where: { id: { in: ids } } });
    /** @type {Map<number, import("./source.js").StoredRow>} */
    const current = new Map(data.map((/** @type {any} */ each) => [each.id, stored(each)]));
    /** @type {Conflict[]} */
    const conflicts = [];
    for (const { id, before, after } of change.updates) {
      const now = current.get(id)?.values;
      if (!now) continue;
      for (const field in after) {
        if (!equal(now[field], before[field]) && !equal(now[field], after[field])) conflicts.push({ id, field, base: before[field], mine: after[field], theirs: now[field] });
      }
    }
    const gone = ids.filter((id) => !current.has(id));
    if (gone.length) {
      this.#refused(change, problem, change.updates.length, false);
      for (const id of gone) this.sheet.blame(id, t("rows.gone"));
      return null;
    }
    const mine = conflicts.length ? await this.choose(conflicts) : new Set();
    this.sheet.replace([...current.values()]);
    /** @type {Update[]} */
    const again = [];
    for (const update of change.updates) {
      const row = /** @type {import("./source.js").StoredRow} */ (current.get(update.id));
      const lost = mine ? conflicts.filter((each) => each.id === update.id && !mine.has(each)).map((each) => each.field) : Object.keys(update.after);
      const after = Object.fromEntries(Object.entries(update.after).filter(([field]) => !lost.includes(field)));
      this.sheet.lift(update.id, lost);
      this.#own.delete(update.id);
      if (Object.keys(after).length) again.push({ id: update.id, seen: row.version, before: row.values, after });
    }
    if (!mine || (!again.length && !change.inserts.length && !change.removals.length)) return null;
    return this.#send({ ...change, updates: again });
  }
}
