/** What changed roles would open and close, before they are changed. */
import { html, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Badge, Button, Dialog, EmptyState, Notice, ProblemBox } from "../kit/index.js";

const KINDS = /** @type {Record<string, any>} */ ({ opens: "warn", closes: "accent", changes: "", creates: "ok", deletes: "danger" });

/** @param {{ plan: any[], problem: any, isStale?: boolean, onClose: () => void, onApply: () => Promise<void> }} props */
export function PlanDialog({ plan, problem, isStale, onClose, onApply }) {
  const [busy, setBusy] = useState(false);
  const apply = async () => {
    setBusy(true);
    await onApply();
    setBusy(false);
  };
  return html`<${Dialog} wide title=${t("access.planTitle")} onClose=${onClose} footer=${html`
      <${Button} onClick=${onClose}>${t("kit.cancel")}</${Button}>
      <${Button} kind="primary" busy=${busy} disabled=${Boolean(problem) && !isStale} onClick=${apply}>${t("access.apply")}</${Button}>`}>
    ${isStale ? html`<${Notice} kind="warn" role="alert">${t("access.stale")}</${Notice}>` : html`<${ProblemBox} problem=${problem} />`}
    ${!plan.length && !problem && html`<${EmptyState} icon="check" title=${t("access.planEmpty")} />`}
    ${plan.length > 0 && html`<ul class="plan">${plan.map((each, i) => html`<li key=${i} class="card"><div class="row">
        <${Badge} kind=${KINDS[each.effect]}>${t(`access.effect_${each.effect}`)}</${Badge}><strong>${each.role}</strong>
        <span>${each.table ? `${each.table === "*" ? t("access.everyTable") : each.table} · ${t(`access.${each.action}`)}` : each.definitions ? t("access.definitions") : t("access.theRole")}</span></div>
      ${each.definitions && html`<p>${t("access.fromTo", { before: t(`access.definitions_${each.definitions.before}`), after: t(`access.definitions_${each.definitions.after}`) })}</p>`}
      ${each.fields_opened?.length > 0 && html`<p><span class="muted">${t("access.fieldsOpened")}</span> ${each.fields_opened.join(", ")}</p>`}
      ${each.fields_closed?.length > 0 && html`<p><span class="muted">${t("access.fieldsClosed")}</span> ${each.fields_closed.join(", ")}</p>`}
      ${each.table && html`<div class="before-after"><${Grants} label=${t("access.before")} value=${each.before} /><${Grants} label=${t("access.after")} value=${each.after} /></div>`}
    </li>`)}</ul>`}
  </${Dialog}>`;
}

/** @param {{ label: string, value: any }} props */
function Grants({ label, value }) {
  return html`<div><span class="muted small">${label}</span><pre class="small">${told(value)}</pre></div>`;
}

/** @param {any} value */
function told(value) {
  if (value === true) return t("access.mode_all");
  if (!value || (Array.isArray(value) && !value.length)) return t("access.mode_none");
  return (Array.isArray(value) ? value : [value]).map((grant) => (grant === true ? t("access.mode_all") : JSON.stringify(grant, null, 1).replace(/[{}"\n]/g, "").trim() || t("access.mode_all"))).join("\n");
}
