/**
 * Sign-in in a dialog over whatever is shown, so that nothing typed is lost: a request that is refused for want of a
 * (new) session waits for it, and is sent again.
 */
import { html, signal, useState } from "../../vendor/preact.js";
import { api, signIn as door } from "../core/api.js";
import { forget, loadAll, loadMe, me } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, Dialog, Field, Notice, PasswordInput, ProblemBox, TextInput, toast, useLoaded } from "../kit/index.js";
import "../texts/en/session.js";

/** @typedef {{ hasEnded: boolean, promise: Promise<boolean>, done: (signedIn: boolean) => void }} Asked */
const asked = signal(/** @type {Asked | null} */ (null));
/** Whoever was signed in last. */
let before = /** @type {{ id: string | null, name: string | null }} */ ({ id: null, name: null });

/**
 * @param {{ hasEnded?: boolean }} [options] hasEnded: there was a session
 * @returns {Promise<boolean>} whether somebody signed in
 */
export function askToSignIn({ hasEnded = false } = {}) {
  if (asked.value) return asked.value.promise;
  /** @type {(signedIn: boolean) => void} */
  let resolve = () => {};
  const promise = new Promise((/** @type {(signedIn: boolean) => void} */ done) => (resolve = done));
  asked.value = { hasEnded, promise, done: (signedIn) => { asked.value = null; resolve(signedIn); } };
  return promise;
}

door.ask = async () => {
  const known = me.value;
  if (known && known.kind === "user") before = { id: known.id, name: known.name };
  return askToSignIn({ hasEnded: before.id !== null });
};

/**
 * @param {string} name @param {string} password
 */
export async function signIn(name, password) {
  const { data } = await api.send("POST", "/session/", { name, password }, { quiet: true });
  if (before.id !== null && before.id !== data.identity) {
    // Another person: nothing that the first one saw stays.
    location.reload();
    return;
  }
  before = { id: null, name: null };
  await loadAll();
}

export async function signOut() {
  await api.send("DELETE", "/session/", undefined, { quiet: true }).catch(() => {});
  forget();
  // All of the page's memory goes.
  location.assign(`${api.root}ui/`);
}

/** The dialog; the shell has it. */
export function SignInDialog() {
  return asked.value ? html`<${Form} asked=${asked.value} />` : null;
}

/** The parts of a sign-in that the dialog has. @param {{ asked: Asked }} props */
function Form({ asked }) {
  const [name, setName] = useState(before.name ?? "");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const provider = useLoaded("provider", (signal) => api.get("/", { signal, quiet: true }).then(({ data }) => data.links.oidc));
  const submit = async () => {
    setBusy(true);
    try {
      await signIn(name, password);
      asked.done(true);
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  const cancel = () => {
    asked.done(false);
    loadMe().catch((error) => toast(error.message, { kind: "danger" }));
  };
  return html`<${Dialog} title=${t("session.title")} onClose=${cancel} onSubmit=${submit} footer=${html`
      <${Button} onClick=${cancel}>${t("kit.cancel")}</${Button}>
      <${Button} kind="primary" type="submit" busy=${busy}>${t("session.signIn")}</${Button}>`}>
    ${asked.hasEnded && html`<${Notice} kind="warn">${t("session.hasEnded")}</${Notice}>`}
    <${ProblemBox} problem=${problem} />
    <${Field} label=${t("session.name")} required><${TextInput} name="username" value=${name} onInput=${setName} autocomplete="username" required /></${Field}>
    <${Field} label=${t("session.password")} required><${PasswordInput} name="password" value=${password} onInput=${setPassword} autocomplete="current-password" required /></${Field}>
    ${provider.value && html`<${Button} href=${`${provider.value}?${new URLSearchParams({ next: location.pathname + location.search })}`} icon="key">${t("session.provider")}</${Button}>`}
  </${Dialog}>`;
}
