import { html, useEffect, useId, useRef, useState } from "../../vendor/preact.js";
import { later } from "../core/later.js";
import { t } from "../core/texts.js";
import { useLabelled } from "./field.js";
import { useFloating } from "./floating.js";
import { Icon } from "./icon.js";

/**
 * @typedef {Object} Choice
 * @property {any} value
 * @property {string} label
 * @property {string} [more] said after it, in grey
 * @property {string} [icon]
 */

/** @param {Choice[]} choices @param {string} text */
function fitting(choices, text) {
  const needle = text.toLocaleLowerCase();
  const fit = choices.filter((each) => each.label.toLocaleLowerCase().includes(needle) || each.more?.toLocaleLowerCase().includes(needle));
  const order = (/** @type {Choice} */ each) => (each.label.toLocaleLowerCase().startsWith(needle) ? 0 : 1);
  return fit.sort((one, other) => order(one) - order(other)).slice(0, 100);
}

/**
 * A text field that proposes choices while one types (ARIA's combobox with a list box).
 * @param {{ choices: Choice[] | ((text: string, signal: AbortSignal) => Promise<Choice[]>), onChoose: (choice: Choice) => void,
 *   text?: string, label?: string, placeholder?: string, keep?: boolean, onClear?: () => void, autofocus?: boolean, icon?: string, hint?: any,
 *   inputRef?: { current: HTMLInputElement | null }, class?: string, [attribute: string]: any }} props
 *   choices: all of them, of which those with the text are proposed; or a function that finds them
 *   text: what the field shows while nobody types in it; keep: it shows the choice afterwards, else it is empty again
 */
export function Combo({ choices, onChoose, text = "", label, placeholder, keep = true, onClear, autofocus, icon, hint, inputRef, class: also = "", ...rest }) {
  const own = useRef(/** @type {HTMLInputElement | null} */ (null));
  const input = inputRef ?? own;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const id = useId();
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  const [open, setOpen] = useState(false);
  const [asked, setFound] = useState(/** @type {Choice[] | null} */ (null));
  const [failed, setFailed] = useState(/** @type {string | null} */ (null));
  const [at, setAt] = useState(0);
  const wanted = typed ?? "";
  // Found while it is drawn, so that a quick Enter takes what has just been typed.
  const found = Array.isArray(choices) ? (open ? fitting(choices, wanted) : null) : asked;
  useFloating(open, box, input, { wide: true });
  useEffect(() => {
    if (autofocus) input.current?.focus();
  }, []);
  useEffect(() => {
    if (!open) return;
    setFailed(null);
    if (Array.isArray(choices)) return;
    return later((signal) => {
      choices(wanted, signal).then(
        (list) => { setFound(list); setAt(0); },
        (error) => { if (!signal.aborted) { setFound([]); setFailed(error.message); } },
      );
    }, asked ? 150 : 0);
  }, [wanted, open, Array.isArray(choices) ? choices : null]);

  const close = () => { setOpen(false); setTyped(null); setFound(null); };
  /** @param {Choice | undefined} choice */
  const choose = (choice) => {
    if (!choice) return;
    close();
    if (!keep && input.current) input.current.value = "";
    onChoose(choice);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const count = found?.length ?? 0;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) setOpen(true);
      else if (count) setAt((at + (event.key === "ArrowDown" ? 1 : count - 1)) % count);
    } else if (event.key === "Enter" && open && count) {
      event.preventDefault();
      event.stopPropagation();
      choose(found?.[at]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  useEffect(() => {
    box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return html`<span class=${`combo search ${also}`}><${Icon} name=${icon ?? "search"} />
    <input class="input" type="text" role="combobox" aria-expanded=${open ? "true" : "false"} aria-controls=${id} aria-autocomplete="list"
      aria-activedescendant=${open && found?.length ? `${id}-${at}` : undefined} aria-label=${label} placeholder=${placeholder ?? label} autocomplete="off"
      spellcheck=${false} ref=${input} value=${typed ?? text} ...${useLabelled()} ...${rest}
      onInput=${(/** @type {any} */ event) => { setTyped(event.target.value); setOpen(true); setAt(0); if (!event.target.value) onClear?.(); }}
      onClick=${(/** @type {any} */ event) => { if (!open) event.target.select(); setOpen(true); }} onKeyDown=${onKeyDown} onBlur=${close} />
    ${hint && !open && !text && html`<span class="hint">${hint}</span>`}
    <div class="list-box" role="listbox" id=${id} aria-label=${label ?? placeholder ?? t("kit.choices")} popover="manual" ref=${box}
      onMouseDown=${(/** @type {Event} */ event) => event.preventDefault()}>
      ${open && (found ?? []).map((each, i) => html`<div key=${i} role="option" id=${`${id}-${i}`} aria-selected=${i === at ? "true" : "false"}
        onClick=${() => choose(each)}>${each.icon && html`<${Icon} name=${each.icon} />`}<span class="cut">${each.label}</span>
        ${each.more && html`<span class="more cut">${each.more}</span>`}</div>`)}
      ${open && found?.length === 0 && html`<div class="note" role="option" aria-disabled="true" aria-selected="false">${failed ?? t("kit.nothingFound")}</div>`}
      ${open && !found && html`<div class="note" role="option" aria-disabled="true" aria-selected="false">${t("kit.loading")}</div>`}
    </div></span>`;
}
