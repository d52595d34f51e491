/** A filter while it is built: conditions may lack their values, which are left out of the query until they have one. */
import { isGroup, isRaw } from "./grammar.js";
import { fieldOf } from "./fields.js";
import { isComplete, offersFor, read, write } from "./operators.js";

/**
 * @typedef {{ key: number, field: string, offer: import("./operators.js").Offer, value: string | string[] }} DraftCondition
 * @typedef {{ key: number, join: "and" | "or", not: boolean, items: DraftItem[] }} DraftGroup
 * @typedef {{ key: number, raw: [string, string] }} DraftRaw
 * @typedef {DraftCondition | DraftGroup | DraftRaw} DraftItem
 */

let last = 0;
export const newKey = () => ++last;

/**
 * @param {import("./grammar.js").Item} item
 * @param {import("./fields.js").Field[]} fields
 * @param {Map<string, any>} fieldTypes
 * @returns {DraftItem}
 */
export function draftOf(item, fields, fieldTypes) {
  if (isGroup(item)) return { key: newKey(), join: item.join, not: item.not, items: item.items.map((each) => draftOf(each, fields, fieldTypes)) };
  if (isRaw(item)) return { key: newKey(), raw: item.raw };
  const { offer, value } = read(item, offersFor(fieldOf(fields, item.field), fieldTypes));
  return { key: newKey(), field: item.field, offer, value };
}

/** The filter of what is complete; null: nothing is. @param {DraftItem} item @returns {import("./grammar.js").Item | null} */
export function filterOf(item) {
  if ("raw" in item) return { raw: item.raw };
  if ("join" in item) {
    const items = item.items.map(filterOf).filter((each) => each !== null);
    return items.length ? { join: item.join, not: item.not, items } : null;
  }
  if (!isComplete(item.offer, item.value)) return null;
  return { field: item.field, operator: item.offer.operator, not: item.offer.not, value: write(item.offer, item.value) };
}

/** @param {DraftGroup} root @returns {import("./grammar.js").Group} */
export const wholeOf = (root) => /** @type {import("./grammar.js").Group | null} */ (filterOf(root)) ?? { join: root.join, not: false, items: [] };

/**
 * The draft with one item changed; null takes it away, and groups that are left empty.
 * @param {DraftGroup} root @param {number} key @param {(item: any) => DraftItem | null} change
 * @returns {DraftGroup}
 */
export function changed(root, key, change) {
  /** @param {DraftItem} item @returns {DraftItem | null} */
  const visit = (item) => {
    if (item.key === key) return change(item);
    if (!("join" in item)) return item;
    const items = item.items.map(visit).filter((each) => each !== null);
    return items.length || item === root ? { ...item, items } : null;
  };
  return /** @type {DraftGroup} */ (visit(root) ?? { ...root, items: [] });
}

/** @param {import("./fields.js").Field} field @param {Map<string, any>} fieldTypes @returns {DraftCondition} */
export function newCondition(field, fieldTypes) {
  const [offer] = offersFor(field, fieldTypes);
  return { key: newKey(), field: field.name, offer, value: offer?.isList ? [] : "" };
}
