/** Users: made, changed, kept out; their passwords. */
import { html, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { me } from "../core/state.js";
import { t } from "../core/texts.js";
import { Badge, Button, CheckBox, confirm, Dialog, EmptyState, Field, Loading, Menu, Moment, PasswordInput, ProblemBox, SearchInput, Table, TextArea, TextInput, toast, useLoaded } from "../kit/index.js";
import { loadAccess, roleNames } from "./draft.js";
import { AccessFrame, forAdmins } from "./frame.js";
import { faultOf, restOf, RoleChoice, Roles } from "./parts.js";

/** Users in one answer, the most that the service gives. */
const MOST = 1000;

/**
 * @typedef {Object} User
 * @property {number} id
 * @property {string} identity
 * @property {number} version
 * @property {string} name
 * @property {string | null} email
 * @property {string[]} roles
 * @property {Record<string, any>} claims
 * @property {boolean} disabled
 * @property {boolean} has_password
 * @property {string | null} password_changed_at
 * @property {string} created_at
 */

function UsersPage() {
  const loaded = useLoaded("users", async (signal) => {
    const [users] = await Promise.all([api.get("/user/", { params: { limit: MOST }, signal }), loadAccess(signal)]);
    return /** @type {User[]} */ (users.data);
  });
  const [text, setText] = useState("");
  const [open, setOpen] = useState(/** @type {{ user: User | null, what: "form" | "password" } | null} */ (null));
  const users = loaded.value ?? [];
  const needle = text.trim().toLocaleLowerCase();
  const found = users.filter((each) => `${each.name} ${each.email ?? ""} ${each.roles.join(" ")}`.toLocaleLowerCase().includes(needle));
  const done = (/** @type {string} */ said) => {
    toast(said, { kind: "ok" });
    setOpen(null);
    loaded.reload();
  };

  /** @param {User} user @param {string} said @param {() => Promise<any>} act */
  const doing = async (user, said, act) => {
    try {
      await act();
      done(said);
    } catch (problem) {
      toast(/** @type {any} */ (problem).message, { kind: "danger" });
      loaded.reload();
    }
  };
  /** @param {User} user @param {object} patch */
  const change = (user, patch) => api.send("PATCH", `/user/${user.id}/`, patch, { type: "application/merge-patch+json", ifMatch: `"${user.version}"` });
  /** @param {User} user */
  const remove = async (user) => {
    if (await confirm({ title: t("access.deleteUser", { name: user.name }), text: t("access.deleteUserText"), action: t("access.remove"), danger: true })) {
      doing(user, t("access.userDeleted", { name: user.name }), () => api.send("DELETE", `/user/${user.id}/`, undefined, { ifMatch: `"${user.version}"` }));
    }
  };

  const columns = [
    { key: "name", label: t("access.userName"), head: true, cell: (/** @type {User} */ user) => html`${user.name}${user.identity === me.value?.id && html` <${Badge}>${t("access.you")}</${Badge}>`}${user.email && html`<div class="muted small">${user.email}</div>`}` },
    { key: "roles", label: t("access.roles"), cell: (/** @type {User} */ user) => html`<${Roles} roles=${user.roles} />` },
    { key: "state", label: t("access.state"), cell: (/** @type {User} */ user) => (user.disabled ? html`<${Badge} kind="danger" icon="lock">${t("access.isDisabled")}</${Badge}>` : user.has_password ? html`<${Badge} kind="ok">${t("access.active")}</${Badge}>` : html`<${Badge} kind="warn">${t("access.noPassword")}</${Badge}>`) },
    { key: "created_at", label: t("access.made"), cell: (/** @type {User} */ user) => html`<${Moment} at=${user.created_at} />` },
    {
      key: "actions", label: t("access.actions"), actions: true,
      cell: (/** @type {User} */ user) => html`<${Button} small kind="quiet" icon="edit" aria-label=${t("access.editUser", { name: user.name })} onClick=${() => setOpen({ user, what: "form" })}>${t("access.edit")}</${Button}>
        <${Menu} label=${t("access.moreOf", { name: user.name })} icon="more" iconOnly small end items=${[
          { label: t("access.setPassword"), icon: "key", onSelect: () => setOpen({ user, what: "password" }) },
          user.disabled
            ? { label: t("access.enable"), icon: "check", onSelect: () => doing(user, t("access.saved"), () => change(user, { disabled: false })) }
            : { label: t("access.disable"), icon: "lock", onSelect: () => doing(user, t("access.saved"), () => change(user, { disabled: true })) },
          { separator: true },
          { label: t("access.remove"), icon: "trash", danger: true, onSelect: () => remove(user) },
        ]} />`,
    },
  ];
  return html`<${AccessFrame} tab="users" actions=${html`<${Button} kind="primary" icon="add" onClick=${() => setOpen({ user: null, what: "form" })}>${t("access.newUser")}</${Button}>`}>
    <${ProblemBox} problem=${loaded.problem} onRetry=${loaded.reload} />
    ${!loaded.value && loaded.isLoading && html`<${Loading} />`}
    ${loaded.value && html`
      ${users.length > 0 && html`<div class="bar-of-tools"><${SearchInput} label=${t("access.searchUsers")} value=${text} onInput=${setText} /></div>`}
      <${Table} caption=${t("access.users")} rows=${found} columns=${columns} empty=${users.length ? html`<${EmptyState} icon="search" title=${t("access.noUserFits")} />` : html`<${EmptyState} icon="users" title=${t("access.noUsers")} text=${t("access.noUsersText")} />`} />
      ${users.length === MOST && html`<p class="muted small">${t("access.firstOnly", { n: MOST })}</p>`}`}
    ${open?.what === "form" && html`<${UserForm} user=${open.user} onClose=${() => setOpen(null)} onDone=${done} />`}
    ${open?.what === "password" && open.user && html`<${PasswordForm} user=${open.user} onClose=${() => setOpen(null)} onDone=${done} />`}
  </${AccessFrame}>`;
}

/** @param {{ user: User | null, onClose: () => void, onDone: (said: string) => void }} props */
function UserForm({ user, onClose, onDone }) {
  const [name, setName] = useState(user?.name ?? "");
  const [email, setEmail] = useState(user?.email ?? "");
  const [roles, setRoles] = useState(user?.roles ?? []);
  const [claims, setClaims] = useState(user && Object.keys(user.claims).length ? JSON.stringify(user.claims, null, 2) : "");
  const [password, setPassword] = useState("");
  const [disabled, setDisabled] = useState(user?.disabled ?? false);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    let parsed = {};
    try {
      parsed = claims.trim() ? JSON.parse(claims) : {};
    } catch (error) {
      setProblem({ errors: [{ pointer: "/claims", detail: t("access.noJson", { why: /** @type {any} */ (error).message }) }] });
      return;
    }
    const document = { name, email: email || null, roles, claims: parsed, disabled };
    setBusy(true);
    try {
      if (user) await api.send("PATCH", `/user/${user.id}/`, document, { type: "application/merge-patch+json", ifMatch: `"${user.version}"` });
      else await api.send("POST", "/user/", password ? { ...document, password } : document);
      onDone(user ? t("access.saved") : t("access.userMade", { name }));
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${user ? t("access.editUser", { name: user.name }) : t("access.newUser")} onClose=${onClose} onSubmit=${submit} footer=${html`
      <${Button} onClick=${onClose}>${t("kit.cancel")}</${Button}><${Button} kind="primary" type="submit" busy=${busy}>${user ? t("access.save") : t("access.makeUser")}</${Button}>`}>
    <${ProblemBox} problem=${restOf(problem, ["name", "email", "roles", "claims", "password"])} />
    <${Field} label=${t("access.userName")} required error=${faultOf(problem, "name")}><${TextInput} value=${name} onInput=${setName} required maxlength="200" /></${Field}>
    <${Field} label=${t("access.email")} error=${faultOf(problem, "email")}><${TextInput} type="email" value=${email} onInput=${setEmail} /></${Field}>
    ${!user && html`<${Field} label=${t("access.password")} help=${t("access.passwordHelp")} error=${faultOf(problem, "password")}><${PasswordInput} value=${password} onInput=${setPassword} autocomplete="new-password" minlength="8" /></${Field}>`}
    <${RoleChoice} all=${roleNames()} value=${roles} onChange=${setRoles} error=${faultOf(problem, "roles")} />
    <${Field} label=${t("access.claims")} help=${t("access.claimsHelp")} error=${faultOf(problem, "claims")}><${TextArea} class="mono" value=${claims} onInput=${setClaims} placeholder="{}" /></${Field}>
    ${user && html`<${CheckBox} label=${t("access.disabled")} help=${t("access.disabledHelp")} checked=${disabled} onChange=${setDisabled} />`}
  </${Dialog}>`;
}

/** @param {{ user: User, onClose: () => void, onDone: (said: string) => void }} props */
function PasswordForm({ user, onClose, onDone }) {
  const [password, setPassword] = useState("");
  const [old, setOld] = useState("");
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const isOwn = user.identity === me.value?.id;
  const submit = async () => {
    setBusy(true);
    try {
      await api.send("PUT", `/user/${user.id}/password/`, isOwn ? { password, old_password: old } : { password });
      onDone(t("access.passwordSet", { name: user.name }));
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("access.passwordOf", { name: user.name })} onClose=${onClose} onSubmit=${submit} footer=${html`
      <${Button} onClick=${onClose}>${t("kit.cancel")}</${Button}><${Button} kind="primary" type="submit" busy=${busy}>${t("access.setPassword")}</${Button}>`}>
    <p class="muted">${t("access.passwordEnds")}</p>
    <${ProblemBox} problem=${restOf(problem, ["password", "old_password"])} />
    ${isOwn && html`<${Field} label=${t("session.oldPassword")} required error=${faultOf(problem, "old_password")}><${PasswordInput} value=${old} onInput=${setOld} autocomplete="current-password" required /></${Field}>`}
    <${Field} label=${t("session.newPassword")} help=${t("access.passwordHelp")} required error=${faultOf(problem, "password")}><${PasswordInput} value=${password} onInput=${setPassword} autocomplete="new-password" minlength="8" required /></${Field}>
  </${Dialog}>`;
}

export default forAdmins(UsersPage);
