/**
 * The texts that people read: one catalogue, a file a part, under js/texts/en/.
 *
 *     // texts/en/tables.js
 *     add("tables", { title: "Tables", count: { one: "{n} table", other: "{n} tables" } });
 *     // tables/index.js
 *     import "../texts/en/tables.js";
 *     t("tables.count", { n: 3 })      // "3 tables"
 *
 * A text with plural forms (the names of Intl.PluralRules) takes that of the value `n`. Numbers, days and times are
 * written as the person's languages do, which are the browser's. A test checks that every key that stands in the code is
 * in the catalogue.
 */

/** The languages that the browser is set to, without names that are none, such as "en-US@posix". */
export const locales = navigator.languages.filter((each) => {
  try {
    return Intl.getCanonicalLocales(each);
  } catch {
    return false;
  }
});
const plurals = new Intl.PluralRules(document.documentElement.lang || "en");
const numbers = new Intl.NumberFormat(locales);
const moments = new Intl.DateTimeFormat(locales, { year: "numeric", month: "short", day: "2-digit", hour: "2-digit", minute: "2-digit" });
const days = new Intl.DateTimeFormat(locales, { year: "numeric", month: "short", day: "2-digit" });
/** @type {Map<string, string | Record<string, string>>} */
const catalogue = new Map();

/** @param {string} part @param {Record<string, string | Record<string, string>>} texts */
export function add(part, texts) {
  for (const [key, text] of Object.entries(texts)) catalogue.set(`${part}.${key}`, text);
}

/**
 * A text; placeholders such as {name} take the values.
 * @param {string} key
 * @param {Record<string, any>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const found = catalogue.get(key);
  if (found === undefined) {
    console.error(`no text: ${key}`);
    return key;
  }
  const text = typeof found === "string" ? found : found[plurals.select(Number(values.n))] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? numbers.format(value) : String(value ?? "");
  });
}

/** @param {string} key */
export const has = (key) => catalogue.has(key);
/** @param {number | bigint} value */
export const number = (value) => numbers.format(value);
/** @param {string | number | Date} value */
export const moment = (value) => moments.format(new Date(value));
/** @param {string | number | Date} value */
export const day = (value) => days.format(new Date(value));

/** @param {number} bytes */
export function bytes(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let unit = 0, value = bytes;
  for (; value >= 1000 && unit < 3; unit++) value /= 1000;
  return new Intl.NumberFormat(locales, { style: "unit", unit: units[unit], unitDisplay: "short", maximumFractionDigits: value < 10 && unit ? 1 : 0 }).format(value);
}
