/** Two people have changed one row: both values of each field, and the choice between them. */
import { html, useState } from "../../../vendor/preact.js";
import { fieldTypes } from "../../core/state.js";
import { t } from "../../core/texts.js";
import { editorFor } from "../../editors/index.js";
import { Button, Notice } from "../../kit/index.js";

/**
 * @param {{ clash: { clashes: import("./draft.js").Clash[], theirs: string[] }, definition: import("../../core/state.js").Definition, busy: boolean,
 *   onChosen: (theirs: string[]) => void, onDiscard: () => void }} props onChosen: the fields whose value stays theirs
 */
export function Conflict({ clash, definition, busy, onChosen, onDiscard }) {
  const [theirs, setTheirs] = useState(/** @type {string[]} */ ([]));
  const { clashes } = clash;
  const label = (/** @type {string} */ name) => definition.fields[name]?.label || name;
  const value = (/** @type {string} */ name, /** @type {any} */ held) => {
    const field = { ...definition.fields[name], name };
    if (held === null || held === undefined) return html`<span class="muted">${t("form.none")}</span>`;
    return html`<${editorFor(field, fieldTypes.value).Cell} value=${held} field=${field} />`;
  };
  const option = (/** @type {string} */ name, /** @type {boolean} */ isTheirs, /** @type {any} */ held) => html`<label class="conflict-option">
      <input type="radio" name=${`conflict-${name}`} checked=${theirs.includes(name) === isTheirs} aria-label=${t(isTheirs ? "form.takeTheirs" : "form.takeMine", { name: label(name) })}
        onChange=${() => setTheirs(isTheirs ? [...theirs, name] : theirs.filter((/** @type {string} */ each) => each !== name))} />
      ${value(name, held)}</label>`;
  return html`<${Notice} kind="warn" role="alert">
    <div class="stack conflict">
      <div><strong>${t("form.conflict")}</strong><p>${t(clashes.length ? "form.conflictBoth" : "form.conflictOthers")}
        ${clash.theirs.length > 0 && ` ${t("form.conflictTheirs", { names: clash.theirs.map(label).join(", ") })}`}</p></div>
      ${clashes.length > 0 && html`<table class="conflict-table">
        <thead><tr><th scope="col">${t("form.field")}</th><th scope="col">${t("form.mine")}</th><th scope="col">${t("form.theirs")}</th></tr></thead>
        <tbody>${clashes.map(({ name, mine, theirs: other }) => html`<tr key=${name}><th scope="row">${label(name)}</th><td>${option(name, false, mine)}</td><td>${option(name, true, other)}</td></tr>`)}</tbody>
      </table>`}
      <div class="row">
        <${Button} kind="primary" busy=${busy} onClick=${() => onChosen(theirs)}>${t("form.saveChosen")}</${Button}>
        <${Button} onClick=${onDiscard}>${t("form.discardMine")}</${Button}>
      </div>
    </div>
  </${Notice}>`;
}
