/** Editors of texts: one line, several lines, and texts of one form. */
import { html, useRef } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { attributes, defaultText, keys, useFocus, Line } from "./parts.js";
import { trimmed } from "./text_forms.js";

/** @typedef {import("./parts.js").EditorProps} EditorProps */

/**
 * Texts whose empty text is a value, too. An emptied box means no value, where the field takes none; a button in the
 * empty box says which of the two it is, and changes it.
 * @param {EditorProps & { control: any }} props
 */
function WithEmpty({ control, ...props }) {
  const { value, field, onChange } = props;
  const isEmpty = value === "" || value === null;
  return html`<span class="editor-text">
    ${control}
    ${isEmpty && !field.required && html`<button type="button" class="editor-empty" tabindex=${props.onCommit ? -1 : undefined} title=${t(value === null ? "editors.makeEmpty" : "editors.makeNull")}
      onClick=${() => onChange(value === null ? "" : null, null)}>${t(value === null ? "editors.null" : "editors.emptyText")}</button>`}
  </span>`;
}

/** @param {EditorProps} props @param {string} text */
function change({ field, onChange }, text) {
  onChange(text === "" && !field.required ? null : text, null);
}

/** @param {EditorProps} props */
export function ShortText(props) {
  const control = useFocus(props);
  const text = useBegun(props);
  const { field, value } = props;
  const input = html`<input ...${attributes(props)} spellcheck ref=${control} class="input" type="text" value=${text} placeholder=${defaultText(field, value)}
    onInput=${(/** @type {any} */ event) => change(props, event.target.value)} onKeyDown=${keys(props)} />`;
  return html`<${WithEmpty} ...${props} control=${input} />`;
}

/** @param {EditorProps} props */
export function LongText(props) {
  const control = useFocus(props);
  const text = useBegun(props);
  const { field, value } = props;
  const input = html`<textarea ...${attributes(props)} spellcheck ref=${control} class="input editor-long" rows="3" value=${text} placeholder=${defaultText(field, value)}
    onInput=${(/** @type {any} */ event) => change(props, event.target.value)} onKeyDown=${keys(props)}></textarea>`;
  return html`<${WithEmpty} ...${props} control=${input} />`;
}

/**
 * The text of the control: what was typed to begin with, until the value has it.
 * @param {EditorProps} props
 * @returns {string}
 */
function useBegun(props) {
  const begun = useRef(props.initial === undefined);
  if (begun.current) return props.value ?? "";
  begun.current = true;
  queueMicrotask(() => change(props, props.initial ?? ""));
  return props.initial ?? "";
}

/**
 * Texts of one form, which the service judges: blanks around are no part of them.
 * @param {string} type of the input
 * @param {string} [mode] of the keyboard on a screen
 */
const formed = (type, mode, kind = "") => (/** @type {EditorProps} */ props) => html`<${Line} ...${props} type=${type} mode=${mode} kind=${kind} write=${String} read=${trimmed.read} />`;

export const Email = formed("email");
export const Phone = formed("tel");
export const Url = formed("text", "url");
export const Word = formed("text");
export const Mono = formed("text", undefined, "mono");

/** A UUID: mostly another system's, but a new one is at hand. @param {EditorProps} props */
export function Uuid(props) {
  const give = () => props.onChange(randomUuid(), null);
  const button = html`<button type="button" class="button small quiet" tabindex=${props.onCommit ? -1 : undefined} onClick=${give}>${t("editors.newUuid")}</button>`;
  return html`<${Line} ...${props} kind="mono" write=${String} read=${trimmed.read} after=${button} />`;
}

/** RFC 9562, 5.4. `crypto.randomUUID` is there on safe origins only. */
function randomUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A colour: by its digits, and by the browser's own palette. @param {EditorProps} props */
export function Colour(props) {
  const { value, onChange } = props;
  const palette = html`<input type="color" class=${value ? "editor-palette" : "editor-palette none"} aria-label=${t("editors.palette")} tabindex=${props.onCommit ? -1 : undefined} value=${(value ?? "#000000").slice(0, 7)}
    onInput=${(/** @type {any} */ event) => onChange(event.target.value + (value ?? "").slice(7), null)} />`;
  return html`<${Line} ...${props} kind="mono" write=${String} read=${trimmed.read} before=${palette} placeholder=${defaultText(props.field, value) ?? (props.field.alpha ? "#rrggbbaa" : "#rrggbb")} />`;
}
