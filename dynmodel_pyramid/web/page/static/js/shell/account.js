/** At the right of the top bar: light or dark, and who is signed in. */
import { html } from "../../vendor/preact.js";
import { link } from "../core/router.js";
import { me } from "../core/state.js";
import { t } from "../core/texts.js";
import { setTheme, theme, THEMES } from "../core/theme.js";
import { Button, Menu } from "../kit/index.js";
import { askToSignIn, signOut } from "../session/sign_in.js";

const ICONS = { system: "system", light: "sun", dark: "moon" };

export function ThemeMenu() {
  return html`<${Menu} label=${t("shell.theme")} icon=${ICONS[theme.value]} iconOnly end items=${THEMES.map((each) => ({
    label: t(`shell.${each}`), icon: ICONS[each], checked: theme.value === each, onSelect: () => setTheme(each),
  }))} />`;
}

export function Account() {
  const who = me.value;
  if (!who) return null;
  if (who.kind === "anonymous") return html`<${Button} kind="primary" icon="signIn" onClick=${() => askToSignIn()}>${t("shell.signIn")}</${Button}>`;
  const name = who.kind === "open" ? t("shell.openMode") : (who.name ?? who.id ?? "");
  const isUser = who.kind === "user";
  return html`<${Menu} label=${t("shell.account", { name })} icon="user" iconOnly end items=${[
    { head: who.kind === "open" ? t("shell.openModeText") : t("shell.signedInAs", { name }) },
    isUser && { label: t("shell.password"), icon: "key", href: link("/account/") },
    isUser && { label: t("shell.signOut"), icon: "signOut", onSelect: signOut },
    who.kind === "open" && { label: t("shell.signIn"), icon: "signIn", onSelect: () => askToSignIn() },
  ]} />`;
}
