/**
 * The rows of a table: `/ui/table/{id}/?{query}`. The query is that of the API (docs/queries.md), so that the address of
 * what is seen can be shared, and tried with any other client.
 *
 * source.js    rows by index, by windows; anchors.js: places to read from
 * sheet.js     what the grid shows: stored rows, changes on their way, new rows
 * writes.js    changes in one request each; undo.js; conflict.js: where others have changed the same
 * actions.js   what keys, mouse and menus do; paste.js, clipboard.js, deleting.js
 * columns.js   columns of a definition, and the person's choice of them; kinds.js: of values; order.js: the order
 * model.js     all of these for one query; toolbar.js: what stands around the grid
 */
import "../texts/en/rows.js";
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { own } from "../core/records.js";
import { beforeLeaving, link, mayLeave, navigate } from "../core/router.js";
import { can, loadFieldTypes, loadTable, titleOf } from "../core/state.js";
import { t } from "../core/texts.js";
import { TableTabs } from "../definition/frame.js";
import { Export } from "../files/export.js";
import { ColumnFilter, FilterBar, FilterChips } from "../filters/index.js";
import { Grid } from "../grid/index.js";
import { Button, EmptyState, Loading, Page, ProblemBox, confirm, useLoaded, useTitle } from "../kit/index.js";
import { ApiButton } from "../requests/index.js";
import { actionsOf } from "./actions.js";
import { columnsOf, completed, loadColumns, saveColumns, widthOf } from "./columns.js";
import { Conflicts, chooser } from "./conflict.js";
import { FORM, ROOM, RowPanel } from "./form/panel.js";
import { FIND, TableRows } from "./model.js";
import { set, turned } from "./order.js";
import { Status, Toolbar } from "./toolbar.js";
import { Views } from "../views/index.js";

/** @param {{ params: Record<string, string>, query: URLSearchParams }} props */
export default function RowsPage({ params, query }) {
  const [version, setVersion] = useState(0);
  const { value: definition, problem, reload } = useLoaded(`${params.id}/${version}`, async (/** @type {AbortSignal} */ signal) => {
    const [found] = await Promise.all([loadTable(params.id, { signal }), loadFieldTypes()]);
    return found;
  });
  const last = useRef(/** @type {import("../core/state.js").Definition | null} */ (null));
  if (definition) last.current = definition;
  if (problem && !last.current) return html`<${Page} title=${t("rows.title")}><${ProblemBox} problem=${problem} onRetry=${reload} /></${Page}>`;
  if (!last.current) return html`<${Loading} />`;
  return html`<${TableView} definition=${last.current} query=${query} onVersion=${() => setVersion((n) => n + 1)} />`;
}

/** @param {{ definition: import("../core/state.js").Definition, query: URLSearchParams, onVersion: () => void }} props */
function TableView({ definition, query, onVersion }) {
  const { id } = definition, title = titleOf(definition);
  const [chosen, setChosen] = useState(() => loadColumns(id));
  const grid = useRef(/** @type {import("../grid/state.js").GridState | null} */ (null));
  const [opened, setOpened] = useState(/** @type {number | null} */ (null));
  const [filtering, setFiltering] = useState(/** @type {string | null} */ (null));
  const head = useRef(/** @type {Element | null} */ (null));
  const openFind = useRef(/** @type {(() => void) | null} */ (null));
  const find = query.get(FIND) ?? "", order = query.get("order"), text = query.toString();
  useTitle(title);

  const choice = useMemo(() => completed(definition, chosen), [definition, chosen]);
  const columns = useMemo(() => columnsOf(definition, choice, order, find.trim().toLowerCase()), [definition, choice, order, find]);
  // Which columns are read, whatever their order and widths.
  const read = columns.map((each) => each.key).sort().join("\n");
  const before = useRef(/** @type {TableRows | null} */ (null));
  const model = useMemo(() => (before.current = new TableRows({
    definition, query, columns, choose: chooser(definition), before: before.current,
    onVersion: (version) => { if (version && Number(version) !== definition.version) onVersion(); },
  })), [definition, text, read]);
  useEffect(() => () => model.end?.(), [model]);
  void model.sheet.changed.value;
  const isUnsaved = model.sheet.unsaved.length > 0;
  useEffect(() => (isUnsaved ? beforeLeaving(() => confirm({ title: t("rows.leave"), text: t("rows.leave_text"), action: t("rows.leave_go"), danger: true })) : undefined), [isUnsaved]);

  /** @param {(columns: import("./columns.js").ColumnChoice[]) => import("./columns.js").ColumnChoice[]} change */
  const changeColumns = (change) => {
    const next = change(choice);
    setChosen(next);
    saveColumns(id, next);
  };
  /** @param {URLSearchParams} next */
  const show = (next, replace = false) => {
    const rest = next.toString();
    navigate(`/table/${id}/${rest ? `?${rest}` : ""}`, { replace });
  };
  /** @param {Record<string, string | null>} change */
  const changeQuery = (change, replace = false) => {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(change)) {
      if (value === null || value === "") next.delete(name);
      else next.set(name, value);
    }
    show(next, replace);
  };
  const actions = useMemo(() => actionsOf({
    model, grid, changeColumns,
    sort: (name, direction, also) => changeQuery({ order: direction === "turn" ? turned(order, name, also) : set(order, name, direction, also) }),
    find: () => openFind.current?.(),
    filter: (name) => {
      head.current = [...document.querySelectorAll('.grid-head [role="columnheader"]')].find((each) => each.getAttribute("data-column") === String(grid.current?.layout.columns.findIndex((column) => column.key === name))) ?? null;
      // The menu that asks closes first.
      setTimeout(() => setFiltering(name));
    },
    show: async (row) => {
      if (innerWidth < ROOM) navigate(rowPath(row));
      else if (await mayLeave(FORM)) setOpened(row);
    },
  }), [model, choice, order]);
  const rowPath = (/** @type {number} */ row) => `/table/${id}/row/${row}/${model.conditions.size ? `?${model.conditions}` : ""}`;
  const close = () => {
    setOpened(null);
    const state = grid.current;
    if (!state) return;
    state.hasFocus = true;
    state.view.value++;
  };
  const add = () => {
    const state = grid.current;
    if (!state) return;
    state.hasFocus = true;
    const first = state.layout.columns.findIndex((each) => each.locked({ key: "", values: {}, marks: {}, isNew: true, fault: "" }) === null);
    state.go(model.sheet.blank, Math.max(0, first));
    state.begin();
  };
  const problem = model.source.problem.value, count = model.source.count.value, { all, ids } = model.checked.value;
  const shared = useMemo(() => model.shared(columns), [model, columns]);
  const isEmpty = count === 0 && !model.sheet.tail.value.length;
  const labelled = choice.map((each) => ({ ...each, label: labelOf(definition, each.field) }));
  const filters = html`<${Views} definition=${definition} query=${query} columns=${choice} onOpen=${(/** @type {URLSearchParams} */ next, /** @type {any[] | null} */ kept, /** @type {{ replace: boolean }} */ { replace }) => {
      if (kept) changeColumns(() => completed(definition, kept).map((each) => ({ ...each, width: each.width ?? widthOf(each.field, definition) })));
      show(next, replace);
    }} /><${FilterBar} definition=${definition} query=${query} onChange=${show} />`;
  return html`<div class="rows">
    <header class="rows-head">
      <h1 tabindex="-1" title=${definition.description || undefined}>${title}</h1>
      <${TableTabs} table=${definition} active="rows" />
    </header>
    <${Toolbar} model=${model} columns=${labelled} onColumns=${(/** @type {any} */ next) => changeColumns(() => next)} onAdd=${add} filters=${filters}
      more=${html`<${Export} table=${definition} query=${shared} kind="quiet" />
        ${can(definition, "create") !== false && html`<${Button} kind="quiet" icon="upload" href=${link(`/table/${id}/import/`)}>${t("rows.import")}</${Button}>`}
        <${ApiButton} table=${definition} query=${shared} kind="quiet" />`}
      find=${find} onFind=${(/** @type {string} */ next) => changeQuery({ [FIND]: next }, true)} findRef=${openFind} />
    ${filtering !== null && html`<${ColumnFilter} definition=${definition} name=${filtering} query=${query} anchor=${head} onChange=${show} onClose=${() => setFiltering(null)} />`}
    <${FilterChips} definition=${definition} query=${query} onChange=${show} class="of-rows" />
    ${problem && html`<div class="rows-problem"><${ProblemBox} problem=${problem} onRetry=${() => model.sheet.refresh()}>
      ${query.size > 0 && html`<${Button} small icon="close" onClick=${() => navigate(`/table/${id}/`)}>${t("rows.show_every")}</${Button}>`}</${ProblemBox}></div>`}
    <div class="rows-body">
      <${Grid} label=${title} list=${String(model.conditions)} columns=${columns} source=${model.gridSource} actions=${actions} handle=${grid}
        isChecked=${(/** @type {any} */ row) => model.isChecked(row)} checked=${all ? (ids.size ? "some" : "all") : ids.size ? "some" : "none"} />
      ${opened !== null && html`<${RowPanel} table=${id} id=${opened} query=${model.conditions} onMove=${setOpened} onClose=${close} onChanged=${() => model.sheet.refresh()} />`}
    </div>
    ${isEmpty && html`<div class="rows-empty">${model.isFiltered
      ? html`<${EmptyState} icon="search" title=${t("rows.none_found")} text=${t("rows.none_found_text")}><${Button} onClick=${() => navigate(`/table/${id}/`)}>${t("rows.show_every")}</${Button}></${EmptyState}>`
      : html`<${EmptyState} icon="table" title=${t("rows.none")} text=${can(definition, "create") !== false ? t("rows.none_text") : ""} />`}</div>`}
    <${Status} model=${model} definition=${definition} />
    <${Conflicts} />
  </div>`;
}

/** @param {import("../core/state.js").Definition} definition @param {string} name */
function labelOf(definition, name) {
  const field = own(definition.fields, name);
  return field ? field.label || name : t(`rows.${{ id: "id", _created: "created", _updated: "updated" }[name] ?? "id"}`);
}
