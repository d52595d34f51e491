/**
 * "API": what the page shows, as requests for programs.
 *
 *     html`<${ApiButton} table=${definition} query=${query} />`
 */
import { html, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { can, me, titleOf } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, Dialog, Tabs, copy } from "../kit/index.js";
import "../texts/en/requests.js";
import { LANGUAGES, TOKEN, readable } from "./code.js";
import { exampleRow } from "./examples.js";

/** @typedef {import("../core/state.js").Definition} Definition */

/** @param {{ table: Definition, query: URLSearchParams, [attribute: string]: any }} props */
export function ApiButton({ table, query, ...rest }) {
  const [isOpen, setIsOpen] = useState(false);
  return html`<${Button} icon="api" onClick=${() => setIsOpen(true)} ...${rest}>${t("requests.api")}</${Button}>
    ${isOpen && html`<${RequestsDialog} table=${table} query=${query} onClose=${() => setIsOpen(false)} />`}`;
}

/**
 * The requests that are shown: id -> what is asked.
 * @param {Definition} table @param {URLSearchParams} query
 * @returns {Record<string, import("./code.js").Asked>}
 */
export function requestsOf(table, query) {
  const base = location.origin + api.url(`/table/${encodeURIComponent(table.model_name)}/rows/`);
  const shown = new URLSearchParams(query);
  for (const name of ["_after", "_before", "_format"]) shown.delete(name);
  const text = readable(shown), hasToken = me.value?.kind !== "open" && me.value?.kind !== "anonymous";
  const url = text ? `${base}?${text}` : base;
  const row = exampleRow(table);
  return {
    list: { method: "GET", url, headers: [], hasToken },
    csv: { method: "GET", url, headers: [["Accept", "text/csv"]], hasToken },
    ...(can(table, "create") ? { create: { method: "POST", url: base, headers: [], body: row, hasToken } } : {}),
    ...(can(table, "update") ? { update: { method: "PATCH", url: `${base}1/`, headers: [], body: row, hasToken } } : {}),
    ...(can(table, "delete") ? { delete: { method: "DELETE", url: `${base}1/`, headers: [], hasToken } } : {}),
  };
}

/** @param {{ table: Definition, query: URLSearchParams, onClose: () => void }} props */
export function RequestsDialog({ table, query, onClose }) {
  const [request, setRequest] = useState("list");
  const [language, setLanguage] = useState("curl");
  const all = requestsOf(table, query), asked = all[request];
  const languages = LANGUAGES.filter((each) => request !== "csv" || each.id === "curl");
  const chosen = languages.find((each) => each.id === language) ?? languages[0];
  const code = chosen.write(asked);
  const footer = html`<a class="grow" href=${api.url(`/table/${table.id}/openapi.json`)} target="_blank" rel="noopener">${t("requests.openapi")}</a>
    <a class="grow" href=${api.url("/docs/")} target="_blank" rel="noopener">${t("requests.docs")}</a><${Button} onClick=${onClose}>${t("kit.close")}</${Button}>`;
  return html`<${Dialog} wide class="requests" title=${t("requests.title", { table: titleOf(table) })} onClose=${onClose} footer=${footer}>
    <p class="muted">${t("requests.text")}</p>
    <div class="choices" role="group" aria-label=${t("requests.which")}>${Object.keys(all).map((id) => html`<${Button} key=${id} small aria-pressed=${String(id === request)} onClick=${() => setRequest(id)}>${t(`requests.request_${id}`)}</${Button}>`)}</div>
    <${Tabs} label=${t("requests.language")} active=${chosen.id} onSelect=${setLanguage} tabs=${languages} />
    <div role="tabpanel" id=${`panel-${chosen.id}`} aria-labelledby=${`tab-${chosen.id}`} class="code">
      <pre tabindex="0" aria-label=${t("requests.code", { language: chosen.label })}><code>${code}</code></pre>
      <${Button} small icon="copy" onClick=${() => copy(code)}>${t("kit.copy")}</${Button}></div>
    ${asked.hasToken && html`<p class="small muted">${t("requests.token", { name: TOKEN })}</p>`}
  </${Dialog}>`;
}
