/** The parameter `order` of a query, as the heads of columns show and change it. */
import { quoted } from "../editors/names.js";

/** @typedef {{ name: string, text: string, descending: boolean, rest: string }} Term text: as it stands; rest: the place of nulls */

/** @param {string | null} text @returns {Term[]} */
export function parseOrder(text) {
  const parts = text?.match(/(?:"(?:[^"\\]|\\.)*"|\([^)]*\)|[^,])+/g) ?? [];
  return parts.map((part) => {
    const found = /^(?:"((?:[^"\\]|\\.)*)"|([^."(]+))((?:\.(?:asc|desc|nullsfirst|nullslast))*)$/.exec(part);
    if (!found) return { name: "", text: part, descending: /\.desc\b/.test(part), rest: "" };
    const name = found[1] !== undefined ? found[1].replace(/\\(.)/g, "$1") : found[2];
    return { name, text: part, descending: /\.desc\b/.test(found[3]), rest: /\.nulls(?:first|last)/.exec(found[3])?.[0] ?? "" };
  });
}

/**
 * A click on a head: ascending, then descending, then none. -> the parameter; null: none
 * @param {string | null} text @param {string} name @param {boolean} also beside the other terms
 */
export function turned(text, name, also) {
  const terms = parseOrder(text), before = terms.find((each) => each.name === name);
  const next = !before ? quoted(name) : before.descending ? null : `${quoted(name)}.desc`;
  return ordered(text, name, next, also);
}

/** @param {string | null} text @param {string} name @param {boolean | null} descending null: not ordered by it @param {boolean} also */
export const set = (text, name, descending, also) => ordered(text, name, descending === null ? null : quoted(name) + (descending ? ".desc" : ""), also);

/** @param {string | null} text @param {string} name @param {string | null} next @param {boolean} also */
function ordered(text, name, next, also) {
  const terms = parseOrder(text);
  if (!also) return next;
  const kept = terms.some((each) => each.name === name)
    ? terms.map((each) => (each.name === name ? next : each.text)).filter((each) => each !== null)
    : [...terms.map((each) => each.text), ...(next ? [next] : [])];
  return kept.join(",") || null;
}
