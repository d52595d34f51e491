/**
 * The rows before and after a row in the order of a query. They are found by the row's values, as cursors do it, so that
 * rows which are added or deleted meanwhile shift nothing, and no row is counted.
 */
import { api } from "../../core/api.js";
import { stringify } from "../../core/json.js";
import { inQuotes, quoted } from "../../editors/names.js";

/**
 * @typedef {Object} Term of an order
 * @property {string} name
 * @property {boolean} descending
 * @property {boolean} nullsFirst
 */

const TERM = /^("(?:[^"\\]|\\.)*"|[^".,()]+?)(\.(?:asc|desc))?(\.nulls(?:first|last))?$/;
const SYSTEM = ["id", "_created", "_updated", "_version"];

/**
 * The terms of an order by fields of the row itself.
 * @param {string | null} text
 * @param {Record<string, any>} fields
 * @returns {Term[] | null} null: it has others, such as a path into JSON
 */
export function readOrder(text, fields) {
  /** @type {Term[]} */
  const terms = [];
  for (const part of text ? (text.match(/(?:"(?:[^"\\]|\\.)*"|[^,])+/g) ?? []) : []) {
    const found = TERM.exec(part);
    const name = found?.[1].startsWith('"') ? found[1].slice(1, -1).replace(/\\(.)/g, "$1") : found?.[1];
    if (!found || name === undefined || !(Object.hasOwn(fields, name) || SYSTEM.includes(name))) return null;
    const descending = found[2] === ".desc";
    terms.push({ name, descending, nullsFirst: found[3] ? found[3] === ".nullsfirst" : descending });
  }
  return terms.some(({ name }) => name === "id") ? terms : [...terms, { name: "id", descending: false, nullsFirst: false }];
}

/**
 * The conditions of rows that come after a row; of the reverse order for those before it.
 * @param {Term[]} terms
 * @param {Record<string, any>} row
 * @returns {string | null} the inside of or=(...); null: none can come
 */
export function after(terms, row) {
  /** @type {string[]} */
  const ways = [];
  /** @type {string[]} */
  const equal = [];
  for (const { name, descending, nullsFirst } of terms) {
    const field = quoted(name), value = row[name] ?? null;
    const text = value === null ? "" : inQuotes(typeof value === "string" ? value : stringify(value));
    const beyond = [];
    if (value === null && nullsFirst) beyond.push(`${field}.not.is.null`);
    if (value !== null) beyond.push(`${field}.${descending ? "lt" : "gt"}.${text}`);
    if (value !== null && !nullsFirst && name !== "id") beyond.push(`${field}.is.null`);
    for (const way of beyond) ways.push(equal.length ? `and(${[...equal, way]})` : way);
    equal.push(value === null ? `${field}.is.null` : `${field}.eq.${text}`);
  }
  return ways.length ? ways.join(",") : null;
}

/** @param {Term[]} terms */
const reversed = (terms) => terms.map(({ name, descending, nullsFirst }) => ({ name, descending: !descending, nullsFirst: !nullsFirst }));

/** @param {Term[]} terms */
const written = (terms) => terms.map(({ name, descending, nullsFirst }) => `${quoted(name)}.${descending ? "desc" : "asc"}.nulls${nullsFirst ? "first" : "last"}`).join(",");

/**
 * The ids of the rows before and after a row; null: there is none, or the order has no neighbours.
 * @param {number} table
 * @param {Record<string, any>} row with the values of the order
 * @param {URLSearchParams} query conditions and an order; the rest is left out
 * @param {Record<string, any>} fields
 * @param {AbortSignal} signal
 * @returns {Promise<{ previous: number | null, next: number | null }>}
 */
export async function neighbours(table, row, query, fields, signal) {
  const terms = readOrder(query.get("order"), fields);
  if (!terms) return { previous: null, next: null };
  const one = async (/** @type {Term[]} */ order) => {
    const conditions = after(order, row);
    if (conditions === null) return null;
    const params = new URLSearchParams(query);
    for (const name of ["select", "limit", "offset", "_after", "_before"]) params.delete(name);
    params.set("select", "id");
    params.set("order", written(order));
    params.set("limit", "1");
    params.append("or", `(${conditions})`);
    const { data } = await api.get(`/table/${table}/rows/`, { params, signal });
    return data[0]?.id ?? null;
  };
  const [previous, next] = await Promise.all([one(reversed(terms)), one(terms)]);
  return { previous, next };
}
