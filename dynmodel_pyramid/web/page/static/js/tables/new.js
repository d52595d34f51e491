/** A new table: its name, and fields one after another; everything else is folded. */
import { html, useEffect, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { beforeLeaving, link, navigate } from "../core/router.js";
import { definesTables, fieldTypes, loadFieldTypes, loadMe, loadTables } from "../core/state.js";
import { t } from "../core/texts.js";
import "../texts/en/definition.js";
import { Button, EmptyState, Field, Loading, Page, ProblemBox, TextInput, confirm, toast, useLoaded } from "../kit/index.js";
import { said, under } from "../kit/schema.js";
import { documentOf, keptFields, newField } from "../definition/draft.js";
import { OwnTable, ownFaults } from "../definition/field_options.js";
import { FieldList } from "../definition/fields.js";
import { Rules, TableTexts } from "../definition/rules.js";
import { withDefaults } from "../definition/types.js";

/** @typedef {import("../definition/draft.js").Draft} Draft @typedef {import("../kit/schema.js").Fault} Fault */

export default function NewTable() {
  const { problem, value } = useLoaded("types", loadFieldTypes);
  if (!definesTables()) return html`<${Page} title=${t("definition.newTitle")}><${EmptyState} icon="lock" title=${t("definition.noRights")} text=${t("definition.newRefused")} /></${Page}>`;
  if (problem) return html`<${Page} title=${t("definition.newTitle")}><${ProblemBox} problem=${problem} /></${Page}>`;
  if (!value) return html`<${Loading} />`;
  return html`<${NewTableForm} />`;
}

/** @returns {Draft} */
const empty = () => ({ table: { model_name: "", label: null, description: null, display: null }, fields: [newField({ options: withDefaults(fieldTypes.value.get("string"), {}) })], unique: [], indexes: [] });

function NewTableForm() {
  const types = fieldTypes.value;
  const [draft, setDraft] = useState(empty);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [faults, setFaults] = useState(/** @type {Fault[]} */ ([]));
  const [isBusy, setIsBusy] = useState(false);
  const isBegun = Boolean(draft.table.model_name || draft.fields.some((field) => field.name));
  useEffect(() => {
    if (!isBegun || isBusy) return undefined;
    return beforeLeaving(() => confirm({ title: t("definition.leaveTitle"), text: t("definition.discardText"), action: t("definition.leave"), danger: true }));
  }, [isBegun, isBusy]);
  const change = (/** @type {Draft} */ changed) => { setDraft(changed); setFaults([]); setProblem(null); };

  const create = async () => {
    if (isBusy) return;
    // The empty line at the end, where the next field would be.
    const fields = draft.fields.filter((field, at) => field.name.trim() || at < draft.fields.length - 1 || draft.fields.length === 1);
    const sent = { ...draft, table: { ...draft.table, model_name: draft.table.model_name.trim() }, fields: fields.map((field) => ({ ...field, name: field.name.trim() })) };
    const missing = [
      ...(sent.table.model_name ? [] : [{ pointer: "/model_name", detail: t("definition.nameMissing") }]),
      ...keptFields(sent).flatMap((field, at) => (field.name ? [] : [{ pointer: `/fields/${at}/name`, detail: t("definition.fieldNameMissing") }])),
    ];
    const faults = [...missing, ...ownFaults(documentOf(sent, types), types)];
    setFaults(faults);
    setProblem(null);
    if (faults.length) return;
    setIsBusy(true);
    try {
      const { data } = await api.send("POST", "/table/", documentOf(sent, types));
      await Promise.all([loadTables(), loadMe()]);
      toast(t("definition.created", { name: data.label || data.model_name }), { kind: "ok" });
      navigate(`/table/${data.id}/`);
    } catch (error) {
      setIsBusy(false);
      setDraft(sent);
      const refused = /** @type {any} */ (error);
      setFaults(refused.errors?.length ? refused.errors : []);
      setProblem(placedAll(refused.errors ?? [], sent) ? null : refused);
    }
  };
  const nameFault = said(under(faults, "model_name"));
  return html`<${Page} title=${t("definition.newTitle")} text=${t("definition.newText")} class="definition-page">
    <form class="stack" novalidate onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); create(); }}>
      <${Field} label=${t("definition.name")} error=${nameFault} required class="table-name"><${TextInput} value=${draft.table.model_name} maxlength="63" autofocus
        onInput=${(/** @type {string} */ text) => change({ ...draft, table: { ...draft.table, model_name: text } })}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && !event.ctrlKey) { event.preventDefault(); /** @type {HTMLElement | null} */ (document.querySelector(".field-list .name-cell input"))?.focus(); } }} /></${Field}>
      <section><h2>${t("definition.fields")}</h2><${OwnTable.Provider} value=${draft.table.model_name.trim()}><${FieldList} draft=${draft} onChange=${change} types=${types} errors=${faults} onSubmit=${create} /></${OwnTable.Provider}></section>
      <details class="fold" open=${faults.some((each) => /^\/(unique|indexes)/.test(each.pointer))}><summary>${t("definition.rules")}</summary><${Rules} draft=${draft} onChange=${change} errors=${faults} /></details>
      <details class="fold"><summary>${t("definition.settings")}</summary><${TableTexts} draft=${draft} onChange=${change} errors=${faults} /></details>
      <${ProblemBox} problem=${problem} />
      <div class="row"><${Button} kind="primary" type="submit" busy=${isBusy}>${t("definition.create")}</${Button}><${Button} href=${link("/")}>${t("definition.cancel")}</${Button}></div>
    </form>
  </${Page}>`;
}

/** Whether every fault has a place in this form. @param {Fault[]} faults @param {Draft} draft */
function placedAll(faults, draft) {
  const count = keptFields(draft).length;
  return faults.length > 0 && faults.every(({ pointer }) => /^\/(model_name|label|description|display|unique|indexes)/.test(pointer) || Number(/^\/fields\/(\d+)/.exec(pointer)?.[1] ?? count) < count);
}
