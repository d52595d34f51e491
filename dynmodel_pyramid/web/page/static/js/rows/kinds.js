/** How values of a field are shown, edited, copied and pasted: by editors/, with what the grid needs besides. */
import { fieldTypes } from "../core/state.js";
import { editorFor, isGiven } from "../editors/index.js";

/** @param {any} field its definition, with its name */
export const kindOf = (field) => editorFor(field, fieldTypes.value);

/** Whether the system gives its values. @param {any} field */
export const isComputed = (field) => isGiven(field, fieldTypes.value);

/** @param {any} field */
export const isSortable = (field) => (fieldTypes.value.get(field.type)?.sortable ?? true) && !field.write_only;

/** The icon of a type. @param {any} field */
export const iconOf = (field) => fieldTypes.value.get(field.type)?.icon ?? ICONS[field.type] ?? "field";

/** Where a type says none. @type {Record<string, string>} */
const ICONS = {
  string: "text", text: "paragraph", slug: "slug", integer: "hash", number: "number", decimal: "decimal", percent: "percent", currency: "money", autonumber: "counter",
  boolean: "checkbox", date: "date", datetime: "moment", time: "time", duration: "duration", choice: "choice", multi_choice: "choices", tags: "tags", link: "link",
  links: "links", json: "json", email: "email", url: "url", phone: "phone", uuid: "key", rating: "star", colour: "colour", point: "place", user: "user",
  created_time: "moment", updated_time: "moment", created_by: "author", updated_by: "author", ip_address: "address", date_range: "range", datetime_range: "range",
  integer_range: "range",
};
