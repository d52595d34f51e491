/** A field of the form: its name, its editor or its value, what it is for, and what is wrong with it. */
import { html } from "../../../vendor/preact.js";
import { t } from "../../core/texts.js";
import { editorFor, isGiven } from "../../editors/index.js";
import { Badge, Field, Icon } from "../../kit/index.js";

/**
 * @param {any} field
 * @param {import("../../core/state.js").Right} right
 * @param {boolean} isNew
 * @param {Map<string, any>} types
 */
export function mayWrite(field, right, isNew, types) {
  if (isGiven(field, types) || right === false) return false;
  if (field.read_only && !isNew) return false;
  return right === true || !right.fields || right.fields.includes(field.name);
}

/**
 * @param {{ field: any, types: Map<string, any>, isNew: boolean, writes: boolean, row: any, value: any, isTouched: boolean, error?: string | null,
 *   onChange: (value: any, fault?: string | null) => void }} props
 */
export function FieldRow({ field, types, isNew, writes, row, value, isTouched, error, onChange }) {
  const { Cell, Editor } = editorFor(field, types);
  const icon = types.get(field.type)?.icon;
  const label = html`<span class="row-form-label"><${Icon} name=${icon ?? "field"} size=${14} /><span title=${field.label ? field.name : undefined}>${field.label || field.name}</span>${isTouched && html`<span class="row-form-dot" title=${t("form.changed")}></span>`}</span>`;
  if (!writes) {
    if (isNew) return null;
    return html`<div class="field row-form-field"><span class="label">${label}</span>
      <div class="row-form-value">${value === null || value === undefined ? html`<span class="muted">${t(field.write_only ? "form.writeOnly" : "form.none")}</span>` : html`<${Cell} value=${value} field=${field} row=${row} reachable />`}
        ${field.read_only && html`<${Badge} icon="lock">${t("form.readOnly")}</${Badge}>`}</div>
      ${field.description && html`<div class="help">${field.description}</div>`}</div>`;
  }
  const isOpen = field.required && field.default === null && !field.default_expression;
  const help = [field.description, field.write_only && t("form.writeOnlyHelp")].filter(Boolean).join(" · ");
  return html`<${Field} class="row-form-field" label=${label} required=${isOpen} help=${help || undefined} error=${error}>
    <${Editor} value=${isNew || field.write_only ? value : (value ?? null)} field=${field} error=${error} onChange=${onChange} />
  </${Field}>`;
}
