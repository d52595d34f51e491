/** The versions of a definition: who made them and what they changed; differences, and reverts with their plan. */
import { html, useState } from "../../vendor/preact.js";
import { api, nextOf } from "../core/api.js";
import { loadMe, loadTables, me } from "../core/state.js";
import { t } from "../core/texts.js";
import { Badge, Button, IconButton, Loading, Moment, ProblemBox, Select, toast, useLoaded } from "../kit/index.js";
import { TablePage, mayWrite } from "./frame.js";
import { PlanDialog } from "./plan.js";
import { StepText } from "./step_text.js";

/** @typedef {import("../core/state.js").Definition} Definition */
/** Steps of a version that are shown at first. */
const FEW = 6;

/** @param {{ params: { id: string } }} props */
export default function HistoryPage({ params }) {
  return html`<${TablePage} key=${params.id} id=${params.id} active="history" text=${t("definition.historyText")}>
    ${(/** @type {Definition} */ table, /** @type {string | null} */ tag, /** @type {() => void} */ reload) => html`<${Versions} key=${table.version} table=${table} tag=${tag} onChanged=${reload} />`}
  </${TablePage}>`;
}

/** @param {{ table: Definition, tag: string | null, onChanged: () => void }} props */
function Versions({ table, tag, onChanged }) {
  const path = `/table/${table.id}/history/`;
  const [more, setMore] = useState(/** @type {any[]} */ ([]));
  const [next, setNext] = useState(/** @type {string | null | undefined} */ (undefined));
  const [pair, setPair] = useState(/** @type {[number, number] | null} */ (null));
  const [reverting, setReverting] = useState(/** @type {{ version: number, fields: Record<string, any> } | null} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  const { value, problem, reload } = useLoaded(table.version, async (signal) => {
    const { data, headers } = await api.get(path, { signal });
    return { versions: data, next: nextOf(headers) };
  });
  if (problem) return html`<${ProblemBox} problem=${problem} onRetry=${reload} />`;
  if (!value) return html`<${Loading} />`;
  const versions = [...value.versions, ...more], further = next === undefined ? value.next : next;
  const older = async () => {
    setIsBusy(true);
    try {
      const { data, headers } = await api.get(/** @type {string} */ (further));
      setMore([...more, ...data]);
      setNext(nextOf(headers));
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { kind: "danger" });
    }
    setIsBusy(false);
  };
  const [from, to] = pair ?? [Math.max(1, table.version - 1), table.version];
  const numbers = versions.map((each) => ({ value: String(each.version), label: String(each.version) }));
  const begin = async (/** @type {number} */ version) => {
    try {
      setReverting({ version, fields: (await api.get(`${path}${version}/`)).data.definition.fields });
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { kind: "danger" });
    }
  };
  const revert = reverting?.version;
  const change = reverting && {
    title: t("definition.revertTitle", { n: String(revert) }), text: t("definition.revertText"), action: t("definition.revertTitle", { n: String(revert) }), fields: reverting.fields,
    plan: async (/** @type {string | undefined} */ onError, /** @type {AbortSignal} */ signal) => (await api.send("POST", `${path}${revert}/revert/plan/`, undefined, { params: { on_error: onError }, ifMatch: tag ?? undefined, signal })).data,
    apply: (/** @type {string | undefined} */ onError, /** @type {AbortSignal} */ signal) => api.send("POST", `${path}${revert}/revert/`, undefined, { params: { on_error: onError }, ifMatch: tag ?? undefined, signal }),
    onDone: () => {
      toast(t("definition.reverted", { n: String(revert) }), { kind: "ok" });
      setReverting(null);
      loadTables();
      loadMe();
      onChanged();
    },
  };
  return html`<div class="stack">
    ${versions.length > 1 && html`<div class="bar-of-tools compare"><span>${t("definition.compare")}</span>
      <${Select} value=${String(from)} options=${numbers} aria-label=${t("definition.compareFrom", { n: String(from) })} onChange=${(/** @type {string} */ n) => setPair([Number(n), to])} />
      <${IconButton} icon="arrowRight" label=${t("definition.swap")} onClick=${() => setPair([to, from])} />
      <${Select} value=${String(to)} options=${numbers} aria-label=${t("definition.compareTo", { n: String(to) })} onChange=${(/** @type {string} */ n) => setPair([from, Number(n)])} />
      ${!pair && html`<${Button} onClick=${() => setPair([from, to])}>${t("definition.compare")}</${Button}>`}
      ${pair && html`<${IconButton} icon="close" label=${t("definition.close")} onClick=${() => setPair(null)} />`}</div>`}
    ${pair && html`<${Difference} key=${pair.join()} path=${path} from=${from} to=${to} />`}
    <ol class="versions">${versions.map((version) => html`<li key=${version.version} class="card version">
      <header class="row"><h2>${t("definition.versionText", { version: String(version.version) })}</h2>${version.version === table.version && html`<${Badge} kind="accent">${t("definition.presentVersion")}</${Badge}>`}
        <span class="muted grow"><${Moment} at=${version.changed_at} />${version.changed_by && ` · ${author(version.changed_by)}`}</span>
        ${version.version > 1 && html`<${Button} small kind="quiet" onClick=${() => setPair([version.version - 1, version.version])}>${t("definition.compare")}</${Button}>`}
        ${mayWrite() && version.version !== table.version && html`<${Button} small icon="undo" onClick=${() => begin(version.version)}>${t("definition.revertTo")}</${Button}>`}</header>
      <${Steps} steps=${version.steps} /></li>`)}</ol>
    ${further && html`<div><${Button} busy=${isBusy} onClick=${older}>${t("definition.olderVersions")}</${Button}></div>`}
    ${change && html`<${PlanDialog} change=${change} onClose=${() => setReverting(null)} />`}
  </div>`;
}

/** Who made a version: oneself by name, others by their ids, which only administrators may resolve. @param {string} id */
const author = (id) => (id === me.value?.id && me.value.name ? me.value.name : id);

/** @param {{ steps: any[] }} props */
function Steps({ steps }) {
  const [all, setAll] = useState(false);
  if (!steps.length) return html`<p class="muted">${t("definition.noSteps")}</p>`;
  const shown = all || steps.length <= FEW + 1 ? steps : steps.slice(0, FEW);
  return html`<ul class="steps plain">${shown.map((step, at) => html`<li class="step" key=${at}><${StepText} step=${step} /></li>`)}</ul>
    ${shown.length < steps.length && html`<div><${Button} small kind="quiet" onClick=${() => setAll(true)}>${t("definition.showAll", { n: steps.length })}</${Button}></div>`}`;
}

/** @param {{ path: string, from: number, to: number }} props */
function Difference({ path, from, to }) {
  const { value, problem, reload } = useLoaded(`${from}-${to}`, async (signal) => (await api.get(`${path}${from}/diff/${to}/`, { signal })).data.steps);
  return html`<section class="card difference" aria-live="polite"><h2>${t("definition.difference", { from: String(from), to: String(to) })}</h2>
    ${problem ? html`<${ProblemBox} problem=${problem} onRetry=${reload} />` : !value ? html`<${Loading} />` : value.length ? html`<${Steps} steps=${value} />` : html`<p class="muted">${t("definition.noDifference")}</p>`}</section>`;
}
