/** Rows of a file as they will be stored, and those that would be refused. */
import { html } from "../../vendor/preact.js";
import { csv } from "../core/csv.js";
import { own } from "../core/records.js";
import { t } from "../core/texts.js";
import { Button, Table, placeOf, saveText } from "../kit/index.js";

/** The most columns and characters that are shown. */
const COLUMNS = 60, CHARACTERS = 80;

/** @param {{ rows: Record<string, any>[], fields: string[] }} props fields: in their order */
export function Preview({ rows, fields }) {
  const hasIds = rows.some((row) => row.id !== null && row.id !== undefined);
  const names = [...(hasIds ? ["id"] : []), ...fields].slice(0, COLUMNS);
  const columns = names.map((name) => ({
    key: name, label: name, end: rows.some((row) => typeof own(row, name) === "number"), class: "preview-cell",
    cell: (/** @type {any} */ row) => cell(own(row, name)),
  }));
  return html`<${Table} class="preview" caption=${t("files.preview")} columns=${columns} rows=${rows.map((row, at) => ({ ...row, _at: at }))} rowKey=${(/** @type {any} */ row) => row._at} />
    ${fields.length > COLUMNS && html`<p class="muted small">${t("files.moreShown", { n: fields.length - COLUMNS })}</p>`}`;
}

/** @param {any} value */
function cell(value) {
  if (value === null || value === undefined) return html`<span class="muted" aria-label=${t("files.emptyCell")}>–</span>`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > CHARACTERS ? `${text.slice(0, CHARACTERS)}…` : text;
}

/**
 * @typedef {Object} Refused a row that is left out, as the service tells it
 * @property {number} number
 * @property {number | null} line
 * @property {string | null} raw
 * @property {{ pointer: string, code: string, detail: string, hint?: string }[]} errors
 */

/** @param {{ refused: Refused[], total: number, onDownload?: () => void }} props */
export function RefusedRows({ refused, total, onDownload }) {
  const columns = [
    { key: "line", label: t("files.line"), end: true, cell: (/** @type {Refused} */ row) => row.line ?? t("files.rowNumber", { n: row.number + 1 }) },
    { key: "errors", label: t("files.why"), class: "why", cell: (/** @type {Refused} */ row) => row.errors.map((each, i) => html`<div key=${i}>${columnOf(each.pointer) && html`<strong>${columnOf(each.pointer)}</strong>${": "}`}${each.detail}${each.hint && html`<span class="muted"> (${each.hint})</span>`}</div>`) },
    { key: "raw", label: t("files.asSent"), cell: (/** @type {Refused} */ row) => row.raw !== null && html`<code class="raw">${row.raw.slice(0, 200)}</code>` },
  ];
  return html`<${Table} caption=${t("files.refused", { n: total })} columns=${columns} rows=${refused.slice(0, 100)} rowKey=${(/** @type {Refused} */ row) => row.number} class="refused" />
    <div class="row">${total > Math.min(refused.length, 100) && html`<span class="muted small">${t("files.moreRefused", { n: total - Math.min(refused.length, 100) })}</span>`}
    ${onDownload && html`<${Button} small icon="download" onClick=${onDownload}>${t("files.downloadRefused")}</${Button}>`}</div>`;
}

/** "/17/price" -> "price". @param {string} pointer */
const columnOf = (pointer) => placeOf(pointer.replace(/^\/\d+/, ""));

/**
 * Save the refused rows as a file: CSV for people, with line, fault and the record as it was sent.
 * @param {Refused[]} refused
 * @param {string} name
 */
export function saveRefused(refused, name) {
  const lines = refused.map((row) => [row.line ?? "", row.number + 1, row.errors.map((each) => `${columnOf(each.pointer)}: ${each.detail}`.replace(/^: /, "")).join("; "), row.raw ?? ""]);
  saveText(`${name} refused.csv`, `\ufeff${csv([["line", "row", "errors", "raw"], ...lines])}`, "text/csv");
}
