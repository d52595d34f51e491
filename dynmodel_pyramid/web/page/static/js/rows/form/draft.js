/** What a person has written into a row's form and not saved yet. Pure functions: tests and the form share them. */
import { partsOf } from "../../core/json.js";
import { bare, own } from "../../core/records.js";
import { equal } from "../values.js";

/** @typedef {import("../../core/state.js").Definition} Definition */
/** @typedef {Record<string, any>} Row */

/**
 * What has to be sent: the fields whose value is another one.
 * @param {Row} draft the fields that were touched
 * @param {Row} base the row as it was read; of a new row nothing
 * @returns {Row}
 */
export const changed = (draft, base) => bare(Object.fromEntries(Object.entries(draft).filter(([name, value]) => value !== undefined && !(Object.hasOwn(base, name) && equal(value, base[name])))));

/**
 * @typedef {Object} Clash a field whose value both have changed
 * @property {string} name
 * @property {any} mine
 * @property {any} theirs
 */

/**
 * What somebody else's change means for one's own.
 * @param {Row} mine what would have been sent
 * @param {Row} base the row that one began with
 * @param {Row} current the row as it is now
 * @param {string[]} given names whose values nobody writes
 * @returns {{ clashes: Clash[], theirs: string[] }} theirs: the fields that only they have changed
 */
export function compare(mine, base, current, given) {
  const names = Object.keys(current).filter((name) => !given.includes(name) && !equal(own(base, name), current[name]));
  const clashes = names.filter((name) => Object.hasOwn(mine, name) && !equal(mine[name], current[name]));
  return {
    clashes: clashes.map((name) => ({ name, mine: mine[name], theirs: current[name] })),
    theirs: names.filter((name) => !Object.hasOwn(mine, name)),
  };
}

/**
 * The field of a pointer: /price, /tags/0.
 * @param {string} pointer
 * @param {Definition} definition
 * @returns {string | null} null: it is about the whole row
 */
export function fieldOf(pointer, definition) {
  const first = partsOf(pointer).at(0);
  return first !== undefined && Object.hasOwn(definition.fields, first) ? first : null;
}

/**
 * The faults of an answer by field, and those of the whole row.
 * @param {{ errors: { pointer: string, detail: string }[] }} problem
 * @param {Definition} definition
 * @param {string[]} settled fields that were changed since
 * @returns {{ byField: Record<string, string>, others: any[] }}
 */
export function faultsOf(problem, definition, settled) {
  /** @type {Record<string, string>} */
  const byField = bare();
  const others = [];
  for (const error of problem.errors) {
    const name = fieldOf(error.pointer, definition);
    if (name === null) others.push(error);
    else if (!settled.includes(name)) byField[name] = byField[name] ? `${byField[name]}; ${error.detail}` : error.detail;
  }
  return { byField, others };
}
