/** One row of a table: reading it with its system values, saving it, deleting it. */
import { api, Problem } from "../../core/api.js";
import { loadFieldTypes, loadTable } from "../../core/state.js";

/** @typedef {import("../../core/state.js").Definition} Definition */

/**
 * @typedef {Object} Held
 * @property {Definition} definition
 * @property {Record<string, any>} row
 * @property {Record<string, any> | null} system _created, _updated, _version
 * @property {string | null} etag
 */

/**
 * @param {string | number} table
 * @param {number | null} id null: a new row
 * @param {AbortSignal} [signal]
 * @returns {Promise<Held>}
 */
export async function read(table, id, signal) {
  if (id === null) {
    const [definition] = await Promise.all([loadTable(table, { signal }), loadFieldTypes()]);
    return { definition, row: {}, system: null, etag: null };
  }
  const path = `/table/${encodeURIComponent(table)}/rows/`;
  const params = { select: "id,_created,_updated,_version", id: `eq.${id}` };
  const [definition, { data, etag }, { data: [system] }] = await Promise.all([
    loadTable(table, { signal }), api.get(`${path}${id}/`, { signal }), api.get(path, { params, signal }), loadFieldTypes(),
  ]);
  return { definition, row: data, system: system ?? null, etag };
}

/**
 * @param {Held} held
 * @param {Record<string, any>} values what is sent
 * @returns {Promise<{ row: Record<string, any> | null, etag: string | null }>} row null: it may not be read
 */
export async function save({ definition, row, etag }, values) {
  const path = `/table/${definition.id}/rows/`;
  const answer = row.id === undefined
    ? await api.send("POST", path, values)
    : await api.send("PATCH", `${path}${row.id}/`, values, { ifMatch: etag ?? undefined });
  return { row: answer.data ?? null, etag: answer.etag };
}

/** @param {Held} held */
export const remove = ({ definition, row, etag }) => api.send("DELETE", `/table/${definition.id}/rows/${row.id}/`, undefined, { ifMatch: etag ?? undefined });

/** Whether somebody else was quicker. @param {unknown} error */
export const isConflict = (error) => error instanceof Problem && error.status === 412;
