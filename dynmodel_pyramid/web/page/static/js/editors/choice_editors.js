/** Editors that choose: choices of the definition, tags, users. */
import { html } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { me } from "../core/state.js";
import { Chip } from "./cells.js";
import { attributes, keys, Line, useFocus } from "./parts.js";
import { Picker } from "./picker.js";
import { labelOf } from "./plain.js";
import { trimmed } from "./text_forms.js";
import { listUsers, userName } from "./users.js";

/** @typedef {import("./parts.js").EditorProps} EditorProps */

/** @param {any} field */
const optionsOf = (field) => field.choices.map((/** @type {any} */ { key, label }) => ({
  value: key, label: label || key, more: label && label !== key ? key : undefined, shown: html`<${Chip} choice=${key} field=${field} />`,
}));

/** @param {EditorProps} props */
export function Choice(props) {
  const { value, field, onChange } = props;
  return html`<${Picker} ...${props} chosen=${value === null || value === undefined ? [] : [value]} options=${optionsOf(field)} nameOf=${(/** @type {string} */ key) => labelOf(key, field)}
    chip=${(/** @type {string} */ key) => html`<${Chip} choice=${key} field=${field} />`} onChosen=${([key = null]) => onChange(key, null)} />`;
}

/** A set, in the order of the choices; without any it is empty, or null where it was null. @param {EditorProps} props */
export function Choices(props) {
  const { value, field, onChange } = props;
  const order = field.choices.map((/** @type {any} */ each) => each.key);
  const give = (/** @type {string[]} */ keys) => onChange(keys.length || field.required ? order.filter((/** @type {string} */ key) => keys.includes(key)) : null, null);
  return html`<${Picker} ...${props} many chosen=${value ?? []} options=${optionsOf(field)} nameOf=${(/** @type {string} */ key) => labelOf(key, field)}
    chip=${(/** @type {string} */ key) => html`<${Chip} choice=${key} field=${field} />`} onChosen=${give} />`;
}

/** @param {EditorProps} props */
export function Tags(props) {
  const { value, field, onChange } = props;
  return html`<${Picker} ...${props} many chosen=${value ?? []} options=${[]} free=${(/** @type {string} */ text) => text.trim()} nameOf=${String}
    chip=${(/** @type {string} */ tag) => html`<span class="chip">${tag}</span>`} onChosen=${(/** @type {string[]} */ tags) => onChange(tags.length || field.required ? tags : null, null)} />`;
}

/** Texts and numbers with an option `choices`. @param {EditorProps} props */
export function OneOf(props) {
  const { value, field, onChange } = props;
  const control = useFocus(props);
  const none = value === null || value === undefined;
  return html`<select ...${attributes(props)} ref=${control} class="input" value=${none ? "" : JSON.stringify(value)}
      onKeyDown=${keys(props)} onChange=${(/** @type {any} */ event) => onChange(event.target.value === "" ? null : JSON.parse(event.target.value), null)}>
    <option value="" disabled=${field.required}>${t("editors.null")}</option>
    ${field.choices.map((/** @type {any} */ each) => html`<option value=${JSON.stringify(each)} selected=${each === value}>${String(each)}</option>`)}
  </select>`;
}

/** Who may list users searches them; the others write an id, or themselves. @param {EditorProps} props */
export function User(props) {
  const { value, onChange } = props;
  if (!me.value?.admin) return html`<${Line} ...${props} write=${String} read=${trimmed.read} placeholder=${me.value?.id ?? "user:1"} />`;
  const find = async (/** @type {string} */ text, /** @type {AbortSignal} */ signal) => {
    const needle = text.toLocaleLowerCase();
    const users = (await listUsers(signal)) ?? [];
    return users.filter(({ id, name }) => `${name} ${id}`.toLocaleLowerCase().includes(needle)).slice(0, 50).map(({ id, name }) => ({ value: id, label: name, more: id }));
  };
  return html`<${Picker} ...${props} chosen=${value ? [value] : []} options=${find} nameOf=${(/** @type {string} */ id) => userName(id).value} chip=${(/** @type {string} */ id) => html`<${UserName} id=${id} />`}
    onChosen=${([id = null]) => onChange(id, null)} />`;
}

/** @param {{ id: string }} props */
const UserName = ({ id }) => html`<span>${userName(id).value}</span>`;
