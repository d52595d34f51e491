/** The columns of a file: what the service found in each, and what a person says instead. */
import { Component, html, useState } from "../../vendor/preact.js";
import { partsOf } from "../core/json.js";
import { bare, own } from "../core/records.js";
import { fieldTypes } from "../core/state.js";
import { t } from "../core/texts.js";
import { typeChoices, typeTitle } from "../definition/types.js";
import { Badge, Button, CheckBox, IconButton, Select, TextInput } from "../kit/index.js";
import { SchemaForm } from "../kit/schema_form.js";

/**
 * @typedef {Object} Column a column of the plan
 * @property {string | null} name
 * @property {string | null} field
 * @property {string | null} type
 * @property {number} nulls
 * @property {string} [note]
 * @property {string[]} [samples]
 * @property {string[]} [distinct] all values, if they are few
 * @property {{ type: string, others: string[] }} [almost]
 *
 * @typedef {Object} Said what a person says of a column
 * @property {boolean} [out] it is left out
 * @property {string} [name]
 * @property {string} [type]
 * @property {Record<string, any>} [options]
 */

/** Columns that are shown in one go. */
const SHOWN = 100;
/** Links need a table, which a table made of a file has not. */
const NOT_FOUND_IN_FILES = new Set(["link", "links"]);

/** What the service calls a column: its name, or its place. @param {Column[]} columns @param {number} at */
export function keyOf(columns, at) {
  const { name } = columns[at];
  const isAlone = name && columns.filter((each) => each.name === name).length === 1;
  return isAlone ? name : `column ${at + 1}`;
}

/**
 * The corrections for the parameter `fields`; undefined: there are none.
 * @param {Column[]} columns
 * @param {Map<number, Said>} said by the columns' places
 */
export function corrections(columns, said) {
  /** @type {Record<string, any>} */
  const found = bare();
  for (const [at, each] of said) {
    if (at >= columns.length) continue;
    const entry = { ...(each.type ? { type: each.type, ...each.options } : {}), ...(each.name?.trim() ? { name: each.name.trim() } : {}) };
    if (each.out) found[keyOf(columns, at)] = null;
    else if (Object.keys(entry).length) found[keyOf(columns, at)] = entry;
  }
  return Object.keys(found).length ? found : undefined;
}

/**
 * @param {{ columns: Column[], fields: Record<string, any>, rows: number, said: Map<number, Said>, onSay: (at: number, said: Said) => void,
 *   onNull: (word: string) => void, errors: { pointer: string, detail: string }[] }} props
 */
export function Columns({ columns, fields, rows, said, onSay, onNull, errors }) {
  const [most, setMost] = useState(SHOWN);
  const [open, setOpen] = useState(-1);
  const types = typeChoices(fieldTypes.value).filter((/** @type {any} */ each) => !NOT_FOUND_IN_FILES.has(each.value));
  return html`<div class="table-wrap columns-of-file" role="region" tabindex="0" aria-label=${t("files.columns")}><table class="table"><caption class="unseen">${t("files.columns")}</caption>
    <thead><tr><th scope="col">${t("files.column")}</th><th scope="col">${t("files.field")}</th><th scope="col">${t("files.type")}</th>
      <th scope="col">${t("files.values")}</th><th scope="col">${t("files.found")}</th></tr></thead>
    <tbody>${columns.slice(0, most).map((column, at) => html`<${Kept} key=${at} ...${{ column, at, fields, rows, types, onNull, errors }} said=${said.get(at) ?? NOTHING}
      onSay=${(/** @type {Said} */ each) => onSay(at, each)} isOpen=${open === at} onOpen=${() => setOpen(open === at ? -1 : at)} />`)}</tbody></table></div>
    ${columns.length > most && html`<div><${Button} small onClick=${() => setMost(most + SHOWN)}>${t("files.moreColumns", { n: columns.length - most })}</${Button}></div>`}`;
}

/** @type {Said} */
const NOTHING = {};

/**
 * A row that is drawn anew only where it has changed: each has a list of all types, and files have many columns.
 * @extends {Component<any, any>}
 */
class Kept extends Component {
  /** @param {any} next */
  shouldComponentUpdate(next) {
    return ["column", "said", "isOpen", "errors", "fields", "rows"].some((name) => next[name] !== this.props[name]);
  }
  render() {
    return html`<${Row} ...${this.props} />`;
  }
}

/** @param {any} props */
function Row({ column, at, fields, rows, types, said, onSay, onNull, errors, isOpen, onOpen }) {
  const name = column.name ?? t("files.nameless", { n: at + 1 });
  const isIds = column.field === "id" && column.type === null && !said.type;
  const isOut = said.out || (column.field === null && !said.name && !said.type);
  const field = said.name ?? column.field ?? "";
  const type = said.type ?? column.type ?? "";
  const schema = fieldTypes.value.get(type)?.options;
  const hasOptions = Boolean(schema && Object.keys(schema.properties ?? {}).length);
  const faults = errors.filter((/** @type {any} */ each) => isAbout(each.pointer, column.field ?? field));
  const options = said.options ?? optionsOf(own(fields, column.field));
  /** @param {string} value */
  const choose = (value) => {
    const needed = fieldTypes.value.get(value)?.options?.required ?? [];
    // A choice begins with what the file has.
    const begun = needed.includes("choices") && column.distinct ? { choices: column.distinct } : undefined;
    onSay({ ...said, type: value, options: begun, ...(isIds && !said.name ? { name: "id_2" } : {}) });
    if (isOpen !== (needed.length > 0)) onOpen();
  };
  return html`<tr class=${isOut ? "out" : ""}>
    <th scope="row"><${CheckBox} checked=${!isOut} label=${html`<span class="file-name">${name}</span>`} onChange=${(/** @type {boolean} */ on) => onSay({ ...said, out: !on })} /></th>
    <td>${!isOut && (isIds ? html`<span class="mono muted">id</span>` : html`<${TextInput} value=${field} aria-label=${t("files.fieldOf", { name })} aria-invalid=${faults.length ? "true" : undefined}
      onInput=${(/** @type {string} */ value) => onSay({ ...said, name: value })} />`)}</td>
    <td>${!isOut && html`<div class="type-of"><${Select} value=${isIds ? "" : type} aria-label=${t("files.typeOf", { name })}
        options=${[...(isIds ? [{ value: "", label: t("files.ids") }] : []), ...types]}
        onChange=${choose} />
      ${hasOptions && html`<${IconButton} icon="gear" label=${t("files.optionsOf", { name })} aria-expanded=${String(isOpen)} onClick=${onOpen} />`}</div>`}</td>
    <td class="samples"><span class="cut">${(column.samples ?? []).map((/** @type {string} */ text, /** @type {number} */ i) => html`<code key=${i}>${text.slice(0, 40)}</code>`)}</span></td>
    <td class="found small"><${Found} ...${{ column, rows, said, onNull, onSay }} />${faults.map((/** @type {any} */ each, /** @type {number} */ i) => html`<div key=${i} class="fault">${each.detail}</div>`)}</td>
  </tr>
  ${isOpen && hasOptions && !isOut && html`<tr class="options"><td colspan="5"><h3>${t("files.optionsTitle", { name, type: typeTitle(type) })}</h3>
    <${SchemaForm} schema=${schema} value=${options} errors=${faults.map((/** @type {any} */ each) => ({ ...each, pointer: each.pointer.split("/").slice(3).map((/** @type {string} */ part) => `/${part}`).join("") }))}
      onChange=${(/** @type {any} */ value) => onSay({ ...said, type, options: value })} /></td></tr>`}`;
}

/** Whether a fault's place is this field: "/fields/price/scale". @param {string} pointer @param {string} field */
const isAbout = (pointer, field) => partsOf(pointer)[1] === field;

/** @param {Record<string, any> | undefined} entry */
function optionsOf(entry) {
  const { type: _, ...options } = entry ?? {};
  return options;
}

/** Why it has this type. @param {any} props */
function Found({ column, rows, said, onNull, onSay }) {
  const { almost } = column;
  const others = almost?.others ?? [];
  const words = others.filter((/** @type {string} */ each) => /^\D{1,12}$/.test(each) && !each.includes(","));
  const isCode = others.length > 0 && others.every((/** @type {string} */ each) => /^0\d/.test(each));
  const parts = [
    column.nulls > 0 && html`<span class="muted">${t("files.empty", { n: column.nulls })}</span>`,
    said.type && html`<${Badge} icon="edit">${t("files.yours")}</${Badge}>`,
    column.note && html`<span>${column.note}</span>`,
    !said.type && almost && html`<span class="almost">${t(isCode ? "files.zeros" : `files.almost_${almost.type}`)} ${others.map((/** @type {string} */ each) => html`<code key=${each}>${each}</code> `)}
      ${words.length > 0 && words.length === others.length && html`<${Button} small onClick=${() => words.forEach(onNull)}>${t("files.asEmpty")}</${Button}>`}</span>`,
    !said.type && column.type === "integer" && column.distinct?.join() === "0,1" && html`<span>${t("files.zeroOne")} <${Button} small onClick=${() => onSay({ ...said, type: "boolean", options: undefined })}>${t("files.asBoolean")}</${Button}></span>`,
    !column.note && !almost && !said.type && column.distinct?.join() !== "0,1" && column.type && rows > 0 && html`<span class="muted">${t("files.allFit")}</span>`,
  ].filter(Boolean);
  return html`<div class="parts">${parts}</div>`;
}
