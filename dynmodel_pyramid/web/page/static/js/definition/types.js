/** Field types for people: their names, icons and one line of help; what a plugin brings has its own name and text. */
import { fieldTypes } from "../core/state.js";
import { has, t } from "../core/texts.js";
import "../texts/en/definition.js";
import { labelOf } from "../kit/schema.js";

/** The order of the picker: what people need most comes first. */
const ORDER = [
  "string", "text", "integer", "number", "decimal", "currency", "percent", "boolean", "date", "datetime", "time", "choice", "multi_choice", "tags",
  "link", "links", "email", "phone", "url", "rating", "json", "point", "colour", "user", "uuid", "slug", "duration", "autonumber",
];

/** @param {string} type */
export const typeIcon = (type) => fieldTypes.value.get(type)?.icon ?? "field";

/** @param {string} type */
export const typeTitle = (type) => (has(`definition.type_${type}`) ? t(`definition.type_${type}`) : labelOf(type));

/** The first sentence of a type's description. @param {any} type */
export function typeHelp(type) {
  const text = String(type?.description ?? "").replaceAll("``", "").replace(/\s+/g, " ").replace(/ \([^)]*\)/g, "").trim();
  return /^.*?[.:;](?= |$)/.exec(text)?.[0].replace(/[.:;]$/, "") ?? text;
}

/**
 * What the picker of types offers.
 * @param {Map<string, any>} types
 */
export function typeChoices(types) {
  const rank = (/** @type {string} */ name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return [...types.values()].filter((type) => type.status === "installed")
    .sort((one, other) => rank(one.name) - rank(other.name) || one.name.localeCompare(other.name))
    .map((type) => ({ value: type.name, label: typeTitle(type.name), more: typeHelp(type), icon: typeIcon(type.name) }));
}

/** Whether rows get the values of this type by themselves. @param {any} type */
export const isGiven = (type) => ["autonumber", "created_by", "created_time", "updated_by", "updated_time"].includes(type?.name);

/** Whether its values are texts, for options that only texts have. @param {any} type */
export const isText = (type) => ["string", "text", "email", "slug", "url", "phone"].includes(type?.name);

/**
 * The JSON Schema of a field's default.
 * @param {any} type @param {Record<string, any>} options
 * @returns {Record<string, any> | null} null: it has none
 */
export function defaultSchema(type, options) {
  if (!type || isGiven(type) || type.name === "link" || type.name === "links") return null;
  const keys = (options.choices ?? []).map((/** @type {any} */ each) => (each && typeof each === "object" ? each.key : each)).filter((/** @type {any} */ each) => each !== "" && each !== undefined);
  if (type.name === "choice" || (keys.length && type.name !== "multi_choice")) return { enum: keys };
  if (type.name === "multi_choice") return { type: "array", items: { enum: keys } };
  // The document's schema is that of the type without options: bounds and patterns are those of the definition.
  const { pattern, maxLength, minimum, maximum, ...rest } = type.value ?? {};
  if (rest.type === "boolean") return { enum: [true, false] };
  return Object.keys(rest).length ? rest : {};
}

/** A type's options, each with its value or its default. @param {any} type @param {Record<string, any>} options */
export function withDefaults(type, options) {
  const properties = type?.options?.properties ?? {};
  return { ...Object.fromEntries(Object.entries(properties).filter(([, each]) => "default" in each).map(([name, each]) => [name, each.default])), ...options };
}
