/** The rows of other tables that link to a row: each such link with its count and its rows, page by page. */
import { html, useState } from "../../../vendor/preact.js";
import { api, totalOf } from "../../core/api.js";
import { link } from "../../core/router.js";
import { can, fieldTypes, loadTable, titleOf } from "../../core/state.js";
import { number, t } from "../../core/texts.js";
import { displayField, editorFor, remember, rowTitle } from "../../editors/index.js";
import { quoted } from "../../editors/names.js";
import { Button, IconButton, ProblemBox, Skeleton, Table, useLoaded } from "../../kit/index.js";

/** Rows of a page, and columns beside the row's title. */
const ROWS = 10, COLUMNS = 4;
/** Types whose values are short. */
const SHORT = ["string", "choice", "date", "datetime", "decimal", "currency", "percent", "integer", "number", "boolean", "rating", "link", "time", "duration", "autonumber", "email"];

/** @param {{ definition: import("../../core/state.js").Definition, row: any }} props */
export function ReverseSides({ definition, row }) {
  if (!definition.linked_from.length) return null;
  return html`<section class="row-form-reverse stack" aria-label=${t("form.linked")}>
    ${definition.linked_from.map((side) => html`<${ReverseSide} key=${`${side.table}/${side.field}`} side=${side} id=${row.id} />`)}
  </section>`;
}

/** @param {{ side: import("../../core/state.js").Definition["linked_from"][0], id: number }} props */
function ReverseSide({ side, id }) {
  const [start, setStart] = useState(0);
  const { value, problem, reload } = useLoaded(`${side.table}/${side.field}/${id}/${start}`, async (signal) => {
    const far = await loadTable(side.table, { signal });
    const condition = far.fields[side.field]?.type === "links" ? `cs.[${id}]` : `eq.${id}`;
    const params = { [quoted(side.field)]: condition, order: "id.desc", limit: ROWS, offset: start };
    const answer = await api.get(`/table/${side.table}/rows/`, { params, signal, prefer: "count=exact" });
    for (const each of answer.data) remember(far.id, each, far);
    return { far, rows: answer.data, total: totalOf(answer.headers) ?? answer.data.length, filter: `${encodeURIComponent(quoted(side.field))}=${encodeURIComponent(condition)}` };
  });
  const name = value && side.name ? side.name : (value ? titleOf(value.far) : side.model_name);
  const pages = value && value.total > ROWS;
  return html`<section class="stack reverse-side">
    <div class="row"><h2>${name} ${value && html`<span class="muted">${number(value.total)}</span>`}</h2>
      <span class="small muted grow">${t("form.by", { field: side.field, table: value ? titleOf(value.far) : side.model_name })}</span>
      ${value && value.total > 0 && html`<${Button} small kind="quiet" icon="table" href=${link(`/table/${side.table}/?${value.filter}`)}>${t("form.showAll")}</${Button}>`}
      ${value && can(value.far, "create") && html`<${Button} small kind="quiet" icon="add" href=${link(`/table/${side.table}/row/new/?${encodeURIComponent(side.field)}=${id}`)}>${t("form.addLinked")}</${Button}>`}
    </div>
    ${problem && html`<${ProblemBox} problem=${problem} onRetry=${reload} />`}
    ${!value && !problem && html`<${Skeleton} lines=${2} />`}
    ${value && value.total > 0 && html`<${Table} caption=${name} rows=${value.rows} columns=${columnsOf(value.far, side.field, value.rows)} />`}
    ${pages && html`<div class="row"><${IconButton} icon="chevronLeft" label=${t("form.pageBefore")} disabled=${start === 0} onClick=${() => setStart(Math.max(0, start - ROWS))} />
      <span class="small muted">${t("form.pageOf", { first: start + 1, last: Math.min(start + ROWS, value.total), total: value.total })}</span>
      <${IconButton} icon="chevronRight" label=${t("form.pageAfter")} disabled=${start + ROWS >= value.total} onClick=${() => setStart(start + ROWS)} /></div>`}
  </section>`;
}

/**
 * The row's title, and the first short fields that have values here.
 * @param {import("../../core/state.js").Definition} far @param {string} linking the field that links here @param {any[]} rows
 */
function columnsOf(far, linking, rows) {
  const display = displayField(far);
  const others = Object.keys(far.fields).filter((name) => name !== linking && name !== display && SHORT.includes(far.fields[name].type) && rows.some((row) => row[name] !== null && row[name] !== undefined)).slice(0, COLUMNS);
  return [
    { key: "id", head: true, label: (display && far.fields[display].label) || display || "#", cell: (/** @type {any} */ each) => html`<a href=${link(`/table/${far.id}/row/${each.id}/`)}>${rowTitle(each, far)}</a>` },
    ...others.map((name) => {
      const field = { ...far.fields[name], name };
      const { Cell, align } = editorFor(field, fieldTypes.value);
      return { key: name, label: field.label || name, end: align === "end", cell: (/** @type {any} */ each) => html`<${Cell} value=${each[name]} field=${field} row=${each} reachable />` };
    }),
  ];
}
