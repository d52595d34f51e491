/** Tokens: of all for administrators, of one's own on the page of the account. The secret is shown once. */
import { html, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { me, tables } from "../core/state.js";
import { t } from "../core/texts.js";
import { Badge, Button, CheckBox, Combo, confirm, CopyField, Dialog, EmptyState, Field, IconButton, Loading, Moment, Notice, ProblemBox, Select, Table, TextInput, toast, useLoaded } from "../kit/index.js";
import { loadAccess, roleNames } from "./draft.js";
import { faultOf, restOf, RoleChoice, Roles } from "./parts.js";

const MOST = 1000;
/** Days that are offered. */
const DAYS = ["30", "90", "365", ""];

/** @param {{ isAll: boolean, isMaking: boolean, onMade: () => void }} props isMaking: the form for a new one is open */
export function TokenList({ isAll, isMaking, onMade }) {
  const loaded = useLoaded("tokens", async (signal) => {
    const [tokens, users] = await Promise.all([
      api.get("/token/", { params: { limit: MOST }, signal }),
      isAll ? api.get("/user/", { params: { limit: MOST }, signal }) : null,
      isAll ? loadAccess(signal) : null,
    ]);
    // An administrator is answered those of others as well.
    const own = tokens.data.filter((/** @type {any} */ each) => isAll || `user:${each.user}` === me.value?.id);
    return { tokens: own, isCut: tokens.data.length === MOST, users: users?.data ?? [] };
  });
  const [secret, setSecret] = useState(/** @type {{ name: string, secret: string } | null} */ (null));
  const nameOf = (/** @type {number} */ id) => loaded.value?.users.find((/** @type {any} */ each) => each.id === id)?.name ?? `user:${id}`;
  const revoke = async (/** @type {any} */ token) => {
    if (!(await confirm({ title: t("access.revokeToken", { name: token.name }), text: t("access.revokeText"), action: t("access.revoke"), danger: true }))) return;
    try {
      await api.send("DELETE", `/token/${token.id}/`);
      toast(t("access.revoked", { name: token.name }), { kind: "ok" });
    } catch (problem) {
      toast(/** @type {any} */ (problem).message, { kind: "danger" });
    }
    loaded.reload();
  };
  const columns = [
    { key: "name", label: t("access.tokenName"), head: true },
    isAll && { key: "user", label: t("access.whose"), cell: (/** @type {any} */ token) => (token.user === null ? html`<span class="muted">${t("access.nobody")}</span>` : nameOf(token.user)) },
    { key: "roles", label: t("access.roles"), cell: (/** @type {any} */ token) => html`<${Roles} roles=${token.roles} />` },
    {
      key: "narrowing", label: t("access.narrowing"),
      cell: (/** @type {any} */ token) => html`<span class="row badges">${token.read_only && html`<${Badge} icon="eye">${t("access.readOnly")}</${Badge}>`}${(token.tables ?? []).map((/** @type {any} */ name) => html`<${Badge} key=${name} icon="table">${name}</${Badge}>`)}</span>`,
    },
    { key: "expires_at", label: t("access.expires"), cell: (/** @type {any} */ token) => (token.expires_at && new Date(token.expires_at) < new Date() ? html`<${Badge} kind="danger">${t("access.expired")}</${Badge}>` : html`<${Moment} at=${token.expires_at} never=${t("access.never")} />`) },
    { key: "last_used_at", label: t("access.lastUsed"), cell: (/** @type {any} */ token) => html`<${Moment} at=${token.last_used_at} never=${t("access.never")} />` },
    { key: "actions", label: t("access.actions"), actions: true, cell: (/** @type {any} */ token) => html`<${IconButton} small icon="trash" label=${t("access.revokeToken", { name: token.name })} onClick=${() => revoke(token)} />` },
  ].filter(Boolean);
  return html`<${ProblemBox} problem=${loaded.problem} onRetry=${loaded.reload} />
    ${!loaded.value && loaded.isLoading && html`<${Loading} />`}
    ${loaded.value && html`<${Table} caption=${t("access.tokens")} rows=${loaded.value.tokens} columns=${columns}
      empty=${html`<${EmptyState} icon="key" title=${t("access.noTokens")} text=${t("access.noTokensText")} />`} />
      ${loaded.value.isCut && html`<p class="muted small">${t("access.firstOnly", { n: MOST })}</p>`}`}
    ${isMaking && html`<${TokenForm} isAll=${isAll} users=${loaded.value?.users ?? []} onClose=${onMade}
      onDone=${(/** @type {any} */ made) => { setSecret(made); onMade(); loaded.reload(); }} />`}
    ${secret && html`<${Dialog} title=${t("access.tokenMade", { name: secret.name })} onClose=${() => setSecret(null)} footer=${html`<${Button} kind="primary" onClick=${() => setSecret(null)}>${t("access.haveIt")}</${Button}>`}>
      <${Notice} kind="warn">${t("access.once")}</${Notice}>
      <${CopyField} text=${secret.secret} label=${t("access.secret")} />
      <p class="muted small">${t("access.useToken")} <code>Authorization: Bearer …</code></p></${Dialog}>`}`;
}

/** @param {{ isAll: boolean, users: any[], onClose: () => void, onDone: (made: any) => void }} props */
function TokenForm({ isAll, users, onClose, onDone }) {
  const [name, setName] = useState("");
  const [user, setUser] = useState("");
  const [roles, setRoles] = useState(/** @type {string[]} */ ([]));
  const [readOnly, setReadOnly] = useState(false);
  const [narrowed, setNarrowed] = useState(/** @type {string[]} */ ([]));
  const [days, setDays] = useState("90");
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const offered = isAll ? roleNames() : (me.value?.roles ?? []).filter((role) => !["everyone", "authenticated"].includes(role));
  const submit = async () => {
    /** @type {Record<string, any>} */
    const document = { name, read_only: readOnly };
    if (roles.length) document.roles = roles;
    if (narrowed.length) document.tables = narrowed;
    if (days) document.expires_at = new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    if (isAll) document.user = user ? Number(user) : null;
    setBusy(true);
    try {
      onDone((await api.send("POST", "/token/", document)).data);
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("access.newToken")} onClose=${onClose} onSubmit=${submit} footer=${html`
      <${Button} onClick=${onClose}>${t("kit.cancel")}</${Button}><${Button} kind="primary" type="submit" busy=${busy}>${t("access.makeToken")}</${Button}>`}>
    <${ProblemBox} problem=${restOf(problem, ["name", "roles", "tables", "expires_at", "user"])} />
    <${Field} label=${t("access.tokenName")} help=${t("access.tokenNameHelp")} required error=${faultOf(problem, "name")}><${TextInput} value=${name} onInput=${setName} required /></${Field}>
    ${isAll && html`<${Field} label=${t("access.whose")} help=${t("access.whoseHelp")} error=${faultOf(problem, "user")}><${Select} value=${user} onChange=${setUser}
      options=${[{ value: "", label: t("access.nobody") }, ...users.map((each) => ({ value: String(each.id), label: each.name }))]} /></${Field}>`}
    <${RoleChoice} all=${offered} value=${roles} onChange=${setRoles} error=${faultOf(problem, "roles")} label=${t(isAll && !user ? "access.rolesOf" : "access.rolesOrAll")} />
    <${CheckBox} label=${t("access.readOnly")} help=${t("access.readOnlyHelp")} checked=${readOnly} onChange=${setReadOnly} />
    <${Field} label=${t("access.onlyTables")} help=${t("access.onlyTablesHelp")} error=${faultOf(problem, "tables")}>
      <${Combo} keep=${false} placeholder=${t("access.addTable")} choices=${(tables.value ?? []).filter((each) => !narrowed.includes(each.model_name)).map((each) => ({ value: each.model_name, label: each.model_name, more: each.label ?? undefined, icon: "table" }))}
        onChoose=${(/** @type {any} */ choice) => setNarrowed([...narrowed, choice.value])} /></${Field}>
    ${narrowed.length > 0 && html`<div class="row">${narrowed.map((each) => html`<${Button} key=${each} small icon="close" aria-label=${t("access.removeTable", { name: each })} onClick=${() => setNarrowed(narrowed.filter((other) => other !== each))}>${each}</${Button}>`)}</div>`}
    <${Field} label=${t("access.expires")} error=${faultOf(problem, "expires_at")}><${Select} value=${days} onChange=${setDays}
      options=${DAYS.map((value) => ({ value, label: value ? t("access.inDays", { n: Number(value) }) : t("access.never") }))} /></${Field}>
  </${Dialog}>`;
}
