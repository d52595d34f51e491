/** Fields of forms: a label, help and a fault around one input. */
import { createContext, html, useContext, useEffect, useId, useRef, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { IconButton } from "./button.js";
import { Icon } from "./icon.js";

const Labelled = createContext(/** @type {{ id?: string, describedBy?: string, invalid?: boolean, required?: boolean }} */ ({}));

/**
 * A label, help and a fault; the input inside (one of this module, or Combo) gets the ids and ARIA attributes by itself.
 * @param {{ label: any, help?: any, error?: any, required?: boolean, hideLabel?: boolean, children?: any, class?: string }} props
 */
export function Field({ label, help, error, required, hideLabel, children, class: also = "" }) {
  const id = useId();
  const said = [help && `${id}-help`, error && `${id}-fault`].filter(Boolean).join(" ");
  return html`<div class=${`field ${also}`}>
    <label for=${id} class=${`${hideLabel ? "unseen" : ""} ${required ? "needed" : ""}`}>${label}</label>
    <${Labelled.Provider} value=${{ id, describedBy: said || undefined, invalid: Boolean(error), required }}>${children}</${Labelled.Provider}>
    ${help && html`<div class="help" id=${`${id}-help`}>${help}</div>`}
    ${error && html`<div class="fault" id=${`${id}-fault`}><${Icon} name="warning" /><span>${error}</span></div>`}
  </div>`;
}

/** The attributes that the field around it gives an input. */
export function useLabelled() {
  const { id, describedBy, invalid, required } = useContext(Labelled);
  return { id, "aria-describedby": describedBy, "aria-invalid": invalid ? "true" : undefined, "aria-required": required ? "true" : undefined };
}

/** @param {boolean | undefined} wanted */
function useAutofocus(wanted) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (wanted) input.current?.focus();
  }, []);
  return input;
}

/**
 * @param {{ value: string | null | undefined, onInput: (value: string) => void, type?: string, autofocus?: boolean, class?: string, [attribute: string]: any }} props
 */
export function TextInput({ value, onInput, type = "text", autofocus, class: also = "", ...rest }) {
  const input = useAutofocus(autofocus);
  return html`<input class=${`input ${also}`} type=${type} value=${value ?? ""} ref=${input} autocomplete="off" spellcheck=${false} ...${useLabelled()}
    onInput=${(/** @type {any} */ event) => onInput(event.target.value)} ...${rest} />`;
}

/** @param {{ value: string | null | undefined, onInput: (value: string) => void, rows?: number, autofocus?: boolean, [attribute: string]: any }} props */
export function TextArea({ value, onInput, rows = 3, autofocus, class: also = "", ...rest }) {
  const input = useAutofocus(autofocus);
  return html`<textarea class=${`input ${also}`} rows=${rows} ref=${input} ...${useLabelled()} value=${value ?? ""}
    onInput=${(/** @type {any} */ event) => onInput(event.target.value)} ...${rest}></textarea>`;
}

/**
 * A number as text, so that no digit is lost while it is typed: onInput gets null for an empty field, and undefined for
 * what is no number.
 * @param {{ value: number | null | undefined, onInput: (value: number | null | undefined) => void, [attribute: string]: any }} props
 */
export function NumberInput({ value, onInput, ...rest }) {
  const [text, setText] = useState(value === null || value === undefined ? "" : String(value));
  const sent = useRef(value);
  useEffect(() => {
    if (value !== sent.current && !(value === undefined)) setText(value === null ? "" : String(value));
    sent.current = value;
  }, [value]);
  return html`<${TextInput} inputmode="decimal" class="number" value=${text} ...${rest} onInput=${(/** @type {string} */ typed) => {
    setText(typed);
    const trimmed = typed.trim();
    const parsed = trimmed === "" ? null : /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(trimmed) ? Number(trimmed) : undefined;
    sent.current = parsed;
    onInput(parsed);
  }} />`;
}

/**
 * @param {{ value: string, onChange: (value: string) => void, options: (string | { value: string, label: string, disabled?: boolean })[], [attribute: string]: any }} props
 */
export function Select({ value, onChange, options, class: also = "", ...rest }) {
  return html`<select class=${`input ${also}`} value=${value} ...${useLabelled()} onChange=${(/** @type {any} */ event) => onChange(event.target.value)} ...${rest}>
    ${options.map((each) => {
      const option = typeof each === "string" ? { value: each, label: each } : each;
      return html`<option key=${option.value} value=${option.value} disabled=${/** @type {any} */ (option).disabled} selected=${option.value === value}>${option.label}</option>`;
    })}
  </select>`;
}

/** @param {{ checked: boolean, onChange: (checked: boolean) => void, label: any, help?: any, hideLabel?: boolean, indeterminate?: boolean, [attribute: string]: any }} props */
export function CheckBox({ checked, onChange, label, help, hideLabel, indeterminate, ...rest }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (input.current) input.current.indeterminate = Boolean(indeterminate);
  });
  return html`<label class="check"><input type="checkbox" ref=${input} checked=${checked} onChange=${(/** @type {any} */ event) => onChange(event.target.checked)} ...${rest} />
    <span class=${hideLabel ? "unseen" : ""}>${label}${help && html`<span class="help">${help}</span>`}</span></label>`;
}

/**
 * One of a few.
 * @param {{ legend: any, value: string, onChange: (value: string) => void, options: { value: string, label: any, help?: any }[], hideLegend?: boolean }} props
 */
export function Radios({ legend, value, onChange, options, hideLegend }) {
  const name = useId();
  return html`<fieldset class="field"><legend class=${hideLegend ? "unseen" : ""}>${legend}</legend>
    ${options.map((each) => html`<label key=${each.value} class="check radio"><input type="radio" name=${name} value=${each.value} checked=${each.value === value}
      onChange=${() => onChange(each.value)} /><span>${each.label}${each.help && html`<span class="help">${each.help}</span>`}</span></label>`)}
  </fieldset>`;
}

/** @param {{ value: string, onInput: (value: string) => void, label: string, hint?: any, [attribute: string]: any }} props */
export function SearchInput({ value, onInput, label, hint, ...rest }) {
  return html`<span class="search"><${Icon} name="search" />
    <input class="input" type="search" value=${value} aria-label=${label} placeholder=${label} autocomplete="off" spellcheck=${false}
      onInput=${(/** @type {any} */ event) => onInput(event.target.value)} ...${rest} />${hint && !value && html`<span class="hint">${hint}</span>`}</span>`;
}

/** A password, which can be shown. @param {{ value: string, onInput: (value: string) => void, [attribute: string]: any }} props */
export function PasswordInput({ value, onInput, ...rest }) {
  const [shown, setShown] = useState(false);
  return html`<span class="row password"><${TextInput} class="grow" type=${shown ? "text" : "password"} value=${value} onInput=${onInput} ...${rest} />
    <${IconButton} icon=${shown ? "eyeOff" : "eye"} label=${shown ? t("kit.hidePassword") : t("kit.showPassword")} onClick=${() => setShown(!shown)} /></span>`;
}
