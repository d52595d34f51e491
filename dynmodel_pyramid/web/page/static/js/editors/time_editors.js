/** Editors of days, times and points in time: the browser's own inputs, which every person's language and keys fit. */
import { html, useLayoutEffect, useRef } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { readDuration, showDuration } from "./durations.js";
import { attributes, Clear, defaultText, keys, Line, useFocus } from "./parts.js";
import { Unreadable, trimmed } from "./text_forms.js";
import { fromLocal, isFine, offset, readMoment, timeZone, toLocal } from "./times.js";

/** @typedef {import("./parts.js").EditorProps} EditorProps */

/**
 * One of the browser's inputs. While a part of it is missing its value is empty: that is no null, but not yet a value.
 * @param {EditorProps & { type: string, text: string, onText: (text: string) => void, rest?: Record<string, any> }} props
 */
function Native({ type, text, onText, rest, ...props }) {
  const control = useFocus(props);
  // What the input holds: it must not be drawn anew while its parts are being typed.
  const held = useRef(text);
  useLayoutEffect(() => {
    if (whole(text) !== whole(held.current)) control.current.value = held.current = text;
  });
  const input = (/** @type {any} */ { target }) => {
    held.current = target.value;
    if (target.value) onText(target.value);
    else props.onChange(target.validity.badInput ? props.value : null, target.validity.badInput ? t("editors.wantWhole") : null);
  };
  return html`<input ...${attributes(props)} ref=${control} class="input tabular" type=${type} defaultValue=${text} onInput=${input} onKeyDown=${keys(props)} ...${rest} />`;
}

/** Browsers leave out seconds that are zero. @param {string} text */
const whole = (text) => (/\d\d:\d\d$/.test(text) && !/:\d\d:\d\d$/.test(text) ? `${text}:00` : text);

/** @param {EditorProps} props */
export const Day = (props) => html`<span class="editor-line">
    <${Native} ...${props} type="date" text=${props.value ?? ""} onText=${(/** @type {string} */ text) => props.onChange(text, null)}
      rest=${{ min: props.field.min ?? "0001-01-01", max: props.field.max ?? "9999-12-31" }} />
    <${Clear} ...${props} />
  </span>`;

/** Finer times than browsers know are written as texts, so that no digit is lost. @param {EditorProps} props */
export function Time(props) {
  const text = props.value ?? "";
  if (isFine(text)) return html`<${Line} ...${props} kind="mono" write=${String} read=${trimmed.read} />`;
  return html`<span class="editor-line">
    <${Native} ...${props} type="time" text=${text.slice(0, 12)} onText=${(/** @type {string} */ given) => props.onChange(given.length === 5 ? `${given}:00` : given, null)}
      rest=${{ step: text.includes(".") ? "0.001" : "1" }} />
    <${Clear} ...${props} />
  </span>`;
}

/** @param {string} text */
function momentOf(text) {
  if (!/^\d{4}-?\d/.test(text.trim())) throw new Unreadable(t("editors.wantMoment"));
  return text.trim();
}

/** A point in time, written in the person's own time zone, whose name stands beside it. @param {EditorProps} props */
export function Moment(props) {
  const { value, onChange } = props;
  if (isFine(value ?? "")) return html`<${Line} ...${props} kind="mono" write=${String} read=${momentOf} />`;
  const date = readMoment(value ?? "");
  const change = (/** @type {string} */ text) => {
    const read = fromLocal(text);
    if (read) onChange(read.value, read.skipped ? t("editors.wantSkipped", { zone: timeZone }) : null);
  };
  return html`<span class="editor-line">
    <${Native} ...${props} type="datetime-local" text=${date ? toLocal(date) : ""} onText=${change}
      rest=${{ step: date?.getMilliseconds() ? "0.001" : "1", min: "0001-01-01T00:00:00", max: "9999-12-31T23:59:59" }} />
    <${Clear} ...${props} />
    <span class="editor-unit" title=${value ? `${timeZone} · ${value}` : timeZone}>${offset(date ?? new Date())}</span>
  </span>`;
}

/** @param {string} text */
function spanOf(text) {
  const read = readDuration(text);
  if (read === null) throw new Unreadable(t("editors.wantDuration"));
  return read;
}

/** @param {EditorProps} props */
export const Duration = (props) => html`<${Line} ...${props} write=${showDuration} read=${spanOf} placeholder=${defaultText(props.field, props.value) ?? t("editors.durationExample")} />`;

