/**
 * JSON whose whole numbers keep all their digits. JavaScript's numbers hold 53 bits, those of the service 64: larger
 * ones become BigInts here, and are written as numbers again.
 */

/** No stored text has a NUL, so that no value looks like the mark of a number. */
const MARK = "\u0000";
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const MARKED = /"\\u0000(-?\d+)"/g;

/**
 * @param {string} text
 * @returns {any}
 */
export function parse(text) {
  if (!/\d{16}/.test(text)) {
    return JSON.parse(text);
  }
  JSON.parse(text); // Its faults name places of the text itself.
  const marked = text.replace(TOKENS, (token) => (isLarge(token) ? `"\\u0000${token}"` : token));
  return JSON.parse(marked, (_, value) => (typeof value === "string" && value.startsWith(MARK)
    ? BigInt(value.slice(1))
    : value));
}

/**
 * @param {string} token
 * @returns {boolean}
 */
function isLarge(token) {
  return /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token));
}

/**
 * @param {any} value
 * @param {number} [indent]
 * @returns {string}
 */
export function stringify(value, indent) {
  let large = false;
  const text = JSON.stringify(value, (_, each) => {
    if (typeof each !== "bigint") {
      return each;
    }
    large = true;
    return MARK + each;
  }, indent);
  return large ? text.replace(MARKED, "$1") : text;
}

/** Whether two values are the same JSON. @param {any} one @param {any} other @returns {boolean} */
export function equal(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other || Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && equal(one[key], other[key]));
}

/** A name as a part of a JSON pointer (RFC 6901). @param {string} name */
export const pointed = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** The parts of a JSON pointer: "/a~1b/0" -> ["a/b", "0"]. @param {string} pointer */
export const partsOf = (pointer) => pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/**
 * The first number of a JSON text that nobody would read as it is written: with more digits than a float keeps, or too
 * small or too great for one.
 * @param {string} text
 * @returns {string | undefined}
 */
export const lossy = (text) => (text.match(TOKENS) ?? []).find((token) => {
  if (token.startsWith('"') || /^-?\d+$/.test(token)) return false;
  const digits = token.split(/e/i)[0].replace(/[-.]/g, "").replace(/^0+/, "");
  const value = Number(token);
  return digits.length > 17 || !Number.isFinite(value) || (value === 0 && digits !== "");
});
