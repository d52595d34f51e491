/**
 * The formats of files that the service has, and what the name of a file tells.
 *
 *     const found = await formats();
 *     ofFile(found, "candy.csv.gz")   // { format: {name: "csv", ...}, coding: "gzip", dialect: {} }
 */
import { signal } from "../../vendor/preact.js";
import { api } from "../core/api.js";

/**
 * @typedef {Object} Format one of `capabilities.formats` of the service
 * @property {string} name
 * @property {string} media_type
 * @property {string | null} suffix
 * @property {boolean} reads
 * @property {boolean} writes
 * @property {boolean} is_text
 * @property {string[]} parameters
 * @property {string | null} missing the extra that would install its library
 *
 * @typedef {{ formats: Format[], maxBody: number }} Formats
 */

/** @type {Promise<Formats> | null} */
let asked = null;
export const known = signal(/** @type {Formats | null} */ (null));

/** @returns {Promise<Formats>} */
export function formats() {
  asked ??= api.get("/").then(
    ({ data }) => (known.value = { formats: data.capabilities.formats, maxBody: data.capabilities.max_body_size }),
    (problem) => {
      asked = null;
      throw problem;
    },
  );
  return asked;
}

/** Suffixes that files have besides those of the formats: format, and what else they tell. */
/** @type {Record<string, [string, Record<string, string>]>} */
const OTHERS = {
  ".tsv": ["csv", { delimiter: "tab" }],
  ".tab": ["csv", { delimiter: "tab" }],
  ".txt": ["csv", {}],
  ".jsonl": ["ndjson", {}],
  ".ldjson": ["ndjson", {}],
  ".parq": ["parquet", {}],
  ".pq": ["parquet", {}],
  ".arrow": ["arrow", {}],
  ".feather": ["arrow", {}],
  // The service says what to do with the others of their kind.
  ".xls": ["xlsx", {}],
  ".xlsm": ["xlsx", {}],
  ".xlsb": ["xlsx", {}],
  ".ods": ["xlsx", {}],
};
/** @type {Record<string, string>} */
const CODINGS = { ".gz": "gzip", ".zst": "zstd", ".br": "br" };

/**
 * What the name of a file tells; format is null where it tells nothing.
 * @param {Formats} all
 * @param {string} name
 */
export function ofFile(all, name) {
  let rest = name.toLowerCase(), coding = "";
  for (const [suffix, named] of Object.entries(CODINGS)) {
    if (rest.endsWith(suffix)) [rest, coding] = [rest.slice(0, -suffix.length), named];
  }
  const readable = all.formats.filter((each) => each.reads);
  const own = readable.filter((each) => each.suffix && rest.endsWith(each.suffix)).sort((one, other) => (other.suffix ?? "").length - (one.suffix ?? "").length)[0];
  const [other, dialect] = OTHERS[/\.[^.]*$/.exec(rest)?.[0] ?? ""] ?? ["", {}];
  return { format: own ?? readable.find((each) => each.name === other) ?? null, coding, dialect: /** @type {Record<string, string>} */ (dialect) };
}

/** Names that the service keeps for itself. */
const KEPT = /^(rpc|v1)$|^sqlite_/i;

/** A name for the table: that of the file without suffixes, and without what no name may have. @param {string} name */
export function stemOf(name) {
  const stem = name.replace(/\.(gz|zst|br)$/i, "").replace(/\.[A-Za-z0-9]{1,8}$/, "");
  const plain = stem.normalize("NFC").replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").replace(/^[_\s]+/, "");
  const short = [...plain].slice(0, 40).join("").trim();
  return !short ? "table" : KEPT.test(short) ? `table ${short}` : short;
}

/** What an input of files proposes. @param {Formats} all */
export function accepted(all) {
  const own = all.formats.filter((each) => each.reads && each.suffix && !each.missing).map((each) => each.suffix);
  return [...own, ...Object.keys(OTHERS), ...Object.keys(CODINGS)].join(",");
}

/**
 * The media type with its parameters, for `Content-Type`.
 * @param {Format} format
 * @param {Record<string, string>} parameters
 */
export function mediaType(format, parameters) {
  const given = Object.entries(parameters).filter(([name, value]) => value !== "" && format.parameters.includes(name));
  return [format.media_type, ...given.map(([name, value]) => `${name}=${quoted(value)}`)].join("; ");
}

/** @param {string} value a parameter's (RFC 9110, 5.6.6) */
const quoted = (value) => (/^[\w.+-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`);
