/** Editors of ranges: two ends, each of them included or not, or none. */
import { html } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Integer } from "./number_editors.js";
import { attributes, Clear } from "./parts.js";
import { everything, readRange, withLast, writeRange } from "./ranges.js";
import { Day, Moment } from "./time_editors.js";

/** @typedef {import("./parts.js").EditorProps} EditorProps */
/** @typedef {import("./ranges.js").Range} Range */

const BOUNDS = /** @type {Record<string, any>} */ ({ integer_range: Integer, date_range: Day, datetime_range: Moment });

/** @param {EditorProps} props */
export function RangeOf(props) {
  const { value, field, onChange, onCommit, onCancel, label, error, autofocus } = props;
  const { id, "aria-describedby": describedBy } = attributes(props);
  const Bound = BOUNDS[field.type];
  const isWhole = field.type !== "datetime_range";
  const read = withLast(readRange(value ?? "") ?? everything, field.type);
  // A bound that is not there yet belongs to the range; a last day or whole number, too, as people say it.
  const range = { ...read, lowerIn: read.lowerIn || !read.lower, upperIn: read.upper ? read.upperIn : isWhole };
  const give = (/** @type {Partial<Range>} */ change, /** @type {string | null} */ fault) => {
    const next = { ...range, ...change };
    const isNothing = !next.lower && !next.upper && value === null;
    onChange(isNothing ? null : writeRange(next), fault);
  };
  const end = (/** @type {"lower" | "upper"} */ side) => {
    const isIn = side === "lower" ? "lowerIn" : "upperIn";
    const bound = field.type === "integer_range" && range[side] ? BigInt(range[side]) : range[side] || null;
    return html`<span class="editor-bound">
      <span class="editor-unit" aria-hidden="true">${t(side === "lower" ? "editors.rangeLower" : "editors.rangeUpper")}</span>
      <${Bound} bare value=${bound} field=${{ ...field, min: null, max: null, default: null, default_expression: null, required: false }} id=${side === "lower" ? id : undefined} error=${error} describedBy=${describedBy}
        label=${`${label ?? field.label ?? field.name}: ${t(side === "lower" ? "editors.rangeLower" : "editors.rangeUpper")}`} autofocus=${autofocus && side === "lower"} onCommit=${onCommit} onCancel=${onCancel}
        onChange=${(/** @type {any} */ given, /** @type {any} */ fault) => give({ [side]: given === null ? "" : String(given) }, fault ?? null)} />
      <select class="input editor-included" aria-label=${t(side === "lower" ? "editors.rangeLowerIncluded" : "editors.rangeUpperIncluded")} disabled=${!range[side]} value=${range[isIn] ? "in" : "out"}
        onChange=${(/** @type {any} */ event) => give({ [isIn]: event.target.value === "in" }, null)}>
        <option value="in">${t("editors.rangeIncluded")}</option><option value="out">${t("editors.rangeExcluded")}</option>
      </select>
    </span>`;
  };
  return html`<span class="editor-range" role="group" aria-label=${label ?? field.label ?? field.name}>
    ${range.empty
      ? html`<span class="editor-bound muted">${t("editors.rangeNothing")} <button type="button" id=${id} class="button small quiet" onClick=${() => onChange(null, null)}>${t("editors.clear")}</button></span>`
      : html`${end("lower")}${end("upper")}<${Clear} ...${props} />`}
  </span>`;
}
