/**
 * What all parts know: who is signed in, which tables and field types there are.
 *
 * Signals: read `me.value` in a component, and it is drawn anew when that changes.
 */
import { signal } from "../../vendor/preact.js";
import { api, nextOf, Problem } from "./api.js";
import { own } from "./records.js";
import { locales } from "./texts.js";

/**
 * @typedef {true | false | { fields?: string[], some_rows: boolean }} Right
 * @typedef {{ id: number, read: Right, create: Right, update: Right, delete: Right }} Rights
 *
 * @typedef {Object} Me the document of /me/
 * @property {string} kind
 * @property {string | null} id
 * @property {string | null} name
 * @property {string[]} roles
 * @property {boolean} admin
 * @property {"none" | "read" | "write"} definitions
 * @property {boolean} read_only
 * @property {Record<string, Rights>} tables
 *
 * @typedef {Object} TableEntry a table in lists
 * @property {number} id
 * @property {string} model_name
 * @property {string | null} label
 * @property {string | null} description
 * @property {number} version
 * @property {number} fields how many
 *
 * @typedef {Object} FieldDefinition and each type's own options
 * @property {number} id
 * @property {number} position
 * @property {string} type
 * @property {boolean} required
 * @property {boolean} read_only
 * @property {boolean} write_only
 * @property {string | null} label
 * @property {string | null} description
 *
 * @typedef {Object} Definition
 * @property {number} id
 * @property {string} model_name
 * @property {number} version
 * @property {string | null} label
 * @property {string | null} description
 * @property {Record<string, FieldDefinition & Record<string, any>>} fields
 * @property {any[]} unique
 * @property {any[]} indexes
 * @property {{ name: string, table: number, model_name: string, field: string, on_delete: string }[]} linked_from
 */

/** Who is signed in; null: not known yet. */
export const me = signal(/** @type {Me | null} */ (null));
/** The tables that are seen, by label or name; null: not known yet. */
export const tables = signal(/** @type {TableEntry[] | null} */ (null));
/** By name; empty until loadFieldTypes() has been awaited. */
export const fieldTypes = signal(/** @type {Map<string, any>} */ (new Map()));

/** @type {Map<string, { etag: string | null, definition: Definition }>} the latest used last */
const definitions = new Map();
const KEPT = 100;
const byTitle = new Intl.Collator(locales, { numeric: true, sensitivity: "base" });

/** @param {{ label?: string | null, model_name: string }} table */
export const titleOf = (table) => table.label || table.model_name;

/** Ask anew who is signed in. */
export async function loadMe() {
  me.value = (await api.get("/me/", { quiet: true })).data;
  return /** @type {Me} */ (me.value);
}

/** Ask anew which tables there are. */
export async function loadTables() {
  /** @type {TableEntry[]} */
  const found = [];
  /** @type {string | null} */
  let next = "/table/?brief=true";
  while (next) {
    /** @type {import("./api.js").Answer} */
    const answer = await api.get(next, { quiet: true });
    found.push(...answer.data);
    next = nextOf(answer.headers);
  }
  found.sort((one, other) => byTitle.compare(titleOf(one), titleOf(other)));
  tables.value = found;
  return found;
}

/**
 * A table's definition: asked for each time, but sent only when it has changed.
 * @param {number | string} id
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<Definition>}
 */
export async function loadTable(id, { signal } = {}) {
  const key = String(id), held = definitions.get(key);
  const answer = await api.get(`/table/${encodeURIComponent(key)}/`, { etag: held?.etag ?? undefined, signal });
  const entry = answer.status === 304 && held ? held : { etag: answer.etag, definition: answer.data };
  definitions.delete(key);
  definitions.set(key, entry);
  if (definitions.size > KEPT) definitions.delete(/** @type {string} */ (definitions.keys().next().value));
  return entry.definition;
}

/** The ETag that a definition was read with, for If-Match. @param {number | string} id */
export const tagOf = (id) => definitions.get(String(id))?.etag ?? null;

/** The installed field types, loaded once. */
export async function loadFieldTypes() {
  if (!fieldTypes.value.size) {
    const { data } = await api.get("/field-type/");
    fieldTypes.value = new Map(data.map((/** @type {any} */ each) => [each.name, each]));
  }
  return fieldTypes.value;
}

/**
 * What may be done with the rows of a table: true, false, or the fields and whether for some rows only.
 * @param {{ model_name: string } | string} table
 * @param {"read" | "create" | "update" | "delete"} action
 * @returns {Right}
 */
export function can(table, action) {
  const known = me.value;
  if (!known) return false;
  const name = typeof table === "string" ? table : table.model_name;
  // In open mode, and of administrators, /me/ has the tables that there were when it was asked.
  return own(known.tables, name)?.[action] ?? (known.admin && !known.read_only);
}

/** Whether tables may be made and changed. */
export const definesTables = () => me.value?.definitions === "write";

/** Everything that the shell shows; after a sign-in and a sign-out, too. */
export async function loadAll() {
  const load = () => Promise.all([loadMe(), loadTables()]);
  try {
    await load();
  } catch (problem) {
    // The cookie of a session that has ended: the refusal takes it away.
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    await load();
  }
}

/** Forget what another identity has seen. */
export function forget() {
  definitions.clear();
  tables.value = null;
  me.value = null;
}
