/**
 * The document of roles as the service has it, and changes that nobody has applied yet. They outlive a visit of another
 * page, and are put on top of what somebody else has changed meanwhile.
 */
import { computed, signal } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { changed } from "./grants.js";

/** @typedef {import("./grants.js").AccessDocument} AccessDocument */
/** @typedef {import("./grants.js").Change} Change */

/** What the service has; null: not loaded. */
export const held = signal(/** @type {{ document: AccessDocument, etag: string } | null} */ (null));
export const changes = signal(/** @type {Change[]} */ ([]));
/** With the changes. */
export const draft = computed(() => (held.value ? changed(held.value.document, changes.value) : null));

/** @param {AbortSignal} [signal] */
export async function loadAccess(signal) {
  const { data, etag } = await api.get("/access/", { signal });
  held.value = { document: data, etag: /** @type {string} */ (etag) };
  return data;
}

/** The names of all roles that users and tokens may have. */
export const roleNames = () => ["admin", ...Object.keys(held.value?.document.roles ?? {}).filter((name) => !IMPLIED.includes(name)).sort()];
/** Those that identities have by themselves. */
export const IMPLIED = ["everyone", "authenticated"];

/** @param {Change} change */
const keyOf = (change) => `${change.kind === "entry" ? `entry ${change.table}` : "role"} ${change.role}`;

/** A further change takes the place of an earlier one of the same thing. @param {Change} change @returns {Change[]} */
export function withChange(change) {
  const left = changes.value.filter((each) => keyOf(each) !== keyOf(change) && !(change.kind === "drop" && each.role === change.role));
  return [...left, change];
}

/**
 * What changes would open and close.
 * @param {Change[]} wanted
 * @returns {Promise<any[]>}
 */
export async function plan(wanted) {
  const { document, etag } = /** @type {NonNullable<typeof held.value>} */ (held.value);
  return (await api.send("POST", "/access/plan/", changed(document, wanted), { ifMatch: etag })).data;
}

/** Carry the changes out, if nobody has changed the roles since they were loaded. */
export async function apply() {
  const { etag } = /** @type {NonNullable<typeof held.value>} */ (held.value);
  const answer = await api.send("PUT", "/access/", draft.value, { ifMatch: etag });
  held.value = { document: answer.data, etag: /** @type {string} */ (answer.etag) };
  changes.value = [];
}
