/** The fields that conditions and orders can name, with those that every row has. */
import { t } from "../core/texts.js";

/** @typedef {{ name: string, label: string, type: string, icon?: string } & Record<string, any>} Field */

const SYSTEM = { id: "integer", _created: "datetime", _updated: "datetime" };

/** @param {import("../core/state.js").Definition} definition @returns {Field[]} */
export function fieldsOf(definition) {
  const own = Object.entries(definition.fields).filter(([, field]) => !field.write_only);
  own.sort(([, one], [, other]) => one.position - other.position);
  return [
    ...own.map(([name, field]) => ({ ...field, name, label: field.label || name })),
    ...Object.entries(SYSTEM).map(([name, type]) => ({ name, type, label: t(`filters.field${name.startsWith("_") ? name : `_${name}`}`) })),
  ];
}

/** @param {Field[]} fields @param {string} name @returns {Field} */
export const fieldOf = (fields, name) => fields.find((each) => each.name === name) ?? { name, label: name, type: "" };

/** @param {Field[]} fields */
export const optionsOf = (fields) => fields.map(({ name, label }) => ({ value: name, label }));

/** @param {Field[]} fields @param {Map<string, any>} fieldTypes */
export const sortable = (fields, fieldTypes) => fields.filter((each) => fieldTypes.get(each.type)?.sortable);

