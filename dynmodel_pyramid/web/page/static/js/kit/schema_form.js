/**
 * A form made of a JSON Schema: of the options of field types, those of plugins included.
 *
 *     html`<${SchemaForm} schema=${type.options} value=${options} onChange=${setOptions} errors=${faults} />`
 *
 * `value` is an object; members that have their defaults are left out of what onChange gets. `errors` are the service's
 * faults with pointers from this object on ("/choices/0/key"); those of the form's own appear when an input is left.
 * `formats` are components for formats of strings and numbers that need more than a text field: { table: TablePicker }
 * with the props { value, onChange, schema, label, placeholder }, which stand within a Field.
 */
import { html, useId, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import "../texts/en/schema_form.js";
import { Button, IconButton } from "./button.js";
import { CheckBox, Field, NumberInput, Select, TextArea, TextInput, useLabelled } from "./field.js";
import { choicesOf, faultsOf, isColour, kindOf, labelOf, plain, said, sentence, shortFormOf, typesOf, under, withMember } from "./schema.js";

/** @typedef {import("./schema.js").Schema} Schema @typedef {import("./schema.js").Fault} Fault */

/**
 * @param {{ schema: Schema, value: Record<string, any>, onChange: (value: Record<string, any>) => void, errors?: Fault[],
 *   formats?: Record<string, any>, disabled?: boolean }} props
 */
export function SchemaForm({ schema, value, onChange, errors = [], formats = {}, disabled }) {
  const names = Object.keys(schema.properties ?? {});
  const rest = errors.filter((each) => !names.some((name) => under([each], name).length));
  return html`<div class="schema-form">
    ${rest.length > 0 && html`<p class="fault" role="alert">${said(rest)}</p>`}
    ${names.map((name) => html`<${Member} key=${name} name=${name} schema=${schema.properties[name]} required=${schema.required?.includes(name)}
      value=${value[name]} errors=${under(errors, name)} formats=${formats} disabled=${disabled}
      onChange=${(/** @type {any} */ changed) => onChange(withMember(schema, value, name, changed))} />`)}
  </div>`;
}

/** The words of a fault that a form found itself. @param {Fault} fault */
export const own = (fault) => t(`schema_form.${fault.code}`, fault);

/**
 * @param {{ name: string, schema: Schema, required?: boolean, value: any, errors: Fault[], formats: Record<string, any>, disabled?: boolean,
 *   onChange: (value: any) => void }} props
 */
function Member({ name, schema: given, required, value, errors, formats, disabled, onChange }) {
  const [isLeft, setIsLeft] = useState(false);
  const schema = plain(given), kind = kindOf(given), label = labelOf(name, schema), help = sentence(given.description);
  const fallback = given.default ?? schema.default;
  const inner = isLeft && kind !== "rows" && kind !== "list" ? faultsOf(given, value).map(own).join("; ") : "";
  const error = said(kind === "rows" || kind === "list" || kind === "object" ? errors.filter((each) => !each.pointer) : errors) || inner || undefined;
  const shared = { schema, value, label, errors, fallback, formats, disabled, onChange, required };
  if (kind === "boolean") {
    return html`<div class="field"><${CheckBox} checked=${value ?? fallback ?? false} label=${label} help=${help} disabled=${disabled}
      onChange=${onChange} aria-invalid=${error ? "true" : undefined} />${error && html`<div class="fault">${error}</div>`}</div>`;
  }
  if (kind === "object") {
    return html`<fieldset class="field group"><legend>${label}</legend>${help && html`<div class="help">${help}</div>`}
      ${error && html`<div class="fault">${error}</div>`}
      <${SchemaForm} schema=${schema} value=${value ?? {}} errors=${errors.filter((each) => each.pointer)} formats=${formats} disabled=${disabled}
        onChange=${(/** @type {any} */ changed) => onChange(Object.keys(changed).length || required ? changed : undefined)} /></fieldset>`;
  }
  if (kind === "rows" || kind === "list" || kind === "choices") {
    const Editor = { rows: Rows, list: List, choices: Choices }[kind];
    return html`<fieldset class="field group"><legend>${label}${required && html`<span class="needed" aria-hidden="true"> *</span>`}</legend>
      ${help && html`<div class="help">${help}</div>`}<${Editor} ...${shared} />${error && html`<div class="fault" role="alert">${error}</div>`}</fieldset>`;
  }
  return html`<div onFocusOut=${() => setTimeout(() => setIsLeft(true), 250) /* a fault that appears at once moves the button that is being clicked */}><${Field} label=${label} help=${help} error=${error} required=${required}><${Scalar} ...${shared} /></${Field}></div>`;
}

/** What an empty input shows: the default. @param {any} fallback */
const shown = (fallback) => (fallback === undefined || fallback === null ? "" : t("schema_form.byDefault", { value: typeof fallback === "string" ? fallback : JSON.stringify(fallback) }));

/** @param {{ schema: Schema, value: any, label: string, fallback?: any, formats: Record<string, any>, disabled?: boolean, required?: boolean, onChange: (value: any) => void, [attribute: string]: any }} props */
function Scalar({ schema, value, label, fallback, formats, disabled, required, onChange, errors: _, ...rest }) {
  const kind = kindOf(schema), placeholder = shown(fallback);
  const Special = schema.format && formats[schema.format];
  if (Special) return html`<${Special} value=${value} onChange=${onChange} schema=${schema} label=${label} placeholder=${placeholder} disabled=${disabled} />`;
  if (kind === "choice") {
    const choices = choicesOf(schema) ?? [], at = choices.findIndex((each) => each.value === value);
    const none = required && fallback === undefined ? [] : [{ value: "", label: placeholder || t("schema_form.none") }];
    return html`<${Select} value=${at < 0 ? "" : String(at)} disabled=${disabled} ...${rest} onChange=${(/** @type {string} */ n) => onChange(n === "" ? undefined : choices[Number(n)].value)}
      options=${[...(required && fallback === undefined && at < 0 ? [{ value: "", label: t("schema_form.choose") }] : none), ...choices.map((each, i) => ({ value: String(i), label: each.label }))]} />`;
  }
  if (kind === "number") {
    return html`<${NumberInput} value=${Number.isNaN(value) ? undefined : value ?? null} placeholder=${placeholder} disabled=${disabled} ...${rest}
      onInput=${(/** @type {any} */ typed) => onChange(typed === null ? undefined : typed === undefined ? NaN : typed)} />`;
  }
  if (kind === "boolean") return html`<${CheckBox} checked=${value ?? fallback ?? false} label=${label} hideLabel disabled=${disabled} onChange=${onChange} />`;
  if (kind === "json") return html`<${Json} value=${value} placeholder=${placeholder} disabled=${disabled} onChange=${onChange} />`;
  if (kind === "colour") return html`<${Colour} value=${value} label=${label} disabled=${disabled} onChange=${onChange} />`;
  const takesNumbers = typesOf(schema).some((each) => each === "integer" || each === "number");
  const read = (/** @type {string} */ text) => (text === "" && !required ? undefined : takesNumbers && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  return html`<${TextInput} value=${value === undefined || value === null ? "" : String(value)} placeholder=${placeholder} disabled=${disabled}
    class=${schema.pattern || /pattern|regex/.test(label.toLowerCase()) ? "mono" : ""} ...${rest} onInput=${(/** @type {string} */ text) => onChange(read(text))} />`;
}

/** @param {{ value: any, label: string, disabled?: boolean, onChange: (value: any) => void }} props */
export function Colour({ value, label, disabled, onChange }) {
  const labelled = useLabelled();
  if (!value) return html`<${Button} small kind="quiet" icon="palette" disabled=${disabled} aria-label=${`${label}: ${t("schema_form.none")}`} onClick=${() => onChange(SWATCHES[Math.floor(Math.random() * SWATCHES.length)])}>${t("schema_form.none")}</${Button}>`;
  return html`<span class="row colour"><input type="color" ...${labelled} value=${value.slice(0, 7)} aria-label=${labelled.id ? undefined : label} disabled=${disabled}
      onInput=${(/** @type {any} */ event) => onChange(event.target.value)} />
    <${IconButton} small icon="close" label=${t("schema_form.noColour", { label })} disabled=${disabled} onClick=${() => onChange(undefined)} /></span>`;
}
const SWATCHES = ["#2563eb", "#0891b2", "#16a34a", "#ca8a04", "#ea580c", "#dc2626", "#db2777", "#7c3aed", "#64748b"];

/** JSON as text, for what no form is made of. @param {{ value: any, placeholder?: string, disabled?: boolean, onChange: (value: any) => void }} props */
function Json({ value, placeholder, disabled, onChange }) {
  const [text, setText] = useState(value === undefined || value === null ? "" : JSON.stringify(value, null, 2));
  const [fault, setFault] = useState("");
  const id = useId();
  return html`<${TextArea} class="mono" rows=${5} value=${text} placeholder=${placeholder} disabled=${disabled} aria-describedby=${fault ? id : undefined} onInput=${(/** @type {string} */ typed) => {
    setText(typed);
    if (!typed.trim()) { setFault(""); onChange(undefined); return; }
    try {
      const parsed = JSON.parse(typed);
      setFault("");
      onChange(parsed);
    } catch (error) {
      onChange(typed); // no JSON: the service refuses the text
      setFault(t("schema_form.notJson", { detail: /** @type {Error} */ (error).message }));
    }
  }} />${fault && html`<div class="fault" id=${id}>${fault}</div>`}`;
}

/** Any number of the values of a list that is given. @param {any} props */
function Choices({ schema, value, fallback, disabled, onChange }) {
  const chosen = value ?? fallback ?? [];
  return html`<div class="row">${(choicesOf(plain(schema.items)) ?? []).map((each) => html`<${CheckBox} key=${each.label} label=${each.label} checked=${chosen.includes(each.value)} disabled=${disabled}
    onChange=${(/** @type {boolean} */ checked) => onChange(checked ? [...chosen, each.value] : chosen.filter((/** @type {any} */ other) => other !== each.value))} />`)}</div>`;
}

/** A list of texts or numbers. @param {any} props */
function List(props) {
  const items = plain(props.schema.items);
  const toItem = typesOf(items)[0] === "string" ? (/** @type {string} */ text) => text : (/** @type {string} */ text) => Number(text);
  return html`<${Lines} ...${props} items=${props.value ?? props.fallback ?? []} isDefault=${props.value === undefined} empty=${typesOf(items)[0] === "string" ? "" : null} toItem=${toItem}
    columns=${[{ name: null, schema: items, label: props.label }]} />`;
}

/** A list of objects, one a line. @param {any} props */
function Rows(props) {
  const short = shortFormOf(plain(props.schema.items));
  const object = short?.object ?? plain(props.schema.items);
  const first = short?.member ?? Object.keys(object.properties)[0];
  const items = (props.value ?? props.fallback ?? []).map((/** @type {any} */ each) => (typeof each === "object" && each ? each : { [first]: each }));
  return html`<${Lines} ...${props} items=${items} isDefault=${props.value === undefined} empty=${{ [first]: "" }} toItem=${(/** @type {string} */ text) => ({ [first]: text })}
    columns=${Object.entries(object.properties).map(([name, schema]) => ({ name, schema: plain(schema), label: labelOf(name, schema), required: object.required?.includes(name) }))} />`;
}

/**
 * Lines of inputs. Enter adds a line, Backspace in an empty one removes it, Alt with an arrow moves it; several pasted
 * lines become several items.
 * @param {any} props
 */
function Lines({ items, columns, empty, toItem, schema, errors, formats, disabled, onChange, label }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const wanted = useRef(/** @type {number | null} */ (null));
  useLayoutEffect(() => { // at once: what is typed next goes there
    if (wanted.current === null) return;
    /** @type {HTMLElement | null | undefined} */ (place.current?.querySelectorAll(".line")[wanted.current]?.querySelector("input, select"))?.focus();
    wanted.current = null;
  });
  // There may be a thousand lines: only those that change are drawn anew, and what they call sees the list of the moment.
  const now = useRef({ items, onChange });
  now.current = { items, onChange };
  const drawn = useRef(/** @type {{ of: any[], line: any }[]} */ ([]));
  /** @param {any[]} changed @param {number} [focus] */
  const send = (changed, focus) => {
    if (focus !== undefined) wanted.current = focus;
    now.current.onChange(changed.length ? changed : undefined);
  };
  const isFull = schema.maxItems !== undefined && items.length >= schema.maxItems;
  const add = (/** @type {number} */ at) => {
    const before = now.current.items;
    if (!(before.length >= (schema.maxItems ?? Infinity))) send([...before.slice(0, at), empty, ...before.slice(at)], at);
  };
  const remove = (/** @type {number} */ at) => send(now.current.items.filter((/** @type {any} */ _, /** @type {number} */ i) => i !== at), Math.max(0, at - 1));
  const move = (/** @type {number} */ at, /** @type {number} */ to) => {
    const changed = [...now.current.items];
    if (to < 0 || to >= changed.length) return;
    changed.splice(to, 0, ...changed.splice(at, 1));
    send(changed, to);
  };
  const set = (/** @type {number} */ at, /** @type {any} */ column, /** @type {any} */ value) => {
    const before = now.current.items;
    const changed = column.name === null ? value ?? empty : value === undefined && !column.required ? without(before[at], column.name) : { ...before[at], [column.name]: value ?? "" };
    send(before.map((/** @type {any} */ each, /** @type {number} */ i) => (i === at ? changed : each)));
  };
  /** @param {KeyboardEvent} event @param {number} at */
  const onKeyDown = (event, at) => {
    const input = event.target instanceof HTMLInputElement && event.target.type === "text" ? event.target : null;
    if (event.key === "Enter" && input) { event.preventDefault(); event.stopPropagation(); add(at + 1); }
    else if (event.key === "Backspace" && input && !input.value && input.closest(".cell") === input.closest(".line")?.querySelector(".cell")) { event.preventDefault(); remove(at); }
    else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) { event.preventDefault(); move(at, at + (event.key === "ArrowUp" ? -1 : 1)); }
  };
  /** @param {ClipboardEvent} event @param {number} at */
  const onPaste = (event, at) => {
    const texts = (event.clipboardData?.getData("text/plain") ?? "").split(/\r?\n/).map((each) => each.trim()).filter(Boolean);
    if (texts.length < 2) return;
    event.preventDefault();
    const before = now.current.items;
    const known = before.slice(0, at + 1).filter((/** @type {any} */ each) => JSON.stringify(each) !== JSON.stringify(empty));
    send([...known, ...texts.map(toItem), ...before.slice(at + 1)].slice(0, schema.maxItems), known.length + texts.length - 1);
  };
  /** @param {any} item @param {number} at */
  const lineOf = (item, at) => {
    const faults = errors.length ? under(errors, at) : [], wrong = said(faults.filter((/** @type {Fault} */ each) => columns.length === 1 || !each.pointer));
    const of = [typeof item === "object" ? JSON.stringify(item) : item, at === items.length - 1, faults.length ? errors : null, disabled, schema];
    if (drawn.current[at]?.of.every((each, n) => each === of[n])) return drawn.current[at].line;
    const line = html`<div class="line" key=${at} onKeyDown=${(/** @type {KeyboardEvent} */ event) => onKeyDown(event, at)} onPaste=${(/** @type {ClipboardEvent} */ event) => onPaste(event, at)}>
        ${columns.map((/** @type {any} */ column) => {
          const fault = column.name === null ? wrong : said(under(faults, column.name));
          return html`<div class=${isColour(column.schema) ? "cell narrow" : "cell"} key=${column.name}><${Scalar} schema=${column.schema} value=${column.name === null ? item : item[column.name]} required=${column.required || column.name === null}
            label=${`${column.label} ${at + 1}`} aria-label=${`${column.label} ${at + 1}`} aria-invalid=${fault ? "true" : undefined} formats=${formats} disabled=${disabled}
            onChange=${(/** @type {any} */ value) => set(at, column, value)} />${fault && html`<div class="fault">${fault}</div>`}</div>`;
        })}
        <span class="commands">
          <${IconButton} small icon="arrowUp" label=${t("schema_form.up", { n: at + 1 })} disabled=${disabled || at === 0} onClick=${() => move(at, at - 1)} />
          <${IconButton} small icon="arrowDown" label=${t("schema_form.down", { n: at + 1 })} disabled=${disabled || at === items.length - 1} onClick=${() => move(at, at + 1)} />
          <${IconButton} small icon="close" label=${t("schema_form.remove", { n: at + 1 })} disabled=${disabled} onClick=${() => remove(at)} />
        </span>
        ${columns.length > 1 && wrong && html`<div class="fault">${wrong}</div>`}
      </div>`;
    drawn.current[at] = { of, line };
    return line;
  };
  return html`<div class=${columns.length > 1 ? "lines wide" : "lines"} ref=${place}>
    ${columns.length > 1 && items.length > 0 && html`<div class="line-head" aria-hidden="true">${columns.map((/** @type {any} */ each) => html`<span key=${each.name} class=${isColour(each.schema) ? "cell narrow" : "cell"}>${each.label}</span>`)}<span class="commands"></span></div>`}
    ${items.map(lineOf)}
    <div><${Button} small icon="add" disabled=${disabled || isFull} onClick=${() => add(now.current.items.length)}>${t("schema_form.add", { label: label.toLowerCase() })}</${Button}></div>
  </div>`;
}

/** @param {Record<string, any>} object @param {string} name */
function without(object, name) {
  const { [name]: _, ...rest } = object;
  return rest;
}
