/** Dropped tables. */
import { html, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { loadMe, loadTables } from "../core/state.js";
import { day, number, t } from "../core/texts.js";
import "../texts/en/definition.js";
import { Button, EmptyState, Loading, Moment, Page, ProblemBox, Table, toast, useLoaded } from "../kit/index.js";
import { allParts, mayWrite } from "../definition/frame.js";
import { PurgeDialog } from "../definition/purge.js";
import { RestoreDialog } from "../definition/restore.js";

export default function TablesTrash() {
  const [purging, setPurging] = useState(/** @type {any} */ (null));
  const [restoring, setRestoring] = useState(/** @type {any} */ (null));
  const { value, problem, reload } = useLoaded("trash", (signal) => (mayWrite() ? allParts("/trash/", signal) : Promise.resolve([])));
  const changed = () => { reload(); loadTables(); loadMe(); };
  const page = (/** @type {any} */ content) => html`<${Page} title=${t("definition.tablesTrash")} text=${t("definition.tablesTrashText")}>${content}</${Page}>`;
  if (!mayWrite()) return page(html`<${EmptyState} icon="lock" title=${t("definition.noWriting")} text=${t("definition.noRightsText")} />`);
  if (problem) return page(html`<${ProblemBox} problem=${problem} onRetry=${reload} />`);
  if (!value) return page(html`<${Loading} />`);
  return page(html`<${Table} caption=${t("definition.tablesTrash")} rows=${value} rowKey=${(/** @type {any} */ entry) => entry.number} empty=${html`<${EmptyState} icon="trash" title=${t("definition.trashEmpty")} text=${t("definition.trashEmptyText")} />`} columns=${[
      { key: "model_name", label: t("definition.table"), head: true },
      { key: "rows", label: t("definition.rows"), end: true, cell: (/** @type {any} */ each) => number(each.rows) },
      { key: "dropped_at", label: t("definition.droppedAt"), cell: (/** @type {any} */ each) => html`<${Moment} at=${each.dropped_at} />` },
      { key: "kept_until", label: t("definition.keptUntil"), cell: (/** @type {any} */ each) => (each.kept_until ? day(each.kept_until) : t("definition.forEver")) },
      { key: "actions", label: t("definition.more"), actions: true, cell: (/** @type {any} */ each) => html`<${Button} small icon="undo" onClick=${() => setRestoring(each)}>${t("definition.restore")}</${Button}>${" "}<${Button} small kind="quiet" onClick=${() => setPurging(each)}>${t("definition.purge")}</${Button}>` },
    ]} />
    ${restoring && html`<${RestoreDialog} name=${restoring.model_name} isTable onClose=${() => setRestoring(null)} onRestore=${async (/** @type {any} */ overrides, /** @type {string | undefined} */ onError) => {
      const { data } = await api.send("POST", `/trash/${restoring.number}/restore/`, overrides, { params: { on_error: onError } });
      toast(t("definition.restoredTable", { name: data.label || data.model_name }), { kind: "ok" });
      setRestoring(null);
      changed();
    }} />`}
    ${purging && html`<${PurgeDialog} name=${purging.model_name} text=${t("definition.purgeText", { rows: t("definition.rowsCount", { n: purging.rows }) })} onClose=${() => setPurging(null)} onPurge=${async () => {
      await api.send("DELETE", `/trash/${purging.number}/`);
      toast(t("definition.purged", { name: purging.model_name }));
      setPurging(null);
      changed();
    }} />`}`);
}
