/** Names and values in the text of a query (docs/queries.md). */

const WORDS = new Set(["select", "order", "limit", "offset", "having", "and", "or", "not", "columns", "on_conflict", "_after", "_before", "count", "inner", "left", "any", "all"]);

/**
 * A field's name: in double quotes unless it is a plain word, and none of the grammar.
 * @param {string} name
 */
export const quoted = (name) => (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) && !WORDS.has(name) ? name : inQuotes(name));

/**
 * A value or a name in double quotes.
 * @param {string} text
 */
export const inQuotes = (text) => `"${text.replace(/["\\]/g, "\\$&")}"`;

/**
 * A pattern for `ilike` that finds a text anywhere. A star can't be escaped; any character stands for it.
 * @param {string} text
 */
export const anywhere = (text) => `*${text.replace(/[\\%_]/g, "\\$&").replaceAll("*", "_")}*`;
