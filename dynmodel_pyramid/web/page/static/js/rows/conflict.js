/** Two people have changed the same cell: both values are shown, and the person chooses. */
import { html, signal, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Button, Dialog } from "../kit/index.js";
import { kindOf } from "./kinds.js";

/** @typedef {import("./writes.js").Conflict} Conflict */
/** @typedef {{ conflicts: Conflict[], definition: import("../core/state.js").Definition, done: (kept: Set<Conflict> | null) => void }} Question */

const question = signal(/** @type {Question | null} */ (null));
/** Conflicts that are shown one by one. */
const SHOWN = 50;

/**
 * @param {import("../core/state.js").Definition} definition
 * @returns {(conflicts: Conflict[]) => Promise<Set<Conflict> | null>} those of which the own value is kept; null: nothing is written
 */
export const chooser = (definition) => (conflicts) => new Promise((resolve) => {
  question.value = { conflicts, definition, done: (kept) => { question.value = null; resolve(kept); } };
});

/** Where conflicts appear. */
export function Conflicts() {
  const asked = question.value;
  return asked && html`<${Choice} key=${asked} ...${asked} />`;
}

/** @param {Question} props */
function Choice({ conflicts, definition, done }) {
  const [mine, setMine] = useState(/** @type {Set<Conflict>} */ (new Set()));
  /** @param {Conflict} each @param {boolean} on */
  const keep = (each, on) => {
    const next = new Set(mine);
    if (on) next.add(each);
    else next.delete(each);
    setMine(next);
  };
  const only = conflicts.length === 1 ? conflicts[0] : null;
  const footer = only
    ? html`<${Button} onClick=${() => done(new Set())}>${t("rows.take_theirs")}</${Button}><${Button} kind="primary" onClick=${() => done(new Set([only]))}>${t("rows.keep_mine")}</${Button}>`
    : html`<${Button} onClick=${() => done(new Set())}>${t("rows.take_all_theirs")}</${Button}><${Button} onClick=${() => done(new Set(conflicts))}>${t("rows.keep_all_mine")}</${Button}>
      <${Button} kind="primary" onClick=${() => done(mine)}>${t("rows.as_chosen")}</${Button}>`;
  return html`<${Dialog} title=${t("rows.conflict", { n: conflicts.length })} wide=${conflicts.length > 1} onClose=${() => done(null)} footer=${footer}>
    <p>${t("rows.conflict_text")}</p>
    ${conflicts.slice(0, SHOWN).map((each) => {
      const field = { ...definition.fields[each.field], name: each.field }, { Cell } = kindOf(field), name = `${each.id}/${each.field}`;
      const option = (/** @type {boolean} */ own, /** @type {any} */ value) => html`<label class="conflict-value">
        ${!only && html`<input type="radio" name=${name} checked=${mine.has(each) === own} onChange=${() => keep(each, own)} />`}
        <span class="small muted">${t(own ? "rows.mine" : "rows.theirs")}</span>
        <span class="conflict-cell"><${Cell} value=${value} field=${field} />${value === null || value === undefined ? html`<span class="muted">${t("rows.nothing")}</span>` : null}</span></label>`;
      return html`<fieldset key=${name} class="conflict"><legend>${field.label || each.field} · ${t("rows.row", { id: each.id })}</legend>
        <div class="conflict-values">${option(true, each.mine)}${option(false, each.theirs)}</div></fieldset>`;
    })}
    ${conflicts.length > SHOWN && html`<p class="muted">${t("rows.more_conflicts", { n: conflicts.length - SHOWN })}</p>`}
  </${Dialog}>`;
}
