/** How a file is read: its format, and what the parameters of its media type say. */
import { html } from "../../vendor/preact.js";
import { has, t } from "../core/texts.js";
import { Badge, Field, Select, TextInput } from "../kit/index.js";

const CHARSETS = ["utf-8", "utf-16", "windows-1252", "iso-8859-15", "windows-1250", "iso-8859-2", "windows-1251", "koi8-r", "shift_jis", "gb18030", "big5", "euc-kr"];
/** @type {Record<string, string[]>} the values that people choose from; of other parameters the value is typed */
const VALUES = {
  charset: CHARSETS,
  delimiter: ["comma", "semicolon", "tab", "pipe", "space"],
  decimal: [".", ","],
  thousands: [".", ",", "'", "space"],
  quote: ['"', "'", "none"],
  header: ["present", "absent"],
};
/** Those that can be guessed. */
const GUESSED = ["charset", "delimiter", "decimal", "thousands", "quote"];
/** @type {Record<string, string>} how the service tells guesses of delimiters */
const WORDS = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space" };

/** The parameters that are sent: what is not said is guessed. @param {import("./formats.js").Format} format @param {Record<string, string>} said */
export function parametersOf(format, said) {
  const given = Object.fromEntries(Object.entries(said).filter(([name, value]) => value && format.parameters.includes(name)));
  return format.parameters.includes("dialect") ? { dialect: "detect", ...given } : given;
}

/** @param {string} name @param {string} value */
const shown = (name, value) => (name === "delimiter" || name === "thousands" ? WORDS[value] ?? value : value);

/** @param {string} name @param {string} value */
function label(name, value) {
  const word = shown(name, value);
  if (name === "header") return t(value === "absent" ? "files.headerAbsent" : "files.headerPresent");
  if (["comma", "semicolon", "tab", "pipe", "space", "none"].includes(word)) return t(`files.word_${word}`);
  return name === "charset" ? word.toUpperCase() : word;
}

/** What was guessed, as badges. @param {{ told: Record<string, string>, said: Record<string, string> }} props */
export function Guesses({ told, said }) {
  const guessed = Object.entries(told).filter(([name]) => !said[name]);
  return html`${guessed.map(([name, value]) => html`<${Badge} key=${name} kind="accent" icon="wand">${has(`files.guess_${name}`) ? t(`files.guess_${name}`, { value: label(name, value) }) : `${name}: ${value}`}</${Badge}>`)}`;
}

/** Words that stand for null. @param {{ value: string, onInput: (value: string) => void }} props */
export const NullWords = ({ value, onInput }) => html`<${Field} label=${t("files.nulls")} help=${t("files.nullsHelp")}><${TextInput} value=${value} onInput=${onInput} placeholder="NA,n/a,-" /></${Field}>`;

/**
 * @param {{ formats: import("./formats.js").Format[], format: import("./formats.js").Format, onFormat: (name: string) => void,
 *   said: Record<string, string>, onSay: (said: Record<string, string>) => void, told: Record<string, string>, without?: string[] }} props
 *   without: parameters that are said elsewhere
 */
export function DialectControls({ formats, format, onFormat, said, onSay, told, without = [] }) {
  const names = format.parameters.filter((name) => name !== "dialect" && !without.includes(name));
  return html`<div class="dialect">
    <${Field} label=${t("files.format")}><${Select} value=${format.name} onChange=${onFormat}
      options=${formats.filter((each) => each.reads).map((each) => ({ value: each.name, label: formatLabel(each), disabled: Boolean(each.missing) }))} /></${Field}>
    ${names.map((name) => {
      const set = (/** @type {string} */ value) => onSay({ ...said, [name]: value });
      const known = VALUES[name];
      if (name === "null") return html`<${NullWords} key=${name} value=${said[name] ?? ""} onInput=${set} />`;
      if (!known) return html`<${Field} key=${name} label=${parameterLabel(name)}><${TextInput} value=${said[name] ?? ""} onInput=${set} /></${Field}>`;
      const first = name === "header" ? "present" : "";
      const found = told[name] !== undefined && !said[name] ? t("files.guessed", { value: label(name, told[name]) }) : GUESSED.includes(name) ? t("files.automatic") : "";
      const options = known.map((value) => ({ value, label: label(name, value) }));
      return html`<${Field} key=${name} label=${parameterLabel(name)}><${Select} value=${said[name] || first} onChange=${(/** @type {string} */ value) => set(name === "header" && value === "present" ? "" : value)}
        options=${name === "header" ? options : [{ value: "", label: found }, ...options]} /></${Field}>`;
    })}
  </div>`;
}

/** @param {string} name of a parameter; plugins may have others than those that are known here */
const parameterLabel = (name) => (name in VALUES || name === "sheet" ? t(`files.parameter_${name}`) : name);

/** @param {import("./formats.js").Format} format */
export function formatLabel(format) {
  const title = ["csv", "json", "ndjson", "xlsx", "parquet", "arrow", "geojson"].includes(format.name) ? t(`files.format_${format.name}`) : format.name;
  return format.missing ? t("files.formatMissing", { title, extra: format.missing }) : title;
}
