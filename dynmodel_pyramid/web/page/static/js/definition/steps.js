/** The steps of plans, of the history and of differences, in words. */
import { fieldTypes } from "../core/state.js";
import { has, t } from "../core/texts.js";
import "../texts/en/definition.js";
import { labelOf } from "../kit/schema.js";
import { equal } from "../core/json.js";
import { typeTitle } from "./types.js";

/**
 * @typedef {Object} Told
 * @property {string} icon
 * @property {string} text
 * @property {{ name: string, before: string | null, after: string | null }[]} changes
 */

const ICONS = /** @type {Record<string, string>} */ ({
  add: "add", create: "add", drop: "trash", restore: "undo", rename: "edit", retype: "refresh", change: "gear", set: "check", lift: "close", relabel: "text", reorder: "sort", validate: "shield",
});

/** A value of a definition, short. @param {any} value */
export function valueText(value) {
  if (value === null || value === undefined) return t("definition.nothing");
  if (typeof value === "boolean") return t(value ? "definition.yes" : "definition.no");
  if (typeof value === "string") return value === "" ? "“”" : value;
  if (Array.isArray(value) && value.length && value.every((each) => each && typeof each === "object" && "key" in each)) {
    return value.map((each) => (each.label && each.label !== each.key ? `${each.key} (${each.label})` : each.key) + (each.colour ? ` ${each.colour}` : "")).join(", ");
  }
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) return value.length ? value.join(", ") : t("definition.nothing");
  return JSON.stringify(value);
}

/** The fields of a rule: "a, b descending". @param {any[]} fields */
export const ruleText = (fields) => fields.map((each) => (typeof each === "string" ? each : each.field + (each.descending ? ` ${t("definition.descending")}` : ""))).join(", ");

/**
 * @param {Record<string, any>} step
 * @returns {Told}
 */
export function told(step) {
  const before = step.before ?? {}, after = step.after ?? {};
  const icon = ICONS[step.kind.split("_")[0]] ?? "edit";
  const values = {
    field: step.field, index: step.index,
    before: before.name ?? before.model_name ?? (before.type ? typeTitle(before.type) : ""),
    after: after.name ?? after.model_name ?? (after.type ? typeTitle(after.type) : ""),
    value: valueText(after.default_expression ?? after.default ?? after.display),
    fields: ruleText(after.fields ?? before.fields ?? []),
  };
  const key = step.kind === "set_index" && after.index === "search" ? "set_search"
    : step.kind === "set_unique" && after.unique_ignore_case ? "set_unique_ignore_case"
    : step.kind === "change_display" && !after.display ? "lift_display" : step.kind;
  const text = has(`definition.step_${key}`) ? t(`definition.step_${key}`, values) : [labelOf(step.kind), step.field].filter(Boolean).join(": ");
  return { icon, text, changes: changesOf(step, before, after) };
}

const WITHOUT_CHANGES = new Set(["rename_field", "rename_table", "add_unique", "drop_unique", "add_index", "drop_index", "set_required", "lift_required", "set_unique", "lift_unique", "set_index", "lift_index", "set_default", "lift_default", "change_display", "reorder", "drop_field", "validate", "validate_later"]);

/** @param {Record<string, any>} step @param {Record<string, any>} before @param {Record<string, any>} after */
function changesOf(step, before, after) {
  if (WITHOUT_CHANGES.has(step.kind)) return [];
  const isNew = step.kind === "add_field" || step.kind === "restore_field";
  const isRetyped = step.kind === "retype_field";
  const defaults = fieldTypes.value.get(after.type)?.options?.properties ?? {};
  const names = isNew || isRetyped ? Object.keys(after) : [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => name !== "type" && (isNew || isRetyped || !equal(before[name], after[name])) && !((isNew || isRetyped) && (after[name] === null || equal(after[name], defaults[name]?.default))))
    .map((name) => ({ name: labelOf(name), before: isNew || isRetyped ? null : valueText(before[name]), after: valueText(after[name]) }));
}
