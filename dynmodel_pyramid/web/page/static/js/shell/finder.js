/** Go to a table by typing a part of its name; Control or Command and K from everywhere. */
import { html, useEffect, useRef } from "../../vendor/preact.js";
import { navigate } from "../core/router.js";
import { tables, titleOf } from "../core/state.js";
import { t } from "../core/texts.js";
import { Combo } from "../kit/index.js";

export function Finder() {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const onKeyDown = (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k" && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        input.current?.focus();
        input.current?.click();
      }
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  const choices = (tables.value ?? []).map((each) => ({
    value: each.id, label: titleOf(each), more: each.label ? each.model_name : undefined, icon: "table",
  }));
  return html`<${Combo} class="finder" inputRef=${input} choices=${choices} keep=${false} label=${t("shell.find")} hint=${html`<kbd>Ctrl K</kbd>`}
    onChoose=${(/** @type {any} */ choice) => { navigate(`/table/${choice.value}/`); input.current?.blur(); }} />`;
}
