/** One's own account: what one may do, the password, tokens of one's own. */
import { html, useState } from "../../vendor/preact.js";
import { TokenList } from "../access/token_list.js";
import { faultOf, restOf, Roles } from "../access/parts.js";
import { api } from "../core/api.js";
import { me } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, EmptyState, Field, Page, PasswordInput, ProblemBox, toast } from "../kit/index.js";
import { askToSignIn, signIn } from "./sign_in.js";
import "../texts/en/access.js";

export default function AccountPage() {
  const [isMaking, setMaking] = useState(false);
  const who = me.value;
  if (!who || who.kind !== "user") {
    return html`<${Page} title=${t("session.account")}><${EmptyState} icon="user" title=${t("session.noAccount")} text=${t("session.noAccountText")}>
      <${Button} kind="primary" icon="signIn" onClick=${() => askToSignIn()}>${t("shell.signIn")}</${Button}></${EmptyState}></${Page}>`;
  }
  return html`<${Page} title=${t("session.account")} text=${who.name}>
    <section class="card"><h2>${t("session.rights")}</h2>
      <dl class="facts"><dt>${t("access.email")}</dt><dd>${/** @type {any} */ (who).email ?? t("session.none")}</dd>
        <dt>${t("access.roles")}</dt><dd><${Roles} roles=${who.roles} /></dd>
        <dt>${t("access.definitions")}</dt><dd>${t(`access.definitions_${who.definitions}`)}</dd></dl></section>
    <section class="card"><h2>${t("shell.password")}</h2><${PasswordForm} who=${who} /></section>
    <section class="stack"><div class="row"><h2 class="grow">${t("session.ownTokens")}</h2><${Button} icon="add" onClick=${() => setMaking(true)}>${t("access.newToken")}</${Button}></div>
      <p class="muted">${t("session.ownTokensText")}</p>
      <${TokenList} isAll=${false} isMaking=${isMaking} onMade=${() => setMaking(false)} /></section>
  </${Page}>`;
}

/** @param {{ who: import("../core/state.js").Me }} props */
function PasswordForm({ who }) {
  const [old, setOld] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await api.send("PUT", `/user/${/** @type {string} */ (who.id).split(":")[1]}/password/`, { password, old_password: old });
      // It has ended all sessions, this one as well.
      await signIn(/** @type {string} */ (who.name), password);
      setOld("");
      setPassword("");
      toast(t("session.passwordChanged"), { kind: "ok" });
    } catch (refusal) {
      setProblem(refusal);
    }
    setBusy(false);
  };
  return html`<form class="stack narrow" onSubmit=${submit}>
    <input class="unseen" type="text" name="username" autocomplete="username" value=${who.name} readonly tabindex="-1" aria-hidden="true" />
    <p class="muted">${t("session.passwordText")}</p>
    <${ProblemBox} problem=${restOf(problem, ["password", "old_password"])} />
    <${Field} label=${t("session.oldPassword")} required error=${faultOf(problem, "old_password")}><${PasswordInput} value=${old} onInput=${setOld} autocomplete="current-password" required /></${Field}>
    <${Field} label=${t("session.newPassword")} help=${t("access.passwordHelp")} required error=${faultOf(problem, "password")}><${PasswordInput} value=${password} onInput=${setPassword} autocomplete="new-password" required minlength="8" /></${Field}>
    <div><${Button} kind="primary" type="submit" busy=${busy}>${t("shell.password")}</${Button}></div>
  </form>`;
}
