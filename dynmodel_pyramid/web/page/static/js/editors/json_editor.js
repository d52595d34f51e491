/** The editor of JSON: a text that is checked while it is written, and put in order by a button. */
import { html, useState } from "../../vendor/preact.js";
import { stringify } from "../core/json.js";
import { t } from "../core/texts.js";
import { attributes, Clear, defaultText, keys, useDraft, useFocus } from "./parts.js";
import { json } from "./text_forms.js";

/** @typedef {import("./parts.js").EditorProps} EditorProps */

/** Short values stand in one line. @param {any} value */
function write(value) {
  const line = stringify(value);
  return line.length > 60 ? stringify(value, 2) : line;
}

/** @param {EditorProps} props */
export function Json(props) {
  const [text, change] = useDraft(props, write, (/** @type {string} */ text) => json.read(text, props.field));
  const [fault, setFault] = useState(/** @type {string | null} */ (null));
  const control = useFocus(props);
  const input = (/** @type {any} */ event) => {
    change(event.target.value);
    setFault(null);
  };
  const format = () => {
    try {
      change(stringify(json.read(text, props.field), 2));
      setFault(null);
    } catch (error) {
      setFault(/** @type {Error} */ (error).message);
    }
  };
  return html`<span class="editor-json">
    <textarea ...${attributes(props)} ref=${control} class="input mono" rows=${Math.min(Math.max(text.split("\n").length, 2), 16)} value=${text} placeholder=${defaultText(props.field, props.value)} onInput=${input} onKeyDown=${keys(props)}></textarea>
    <span class="editor-tools">
      <button type="button" class="button small quiet" disabled=${!text.trim()} onClick=${format}>${t("editors.format")}</button>
      <${Clear} ...${props} />
      ${fault && html`<span class="fault" role="alert">${fault}</span>`}
    </span>
  </span>`;
}
