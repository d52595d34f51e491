/** Cells from texts: what was pasted, or repeated by the fill handle, becomes one change. */
import { t } from "../core/texts.js";
import { toast } from "../kit/index.js";
import { equal } from "./values.js";

/** Rows that one paste takes; more are for an import. */
export const MOST = 10_000;

/**
 * @typedef {import("../grid/types.js").Rect} Rect
 * @typedef {import("./columns.js").FieldColumn} FieldColumn
 * @typedef {{ value: any, fault?: string, text?: string }} Cell text: what was pasted, where it is no value
 */

/**
 * Put cells into rows from a place on; what reaches beyond the last row is new rows.
 * @param {import("./model.js").TableRows} model
 * @param {string} label
 * @param {{ top: number, columns: FieldColumn[] }} place
 * @param {number} height rows
 * @param {(row: number, column: FieldColumn, at: number) => Cell} cell of a row and column, counted from the place
 */
export async function putCells(model, label, { top, columns }, height, cell) {
  if (height > MOST) return toast(t("rows.too_many", { n: MOST }), { kind: "danger" });
  const { sheet } = model, rows = await rowsAt(model, top, Math.min(height, Math.max(0, sheet.blank - top)));
  /** @type {import("./writes.js").Change} */
  const change = { label, updates: [], inserts: [], removals: [] };
  let isFaulty = false, skipped = 0;
  /** @type {{ key: number | string, field: string, cell: Cell }[]} */
  const laid = [];
  for (let i = 0; i < height; i++) {
    const row = rows[i], isNew = !row || row.isNew;
    if (isNew && !sheet.canAdd) {
      skipped += columns.length;
      continue;
    }
    const before = /** @type {Record<string, any>} */ ({}), after = /** @type {Record<string, any>} */ ({});
    const key = row && row.key !== "blank" ? row.key : sheet.add();
    for (const [at, column] of columns.entries()) {
      if (column.locked(row ?? { key, values: {}, marks: {}, isNew: true, fault: "" }) !== null) {
        skipped++;
        continue;
      }
      const given = cell(i, column, at), now = row?.values[column.key];
      if (!given.fault && !isNew && equal(given.value, now)) continue;
      isFaulty ||= Boolean(given.fault);
      laid.push({ key, field: column.key, cell: given });
      after[column.key] = given.value;
      before[column.key] = now ?? null;
    }
    if (isNew) change.inserts.push({ key: String(key), values: { ...valuesOf(row), ...after } });
    else if (Object.keys(after).length) change.updates.push({ id: /** @type {number} */ (row.id), seen: row.version, before, after });
  }
  for (const { key, field, cell: each } of laid) {
    /** @type {import("./sheet.js").Mark} */
    const mark = each.fault ? { state: "refused", text: each.fault, raw: true } : isFaulty ? { state: "unsaved", text: t("rows.unsaved_others") } : { state: "saving" };
    sheet.lay(key, field, each.fault ? each.text : each.value, mark);
  }
  if (skipped) toast(t("rows.skipped", { n: skipped }));
  if (isFaulty) return toast(t("rows.faulty", { n: laid.filter((each) => each.cell.fault).length }), { kind: "danger" });
  if (laid.length) await model.make(change);
}

/** @param {import("./sheet.js").SheetRow | undefined} row */
const valuesOf = (row) => (row?.isNew ? row.values : {});

/** Rows from an index on, also those that are not held. @param {import("./model.js").TableRows} model @param {number} top @param {number} size */
export async function rowsAt({ sheet, source }, top, size) {
  /** @type {(import("./sheet.js").SheetRow | undefined)[]} */
  const found = [];
  let isWhole = true;
  for (let i = 0; i < size; i++) {
    found.push(sheet.row(top + i));
    isWhole &&= found[i] !== undefined;
  }
  if (isWhole) return found;
  for (let start = 0; start < size; start += 1000) {
    const end = Math.min(size, start + 1000, sheet.total - top);
    if (end <= start) break;
    for (const [i, row] of (await source.read(top + start, top + end - 1)).entries()) {
      const over = sheet.over(row.id);
      found[start + i] ??= { key: row.id, id: row.id, version: row.version, values: { ...row.values, ...over.values }, marks: over.marks, isNew: false, fault: "" };
    }
  }
  return found;
}

/**
 * A pasted text as a value of a column.
 * @param {FieldColumn} column @param {string} text
 * @returns {Cell}
 */
export function cellOf(column, text) {
  if (!column.kind) return { value: null };
  try {
    return { value: column.kind.fromText(text, column.field) };
  } catch (error) {
    return { value: null, text, fault: error instanceof Error ? error.message : String(error) };
  }
}
