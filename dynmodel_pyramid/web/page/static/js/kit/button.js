import { html } from "../../vendor/preact.js";
import { Icon } from "./icon.js";
import { Spinner } from "./feedback.js";

/**
 * A button; with `href` a link that looks like one.
 * @param {{ kind?: "primary" | "plain" | "quiet" | "danger", icon?: string, small?: boolean, busy?: boolean,
 *   disabled?: boolean, href?: string, type?: "button" | "submit", onClick?: (event: MouseEvent) => void,
 *   children?: any, class?: string, [attribute: string]: any }} props busy: it works, and takes no clicks
 */
export function Button({ kind = "plain", icon, small, busy, disabled, href, type = "button", children, class: also = "", onClick, ...rest }) {
  const look = `button ${kind === "plain" ? "" : kind} ${small ? "small" : ""} ${also}`;
  const inside = html`${busy ? html`<${Spinner} />` : icon && html`<${Icon} name=${icon} />`}${children}`;
  if (href !== undefined) return html`<a class=${look} href=${href} onClick=${onClick} ...${rest}>${inside}</a>`;
  // A busy button keeps the focus, which a disabled one would lose.
  return html`<button class=${look} type=${type} disabled=${disabled && !busy} aria-disabled=${busy ? "true" : undefined}
    onClick=${busy ? (/** @type {Event} */ event) => event.preventDefault() : onClick} ...${rest}>${inside}</button>`;
}

/**
 * A button with an icon only. The label is its name and its tooltip.
 * @param {{ icon: string, label: string, kind?: "primary" | "plain" | "quiet" | "danger", [attribute: string]: any }} props
 */
export function IconButton({ icon, label, kind = "quiet", class: also = "", ...rest }) {
  return html`<${Button} kind=${kind} icon=${icon} class=${`icon-only ${also}`} aria-label=${label} title=${label} ...${rest} />`;
}
