/** Editors of numbers: texts, so that no digit passes through a float; and stars. */
import { html, useLayoutEffect, useRef } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { isNumber } from "./numbers.js";
import { attributes, Clear, keys, Line } from "./parts.js";
import { float, Unreadable, whole } from "./text_forms.js";

/** @typedef {import("./parts.js").EditorProps} EditorProps */

/** @param {EditorProps} props */
export const Integer = (props) => html`<${Line} ...${props} kind="number" mode="numeric" write=${String} read=${whole.read} />`;

/** @param {EditorProps} props */
export const Float = (props) => html`<${Line} ...${props} kind="number" mode="decimal" write=${String} read=${float.read} />`;

/** @param {string} text */
function exact(text) {
  const trimmed = text.trim().replace(/\s*%$/, "");
  if (!isNumber(trimmed)) throw new Unreadable(t("editors.wantNumber"));
  return trimmed;
}

/** @param {EditorProps} props */
export const Decimal = (props) => html`<${Line} ...${props} kind="number" mode="decimal" write=${String} read=${exact} />`;

/** @param {EditorProps} props */
export const Percent = (props) => html`<${Line} ...${props} kind="number" mode="decimal" write=${String} read=${exact} after=${html`<span class="editor-unit" aria-hidden="true">%</span>`} />`;

/** @param {EditorProps} props */
export const Currency = (props) => html`<${Line} ...${props} kind="number" mode="decimal" write=${String} read=${exact}
  after=${props.field.currency && html`<span class="editor-unit" aria-hidden="true">${props.field.currency}</span>`} />`;

/** Stars: a group of radio buttons, so arrows change them; the digits do, too. @param {EditorProps} props */
export function Rating(props) {
  const { value, field, onChange, autofocus } = props;
  const group = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    const star = /** @type {HTMLElement | null | undefined} */ (group.current?.querySelector("input:checked") ?? group.current?.querySelector("input"));
    if (autofocus) star?.focus({ preventScroll: true });
    if (/^[0-9]$/.test(props.initial ?? "") && Number(props.initial) <= (field.max ?? 5)) onChange(Number(props.initial) || null, null);
  }, []);
  const stars = Array.from({ length: field.max ?? 5 }, (_, position) => position + 1);
  const given = value ?? 0;
  const press = (/** @type {KeyboardEvent} */ event) => {
    const digit = Number(event.key);
    if (/^[0-9]$/.test(event.key) && digit <= stars.length && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      onChange(digit || null, null);
    } else keys(props)(event);
  };
  const { id, spellcheck, autocomplete, ...said } = attributes(props);
  return html`<span class="editor-stars" ref=${group} role="radiogroup" ...${said} aria-label=${props.label ?? field.label ?? field.name} id=${id} onKeyDown=${press}>
    ${stars.map((star) => html`<label class=${star <= given ? "on" : ""} title=${t("editors.rating", { n: star, max: stars.length })}>
      <input type="radio" class="unseen" name=${`stars-${id ?? field.name}`} checked=${star === given} aria-label=${t("editors.rating", { n: star, max: stars.length })} onChange=${() => onChange(star, null)} />
      <span aria-hidden="true">★</span>
    </label>`)}
    <${Clear} ...${props} />
  </span>`;
}
