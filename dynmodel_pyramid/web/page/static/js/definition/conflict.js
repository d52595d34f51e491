/** Somebody else changed the table meanwhile: what they did, and my changes put on top of it. */
import { html } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { t } from "../core/texts.js";
import { Button, Dialog, Loading, Notice, ProblemBox, useLoaded } from "../kit/index.js";
import { labelOf } from "../kit/schema.js";
import { draftOf } from "./draft.js";
import { rebased } from "./rebase.js";
import { StepText } from "./step_text.js";
import { valueText } from "./steps.js";

/** @typedef {import("./draft.js").Draft} Draft @typedef {import("../core/state.js").Definition} Definition */

/** @param {{ base: Definition, mine: Draft, theirs: Definition, onClose: () => void, onRebase: (draft: Draft) => void, onDiscard: () => void }} props */
export function ConflictDialog({ base, mine, theirs, onClose, onRebase, onDiscard }) {
  const { value, problem } = useLoaded(theirs.version, async (signal) => (await api.get(`/table/${theirs.id}/history/${base.version}/diff/${theirs.version}/`, { signal })).data.steps);
  const { draft, clashes } = rebased(draftOf(base), mine, draftOf(theirs));
  const values = { before: String(base.version), after: String(theirs.version) };
  return html`<${Dialog} wide title=${t("definition.conflictTitle")} onClose=${onClose} footer=${html`<${Button} onClick=${onClose}>${t("definition.cancel")}</${Button}>
      <${Button} onClick=${onDiscard}>${t("definition.dropMine")}</${Button}><${Button} kind="primary" onClick=${() => onRebase(draft)}>${t("definition.rebase", values)}</${Button}>`}>
    <p>${t("definition.conflictText", values)}</p>
    <${ProblemBox} problem=${problem} />
    ${!value && !problem && html`<${Loading} />`}
    ${value && html`<ol class="steps">${value.map((/** @type {any} */ step, /** @type {number} */ at) => html`<li class="step" key=${at}><${StepText} step=${step} /></li>`)}</ol>`}
    ${clashes.length > 0 && html`<${Notice} kind="warn"><p>${t("definition.clashText")}</p><ul>${clashes.map((clash, at) => html`<li key=${at}>${clash.member === "dropped"
      ? t("definition.clashDropped", { field: clash.field ?? "" })
      : t("definition.clash", { what: `${clash.field ?? t("definition.ofTable")} › ${labelOf(clash.member)}`, theirs: valueText(clash.theirs), mine: valueText(clash.mine) })}</li>`)}</ul></${Notice}>`}
  </${Dialog}>`;
}
