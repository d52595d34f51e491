/** The conditions of a query on the values of one field, as ticks: some of its values, and the empty one. */
import { isCondition, isGroup, isRaw, parseFilter, printFilter, withConditions } from "./grammar.js";

/** @typedef {{ values: string[], empty: boolean }} Ticks */

const TRUTHS = ["true", "false"];

/** What a condition ticks; null: it is another one. @param {import("./grammar.js").Item} item @param {string} name @returns {Ticks | null} */
function ticksOf(item, name) {
  if (isRaw(item)) return null;
  if (isGroup(item)) {
    if (item.join !== "or" || item.not) return null;
    const parts = item.items.map((each) => (isGroup(each) ? null : ticksOf(each, name)));
    return parts.every((each) => each !== null) ? { values: parts.flatMap((each) => each.values), empty: parts.some((each) => each.empty) } : null;
  }
  const { field, operator, not, value } = item;
  if (field !== name || not) return null;
  if (operator === "in" && Array.isArray(value)) return { values: value, empty: false };
  if (operator === "eq" && typeof value === "string") return { values: [value], empty: false };
  if (operator !== "is") return null;
  return value === "null" ? { values: [], empty: true } : TRUTHS.includes(String(value)) ? { values: [String(value)], empty: false } : null;
}

/** @param {URLSearchParams} query @param {string} name */
function split(query, name) {
  const filter = parseFilter([...query].filter(([parameter]) => isCondition(parameter)));
  const items = filter.join === "or" && filter.items.length > 1 ? [filter] : filter.items;
  return { own: items.filter((each) => ticksOf(each, name) !== null), others: items.filter((each) => ticksOf(each, name) === null) };
}

/** @param {URLSearchParams} query @param {string} name @returns {Ticks} */
export function readTicks(query, name) {
  const found = split(query, name).own.map((each) => /** @type {Ticks} */ (ticksOf(each, name)));
  return found.length === 1 ? found[0] : { values: [], empty: false };
}

/** The conditions that are about other things. @param {URLSearchParams} query @param {string} name */
export const otherConditions = (query, name) => printFilter({ join: "and", not: false, items: split(query, name).others });

/**
 * @param {URLSearchParams} query @param {string} name @param {Ticks} ticks @param {boolean} isTruth values are asked by `is`
 * @returns {URLSearchParams}
 */
export function withTicks(query, name, { values, empty }, isTruth) {
  const field = { field: name, not: false };
  /** @type {import("./grammar.js").Item[]} */
  const items = isTruth ? values.map((value) => ({ ...field, operator: "is", value })) : values.length ? [{ ...field, operator: "in", value: values }] : [];
  if (empty) items.push({ ...field, operator: "is", value: "null" });
  const { others } = split(query, name);
  /** @type {import("./grammar.js").Item[]} */
  const own = items.length > 1 ? [{ join: "or", not: false, items }] : items;
  return withConditions(query, printFilter({ join: "and", not: false, items: [...others, ...own] }));
}
