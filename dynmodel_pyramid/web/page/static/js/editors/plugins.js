/**
 * Editors that a type of a plugin brings: a module, whose default export is a function of what it may use, and answers
 * with what it has of { Cell, Editor, toText, fromText, align, width, roomy } (docs/field-types.md). What it lacks is
 * taken from the control by the JSON Schema, and so is all, until the module is there and if it fails.
 */
import * as preact from "../../vendor/preact.js";
import * as kit from "../kit/index.js";
import { bySchema } from "./kinds.js";
import { attributes, keys, Line } from "./parts.js";
import { Unreadable } from "./text_forms.js";

const { html, signal } = preact;
/** What a module may use. */
const TOOLS = { ...preact, kit, editors: { attributes, keys, Line, Unreadable } };

/** @type {Map<string, import("./kinds.js").Part>} by the module's address */
const known = new Map();

/**
 * @param {any} type its document, with `editor`
 * @returns {import("./kinds.js").Part}
 */
export function pluginKind(type) {
  let part = known.get(type.editor);
  if (!part) known.set(type.editor, (part = loading(type)));
  return part;
}

/**
 * @param {any} type
 * @returns {import("./kinds.js").Part}
 */
function loading(type) {
  const plain = bySchema(type.value);
  /** @type {import("../../vendor/preact.js").Signal<any>} */
  const own = signal({});
  import(type.editor).then(
    (module) => (own.value = module.default(TOOLS)),
    // Values stay editable; the plugin's author sees why in the console.
    (error) => console.warn(`the editor of the field type ${type.name} can't be used`, error),
  ).catch((error) => console.warn(`the editor of the field type ${type.name} fails`, error));
  return {
    Cell: (props) => html`<${own.value.Cell ?? plain.Cell} ...${props} />`,
    Editor: (props) => html`<${own.value.Editor ?? plain.Editor} ...${props} />`,
    form: {
      write: (value, field) => (own.value.toText ?? plain.form.write)(value, field),
      read: (text, field) => (own.value.fromText ?? plain.form.read)(text, field),
      keepsEmpty: plain.form.keepsEmpty,
    },
    get align() {
      return own.value.align ?? plain.align;
    },
    get width() {
      return own.value.width ?? plain.width;
    },
    get roomy() {
      return own.value.roomy ?? plain.roomy;
    },
  };
}
