/** Places in a list that a page can be read from: its two ends, and the cursors of earlier answers. */

/** How many cursors are remembered. */
const MOST = 400;
const NEXT = /<[^>]*[?&]_after=([^&>]+)[^>]*>; *rel="next"/;
const PREVIOUS = /<[^>]*[?&]_before=([^&>]+)[^>]*>; *rel="prev"/;

/** @typedef {{ parameter: "" | "_after" | "_before", cursor: string, offset: number }} From how to ask for a page */

export class Anchors {
  /** @type {Map<number, string>} index of the first row after the cursor -> the cursor */
  #after = new Map();
  /** @type {Map<number, string>} index behind the last row before the cursor -> the cursor */
  #before = new Map();

  get size() {
    return this.#after.size + this.#before.size;
  }

  clear() {
    this.#after.clear();
    this.#before.clear();
  }

  /**
   * Remember the cursors of a page.
   * @param {number} begin index of its first row
   * @param {number} end index behind its last row
   * @param {string} link the answer's header
   */
  note(begin, end, link) {
    const next = NEXT.exec(link)?.[1], previous = PREVIOUS.exec(link)?.[1];
    if (next) keep(this.#after, end, next);
    if (previous && begin > 0) keep(this.#before, begin, previous);
  }

  /**
   * How to ask for `size` rows from `begin` with the fewest rows to skip.
   * @param {number} begin @param {number} size
   * @param {number | null} total where the list ends; null: not known for certain
   * @returns {From}
   */
  nearest(begin, size, total) {
    /** @type {From} */
    let best = { parameter: "", cursor: "", offset: begin };
    for (const [index, cursor] of this.#after) {
      if (index <= begin && begin - index < best.offset) best = { parameter: "_after", cursor, offset: begin - index };
    }
    const end = begin + size;
    for (const [index, cursor] of this.#before) {
      if (index >= end && index - end < best.offset) best = { parameter: "_before", cursor, offset: index - end };
    }
    if (total !== null && total >= end && total - end < best.offset) best = { parameter: "_before", cursor: "end", offset: total - end };
    return best;
  }
}

/** @param {Map<number, string>} anchors @param {number} index @param {string} cursor */
function keep(anchors, index, cursor) {
  anchors.delete(index);
  anchors.set(index, cursor);
  if (anchors.size > MOST) anchors.delete(/** @type {number} */ (anchors.keys().next().value));
}
