/** Roles by table, as a matrix; a change is planned before it is made. */
import { html, useState } from "../../vendor/preact.js";
import { tables } from "../core/state.js";
import { number, t } from "../core/texts.js";
import { Button, EmptyState, Loading, ProblemBox, SearchInput, toast, useLoaded } from "../kit/index.js";
import { apply, changes, draft, held, IMPLIED, loadAccess, plan } from "./draft.js";
import { AccessFrame, forAdmins } from "./frame.js";
import { EntryDialog } from "./entry.js";
import { ACTIONS, entryOf, EVERY_TABLE, extent } from "./grants.js";
import { PlanDialog } from "./plan.js";
import { RoleDialog } from "./role.js";

/** Rows in one go. */
const SHOWN = 100;

function RolesPage() {
  const loaded = useLoaded("access", loadAccess);
  const [text, setText] = useState("");
  const [most, setMost] = useState(SHOWN);
  const [open, setOpen] = useState(/** @type {any} */ (null));
  const document = draft.value;
  const close = () => setOpen(null);
  const count = changes.value.length;

  const review = async () => {
    try {
      setOpen({ plan: await plan(changes.value) });
    } catch (problem) {
      setOpen({ plan: [], problem });
    }
  };
  const carryOut = async () => {
    try {
      await apply();
      toast(t("access.applied"), { kind: "ok" });
      close();
    } catch (problem) {
      const isStale = /** @type {any} */ (problem).status === 412;
      if (isStale) await loadAccess();
      setOpen({ plan: isStale ? await plan(changes.value).catch(() => []) : open.plan, problem, isStale });
    }
  };

  return html`<${AccessFrame} tab="roles" actions=${html`<${Button} icon="add" onClick=${() => setOpen({ role: "" })}>${t("access.newRole")}</${Button}>`}>
    ${!held.value && loaded.isLoading && html`<${Loading} />`}
    <${ProblemBox} problem=${loaded.problem} onRetry=${loaded.reload} />
    ${document && html`
      <div class="bar-of-tools">
        <${SearchInput} label=${t("access.searchTables")} value=${text} onInput=${setText} />
        <${Legend} />
      </div>
      <${Matrix} document=${document} text=${text} most=${most} onOpen=${setOpen} onMore=${() => setMost(most + SHOWN)} />
      ${count > 0 && html`<div class="pending" role="status"><span class="grow">${t("access.pending", { n: count })}</span>
        <${Button} onClick=${() => (changes.value = [])}>${t("access.discard")}</${Button}>
        <${Button} kind="primary" onClick=${review}>${t("access.review")}</${Button}></div>`}`}
    ${open?.role !== undefined && !open.table && html`<${RoleDialog} name=${open.role} onClose=${close} />`}
    ${open?.table && html`<${EntryDialog} role=${open.role} table=${open.table} onClose=${close} />`}
    ${open?.plan && html`<${PlanDialog} plan=${open.plan} problem=${open.problem} isStale=${open.isStale} onClose=${close} onApply=${carryOut} />`}
  </${AccessFrame}>`;
}

function Legend() {
  return html`<span class="legend muted small">${ACTIONS.map((each) => html`<span key=${each} class="row"><span class="mark none" data-letter=${t(`access.${each}_letter`)}></span>${t(`access.${each}`)}</span>`)}
    <span class="extents">${["all", "some", "none"].map((each) => html`<span key=${each} class="row"><span class=${`mark ${each}`} data-letter=""></span>${t(`access.${each}_rows`)}</span>`)}</span></span>`;
}

/** @param {{ document: import("./grants.js").AccessDocument, text: string, most: number, onOpen: (what: any) => void, onMore: () => void }} props */
function Matrix({ document, text, most, onOpen, onMore }) {
  const roles = [...Object.keys(document.roles).filter((name) => !IMPLIED.includes(name)).sort(), ...IMPLIED];
  const needle = text.trim().toLocaleLowerCase();
  const known = (tables.value ?? []).map((each) => ({ name: each.model_name, label: each.label }));
  const found = known.filter((each) => `${each.label ?? ""} ${each.name}`.toLocaleLowerCase().includes(needle));
  const rows = [...(needle ? [] : [{ name: EVERY_TABLE, label: null }]), ...found.slice(0, most)];
  if (!rows.length) return html`<${EmptyState} icon="search" title=${t("access.noTable")} />`;
  return html`<div class="table-wrap matrix" tabindex="0" role="region" aria-label=${t("access.matrix")}><table class="table">
    <caption class="unseen">${t("access.matrix")}</caption>
    <thead><tr><th scope="col" class="first">${t("access.table")}</th>${roles.map((name) => {
      const role = document.roles[name];
      return html`<th key=${name} scope="col"><button type="button" class="button quiet small" title=${role?.description ?? undefined} onClick=${() => onOpen({ role: name })}
        aria-label=${t("access.editRole", { name: role?.label || name })}>${role?.label || name}</button>
        ${role?.definitions && role.definitions !== "none" && html`<span class="small defines">${t(`access.definitions_${role.definitions}_short`)}</span>`}</th>`;
    })}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.name}><th scope="row" class="first">${row.name === EVERY_TABLE ? html`<em>${t("access.everyTable")}</em>` : html`${row.label || row.name}
      ${row.label && html` <span class="muted small mono">${row.name}</span>`}`}</th>
      ${roles.map((name) => html`<td key=${name}><${Cell} role=${document.roles[name]} name=${name} table=${row.name} onOpen=${onOpen} /></td>`)}</tr>`)}</tbody>
  </table></div>
  ${found.length > most && html`<div><${Button} onClick=${onMore}>${t("access.moreTables", { n: found.length - most })}</${Button}></div>`}
  <p class="muted small">${t("access.adminRole")} ${t("access.counts", { n: roles.length, tables: number(known.length) })}</p>`;
}

/** @param {{ role: import("./grants.js").Role | undefined, name: string, table: string, onOpen: (what: any) => void }} props */
function Cell({ role, name, table, onOpen }) {
  const { entry, isInherited } = entryOf(role, table);
  const isChanged = changes.value.some((each) => each.kind === "entry" && each.role === name && each.table === table);
  const told = ACTIONS.map((action) => `${t(`access.${action}`)}: ${t(`access.${extent(entry[action])}`)}`).join(", ");
  const title = table === EVERY_TABLE ? t("access.everyTable") : table;
  return html`<button type="button" class=${`entry ${isInherited ? "inherited" : ""} ${isChanged ? "changed" : ""}`} onClick=${() => onOpen({ role: name, table })}
    aria-label=${`${t("access.onTable", { role: role?.label || name, table: title })} ${told}${isInherited ? `, ${t("access.inherited")}` : ""}`} title=${told}>
    ${ACTIONS.map((action) => html`<span key=${action} class=${`mark ${extent(entry[action])}`} title=${t(`access.${action}Rows`)} data-letter=${t(`access.${action}_letter`)}></span>`)}</button>`;
}

export default forAdmins(RolesPage);
