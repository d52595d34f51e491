/** Arrays of texts as cells of a spreadsheet have them: JSON, an array literal of PostgreSQL, or a single item. */

/**
 * @param {string} text
 * @returns {string[] | null} null: it begins as an array does, and is none
 */
export function readTexts(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith("[")) {
    return fromJson(trimmed);
  }
  return trimmed.startsWith("{") ? fromLiteral(trimmed) : [text];
}

/**
 * @param {string} text
 * @returns {string[] | null}
 */
function fromJson(text) {
  try {
    const items = JSON.parse(text);
    return items.every((/** @type {unknown} */ item) => typeof item === "string") ? items : null;
  } catch {
    return null;
  }
}

/**
 * PostgreSQL's manual, 8.15.6: {a,"b c"}; one dimension, no nulls.
 *
 * @param {string} text
 * @returns {string[] | null}
 */
function fromLiteral(text) {
  if (/^\{\s*\}$/.test(text)) {
    return [];
  }
  const item = String.raw`\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^"\\{},]|\\.)+))\s*`;
  if (!new RegExp(`^\\{${item}(?:,${item})*\\}$`, "s").test(text)) {
    return null;
  }
  const found = [...text.slice(1, -1).matchAll(new RegExp(`(?:^|,)${item}(?=,|$)`, "gs"))];
  const items = found.map(([, quoted, bare]) => (quoted ?? bare.trim()).replace(/\\(.)/gs, "$1"));
  const isNull = found.some(([, , bare]) => bare && /^(|null)$/i.test(bare.trim()));
  return isNull ? null : items;
}
