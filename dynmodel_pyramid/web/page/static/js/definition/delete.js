/** A table goes to the trash, after its plan: what links to it stands in the way. */
import { html } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { link, navigate } from "../core/router.js";
import { loadMe, loadTables, titleOf } from "../core/state.js";
import { t } from "../core/texts.js";
import { Button, Dialog, toast } from "../kit/index.js";
import { PlanDialog } from "./plan.js";

/**
 * The dialog that deletes a table.
 * @param {import("../core/state.js").Definition} table
 * @param {() => void} onClose
 */
export async function askToDelete(table, onClose) {
  const title = t("definition.deleteTitle", { table: titleOf(table) });
  const others = table.linked_from.filter((each) => each.table !== table.id);
  if (others.length) {
    return html`<${Dialog} title=${title} onClose=${onClose} footer=${html`<${Button} onClick=${onClose}>${t("definition.close")}</${Button}>`}>
      <p>${t("definition.deleteLinked", { n: others.length })}</p>
      <ul class="bullets">${others.map((each) => html`<li key=${`${each.table}.${each.field}`}><a href=${link(`/table/${each.table}/definition/`)}>${each.model_name} › ${each.field}</a></li>`)}</ul></${Dialog}>`;
  }
  const change = {
    title, text: t("definition.deleteText"), action: t("definition.deleteAction"), danger: true,
    plan: async (/** @type {string | undefined} */ _, /** @type {AbortSignal} */ signal) => {
      const { data } = await api.send("POST", "/schema/plan/", { tables: { [table.model_name]: null } }, { type: "application/merge-patch+json", signal });
      return data.tables[table.model_name];
    },
    apply: (/** @type {string | undefined} */ _, /** @type {AbortSignal} */ signal) => api.send("DELETE", `/table/${table.id}/`, undefined, { ifMatch: `"${table.version}"`, signal }),
    onDone: async () => {
      await Promise.all([loadTables(), loadMe()]);
      const restore = async () => {
        const { data } = await api.send("POST", `/trash/${table.id}/restore/`);
        await Promise.all([loadTables(), loadMe()]);
        toast(t("definition.restoredTable", { name: data.model_name }), { kind: "ok" });
      };
      toast(t("definition.deletedTable", { name: titleOf(table) }), { action: { label: t("definition.undo"), onClick: () => restore().catch((problem) => toast(problem.detail, { kind: "danger" })) } });
      onClose();
      navigate("/");
    },
  };
  return html`<${PlanDialog} change=${change} onClose=${onClose} />`;
}
