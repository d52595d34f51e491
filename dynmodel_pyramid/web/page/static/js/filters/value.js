/** What a condition compares with: chosen, picked or typed, by the field's type. */
import { html } from "../../vendor/preact.js";
import { fieldTypes } from "../core/state.js";
import { t } from "../core/texts.js";
import { editorFor } from "../editors/index.js";
import { CheckBox, Select, TextInput } from "../kit/index.js";
import { listText, valuesOf } from "./grammar.js";

const NUMBERS = new Set(["integer", "number", "decimal", "currency", "percent", "rating", "autonumber"]);
const DAYS = new Set(["date"]), MOMENTS = new Set(["datetime", "created_time", "updated_time"]);
const ROWS = new Set(["link", "links"]);
/** The most choices that are shown as boxes to tick. */
const MOST_BOXES = 12;

/** Which values the field's definition lists. @param {any} field @returns {{ value: string, label: string }[] | null} */
export function choicesOf(field) {
  if (!Array.isArray(field.choices)) return null;
  return field.choices.map((/** @type {any} */ each) => (typeof each === "object" && each ? { value: each.key, label: each.label || each.key } : { value: String(each), label: String(each) }));
}

/** @param {any} field */
function placeholder(field) {
  if (DAYS.has(field.type)) return t("filters.like_day");
  if (MOMENTS.has(field.type)) return t("filters.like_moment");
  return NUMBERS.has(field.type) ? t("filters.like_number") : t("filters.like_text");
}

/**
 * @param {{ field: any, offer: import("./operators.js").Offer, value: string | string[], label: string,
 *   onInput: (value: string | string[], typed: boolean) => void }} props typed: letter by letter
 */
export function ValueInput({ field, offer, value, label, onInput }) {
  if (offer.fixed !== undefined) return null;
  const choices = offer.around ? null : choicesOf(field), text = Array.isArray(value) ? listText(value) : value;
  if (offer.isList) {
    const chosen = Array.isArray(value) ? value : [];
    if (choices && choices.length <= MOST_BOXES) {
      return html`<div class="filter-boxes" role="group" aria-label=${label}>${choices.map((each) => html`<${CheckBox} key=${each.value} label=${each.label} checked=${chosen.includes(each.value)}
        onChange=${(/** @type {boolean} */ on) => onInput(choices.map(({ value: other }) => other).filter((other) => (other === each.value ? on : chosen.includes(other))), false)} />`)}</div>`;
    }
    return html`<${TextInput} value=${text} aria-label=${label} placeholder=${t("filters.like_list")} onInput=${(/** @type {string} */ typed) => onInput(valuesOf(typed), true)} />`;
  }
  if (choices) {
    const known = choices.some((each) => each.value === text);
    return html`<${Select} value=${text} aria-label=${label} onChange=${(/** @type {string} */ next) => onInput(next, false)}
      options=${[...(known ? [] : [{ value: text, label: text || t("filters.choose") }]), ...choices]} />`;
  }
  if (ROWS.has(field.type) && (offer.operator === "eq" || offer.operator === "neq")) {
    const { Editor } = editorFor({ ...field, type: "link" }, fieldTypes.value);
    return html`<${Editor} value=${/^\d+$/.test(text) ? Number(text) : null} field=${{ ...field, required: false }} label=${label}
      onChange=${(/** @type {any} */ next) => onInput(next === null || next === undefined ? "" : String(next), false)} />`;
  }
  return html`<${TextInput} value=${text} aria-label=${label} inputmode=${NUMBERS.has(field.type) && !offer.around ? "decimal" : undefined} placeholder=${placeholder(field)}
    onInput=${(/** @type {string} */ typed) => onInput(typed, true)} />`;
}
