/**
 * Values as texts, for copying to a spreadsheet and pasting from it: the forms that docs/types/ describes. Where a
 * type's JSON values are strings, the service reads the text; only what is no string is read here.
 */

import { lossy, parse, stringify } from "../core/json.js";
import { t } from "../core/texts.js";
import { readTexts } from "./arrays.js";
import { readFloat, readWhole } from "./numbers.js";

/** A text that stands for no value; the message says what is wanted. */
export class Unreadable extends Error {}

/**
 * @typedef {object} TextForm
 * @property {(value: any, field: any) => string} write  the value is not null
 * @property {(text: string, field: any) => any} read  throws Unreadable; the text is not empty
 * @property {boolean} [keepsEmpty]  the empty text is a value, too: a required field takes it
 */

const TRUE = ["true", "t", "yes", "y", "on", "1"];
const FALSE = ["false", "f", "no", "n", "off", "0"];

/** @type {TextForm} */
export const asItIs = { write: String, read: (text) => text };
/** @type {TextForm} */
export const trimmed = { write: String, read: (text) => text.trim() };

/** @type {TextForm} */
export const whole = { write: String, read: (text) => wanted(readWhole(text.trim()), "editors.wantInteger") };
/** @type {TextForm} */
export const float = { write: String, read: (text) => wanted(readFloat(text.trim()), "editors.wantNumber") };

/** @type {TextForm} */
export const truth = {
  write: String,
  read(text) {
    const word = text.trim().toLowerCase();
    return wanted(TRUE.includes(word) ? true : FALSE.includes(word) ? false : null, "editors.wantBoolean");
  },
};

/** @type {TextForm} */
export const json = {
  write: (value) => stringify(value),
  read(text) {
    try {
      const value = parse(text);
      const number = lossy(text);
      if (number === undefined) return value;
      throw new Unreadable(t("editors.wantDigits", { number }));
    } catch (error) {
      throw error instanceof Unreadable ? error : new Unreadable(t("editors.wantJsonAt", { fault: placeOf(error, text) }));
    }
  },
};

/** The line of a fault, if the browser's words have its position. @param {unknown} error @param {string} text */
function placeOf(error, text) {
  const words = error instanceof Error ? error.message : "";
  const position = /position (\d+)/.exec(words)?.[1];
  if (position === undefined) return words;
  const before = text.slice(0, Number(position)).split("\n");
  return t("editors.jsonPlace", { line: before.length, column: /** @type {string} */ (before.at(-1)).length + 1 });
}

/** @type {TextForm} A key of the choices, or a label that only one of them has. */
export const choice = { write: String, read: (text, field) => keyOf(text, field) };

/** @type {TextForm} */
export const choices = {
  write: (value) => stringify(value),
  read: (text, field) => texts(text).map((item) => keyOf(item, field)),
};

/** @type {TextForm} */
export const tags = { write: (value) => stringify(value), read: texts };

/** @type {TextForm} */
export const rowId = { write: String, read: (text) => idOf(text.trim()) };

/** @type {TextForm} */
export const rowIds = {
  write: (value) => stringify(value),
  read(text) {
    const items = text.trim().replace(/^\[(.*)\]$/s, "$1").split(",").map((item) => item.trim()).filter(Boolean);
    return items.map(idOf);
  },
};

/** @type {TextForm} */
export const point = {
  write: (value) => `${value.longitude} ${value.latitude}`,
  read(text) {
    const found = /^(?:POINT\s*\(\s*)?(\S+)\s+([^\s)]+)\s*\)?$/i.exec(text.trim());
    const [longitude, latitude] = [found?.[1], found?.[2]].map((part) => (part ? readFloat(part) : null));
    if (typeof longitude !== "number" || typeof latitude !== "number" || Math.abs(longitude) > 180 || Math.abs(latitude) > 90) {
      throw new Unreadable(t("editors.wantPoint"));
    }
    return { longitude, latitude };
  },
};

/**
 * @template Value
 * @param {Value | null} value
 * @param {string} key  of the text that says what is wanted
 * @returns {Value}
 */
function wanted(value, key) {
  if (value === null) {
    throw new Unreadable(t(key));
  }
  return value;
}

/**
 * @param {string} text
 * @returns {string[]}
 */
function texts(text) {
  return wanted(readTexts(text), "editors.wantArray");
}

/**
 * @param {string} text
 * @returns {number}
 */
function idOf(text) {
  const id = readWhole(text);
  if (typeof id !== "number" || id < 1) {
    throw new Unreadable(t("editors.wantRow"));
  }
  return id;
}

/**
 * @param {string} text
 * @param {any} field
 * @returns {string} the text itself if no choice is meant; the service says what it thinks of it
 */
function keyOf(text, field) {
  const known = field.choices ?? [];
  const meant = known.filter((/** @type {any} */ each) => each.label === text.trim());
  return known.some((/** @type {any} */ each) => each.key === text) || meant.length !== 1 ? text : meant[0].key;
}
