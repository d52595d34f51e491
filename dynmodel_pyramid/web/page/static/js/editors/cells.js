/** How values are shown: in the cells of a grid, in lists and in forms that can't be written. */
import { html } from "../../vendor/preact.js";
import { link } from "../core/router.js";
import { t } from "../core/texts.js";
import { farRow } from "./far_rows.js";
import { exactText, labelOf, plainText } from "./plain.js";
import { Icon } from "../kit/index.js";
import { userName } from "./users.js";

/**
 * @typedef {Object} CellProps
 * @property {any} value
 * @property {any} field its definition, with its name
 * @property {any} [row]
 * @property {boolean} [reachable] links are stops of the Tab key; not in a grid, whose keys are its own
 */

/** How many items of a list are shown. */
const ITEMS = 30;

/** Most types: one text. @param {CellProps} props */
export const Plain = ({ value, field }) => html`<span class="cell-text" title=${exactText(value, field)}>${plainText(value, field)}</span>`;

/** @param {CellProps} props */
export function Text({ value }) {
  if (value === "") return html`<span class="cell-mark" title=${t("editors.emptyText")}>“”<span class="unseen">${t("editors.emptyText")}</span></span>`;
  const line = String(value).slice(0, 500).replace(/\s*\n\s*/g, " ↵ ");
  if (!line.trim()) return html`<span class="cell-mark" title=${t("editors.blanks", { n: value.length })}>${"␣".repeat(Math.min(value.length, 20))}</span>`;
  return html`<span class="cell-text" title=${value.length > 24 ? value.slice(0, 2000) : undefined}>${line}</span>`;
}

/** @param {CellProps} props */
export const Exact = ({ value, field }) => html`<span class="cell-text mono" title=${exactText(value, field)}>${plainText(value, field)}</span>`;

/** @param {CellProps} props */
export const Truth = ({ value }) => html`<span class=${value ? "cell-check on" : "cell-check"} role="img" aria-label=${t(value ? "editors.true" : "editors.false")}>
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${value && html`<path d="M4 8.2l2.8 2.8L12 5.6" />`}</svg>
  </span>`;

/** @param {{ choice: string, field: any }} props */
export function Chip({ choice, field }) {
  const colour = field.choices?.find((/** @type {any} */ each) => each.key === choice)?.colour;
  const label = labelOf(choice, field);
  return html`<span class=${colour ? "chip coloured" : "chip"} style=${colour ? { "--chip": colour } : undefined} title=${label === choice ? undefined : choice}>${label}</span>`;
}

/** @param {CellProps} props */
export const Choice = ({ value, field }) => html`<${Chip} choice=${value} field=${field} />`;

/** @param {{ items: any[], each: (item: any) => any }} props */
function Items({ items, each }) {
  if (!items.length) return html`<span class="cell-mark" title=${t("editors.noItems")}>[]<span class="unseen">${t("editors.noItems")}</span></span>`;
  const more = items.length - ITEMS;
  return html`<span class="cell-items">${items.slice(0, ITEMS).map(each)}${more > 0 && html`<span class="muted">${t("editors.more", { n: more })}</span>`}</span>`;
}

/** @param {CellProps} props */
export const Choices = ({ value, field }) => html`<${Items} items=${value} each=${(/** @type {string} */ key) => html`<${Chip} choice=${key} field=${field} />`} />`;

/** @param {CellProps} props */
export const Tags = ({ value }) => html`<${Items} items=${value} each=${(/** @type {string} */ tag) => html`<span class="chip">${tag}</span>`} />`;

/** @param {{ table: number | null, id: number, reachable?: boolean }} props table null: it may not be seen */
export function FarLink({ table, id, reachable = false }) {
  const { state, text } = table === null ? { state: "missing", text: `#${id}` } : farRow(table, id).value;
  if (state === "missing") return html`<span class="muted" title=${t("editors.unseenRow")}>${text}</span>`;
  return html`<a class="far" href=${link(`/table/${table}/row/${id}/`)} tabindex=${reachable ? undefined : -1} title=${text}>${text}</a>`;
}

/** @param {CellProps} props */
export const Link = ({ value, field, reachable }) => html`<${FarLink} table=${field.table} id=${value} reachable=${reachable} />`;

/** @param {CellProps} props */
export function Links({ value, field, reachable }) {
  // A list is never null: without rows there is nothing to tell.
  if (!value.length) return null;
  return html`<${Items} items=${value} each=${(/** @type {number} */ id) => html`<span class="chip"><${FarLink} table=${field.table} id=${id} reachable=${reachable} /></span>`} />`;
}

const SCHEMES = { url: /^https?:\/\/[^\s]/i, email: /^[^\s@]+@[^\s@]+$/, phone: /^\+[0-9]+$/ };

/** A web page, an e-mail address or a telephone number: a link, if its scheme is one of a few. @param {CellProps} props */
export function Address({ value, field, reachable }) {
  const type = /** @type {keyof typeof SCHEMES} */ (field.type);
  if (!SCHEMES[type]?.test(value)) return html`<${Text} value=${value} field=${field} />`;
  const href = { url: value, email: `mailto:${encodeURIComponent(value).replace("%40", "@")}`, phone: `tel:${value}` }[type];
  const shown = type === "url" ? value.replace(/^https?:\/\//i, "").replace(/\/$/, "") : value;
  return html`<a class="far cell-text" href=${href} title=${value} tabindex=${reachable ? undefined : -1} target=${type === "url" ? "_blank" : undefined} rel="noopener noreferrer">${shown}</a>`;
}

/** @param {CellProps} props */
export const Stars = ({ value, field }) => html`<span class="cell-stars" role="img" aria-label=${plainText(value, field)} title=${plainText(value, field)}>
    <span aria-hidden="true">${"★".repeat(value)}<span class="off">${"★".repeat(Math.max(0, (field.max ?? value) - value))}</span></span>
  </span>`;

/** @param {CellProps} props */
export const Colour = ({ value }) => html`<span class="cell-colour"><span class="swatch" style=${{ "--swatch": value }}></span><span class="mono">${value}</span></span>`;

/** @param {CellProps} props */
export function User({ value }) {
  const name = userName(value).value;
  return html`<span class="cell-user" title=${value}><${Icon} name="user" size=${14} /><span class="cut">${name}</span></span>`;
}
