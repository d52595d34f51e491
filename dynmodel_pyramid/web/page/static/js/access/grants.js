/**
 * Grants as values: what the document of /access/ says of a role and a table, read and written (docs/access.md, "A
 * grant"). Nothing here draws.
 */

import { own } from "../core/records.js";

/** @typedef {"read" | "create" | "update" | "delete"} Action */
/** @typedef {{ rows?: string | true, fields?: string[], check?: string | true, preset?: Record<string, any> }} Grant */
/** @typedef {true | false | Grant | Grant[]} Granted */
/** @typedef {Partial<Record<Action, Granted>>} Entry what a role may do with a table */
/** @typedef {{ label?: string | null, description?: string | null, tables?: Record<string, Entry>, definitions?: "none" | "read" | "write" }} Role */
/** @typedef {{ roles: Record<string, Role> }} AccessDocument */

/** @type {Action[]} */
export const ACTIONS = ["read", "create", "update", "delete"];
/** The entry for all tables that a role does not name. */
export const EVERY_TABLE = "*";
/** What a grant of each action may have. @type {Record<Action, (keyof Grant)[]>} */
export const MEMBERS = { read: ["rows", "fields"], create: ["fields", "check", "preset"], update: ["rows", "fields", "check", "preset"], delete: ["rows"] };

/** @param {Granted | undefined} granted @returns {Grant[]} */
export function grantsOf(granted) {
  if (granted === undefined || granted === false) return [];
  if (granted === true) return [{}];
  return Array.isArray(granted) ? granted : [granted];
}

/** @param {Grant} grant */
const isWhole = (grant) =>
  (grant.rows === undefined || grant.rows === true) && (grant.check === undefined || grant.check === true) && !grant.preset && (grant.fields === undefined || (grant.fields.length === 1 && grant.fields[0] === "*"));

/** How much an action is granted. @param {Granted | undefined} granted @returns {"none" | "some" | "all"} */
export function extent(granted) {
  const grants = grantsOf(granted);
  return !grants.length ? "none" : grants.some(isWhole) ? "all" : "some";
}

/**
 * The value to send: as short as it can be.
 * @param {Grant[]} grants
 * @returns {Granted}
 */
export function granted(grants) {
  if (!grants.length) return false;
  if (grants.length === 1) return isWhole(grants[0]) ? true : grants[0];
  return grants;
}

/** A role's entry for a table, and whether it is that of "*". @param {Role | undefined} role @param {string} table */
export function entryOf(role, table) {
  const named = own(role?.tables, table);
  return { entry: named ?? role?.tables?.[EVERY_TABLE] ?? {}, isInherited: named === undefined && table !== EVERY_TABLE && role?.tables?.[EVERY_TABLE] !== undefined };
}

/** The name of a field in a list of fields. @param {string} name */
export const quoted = (name) => (/^[-"]|^\*$/.test(name) ? `"${name.replace(/(["\\])/g, "\\$1")}"` : name);
/** @param {string} word */
const plain = (word) => (word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, "$1") : word);

/**
 * A list of fields as people choose: all, all but some, or some.
 * @param {string[] | undefined} fields
 * @returns {{ mode: "all" | "except" | "only", names: string[] }}
 */
export function fieldChoice(fields) {
  if (fields === undefined) return { mode: "all", names: [] };
  const hasAll = fields.includes("*");
  if (!hasAll) return { mode: "only", names: fields.filter((word) => !word.startsWith("-")).map(plain) };
  const out = fields.filter((word) => word.startsWith("-")).map((word) => plain(word.slice(1)));
  return { mode: out.length ? "except" : "all", names: out };
}

/** @param {{ mode: "all" | "except" | "only", names: string[] }} choice @returns {string[] | undefined} */
export function fieldList({ mode, names }) {
  if (mode === "all") return undefined;
  return mode === "only" ? names.map(quoted) : ["*", ...names.map((name) => `-${quoted(name)}`)];
}

/** @typedef {{ kind: "entry", role: string, table: string, value: Entry | undefined } | { kind: "role", role: string, value: Omit<Role, "tables"> } | { kind: "drop", role: string }} Change */

/**
 * A document with changes; it is not changed itself.
 * @param {AccessDocument} document @param {Change[]} changes
 * @returns {AccessDocument}
 */
export function changed(document, changes) {
  /** @type {AccessDocument} */
  const made = structuredClone(document);
  for (const change of changes) {
    if (change.kind === "drop") {
      delete made.roles[change.role];
      continue;
    }
    const role = own(made.roles, change.role) ?? (made.roles[change.role] = {});
    if (change.kind === "role") Object.assign(role, change.value);
    else {
      role.tables ??= {};
      if (change.value === undefined) delete role.tables[change.table];
      else role.tables[change.table] = change.value;
    }
  }
  return made;
}
