/**
 * Days, times of day and points in time: as the service writes them, as a person reads them in their own time zone,
 * and as the browser's inputs want them. Nothing finer than the inputs can hold is dropped in silence.
 */
import { locales, moment } from "../core/texts.js";

const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const MOMENT = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/;

const days = new Intl.DateTimeFormat(locales, {
  timeZone: "UTC", year: "numeric", month: "short", day: "2-digit",
});
const seconds = new Intl.DateTimeFormat(locales, {
  year: "numeric", month: "short", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** The person's time zone, such as Europe/Berlin. */
export const timeZone = seconds.resolvedOptions().timeZone;

/**
 * The offset of the person's time zone from UTC at a moment, such as UTC+1.
 *
 * @param {Date} moment
 * @returns {string}
 */
export function offset(moment) {
  const minutes = -Math.round(moment.getTimezoneOffset());
  const size = Math.abs(minutes);
  const rest = size % 60 ? `:${String(size % 60).padStart(2, "0")}` : "";
  return minutes ? `UTC${minutes < 0 ? "−" : "+"}${Math.floor(size / 60)}${rest}` : "UTC";
}

/**
 * @param {string} text  2026-01-31
 * @returns {string} the day in the person's notation; the text itself if it is none
 */
export function showDay(text) {
  const found = DAY.exec(text);
  if (!found) {
    return text;
  }
  const date = new Date(0);
  date.setUTCFullYear(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  return days.format(date);
}

/**
 * The day before a day or after it.
 *
 * @param {string} text  2026-01-31
 * @param {number} number
 * @returns {string | null} null: there is none in the years 0001 to 9999, or the text is no day
 */
export function addDays(text, number) {
  const found = DAY.exec(text);
  if (!found) {
    return null;
  }
  const date = new Date(0);
  date.setUTCFullYear(Number(found[1]), Number(found[2]) - 1, Number(found[3]) + number);
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? `${String(year).padStart(4, "0")}-${date.toISOString().slice(-19, -14)}` : null;
}

/**
 * @param {string} text  2026-01-31T12:00:00.500000Z
 * @returns {Date | null} to the millisecond
 */
export function readMoment(text) {
  const found = MOMENT.exec(text);
  const date = found && new Date(`${found[1]}T${found[2]}.${(found[3] ?? "").slice(0, 3).padEnd(3, "0")}Z`);
  return date && !Number.isNaN(date.getTime()) ? date : null;
}

/**
 * @param {string} text  2026-01-31T12:00:00Z
 * @returns {string} the moment in the person's notation and time zone; seconds only if there are any
 */
export function showMoment(text) {
  const date = readMoment(text);
  if (!date) {
    return text;
  }
  const fraction = text.slice(19, -1).replace(/0+$/, "");
  if (!fraction) {
    return date.getUTCSeconds() ? seconds.format(date) : moment(date);
  }
  return seconds.formatToParts(date).map(({ type, value }) => (type === "second" ? value + fraction : value)).join("");
}

/**
 * @param {string} text  08:30:00.500000
 * @returns {string} 08:30, with what else is not zero
 */
export function showTime(text) {
  return text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "").replace(/^(\d\d:\d\d):00$/, "$1");
}

/**
 * The fraction of a second that browsers' inputs can't hold: they know milliseconds.
 *
 * @param {string} text
 * @returns {boolean}
 */
export function isFine(text) {
  const found = /\.(\d+)/.exec(text);
  return found !== null && found[1].length > 3 && !/^\d{3}0*$/.test(found[1]);
}

/**
 * The value of an input of the kind datetime-local.
 *
 * @param {Date} date
 * @returns {string} 2026-01-31T13:00:00 in the person's time zone
 */
export function toLocal(date) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const fraction = date.getMilliseconds() ? `.${String(date.getMilliseconds()).padStart(3, "0")}` : "";
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${fraction}`;
}

/**
 * The moment of a local time.
 *
 * @param {string} text  of an input of the kind datetime-local
 * @returns {{value: string, skipped: boolean} | null} the value for the service; whether clocks skip that time
 */
export function fromLocal(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?$/.exec(text);
  if (!found) {
    return null;
  }
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  const date = new Date(2000, 0, 1, hour, minute, second, Number((found[7] ?? "").padEnd(3, "0")));
  date.setFullYear(year, month - 1, day);
  date.setHours(hour, minute);
  const skipped = date.getHours() !== hour || date.getMinutes() !== minute;
  return { value: date.toISOString().replace(".000Z", "Z"), skipped };
}
