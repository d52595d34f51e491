/** Tables and links for the diagram: loaded in parts, kept small, bounded. Pure but for the loading. */
import { titleOf } from "../core/state.js";
import { allParts } from "./frame.js";

/**
 * @typedef {{ name: string, type: string, to: number | null, on_delete?: string, reverse?: string | null }} ModelField
 * @typedef {{ id: number, name: string, title: string, fields: ModelField[] }} ModelTable
 * @typedef {{ from: ModelTable, to: ModelTable, field: ModelField }} ModelLink
 */

/** The most tables in one picture, and the most lines of one table. */
export const MOST_TABLES = 200, MOST_FIELDS = 14;

/** @param {AbortSignal} signal @returns {Promise<ModelTable[]>} */
export async function loadModel(signal) {
  const definitions = await allParts("/table/?limit=500", signal, 40);
  return definitions.map(modelOf);
}

/** @param {any} definition @returns {ModelTable} */
export function modelOf(definition) {
  const fields = Object.entries(definition.fields).map(([name, field]) => {
    const isLink = (field.type === "link" || field.type === "links") && typeof field.table === "number";
    return { name, type: field.type, to: isLink ? field.table : null, ...(isLink ? { on_delete: field.on_delete, reverse: field.reverse } : {}) };
  });
  return { id: definition.id, name: definition.model_name, title: titleOf(definition), fields };
}

/** @param {ModelTable[]} tables @returns {ModelLink[]} */
export function linksOf(tables) {
  const byId = new Map(tables.map((table) => [table.id, table]));
  return tables.flatMap((from) => from.fields.flatMap((field) => {
    const to = field.to === null ? undefined : byId.get(field.to);
    return to ? [{ from, to, field }] : [];
  }));
}

/**
 * The tables of a picture: all, or those with the most links; with a focus that table and what is near.
 * @param {ModelTable[]} tables
 * @param {{ focus?: number | null, onlyLinked?: boolean }} [options]
 */
export function chosen(tables, { focus = null, onlyLinked = false } = {}) {
  /** @type {Map<number, Set<number>>} */
  const near = new Map(tables.map((table) => [table.id, new Set()]));
  for (const { from, to } of linksOf(tables)) {
    near.get(from.id)?.add(to.id);
    near.get(to.id)?.add(from.id);
  }
  const degree = (/** @type {ModelTable} */ table) => near.get(table.id)?.size ?? 0;
  if (focus !== null && near.has(focus)) {
    const kept = new Set([focus]);
    for (const id of kept) {
      if (kept.size >= MOST_TABLES) break;
      for (const other of near.get(id) ?? []) if (kept.size < MOST_TABLES) kept.add(other);
    }
    return tables.filter((table) => kept.has(table.id));
  }
  const found = onlyLinked ? tables.filter((table) => degree(table) > 0) : tables;
  if (found.length <= MOST_TABLES) return found;
  const kept = new Set([...found].sort((one, other) => degree(other) - degree(one)).slice(0, MOST_TABLES));
  return found.filter((table) => kept.has(table));
}

/** The lines of a table in a picture. @param {ModelTable} table @param {boolean} withFields */
export function linesOf(table, withFields) {
  const wanted = withFields ? table.fields : table.fields.filter((field) => field.to !== null);
  if (wanted.length <= MOST_FIELDS) return { fields: wanted, more: 0 };
  const links = new Set(wanted.filter((field) => field.to !== null).slice(0, MOST_FIELDS));
  const kept = wanted.filter((field) => links.has(field) || field.to === null);
  const shown = new Set([...links, ...kept.filter((field) => !links.has(field)).slice(0, MOST_FIELDS - links.size)]);
  return { fields: wanted.filter((field) => shown.has(field)), more: wanted.length - shown.size };
}
