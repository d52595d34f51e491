/** Spans of time: ISO 8601 as the service has it (P1DT2H3.5S), and words as people have it (1d 2h 3.5s). */

const ISO = /^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d{1,9})?)S)?)?$/i;
const UNITS = /** @type {const} */ ([["w", "W"], ["d", "D"], ["h", "H"], ["m", "M"], ["s", "S"]]);

/**
 * @param {string} value  P1DT2H
 * @returns {string} 1d 2h; the value itself if it is none
 */
export function showDuration(value) {
  const found = ISO.exec(value);
  if (!found) {
    return value;
  }
  const words = UNITS.flatMap(([unit], position) => (Number(found[position + 2]?.replace(",", ".") ?? 0)
    ? [`${found[position + 2].replace(",", ".")}${unit}`]
    : []));
  return (found[1] === "-" ? "−" : "") + (words.join(" ") || "0s");
}

/**
 * The duration that a text stands for: ISO 8601 itself, words such as 1d 2h 30min, or a clock's 1:30 and 1:30:15.
 *
 * @param {string} text
 * @returns {string | null} in ISO 8601, which the service brings to its one form; null: it is none
 */
export function readDuration(text) {
  const trimmed = text.trim();
  if (/^[+-]?P(?=[\dT])/i.test(trimmed)) {
    return ISO.test(trimmed) ? trimmed.toUpperCase() : null;
  }
  const clock = /^([+−-]?)(\d+):([0-5]\d)(?::([0-5]\d(?:\.\d{1,6})?))?$/.exec(trimmed);
  if (clock) {
    return `${sign(clock[1])}PT${clock[2]}H${clock[3]}M${clock[4] ? `${clock[4]}S` : ""}`;
  }
  const words = /^([+−-]?)\s*((?:\d+(?:\.\d{1,6})?\s*[a-z]+[\s,]*)+)$/i.exec(trimmed);
  return words ? fromWords(sign(words[1]), words[2]) : null;
}

/**
 * @param {string} mark
 * @returns {string}
 */
function sign(mark) {
  return mark === "-" || mark === "−" ? "-" : "";
}

/**
 * @param {string} negative
 * @param {string} words
 * @returns {string | null}
 */
function fromWords(negative, words) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [, number, word] of words.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const unit = unitOf(word.toLowerCase());
    if (!unit || unit in found || (number.includes(".") && unit !== "S")) {
      return null;
    }
    found[unit] = number;
  }
  const part = (/** @type {string[]} */ ...units) => units.map((unit) => (found[unit] ? found[unit] + unit : "")).join("");
  const time = part("H", "M", "S");
  return `${negative}P${part("W", "D")}${time ? `T${time}` : ""}`;
}

/**
 * @param {string} word
 * @returns {string | undefined}
 */
function unitOf(word) {
  const words = { W: /^(w|weeks?)$/, D: /^(d|days?)$/, H: /^(h|hrs?|hours?)$/, M: /^(m|min|mins|minutes?)$/,
    S: /^(s|secs?|seconds?)$/ };
  return Object.entries(words).find(([, pattern]) => pattern.test(word))?.[0];
}
