/**
 * The plan of a change, before anything happens: steps in words, their cost, what readers and writers notice, and what
 * becomes of values, chosen by looking at samples. Then the change, with the time that it takes.
 */
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { bare, own } from "../core/records.js";
import { fieldTypes } from "../core/state.js";
import { has, t } from "../core/texts.js";
import "../texts/en/definition.js";
import { Badge, Button, Dialog, Icon, Loading, Notice, ProblemBox, ProgressBar, Radios } from "../kit/index.js";
import { labelOf } from "../kit/schema.js";
import { onErrorText, wordsFor } from "./on_error.js";
import { StepText } from "./step_text.js";

const COSTS = ["none", "metadata", "scan", "rewrite"];

/**
 * @typedef {Object} Change
 * @property {string} title
 * @property {any} [text]
 * @property {string} [action] the button's text
 * @property {(onError: string | undefined, signal: AbortSignal) => Promise<any>} plan makes the plan
 * @property {(onError: string | undefined, signal: AbortSignal) => Promise<any>} apply
 * @property {(result: any) => void} onDone
 * @property {(problem: any) => boolean} [onRefused] whether the problem of plan or apply is dealt with elsewhere
 * @property {Record<string, Record<string, any>>} [fields] the fields as they will be, by name: their type, required, default
 * @property {boolean} [danger]
 */

/** @param {{ change: Change, onClose: () => void }} props */
export function PlanDialog({ change, onClose }) {
  const [words, setWords] = useState(/** @type {Record<string, string>} */ (bare()));
  const [plan, setPlan] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [isLoading, setIsLoading] = useState(true);
  const [since, setSince] = useState(/** @type {number | null} */ (null));
  const [round, setRound] = useState(0);
  const running = useRef(/** @type {AbortController | null} */ (null));
  const onError = onErrorText(words);

  useEffect(() => {
    const stop = new AbortController();
    setIsLoading(true);
    if (!round) setProblem(null);
    change.plan(onError, stop.signal).then(
      (made) => { if (!stop.signal.aborted) { setPlan(made); setIsLoading(false); } },
      (error) => {
        if (stop.signal.aborted) return;
        setIsLoading(false);
        if (!change.onRefused?.(error)) setProblem(error);
      },
    );
    return () => stop.abort();
  }, [onError, round]);

  const apply = async () => {
    if (since !== null || !plan?.allowed) return;
    running.current = new AbortController();
    setSince(Date.now());
    setProblem(null);
    try {
      const result = await change.apply(onError, running.current.signal);
      change.onDone(result);
    } catch (error) {
      const stopped = error instanceof DOMException && error.name === "AbortError";
      if (stopped) {
        setProblem({ detail: t("definition.stopped") });
        setRound(round + 1); // the new plan tells whether the change was made before it could be stopped
      }
      else if (!change.onRefused?.(error)) setProblem(error);
    }
    setSince(null);
  };
  const close = () => { if (since === null) onClose(); };
  const isNothing = plan?.action === "none";
  return html`<${Dialog} wide title=${change.title} onClose=${close} onSubmit=${apply} class="plan-dialog" footer=${since !== null
    ? html`<${Applying} since=${since} onStop=${() => running.current?.abort()} />`
    : html`<${Button} onClick=${close}>${t("definition.close")}</${Button}>
      <${Button} kind=${change.danger ? "danger" : "primary"} type="submit" disabled=${isLoading || !plan?.allowed || isNothing}>${change.action ?? t("definition.apply")}</${Button}>`}>
    ${change.text && html`<p>${change.text}</p>`}
    <${ProblemBox} problem=${problem} />
    ${!plan && isLoading && html`<${Loading} label=${t("definition.planLoading")} />`}
    ${plan && (isNothing ? html`<${Notice}>${t("definition.planNothing")}</${Notice}>` : html`<${Plan} plan=${plan} isLoading=${isLoading} words=${words} fields=${change.fields ?? {}} disabled=${since !== null}
      onWord=${(/** @type {string} */ field, /** @type {string} */ word) => { setRound(0); setWords(bare(words, { [field]: word })); }} />`)}
  </${Dialog}>`;
}

/** A change under way: nobody knows how long it takes, so it shows the time that it has taken. @param {{ since: number, onStop: () => void }} props */
function Applying({ since, onStop }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.floor((now - since) / 1000);
  return html`<div class="grow applying" role="status"><${ProgressBar} label=${t("definition.applying")} detail=${t("definition.elapsed", { seconds })} />
    ${seconds >= 2 && html`<p class="muted small">${t("definition.applyingText")}</p>`}</div><${Button} onClick=${onStop}>${t("definition.stop")}</${Button}>`;
}

/**
 * @param {{ plan: any, isLoading?: boolean, words: Record<string, string>, fields: Record<string, Record<string, any>>, disabled?: boolean, onWord: (field: string, word: string) => void }} props
 */
export function Plan({ plan, isLoading, words, fields, disabled, onWord }) {
  const cost = COSTS[Math.max(0, ...plan.steps.map((/** @type {any} */ step) => COSTS.indexOf(step.cost)))];
  const asked = new Set(); // one choice a field, at its first step
  return html`<div class=${`plan ${isLoading ? "is-loading" : ""}`} aria-busy=${isLoading ? "true" : "false"}>
    <dl class="facts">
      <div><dt>${t("definition.costs")}</dt><dd><${Badge} kind=${cost === "rewrite" ? "warn" : cost === "scan" ? "accent" : "ok"}>${t(`definition.cost_${cost}`)}</${Badge}></dd></div>
      ${plan.rows !== null && html`<div><dt>${t("definition.rows")}</dt><dd>${t("definition.rowsCount", { n: plan.rows })}</dd></div>`}
      <div><dt>${t("definition.version")}</dt><dd>${t("definition.toVersion", { before: String(plan.version), after: String(plan.next_version) })}</dd></div>
      ${plan.locks.length > 0 && html`<div class="wide"><dt>${t("definition.locks")}</dt><dd>${plan.locks.map((/** @type {any} */ lock) => html`<div key=${lock.mode}>${lock.while} <span class="muted small mono">${lock.mode}</span></div>`)}</dd></div>`}
    </dl>
    ${plan.next_version > plan.version + 1 && html`<p class="muted">${t("definition.twoVersions")}</p>`}
    <${Notice} kind=${plan.allowed ? "ok" : "warn"} role="status">${t(plan.allowed ? "definition.planAllowed" : "definition.planRefused")}</${Notice}>
    <ol class="steps">${plan.steps.map((/** @type {any} */ step, /** @type {number} */ at) => {
      const isAsked = asksFor(step, words) && !asked.has(step.field);
      if (isAsked) asked.add(step.field);
      return html`<${PlanStep} key=${at} step=${step} words=${words} field=${own(fields, step.field)} isAsked=${isAsked} disabled=${disabled || isLoading} onWord=${onWord} />`;
    })}</ol>
    ${plan.statements.length > 0 && html`<details class="fold"><summary>${t("definition.statements", { n: plan.statements.length })}</summary>
      <pre class="sql" tabindex="0">${plan.statements.join(";\n\n")}</pre></details>`}
  </div>`;
}

/** Whether what becomes of values is to be chosen at a step. @param {any} step @param {Record<string, string>} words */
const asksFor = (step, words) => Boolean(step.field) && (step.values?.lost > 0 || step.values?.repaired > 0 || step.field in words || step.refused.some((/** @type {any} */ each) => each.code === "lossy_change"));

/** @param {any} props */
function PlanStep({ step, words, field, isAsked, disabled, onWord }) {
  const { values, refused } = step;
  const type = fieldTypes.value.get(step.after?.type ?? field?.type);
  const hasDefault = (field?.default ?? null) !== null || (field?.default_expression ?? null) !== null;
  const offered = step.kind === "set_required" ? ["fail", ...(hasDefault ? ["default"] : [])] : wordsFor(type, { hasDefault, isRequired: Boolean(field?.required) });
  const word = words[step.field] ?? "fail";
  return html`<li class=${`step ${refused.length ? "is-refused" : ""}`}>
    <${StepText} step=${step} end=${html`<${Badge} title=${t(`definition.cost_${step.cost}`)}>${labelOf(step.cost)}</${Badge}>`} />
    ${step.kind === "drop_field" && html`<p class="muted small">${t("definition.dropNote")}</p>`}
    ${values && html`<${Values} values=${values} field=${step.field} />`}
    
    ${refused.filter((/** @type {any} */ each) => !(isAsked && each.code === "lossy_change" && each.count === values?.lost)).map((/** @type {any} */ each, /** @type {number} */ n) => html`<div key=${n} class="refusal"><${Icon} name="warning" /><div class="grow"><strong>${each.detail}</strong>
      ${!isAsked && each.hint && html`<p class="small">${each.hint}</p>`}${each.samples?.length > 0 && !values?.lost_samples?.length && html`<${Samples} title=${`${step.field ?? ""} ${t("definition.refusedSamples")}`} rows=${each.samples} />`}</div></div>`)}
    ${isAsked && offered.length > 1 && html`<div class="choice-of-words" inert=${disabled}><${Radios} legend=${t("definition.onErrorOf", { field: step.field })} value=${word} onChange=${(/** @type {string} */ chosen) => onWord(step.field, chosen)}
      options=${offered.map((each) => ({ value: each, label: has(`definition.onError_${each}`) ? t(`definition.onError_${each}`) : labelOf(each), help: t(has(`definition.onError_${each}_help`) ? `definition.onError_${each}_help` : "definition.onError_other_help") }))} /></div>`}
  </li>`;
}

/** What becomes of values. @param {{ values: any, field: string }} props */
function Values({ values, field }) {
  const of = (/** @type {string} */ key, /** @type {number} */ n) => `${field}: ${t(`definition.${key}`, { n })}`;
  const count = (/** @type {string} */ key, /** @type {number | undefined} */ n, /** @type {string} */ kind) => n ? html`<${Badge} kind=${kind}>${t(`definition.${key}`, { n })}</${Badge}>` : null;
  return html`<div class="values"><div class="row">
      ${values.total > 0 && html`<span>${t("definition.converted", { converted: values.converted, total: values.total })}</span>`}
      ${count("valuesLost", values.lost, "danger")}${count("valuesRepaired", values.repaired, "warn")}${count("valuesChanged", values.changed, "accent")}${count("valuesFilled", values.filled, "accent")}${count("valuesReturned", values.returned, "ok")}</div>
    ${values.lost_samples?.length > 0 && html`<${Samples} title=${of("valuesLost", values.lost)} rows=${values.lost_samples} />`}
    ${values.repaired_samples?.length > 0 && html`<${Samples} title=${of("valuesRepaired", values.repaired)} rows=${values.repaired_samples} />`}
    ${values.changed_samples?.length > 0 && html`<${Samples} title=${of("valuesChanged", values.changed)} rows=${values.changed_samples} />`}</div>`;
}

/** Rows as examples; their columns are what they have. @param {{ title: string, rows: any[] }} props */
export function Samples({ title, rows }) {
  const names = [["id", "sampleRow"], ["value", "sampleValue"], ["before", "sampleBefore"], ["after", "sampleAfter"], ["reason", "sampleReason"]].filter(([name]) => rows.some((row) => row[name] !== undefined));
  const others = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => !["id", "value", "before", "after", "reason"].includes(name));
  const text = (/** @type {any} */ value) => (value === null || value === undefined ? t("definition.nothing") : typeof value === "string" ? value : JSON.stringify(value));
  return html`<div class="table-wrap samples" tabindex="0" role="region" aria-label=${title}><table class="table"><caption class="unseen">${title}</caption>
    <thead><tr>${names.map(([name, label]) => html`<th scope="col" key=${name}>${t(`definition.${label}`)}</th>`)}${others.map((name) => html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row, n) => html`<tr key=${n}>${[...names.map(([name]) => name), ...others].map((name) => html`<td key=${name} class=${name === "reason" ? "muted" : "mono"}>${text(row[name])}</td>`)}</tr>`)}</tbody></table></div>`;
}
