/** Pages, tabs, plain tables, copies. */
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { moment, t } from "../core/texts.js";
import { IconButton } from "./button.js";
import { toast } from "./feedback.js";
import { TextInput } from "./field.js";

/** The title of the browser's tab. @param {string} title */
export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · ${t("kit.product")}` : t("kit.product");
  }, [title]);
}

/**
 * A page with a heading, what it is for, and its commands.
 * @param {{ title: string, text?: any, actions?: any, children?: any, heading?: any, class?: string }} props
 */
export function Page({ title, text, actions, children, heading, class: also = "" }) {
  useTitle(title);
  return html`<div class=${`page ${also}`}>
    <header><div class="says"><h1 tabindex="-1">${heading ?? title}</h1>${text && html`<p>${text}</p>`}</div>
      ${actions && html`<div class="actions">${actions}</div>`}</header>
    ${children}
  </div>`;
}

/**
 * Tabs. With `href` each is a link to a route of its own; otherwise onSelect gets the id, and the caller draws the
 * panel with id `panel-{id}` and role "tabpanel".
 * @param {{ tabs: { id: string, label: string, href?: string, count?: any }[], active: string, onSelect?: (id: string) => void, label: string }} props
 */
export function Tabs({ tabs, active, onSelect, label }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    const row = place.current, shown = row?.querySelector('[aria-selected="true"], [aria-current="page"]');
    if (!row || !shown) return;
    const whole = row.getBoundingClientRect(), one = shown.getBoundingClientRect();
    if (one.left < whole.left || one.right > whole.right) row.scrollLeft += (one.left + one.right - whole.left - whole.right) / 2;
  }, [active]);
  if (tabs.every((each) => each.href !== undefined)) {
    return html`<nav class="tabs" aria-label=${label} ref=${place}>${tabs.map((each) => html`<a key=${each.id} href=${each.href} aria-current=${each.id === active ? "page" : undefined}>
      ${each.label}${each.count !== undefined && html`<span class="count">${each.count}</span>`}</a>`)}</nav>`;
  }
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const at = tabs.findIndex((each) => each.id === active);
    const to = { ArrowRight: (at + 1) % tabs.length, ArrowLeft: (at - 1 + tabs.length) % tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onSelect?.(tabs[to].id);
    /** @type {HTMLElement | undefined} */ (place.current?.children[to])?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} ref=${place} onKeyDown=${onKeyDown}>${tabs.map((each) => html`<button key=${each.id} type="button" role="tab"
    id=${`tab-${each.id}`} aria-selected=${each.id === active ? "true" : "false"} aria-controls=${`panel-${each.id}`} tabindex=${each.id === active ? 0 : -1}
    onClick=${() => onSelect?.(each.id)}>${each.label}${each.count !== undefined && html`<span class="count">${each.count}</span>`}</button>`)}</div>`;
}

/**
 * @template Row
 * @typedef {Object} Column
 * @property {string} key
 * @property {any} label
 * @property {(row: Row) => any} [cell] by default the row's member of the key
 * @property {boolean} [end] numbers: at the right
 * @property {boolean} [head] it names the row
 * @property {boolean} [actions] buttons
 * @property {string} [class]
 */

/**
 * A plain table for short lists; for rows of tables there is the grid.
 * @param {{ columns: Column<any>[], rows: any[], rowKey?: (row: any) => any, caption: string, empty?: any, class?: string }} props
 */
export function Table({ columns, rows, rowKey = (row) => row.id, caption, empty, class: also = "" }) {
  if (!rows.length && empty) return empty;
  /** @param {Column<any>} column */
  const look = (column) => `${column.end ? "end" : ""} ${column.actions ? "actions" : ""} ${column.class ?? ""}`.trim() || undefined;
  return html`<div class=${`table-wrap ${also}`} tabindex="0" role="region" aria-label=${caption}><table class="table"><caption class="unseen">${caption}</caption>
    <thead><tr>${columns.map((each) => html`<th key=${each.key} scope="col" class=${look(each)}>${each.actions ? html`<span class="unseen">${each.label}</span>` : each.label}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${rowKey(row)}>${columns.map((each) => {
      const content = each.cell ? each.cell(row) : row[each.key];
      return each.head ? html`<th key=${each.key} scope="row" class=${look(each)}>${content}</th>` : html`<td key=${each.key} class=${look(each)}>${content}</td>`;
    })}</tr>`)}</tbody></table></div>`;
}

/** A point in time in the person's notation, and to the letter as a tooltip. @param {{ at: string | null, never?: string }} props */
export function Moment({ at, never = "" }) {
  if (!at) return html`<span class="muted">${never}</span>`;
  return html`<time datetime=${at} title=${at} class="nowrap">${moment(at)}</time>`;
}

/** Let the browser save a file. @param {string} name @param {string} address */
export function saveAs(name, address) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
}

/** @param {string} name @param {string} content @param {string} type a media type */
export function saveText(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  saveAs(name, address);
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** @param {string} text @param {string} [said] */
export async function copy(text, said = t("kit.copied")) {
  try {
    await navigator.clipboard.writeText(text);
    toast(said, { kind: "ok", seconds: 3 });
  } catch {
    toast(t("kit.notCopied"), { kind: "danger" });
  }
}

/** A text to take along. @param {{ text: string, label: string }} props */
export function CopyField({ text, label }) {
  return html`<div class="row"><${TextInput} class="mono grow" value=${text} readonly aria-label=${label} onInput=${() => {}}
      onFocus=${(/** @type {any} */ event) => event.target.select()} />
    <${IconButton} icon="copy" kind="plain" label=${t("kit.copy")} onClick=${() => copy(text)} /></div>`;
}

/**
 * Something that is loaded: { value, problem, isLoading, reload }. It is loaded anew when `key` changes; what was shown
 * stays until then.
 * @template T
 * @param {any} key
 * @param {(signal: AbortSignal) => Promise<T>} load
 */
export function useLoaded(key, load) {
  const [state, setState] = useState(/** @type {{ key: any, value: T | undefined, problem: any, isLoading: boolean }} */ ({ key, value: undefined, problem: null, isLoading: true }));
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...before, isLoading: true }));
    load(stop.signal).then(
      (value) => !stop.signal.aborted && setState({ key, value, problem: null, isLoading: false }),
      (problem) => !stop.signal.aborted && setState({ key, value: undefined, problem, isLoading: false }),
    );
    return () => stop.abort();
  }, [key, round]);
  return { ...state, reload: () => setRound((before) => before + 1) };
}
