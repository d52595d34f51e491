/** Editors of links: the far table is searched by its display field, so that nobody needs to know an id. */
import { html } from "../../vendor/preact.js";
import { FarLink } from "./cells.js";
import { farRow } from "./far_rows.js";
import { findRows } from "./find_rows.js";
import { Line } from "./parts.js";
import { Picker } from "./picker.js";
import { rowId, rowIds } from "./text_forms.js";

/** @typedef {import("./parts.js").EditorProps} EditorProps */

/** @param {any} field */
const picking = (field) => ({
  options: (/** @type {string} */ text, /** @type {AbortSignal} */ signal) => findRows(field.table, text, signal),
  nameOf: (/** @type {number} */ id) => farRow(field.table, id).value.text,
  chip: (/** @type {number} */ id) => html`<${FarLink} table=${field.table} id=${id} reachable />`,
});

/** @param {EditorProps} props */
export function Link(props) {
  const { value, field, onChange } = props;
  // Of a table that may not be seen there are only ids.
  if (field.table === null) return html`<${Line} ...${props} kind="number" mode="numeric" write=${String} read=${rowId.read} />`;
  return html`<${Picker} ...${props} ...${picking(field)} chosen=${value === null || value === undefined ? [] : [value]} onChosen=${([id = null]) => onChange(id, null)} />`;
}

/** The list is never null, and has an order. @param {EditorProps} props */
export function Links(props) {
  const { value, field, onChange } = props;
  if (field.table === null) return html`<${Line} ...${props} write=${rowIds.write} read=${rowIds.read} />`;
  return html`<${Picker} ...${props} ...${picking(field)} many chosen=${value ?? []} onChosen=${(/** @type {number[]} */ ids) => onChange(ids, null)} />`;
}
