/** A role itself: what it is called, and what it may do with definitions. */
import { html, useState } from "../../vendor/preact.js";
import { own } from "../core/records.js";
import { t } from "../core/texts.js";
import { Button, Dialog, Field, Notice, ProblemBox, Radios, TextArea, TextInput, confirm } from "../kit/index.js";
import { changes, draft, IMPLIED, plan, withChange } from "./draft.js";

/** @param {{ name: string, onClose: () => void }} props name: empty for a new one */
export function RoleDialog({ name: known, onClose }) {
  const role = draft.value?.roles[known] ?? {};
  const [name, setName] = useState(known);
  const [label, setLabel] = useState(role.label ?? "");
  const [description, setDescription] = useState(role.description ?? "");
  const [definitions, setDefinitions] = useState(role.definitions ?? "none");
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const isTaken = !known && own(draft.value?.roles, name) !== undefined;

  const keep = async (/** @type {import("./grants.js").Change} */ change) => {
    setBusy(true);
    const wanted = withChange(change);
    try {
      await plan(wanted);
      changes.value = wanted;
      onClose();
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  const submit = () => !isTaken && keep({ kind: "role", role: name, value: { label: label || null, description: description || null, definitions: /** @type {any} */ (definitions) } });
  const remove = async () => {
    if (await confirm({ title: t("access.deleteRole", { name: known }), text: t("access.deleteRoleText"), action: t("access.mark"), danger: true })) keep({ kind: "drop", role: known });
  };
  const canDelete = known && !IMPLIED.includes(known) && draft.value?.roles[known];
  return html`<${Dialog} title=${known ? t("access.roleTitle", { name: known }) : t("access.newRole")} onClose=${onClose} onSubmit=${submit} footer=${html`
      ${canDelete && html`<${Button} kind="quiet" icon="trash" onClick=${remove}>${t("access.remove")}</${Button}><span class="grow"></span>`}
      <${Button} onClick=${onClose}>${t("kit.cancel")}</${Button}><${Button} kind="primary" type="submit" busy=${busy}>${t("access.keep")}</${Button}>`}>
    <${ProblemBox} problem=${problem} />
    ${!known && html`<${Field} label=${t("access.roleName")} help=${t("access.roleNameHelp")} required error=${isTaken ? t("access.roleTaken") : undefined}>
      <${TextInput} value=${name} onInput=${setName} required pattern="[A-Za-z0-9_.\\-]+" maxlength="63" /></${Field}>`}
    <${Field} label=${t("access.label")}><${TextInput} value=${label} onInput=${setLabel} /></${Field}>
    <${Field} label=${t("access.description")}><${TextArea} rows=${2} value=${description} onInput=${setDescription} /></${Field}>
    <${Radios} legend=${t("access.definitions")} value=${definitions} onChange=${setDefinitions}
      options=${["none", "read", "write"].map((value) => ({ value, label: t(`access.definitions_${value}`), help: t(`access.definitions_${value}_help`) }))} />
    ${definitions === "write" && html`<${Notice} kind="warn">${t("access.trust")}</${Notice}>`}
  </${Dialog}>`;
}
