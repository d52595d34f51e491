/** The names of users, by the ids that rows have (user:7). Only some may ask for them; the others see the ids. */
import { signal } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { me } from "../core/state.js";

/** @typedef {import("../../vendor/preact.js").Signal<string>} Name */
/** @type {Map<string, Name>} */
const names = new Map();
const MOST = 1000;

/** @param {string} id */
export function userName(id) {
  let found = names.get(id);
  if (!found) {
    found = signal(id);
    names.set(id, found);
    if (names.size > MOST) names.delete(/** @type {string} */ (names.keys().next().value));
    if (me.value?.id === id && me.value.name) found.value = me.value.name;
    else if (/^user:\d+$/.test(id) && me.value?.admin) ask(id, found);
  }
  return found;
}

/** @param {string} id @param {Name} name */
async function ask(id, name) {
  try {
    const { data } = await api.get(`/user/${id.slice(5)}/`, { quiet: true });
    name.value = data.name || id;
  } catch {
    // deleted: the id stays
  }
}

/**
 * All users, for those who may list them; null for others.
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ id: string, name: string }[] | null>}
 */
export async function listUsers(signal) {
  if (!me.value?.admin) return null;
  const { data } = await api.get("/user/", { signal, quiet: true });
  return data.map((/** @type {any} */ each) => ({ id: `user:${each.id}`, name: each.name ?? `user:${each.id}` }));
}
