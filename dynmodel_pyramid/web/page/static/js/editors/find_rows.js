/** Rows of a table that a text may mean, for pickers. */
import { api } from "../core/api.js";
import { fieldTypes, loadFieldTypes, loadTable } from "../core/state.js";
import { displayField, remember, rowTitle } from "./far_rows.js";
import { anywhere, inQuotes, quoted } from "./names.js";
import { plainText } from "./plain.js";

/** Rows that are proposed. */
const PROPOSED = 30;

/**
 * @param {number} table
 * @param {string} text a part of what stands for the row, or its id; empty: the first rows
 * @param {AbortSignal} signal
 * @returns {Promise<import("./picker.js").Option[]>}
 */
export async function findRows(table, text, signal) {
  const [definition] = await Promise.all([loadTable(table, { signal }), loadFieldTypes()]);
  const display = displayField(definition);
  const beside = secondField(definition, display);
  const shown = [display, beside].filter((name) => name !== null).map((name) => quoted(name));
  const params = new URLSearchParams({ select: ["id", ...shown].join(","), limit: String(PROPOSED) });
  if (display !== null && has(definition.fields[display].type, "lt")) params.set("order", quoted(display));
  const conditions = [];
  if (text && display !== null && has(definition.fields[display].type, "ilike")) conditions.push(`${quoted(display)}.ilike.${inQuotes(anywhere(text))}`);
  if (/^\d{1,16}$/.test(text)) conditions.push(`id.eq.${text}`);
  if (text && !conditions.length) return [];
  if (conditions.length) params.set("or", `(${conditions})`);
  const { data } = await api.get(`/table/${table}/rows/`, { params, signal });
  for (const row of data) remember(table, row, definition);
  return data.map((/** @type {any} */ row) => ({
    value: row.id,
    label: rowTitle(row, definition),
    more: beside !== null && row[beside] !== null ? plainText(row[beside], { ...definition.fields[beside], name: beside }) : `#${row.id}`,
  }));
}

/** @param {string} type @param {string} operator */
const has = (type, operator) => fieldTypes.value.get(type)?.operators.some((/** @type {any} */ each) => each.name === operator) ?? false;

/**
 * Another field that tells rows with the same text apart.
 * @param {import("../core/state.js").Definition} definition @param {string | null} display
 */
function secondField(definition, display) {
  const telling = ["string", "email", "slug", "date", "integer", "decimal", "autonumber", "phone"];
  return Object.entries(definition.fields).find(([name, field]) => name !== display && !field.write_only && telling.includes(field.type))?.[0] ?? null;
}
