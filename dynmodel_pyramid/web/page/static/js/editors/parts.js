/** What all editors have in common: their props, their keys, and a text that is being written. */
import { html, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { useLabelled } from "../kit/index.js";
import { Unreadable } from "./text_forms.js";

/**
 * @typedef {Object} EditorProps
 * @property {any} value JSON; null: there is none; undefined: none is sent, so that the field takes its default
 * @property {any} field its definition, with its name
 * @property {(value: any, fault?: string | null) => void} onChange a fault: what is written is no value, and can't be sent
 * @property {() => void} [onCommit] of the Enter key; a grid gives it, a form doesn't
 * @property {() => void} [onCancel] of the Escape key
 * @property {string | null} [error] what the service says of the value
 * @property {boolean} [autofocus]
 * @property {string} [id] of the control, for its label
 * @property {string} [label] the control's name where no label stands beside it
 * @property {string} [describedBy] ids of help and error
 * @property {boolean} [bare] a part of another editor, which has the button that clears
 * @property {string} [initial] a text that was typed to begin with, instead of the value
 */

/**
 * The attributes of an editor's main control: its own name, or the label, help and fault of the kit's Field around it.
 * @param {EditorProps} props
 */
export function attributes({ id, label, describedBy, error, field }) {
  const around = useLabelled();
  return {
    id: id ?? (label ? undefined : around.id),
    "aria-label": label,
    "aria-describedby": describedBy ?? around["aria-describedby"],
    "aria-invalid": error ? "true" : around["aria-invalid"],
    "aria-required": field.required ? "true" : around["aria-required"],
    autocomplete: "off",
    spellcheck: false,
  };
}

/**
 * Enter and Escape of a grid's editor. A text of several lines has Shift and Enter for a new one.
 * @param {EditorProps} props
 * @returns {(event: KeyboardEvent) => void}
 */
export const keys = ({ onCommit, onCancel }) => (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  if (event.key === "Enter" && onCommit && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    onCommit();
  } else if (event.key === "Escape" && onCancel) {
    event.preventDefault();
    onCancel();
  }
};

/**
 * Focus the control that an editor opens with. The text is marked, so that typing replaces it, unless typing opened it.
 * @param {EditorProps} props
 * @returns {{ current: any }}
 */
export function useFocus({ autofocus, initial }) {
  const control = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => {
    if (!autofocus || !control.current) return;
    control.current.focus({ preventScroll: true });
    if (control.current instanceof HTMLInputElement && /^(text|email|tel|url)$/.test(control.current.type)) {
      if (initial === undefined) control.current.select();
      else control.current.setSelectionRange(initial.length, initial.length);
    }
  }, []);
  return control;
}

/**
 * The text of a value while it is being written. It is drawn anew when the value comes from elsewhere.
 * @param {EditorProps} props
 * @param {(value: any) => string} write the text of a value that is not null
 * @param {(text: string) => any} read the value of a text that is not empty; throws Unreadable
 * @returns {[string, (text: string) => void]}
 */
export function useDraft({ value, onChange, initial }, write, read) {
  const sent = useRef(value);
  const [draft, setDraft] = useState(() => initial ?? (value === null || value === undefined ? "" : write(value)));
  const typed = useRef(initial === undefined);
  let text = draft;
  if (sent.current !== value) {
    sent.current = value;
    text = value === null || value === undefined ? "" : write(value);
    setDraft(text);
  }
  const change = (/** @type {string} */ next) => {
    setDraft(next);
    try {
      sent.current = next.trim() === "" ? null : read(next);
      onChange(sent.current, null);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      onChange(value, error.message);
    }
  };
  useLayoutEffect(() => {
    if (!typed.current) change(draft);
    typed.current = true;
  }, []);
  return [text, change];
}

/**
 * A line of text for a value that texts stand for.
 * @param {EditorProps & { write: (value: any) => string, read: (text: string) => any, type?: string, mode?: string, kind?: string, placeholder?: string, before?: any, after?: any }} props
 */
export function Line({ write, read, type = "text", mode, kind = "", placeholder, before, after, ...props }) {
  const [text, change] = useDraft(props, write, read);
  const control = useFocus(props);
  return html`<span class=${`editor-line ${kind}`}>
    ${before}
    <input ...${attributes(props)} ref=${control} class=${`input ${kind}`} type=${type} inputmode=${mode} value=${text}
      placeholder=${placeholder ?? defaultText(props.field, props.value)} onInput=${(/** @type {any} */ event) => change(event.target.value)} onKeyDown=${keys(props)} />
    ${after}
  </span>`;
}

const EXPRESSIONS = { now: "editors.defaultNow", today: "editors.defaultToday", uuid: "editors.defaultUuid" };

/**
 * What stands in an empty control of a new row: the default that the value will take.
 * @param {any} field
 * @param {any} value
 */
export function defaultText(field, value) {
  if (value !== undefined) return undefined;
  if (field.default_expression) return t(EXPRESSIONS[/** @type {"now" | "today" | "uuid"} */ (field.default_expression)]);
  const { default: given } = field;
  if (given === null || given === undefined) return undefined;
  return t("editors.defaultValue", { value: typeof given === "object" ? JSON.stringify(given) : String(given) });
}

/**
 * Empty a control: there is no value. Only where none may be.
 * @param {EditorProps & { name?: string }} props
 */
export function Clear({ value, field, onChange, name, bare }) {
  if (bare || value === null || value === undefined || field.required) return null;
  return html`<button type="button" class="editor-clear" title=${t("editors.clear")} aria-label=${t("editors.clearField", { name: name ?? field.label ?? field.name })}
    onClick=${() => onChange(null, null)}><svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M4.5 4.5l7 7M11.5 4.5l-7 7" /></svg></button>`;
}
