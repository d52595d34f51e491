/** The frame around all parts: top bar, list of tables, main area with the part of the route. */
import { html, signal, useEffect, useRef, useState } from "../../vendor/preact.js";
import { link, matched, place, style } from "../core/router.js";
import { loadAll, me, tables } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, EmptyState, ErrorBoundary, IconButton, Loading, Page, ProblemBox, Questions, Toasts } from "../kit/index.js";
import { SignInDialog } from "../session/sign_in.js";
import "../texts/en/shell.js";
import { Account, ThemeMenu } from "./account.js";
import { Finder } from "./finder.js";
import { Side } from "./side.js";

/** false: not yet, true, or the problem with which it failed. */
export const started = signal(/** @type {boolean | any} */ (false));
const NARROW = matchMedia("(max-width: 48rem)");
/** Whether the list of tables is shown. */
const side = signal(!NARROW.matches);
NARROW.addEventListener("change", () => (side.value = !NARROW.matches));

export function App() {
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  const { path } = place.value;
  useEffect(() => {
    if (NARROW.matches) side.value = false;
  }, [path]);
  return html`<div class=${`app ${side.value ? "" : "no-side"}`}>
    <a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => { event.preventDefault(); main.current?.focus(); }}>${t("shell.skip")}</a>
    <header class="top">
      <${IconButton} icon="menu" label=${side.value ? t("shell.hideTables") : t("shell.showTables")} aria-expanded=${String(side.value)} aria-controls="side"
        onClick=${() => (side.value = !side.value)} />
      <a class="brand" href=${link("/")}><${Logo} /><span class="name">${t("kit.product")}</span></a>
      <${Finder} />
      <${ThemeMenu} /><${Account} />
    </header>
    ${side.value && html`<button class="veil" type="button" tabindex="-1" aria-hidden="true" onClick=${() => (side.value = false)}></button>`}
    <${Side} />
    <main class="main" id="main" tabindex="-1" ref=${main}>
      <${ErrorBoundary} of=${path}><${Main} main=${main} /></${ErrorBoundary}>
    </main>
    <${SignInDialog} /><${Questions} /><${Toasts} />
  </div>`;
}

function Logo() {
  return html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#2457c5" />
    <g fill="#fff"><rect x="7" y="8" width="18" height="4" rx="1" /><rect x="7" y="14" width="7" height="4" rx="1" opacity=".85" />
    <rect x="16" y="14" width="9" height="4" rx="1" opacity=".85" /><rect x="7" y="20" width="7" height="4" rx="1" opacity=".6" />
    <rect x="16" y="20" width="9" height="4" rx="1" opacity=".6" /></g></svg>`;
}

/** The part of the route. @param {{ main: { current: HTMLElement | null } }} props */
function Main({ main }) {
  const { path, query } = place.value;
  const [part, setPart] = useState(/** @type {{ route: any, component: any } | null} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const found = matched(path);
  const ready = started.value;
  useEffect(() => {
    if (!found || part?.route === found.route) return;
    let isCurrent = true;
    setProblem(null);
    Promise.all([found.route.load(), ...found.route.styles.map(style)]).then(
      ([module]) => isCurrent && setPart({ route: found.route, component: module.default }),
      () => isCurrent && setProblem({ detail: t("shell.newRelease"), hint: t("shell.newReleaseHint") }),
    );
    return () => { isCurrent = false; };
  }, [found?.route]);
  const Part = part && part.route === found?.route ? part.component : null;
  useFocus(main, path, Boolean(Part) || !found);

  if (ready !== true && ready !== false) {
    return html`<div class="page"><${ProblemBox} problem=${ready} onRetry=${() => loadAll().then(() => (started.value = true), (again) => (started.value = again))} /></div>`;
  }
  if (problem) return html`<div class="page"><${ProblemBox} problem=${problem} onRetry=${() => location.reload()} /></div>`;
  if (!found) {
    return html`<${Page} title=${t("shell.notFound")}><${EmptyState} icon="search" title=${t("shell.notFoundTitle")} text=${t("shell.notFoundText")}>
      <${Button} kind="primary" href=${link("/")}>${t("shell.toTables")}</${Button}></${EmptyState}></${Page}>`;
  }
  if (!ready || !me.value || !tables.value || !Part) return html`<${Loading} />`;
  return html`<${Part} key=${found.route.pattern.source + JSON.stringify(found.params)} params=${found.params} query=${query} path=${path} />`;
}

/**
 * After a change of the path the focus is on the new page's heading, so that screen readers say it and the tab key goes
 * on from there; scrolling begins at the top.
 * @param {{ current: HTMLElement | null }} main @param {string} path @param {boolean} isThere
 */
function useFocus(main, path, isThere) {
  const before = useRef(/** @type {string | null} */ (null));
  useEffect(() => {
    if (!isThere || before.current === path) return;
    const isFirst = before.current === null;
    before.current = path;
    if (isFirst) return;
    main.current?.scrollTo(0, 0);
    const heading = /** @type {HTMLElement | null} */ (main.current?.querySelector("h1[tabindex]"));
    // A part that puts the focus somewhere itself has done so by now.
    if (!main.current?.contains(document.activeElement) || document.activeElement === main.current) (heading ?? main.current)?.focus();
  }, [path, isThere]);
}
