import { html } from "../../vendor/preact.js";
import { Icon } from "../kit/index.js";
import { told } from "./steps.js";

/** One step in words, with what changes by it. @param {{ step: any, end?: any }} props */
export function StepText({ step, end }) {
  const { icon, text, changes } = told(step);
  return html`<div class="step-text"><${Icon} name=${icon} /><div class="grow"><span>${text}</span>
    ${changes.length > 0 && html`<ul class="changes">${changes.map((each) => html`<li key=${each.name}><span class="muted">${each.name}</span>
      ${each.before !== null && html`<del>${each.before}</del><span class="unseen"> → </span><${Icon} name="arrowRight" size=${12} />`}<ins>${each.after}</ins></li>`)}</ul>`}</div>${end}</div>`;
}
