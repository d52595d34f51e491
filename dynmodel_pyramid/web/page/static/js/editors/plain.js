/** Values as a person reads them, as plain text: in cells, titles and the labels of choices. */
import { stringify } from "../core/json.js";
import { moment, t } from "../core/texts.js";
import { showDuration } from "./durations.js";
import { showNumber } from "./numbers.js";
import { readRange, withLast } from "./ranges.js";
import { showDay, showMoment, showTime } from "./times.js";

/** Longer texts are cut in cells; the whole text is in the editor. */
const LONGEST = 500;

/** @param {string} key @param {any} field */
export function labelOf(key, field) {
  const found = field.choices?.find((/** @type {any} */ each) => each.key === key);
  return found?.label || key;
}

/** @param {string} bound @param {string} type */
function showBound(bound, type) {
  if (type === "date_range") return showDay(bound);
  return type === "datetime_range" ? showMoment(bound) : showNumber(bound);
}

/** @param {string} value @param {any} field */
function showRange(value, field) {
  const read = readRange(value);
  if (!read) return value;
  if (read.empty) return t("editors.rangeNothing");
  const { lower, upper, lowerIn, upperIn } = withLast(read, field.type);
  const [from, to] = [lower, upper].map((bound) => bound && showBound(bound, field.type));
  if (!lower && !upper) return t("editors.rangeAll");
  if (!lower) return t(upperIn ? "editors.rangeTo" : "editors.rangeBefore", { to });
  if (!upper) return t(lowerIn ? "editors.rangeFrom" : "editors.rangeAfter", { from });
  if (lower === upper) return from;
  // Intervals of time are read from one moment to another; whether the last instant belongs to them is in the title.
  return `${from} – ${to}`;
}

/** @type {Record<string, (value: any, field: any) => string>} */
const SHOWN = {
  boolean: (value) => t(value ? "editors.true" : "editors.false"),
  choice: labelOf,
  multi_choice: (value, field) => value.map((/** @type {string} */ key) => labelOf(key, field)).join(", "),
  tags: (value) => value.join(", "),
  integer: (value) => showNumber(value),
  autonumber: (value) => String(value),
  number: (value) => showNumber(value),
  decimal: (value, field) => showNumber(value, { scale: field.scale }),
  percent: (value, field) => `${showNumber(value, { scale: field.scale })} %`,
  currency: (value, field) => showNumber(value, { scale: field.scale ?? 2, currency: field.currency }),
  date: showDay,
  time: showTime,
  datetime: showMoment,
  created_time: moment,
  updated_time: moment,
  duration: showDuration,
  date_range: showRange,
  datetime_range: showRange,
  integer_range: showRange,
  rating: (value, field) => t("editors.rating", { n: value, max: field.max }),
  point: (value) => showPoint(value),
  link: (value) => `#${value}`,
  links: (value) => value.map((/** @type {number} */ id) => `#${id}`).join(", "),
};

/** @param {{ longitude: number, latitude: number }} value */
function showPoint({ longitude, latitude }) {
  const side = (/** @type {number} */ degrees, /** @type {string} */ plus, /** @type {string} */ minus) => `${Math.abs(degrees)}° ${degrees < 0 ? minus : plus}`;
  return `${side(latitude, t("editors.north"), t("editors.south"))}, ${side(longitude, t("editors.east"), t("editors.west"))}`;
}

/**
 * @param {any} value not null
 * @param {any} field its definition, with its name
 * @returns {string}
 */
export function plainText(value, field) {
  const show = SHOWN[field.type];
  if (show) return show(value, field);
  const text = typeof value === "string" ? value.slice(0, LONGEST) : stringify(value).slice(0, LONGEST);
  return text;
}

/**
 * The value itself where the text of the cell is not all of it: a moment in UTC, the bounds of a range.
 * @param {any} value
 * @param {any} field
 * @returns {string | undefined}
 */
export function exactText(value, field) {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string") return value.slice(0, 2000);
  return typeof value === "object" ? stringify(value, 1).slice(0, 2000) : String(value);
}
