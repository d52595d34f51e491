/**
 * The columns of a table: from its definition and from what the person has made of them (order, widths, hidden, frozen),
 * which is a plain value, `[{ field, width, hidden, frozen }]`, kept per table in this browser and in saved views.
 */
import { html } from "../../vendor/preact.js";
import { root } from "../core/api.js";
import { anywhere, inQuotes, quoted } from "../editors/names.js";
import { bare } from "../core/records.js";
import { can } from "../core/state.js";
import { moment, t } from "../core/texts.js";
import { iconOf, isComputed, isSortable, kindOf } from "./kinds.js";
import { parseOrder } from "./order.js";

/**
 * @typedef {{ field: string, width: number, hidden: boolean, frozen: boolean }} ColumnChoice
 * @typedef {import("../grid/types.js").Column & { field: any, kind: import("../editors/index.js").Kind | null, writes: boolean }} FieldColumn
 *   writes: values of existing rows may be changed in place
 */

/** Values that every row has, beside its fields. @type {Record<string, { label: () => string, icon: string, width: number }>} */
const SYSTEM = bare({
  id: { label: () => t("rows.id"), icon: "key", width: 96 },
  _created: { label: () => t("rows.created"), icon: "clock", width: 170 },
  _updated: { label: () => t("rows.updated"), icon: "clock", width: 170 },
});

const keyOf = (/** @type {number} */ table) => `dynmodel.columns.${root}${table}`;

/** @param {number} table @returns {ColumnChoice[]} */
export function loadColumns(table) {
  try {
    const found = JSON.parse(localStorage.getItem(keyOf(table)) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each?.field === "string") : [];
  } catch {
    return [];
  }
}

/** @param {number} table @param {ColumnChoice[]} columns */
export function saveColumns(table, columns) {
  try {
    localStorage.setItem(keyOf(table), JSON.stringify(columns));
  } catch {
    // Without storage they hold for this visit.
  }
}

/**
 * The person's choice of all columns: known ones in their order, then fields that are new since.
 * @param {import("../core/state.js").Definition} definition
 * @param {ColumnChoice[]} chosen
 * @returns {ColumnChoice[]}
 */
export function completed(definition, chosen) {
  const names = Object.entries(definition.fields).sort(([, one], [, other]) => one.position - other.position).map(([name]) => name);
  const known = new Set([...names, ...Object.keys(SYSTEM)]);
  const kept = chosen.filter((each) => known.has(each.field));
  const rest = [...names, ...Object.keys(SYSTEM)].filter((name) => !kept.some((each) => each.field === name));
  return [...kept, ...rest.map((field) => ({ field, width: widthOf(field, definition), hidden: field in SYSTEM || definition.fields[field]?.write_only, frozen: false }))];
}

/** @param {string} name @param {import("../core/state.js").Definition} definition */
export function widthOf(name, definition) {
  if (name in SYSTEM) return SYSTEM[name].width;
  const field = { ...definition.fields[name], name };
  const label = field.label || name;
  return Math.max(Math.min(kindOf(field).width, 320), Math.min(260, label.length * 8 + 72));
}

/**
 * The columns that are shown.
 * @param {import("../core/state.js").Definition} definition
 * @param {ColumnChoice[]} choice
 * @param {string | null} order
 * @param {string} find a text that cells mark
 * @returns {FieldColumn[]}
 */
export function columnsOf(definition, choice, order, find) {
  const terms = parseOrder(order);
  return choice.filter((each) => !each.hidden).map(({ field: name, width, frozen }) => {
    const at = terms.findIndex((each) => each.name === name);
    /** @type {"asc" | "desc" | null} */
    const sort = at < 0 ? null : terms[at].descending ? "desc" : "asc";
    const common = { key: name, width, frozen, sort, sortNumber: terms.length > 1 ? at + 1 : 0 };
    return name in SYSTEM ? systemColumn(name, common) : fieldColumn(definition, name, common, find);
  });
}

/** @param {string} name @param {any} common @returns {FieldColumn} */
function systemColumn(name, common) {
  const { label, icon } = SYSTEM[name];
  return {
    ...common, label: label(), icon, title: label(), align: name === "id" ? "end" : "start", sortable: true, Editor: null, roomy: false, toggles: false, locked: () => t("rows.given"),
    isLocked: true, field: null, kind: null, writes: false,
    cell: (value) => (value === undefined || value === null ? "" : name === "id" ? String(value) : html`<span title=${value}>${moment(value)}</span>`),
  };
}

/** @param {import("../core/state.js").Definition} definition @param {string} name @param {any} common @param {string} find @returns {FieldColumn} */
function fieldColumn(definition, name, common, find) {
  const field = { ...definition.fields[name], name };
  const kind = kindOf(field), { Cell, Editor } = kind;
  const why = whyLocked(definition, field);
  const isGiven = isComputed(field);
  const mayUpdate = allows(can(definition, "update"), name), mayCreate = allows(can(definition, "create"), name);
  return {
    ...common, label: field.label || name, icon: iconOf(field), align: kind.align, roomy: kind.roomy, toggles: field.type === "boolean", field, kind,
    title: [field.label && field.label !== name ? `${field.label} (${name})` : name, field.type, field.required && t("rows.required"), why, field.description].filter(Boolean).join(" · "),
    sortable: isSortable(field),
    isLocked: Boolean(why),
    locked: (row) => (isGiven ? t("rows.given") : row.isNew ? (mayCreate ? null : t("rows.may_not")) : why),
    writes: mayUpdate && !field.read_only && !isGiven,
    Editor: (props) => html`<${Editor} ...${props} field=${field} label=${field.label || name} />`,
    cell: (value, row) => {
      if (/** @type {any} */ (row.marks[name])?.raw) return String(value);
      if (field.write_only && value === undefined) return row.isNew ? "" : html`<span class="muted" title=${t("rows.write_only")}>••••</span>`;
      const shown = html`<${Cell} value=${value} field=${field} row=${row.values} />`;
      if (!find || value === null || value === undefined) return shown;
      return kind.toText(value, field).toLowerCase().includes(find) ? html`<mark class="found">${shown}</mark>` : shown;
    },
  };
}

/** @param {import("../core/state.js").Right} right @param {string} name */
const allows = (right, name) => right === true || (right !== false && (!right.fields || right.fields.includes(name)));

/** Why the values of existing rows can't be changed; null: they can. @param {import("../core/state.js").Definition} definition @param {any} field */
export function whyLocked(definition, field) {
  if (isComputed(field)) return t("rows.given");
  if (field.read_only) return t("rows.read_only");
  return allows(can(definition, "update"), field.name) ? null : t("rows.may_not");
}

/** The items of select for these columns. @param {FieldColumn[]} columns */
export function selectOf(columns) {
  return ["id", "_version", ...columns.filter((each) => each.key !== "id" && !each.field?.write_only).map((each) => quoted(each.key))].join(",");
}

/** Conditions that find a text in the columns shown: in texts anywhere. -> the value of `or`; null: there are no texts @param {FieldColumn[]} columns @param {string} text */
export function finding(columns, text) {
  const pattern = inQuotes(anywhere(text));
  const found = columns.filter((each) => each.field && !each.field.write_only && SEARCHED.has(each.field.type)).map((each) => `${quoted(each.key)}.ilike.${pattern}`);
  return found.length ? `(${found.join(",")})` : null;
}

const SEARCHED = new Set(["string", "text", "email", "url", "phone"]);
