/** Which column of a file goes to which field of a table. */
import { html } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { inQuotes } from "../editors/names.js";
import { Select } from "../kit/index.js";

/** @typedef {import("./columns.js").Column} Column @typedef {import("../core/state.js").Definition} Definition */

/** What is left of a name when people write it otherwise. @param {string} name */
const core = (name) => name.normalize("NFKC").toLocaleLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/**
 * The fields of columns: those that the service finds by their present and former names, then those whose names or
 * labels differ in case, blanks and marks only.
 * @param {Column[]} columns of the service's plan
 * @param {Definition} definition
 * @returns {(string | null)[]} a field for each column
 */
export function matched(columns, definition) {
  const taken = new Set(columns.map((each) => each.field).filter(Boolean));
  return columns.map((column) => {
    if (column.field !== null || !column.name) return column.field;
    const wanted = core(column.name);
    const found = Object.entries(definition.fields).find(([name, field]) => !taken.has(name) && wanted && (core(name) === wanted || core(field.label ?? "") === wanted));
    if (!found) return null;
    taken.add(found[0]);
    return found[0];
  });
}

/**
 * The parameter `columns`: each field with the name of its column.
 * @param {Column[]} columns
 * @param {(string | null)[]} fields
 */
export function columnsParameter(columns, fields) {
  return columns.flatMap((column, at) => {
    const field = fields[at], name = column.name || `column ${at + 1}`;
    if (!field) return [];
    // "carrier.code" finds rows by their keys: it keeps its name.
    const isKey = column.field === field && name.startsWith(`${field}.`);
    return [name === field || isKey ? inQuotes(field) : `${inQuotes(field)}:${inQuotes(name)}`];
  }).join(",");
}

/**
 * @param {{ columns: Column[], fields: (string | null)[], definition: Definition, writable: string[], onChange: (fields: (string | null)[]) => void }} props
 */
export function Mapping({ columns, fields, definition, writable, onChange }) {
  const taken = new Set(fields.filter(Boolean));
  return html`<div class="table-wrap columns-of-file" role="region" tabindex="0" aria-label=${t("files.columns")}><table class="table"><caption class="unseen">${t("files.columns")}</caption>
    <thead><tr><th scope="col">${t("files.column")}</th><th scope="col">${t("files.toField")}</th><th scope="col">${t("files.values")}</th></tr></thead>
    <tbody>${columns.map((column, at) => {
      const name = column.name ?? t("files.nameless", { n: at + 1 });
      const options = [{ value: "", label: t("files.leftOut") }, ...["id", ...writable].map((each) => ({
        value: each, label: definition.fields[each]?.label ? `${definition.fields[each].label} (${each})` : each, disabled: taken.has(each) && fields[at] !== each,
      }))];
      return html`<tr key=${at} class=${fields[at] ? "" : "out"}><th scope="row"><span class="file-name">${name}</span></th>
        <td><${Select} value=${fields[at] ?? ""} options=${options} aria-label=${t("files.fieldOf", { name })} onChange=${(/** @type {string} */ value) => onChange(fields.map((each, i) => (i === at ? value || null : each)))} /></td>
        <td class="samples"><span class="cut">${(column.samples ?? []).map((text, i) => html`<code key=${i}>${text.slice(0, 40)}</code>`)}</span></td></tr>`;
    })}</tbody></table></div>`;
}
