/**
 * The draft of a definition: what the editor changes, and the document that it becomes.
 *
 * Pure functions over plain values. Fields of a draft have a `key` that never changes, also when they are renamed or
 * new; rules name fields by it. A draft is never changed in place.
 */

import { equal } from "../core/json.js";
import { faultsOf } from "../kit/schema.js";

/**
 * @typedef {Object} DraftField
 * @property {string} key "1": the field's id; "+1": a new field
 * @property {number | null} id
 * @property {string} name
 * @property {string} type
 * @property {Record<string, any>} common the options that fields of all types have
 * @property {Record<string, any>} options those of the type
 * @property {boolean} [dropped]
 *
 * @typedef {Object} DraftRule
 * @property {string | null} name
 * @property {{ key: string, descending?: boolean }[]} fields
 * @property {boolean} [nulls_distinct] of a unique rule
 *
 * @typedef {Object} Draft
 * @property {Record<string, any>} table model_name, label, description, display (the key of a field)
 * @property {DraftField[]} fields in their order
 * @property {DraftRule[]} unique
 * @property {DraftRule[]} indexes
 */

/** The options that every field has, with their defaults. */
export const COMMON = Object.freeze({
  required: false, unique: false, unique_ignore_case: false, index: false, default: null, default_expression: null,
  read_only: false, write_only: false, aliases: /** @type {any[]} */ ([]), message: null, label: null, description: null,
});
const NOT_OPTIONS = new Set(["id", "position", "type", "name", "renamed_from", ...Object.keys(COMMON)]);
const TABLE_MEMBERS = ["model_name", "label", "description", "display"];

/**
 * A definition, in its full form -> the draft without changes.
 * @param {Record<string, any>} definition
 * @returns {Draft}
 */
export function draftOf(definition) {
  const fields = Object.entries(definition.fields)
    .sort(([, one], [, other]) => one.position - other.position)
    .map(([name, field]) => {
      /** @type {Record<string, any>} */
      const common = {}, /** @type {Record<string, any>} */ options = {};
      for (const [member, value] of Object.entries(field)) {
        if (member in COMMON) common[member] = value;
        else if (!NOT_OPTIONS.has(member)) options[member] = value;
      }
      return { key: String(field.id), id: field.id, name, type: field.type, common, options };
    });
  const keys = new Map(fields.map((field) => [field.name, field.key]));
  const keyOf = (/** @type {string} */ name) => keys.get(name) ?? name;
  /** @type {Record<string, any>} */
  const table = {};
  for (const member of TABLE_MEMBERS) if (member in definition) table[member] = definition[member];
  if (typeof table.display === "string") table.display = keyOf(table.display);
  return {
    table,
    fields,
    unique: definition.unique.map((/** @type {any} */ rule) => ({ ...rule, fields: rule.fields.map((/** @type {string} */ name) => ({ key: keyOf(name) })) })),
    indexes: definition.indexes.map((/** @type {any} */ rule) => ({
      ...rule, fields: rule.fields.map((/** @type {any} */ part) => ({ key: keyOf(part.field), descending: Boolean(part.descending) })),
    })),
  };
}

/**
 * The options of a type that differ from their defaults.
 * @param {Record<string, any>} options
 * @param {Record<string, any> | undefined} schema the type's options as JSON Schema
 */
export function withoutDefaults(options, schema) {
  const properties = schema?.properties ?? {};
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, withoutEmptyEnd(value)]).filter(([name, value]) => value !== undefined && !(value === null && properties[name]?.default !== undefined) && !equal(value, properties[name]?.default)));
}

/** A list without the empty lines at its end, where the next item would be. @param {any} value */
function withoutEmptyEnd(value) {
  if (!Array.isArray(value)) return value;
  const isEmpty = (/** @type {any} */ item) => item === "" || (item && typeof item === "object" && !Array.isArray(item) && Object.values(item).every((each) => each === "" || each === null));
  const last = value.findLastIndex((item) => !isEmpty(item));
  return last === value.length - 1 ? value : value.slice(0, last + 1);
}

/** @param {DraftField} field @param {Map<string, any>} types */
function fieldDocument(field, types) {
  const common = Object.fromEntries(Object.entries(field.common).filter(([name, value]) => !equal(value, /** @type {any} */ (COMMON)[name])));
  return {
    ...(field.id === null ? {} : { id: field.id }),
    name: field.name, type: field.type, ...common, ...withoutDefaults(field.options, types.get(field.type)?.options),
  };
}

/** The fields that stay, in their order. @param {Draft} draft */
export const keptFields = (draft) => draft.fields.filter((field) => !field.dropped);

/**
 * The body of a PUT; pointers of its errors count the fields of keptFields().
 * @param {Draft} draft
 * @param {Map<string, any>} types the installed field types, by name
 * @returns {Record<string, any>}
 */
export function documentOf(draft, types) {
  const fields = keptFields(draft);
  const names = new Map(fields.map((field) => [field.key, field.name]));
  const present = (/** @type {DraftRule} */ rule) => rule.fields.length > 0 && rule.fields.every((part) => names.has(part.key));
  const named = (/** @type {DraftRule} */ rule) => (rule.name ? { name: rule.name } : {});
  const { display, ...table } = draft.table;
  return {
    ...table,
    ..."display" in draft.table ? { display: display === null ? null : names.get(display) ?? (/^\+?\d+$/.test(display) ? null : display) } : {},
    fields: fields.map((field) => fieldDocument(field, types)),
    unique: draft.unique.filter(present).map((rule) => ({
      ...named(rule), fields: rule.fields.map((part) => names.get(part.key)), ...(rule.nulls_distinct === false ? { nulls_distinct: false } : {}),
    })),
    indexes: draft.indexes.filter(present).map((rule) => ({
      ...named(rule), fields: rule.fields.map((part) => ({ field: names.get(part.key), ...(part.descending ? { descending: true } : {}) })),
    })),
  };
}

/**
 * What must not be sent: texts that are no numbers would become null in JSON. The service judges the rest.
 * @param {Record<string, any>} document of documentOf()
 * @param {Map<string, any>} types
 * @returns {import("../kit/schema.js").Fault[]}
 */
export function unsendable(document, types) {
  return document.fields.flatMap((/** @type {any} */ field, /** @type {number} */ at) => {
    const schema = types.get(field.type)?.options ?? {};
    const options = Object.fromEntries(Object.keys(schema.properties ?? {}).filter((name) => name in field).map((name) => [name, field[name]]));
    const faults = faultsOf(schema, options).filter((each) => ["notNumber", "notWhole", "missing"].includes(each.code ?? ""));
    if (Number.isNaN(field.default)) faults.push({ pointer: "/default", code: "notNumber", detail: "" });
    return faults.map((each) => ({ ...each, pointer: `/fields/${at}${each.pointer}` }));
  });
}

/** Whether the draft differs from its base. @param {Draft} base @param {Draft} draft */
export const isChanged = (base, draft) => !equal(comparable(base), comparable(draft));

/** @param {Draft} draft */
const comparable = (draft) => JSON.parse(JSON.stringify({ ...draft, fields: draft.fields.map((field) => ({ ...field, dropped: field.dropped || undefined })) }));

/**
 * What has become of one field: "added", "dropped", the members that changed, or null.
 * @param {DraftField | undefined} before the field in the definition @param {DraftField} field
 * @returns {"added" | "dropped" | string[] | null}
 */
export function changeOf(before, field) {
  if (!before) return "added";
  if (field.dropped) return "dropped";
  if (before === field) return null;
  const changed = ["name", "type"].filter((member) => /** @type {any} */ (before)[member] !== /** @type {any} */ (field)[member]);
  const members = (/** @type {DraftField} */ each) => ({ ...each.common, ...each.options });
  const one = members(before), other = members(field);
  for (const member of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (!changed.includes("type") || member in COMMON) if (!equal(one[member], other[member])) changed.push(member);
  }
  return changed.length ? changed : null;
}

let last = 0;

/**
 * A new field of a draft.
 * @param {Partial<DraftField>} [members]
 * @returns {DraftField}
 */
export const newField = (members = {}) => ({ key: `+${++last}`, id: null, name: "", type: "string", common: {}, options: {}, ...members });

/** @param {Draft} draft @param {string} key @param {Partial<DraftField>} members @returns {Draft} */
export const withField = (draft, key, members) => ({ ...draft, fields: draft.fields.map((field) => (field.key === key ? { ...field, ...members } : field)) });

/**
 * A draft with a field dropped (a new one disappears); rules over it go with it.
 * @param {Draft} draft @param {string} key @returns {Draft}
 */
export function withoutField(draft, key) {
  const field = draft.fields.find((each) => each.key === key);
  if (!field || field.id !== null) return withField(draft, key, { dropped: true });
  const without = (/** @type {DraftRule[]} */ rules) => rules.filter((rule) => rule.fields.every((part) => part.key !== key));
  return { ...draft, fields: draft.fields.filter((each) => each.key !== key), unique: without(draft.unique), indexes: without(draft.indexes) };
}

/** @param {Draft} draft @param {number} from @param {number} to @returns {Draft} */
export function moved(draft, from, to) {
  const fields = [...draft.fields];
  const [field] = fields.splice(from, 1);
  fields.splice(Math.max(0, Math.min(fields.length, to)), 0, field);
  return { ...draft, fields };
}

/**
 * A field with another type: common options stay, and those of its own that the new type has, too.
 * @param {DraftField} field @param {string} type @param {Map<string, any>} types
 * @returns {Partial<DraftField>}
 */
export function retyped(field, type, types) {
  const properties = types.get(type)?.options?.properties ?? {};
  const old = types.get(field.type)?.options?.properties ?? {};
  const options = Object.fromEntries(Object.entries(withoutDefaults(field.options, types.get(field.type)?.options))
    .filter(([name]) => name in properties && equal(kinds(properties[name]), kinds(old[name]))));
  return { type, options };
}

/** @param {any} schema */
const kinds = (schema) => [schema?.type ?? null, schema?.items ?? null];
