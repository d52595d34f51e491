/** The editor of JSON: a text that is checked while it is written, and put in order by a button. */
import { html, useState } from "../../vendor/preact.js";
import { parse, stringify } from "../core/json.js";
import { t } from "../core/texts.js";
import { attributes, Clear, defaultText, keys, useDraft, useFocus } from "./parts.js";
import { Unreadable } from "./text_forms.js";

/** @typedef {import("./parts.js").EditorProps} EditorProps */

/** Short values stand in one line. @param {any} value */
function write(value) {
  const line = stringify(value);
  return line.length > 60 ? stringify(value, 2) : line;
}

/** @param {string} text */
function read(text) {
  try {
    return parse(text);
  } catch (error) {
    throw new Unreadable(t("editors.wantJsonAt", { fault: placeOf(error, text) }));
  }
}

/** The line of a fault, if the browser's words have its position. @param {unknown} error @param {string} text */
function placeOf(error, text) {
  const words = error instanceof Error ? error.message : "";
  const position = /position (\d+)/.exec(words)?.[1];
  if (position === undefined) return words;
  const before = text.slice(0, Number(position)).split("\n");
  return t("editors.jsonPlace", { line: before.length, column: /** @type {string} */ (before.at(-1)).length + 1 });
}

/** @param {EditorProps} props */
export function Json(props) {
  const [text, change] = useDraft(props, write, read);
  const [fault, setFault] = useState(/** @type {string | null} */ (null));
  const control = useFocus(props);
  const input = (/** @type {any} */ event) => {
    change(event.target.value);
    setFault(null);
  };
  const format = () => {
    try {
      change(stringify(read(text), 2));
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
