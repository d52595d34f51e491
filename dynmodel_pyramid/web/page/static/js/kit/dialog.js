import { html, signal, useEffect, useId, useRef } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Button, IconButton } from "./button.js";

/**
 * A modal dialog: the browser's own, which keeps the focus and gives it back. It is open as long as it is drawn.
 * @param {{ title: any, onClose: () => void, children?: any, footer?: any, wide?: boolean, onSubmit?: () => void, class?: string }} props
 *   onClose: Escape, the cross and a click beside it; onSubmit: the body and the footer are a form then
 */
export function Dialog({ title, onClose, children, footer, wide, onSubmit, class: also = "" }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  const pressed = useRef(false);
  useEffect(() => {
    const element = /** @type {HTMLDialogElement} */ (dialog.current);
    const before = document.activeElement;
    element.showModal();
    /** @type {HTMLElement | null} */
    const first = element.querySelector("[autofocus], .body input:not([type=hidden]), .body select, .body textarea, footer .primary, footer button");
    first?.focus();
    return () => {
      element.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const inside = html`<div class="body">${children}</div>${footer && html`<footer>${footer}</footer>`}`;
  return html`<dialog class=${`dialog ${wide ? "wide" : ""} ${also}`} ref=${dialog} aria-labelledby=${id}
    onCancel=${(/** @type {Event} */ event) => { if (event.target === dialog.current) { event.preventDefault(); onClose(); } }}
    onMouseDown=${(/** @type {Event} */ event) => { pressed.current = event.target === dialog.current; }}
    onClick=${(/** @type {Event} */ event) => { if (pressed.current && event.target === dialog.current) onClose(); }}>
    <header><h2 id=${id}>${title}</h2><${IconButton} icon="close" label=${t("kit.close")} onClick=${onClose} /></header>
    ${onSubmit ? html`<form onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); onSubmit(); }}>${inside}</form>` : inside}
  </dialog>`;
}

/** @typedef {{ title: string, text?: any, action?: string, cancel?: string, danger?: boolean, done: (answer: boolean) => void }} Question */
const question = signal(/** @type {Question | null} */ (null));

/**
 * Ask before something is done: `if (await confirm({ title, text, action: "Delete 3 rows", danger: true })) ...`
 * @param {Omit<Question, "done">} asked
 * @returns {Promise<boolean>}
 */
export function confirm(asked) {
  question.value?.done(false);
  return new Promise((resolve) => {
    question.value = { ...asked, done: (answer) => { question.value = null; resolve(answer); } };
  });
}

/** Where confirm() appears; the shell has it. */
export function Questions() {
  const asked = question.value;
  if (!asked) return null;
  return html`<${Dialog} title=${asked.title} onClose=${() => asked.done(false)} onSubmit=${() => asked.done(true)} footer=${html`
      <${Button} onClick=${() => asked.done(false)}>${asked.cancel ?? t("kit.cancel")}</${Button}>
      <${Button} kind=${asked.danger ? "danger" : "primary"} type="submit" autofocus=${!asked.danger}>${asked.action ?? t("kit.go")}</${Button}>`}>
    ${typeof asked.text === "string" ? html`<p>${asked.text}</p>` : asked.text}
  </${Dialog}>`;
}
