/**
 * Choosing one or several from a list that is searched while one types (ARIA's combobox with a list box). What is chosen
 * stands before the text as chips, each with a button that takes it away.
 */
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { later } from "../core/later.js";
import { t } from "../core/texts.js";
import { useFloating } from "../kit/index.js";
import { attributes, defaultText } from "./parts.js";

/**
 * @typedef {Object} Option
 * @property {any} value
 * @property {string} label what is searched, and its name for screen readers
 * @property {any} [shown] how it looks; by default the label
 * @property {string} [more] said after it, in grey
 */

/**
 * @typedef {Object} PickerProps
 * @property {any[]} chosen the values
 * @property {boolean} [many] several may be chosen; the list stays open
 * @property {(values: any[]) => void} onChosen
 * @property {Option[] | ((text: string, signal: AbortSignal) => Promise<Option[]>)} options
 * @property {(value: any) => any} chip how a chosen value looks
 * @property {(value: any) => string} nameOf a chosen value's name
 * @property {(text: string) => any} [free] the value of a text that no option has; undefined: there is none
 * @property {any} [foot] below the list
 */

/** Options that are drawn at once. */
const DRAWN = 100;

/** @param {import("./parts.js").EditorProps & PickerProps} props */
export function Picker({ chosen, many = false, onChosen, options, chip, nameOf, free, foot, ...props }) {
  const { field, onCommit, onCancel, autofocus, initial } = props;
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const id = useId();
  const [text, setText] = useState(initial ?? "");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const { found, failed } = useFound(options, text, open);
  const proposed = many ? found?.filter(({ value }) => !chosen.includes(value)) : found;
  const made = text.trim() === "" || !free ? undefined : free(text);
  const isNew = made !== undefined && !chosen.includes(made) && !proposed?.some(({ value }) => value === made);
  const drawn = /** @type {(Option & { isNew?: boolean })[]} */ ([...(proposed ?? []).slice(0, DRAWN), ...(isNew ? [{ value: made, label: text.trim(), isNew: true }] : [])]);
  const active = Math.min(at, Math.max(drawn.length - 1, 0));
  useFloating(open, box, frame, { wide: true });
  useLayoutEffect(() => {
    if (!autofocus) return;
    input.current?.focus({ preventScroll: true });
    setOpen(true);
  }, []);
  useEffect(() => {
    box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active, open]);

  const close = () => {
    setOpen(false);
    setText("");
    setAt(0);
  };
  /** @param {any} value @param {boolean} [commits] */
  const choose = (value, commits = false) => {
    setText("");
    setAt(0);
    if (many) onChosen([...chosen, value]);
    else {
      onChosen([value]);
      setOpen(false);
      if (commits) onCommit?.();
    }
  };
  const remove = (/** @type {any} */ value) => {
    onChosen(chosen.filter((each) => each !== value));
    input.current?.focus();
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      event.stopPropagation();
      if (!open) setOpen(true);
      else if (drawn.length) setAt((active + (key === "ArrowDown" ? 1 : drawn.length - 1)) % drawn.length);
    } else if (key === "Enter" && open && drawn.length && (text || !many || at > 0)) {
      event.preventDefault();
      event.stopPropagation();
      choose(drawn[active].value, true);
    } else if (key === "Enter" && onCommit) {
      event.preventDefault();
      onCommit();
    } else if (key === "," && many && isNew && !text.includes('"')) {
      event.preventDefault();
      choose(made);
    } else if (key === "Escape" && open && !onCancel) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (key === "Escape" && onCancel) {
      event.preventDefault();
      onCancel();
    } else if (key === "Backspace" && !text && chosen.length) {
      onChosen(chosen.slice(0, -1));
    }
  };
  const leave = () => {
    // What was typed and not taken is taken, as a tag is, or forgotten: never kept in the box without a value.
    if (isNew && many) onChosen([...chosen, made]);
    close();
  };
  const name = props.label ?? field.label ?? field.name;
  return html`<span class=${`picker ${many ? "many" : ""}`} ref=${frame}>
    <span class="input picker-box" onClick=${(/** @type {any} */ event) => { if (event.target === event.currentTarget) input.current?.focus(); setOpen(true); }}>
      ${chosen.map((value, position) => html`<span class="picked" key=${String(value)}>${chip(value)}
        <button type="button" class="picked-off" aria-label=${t("editors.remove", { name: nameOf(value) })} title=${many && chosen.length > 1 ? t("editors.move") : undefined} tabindex=${onCommit ? -1 : undefined}
          onClick=${(/** @type {Event} */ event) => { event.stopPropagation(); remove(value); }} onKeyDown=${(/** @type {KeyboardEvent} */ event) => moved(event, chosen, position, onChosen)}>
          <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true"><path d="M4.5 4.5l7 7M11.5 4.5l-7 7" /></svg></button></span>`)}
      <input ref=${input} type="text" role="combobox" ...${attributes(props)}
        aria-expanded=${open ? "true" : "false"} aria-controls=${id} aria-autocomplete="list" aria-activedescendant=${open && drawn.length ? `${id}-${active}` : undefined}
        value=${text} placeholder=${chosen.length ? undefined : defaultText(field, props.value) ?? t(free ? "editors.addHere" : "editors.search")}
        onInput=${(/** @type {any} */ event) => { setText(event.target.value); setAt(0); setOpen(true); }} onKeyDown=${press} onBlur=${leave} />
    </span>
    <div class="list-box" role="listbox" id=${id} aria-label=${name} popover="manual" ref=${box} onMouseDown=${(/** @type {Event} */ event) => event.preventDefault()}>
      ${open && drawn.map((each, i) => html`<div key=${each.isNew ? "new" : String(each.value)} role="option" id=${`${id}-${i}`} aria-selected=${i === active ? "true" : "false"} onClick=${() => choose(each.value, true)}>
        ${each.isNew ? html`<span class="cut">${t("editors.add", { text: each.label })}</span>` : each.shown ?? html`<span class="cut">${each.label}</span>`}
        ${each.more && html`<span class="more cut">${each.more}</span>`}</div>`)}
      ${open && !drawn.length && html`<div class="note" role="option" aria-disabled="true" aria-selected="false">${failed ?? t(free && !text.trim() ? "editors.typeToAdd" : found ? "editors.nothingFound" : "editors.loading")}</div>`}
      ${open && (proposed?.length ?? 0) > DRAWN && html`<div class="note" role="presentation">${t("editors.typeForMore")}</div>`}
      ${open && foot}
    </div>
  </span>`;
}

/**
 * The order of what is chosen: Alt and an arrow move a chip.
 * @param {KeyboardEvent} event @param {any[]} chosen @param {number} position @param {(values: any[]) => void} onChosen
 */
function moved(event, chosen, position, onChosen) {
  const to = event.altKey ? { ArrowLeft: position - 1, ArrowRight: position + 1 }[event.key] : undefined;
  if (to === undefined || to < 0 || to >= chosen.length) return;
  event.preventDefault();
  const next = chosen.filter((_, i) => i !== position);
  next.splice(to, 0, chosen[position]);
  onChosen(next);
}

/**
 * The options that have a text.
 * @param {PickerProps["options"]} options @param {string} text @param {boolean} open
 * @returns {{ found: Option[] | null, failed: string | null }}
 */
function useFound(options, text, open) {
  const [asked, setAsked] = useState(/** @type {{ found: Option[] | null, failed: string | null }} */ ({ found: null, failed: null }));
  const isList = Array.isArray(options);
  useEffect(() => {
    if (!open || isList) return;
    return later((signal) => {
      options(text.trim(), signal).then(
        (found) => signal.aborted || setAsked({ found, failed: null }),
        (error) => signal.aborted || setAsked({ found: [], failed: error.message }),
      );
    }, text ? 150 : 0);
  }, [text, open, isList]);
  if (!isList) return asked;
  const needle = text.trim().toLocaleLowerCase();
  const fit = options.filter(({ label, more }) => label.toLocaleLowerCase().includes(needle) || more?.toLocaleLowerCase().includes(needle));
  return { found: fit, failed: null };
}
