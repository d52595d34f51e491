/** Ranges as PostgreSQL and the service write them: [1,10), ["a","b"], (,5), empty. */

import { addDays } from "./times.js";

/**
 * @typedef {object} Range
 * @property {boolean} empty
 * @property {string} lower  an empty text: there is no bound
 * @property {string} upper
 * @property {boolean} lowerIn  whether the bound belongs to the range
 * @property {boolean} upperIn
 */

/** @type {Range} */
export const everything = { empty: false, lower: "", upper: "", lowerIn: true, upperIn: false };

/**
 * @param {string} text
 * @returns {Range | null} null: it is no range
 */
export function readRange(text) {
  if (text.trim().toLowerCase() === "empty") {
    return { ...everything, empty: true };
  }
  const found = /^\s*([[(])\s*("[^"]*"|[^",]*?)\s*,\s*("[^"]*"|[^",]*?)\s*([\])])\s*$/.exec(text);
  if (!found) {
    return null;
  }
  const [lower, upper] = [found[2], found[3]].map((bound) => bound.replace(/^"(.*)"$/, "$1"));
  return { empty: false, lower, upper, lowerIn: found[1] === "[", upperIn: found[4] === "]" };
}

/**
 * @param {Range} range
 * @returns {string}
 */
export function writeRange(range) {
  if (range.empty) {
    return "empty";
  }
  const open = range.lower && range.lowerIn ? "[" : "(";
  const close = range.upper && range.upperIn ? "]" : ")";
  return `${open}${range.lower},${range.upper}${close}`;
}

/**
 * The same range with its last value instead of the one behind it, as people say it: 1 to 9 for [1,10).
 *
 * @param {Range} range
 * @param {string} type  integer_range or date_range; others have no last value
 * @returns {Range}
 */
export function withLast(range, type) {
  const last = range.upper && !range.upperIn ? before(range.upper, type) : null;
  return last === null ? range : { ...range, upper: last, upperIn: true };
}

/**
 * @param {string} bound
 * @param {string} type
 * @returns {string | null}
 */
function before(bound, type) {
  if (type === "date_range") {
    return addDays(bound, -1);
  }
  return type === "integer_range" && /^-?\d+$/.test(bound) ? String(BigInt(bound) - 1n) : null;
}
