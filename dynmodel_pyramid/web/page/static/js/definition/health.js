/** Whether the database has what the definition promises, and how far the table is from its limits. */
import { html, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { link } from "../core/router.js";
import { me } from "../core/state.js";
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

/**
 * The next steps of a compaction, one request after the other, until it is done or given up.
 * @param {{ table: Definition, onDone: () => void }} props
 */
function Compact({ table, onDone }) {
  const [state, setState] = useState(/** @type {{ progress: any, problem: any, isRunning: boolean }} */ ({ progress: null, problem: null, isRunning: false }));
  const path = `/table/${table.id}/compact/`;
  const run = async () => {
    let { progress } = state;
    setState({ progress, problem: null, isRunning: true });
    try {
      do {
        ({ data: progress } = await api.send("POST", path));
        setState({ progress, problem: null, isRunning: progress.phase !== "done" });
      } while (progress.phase !== "done");
      onDone();
    } catch (problem) {
      setState({ progress, problem, isRunning: false });
    }
  };
  const cancel = async () => {
    try {
      await api.send("DELETE", path);
      setState({ progress: null, problem: null, isRunning: false });
    } catch (problem) {
      setState({ ...state, problem });
    }
  };
  const { progress, problem, isRunning } = state;
  return html`<p class="muted small">${t("definition.compactText")}</p>
    <${ProblemBox} problem=${problem} onRetry=${run} />
    ${progress && progress.phase !== "done" && html`<${ProgressBar} value=${Math.min(progress.copied, progress.rows)} total=${Math.max(progress.rows, 1)} label=${t("definition.compact")} detail=${t(`definition.phase_${progress.phase}`)} />`}
    <div class="row"><${Button} busy=${isRunning} onClick=${run}>${t("definition.compact")}</${Button}>
      ${progress && !isRunning && progress.phase !== "done" && html`<${Button} kind="quiet" onClick=${cancel}>${t("definition.giveUp")}</${Button}>`}</div>`;
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
      ${columns.dropped > 0 && me.value?.admin && html`<${Compact} table=${table} onDone=${reload} />`}
      <div class="row"><a href=${link(`/table/${table.id}/trash/`)}>${t("definition.inTheTrash", { n: value.trash })}</a><a href=${link(`/table/${table.id}/quarantine/`)}>${t("definition.inQuarantine", { n: value.quarantine })}</a></div></section>
    ${pending.length > 0 && html`<section class="card"><h2>${t("definition.pending")}</h2><ul class="bullets">${pending.map((/** @type {any} */ each) => html`<li class="mono" key=${JSON.stringify(each)}>${typeof each === "string" ? each : JSON.stringify(each)}</li>`)}</ul></section>`}
    ${differences.length > 0 && html`<section><h2>${t("definition.differences")}</h2><${Table} caption=${t("definition.differences")} rows=${differences.map((/** @type {any} */ each, /** @type {number} */ id) => ({ ...each, id }))} columns=${[
      { key: "detail", label: t("definition.what"), head: true, cell: (/** @type {any} */ each) => html`<span class="row"><${Icon} name="warning" />${each.field ?? each.name}</span><p>${each.detail}</p>${each.hint && html`<p class="muted small">${each.hint}</p>`}` },
      { key: "promised", label: t("definition.promised"), cell: (/** @type {any} */ each) => html`<code>${each.promised ?? t("definition.notPromised")}</code>` },
      { key: "found", label: t("definition.found"), cell: (/** @type {any} */ each) => html`<code>${each.found ?? t("definition.missing")}</code>` },
    ]} /></section>`}
  </div>`;
}
