/**
 * How the values of each field type are shown, edited, copied and pasted.
 *
 *     const kind = editorFor({ ...definition.fields.price, name: "price" }, fieldTypes.value);
 *     html`<${kind.Cell} value=${row.price} field=${field} row=${row} />`
 *     html`<${kind.Editor} value=${row.price} field=${field} onChange=${(value, fault) => ...} onCommit=... onCancel=... autofocus />`
 *     kind.toText(row.price, field)         // "19.90"; null is ""
 *     kind.fromText("19.9", field)          // a JSON value or null; throws Unreadable with what is wanted
 *
 * A `fault` of onChange is a text that is no value (yet): it can't be sent. `initial` is a text that was typed to begin
 * with. A type of a plugin has the module that its document names (`editor`), else a control by its JSON Schema.
 * `css/editors.css` has the looks: a part lists "editors" among its style sheets.
 */
import "../texts/en/editors.js";
import { html } from "../../vendor/preact.js";
import { BUILT_IN, bySchema } from "./kinds.js";
import { pluginKind } from "./plugins.js";
import { Unreadable } from "./text_forms.js";

export { Unreadable };
export { displayField, farRow, remember, rowTitle } from "./far_rows.js";
export { FarLink } from "./cells.js";
export { plainText } from "./plain.js";

/**
 * @typedef {Object} Kind
 * @property {(props: import("./cells.js").CellProps) => any} Cell
 * @property {(props: import("./parts.js").EditorProps) => any} Editor
 * @property {(value: any, field: any) => string} toText
 * @property {(text: string, field: any) => any} fromText
 * @property {"start" | "end" | "center"} align
 * @property {number} width of a column at first, in pixels
 * @property {boolean} roomy the editor wants more room than a cell has: a box above the grid
 */

/** @type {Map<any, Kind>} of each implementation, so that components stay the same */
const kinds = new Map();

/**
 * @param {any} field its definition, with its name
 * @param {Map<string, any>} fieldTypes the documents of /field-type/ by name
 * @returns {Kind}
 */
export function editorFor(field, fieldTypes) {
  const type = fieldTypes.get(field.type);
  const own = type?.editor ? pluginKind(type) : (BUILT_IN[field.type] ?? bySchema(type?.value));
  const part = field.choices && !Array.isArray(field.choices[0]) && typeof field.choices[0] !== "object" && own.listed ? own.listed : own;
  let kind = kinds.get(part);
  if (!kind) kinds.set(part, (kind = complete(part)));
  return kind;
}

/**
 * What the system gives or nobody may change: shown, and never edited.
 * @param {any} field @param {Map<string, any>} fieldTypes
 */
export const isGiven = (field, fieldTypes) => Boolean(BUILT_IN[field.type]?.given) || fieldTypes.get(field.type)?.status === "failed" || !fieldTypes.has(field.type);

/**
 * @param {import("./kinds.js").Part} part
 * @returns {Kind}
 */
function complete({ Cell, Editor, form, align = "start", width = 180, roomy = false }) {
  return {
    align, width, roomy, Editor,
    Cell: (props) => (props.value === null || props.value === undefined ? html`<span class="cell-null"></span>` : html`<${Cell} ...${props} />`),
    toText: (value, field) => (value === null || value === undefined ? "" : form.write(value, field)),
    fromText: (text, field) => (text === "" && !(form.keepsEmpty && field.required) ? null : form.read(text, field)),
  };
}
