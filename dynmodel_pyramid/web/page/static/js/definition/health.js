/** Whether the database has what the definition promises, and how far the table is from its limits. */
import { html } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { link } from "../core/router.js";
import { t } from "../core/texts.js";
import { Button, Icon, Loading, Notice, ProblemBox, ProgressBar, Table, useLoaded } from "../kit/index.js";
import { TablePage } from "./frame.js";

/** @typedef {import("../core/state.js").Definition} Definition */

/** @param {{ params: { id: string } }} props */
export default function HealthPage({ params }) {
  return html`<${TablePage} key=${params.id} id=${params.id} active="health" writers text=${t("definition.healthText")}>
    ${(/** @type {Definition} */ table) => html`<${Health} table=${table} />`}
  </${TablePage}>`;
}

/** @param {{ table: Definition }} props */
function Health({ table }) {
  const { value, problem, reload, isLoading } = useLoaded(table.id, async (signal) => (await api.get(`/table/${table.id}/health/`, { signal })).data);
  if (problem) return html`<${ProblemBox} problem=${problem} onRetry=${reload} />`;
  if (!value) return html`<${Loading} />`;
  const { columns, differences, warnings, pending } = value;
  const isHealthy = value.status === "healthy";
  return html`<div class="stack">
    <div class="row"><div class="grow"><${Notice} kind=${isHealthy ? "ok" : "danger"} role="status"><strong>${t(`definition.status_${value.status}`)}</strong>${" "}${isHealthy ? t("definition.healthy") : t("definition.damaged", { n: differences.length })}</${Notice}></div>
      <${Button} icon="refresh" busy=${isLoading} onClick=${reload}>${t("definition.checkAgain")}</${Button}></div>
    ${warnings.map((/** @type {any} */ each, /** @type {number} */ at) => html`<${Notice} kind="warn" key=${at}><strong>${each.detail}</strong>${each.hint && html`<p>${each.hint}</p>`}</${Notice}>`)}
    <section class="card"><h2>${t("definition.columns")}</h2>
      <${ProgressBar} value=${columns.counted} total=${columns.limit} label=${t("definition.columns")} detail=${t("definition.columnsText", columns)} />
      <dl class="facts">${[["inUse", columns.in_use], ["inTrash", columns.in_trash], ["droppedColumns", columns.dropped]].filter(([, n]) => n !== undefined).map(([key, n]) => html`<div key=${key}><dt>${t(`definition.${key}`)}</dt><dd>${n}</dd></div>`)}</dl>
      <div class="row"><a href=${link(`/table/${table.id}/trash/`)}>${t("definition.inTheTrash", { n: value.trash })}</a><a href=${link(`/table/${table.id}/quarantine/`)}>${t("definition.inQuarantine", { n: value.quarantine })}</a></div></section>
    ${pending.length > 0 && html`<section class="card"><h2>${t("definition.pending")}</h2><ul class="bullets">${pending.map((/** @type {any} */ each) => html`<li class="mono" key=${JSON.stringify(each)}>${typeof each === "string" ? each : JSON.stringify(each)}</li>`)}</ul></section>`}
    ${differences.length > 0 && html`<section><h2>${t("definition.differences")}</h2><${Table} caption=${t("definition.differences")} rows=${differences.map((/** @type {any} */ each, /** @type {number} */ id) => ({ ...each, id }))} columns=${[
      { key: "detail", label: t("definition.what"), head: true, cell: (/** @type {any} */ each) => html`<span class="row"><${Icon} name="warning" />${each.field ?? each.name}</span><p>${each.detail}</p>${each.hint && html`<p class="muted small">${each.hint}</p>`}` },
      { key: "promised", label: t("definition.promised"), cell: (/** @type {any} */ each) => html`<code>${each.promised ?? t("definition.notPromised")}</code>` },
      { key: "found", label: t("definition.found"), cell: (/** @type {any} */ each) => html`<code>${each.found ?? t("definition.missing")}</code>` },
    ]} /></section>`}
  </div>`;
}
