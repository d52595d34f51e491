/**
 * A draft that was made from one version of a definition, on a later version: a merge of three, by the ids of fields.
 */
import { equal } from "../core/json.js";

/** @typedef {import("./draft.js").Draft} Draft @typedef {import("./draft.js").DraftField} DraftField @typedef {import("./draft.js").DraftRule} DraftRule */

/**
 * @typedef {Object} Clash both sides changed the same thing; mine is kept
 * @property {string | null} field its name; null: the table
 * @property {string} member
 * @property {any} base
 * @property {any} mine
 * @property {any} theirs
 */

/**
 * @param {Draft} base what the draft was made from
 * @param {Draft} mine
 * @param {Draft} theirs the present version
 * @returns {{ draft: Draft, clashes: Clash[] }}
 */
export function rebased(base, mine, theirs) {
  /** @type {Clash[]} */
  const clashes = [];
  const table = merged(null, base.table, mine.table, theirs.table, clashes);
  const before = byKey(base), wanted = byKey(mine), present = byKey(theirs);
  /** @type {Map<string, DraftField>} */
  const fields = new Map();
  for (const field of theirs.fields) {
    const start = before.get(field.key), own = wanted.get(field.key);
    fields.set(field.key, start && own ? mergedField(start, own, field, clashes) : field);
  }
  for (const field of mine.fields) {
    if (present.has(field.key)) continue;
    const start = before.get(field.key);
    if (!start) fields.set(field.key, field); // my new one
    else if (!field.dropped && !equal(start, field)) clashes.push({ field: start.name, member: "dropped", base: false, mine: false, theirs: true });
  }
  return {
    draft: {
      table,
      fields: inOrder(base, mine, theirs, fields),
      unique: mergedRules(base.unique, mine.unique, theirs.unique, fields),
      indexes: mergedRules(base.indexes, mine.indexes, theirs.indexes, fields),
    },
    clashes,
  };
}

/** @param {Draft} draft */
const byKey = (draft) => new Map(draft.fields.map((field) => [field.key, field]));

/**
 * @param {string | null} field @param {Record<string, any>} base @param {Record<string, any>} mine
 * @param {Record<string, any>} theirs @param {Clash[]} clashes
 */
function merged(field, base, mine, theirs, clashes) {
  const result = { ...theirs };
  for (const member of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    if (equal(base[member], mine[member])) continue;
    if (!equal(base[member], theirs[member]) && !equal(mine[member], theirs[member])) {
      clashes.push({ field, member, base: base[member], mine: mine[member], theirs: theirs[member] });
    }
    result[member] = mine[member];
  }
  return result;
}

/** @param {DraftField} base @param {DraftField} mine @param {DraftField} theirs @param {Clash[]} clashes @returns {DraftField} */
function mergedField(base, mine, theirs, clashes) {
  if (mine.dropped) {
    if (!equal(base, theirs)) clashes.push({ field: theirs.name, member: "dropped", base: false, mine: true, theirs: false });
    return { ...theirs, dropped: true };
  }
  const { name, type } = merged(base.name, { name: base.name, type: base.type }, { name: mine.name, type: mine.type }, { name: theirs.name, type: theirs.type }, clashes);
  const common = merged(base.name, base.common, mine.common, theirs.common, clashes);
  // Options belong to a type: those of the type that is kept.
  const options = base.type === mine.type && base.type === theirs.type
    ? merged(base.name, base.options, mine.options, theirs.options, clashes)
    : type === mine.type ? mine.options : theirs.options;
  return { ...theirs, name, type, common, options };
}

/**
 * My order if I changed it, else theirs; fields that the other side added follow.
 * @param {Draft} base @param {Draft} mine @param {Draft} theirs @param {Map<string, DraftField>} fields
 */
function inOrder(base, mine, theirs, fields) {
  const known = new Set(base.fields.map((field) => field.key));
  const order = (/** @type {Draft} */ draft) => draft.fields.map((field) => field.key);
  const isMine = !equal(order(mine).filter((key) => known.has(key)), order(base));
  const keys = new Set([...order(isMine ? mine : theirs), ...order(isMine ? theirs : mine)]);
  return /** @type {DraftField[]} */ ([...keys].map((key) => fields.get(key)).filter(Boolean));
}

/** @param {DraftRule[]} base @param {DraftRule[]} mine @param {DraftRule[]} theirs @param {Map<string, DraftField>} fields */
function mergedRules(base, mine, theirs, fields) {
  const has = (/** @type {DraftRule[]} */ rules, /** @type {DraftRule} */ rule) => rules.some((each) => equal(each, rule));
  const kept = theirs.filter((rule) => !(has(base, rule) && !has(mine, rule)));
  const added = mine.filter((rule) => !has(base, rule) && !has(kept, rule));
  return [...kept, ...added].filter((rule) => rule.fields.every((part) => fields.has(part.key)));
}
