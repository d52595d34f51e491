/** A row as an example of what a table takes. */
import { can, fieldTypes } from "../core/state.js";

/** Types whose values are set by themselves, or name something that may not be there. */
const LEFT_OUT = new Set(["autonumber", "created_by", "created_time", "updated_by", "updated_time", "link", "links", "user"]);
/** @type {Record<string, any>} */
const VALUES = {
  boolean: true, colour: "#2457c5", currency: "19.90", date: "2026-01-31", date_range: "[2026-01-01,2026-02-01)", datetime: "2026-01-31T12:00:00Z",
  decimal: "19.90", duration: "PT1H30M", email: "ada@example.org", integer: 42, integer_range: "[1,10)", ip_address: "192.0.2.1", json: { any: ["value"] },
  multi_choice: [], number: 1.5, percent: "12.50", phone: "+442079460123", point: { longitude: 13.4, latitude: 52.5 }, rating: 4, slug: "red-shoes",
  string: "text", tags: ["one", "two"], text: "A longer text.", time: "23:59:00", url: "https://example.org/", uuid: "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
};
/** The most fields of an example: those that are required, then the first ones. */
const MOST = 6;

/** @param {any} choice */
const keyOf = (choice) => (choice && typeof choice === "object" ? choice.key : choice);

/** @param {import("../core/state.js").Definition} table */
export function exampleRow(table) {
  const right = can(table, "create");
  const allowed = typeof right === "object" && right.fields ? new Set(right.fields) : null;
  const fields = Object.entries(table.fields).filter(([name, field]) => !LEFT_OUT.has(field.type) && (!allowed || allowed.has("*") || allowed.has(name)));
  const chosen = [...fields.filter(([, field]) => field.required), ...fields.filter(([, field]) => !field.required)].slice(0, MOST);
  return Object.fromEntries(chosen.map(([name, field]) => [name, valueOf(field)]));
}

/** @param {Record<string, any>} field */
function valueOf(field) {
  if (field.choices?.length) return field.type === "multi_choice" ? [keyOf(field.choices[0])] : keyOf(field.choices[0]);
  if (field.type === "decimal" || field.type === "currency" || field.type === "percent") return (19.9).toFixed(Math.min(Math.max(field.scale ?? 2, 0), 20));
  if (typeof field.min === "number") return field.min;
  if (field.type in VALUES) return VALUES[field.type];
  return fieldTypes.value.get(field.type)?.value?.examples?.[0] ?? null;
}
