/** The options of one field: those of every field, and those of its type, both as forms made of JSON Schema. */
import { createContext, html, useContext } from "../../vendor/preact.js";
import { tables, titleOf } from "../core/state.js";
import { t } from "../core/texts.js";
import { Combo } from "../kit/index.js";
import { SchemaForm, own } from "../kit/schema_form.js";
import { under } from "../kit/schema.js";
import { COMMON, unsendable } from "./draft.js";
import { defaultSchema, isGiven, isText, typeTitle, withDefaults } from "./types.js";

/** @typedef {import("./draft.js").DraftField} DraftField */

/**
 * @param {{ field: DraftField, types: Map<string, any>, errors: import("../kit/schema.js").Fault[], onChange: (members: Partial<DraftField>) => void,
 *   disabled?: boolean }} props
 */
export function FieldOptions({ field, types, errors, onChange, disabled }) {
  const type = types.get(field.type);
  const groups = commonGroups(type, field);
  const own = type?.options ?? { properties: {} };
  const shown = Object.fromEntries(Object.entries(field.options).filter(([, value]) => value !== null && value !== undefined));
  const formats = { table: TablePicker, "time-zone": ZoneInput };
  const of = (/** @type {Record<string, any>} */ schema) => Object.keys(schema.properties).flatMap((name) => under(errors, name).map((each) => ({ ...each, pointer: `/${name}${each.pointer}` })));
  /** @param {Record<string, any>} schema */
  const common = (schema) => {
    const value = Object.fromEntries(Object.keys(schema.properties).map((name) => [name, field.common[name]]).filter(([name, each]) => each !== null && each !== undefined && (name !== "aliases" || each.length)));
    if (value.aliases) value.aliases = value.aliases.map((/** @type {any} */ each) => each.name ?? each);
    return html`<${SchemaForm} schema=${schema} value=${value} errors=${of(schema)} disabled=${disabled} onChange=${(/** @type {Record<string, any>} */ changed) => {
      const members = Object.fromEntries(Object.keys(schema.properties).map((name) => [name, changed[name] ?? /** @type {any} */ (COMMON)[name]]));
      // A former name keeps its moment.
      if (members.aliases) members.aliases = members.aliases.map((/** @type {string} */ name) => field.common.aliases?.find((/** @type {any} */ each) => (each.name ?? each) === name) ?? name);
      onChange({ common: { ...field.common, ...members } });
    }} />`;
  };
  return html`<div class="field-options">
    ${Object.keys(own.properties).length > 0 && html`<section class="own"><h3>${t("definition.group_type", { type: typeTitle(field.type) })}</h3>
      <${SchemaForm} key=${field.type} schema=${own} value=${shown} errors=${of(own)} formats=${formats} disabled=${disabled}
        onChange=${(/** @type {Record<string, any>} */ changed) => onChange({ options: withDefaults(type, changed) })} /></section>`}
    ${groups.map(([name, schema]) => html`<section key=${name}><h3>${t(`definition.group_${name}`)}</h3>${common(schema)}</section>`)}
  </div>`;
}

/** What must not be sent, in words. @param {Record<string, any>} document @param {Map<string, any>} types */
export const ownFaults = (document, types) => unsendable(document, types).map((fault) => ({ ...fault, detail: own(fault) }));

/**
 * The common options in groups, each as a JSON Schema.
 * @param {any} type @param {DraftField} field @returns {[string, Record<string, any>][]}
 */
function commonGroups(type, field) {
  const isLink = field.type === "link" || field.type === "links";
  const flag = (/** @type {string} */ name) => ({ type: "boolean", default: false, title: t(`definition.${name}`), description: t(`definition.${name}_help`) });
  const words = { title: t("definition.index"), description: t("definition.index_help"), default: false };
  const byDefault = defaultSchema(type, field.options);
  /** @type {Record<string, any>} */
  const rules = { required: flag("required"), unique: flag("unique") };
  if (isText(type)) rules.unique_ignore_case = flag("unique_ignore_case");
  rules.index = isText(type)
    ? { ...words, anyOf: [{ const: false, title: t("definition.index_none") }, { const: true, title: t("definition.index_true") }, { const: "search", title: t("definition.index_search") }] }
    : { ...words, type: "boolean" };
  if (byDefault) rules.default = { ...byDefault, title: t("definition.default"), description: t("definition.default_help") };
  if (byDefault) {
    rules.default_expression = { title: t("definition.default_expression"), description: t("definition.default_expression_help"), anyOf: ["now", "today", "uuid"].map((each) => ({ const: each, title: t(`definition.expression_${each}`) })) };
  }
  if (isGiven(type)) for (const name of ["required", "default", "default_expression"]) delete rules[name];
  const text = (/** @type {string} */ name, /** @type {number} */ most) => ({ type: "string", maxLength: most, title: t(`definition.${name}`) });
  return [
    ["rules", { type: "object", properties: rules }],
    ["texts", { type: "object", properties: { label: { ...text("label", 1000), description: t("definition.labelHelp") }, description: text("description", 10000), message: { ...text("message", 500), description: t("definition.message_help") } } }],
    ["access", { type: "object", properties: {
      ...isGiven(type) ? {} : { read_only: flag("read_only") }, ...isLink ? {} : { write_only: flag("write_only") },
      aliases: { type: "array", items: { type: "string", minLength: 1 }, default: [], title: t("definition.aliases"), description: t("definition.aliases_help") },
    } }],
  ];
}

/** The name of the table that is being made, for links to itself. */
export const OwnTable = createContext("");

/**
 * A table, by its number (or, for links to the new table itself, by its name).
 * @param {{ value: any, onChange: (value: any) => void, disabled?: boolean }} props
 */
export function TablePicker({ value, onChange, disabled }) {
  const own = useContext(OwnTable);
  const all = [...(own ? [{ id: own, model_name: own, label: t("definition.tableItself", { name: own }) }] : []), ...(tables.value ?? [])];
  const found = all.find((each) => each.id === value || each.model_name === value);
  return html`<${Combo} icon="table" disabled=${disabled} placeholder=${t("definition.placeOfTable")} text=${found ? titleOf(found) : value === undefined ? "" : String(value)}
    choices=${all.map((each) => ({ value: each.id, label: titleOf(each), more: each.label ? each.model_name : "" }))} onChoose=${(/** @type {any} */ choice) => onChange(choice.value)} />`;
}

/** @type {string[] | null} */
let zones = null;

/** The name of a time zone. @param {{ value: any, onChange: (value: any) => void, disabled?: boolean, placeholder?: string }} props */
function ZoneInput({ value, onChange, disabled, placeholder }) {
  zones ??= Intl.supportedValuesOf("timeZone");
  return html`<${Combo} icon="globe" disabled=${disabled} placeholder=${placeholder || t("definition.nothing")} text=${value ?? ""} onClear=${() => onChange(undefined)}
    choices=${zones.map((each) => ({ value: each, label: each }))} onChoose=${(/** @type {any} */ choice) => onChange(choice.value)} />`;
}
