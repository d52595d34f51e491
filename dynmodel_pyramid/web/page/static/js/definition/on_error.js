/** `?on_error=`: what becomes of values that can't be converted, by field. */

import { quoted } from "../editors/names.js";

/**
 * @param {Record<string, string>} words field -> word; "fail" is left out
 * @returns {string | undefined}
 */
export function onErrorText(words) {
  const parts = Object.entries(words).filter(([, word]) => word !== "fail").map(([field, word]) => `${quoted(field)}:${word}`);
  return parts.length ? parts.join(",") : undefined;
}

/**
 * The words for a field of a plan: those that every change has, and the repairs of the type that it gets.
 * @param {any} type the type that it has afterwards
 * @param {{ hasDefault: boolean, isRequired: boolean }} field
 */
export const wordsFor = (type, { hasDefault, isRequired }) => [
  "fail", ...(type?.repairs ?? []), "quarantine", ...(isRequired ? [] : ["null"]), ...(hasDefault ? ["default"] : []),
].filter((word) => word !== "quarantine" || !isRequired || hasDefault);
