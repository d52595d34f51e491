/** Editors of true and false, and of places. */
import { html, useLayoutEffect } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { attributes, Clear, keys, Line, useFocus } from "./parts.js";
import { point, Unreadable } from "./text_forms.js";
import { readFloat } from "./numbers.js";

/** @typedef {import("./parts.js").EditorProps} EditorProps */

/** A check box; where null is allowed it has a third state, and Delete leads to it. @param {EditorProps} props */
export function Truth(props) {
  const { value, field, onChange } = props;
  const control = useFocus(props);
  const isUnknown = value === null || value === undefined;
  useLayoutEffect(() => {
    control.current.indeterminate = isUnknown;
  });
  const press = (/** @type {KeyboardEvent} */ event) => {
    if ((event.key === "Delete" || event.key === "Backspace") && !field.required) onChange(null, null);
    else keys(props)(event);
  };
  const says = value === undefined && typeof field.default === "boolean" ? t("editors.defaultValue", { value: t(field.default ? "editors.true" : "editors.false") }) : t(isUnknown ? "editors.unknown" : value ? "editors.true" : "editors.false");
  return html`<span class="editor-truth">
    <label><input ...${attributes(props)} aria-required=${undefined} ref=${control} type="checkbox" checked=${value === true} onChange=${(/** @type {any} */ event) => onChange(event.target.checked, null)} onKeyDown=${press} />
    <span class="muted" aria-hidden="true">${says}</span></label>
    <${Clear} ...${props} />
  </span>`;
}

/** @param {string} text @param {number} most */
function degrees(text, most) {
  const value = readFloat(text.trim());
  if (typeof value !== "number" || Math.abs(value) > most) throw new Unreadable(t("editors.wantDegrees", { most }));
  return value;
}

/** Two numbers; a text with both of them, pasted into one, fills both. @param {EditorProps} props */
export function Point(props) {
  const { value, field, onChange, label } = props;
  const { id } = attributes(props);
  const part = (/** @type {"latitude" | "longitude"} */ name, /** @type {number} */ most) => {
    const change = (/** @type {any} */ given, /** @type {any} */ fault) => {
      const next = { longitude: value?.longitude ?? null, latitude: value?.latitude ?? null, [name]: given };
      const isNothing = next.longitude === null && next.latitude === null;
      const isHalf = !isNothing && (next.longitude === null || next.latitude === null);
      onChange(isNothing ? null : next, fault ?? (isHalf ? t("editors.wantBoth") : null));
    };
    return html`<label class="editor-part"><span class="small muted">${t(name === "latitude" ? "editors.latitude" : "editors.longitude")}</span>
      <${Line} ...${props} bare value=${value?.[name] ?? null} field=${{ ...field, default: null, default_expression: null }} id=${name === "latitude" ? id : undefined} label=${`${label ?? field.label ?? field.name}: ${t(name === "latitude" ? "editors.latitude" : "editors.longitude")}`} initial=${undefined}
        autofocus=${props.autofocus && name === "latitude"} kind="number" mode="decimal" write=${String} read=${(/** @type {string} */ text) => degrees(text, most)} onChange=${change} /></label>`;
  };
  const paste = (/** @type {ClipboardEvent} */ event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    try {
      onChange(point.read(text, field), null);
      event.preventDefault();
    } catch {
      // one number, for the control that has the focus
    }
  };
  return html`<span class="editor-point" role="group" aria-label=${label ?? field.label ?? field.name} onPaste=${paste}>${part("latitude", 90)}${part("longitude", 180)}<${Clear} ...${props} /></span>`;
}
