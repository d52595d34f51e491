/**
 * The operators that clicks offer for a field, by its type's document, in people's words.
 *
 * An offer is an operator, perhaps negated, with what stands around the value: "contains" is `ilike.*text*`.
 */
import { has, t } from "../core/texts.js";
import { LISTS } from "./grammar.js";

/**
 * @typedef {Object} Offer
 * @property {string} key
 * @property {string} operator
 * @property {boolean} not
 * @property {string} [fixed] the value, if there is nothing to choose
 * @property {[string, string]} [around] wildcards around a text that stands for itself
 * @property {boolean} [isList]
 */

/** @param {string} key @param {string} operator @param {Partial<Offer>} [more] @returns {Offer} */
const offer = (key, operator, more = {}) => ({ key, operator, not: false, ...more });

/** In this order; those that the type has are offered. @type {Offer[]} */
const OFFERS = [
  offer("contains", "ilike", { around: ["*", "*"] }),
  offer("contains_not", "ilike", { around: ["*", "*"], not: true }),
  offer("begins", "ilike", { around: ["", "*"] }),
  offer("ends", "ilike", { around: ["*", ""] }),
  offer("eq", "eq"),
  offer("neq", "neq"),
  offer("gt", "gt"),
  offer("gte", "gte"),
  offer("lt", "lt"),
  offer("lte", "lte"),
  offer("in", "in", { isList: true }),
  offer("in_not", "in", { isList: true, not: true }),
  offer("true", "is", { fixed: "true" }),
  offer("false", "is", { fixed: "false" }),
  offer("empty", "is", { fixed: "null" }),
  offer("filled", "is", { fixed: "not_null" }),
  offer("words", "wfts"),
  offer("cs", "cs"),
  offer("cs_not", "cs", { not: true }),
  offer("cd", "cd"),
  offer("ov", "ov"),
  offer("sl", "sl"),
  offer("sr", "sr"),
  offer("adj", "adj"),
  offer("ilike", "ilike"),
  offer("match", "match"),
];
const COVERED = new Set([...OFFERS.map((each) => each.operator), "like", "imatch", "fts", "plfts", "phfts", "isdistinct", "nxl", "nxr"]);
const TRUTHS = new Set(["true", "false"]);

/** @param {{ type: string }} field @param {Map<string, any>} fieldTypes @returns {Offer[]} */
export function offersFor(field, fieldTypes) {
  const known = new Map((fieldTypes.get(field.type)?.operators ?? []).map((/** @type {any} */ each) => [each.name, each]));
  const takesTruth = known.get("is")?.description.includes("true");
  const found = OFFERS.filter(({ operator, fixed }) => known.has(operator) && (!fixed || !TRUTHS.has(fixed) || takesTruth));
  // A boolean is asked by "is", and by nothing else that reads as well.
  const plain = takesTruth ? found.filter((each) => each.operator === "is") : found;
  return [...plain, ...[...known.keys()].filter((name) => !COVERED.has(name)).map((name) => offer(name, name))];
}

/** @param {Offer} each @param {Map<string, any>} fieldTypes @param {{ type: string }} field */
export function labelOf(each, fieldTypes, field) {
  if (has(`filters.op_${each.key}`)) return t(`filters.op_${each.key}`);
  const said = (fieldTypes.get(field.type)?.operators ?? []).find((/** @type {any} */ known) => known.name === each.operator)?.description;
  return `${each.not ? `${t("filters.not")} ` : ""}${said ?? each.operator}`;
}

/** A text as a pattern that stands for itself. @param {string} text */
const literal = (text) => text.replace(/[\\%_]/g, "\\$&").replaceAll("*", "_");

/** The text that a pattern without wildcards stands for; null: it has some. @param {string} pattern */
function plain(pattern) {
  if (/\\$/.test(pattern.replace(/\\\\/g, ""))) return null;
  return /[*%_]/.test(pattern.replace(/\\[^]/g, "")) ? null : pattern.replace(/\\([^])/g, "$1");
}

/**
 * The offer that a condition is, and the text or list that stands in its editor; an offer is made for one that is in no list.
 * @param {import("./grammar.js").Condition} condition
 * @param {Offer[]} offers
 * @returns {{ offer: Offer, value: string | string[] }}
 */
export function read(condition, offers) {
  const { operator, not, value } = condition;
  for (const each of offers) {
    if (each.operator !== operator || each.not !== not) continue;
    if (each.fixed !== undefined) {
      if (each.fixed === value) return { offer: each, value: "" };
    } else if (each.around) {
      const [before, after] = each.around;
      if (typeof value !== "string" || !value.startsWith(before) || !value.endsWith(after) || value.length < before.length + after.length) continue;
      const inner = plain(value.slice(before.length, value.length - after.length));
      if (inner !== null && write(each, inner) === value) return { offer: each, value: inner };
    } else return { offer: each, value };
  }
  return { offer: offer(`${not ? "not." : ""}${operator}`, operator, { not, isList: LISTS.has(operator) }), value };
}

/** The operand for what stands in the editor. @param {Offer} each @param {string | string[]} value @returns {string | string[]} */
export function write(each, value) {
  if (each.fixed !== undefined) return each.fixed;
  if (each.isList) return Array.isArray(value) ? value : value === "" ? [] : [value];
  const text = Array.isArray(value) ? (value[0] ?? "") : value;
  return each.around ? `${each.around[0]}${literal(text)}${each.around[1]}` : text;
}

/** Whether a condition can be asked: it has the value that its operator needs. @param {Offer} each @param {string | string[]} value */
export const isComplete = (each, value) => each.fixed !== undefined || value.length > 0;
