/** What happened to access, the newest first. The filters stand in the address. */
import { html, useEffect, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { navigate } from "../core/router.js";
import { t } from "../core/texts.js";
import { Badge, Button, EmptyState, Field, Loading, Moment, ProblemBox, Select, Table, TextInput } from "../kit/index.js";
import { AccessFrame, forAdmins } from "./frame.js";

const EVENTS = ["signed_in", "signed_out", "sign_in_refused", "password_changed", "user_created", "user_changed", "user_deleted", "token_created", "token_revoked", "access_changed"];
const KINDS = /** @type {Record<string, any>} */ ({ sign_in_refused: "danger", user_deleted: "warn", token_revoked: "warn", access_changed: "accent" });
const PART = 100;

/** @param {{ query: URLSearchParams }} props */
function AuditPage({ query }) {
  const event = query.get("event") ?? "", identity = query.get("identity") ?? "";
  const [typed, setTyped] = useState(identity);
  const [state, setState] = useState(/** @type {{ events: any[], more: boolean, problem: any, isLoading: boolean }} */ ({ events: [], more: false, problem: null, isLoading: true }));
  const filter = (/** @type {Record<string, string>} */ part) => {
    const params = new URLSearchParams(Object.entries({ event, identity, ...part }).filter(([, value]) => value));
    navigate(`/access/audit/${params.size ? `?${params}` : ""}`, { replace: true });
  };
  /** @param {any[]} before @param {AbortSignal} [signal] */
  const load = async (before, signal) => {
    setState({ ...state, events: before, problem: null, isLoading: true });
    try {
      const { data, headers } = await api.get("/audit/", { params: { limit: PART, event: event || null, identity: identity || null, before: before.at(-1)?.id ?? null }, signal });
      setState({ events: [...before, ...data], more: headers.has("Link"), problem: null, isLoading: false });
    } catch (problem) {
      if (!signal?.aborted) setState({ events: before, more: false, problem, isLoading: false });
    }
  };
  useEffect(() => {
    const stop = new AbortController();
    load([], stop.signal);
    return () => stop.abort();
  }, [event, identity]);
  const columns = [
    { key: "at", label: t("access.at"), cell: (/** @type {any} */ each) => html`<${Moment} at=${each.at} />` },
    { key: "event", label: t("access.event"), head: true, cell: (/** @type {any} */ each) => html`<${Badge} kind=${KINDS[each.event] ?? ""}>${t(`access.event_${each.event}`)}</${Badge}>${each.count > 1 && html` <span class="muted small">× ${each.count}</span>`}` },
    { key: "identity", label: t("access.identity"), cell: (/** @type {any} */ each) => html`<code>${each.identity ?? (each.detail?.console ? t("access.console") : "–")}</code>` },
    { key: "detail", label: t("access.detail"), cell: (/** @type {any} */ each) => html`<${Detail} detail=${each.detail} />` },
    { key: "address", label: t("access.address"), cell: (/** @type {any} */ each) => html`<span class="mono small" title=${each.request_id ? t("access.requestId", { id: each.request_id }) : undefined}>${each.address ?? ""}</span>` },
  ];
  return html`<${AccessFrame} tab="audit">
    <form class="bar-of-tools ends" onSubmit=${(/** @type {Event} */ submitted) => { submitted.preventDefault(); filter({ identity: typed.trim() }); }}>
      <${Field} label=${t("access.event")}><${Select} value=${event} onChange=${(/** @type {string} */ value) => filter({ event: value })} options=${[{ value: "", label: t("access.everyEvent") }, ...EVENTS.map((value) => ({ value, label: t(`access.event_${value}`) }))]} /></${Field}>
      <${Field} label=${t("access.identity")}><${TextInput} value=${typed} onInput=${setTyped} placeholder="user:7" class="mono" /></${Field}>
      <${Button} type="submit">${t("access.show")}</${Button}>
      ${(event || identity) && html`<${Button} kind="quiet" icon="close" onClick=${() => { setTyped(""); filter({ event: "", identity: "" }); }}>${t("access.allEvents")}</${Button}>`}
    </form>
    <${ProblemBox} problem=${state.problem} onRetry=${() => load(state.events)} />
    ${state.events.length > 0 && html`<${Table} caption=${t("access.audit")} rows=${state.events} columns=${columns} />`}
    ${state.isLoading && html`<${Loading} />`}
    ${!state.isLoading && !state.events.length && !state.problem && html`<${EmptyState} icon="history" title=${t("access.noEvents")} />`}
    ${state.more && !state.isLoading && html`<div><${Button} onClick=${() => load(state.events)}>${t("access.earlier")}</${Button}></div>`}
  </${AccessFrame}>`;
}

/** @param {{ detail: Record<string, any> | null }} props */
function Detail({ detail }) {
  const parts = Object.entries(detail ?? {}).filter(([name, value]) => name !== "console" && value !== null);
  return html`<span class="small audit-detail">${parts.map(([name, value], i) => html`<span key=${name}>${i ? " · " : ""}<span class="muted">${name}</span> ${Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : JSON.stringify(value)}</span>`)}</span>`;
}

export default forAdmins(AuditPage);
