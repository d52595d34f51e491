/**
 * Rows of a query by their index, of a table of any size.
 *
 * It holds windows of WINDOW rows, at most HELD rows in all; those that were wanted longest ago go first. Every answer's
 * `Link` gives cursors: places in the list (`anchors`). What is wanted is asked for from the nearest one, so that pages
 * which follow one another cost the database the same wherever they are, and a jump has only the rows between to skip.
 * What has been scrolled past before it came is aborted.
 */
import { signal } from "../../vendor/preact.js";
import { api as theApi, Problem, totalOf } from "../core/api.js";
import { Anchors } from "./anchors.js";
import { equal } from "./values.js";

export const WINDOW = 100;
export const HELD = 5000;
/** Windows that one request brings at most. */
const SPAN = 5;
/** Up to this number of rows, a bounded count is exact (docs/queries.md). */
const BOUND = 10_000;
/** Milliseconds that a scroll must rest before rows far from the last ones are asked for. */
const REST = 60;

/**
 * @typedef {{ id: number, version: number, values: Record<string, any> }} StoredRow
 * @typedef {{ first: number, last: number, controller: AbortController }} Asked windows that are on their way
 */

export class RowSource {
  /** How many rows the query finds; null: not known yet. */
  count = signal(/** @type {number | null} */ (null));
  /** What the count is: the true one, one that is not below it, or the planner's guess. */
  known = signal(/** @type {"exact" | "least" | "guess"} */ ("least"));
  changed = signal(0);
  problem = signal(/** @type {Problem | null} */ (null));
  isLoading = signal(false);
  /** Requests so far, for tests and measurements. */
  requests = 0;
  /** @type {Map<number, StoredRow[]>} by number, the latest wanted last */
  #windows = new Map();
  /** @type {Set<Asked>} */
  #asked = new Set();
  #anchors = new Anchors();
  #wanted = { first: 0, last: 40, also: 0 };
  #timer = 0;
  #startedAt = 0;
  #slow = false;
  #isClosed = false;
  #counting = new AbortController();

  /**
   * @param {Object} options
   * @param {string} options.path "/table/1/rows/"
   * @param {URLSearchParams} options.params conditions and order
   * @param {string} options.select
   * @param {(version: string) => void} [options.onVersion] called with each answer's Definition-Version
   * @param {Pick<typeof theApi, "get">} [options.api]
   */
  constructor({ path, params, select, onVersion = () => {}, api = theApi }) {
    this.path = path;
    this.params = params;
    this.select = select;
    this.onVersion = onVersion;
    this.api = api;
  }

  /** Rows that are held. */
  get held() {
    let n = 0;
    for (const rows of this.#windows.values()) n += rows.length;
    return n;
  }

  /** @param {number} index @returns {StoredRow | undefined} */
  row(index) {
    return this.#windows.get(Math.floor(index / WINDOW))?.[index % WINDOW];
  }

  /** Begin: the first rows and their number. */
  start() {
    if (this.count.peek() === null) this.#ask(0, 0);
  }

  /** The same list, with other values of its rows: places and the number hold. @param {RowSource} before */
  follow(before) {
    this.#anchors = before.#anchors;
    this.count.value = before.count.peek();
    this.known.value = before.known.peek();
    if (this.count.peek() !== null && !this.#isExact) this.#count();
  }

  /**
   * The rows in view: asked for when the scroll rests, with those before and after.
   * @param {number} first @param {number} last @param {number} [also] the active row, wherever it is
   */
  want(first, last, also = first) {
    this.#wanted = { first, last, also };
    for (const number of this.#numbers(0)) {
      const rows = this.#windows.get(number);
      if (!rows) continue;
      this.#windows.delete(number);
      this.#windows.set(number, rows);
    }
    if (this.#timer || this.#isClosed) return;
    const isMissing = this.#numbers(0).some((each) => !this.#windows.has(each));
    const wait = isMissing && performance.now() - this.#startedAt > 400 ? 0 : REST;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#fill();
    }, wait);
  }

  /** Windows of what is wanted, and so many beside them. @param {number} spare */
  #numbers(spare) {
    const { first, last, also } = this.#wanted, end = Math.max(0, (this.count.peek() ?? WINDOW) - 1);
    /** @type {number[]} */
    const found = [];
    for (let i = Math.floor(first / WINDOW) - spare; i <= Math.floor(last / WINDOW) + spare; i++) {
      if (i >= 0 && i <= Math.floor(end / WINDOW)) found.push(i);
    }
    const active = Math.floor(also / WINDOW);
    if (also >= 0 && also <= end && !found.includes(active)) found.push(active);
    return found;
  }

  #fill() {
    if (this.#isClosed || this.problem.peek()) return;
    const near = new Set(this.#numbers(1));
    for (const each of [...this.#asked]) {
      let isWanted = false;
      for (let i = each.first; i <= each.last; i++) isWanted ||= near.has(i);
      if (!isWanted) {
        each.controller.abort();
        this.#asked.delete(each);
      }
    }
    const isComing = (/** @type {number} */ number) => [...this.#asked].some((each) => number >= each.first && number <= each.last);
    const missing = (/** @type {number} */ spare) => this.#numbers(spare).filter((each) => !this.#windows.has(each) && !isComing(each));
    let wanted = missing(0);
    if (!wanted.length && !this.#asked.size) wanted = missing(1);
    if (!wanted.length) return;
    const first = wanted[0];
    let last = first;
    while (wanted.includes(last + 1) && last - first < SPAN - 1) last++;
    // Where a page costs much whatever its size, more of them come at once.
    if (this.#slow) while (last - first < SPAN - 1 && !this.#windows.has(last + 1) && (last + 1) * WINDOW < (this.count.peek() ?? 0)) last++;
    this.#ask(first, last);
  }

  /** @param {number} first @param {number} last windows */
  async #ask(first, last) {
    const asked = { first, last, controller: new AbortController() };
    this.#asked.add(asked);
    this.isLoading.value = true;
    this.#startedAt = performance.now();
    this.requests++;
    const begin = first * WINDOW, total = this.count.peek();
    const size = Math.min((last - first + 1) * WINDOW, total === null ? Infinity : Math.max(1, total - begin));
    const from = this.#anchors.nearest(begin, size, this.#isExact ? total : null);
    const params = new URLSearchParams(this.params);
    params.set("select", this.select);
    params.set("limit", String(size));
    if (from.parameter) params.set(from.parameter, from.cursor);
    if (from.offset) params.set("offset", String(from.offset));
    const isFirst = total === null;
    try {
      const answer = await this.api.get(this.path, { params, signal: asked.controller.signal, prefer: isFirst ? "count=bounded" : undefined });
      if (this.#isClosed || !this.#asked.has(asked)) return;
      this.#slow = performance.now() - this.#startedAt > 300;
      this.#took(begin, size, answer);
      if (isFirst) this.#counted(answer);
    } catch (error) {
      if (error instanceof DOMException || this.#isClosed || !this.#asked.has(asked)) return;
      const problem = error instanceof Problem ? error : new Problem(0, { detail: String(error) });
      if (problem.code === "invalid_cursor" && this.#anchors.size) this.#anchors.clear();
      else if (problem.code === "range_not_satisfiable") this.refresh();
      else this.problem.value = problem;
    } finally {
      this.#asked.delete(asked);
      this.isLoading.value = this.#asked.size > 0;
      if (!this.#isClosed) this.want(this.#wanted.first, this.#wanted.last, this.#wanted.also);
    }
  }

  /** @param {number} begin @param {number} size @param {import("../core/api.js").Answer} answer */
  #took(begin, size, answer) {
    const rows = answer.data.map(stored);
    for (let i = 0; i * WINDOW < rows.length; i++) this.#hold(begin / WINDOW + i, rows.slice(i * WINDOW, (i + 1) * WINDOW));
    this.#anchors.note(begin, begin + rows.length, answer.headers.get("Link") ?? "");
    const total = this.count.peek(), end = begin + rows.length;
    if (total !== null && rows.length < size && end < total) {
      this.count.value = rows.length ? end : Math.min(total, begin); // the estimate was too high, or rows are gone
      if (!rows.length) this.#count();
    } else if (total !== null && end >= total && (answer.headers.get("Link") ?? "").includes('rel="next"')) this.#count();
    this.onVersion(answer.headers.get("Definition-Version") ?? "");
    this.changed.value++;
  }

  /** @param {number} number @param {StoredRow[]} rows */
  #hold(number, rows) {
    const before = this.#windows.get(number);
    // What has not changed stays the same object, so that it is not drawn anew.
    const kept = before ? rows.map((row, i) => (same(before[i], row) ? before[i] : row)) : rows;
    this.#windows.delete(number);
    this.#windows.set(number, kept);
    const needed = new Set(this.#numbers(0));
    for (const each of this.#windows.keys()) {
      if (this.#windows.size * WINDOW <= HELD) break;
      if (!needed.has(each)) this.#windows.delete(each);
    }
  }

  get #isExact() {
    return this.known.peek() === "exact";
  }

  /** @param {import("../core/api.js").Answer} answer */
  #counted(answer) {
    const total = totalOf(answer.headers) ?? answer.data.length;
    this.known.value = total > BOUND ? "least" : "exact";
    this.count.value = Math.min(total, Math.max(BOUND, answer.data.length));
    if (!this.#isExact) this.#count();
  }

  /** Count exactly, beside everything else. */
  async #count() {
    this.#counting.abort();
    this.#counting = new AbortController();
    const params = new URLSearchParams(this.params);
    params.delete("order");
    params.set("select", "id");
    params.set("limit", "1");
    const { signal } = this.#counting;
    for (const how of /** @type {const} */ (["exact", "planned"])) {
      try {
        const answer = await this.api.get(this.path, { params, prefer: `count=${how}`, signal });
        const total = totalOf(answer.headers);
        if (this.#isClosed || signal.aborted || total === null) return;
        this.known.value = how === "exact" ? "exact" : "guess";
        this.count.value = how === "exact" ? total : Math.max(total, this.count.peek() ?? 0);
        this.changed.value++;
        return;
      } catch {
        // A count may take longer than the service allows: then the planner's guess does.
        if (signal.aborted) return;
      }
    }
  }

  /**
   * Put rows in the place of those with their ids.
   * @param {StoredRow[]} rows
   */
  replace(rows) {
    const found = new Map(rows.map((row) => [row.id, row]));
    for (const [number, held] of this.#windows) {
      if (held.some((row) => found.has(row.id))) this.#windows.set(number, held.map((row) => found.get(row.id) ?? row));
    }
    this.changed.value++;
  }

  /** @param {number} id */
  find(id) {
    for (const [number, held] of this.#windows) {
      const at = held.findIndex((row) => row.id === id);
      if (at >= 0) return { index: number * WINDOW + at, row: held[at] };
    }
    return null;
  }

  /** All ids that are held, with their indexes. @returns {Generator<[number, StoredRow]>} */
  *all() {
    for (const [number, held] of this.#windows) for (const [i, row] of held.entries()) yield [number * WINDOW + i, row];
  }

  /**
   * Rows have come or gone, or may have changed: what is in view is read anew, and shown as it was till then.
   * @param {{ count?: boolean }} [options] count: their number may have changed, and their places
   */
  refresh({ count = true } = {}) {
    for (const each of this.#asked) each.controller.abort();
    this.#asked.clear();
    this.problem.value = null;
    if (count) this.#anchors.clear();
    const keep = new Set(this.#numbers(0));
    for (const each of [...this.#windows.keys()]) if (!keep.has(each)) this.#windows.delete(each);
    if (count) this.#count();
    if (this.count.peek() === null) this.#ask(0, 0);
    else this.look();
  }

  /** What is in view is read anew, as others may have changed it; its number and places are taken to be the same. */
  look() {
    const numbers = this.#numbers(0), first = numbers[0];
    let last = first;
    while (numbers.includes(last + 1)) last++;
    if (numbers.length) this.#ask(first, last);
    for (const each of numbers) if (each > last || each < first) this.#ask(each, each);
  }

  /**
   * Read rows that may not be held, without holding them.
   * @param {number} first @param {number} last
   * @returns {Promise<StoredRow[]>}
   */
  async read(first, last) {
    const size = last - first + 1;
    const from = this.#anchors.nearest(first, size, this.#isExact ? this.count.peek() : null);
    const params = new URLSearchParams(this.params);
    params.set("select", this.select);
    params.set("limit", String(size));
    if (from.parameter) params.set(from.parameter, from.cursor);
    if (from.offset) params.set("offset", String(from.offset));
    return (await this.api.get(this.path, { params })).data.map(stored);
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#counting.abort();
    for (const each of this.#asked) each.controller.abort();
  }
}

/** @param {Record<string, any>} document @returns {StoredRow} */
export function stored({ _version, ...values }) {
  return { id: values.id, version: _version, values };
}

/** @param {StoredRow | undefined} one @param {StoredRow} other */
function same(one, other) {
  return one !== undefined && one.id === other.id && one.version === other.version && equal(one.values, other.values);
}
