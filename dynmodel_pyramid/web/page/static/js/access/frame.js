/** What the pages of access share: their heading and tabs, and that they are for administrators. */
import { html } from "../../vendor/preact.js";
import { link } from "../core/router.js";
import { me } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, EmptyState, Page, Tabs } from "../kit/index.js";
import { askToSignIn } from "../session/sign_in.js";
import "../texts/en/access.js";

const TABS = ["roles", "users", "tokens", "explain", "audit"];

/**
 * A page that only administrators see: it asks for nothing before that is known.
 * @param {(props: any) => any} Part
 */
export function forAdmins(Part) {
  return function Guarded(/** @type {any} */ props) {
    const who = me.value;
    if (who?.admin) return html`<${Part} ...${props} />`;
    return html`<${Page} title=${t("access.title")}><${EmptyState} icon="lock" title=${t("access.forAdmins")} text=${t("access.forAdminsText")}>
      ${who?.kind === "anonymous" && html`<${Button} kind="primary" icon="signIn" onClick=${() => askToSignIn()}>${t("shell.signIn")}</${Button}>`}</${EmptyState}></${Page}>`;
  };
}

/** @param {{ tab: string, actions?: any, children?: any }} props */
export function AccessFrame({ tab, actions, children }) {
  const tabs = TABS.map((id) => ({ id, label: t(`access.${id}`), href: link(id === "roles" ? "/access/" : `/access/${id}/`) }));
  return html`<${Page} title=${`${t(`access.${tab}`)} · ${t("access.title")}`} heading=${t("access.title")} text=${t(`access.${tab}Text`)} actions=${actions} class="access">
    <${Tabs} tabs=${tabs} active=${tab} label=${t("access.title")} />
    ${children}
  </${Page}>`;
}
