/**
 * Where a list of any length stands in a box that scrolls.
 *
 * No browser has elements of more than some 17 to 33 million pixels, which 1,000,000 rows exceed. So the box is at most
 * LONGEST pixels high. A short move of its bar moves the rows as far; a long one, such as a drag of its thumb, goes to
 * the same share of the list. Both agree again when the scrolling rests (`settle`).
 */
export const ROW = 32;
const LONGEST = 8_000_000;

export class Scale {
  /** Rows' pixels above the view, were the list not cut. */
  at = 0;
  /** What a row's own place is lessened by in the box. */
  offset = 0;
  #rows = 0;
  #view = 0;
  #last = 0;

  /** Height of the box's content. */
  get height() {
    return Math.min(this.#rows * ROW, LONGEST);
  }

  get #most() {
    return Math.max(0, this.#rows * ROW - this.#view);
  }

  get #mostScroll() {
    return Math.max(0, this.height - this.#view);
  }

  /** @param {number} rows @param {number} view height of the part that shows rows */
  measure(rows, view) {
    this.#rows = rows;
    this.#view = Math.max(ROW, view);
    if (this.height === rows * ROW) {
      this.offset = 0;
      this.at = Math.min(this.#last, this.#most);
    } else this.at = Math.min(this.at, this.#most);
  }

  /**
   * The box has scrolled. -> where it should stand instead; null: it may stay
   * @param {number} top
   * @returns {number | null}
   */
  scrolled(top) {
    const moved = top - this.#last;
    this.#last = top;
    if (this.height === this.#rows * ROW) {
      this.at = top;
      this.offset = 0;
      return null;
    }
    const isShort = Math.abs(moved) <= this.#view * 2;
    this.at = isShort ? Math.max(0, Math.min(this.#most, this.at + moved)) : (top / this.#mostScroll) * this.#most;
    this.offset = this.at - top;
    const isStuck = (top <= 0 && this.at > 0) || (top >= this.#mostScroll && this.at < this.#most);
    return isShort && isStuck ? this.settle() : null; // at an end of the bar, and not of the list
  }

  /** Agree with the rows in view. -> where the box should stand; null: it stands there. @returns {number | null} */
  settle() {
    const top = this.#most ? Math.round((this.at / this.#most) * this.#mostScroll) : 0;
    this.offset = this.at - top;
    if (Math.abs(top - this.#last) < 1) return null;
    this.#last = top;
    return top;
  }

  /** @param {number} at -> where the box should stand; null: it stands there */
  go(at) {
    this.at = Math.max(0, Math.min(this.#most, at));
    return this.settle();
  }

  /** The first and the last row in view. */
  get rows() {
    const first = Math.floor(this.at / ROW);
    return { first, last: Math.max(first, Math.min(this.#rows - 1, Math.ceil((this.at + this.#view) / ROW) - 1)) };
  }

  /** @param {number} index -> pixels from the box's first row */
  place(index) {
    return index * ROW - this.offset;
  }

  /** Scroll so that a row is in view. -> where the box should stand; null: it is in view @param {number} index */
  reveal(index) {
    const top = index * ROW;
    if (top < this.at) return this.go(top);
    if (top + ROW > this.at + this.#view) return this.go(top + ROW - this.#view);
    return null;
  }

  /** Rows that fit. */
  get page() {
    return Math.max(1, Math.floor(this.#view / ROW) - 1);
  }
}
