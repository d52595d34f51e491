/**
 * What stands for a row of another table: the text of its display field. Cells of links ask one by one; the service is
 * asked for all of them together.
 */
import { api } from "../core/api.js";
import { loadTable } from "../core/state.js";
import { signal } from "../../vendor/preact.js";
import { quoted } from "./names.js";
import { plainText } from "./plain.js";

/** @typedef {import("../../vendor/preact.js").Signal<FarRow>} FarSignal */
/**
 * @typedef {Object} FarRow
 * @property {"asked" | "known" | "missing"} state missing: it is gone, or may not be seen
 * @property {string} text
 */

/** Rows held, the latest asked for last. @type {Map<string, FarSignal>} */
const held = new Map();
const MOST = 5000;
/** Rows that one request asks for. */
const TOGETHER = 100;
/** @type {Map<number, Set<number>>} table -> ids that nobody has asked for yet */
const waiting = new Map();
let timer = 0;

/**
 * The field that stands for a row of a table; null: nothing but the id does.
 * @param {any} definition
 * @returns {string | null}
 */
export const displayField = (definition) => definition.display_field ?? null;

/**
 * The text that stands for a row in titles and lists.
 * @param {any} row
 * @param {import("../core/state.js").Definition} definition
 */
export function rowTitle(row, definition) {
  const name = displayField(definition);
  const value = name === null ? null : row[name];
  const text = value === null || value === undefined || name === null ? "" : plainText(value, { ...definition.fields[name], name });
  return text.trim() || `#${row.id}`;
}

/**
 * @param {number} table
 * @param {number} id
 * @returns {FarSignal}
 */
export function farRow(table, id) {
  const key = `${table}/${id}`;
  let found = held.get(key);
  if (found) held.delete(key);
  else {
    found = signal(/** @type {FarRow} */ ({ state: "asked", text: `#${id}` }));
    const ids = waiting.get(table) ?? new Set();
    waiting.set(table, ids.add(id));
    timer ||= window.setTimeout(askAll, 10);
  }
  held.set(key, found);
  if (held.size > MOST) held.delete(/** @type {string} */ (held.keys().next().value));
  return found;
}

/**
 * A row that was read anyway, or has changed.
 * @param {number} table
 * @param {any} row
 * @param {import("../core/state.js").Definition} definition
 */
export function remember(table, row, definition) {
  tell(table, row.id, { state: "known", text: rowTitle(row, definition) });
}

/** @param {number} table @param {number} id @param {FarRow} known */
function tell(table, id, known) {
  const found = held.get(`${table}/${id}`);
  if (found) found.value = known;
  else held.set(`${table}/${id}`, signal(known));
}

function askAll() {
  timer = 0;
  for (const [table, ids] of waiting) {
    const all = [...ids];
    for (let start = 0; start < all.length; start += TOGETHER) ask(table, all.slice(start, start + TOGETHER));
  }
  waiting.clear();
}

/** @param {number} table @param {number[]} ids */
async function ask(table, ids) {
  const missing = new Set(ids);
  try {
    const definition = await loadTable(table);
    const name = displayField(definition);
    const select = name === null ? "id" : `id,${quoted(name)}`;
    const { data } = await api.get(`/table/${table}/rows/`, { params: { select, id: `in.(${ids})` } });
    for (const row of data) {
      missing.delete(row.id);
      tell(table, row.id, { state: "known", text: rowTitle(row, definition) });
    }
  } catch {
    // A table that may not be seen: the ids are all that there is to show.
  }
  for (const id of missing) tell(table, id, { state: "missing", text: `#${id}` });
}
