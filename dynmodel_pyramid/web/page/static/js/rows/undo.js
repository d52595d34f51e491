/** Undo and redo: the reverse of a change is a change, sent with the versions that this page's own writes made. */
import { signal } from "../../vendor/preact.js";

/** Changes that can be undone. */
const MOST = 100;
/** Rows of all of them together. */
const MOST_ROWS = 20000;

/** @typedef {import("./writes.js").Change} Change */

/** @param {Change} change @returns {Change} */
export function reversed({ label, updates, inserts, removals }) {
  return {
    label,
    updates: updates.map(({ id, before, after }) => ({ id, seen: 0, before: after, after: Object.fromEntries(Object.keys(after).map((field) => [field, before[field] ?? null])) })),
    inserts: removals.map(({ id, values }) => ({ key: null, id, values })),
    removals: inserts.map(({ id, values }) => ({ id: /** @type {number} */ (id), values })),
  };
}

/** @param {Change} change */
const size = (change) => change.updates.length + change.inserts.length + change.removals.length;

export class History {
  done = signal(/** @type {Change[]} */ ([]));
  undone = signal(/** @type {Change[]} */ ([]));

  /** How a change is written: by the query that is shown. @type {(change: Change) => Promise<Change | null>} */
  write = async () => null;

  /** A change was made. @param {Change} change */
  note(change) {
    if (!size(change)) return;
    this.undone.value = [];
    const kept = [...this.done.peek(), change].slice(-MOST);
    let rows = kept.reduce((sum, each) => sum + size(each), 0);
    while (rows > MOST_ROWS && kept.length > 1) rows -= size(/** @type {Change} */ (kept.shift()));
    this.done.value = kept;
  }

  /** -> the change that was undone; null: there is none, or it was refused */
  undo() {
    return this.#turn(this.done, this.undone);
  }

  redo() {
    return this.#turn(this.undone, this.done);
  }

  /**
   * @param {import("../../vendor/preact.js").Signal<Change[]>} from
   * @param {import("../../vendor/preact.js").Signal<Change[]>} to
   */
  async #turn(from, to) {
    const change = from.peek().at(-1);
    if (!change) return null;
    from.value = from.peek().slice(0, -1);
    const made = await this.write(reversed(change));
    if (made) to.value = [...to.peek(), made];
    return made;
  }
}
