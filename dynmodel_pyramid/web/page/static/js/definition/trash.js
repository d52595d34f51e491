/** Dropped fields of a table, and the old values of conversions. */
import { html, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { day, number, t } from "../core/texts.js";
import { Button, EmptyState, Icon, Loading, Moment, ProblemBox, Table, toast, useLoaded } from "../kit/index.js";
import { TablePage } from "./frame.js";
import { PurgeDialog } from "./purge.js";
import { RestoreDialog } from "./restore.js";
import { typeIcon, typeTitle } from "./types.js";

/** @typedef {import("../core/state.js").Definition} Definition */

/** @param {{ params: { id: string } }} props */
export default function TrashPage({ params }) {
  return html`<${TablePage} key=${params.id} id=${params.id} active="trash" writers text=${t("definition.trashText")}>
    ${(/** @type {Definition} */ table, /** @type {string | null} */ tag, /** @type {() => void} */ reload) => html`<${FieldTrash} key=${table.version} table=${table} tag=${tag} onChanged=${reload} />`}
  </${TablePage}>`;
}

/** @param {{ table: Definition, tag: string | null, onChanged: () => void }} props */
function FieldTrash({ table, tag, onChanged }) {
  const path = `/table/${table.id}/trash/`;
  const [purging, setPurging] = useState(/** @type {any} */ (null));
  const [restoring, setRestoring] = useState(/** @type {any} */ (null));
  const { value, problem, reload } = useLoaded(table.version, async (signal) => (await api.get(path, { signal })).data);
  if (problem) return html`<${ProblemBox} problem=${problem} onRetry=${reload} />`;
  if (!value) return html`<${Loading} />`;
  return html`<div><${Table} caption=${t("definition.trash")} rows=${value} rowKey=${(/** @type {any} */ entry) => entry.number} empty=${html`<${EmptyState} icon="trash" title=${t("definition.trashEmpty")} text=${t("definition.trashEmptyText")} />`} columns=${[
      { key: "name", label: t("definition.field"), head: true, cell: (/** @type {any} */ each) => html`<span class="row nowrap"><${Icon} name=${typeIcon(each.type)} />${each.name}</span>` },
      { key: "type", label: t("definition.type"), cell: (/** @type {any} */ each) => typeTitle(each.type) },
      { key: "reason", label: t("definition.why"), cell: (/** @type {any} */ each) => t(`definition.reason_${each.reason}`) },
      { key: "rows", label: t("definition.rowsWithValue"), end: true, cell: (/** @type {any} */ each) => number(each.rows) },
      { key: "dropped_at", label: t("definition.droppedAt"), cell: (/** @type {any} */ each) => html`<${Moment} at=${each.dropped_at} />` },
      { key: "kept_until", label: t("definition.keptUntil"), cell: (/** @type {any} */ each) => (each.kept_until ? day(each.kept_until) : t("definition.forEver")) },
      { key: "actions", label: t("definition.more"), actions: true, cell: (/** @type {any} */ each) => html`<${Button} small icon="undo" onClick=${() => setRestoring(each)}>${t("definition.restore")}</${Button}>${" "}<${Button} small kind="quiet" onClick=${() => setPurging(each)}>${t("definition.purge")}</${Button}>` },
    ]} />
    ${restoring && html`<${RestoreDialog} name=${freeName(restoring, table)} required=${restoring.definition.required} onClose=${() => setRestoring(null)} onRestore=${async (/** @type {any} */ overrides, /** @type {string | undefined} */ onError) => {
      const name = freeName(restoring, table);
      const body = name === restoring.name ? overrides : { name, ...overrides };
      const { data } = await api.send("POST", `${path}${restoring.number}/restore/`, body, { ifMatch: tag ?? undefined, params: { on_error: onError } });
      const restored = Object.entries(data.fields).find(([, field]) => !Object.values(table.fields).some((each) => each.id === /** @type {any} */ (field).id))?.[0] ?? restoring.name;
      toast(t("definition.restored", { name: restored }), { kind: "ok" });
      setRestoring(null);
      onChanged();
    }} />`}
    ${purging && html`<${PurgeDialog} name=${purging.name} text=${t("definition.purgeText", { rows: t("definition.rowsCount", { n: purging.rows }) })} onClose=${() => setPurging(null)} onPurge=${async () => {
      await api.send("DELETE", `${path}${purging.number}/`);
      toast(t("definition.purged", { name: purging.name }));
      setPurging(null);
      reload();
    }} />`}
  </div>`;
}

/** Its name, or one beside the field that has the name by now. @param {any} entry @param {Definition} table */
function freeName(entry, table) {
  const taken = new Set(Object.keys(table.fields).map((name) => name.toLowerCase()));
  let name = entry.name;
  for (let n = 1; taken.has(name.toLowerCase()); n++) name = `${entry.name.slice(0, 50)} old${n > 1 ? ` ${n}` : ""}`;
  return name;
}
