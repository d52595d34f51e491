/**
 * Numbers as texts, exactly: no digit of a decimal or of a large whole number ever passes through a float.
 * Whole numbers that a float can't hold are BigInts (core/json.js).
 */
import { locales } from "../core/texts.js";

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const LARGEST = 2n ** 63n;

/** @type {Map<string, {format: (value: any) => string}>} */
const formats = new Map();

/**
 * @param {Intl.NumberFormatOptions} options
 * @returns {{format: (value: any) => string}}
 */
function format(options) {
  const key = JSON.stringify(options);
  let known = formats.get(key);
  if (!known) {
    try {
      known = new Intl.NumberFormat(locales, options);
    } catch {
      // A browser of before Intl.NumberFormat v3 (2023) would round.
      known = { format: String };
    }
    formats.set(key, known);
  }
  return known;
}

/**
 * A number in the person's own notation, with all its digits.
 *
 * @param {number | bigint | string} value  a text holds an exact decimal
 * @param {{scale?: number, currency?: string | null}} [how]
 * @returns {string}
 */
export function showNumber(value, { scale, currency } = {}) {
  if (typeof value === "number") {
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e15 || size < 1e-6) && !Number.isSafeInteger(value)) {
      return String(value);
    }
  }
  /** @type {any} */
  const options = { useGrouping: "min2", maximumFractionDigits: 100 };
  if (scale !== undefined) {
    options.minimumFractionDigits = scale;
  }
  if (currency) {
    Object.assign(options, { style: "currency", currency, currencyDisplay: "narrowSymbol", useGrouping: "auto" });
  }
  return format(options).format(String(value));
}

/**
 * @param {string} text  as JSON or CSV have a number: a sign, digits, a point, an exponent
 * @returns {boolean}
 */
export function isNumber(text) {
  return DECIMAL.test(text);
}

/**
 * The whole number that a text stands for: 7, +007, 7.0, 1e3.
 *
 * @param {string} text
 * @returns {number | bigint | null} null: it is none of 64 bits
 */
export function readWhole(text) {
  if (/^[+-]?\d{1,400}$/.test(text)) {
    const value = BigInt(text.replace("+", ""));
    if (value >= LARGEST || value < -LARGEST) {
      return null;
    }
    return value <= SAFE && value >= -SAFE ? Number(value) : value;
  }
  // With a point or an exponent the last digits of larger ones are in doubt.
  const value = isNumber(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : null;
}

/**
 * The float that a text stands for. The service judges whether digits would be lost.
 *
 * @param {string} text
 * @returns {number | bigint | null}
 */
export function readFloat(text) {
  if (!isNumber(text)) {
    return null;
  }
  const whole = /^[+-]?\d{16,400}$/.test(text) ? BigInt(text.replace("+", "")) : null;
  if (whole !== null) {
    return Number.isFinite(Number(whole)) ? whole : null;
  }
  const value = Number(text);
  const lost = value === 0 && /[1-9]/.test(text.split(/e/i)[0]);
  return Number.isFinite(value) && !lost ? value : null;
}

/**
 * Compare two numbers that texts stand for, exactly.
 *
 * @param {string} left
 * @param {string} right
 * @returns {number} below, at or above zero; NaN: one of them is no plain decimal
 */
export function compareDecimals(left, right) {
  const [a, b] = [parts(left), parts(right)];
  if (!a || !b) {
    return NaN;
  }
  const scale = Math.max(a.fraction.length, b.fraction.length);
  const [x, y] = [a, b].map((each) => {
    const digits = BigInt(each.whole + each.fraction.padEnd(scale, "0"));
    return each.negative ? -digits : digits;
  });
  return x < y ? -1 : x > y ? 1 : 0;
}

/**
 * @param {string} text
 * @returns {{negative: boolean, whole: string, fraction: string} | null}
 */
function parts(text) {
  const found = /^([+-]?)(\d*)\.?(\d*)$/.exec(text.trim());
  return found && (found[2] || found[3])
    ? { negative: found[1] === "-", whole: found[2] || "0", fraction: found[3] }
    : null;
}
