/** The page of one row: /table/{id}/row/{row_id}/, and /table/{id}/row/new/ with values for it, or the row to copy. */
import { html } from "../../../vendor/preact.js";
import { api } from "../../core/api.js";
import { bare, own } from "../../core/records.js";
import { navigate } from "../../core/router.js";
import { fieldTypes, loadFieldTypes, loadTable } from "../../core/state.js";
import { t } from "../../core/texts.js";
import { editorFor, isGiven } from "../../editors/index.js";
import { EmptyState, Loading, ProblemBox, useLoaded } from "../../kit/index.js";
import { RowForm } from "./index.js";

/** @param {{ params: { id: string, row: string }, query: URLSearchParams }} props */
export default function RowPage({ params, query }) {
  const { id: table, row } = params;
  const base = `/table/${encodeURIComponent(table)}/`;
  if (row === "new") return html`<div class="page row-page"><${NewRow} key=${String(query)} table=${table} query=${query} /></div>`;
  if (!/^[1-9]\d{0,15}$/.test(row)) return html`<div class="page"><${EmptyState} title=${t("form.noRow")} /></div>`;
  const asked = query.size ? `?${query}` : "";
  return html`<div class="page row-page"><${RowForm} table=${table} id=${Number(row)} query=${query}
    onMove=${(/** @type {number} */ id) => navigate(`${base}row/${id}/${asked}`)} onDeleted=${() => navigate(`${base}${asked}`)} /></div>`;
}

/** @param {{ table: string, query: URLSearchParams }} props */
function NewRow({ table, query }) {
  const loaded = useLoaded(`${table}?${query}`, (signal) => presetOf(table, query, signal));
  if (loaded.problem) return html`<${ProblemBox} problem=${loaded.problem} onRetry=${loaded.reload} />`;
  if (!loaded.value) return html`<${Loading} />`;
  return html`<${RowForm} table=${table} id=${null} preset=${loaded.value} onSaved=${(/** @type {any} */ row) => navigate(`/table/${encodeURIComponent(table)}/${row.id === undefined ? "" : `row/${row.id}/`}`, { replace: true })} />`;
}

/**
 * The values that a new row begins with: texts of the address, as a link back from another row's form has them, or the
 * values of another row.
 * @param {string} table @param {URLSearchParams} query @param {AbortSignal} signal
 */
async function presetOf(table, query, signal) {
  const [definition] = await Promise.all([loadTable(table, { signal }), loadFieldTypes()]);
  /** @type {Record<string, any>} */
  const preset = bare();
  const copied = query.get("_copy");
  const row = copied ? (await api.get(`/table/${encodeURIComponent(table)}/rows/${encodeURIComponent(copied)}/`, { signal })).data : {};
  for (const [name, definedAs] of Object.entries(definition.fields)) {
    const field = /** @type {any} */ ({ ...definedAs, name });
    if (isGiven(field, fieldTypes.value)) continue;
    // A copy of a unique value could not be saved.
    if (copied && (own(row, name) ?? null) !== null && !field.unique && !field.unique_ignore_case) preset[name] = row[name];
    const text = copied ? null : query.get(name);
    if (text !== null) {
      const value = editorFor(field, fieldTypes.value).fromText(text, field);
      preset[name] = field.type === "links" && !Array.isArray(value) ? [value] : value;
    }
  }
  return preset;
}
