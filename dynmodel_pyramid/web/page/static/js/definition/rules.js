/** Unique rules and indexes over several fields, and what the table itself has: texts, and what stands for a row. */
import { html } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Button, CheckBox, Field, IconButton, Select, TextArea, TextInput } from "../kit/index.js";
import { said, under } from "../kit/schema.js";
import { keptFields } from "./draft.js";

/** @typedef {import("./draft.js").Draft} Draft @typedef {import("./draft.js").DraftRule} DraftRule @typedef {import("../kit/schema.js").Fault} Fault */

/** @param {{ draft: Draft, onChange: (draft: Draft) => void, errors: Fault[], disabled?: boolean, nullsEqual?: boolean }} props */
export function Rules({ draft, onChange, errors, disabled }) {
  return html`<div class="rules">
    <${RuleList} kind="unique" rules=${draft.unique} draft=${draft} errors=${under(errors, "unique")} disabled=${disabled} onChange=${(/** @type {DraftRule[]} */ unique) => onChange({ ...draft, unique })} />
    <${RuleList} kind="indexes" rules=${draft.indexes} draft=${draft} errors=${under(errors, "indexes")} disabled=${disabled} onChange=${(/** @type {DraftRule[]} */ indexes) => onChange({ ...draft, indexes })} />
  </div>`;
}

/** @param {{ kind: "unique" | "indexes", rules: DraftRule[], draft: Draft, errors: Fault[], disabled?: boolean, onChange: (rules: DraftRule[]) => void }} props */
function RuleList({ kind, rules, draft, errors, disabled, onChange }) {
  const isUnique = kind === "unique", fields = keptFields(draft).filter((field) => field.name);
  const set = (/** @type {number} */ at, /** @type {Partial<DraftRule>} */ members) => onChange(rules.map((rule, n) => (n === at ? { ...rule, ...members } : rule)));
  return html`<section><h3>${t(isUnique ? "definition.uniqueRules" : "definition.indexRules")}</h3><p class="muted small">${t(isUnique ? "definition.uniqueRulesHelp" : "definition.indexRulesHelp")}</p>
    <ul class="rule-list">${rules.map((rule, at) => {
      const wrong = said(under(errors, at));
      const names = new Map(draft.fields.map((field) => [field.key, field]));
      return html`<li key=${at}><div class="row">
        ${rule.fields.map((part, n) => {
          const name = names.get(part.key)?.name ?? part.key;
          return html`<span class="part" key=${part.key}><span class=${names.get(part.key)?.dropped ? "gone" : ""}>${name}</span>
            ${!isUnique && html`<${IconButton} small icon=${part.descending ? "arrowDown" : "arrowUp"} label=${`${t("definition.orderOf", { field: name })}: ${t(part.descending ? "definition.descending" : "definition.ascending")}`} disabled=${disabled}
              onClick=${() => set(at, { fields: rule.fields.map((each, m) => (m === n ? { ...each, descending: !each.descending } : each)) })} />`}
            ${!disabled && html`<${IconButton} small icon="close" label=${t("definition.removePart", { field: name })} onClick=${() => set(at, { fields: rule.fields.filter((_, m) => m !== n) })} />`}</span>`;
        })}
        ${!disabled && html`<${Select} class="part-picker" value="" aria-label=${t(isUnique ? "definition.ruleFields" : "definition.indexFields", { n: at + 1 })}
          options=${[{ value: "", label: t("definition.chooseField") }, ...fields.filter((field) => !rule.fields.some((part) => part.key === field.key)).map((field) => ({ value: field.key, label: field.name }))]}
          onChange=${(/** @type {string} */ key) => key && set(at, { fields: [...rule.fields, { key, ...(isUnique ? {} : { descending: false }) }] })} />
        <${IconButton} small icon="trash" label=${t(isUnique ? "definition.removeRule" : "definition.removeIndex", { n: at + 1 })} onClick=${() => onChange(rules.filter((_, n) => n !== at))} />`}</div>
        ${isUnique && rule.nulls_distinct === false && html`<${CheckBox} label=${t("definition.nullsEqual")} checked disabled=${disabled} onChange=${() => set(at, { nulls_distinct: true })} />`}
        ${wrong && html`<div class="fault" role="alert">${wrong}</div>`}</li>`;
    })}</ul>
    ${!rules.length && disabled && html`<p class="muted">${t("definition.noRules")}</p>`}
    ${!disabled && html`<${Button} small icon="add" onClick=${() => onChange([...rules, { name: null, fields: [], ...(isUnique ? { nulls_distinct: true } : {}) }])}>${t(isUnique ? "definition.addUnique" : "definition.addIndex")}</${Button}>`}
  </section>`;
}

/**
 * @param {{ draft: Draft, onChange: (draft: Draft) => void, errors: Fault[], disabled?: boolean, withName?: boolean, keyType?: string }} props
 *   withName: the table's name, too
 */
export function TableTexts({ draft, onChange, errors, disabled, withName, keyType }) {
  const { table } = draft;
  const set = (/** @type {string} */ name, /** @type {any} */ value) => onChange({ ...draft, table: { ...table, [name]: value } });
  const wrong = (/** @type {string} */ name) => said(under(errors, name));
  return html`<div class="table-texts">
    ${withName && html`<${Field} label=${t("definition.name")} help=${t("definition.nameHelp")} error=${wrong("model_name")} required><${TextInput} value=${table.model_name} maxlength="63" disabled=${disabled} onInput=${(/** @type {string} */ text) => set("model_name", text)} /></${Field}>`}
    <${Field} label=${t("definition.label")} help=${t("definition.labelHelp")} error=${wrong("label")}><${TextInput} value=${table.label} disabled=${disabled} onInput=${(/** @type {string} */ text) => set("label", text || null)} /></${Field}>
    <${Field} label=${t("definition.description")} error=${wrong("description")}><${TextArea} value=${table.description} rows=${2} disabled=${disabled} onInput=${(/** @type {string} */ text) => set("description", text || null)} /></${Field}>
    <${Field} label=${t("definition.display")} help=${t("definition.displayHelp")} error=${wrong("display")}><${Select} value=${table.display ?? ""} disabled=${disabled} onChange=${(/** @type {string} */ key) => set("display", key || null)}
      options=${[{ value: "", label: t("definition.displayByType", { field: byType(draft) }) }, ...keptFields(draft).filter((field) => field.name && !field.common.write_only && field.type !== "link" && field.type !== "links").map((field) => ({ value: field.key, label: field.name }))]} /></${Field}>
    ${keyType && html`<div class="field"><span class="label">${t("definition.key")}</span><span class="muted">${t("definition.keyText", { type: keyType })}</span></div>`}
  </div>`;
}

/** The field that stands for a row by the rule of types. @param {Draft} draft */
function byType(draft) {
  for (const type of ["string", "text", "slug", "email", "url", "phone"]) {
    const found = keptFields(draft).find((field) => field.type === type && !field.common.write_only);
    if (found?.name) return found.name;
  }
  return t("definition.displayNone");
}
