/** Where columns stand: the frozen ones first. Only those in view are drawn. */

/** Width of the column that has numbers, check boxes and buttons of rows. */
export const HEAD = 76;
export const NARROWEST = 48;
export const WIDEST = 1200;

/**
 * @typedef {import("./types.js").Column} Column
 *
 * @typedef {Object} Layout
 * @property {Column[]} columns
 * @property {number[]} lefts
 * @property {number} frozen how many stay in view
 * @property {number} held pixels that they take, with the rows' heads
 * @property {number} width of all
 */

/**
 * @param {Column[]} columns
 * @param {number} view width in pixels: where frozen columns would take most of it, none is frozen
 * @returns {Layout}
 */
export function layoutOf(columns, view) {
  const ordered = [...columns.filter((each) => each.frozen), ...columns.filter((each) => !each.frozen)];
  /** @type {number[]} */
  const lefts = [];
  let left = HEAD, held = HEAD;
  let frozen = ordered.filter((each) => each.frozen).length;
  for (const [i, each] of ordered.entries()) {
    lefts.push(left);
    left += each.width;
    if (i < frozen) held = left;
  }
  if (held > view * 0.6) {
    frozen = 0;
    held = HEAD;
  }
  return { columns: ordered, lefts, frozen, held, width: left };
}

/**
 * The columns to draw: frozen ones, those in view, and `also`; their indexes.
 * @param {Layout} layout
 * @param {number} scroll
 * @param {number} view
 * @param {number} also
 */
export function drawn(layout, scroll, view, also) {
  const { columns, lefts, frozen, held } = layout;
  /** @type {number[]} */
  const found = [];
  for (const [i, each] of columns.entries()) {
    const isInView = lefts[i] + each.width > scroll + held - 200 && lefts[i] < scroll + view + 200;
    if (i < frozen || i === also || isInView) found.push(i);
  }
  return found;
}

/**
 * How far to scroll so that a column is in view; null: it is.
 * @param {Layout} layout
 * @param {number} index
 * @param {number} scroll
 * @param {number} view
 */
export function revealed(layout, index, scroll, view) {
  const { columns, lefts, frozen, held } = layout;
  if (index < frozen) return null;
  const left = lefts[index], right = left + columns[index].width;
  if (left < scroll + held) return left - held;
  if (right > scroll + view) return Math.min(left - held, right - view);
  return null;
}
