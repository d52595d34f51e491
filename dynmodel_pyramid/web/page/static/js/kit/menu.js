import { html, useEffect, useId, useRef, useState } from "../../vendor/preact.js";
import { Button } from "./button.js";
import { useFloating } from "./floating.js";
import { Icon } from "./icon.js";

/**
 * @typedef {Object} Item
 * @property {string} [label]
 * @property {string} [icon]
 * @property {string} [keys] the keys that do the same, for people to learn
 * @property {() => void} [onSelect]
 * @property {string} [href]
 * @property {boolean} [danger]
 * @property {boolean} [disabled]
 * @property {boolean} [checked] one of several; undefined: a plain command
 * @property {boolean} [separator] a line, and nothing else
 * @property {any} [head] a line of text, and nothing else
 */

/**
 * The items of a menu, opened beside an anchor or at a point.
 * @param {{ items: (Item | null | false | undefined)[], anchor: { current: Element | null }, label: string, onClose: () => void, end?: boolean, id?: string }} props
 */
export function MenuItems({ items, anchor, label, onClose, end, id }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useFloating(true, box, anchor, { end });
  const all = () => /** @type {HTMLElement[]} */ ([...(box.current?.querySelectorAll('[role^="menuitem"]:not([aria-disabled="true"])') ?? [])]);
  useEffect(() => {
    const before = document.activeElement;
    all()[0]?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected && (document.activeElement === document.body || !document.activeElement)) before.focus();
    };
  }, []);
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const found = all(), at = found.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: (at + 1) % found.length, ArrowUp: (at - 1 + found.length) % found.length, Home: 0, End: found.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      found[to]?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.preventDefault();
      event.stopPropagation();
      if (anchor.current instanceof HTMLElement) anchor.current.focus();
      onClose();
    } else if (event.key.length === 1 && /\S/.test(event.key) && !event.ctrlKey && !event.metaKey) {
      const order = [...found.slice(at + 1), ...found.slice(0, at + 1)];
      order.find((each) => each.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    }
  };
  return html`<div class="menu" role="menu" id=${id} aria-label=${label} popover="auto" ref=${box} onKeyDown=${onKeyDown}
    onToggle=${(/** @type {any} */ event) => { if (event.newState === "closed") onClose(); }}>
    ${items.map((item, i) => {
      if (!item) return null;
      if (item.separator) return html`<hr key=${i} />`;
      if (item.head) return html`<div key=${i} class="head" role="presentation">${item.head}</div>`;
      const role = item.checked === undefined ? "menuitem" : "menuitemradio";
      const attributes = {
        role, tabIndex: -1, class: item.danger ? "danger" : "", "aria-disabled": item.disabled ? "true" : undefined,
        "aria-checked": item.checked === undefined ? undefined : String(item.checked),
        onClick: () => {
          if (item.disabled) return;
          if (anchor.current instanceof HTMLElement) anchor.current.focus();
          onClose();
          item.onSelect?.();
        },
      };
      const inside = html`<${Icon} name=${item.checked ? "check" : (item.icon ?? "")} class=${item.checked || item.icon ? "" : "blank"} />
        <span class="grow">${item.label}</span>${item.keys && html`<span class="keys">${item.keys}</span>`}`;
      const bare = item.icon || item.checked !== undefined ? inside : html`<span class="grow">${item.label}</span>${item.keys && html`<span class="keys">${item.keys}</span>`}`;
      return item.href ? html`<a key=${i} href=${item.href} ...${attributes}>${bare}</a>` : html`<button key=${i} type="button" ...${attributes}>${bare}</button>`;
    })}
  </div>`;
}

/**
 * A button that opens a menu.
 * @param {{ label: string, items: (Item | null | false | undefined)[], icon?: string, iconOnly?: boolean, kind?: "primary" | "plain" | "quiet",
 *   small?: boolean, end?: boolean, children?: any, [attribute: string]: any }} props end: it opens to the left
 */
export function Menu({ label, items, icon, iconOnly, kind = iconOnly ? "quiet" : "plain", small, end, children, ...rest }) {
  const [open, setOpen] = useState(false);
  const closed = useRef(0);
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const anchor = useRef(/** @type {Element | null} */ (null));
  const id = useId();
  useEffect(() => {
    anchor.current = place.current?.querySelector("button") ?? null;
  });
  const close = () => {
    closed.current = Date.now();
    setOpen(false);
  };
  return html`<span ref=${place}><${Button} kind=${kind} icon=${icon} small=${small} class=${iconOnly ? "icon-only" : ""}
      aria-label=${iconOnly ? label : undefined} title=${iconOnly ? label : undefined} aria-haspopup="menu" aria-expanded=${open ? "true" : "false"}
      aria-controls=${open ? id : undefined}
      onClick=${() => { if (!open && Date.now() - closed.current > 150) setOpen(true); else setOpen(false); }}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "ArrowDown" && !open) { event.preventDefault(); setOpen(true); } }}
      ...${rest}>${iconOnly ? null : (children ?? label)}${iconOnly ? null : html`<${Icon} name="chevronDown" size=${12} />`}</${Button}>
    ${open && html`<${MenuItems} items=${items} anchor=${anchor} label=${label} onClose=${close} end=${end} id=${id} />`}</span>`;
}
