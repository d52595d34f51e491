/** All tables: search, and how to begin where there are none. */
import { html, useState } from "../../vendor/preact.js";
import { link } from "../core/router.js";
import { can, definesTables, me, tables, titleOf } from "../core/state.js";
import { t } from "../core/texts.js";
import { Badge, Button, EmptyState, Page, SearchInput, Table } from "../kit/index.js";
import { askToSignIn } from "../session/sign_in.js";
import { DropArea, importFile } from "../files/dropped.js";
import { sample } from "../files/sample.js";
import "../texts/en/tables.js";

/** Rows of the list in one go. */
const SHOWN = 200;

/** @typedef {import("../core/state.js").TableEntry} TableEntry */

export default function TablesPage() {
  const [text, setText] = useState("");
  const actions = definesTables() && html`<${DropArea} compact label=${t("files.fromFile")} onFile=${importFile} /><${Button} kind="primary" icon="add" href=${link("/new/")}>${t("tables.new")}</${Button}>`;
  const [most, setMost] = useState(SHOWN);
  const all = tables.value ?? [];
  if (!all.length) return html`<${Page} title=${t("tables.title")}><${NoTables} /></${Page}>`;
  const needle = text.trim().toLocaleLowerCase();
  const found = all.filter((each) => `${each.label ?? ""} ${each.model_name} ${each.description ?? ""}`.toLocaleLowerCase().includes(needle));
  const shown = found.slice(0, most);
  return html`<${Page} title=${t("tables.title")} text=${t("tables.count", { n: all.length })} actions=${actions}>
    <div class="bar-of-tools"><${SearchInput} label=${t("tables.search")} value=${text} onInput=${(/** @type {string} */ typed) => { setText(typed); setMost(SHOWN); }} />
      <span class="muted small" role="status">${needle ? t("tables.found", { n: found.length }) : ""}</span></div>
    <${Table} caption=${t("tables.title")} rows=${shown} columns=${shown.some(rights) ? COLUMNS : COLUMNS.filter((each) => each.key !== "rights")}
      empty=${html`<${EmptyState} icon="search" title=${t("tables.nothing")} text=${t("tables.nothingText", { text })} />`} />
    ${found.length > most && html`<div><${Button} onClick=${() => setMost(most + SHOWN)}>${t("tables.more", { n: found.length - most })}</${Button}></div>`}
  </${Page}>`;
}

const COLUMNS = [
  {
    key: "name", label: t("tables.table"), head: true, class: "named",
    cell: (/** @type {TableEntry} */ table) => html`<a href=${link(`/table/${table.id}/`)}>${titleOf(table)}</a>
      ${table.label && html`<span class="muted small mono"> ${table.model_name}</span>`}
      ${table.description && html`<p class="muted small says">${table.description}</p>`}`,
  },
  { key: "fields", label: t("tables.fields"), end: true },
  { key: "rights", label: t("tables.rights"), cell: rights },
];

/** What may be done with its rows, where it is not everything. @param {TableEntry} table */
function rights(table) {
  const may = ["create", "update", "delete"].filter((action) => can(table, /** @type {any} */ (action)));
  if (may.length === 3) return null;
  return html`<${Badge} icon=${may.length ? "edit" : "eye"}>${may.length ? t("tables.some") : t("tables.readOnly")}</${Badge}>`;
}

function NoTables() {
  const isAnonymous = me.value?.kind === "anonymous";
  if (isAnonymous) {
    return html`<${EmptyState} icon="lock" title=${t("tables.anonymous")} text=${t("tables.anonymousText")}>
      <${Button} kind="primary" icon="signIn" onClick=${() => askToSignIn()}>${t("shell.signIn")}</${Button}></${EmptyState}>`;
  }
  if (!definesTables()) return html`<${EmptyState} icon="lock" title=${t("tables.noneSeen")} text=${t("tables.noneSeenText")} />`;
  const more = html`<${Button} icon="add" href=${link("/new/")}>${t("tables.new")}</${Button}>
    <${Button} kind="quiet" icon="wand" onClick=${() => importFile(sample())}>${t("files.sample")}</${Button}>`;
  return html`<${DropArea} onFile=${importFile} more=${more}><${EmptyState} icon="upload" title=${t("tables.none")} text=${t("tables.noneText")} /></${DropArea}>`;
}
