/** What one role may do with one table: a dialog with the four actions, their conditions and fields. */
import { html, useState } from "../../vendor/preact.js";
import { pointed } from "../core/json.js";
import { loadTable } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, CheckBox, Dialog, Field, IconButton, Loading, ProblemBox, Select, TextInput, useLoaded } from "../kit/index.js";
import { changes, draft, plan, withChange } from "./draft.js";
import { ACTIONS, entryOf, EVERY_TABLE, extent, fieldChoice, fieldList, granted, grantsOf, MEMBERS } from "./grants.js";

/** @typedef {import("./grants.js").Action} Action */
/** @typedef {import("./grants.js").Grant} Grant */
/** @typedef {{ id: number, grant: Grant, choice: ReturnType<typeof fieldChoice>, presets: { name: string, text: string }[] }} Edited a grant while it is edited */

let last = 0;

/** @param {Grant} grant @returns {Edited} */
const edited = (grant) => ({
  id: ++last, grant, choice: fieldChoice(grant.fields),
  presets: Object.entries(grant.preset ?? {}).map(([name, value]) => ({ name, text: typeof value === "string" ? value : JSON.stringify(value) })),
});

/** @param {string} text */
function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @param {Edited} from @param {Action} action @returns {Grant} */
function finished({ grant, choice, presets }, action) {
  /** @type {Grant} */
  const made = {};
  for (const member of MEMBERS[action]) {
    if (member === "preset") continue;
    const value = member === "fields" ? fieldList(choice) : grant[member];
    if (value !== undefined && value !== "") /** @type {any} */ (made)[member] = value;
  }
  const named = presets.filter((each) => each.name);
  if (MEMBERS[action].includes("preset") && named.length) made.preset = Object.fromEntries(named.map((each) => [each.name, valueOf(each.text)]));
  return made;
}

/** @param {{ role: string, table: string, onClose: () => void }} props */
export function EntryDialog({ role, table, onClose }) {
  const isEvery = table === EVERY_TABLE;
  const { entry, isInherited } = entryOf(draft.value?.roles[role], table);
  const hasOwn = draft.value?.roles[role]?.tables?.[table] !== undefined;
  const [actions, setActions] = useState(() => Object.fromEntries(ACTIONS.map((action) => [action, { mode: extent(entry[action]), grants: grantsOf(entry[action]).map(edited) }])));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const loaded = useLoaded(table, (signal) => (isEvery ? Promise.resolve(null) : loadTable(table, { signal })));
  const fields = Object.keys(loaded.value?.fields ?? {});

  const keep = async (/** @type {import("./grants.js").Entry | undefined} */ value) => {
    setBusy(true);
    const wanted = withChange({ kind: "entry", role, table, value });
    try {
      await plan(wanted); // the service judges conditions
      changes.value = wanted;
      onClose();
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  const submit = () => keep(Object.fromEntries(ACTIONS.map((action) => {
    const { mode, grants } = actions[action];
    const value = mode === "some" ? granted(grants.map((each) => finished(each, action))) : mode === "all";
    return /** @type {const} */ ([action, value]);
  }).filter(([, value]) => value !== false)));

  const here = `/roles/${pointed(role)}/tables/${pointed(table)}/`;
  /** @param {Action} action */
  const faultsOf = (action) => (problem?.errors ?? []).filter((/** @type {any} */ each) => each.pointer.startsWith(`${here}${action}`));
  const elsewhere = problem && ACTIONS.every((action) => !faultsOf(action).length) ? problem : null;
  const title = t("access.entryTitle", { role: draft.value?.roles[role]?.label || role, table: isEvery ? t("access.everyTable") : table });
  return html`<${Dialog} wide title=${title} onClose=${onClose} onSubmit=${submit} footer=${html`
      ${hasOwn && html`<${Button} kind="quiet" icon="trash" onClick=${() => keep(undefined)}>${t(isEvery ? "access.removeEntry" : "access.inherit")}</${Button}><span class="grow"></span>`}
      <${Button} onClick=${onClose}>${t("kit.cancel")}</${Button}><${Button} kind="primary" type="submit" busy=${busy}>${t("access.keep")}</${Button}>`}>
    ${isInherited && html`<p class="muted">${t("access.inheritedText")}</p>`}
    <${ProblemBox} problem=${elsewhere ?? loaded.problem} />
    ${loaded.isLoading && !isEvery ? html`<${Loading} />` : ACTIONS.map((action) => html`<${ActionPart} key=${action} action=${action} fields=${fields} isEvery=${isEvery}
      faults=${faultsOf(action)} prefix=${`${here}${action}`} state=${actions[action]}
      onChange=${(/** @type {any} */ state) => setActions((/** @type {any} */ before) => ({ ...before, [action]: state }))} />`)}
    ${!isEvery && html`<details class="small muted"><summary>${t("access.conditionsHelp")}</summary><p>${t("access.conditionsText")}</p></details>`}
  </${Dialog}>`;
}

/**
 * @param {{ action: Action, fields: string[], isEvery: boolean, faults: { pointer: string, detail: string }[], prefix: string,
 *   state: { mode: string, grants: Edited[] }, onChange: (state: any) => void }} props
 */
function ActionPart({ action, fields, isEvery, faults, prefix, state, onChange }) {
  const modes = ["none", "all", ...(isEvery && state.mode !== "some" ? [] : ["some"])];
  const grants = state.grants.length ? state.grants : [edited({})];
  /** @param {number} id @param {Edited} to */
  const replace = (id, to) => onChange({ ...state, grants: grants.map((each) => (each.id === id ? to : each)) });
  return html`<section class="action-part" aria-label=${t(`access.${action}`)}>
    <div class="row"><h3 class="name">${t(`access.${action}Rows`)}</h3>
      <${Select} class="how" value=${state.mode} aria-label=${t(`access.${action}Rows`)} options=${modes.map((value) => ({ value, label: t(`access.mode_${value}`) }))}
        onChange=${(/** @type {string} */ mode) => onChange({ mode, grants })} /></div>
    ${state.mode === "some" && html`${grants.map((each, i) => html`<div key=${each.id} class="card grant">
      ${grants.length > 1 && html`<div class="row"><strong class="grow">${t("access.grant", { n: i + 1 })}</strong>
        <${IconButton} icon="trash" small label=${t("access.removeGrant")} onClick=${() => onChange({ ...state, grants: grants.filter((other) => other !== each) })} /></div>`}
      <${GrantForm} action=${action} fields=${fields} value=${each} onChange=${(/** @type {Edited} */ to) => replace(each.id, to)}
        faultOf=${(/** @type {string} */ member) => faults.find((fault) => [`${prefix}/${member}`, `${prefix}/${i}/${member}`].some((at) => fault.pointer === at || fault.pointer.startsWith(`${at}/`)))?.detail} />
    </div>`)}
    <div><${Button} kind="quiet" small icon="add" onClick=${() => onChange({ ...state, grants: [...grants, edited({})] })}>${t("access.anotherGrant")}</${Button}></div>`}
    ${faults.filter((fault) => !/\/(rows|fields|check|preset)/.test(fault.pointer.slice(prefix.length))).map((fault) => html`<p key=${fault.pointer} class="fault-text" role="alert">${fault.detail}</p>`)}
  </section>`;
}

/** @param {{ action: Action, fields: string[], value: Edited, onChange: (value: Edited) => void, faultOf: (member: string) => string | undefined }} props */
function GrantForm({ action, fields, value, onChange, faultOf }) {
  const { grant, choice, presets } = value;
  const has = (/** @type {keyof Grant} */ member) => MEMBERS[action].includes(member);
  /** @param {Partial<Grant>} part */
  const set = (part) => onChange({ ...value, grant: { ...grant, ...part } });
  const rows = grant.rows === true ? "" : (grant.rows ?? "");
  const names = action === "create" ? ["id", ...fields] : fields;
  return html`
    ${has("rows") && html`<${Field} label=${t("access.whichRows")} help=${t("access.whichRowsHelp")} error=${faultOf("rows")}>
      <${TextInput} class="mono" value=${rows} placeholder=${t("access.allRows")} onInput=${(/** @type {string} */ text) => set({ rows: text || undefined })} /></${Field}>`}
    ${has("fields") && html`<div class="field"><${Field} label=${t(action === "read" ? "access.fieldsSeen" : "access.fieldsWritten")} error=${faultOf("fields")}>
      <${Select} class="how" value=${choice.mode} options=${["all", "except", "only"].map((mode) => ({ value: mode, label: t(`access.fields_${mode}`) }))}
        onChange=${(/** @type {any} */ mode) => onChange({ ...value, choice: { mode, names: [] } })} /></${Field}>
      ${choice.mode !== "all" && html`<div class="checks">${names.map((name) => html`<${CheckBox} key=${name} label=${name} checked=${choice.names.includes(name)}
        onChange=${(/** @type {boolean} */ on) => onChange({ ...value, choice: { ...choice, names: on ? [...choice.names, name] : choice.names.filter((each) => each !== name) } })} />`)}</div>`}</div>`}
    ${has("check") && html`<${Field} label=${t("access.check")} help=${t(action === "update" ? "access.checkUpdateHelp" : "access.checkHelp")} error=${faultOf("check")}>
      <${TextInput} class="mono" value=${grant.check === true ? "true" : (grant.check ?? "")} onInput=${(/** @type {string} */ text) => set({ check: text === "true" ? true : text || undefined })} /></${Field}>`}
    ${has("preset") && html`<div class="field"><span class="label">${t("access.preset")}</span>
      ${presets.map((each, i) => html`<div key=${i} class="row preset">
        <${Select} aria-label=${t("access.field")} value=${each.name} options=${[{ value: "", label: t("access.field") }, ...fields]} onChange=${(/** @type {string} */ name) => onChange({ ...value, presets: presets.map((other, j) => (j === i ? { ...other, name } : other)) })} />
        <${TextInput} class="mono grow" aria-label=${t("access.presetValue")} placeholder="{user.id}" value=${each.text} onInput=${(/** @type {string} */ text) => onChange({ ...value, presets: presets.map((other, j) => (j === i ? { ...other, text } : other)) })} />
        <${IconButton} icon="trash" label=${t("access.removePreset")} onClick=${() => onChange({ ...value, presets: presets.filter((_, j) => j !== i) })} /></div>`)}
      ${faultOf("preset") && html`<div class="fault"><span>${faultOf("preset")}</span></div>`}
      <div><${Button} kind="quiet" small icon="add" onClick=${() => onChange({ ...value, presets: [...presets, { name: "", text: "" }] })}>${t("access.addPreset")}</${Button}></div></div>`}`;
}
