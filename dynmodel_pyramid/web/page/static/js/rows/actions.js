/** What the keys, the mouse and the menus of the grid do with rows. */
import { api } from "../core/api.js";
import { can } from "../core/state.js";
import { t } from "../core/texts.js";
import { toast } from "../kit/index.js";
import { parseTable, put } from "./clipboard.js";
import { deleteRows } from "./deleting.js";
import { MOST, cellOf, putCells, rowsAt } from "./paste.js";
import { equal } from "./values.js";
import { hasTicks } from "../filters/index.js";

/**
 * @typedef {import("../grid/types.js").Rect} Rect
 * @typedef {import("./columns.js").FieldColumn} FieldColumn
 *
 * @typedef {Object} Context
 * @property {import("./model.js").TableRows} model
 * @property {{ current: import("../grid/state.js").GridState | null }} grid
 * @property {(change: (columns: import("./columns.js").ColumnChoice[]) => import("./columns.js").ColumnChoice[]) => void} changeColumns
 * @property {(name: string, direction: boolean | null | "turn", also: boolean) => void} sort true: descending; null: not
 * @property {() => void} find
 * @property {(name: string) => void} filter the values of a column, to tick
 * @property {(id: number) => void} show a row's form
 */

const IS_UNDO = /Mac|iP(hone|ad)/.test(navigator.platform) ? (/** @type {KeyboardEvent} */ event) => event.metaKey : (/** @type {KeyboardEvent} */ event) => event.ctrlKey;

/** @param {Context} context @returns {import("../grid/types.js").Actions} */
export function actionsOf({ model, grid, changeColumns, sort, find, filter, show }) {
  const { sheet } = model;
  /** @param {Rect} rect @returns {FieldColumn[]} */
  const columnsIn = (rect) => /** @type {any} */ (grid.current?.layout.columns.slice(rect.left, rect.right + 1) ?? []);
  /** @param {string} key @param {Partial<import("./columns.js").ColumnChoice>} change */
  const alter = (key, change) => changeColumns((all) => all.map((each) => (each.field === key ? { ...each, ...change } : each)));

  /** @param {number} index */
  const open = (index) => {
    const row = sheet.row(index);
    if (row?.id) show(row.id);
    else grid.current?.begin();
  };
  /** @param {Rect} rect @returns {Promise<number[]>} ids of stored rows */
  const idsIn = async (rect) => (await rowsAt(model, rect.top, Math.min(rect.bottom, sheet.blank - 1) - rect.top + 1)).flatMap((row) => (row?.id ? [row.id] : []));
  /** @param {Rect} rect */
  const duplicate = async (rect) => {
    const size = rect.bottom - rect.top + 1;
    if (size > MOST) return void toast(t("rows.too_many", { n: MOST }), { kind: "danger" });
    const ids = await idsIn(rect);
    if (!ids.length) return;
    const { data } = await api.send("POST", `/table/${model.definition.id}/query/`, { select: "*", where: { id: { in: ids } } });
    const fields = Object.entries(model.definition.fields).filter(([name]) => columnOf(model, name));
    const made = await model.make({
      label: t("rows.did_duplicate", { n: ids.length }), updates: [], removals: [],
      inserts: data.map((/** @type {any} */ row) => {
        const values = Object.fromEntries(fields.filter(([, field]) => !field.unique && !field.unique_ignore_case).map(([name]) => [name, row[name]]));
        const key = sheet.add();
        for (const name in values) sheet.lay(key, name, values[name], { state: "saving" });
        return { key, values };
      }),
    });
    if (made) grid.current?.go(sheet.blank - 1, 0);
  };

  return {
    edit(given, column, value) {
      const row = /** @type {import("./sheet.js").SheetRow} */ (given);
      if (row.id === null) {
        const key = row.key === "blank" ? sheet.add() : row.key;
        return sheet.lay(key, column.key, value, { state: "unsaved" });
      }
      const before = sheet.stored(row.id)?.values[column.key] ?? null;
      if (equal(before, value) && !row.marks[column.key]) return;
      if (equal(before, value)) return sheet.lift(row.id, [column.key]);
      model.make({ label: t("rows.did_edit"), updates: [{ id: row.id, seen: row.version, before: { [column.key]: before }, after: { [column.key]: value } }], inserts: [], removals: [] });
    },
    clear(rect) {
      putCells(model, t("rows.did_clear"), { top: rect.top, columns: columnsIn(rect) }, Math.min(rect.bottom, sheet.blank - 1) - rect.top + 1, () => ({ value: null }));
    },
    async fill(from, to) {
      const columns = columnsIn(from), height = from.bottom - from.top + 1;
      const rows = await rowsAt(model, from.top, height);
      const start = to.top > from.top ? 0 : ((to.top - from.top) % height + height) % height;
      await putCells(model, t("rows.did_fill"), { top: to.top, columns }, Math.min(to.bottom, sheet.blank - 1) - to.top + 1, (i, column) => ({ value: rows[(start + i) % height]?.values[column.key] ?? null }));
      grid.current?.go(Math.min(from.top, to.top), from.left);
      grid.current?.go(Math.max(from.bottom, to.bottom), from.right, { extend: true });
    },
    copy(event, rect) {
      const columns = columnsIn(rect), size = Math.min(rect.bottom, sheet.blank - 1) - rect.top + 1;
      if (size > MOST) return void toast(t("rows.too_many", { n: MOST }), { kind: "danger" });
      /** @param {(import("./sheet.js").SheetRow | undefined)[]} rows */
      const texts = (rows) => rows.map((row) => columns.map(({ key, kind, field }) => {
        const value = row?.values[key] ?? null;
        return kind ? kind.toText(value, field) : String(value ?? "");
      }));
      const held = Array.from({ length: Math.max(0, size) }, (_, i) => sheet.row(rect.top + i));
      put(event, held.every(Boolean) ? texts(held) : rowsAt(model, rect.top, size).then(texts)).then(
        () => size * columns.length > 1 && toast(t("rows.copied", { rows: size, columns: columns.length })),
        (error) => toast(String(error.message ?? error), { kind: "danger" }),
      );
      if (event.type === "cut") this.clear(rect);
    },
    paste(event, rect) {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!text) return;
      const table = parseTable(text), isOne = table.length === 1 && table[0].length === 1;
      const width = isOne ? rect.right - rect.left + 1 : Math.max(...table.map((row) => row.length));
      // What was copied is repeated where whole times of it are selected.
      const selected = rect.bottom - rect.top + 1, height = selected % table.length === 0 && selected > table.length ? selected : table.length;
      const columns = /** @type {FieldColumn[]} */ (/** @type {any} */ (grid.current?.layout.columns.slice(rect.left, rect.left + width) ?? []));
      putCells(model, t("rows.did_paste"), { top: rect.top, columns }, height, (i, column, at) => cellOf(column, (isOne ? table[0][0] : table[i % table.length][at]) ?? ""));
      grid.current?.go(rect.top, rect.left);
      grid.current?.go(rect.top + height - 1, rect.left + columns.length - 1, { extend: true });
    },
    open,
    async check(index, on, range) {
      const row = sheet.row(index), from = model.lastChecked;
      model.lastChecked = index;
      const { top, bottom } = grid.current?.rect ?? { top: index, bottom: index };
      const [first, last] = range && from >= 0 ? [Math.min(from, index), Math.max(from, index)] : top <= index && index <= bottom ? [top, bottom] : [index, index];
      if (last - first >= MOST) return void toast(t("rows.too_many", { n: MOST }), { kind: "danger" });
      const turned = range ? on : row ? !model.isChecked(row) : on;
      model.check(first === last ? (row?.id ? [row.id] : []) : await idsIn({ top: first, bottom: last, left: 0, right: 0 }), turned);
    },
    checkAll: (on) => model.checkAll(on && !(model.checked.peek().all && !model.checked.peek().ids.size)),
    sort: (column, also) => sort(column.key, "turn", also),
    resize: (column, width) => alter(column.key, { width }),
    move: (key, before) => changeColumns((all) => {
      const moved = all.find((each) => each.field === key), rest = all.filter((each) => each.field !== key);
      if (!moved) return all;
      const to = before === null ? rest.length : rest.findIndex((each) => each.field === before);
      const beside = rest[to] ?? rest[to - 1];
      rest.splice(to < 0 ? rest.length : to, 0, { ...moved, frozen: before !== null && beside ? beside.frozen : false });
      return rest;
    }),
    columnMenu(column) {
      const { field } = /** @type {FieldColumn} */ (column);
      const shown = /** @type {FieldColumn[]} */ (/** @type {any} */ (grid.current?.layout.columns ?? [])), at = shown.findIndex((each) => each.key === column.key);
      return [
        column.sortable && { label: t("rows.sort_up"), icon: "arrowUp", checked: column.sort === "asc", onSelect: () => sort(column.key, false, false) },
        column.sortable && { label: t("rows.sort_down"), icon: "arrowDown", checked: column.sort === "desc", onSelect: () => sort(column.key, true, false) },
        column.sort && { label: t("rows.sort_none"), icon: "close", onSelect: () => sort(column.key, null, true) },
        field && !field.write_only && hasTicks(field.type) && { label: t("filters.by_values"), icon: "filter", onSelect: () => filter(column.key) },
        { separator: true },
        { label: column.frozen ? t("rows.unfreeze") : t("rows.freeze"), icon: "freeze", onSelect: () => alter(column.key, { frozen: !column.frozen }) },
        { label: t("rows.to_left"), icon: "arrowLeft", disabled: at <= 0, onSelect: () => this.move(column.key, shown[at - 1].key) },
        { label: t("rows.to_right"), icon: "arrowRight", disabled: at >= shown.length - 1, onSelect: () => this.move(column.key, shown[at + 2]?.key ?? null) },
        { label: t("rows.wider"), icon: "range", onSelect: () => alter(column.key, { width: Math.min(1200, Math.round(column.width * 1.25)) }) },
        { label: t("rows.narrower"), icon: "columns", onSelect: () => alter(column.key, { width: Math.max(48, Math.round(column.width * 0.8)) }) },
        { label: t("rows.hide"), icon: "eyeOff", disabled: shown.length < 2, onSelect: () => alter(column.key, { hidden: true }) },
      ].filter(Boolean);
    },
    rowMenu(index, rect) {
      const row = sheet.row(index), n = Math.min(rect.bottom, sheet.blank - 1) - rect.top + 1;
      if (!row || row.key === "blank") return [];
      return [
        row.id && { label: t("rows.open"), icon: "expand", keys: t("rows.space"), onSelect: () => open(index) },
        { label: t("rows.copy"), icon: "copy", keys: "Ctrl+C", onSelect: () => document.execCommand("copy") },
        rect.bottom > rect.top && { label: t("rows.fill_down"), icon: "arrowDown", keys: "Ctrl+D", onSelect: () => this.fill({ ...rect, bottom: rect.top }, { ...rect, top: rect.top + 1 }) },
        { label: t("rows.clear"), icon: "close", keys: t("rows.delete_key"), onSelect: () => this.clear(rect) },
        { separator: true },
        can(model.definition, "create") !== false && { label: t("rows.duplicate", { n }), icon: "copy", onSelect: () => duplicate(rect) },
        can(model.definition, "delete") !== false && { label: t("rows.delete", { n }), icon: "trash", danger: true, onSelect: () => remove(rect) },
      ].filter(Boolean);
    },
    leave(index) {
      const row = sheet.row(index);
      if (row?.isNew && row.key !== "blank") saveNew(model, String(row.key));
    },
    discard(index, column) {
      const row = sheet.row(index), mark = row?.marks[column.key];
      if (!row || !mark || mark.state === "saving") return false;
      sheet.lift(row.key, [column.key]);
      return true;
    },
    key(event, rect) {
      const command = IS_UNDO(event), key = event.key.toLowerCase();
      if (command && key === "z") event.shiftKey ? redo(model) : undo(model);
      else if (command && key === "y") redo(model);
      else if (command && key === "f" && !event.shiftKey) find();
      else if (command && event.key === "Enter") saveNew(model, String(sheet.row(rect.top)?.key ?? ""));
      else if (command && (key === "-" || key === "backspace" || key === "delete")) remove(rect);
      else return false;
      return true;
    },
  };

  /** @param {Rect} rect */
  async function remove(rect) {
    for (let i = rect.top; i <= Math.min(rect.bottom, sheet.blank - 1); i++) {
      const row = sheet.row(i);
      if (row?.isNew) sheet.lift(row.key);
    }
    if (rect.bottom - rect.top >= MOST) return void toast(t("rows.too_many", { n: MOST }), { kind: "danger" });
    const ids = await idsIn(rect);
    if (ids.length) await deleteRows(model, { ids });
  }
}

/** The columns of values that a new row may have. @param {import("./model.js").TableRows} model @param {string} name */
function columnOf(model, name) {
  const right = can(model.definition, "create"), field = model.definition.fields[name];
  return Boolean(field) && !field.write_only && !model.computed.has(name) && (right === true || (right !== false && (!right.fields || right.fields.includes(name))));
}

/** Store a new row. @param {import("./model.js").TableRows} model @param {string} key */
export async function saveNew(model, key) {
  const draft = model.sheet.drafts.find((each) => each.key === key);
  if (!draft || Object.values(draft.marks).some((mark) => mark.state === "saving" || mark.raw)) return;
  const values = Object.fromEntries(Object.entries(draft.values).filter(([, value]) => value !== undefined));
  await model.make({ label: t("rows.did_add"), updates: [], removals: [], inserts: [{ key, values }] });
}

/** @param {import("./model.js").TableRows} model */
export async function undo(model) {
  const made = await model.history.undo();
  if (made) toast(t("rows.undone", { what: made.label }), { seconds: 2 });
}

/** @param {import("./model.js").TableRows} model */
export async function redo(model) {
  const made = await model.history.redo();
  if (made) toast(t("rows.redone", { what: made.label }), { seconds: 2 });
}

/** Send all cells again that are not stored. @param {import("./model.js").TableRows} model */
export async function retry(model) {
  /** @type {import("./writes.js").Change} */
  const change = { label: t("rows.did_edit"), updates: [], inserts: [], removals: [] };
  for (const { key, over } of model.sheet.unsaved) {
    const values = Object.fromEntries(Object.entries(over.values).filter(([name, value]) => !over.marks[name]?.raw && value !== undefined));
    if (typeof key === "string") change.inserts.push({ key, values });
    else {
      const row = model.sheet.stored(key);
      const before = Object.fromEntries(Object.keys(values).map((name) => [name, row?.values[name] ?? null]));
      if (Object.keys(values).length) change.updates.push({ id: key, seen: row?.version ?? 0, before, after: values });
    }
  }
  await model.make(change);
}
