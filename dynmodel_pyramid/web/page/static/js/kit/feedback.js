/** What tells the state of something: loading, empty, failed, done, under way. */
import { Component, html, signal, useEffect, useRef } from "../../vendor/preact.js";
import { partsOf } from "../core/json.js";
import { has, number, t } from "../core/texts.js";
import { Icon } from "./icon.js";
import { Button, IconButton } from "./button.js";

/** @param {{ label?: string }} props */
export function Spinner({ label }) {
  return html`<span class="spinner" role=${label ? "status" : undefined} aria-label=${label} aria-hidden=${label ? undefined : "true"}></span>`;
}

/** A part that is being loaded. @param {{ label?: string }} props */
export function Loading({ label = t("kit.loading") }) {
  return html`<div class="loading" role="status"><${Spinner} />${label}</div>`;
}

/**
 * Grey bars in place of what comes.
 * @param {{ lines?: number, height?: string }} props
 */
export function Skeleton({ lines = 3, height = "1.5rem" }) {
  return html`<div class="stack" role="status" aria-label=${t("kit.loading")}>
    ${Array.from({ length: lines }, (_, i) => html`<div key=${i} class="skeleton" style=${{ height, width: `${100 - ((i * 17) % 40)}%` }}></div>`)}
  </div>`;
}

/**
 * Nothing is there: what could be, and how to begin.
 * @param {{ icon?: string, title: string, text?: any, children?: any }} props children: buttons
 */
export function EmptyState({ icon = "table", title, text, children }) {
  return html`<div class="empty"><${Icon} name=${icon} /><h2>${title}</h2>${text && html`<p>${text}</p>`}
    ${children && html`<div class="row">${children}</div>`}</div>`;
}

/** @param {{ kind?: "" | "ok" | "warn" | "danger" | "accent", icon?: string, children?: any, [attribute: string]: any }} props */
export function Badge({ kind = "", icon, children, ...rest }) {
  return html`<span class=${`badge ${kind}`} ...${rest}>${icon && html`<${Icon} name=${icon} size=${12} />`}${children}</span>`;
}

const NOTICE_ICONS = { info: "info", ok: "check", warn: "alert", danger: "warning" };

/** @param {{ kind?: "info" | "ok" | "warn" | "danger", children?: any, role?: string }} props */
export function Notice({ kind = "info", children, role }) {
  return html`<div class=${`notice ${kind}`} role=${role}><${Icon} name=${NOTICE_ICONS[kind]} /><div class="grow">${children}</div></div>`;
}

/**
 * What the service refused, in its own words, with each fault's place; also any other error.
 * @param {{ problem: any, onRetry?: () => void, places?: (pointer: string) => string, children?: any }} props
 *   places: a pointer as people call it; by default its last parts; children: other buttons
 */
export function ProblemBox({ problem, onRetry, places = placeOf, children }) {
  if (!problem) return null;
  const errors = problem.errors || [];
  const first = has(`problems.${problem.code}`) ? t(`problems.${problem.code}`) : problem.detail || problem.message;
  return html`<div class="notice danger" role="alert"><${Icon} name="warning" />
    <div class="grow">
      <strong>${first}</strong>
      ${problem.hint && html`<p>${t("kit.hint", { hint: problem.hint })}</p>`}
      ${errors.length > 0 && html`<ul>${errors.slice(0, 20).map((/** @type {any} */ each, /** @type {number} */ i) => html`<li key=${i}>
        ${each.pointer && html`<strong>${places(each.pointer)}</strong>${": "}`}${each.detail}</li>`)}</ul>`}
      ${errors.length > 20 && html`<p>${t("kit.moreFaults", { n: errors.length - 20 })}</p>`}
    </div>
    ${children}
    ${onRetry && html`<${Button} small icon="refresh" onClick=${onRetry}>${t("kit.retry")}</${Button}>`}
  </div>`;
}

/** "/17/price" -> "17 › price". @param {string} pointer */
export function placeOf(pointer) {
  return partsOf(pointer).join(" › ");
}

/**
 * @param {{ value?: number | null, total?: number | null, label: string, detail?: string }} props
 *   without a total it only shows that something goes on
 */
export function ProgressBar({ value, total, label, detail }) {
  const isKnown = typeof total === "number" && total > 0 && typeof value === "number";
  const percent = isKnown ? Math.min(100, Math.round((100 * /** @type {number} */ (value)) / /** @type {number} */ (total))) : undefined;
  return html`<div class="progress">
    <div class=${`bar ${isKnown ? "" : "unknown"}`} role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}>
      <div style=${{ width: `${percent ?? 100}%` }}></div></div>
    <div class="says"><span>${label}</span><span>${detail ?? (typeof value === "number" ? number(value) : "")}</span></div>
  </div>`;
}

/** @typedef {{ id: number, text: string, kind: "" | "ok" | "danger", action?: { label: string, onClick: () => void } }} Toast */
const toasts = signal(/** @type {Toast[]} */ ([]));
let last = 0;

/** @param {number} id */
const drop = (id) => (toasts.value = toasts.value.filter((each) => each.id !== id));

/**
 * A short message at the edge of the page. One with an action, or of an error, stays until it is closed.
 * @param {string} text
 * @param {{ kind?: "" | "ok" | "danger", action?: { label: string, onClick: () => void }, seconds?: number }} [options]
 */
export function toast(text, { kind = "", action, seconds = 6 } = {}) {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-3), { id, text, kind, action }];
  if (!action && kind !== "danger") setTimeout(() => drop(id), seconds * 1000);
}

/** Where toasts appear; the shell has it. It lies above open dialogs. */
export function Toasts() {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = toasts.value;
  useEffect(() => {
    const element = place.current;
    if (!element?.isConnected || !("showPopover" in element)) return;
    if (element.matches(":popover-open")) element.hidePopover();
    if (shown.length) element.showPopover();
  }, [shown]);
  return html`<div class="toasts" popover="manual" ref=${place} role="status" aria-live="polite">
    ${shown.map((each) => html`<div key=${each.id} class=${`toast ${each.kind}`}><span class="grow">${each.text}</span>
      ${each.action && html`<${Button} small kind="quiet" onClick=${() => { drop(each.id); each.action?.onClick(); }}>${each.action.label}</${Button}>`}
      <${IconButton} small icon="close" label=${t("kit.close")} onClick=${() => drop(each.id)} /></div>`)}
  </div>`;
}

/**
 * What fails while it is drawn shows here, and the rest of the page goes on. `of` changes: it tries again.
 * @extends {Component<any, any>}
 */
export class ErrorBoundary extends Component {
  /** @param {any} props */
  constructor(props) {
    super(props);
    /** @type {any} */
    this.state = { error: null, of: props.of };
  }
  /** @param {any} error */
  static getDerivedStateFromError(error) {
    return { error };
  }
  /** @param {any} props @param {any} state */
  static getDerivedStateFromProps(props, state) {
    return props.of === state.of ? null : { error: null, of: props.of };
  }
  /** @param {any} error */
  componentDidCatch(error) {
    console.error(error);
  }
  render() {
    if (!this.state.error) return this.props.children;
    return html`<div class="page"><${ProblemBox} problem=${{ detail: t("kit.broken"), hint: String(this.state.error?.message ?? this.state.error) }}
      onRetry=${() => this.setState({ error: null })} /></div>`;
  }
}
