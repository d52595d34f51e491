/** Saved views of a table: what the service keeps, and whether the page shows something else by now. */
import { api } from "../core/api.js";
import { definesTables, me } from "../core/state.js";
import { textOf } from "../filters/grammar.js";

/**
 * @typedef {{ field: string, width: number | null, hidden: boolean, frozen: boolean }} ViewColumn
 * @typedef {{ name: string, shared: boolean, default: boolean, owner: string | null, version: number, query: string,
 *   columns: ViewColumn[], problem: { code: string, detail: string } | null }} View
 */

/** The parameter of the page's address that names the view; empty: all rows, although there is a default. */
export const VIEW = "_view";

/** @param {number} table @param {string} [name] */
const path = (table, name) => `/table/${table}/view/${name === undefined ? "" : `${encodeURIComponent(name)}/`}`;

/** @param {number} table @param {AbortSignal} [signal] @returns {Promise<View[]>} */
export const loadViews = async (table, signal) => (await api.get(path(table), { signal })).data;

/** @param {number} table @param {Partial<View>} view @returns {Promise<View>} */
export const createView = async (table, view) => (await api.send("POST", path(table), view)).data;

/** @param {number} table @param {View} view @param {Partial<View>} change @returns {Promise<View>} */
export async function changeView(table, view, change) {
  const { name, shared, default: isDefault, query, columns, version } = view;
  return (await api.send("PUT", path(table, name), { name, shared, default: isDefault, query, columns, version, ...change })).data;
}

/** @param {number} table @param {View} view */
export const deleteView = (table, view) => api.send("DELETE", path(table, view.name), undefined, { ifMatch: `"${view.version}"` });

/** A query as views keep it: without parameters of the page. @param {URLSearchParams} query */
export const queryOf = (query) => textOf([...query].filter(([name]) => !name.startsWith("_") || name === "_search"));

/** The parameters of a page that shows a view. @param {View} view */
export const parametersOf = (view) => new URLSearchParams([...new URLSearchParams(view.query), [VIEW, view.name]]);

/** Whether columns are those of a view; fields that are new since count for nothing. @param {ViewColumn[]} kept @param {ViewColumn[]} columns */
function sameColumns(kept, columns) {
  const shown = columns.filter((each) => kept.some(({ field }) => field === each.field));
  return kept.length === shown.length && kept.every(({ field, width, hidden, frozen }, i) => {
    const now = shown[i];
    return now.field === field && now.hidden === hidden && now.frozen === frozen && (width === null || now.width === null || Math.round(now.width) === width);
  });
}

/** Whether the page shows something else than the view. @param {View} view @param {URLSearchParams} query @param {ViewColumn[]} columns */
export function isChanged(view, query, columns) {
  return queryOf(new URLSearchParams(view.query)) !== queryOf(query) || (view.columns.length > 0 && !sameColumns(view.columns, columns));
}

/** Whether the caller may change a view. @param {View} view */
export const mayWrite = (view) => maySave() && (!view.shared || definesTables());
/** Whether it may keep views at all. */
export const maySave = () => me.value !== null && me.value.kind !== "anonymous" && !me.value.read_only;
/** The view that is shown first. @param {View[]} views */
export const defaultOf = (views) => views.find((each) => each.default && !each.shared) ?? views.find((each) => each.default) ?? null;
