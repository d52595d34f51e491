/** Why an identity may do something with a row, or may not. The question stands in the address. */
import { html, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { navigate } from "../core/router.js";
import { tables, titleOf } from "../core/state.js";
import { t } from "../core/texts.js";
import { Badge, Button, Combo, EmptyState, Field, Icon, Loading, Notice, ProblemBox, Select, TextInput, useLoaded } from "../kit/index.js";
import { IMPLIED, loadAccess, roleNames } from "./draft.js";
import { AccessFrame, forAdmins } from "./frame.js";
import { ACTIONS } from "./grants.js";

/** @param {{ query: URLSearchParams }} props */
function ExplainPage({ query }) {
  const [table, setTable] = useState(query.get("table") ?? "");
  const [action, setAction] = useState(query.get("action") ?? "read");
  const [who, setWho] = useState(query.get("as") ?? "");
  const [row, setRow] = useState(query.get("row") ?? "");
  const known = useLoaded("identities", async (signal) => {
    const [users, tokens] = await Promise.all([api.get("/user/", { params: { limit: 1000 }, signal }), api.get("/token/", { params: { limit: 1000 }, signal }), loadAccess(signal)]);
    return [
      { value: "anonymous", label: t("access.anonymous"), icon: "globe" },
      ...users.data.map((/** @type {any} */ each) => ({ value: each.identity, label: each.name, more: each.identity, icon: "user" })),
      ...tokens.data.filter((/** @type {any} */ each) => each.user === null).map((/** @type {any} */ each) => ({ value: each.identity, label: each.name, more: each.identity, icon: "key" })),
      ...[...IMPLIED, ...roleNames()].map((name) => ({ value: name, label: name, more: t("access.role"), icon: "shield" })),
    ];
  });
  const asked = query.get("table") && query.get("as") ? query.toString() : null;
  const answer = useLoaded(asked, (signal) => (asked ? api.get("/access/explain/", { params: query, signal }).then(({ data }) => data) : Promise.resolve(null)));
  const ask = (/** @type {Event} */ event) => {
    event.preventDefault();
    const params = new URLSearchParams({ table, action, as: who });
    if (row.trim()) params.set("row", row.trim());
    navigate(`/access/explain/?${params}`);
    answer.reload();
  };
  const nameOf = (/** @type {string} */ value) => known.value?.find((each) => each.value === value)?.label ?? value;
  const entry = (tables.value ?? []).find((each) => each.model_name === table);
  return html`<${AccessFrame} tab="explain">
    <form class="card question" onSubmit=${ask}>
      <${Field} label=${t("access.whoAsks")} required><${Combo} icon="user" text=${who ? nameOf(who) : ""} choices=${known.value ?? []} onChoose=${(/** @type {any} */ choice) => setWho(choice.value)} placeholder=${t("access.whoAsksHelp")} /></${Field}>
      <${Field} label=${t("access.does")}><${Select} value=${action} onChange=${setAction} options=${ACTIONS.map((value) => ({ value, label: t(`access.${value}`) }))} /></${Field}>
      <${Field} label=${t("access.table")} required><${Combo} icon="table" text=${entry ? titleOf(entry) : table} onChoose=${(/** @type {any} */ choice) => setTable(choice.value)}
        choices=${(tables.value ?? []).map((each) => ({ value: each.model_name, label: titleOf(each), more: each.label ? each.model_name : undefined, icon: "table" }))} /></${Field}>
      <${Field} label=${t("access.rowId")}><${TextInput} inputmode="numeric" pattern="[0-9]*" value=${row} onInput=${setRow} placeholder=${t("access.anyRow")} /></${Field}>
      <${Button} kind="primary" type="submit" disabled=${!table || !who}>${t("access.ask")}</${Button}>
    </form>
    <${ProblemBox} problem=${known.problem ?? answer.problem} />
    ${asked && answer.isLoading && html`<${Loading} />`}
    ${!asked && html`<${EmptyState} icon="shield" title=${t("access.explainEmpty")} text=${t("access.explainEmptyText")} />`}
    ${asked && answer.value && !answer.isLoading && html`<${Explained} answer=${answer.value} />`}
  </${AccessFrame}>`;
}

/** @param {{ answer: any }} props */
function Explained({ answer }) {
  const kind = answer.allowed === true ? "ok" : answer.allowed === false ? "danger" : "warn";
  const verdict = answer.allowed === true ? "allowed" : answer.allowed === false ? "refused" : "depends";
  return html`<${Notice} kind=${kind} role="status"><strong>${t(`access.${verdict}`)}</strong>
      ${answer.by && html`<p>${t("access.by", { by: answer.by })}</p>`}
      ${answer.readable === false && html`<p>${t("access.notReadable")}</p>`}
      <p class="small">${t("access.hasRoles", { roles: answer.as.roles.join(", ") })}</p></${Notice}>
    ${answer.fields && answer.allowed !== null && html`<p><span class="muted">${t("access.fields")}</span> ${answer.fields.join(", ") || t("access.noFields")}</p>`}
    ${!answer.grants.length && answer.by !== "admin" && html`<${EmptyState} icon="lock" title=${t("access.noGrant")} />`}
    <ul class="stack">${answer.grants.map((/** @type {any} */ grant, /** @type {number} */ i) => html`<li key=${i} class="card"><div class="row"><${Holds} holds=${grant.holds} /><strong>${grant.role}</strong>
        <code class="small muted grow">${grant.grant === true ? t("access.mode_all") : JSON.stringify(grant.grant)}</code></div>
      ${grant.conditions.length > 0 && html`<ul class="conditions">${grant.conditions.map((/** @type {any} */ part, /** @type {number} */ j) => html`<li key=${j} class="row"><${Holds} holds=${part.holds} /><code>${part.condition}</code>${part.detail && html`<span class="muted small">${part.detail}</span>`}</li>`)}</ul>`}
    </li>`)}</ul>`;
}

/** @param {{ holds: boolean | null }} props */
function Holds({ holds }) {
  if (holds === true) return html`<${Badge} kind="ok" icon="check">${t("access.holds")}</${Badge}>`;
  if (holds === false) return html`<${Badge} kind="danger" icon="close">${t("access.fails")}</${Badge}>`;
  return html`<${Badge} kind="warn"><${Icon} name="info" size=${12} />${t("access.dependsOnRow")}</${Badge}>`;
}

export default forAdmins(ExplainPage);
