/**
 * What a form needs to know of a JSON Schema (2020-12). Pure functions.
 *
 * Schemas of options use these keywords: type, properties, required, additionalProperties, items, minItems, maxItems,
 * minLength, maxLength, pattern, enum, anyOf, default, description, format. Types of plugins may also have const, oneOf,
 * title, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf and uniqueItems. What a form does not
 * understand it shows as JSON text, so that everything can be set.
 */
import { equal, pointed } from "../core/json.js";

/** @typedef {Record<string, any>} Schema @typedef {{ pointer: string, code?: string, detail: string }} Fault */

/**
 * The faults of one member, with the pointers from there.
 * @param {Fault[]} faults @param {string | number} name @returns {Fault[]}
 */
export function under(faults, name) {
  const prefix = `/${pointed(String(name))}`;
  return faults.filter((each) => each.pointer === prefix || each.pointer.startsWith(`${prefix}/`)).map((each) => ({ ...each, pointer: each.pointer.slice(prefix.length) }));
}

/** The words of the faults that are of this place, or of one below that is not shown. @param {Fault[]} faults */
export const said = (faults) => faults.map((each) => each.detail).join("; ") || undefined;

/** @param {Schema} schema @returns {string[]} without null */
export const typesOf = (schema) => [schema.type ?? []].flat().filter((each) => each !== "null");

/** A schema without null, and without alternatives where there is one only. @param {Schema} schema @returns {Schema} */
export function plain(schema) {
  const branches = (schema.anyOf ?? schema.oneOf)?.filter((/** @type {Schema} */ each) => each.type !== "null" && each.const !== null);
  if (branches?.length === 1) {
    const { anyOf, oneOf, ...rest } = schema;
    return plain({ ...branches[0], ...rest });
  }
  return schema;
}

/**
 * The values to choose from, or null.
 * @param {Schema} schema
 * @returns {{ value: any, label: string }[] | null}
 */
export function choicesOf(schema) {
  const words = (/** @type {any} */ value) => (typeof value === "string" ? value : JSON.stringify(value));
  if (schema.enum) return schema.enum.filter((/** @type {any} */ each) => each !== null).map((/** @type {any} */ value) => ({ value, label: words(value) }));
  if ("const" in schema) return [{ value: schema.const, label: schema.title ?? words(schema.const) }];
  const branches = (schema.anyOf ?? schema.oneOf)?.filter((/** @type {Schema} */ each) => each.const !== null && each.type !== "null");
  if (branches?.length && branches.every((/** @type {Schema} */ each) => "const" in each || each.enum)) return branches.flatMap(choicesOf);
  return null;
}

/**
 * The member that a short form of an object stands for: of `anyOf: [string, object with one required string]`.
 * @param {Schema} schema @returns {{ object: Schema, member: string } | null}
 */
export function shortFormOf(schema) {
  const branches = schema.anyOf ?? schema.oneOf ?? [];
  const object = branches.find((/** @type {Schema} */ each) => each.type === "object" && each.properties);
  const others = branches.filter((/** @type {Schema} */ each) => each !== object && each.type !== "null");
  const member = object?.required?.length === 1 ? object.required[0] : null;
  if (!member || others.length !== 1 || !isScalar(others[0])) return null;
  return typesOf(object.properties[member])[0] === typesOf(others[0])[0] ? { object, member } : null;
}

/** @param {Schema} schema */
export function isScalar(schema) {
  const types = typesOf(schema);
  return types.length > 0 && types.every((each) => ["string", "integer", "number", "boolean"].includes(each));
}

/** Whether a text is a colour by the schema's pattern, and not just any text. @param {Schema} schema */
export function isColour(schema) {
  const pattern = expression(schema.pattern);
  return schema.format === "color" || Boolean(pattern?.test("#12ab90") && !pattern.test("red") && !pattern.test("123456"));
}

/** @param {string | undefined} pattern */
function expression(pattern) {
  try {
    return pattern === undefined ? null : new RegExp(pattern, "u");
  } catch {
    return null; // of another dialect: the service judges
  }
}

/**
 * How a form shows a schema.
 * @param {Schema} given
 * @returns {"choice" | "boolean" | "number" | "text" | "colour" | "list" | "rows" | "choices" | "object" | "json"}
 */
export function kindOf(given) {
  const schema = plain(given), types = typesOf(schema);
  if (choicesOf(schema)) return "choice";
  if (types.length > 1) return isScalar(schema) && !types.includes("boolean") ? "text" : "json";
  switch (types[0]) {
    case "boolean": return "boolean";
    case "integer": case "number": return "number";
    case "string": return isColour(schema) ? "colour" : "text";
    case "object": return schema.properties && schema.additionalProperties !== true && typeof schema.additionalProperties !== "object" ? "object" : "json";
    case "array": {
      const items = plain(schema.items ?? {});
      if (schema.prefixItems || !schema.items) return "json";
      if (choicesOf(items)) return "choices";
      const rows = shortFormOf(items)?.object ?? (typesOf(items)[0] === "object" ? items : null);
      if (rows) return Object.values(rows.properties ?? {}).length && Object.values(rows.properties).every((each) => isScalar(each) || choicesOf(plain(each))) ? "rows" : "json";
      return isScalar(items) ? "list" : "json";
    }
    default: return "json";
  }
}

/**
 * An object with one member set; a member that is undefined, or has its default, is left out.
 * @param {Schema} schema @param {Record<string, any>} object @param {string} name @param {any} value
 */
export function withMember(schema, object, name, value) {
  const { [name]: _, ...rest } = object;
  const isLeft = value === undefined || ("default" in (schema.properties?.[name] ?? {}) && equal(value, schema.properties[name].default));
  return isLeft ? rest : { ...object, [name]: value };
}

/**
 * What is wrong with a value, as far as a form can tell; the service judges the rest.
 * @param {Schema} given @param {any} value @param {string} [pointer] @returns {Fault[]}
 */
export function faultsOf(given, value, pointer = "") {
  const schema = plain(given);
  const fault = (/** @type {string} */ code, /** @type {Record<string, any>} */ values = {}) => [{ pointer, code, detail: code, ...values }];
  if (value === undefined || value === null) return [];
  if (typeof value === "number") {
    if (Number.isNaN(value)) return fault("notNumber");
    if (typesOf(schema)[0] === "integer" && !Number.isInteger(value)) return fault("notWhole");
    if (schema.minimum !== undefined && value < schema.minimum) return fault("least", { least: schema.minimum });
    if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum) return fault("above", { least: schema.exclusiveMinimum });
    if (schema.maximum !== undefined && value > schema.maximum) return fault("most", { most: schema.maximum });
    if (schema.exclusiveMaximum !== undefined && value >= schema.exclusiveMaximum) return fault("below", { most: schema.exclusiveMaximum });
    if (schema.multipleOf && Math.abs(value / schema.multipleOf - Math.round(value / schema.multipleOf)) > 1e-9) return fault("multiple", { n: schema.multipleOf });
  }
  if (typeof value === "string" && typesOf(schema).includes("string")) {
    if (schema.minLength !== undefined && [...value].length < schema.minLength) return fault("shortest", { n: schema.minLength });
    if (schema.maxLength !== undefined && [...value].length > schema.maxLength) return fault("longest", { n: schema.maxLength });
    if (schema.pattern && expression(schema.pattern)?.test(value) === false) return fault("pattern", { pattern: schema.pattern });
  }
  if (Array.isArray(value) && schema.items) {
    if (schema.minItems !== undefined && value.length < schema.minItems) return fault("fewest", { n: schema.minItems });
    if (schema.maxItems !== undefined && value.length > schema.maxItems) return fault("mostItems", { n: schema.maxItems });
    return value.flatMap((each, i) => faultsOf(branchFor(schema.items, each), each, `${pointer}/${i}`));
  }
  if (typeof value === "object" && !Array.isArray(value) && schema.properties) {
    const missing = (schema.required ?? []).filter((/** @type {string} */ name) => value[name] === undefined || value[name] === "");
    return [
      ...missing.map((/** @type {string} */ name) => ({ pointer: `${pointer}/${pointed(name)}`, code: "missing", detail: "missing" })),
      ...Object.keys(value).filter((name) => schema.properties[name] && !missing.includes(name)).flatMap((name) => faultsOf(schema.properties[name], value[name], `${pointer}/${pointed(name)}`)),
    ];
  }
  return [];
}

/** The alternative that a value is of. @param {Schema} schema @param {any} value @returns {Schema} */
function branchFor(schema, value) {
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  return (schema.anyOf ?? schema.oneOf)?.find((/** @type {Schema} */ each) => each.type === kind || (kind === "number" && each.type === "integer")) ?? schema;
}

/** "max_length" -> "Max length". @param {string} name @param {Schema} [schema] */
export function labelOf(name, schema) {
  if (schema?.title) return schema.title;
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** A sentence of a description. @param {string | undefined} text */
export const sentence = (text) => (text ? text.charAt(0).toLocaleUpperCase() + text.slice(1) : undefined);
