/** Rows are deleted after a question that says how many, counted by the service. */
import { html } from "../../vendor/preact.js";
import { Problem, api, totalOf } from "../core/api.js";
import { number, t } from "../core/texts.js";
import { Notice, ProblemBox, confirm, toast } from "../kit/index.js";

/** Rows whose deletion can be undone. */
const UNDONE = 5000;
/** Ids that one condition of an address takes. */
const TOGETHER = 500;

/**
 * @param {import("./model.js").TableRows} model
 * @param {{ ids: number[] } | { except: number[] }} which some rows, or all of the query but some
 * @returns {Promise<boolean>} whether they are deleted
 */
export async function deleteRows(model, which) {
  const { definition, path } = model;
  try {
    const { n, others } = await counted(model, which);
    if (!n) return false;
    const secret = Object.entries(definition.fields).filter(([, field]) => field.write_only).map(([name, field]) => field.label || name);
    const isUndone = n <= UNDONE && !others.length;
    const agreed = await confirm({
      title: t("rows.delete_title", { n }), danger: true, action: t("rows.delete", { n }),
      text: html`<p>${isUndone ? t("rows.delete_undo") : t("rows.delete_final")}</p>
        ${others.length > 0 && html`<${Notice} kind="warn">${t("rows.delete_others")}<ul>${others.map((each) => html`<li>${each.model_name}: ${number(each.rows)}${each.operation === "delete" ? "" : ` (${t("rows.loses_link")})`}</li>`)}</ul></${Notice}>`}
        ${isUndone && secret.length > 0 && html`<${Notice} kind="warn">${t("rows.delete_secret", { fields: secret.join(", ") })}</${Notice}>`}`,
    });
    if (!agreed) return false;
    const done = "ids" in which ? await byIds(model, which.ids, isUndone) : await byQuery(model, which.except, n, isUndone);
    model.checked.value = { all: false, ids: new Set() };
    if (done.removals.length) {
      model.history.note(done);
      model.sheet.refresh();
    } else {
      toast(t("rows.deleted", { n }), { kind: "ok" });
      model.sheet.refresh();
      return true;
    }
    toast(t("rows.deleted", { n }), { kind: "ok", action: { label: t("rows.undo"), onClick: () => void model.history.undo() } });
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    await confirm({ title: t("rows.delete_failed"), text: html`<${ProblemBox} problem=${problem} />`, action: t("rows.understood") });
    model.sheet.refresh();
    return false;
  }

  /** @param {import("./model.js").TableRows} _model @param {number[]} ids @param {boolean} isUndone */
  async function byIds(_model, ids, isUndone) {
    const removals = isUndone ? await whole(ids) : [];
    await api.send("POST", "/batch/", [{ operation: "delete", table: definition.id, where: { id: { in: ids } } }], { prefer: "return=minimal" });
    return { label: t("rows.did_delete", { n: ids.length }), updates: [], inserts: [], removals };
  }

  /** @param {import("./model.js").TableRows} _model @param {number[]} except @param {number} n @param {boolean} isUndone */
  async function byQuery(_model, except, n, isUndone) {
    const { data } = await api.send("DELETE", path, undefined, {
      params: conditions(model, except), prefer: `handling=strict, max-affected=${n}, return=${isUndone ? "representation" : "minimal"}`,
    });
    const removals = isUndone ? data.map((/** @type {any} */ row) => kept(row)) : [];
    return { label: t("rows.did_delete", { n }), updates: [], inserts: [], removals };
  }

  /** @param {number[]} ids */
  async function whole(ids) {
    /** @type {{ id: number, values: any }[]} */
    const found = [];
    for (let start = 0; start < ids.length; start += TOGETHER) {
      const { data } = await api.send("POST", `/table/${definition.id}/query/`, { select: "*", where: { id: { in: ids.slice(start, start + TOGETHER) } } });
      found.push(...data.map(kept));
    }
    return found;
  }

  /** What a row is made of again. @param {any} row */
  function kept(row) {
    const names = Object.keys(definition.fields).filter((name) => name in row && !model.computed.has(name));
    return { id: row.id, values: Object.fromEntries(names.map((name) => [name, row[name]])) };
  }
}

/** @param {import("./model.js").TableRows} model @param {number[]} except */
function conditions(model, except) {
  const found = model.target;
  if (except.length) found.append("id", `not.in.(${except.join(",")})`);
  return found;
}

/**
 * How many rows it would be, and rows of other tables that would change.
 * @param {import("./model.js").TableRows} model
 * @param {{ ids: number[] } | { except: number[] }} which
 * @returns {Promise<{ n: number, others: { model_name: string, operation: string, rows: number }[] }>}
 */
async function counted(model, which) {
  const { definition } = model;
  if ("ids" in which && which.ids.length <= 10_000) {
    const { data } = await api.send("POST", "/batch/plan/", [{ operation: "delete", table: definition.id, where: { id: { in: which.ids } } }]);
    const writes = data[0].writes, own = (/** @type {any} */ each) => each.table === definition.id && each.operation === "delete";
    return { n: writes.filter(own).reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.rows, 0), others: writes.filter((/** @type {any} */ each) => !own(each)) };
  }
  const params = conditions(model, "except" in which ? which.except : []);
  params.set("select", "id");
  params.set("limit", "1");
  const { headers } = await api.get(model.path, { params, prefer: "count=exact" });
  return { n: totalOf(headers) ?? 0, others: [] };
}
