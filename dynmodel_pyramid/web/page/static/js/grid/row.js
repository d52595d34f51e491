/** A row: drawn anew only when something of it has changed. */
import { Component, html } from "../../vendor/preact.js";
import { number, t } from "../core/texts.js";
import { Icon } from "../kit/index.js";
import { HEAD } from "./layout.js";

/**
 * @typedef {Object} RowProps
 * @property {number} index
 * @property {import("./types.js").Row | undefined} row
 * @property {import("./layout.js").Layout} layout
 * @property {number[]} columns to draw
 * @property {number} top
 * @property {number} active the active cell's column; -2: another row has it
 * @property {number} from first selected column; -1: none
 * @property {number} to last selected column
 * @property {boolean} hasHandle the selection ends here
 * @property {boolean} isFilled a drag of the handle would fill the selected columns
 * @property {boolean} isChecked
 * @property {boolean} canCheck
 * @property {any} editor what is drawn in the active cell
 * @property {import("./state.js").GridState} state
 */

/** @extends {Component<RowProps>} */
export class GridRow extends Component {
  /** @param {RowProps} next */
  shouldComponentUpdate(next) {
    const now = /** @type {Record<string, any>} */ (this.props), then = /** @type {Record<string, any>} */ (next);
    for (const name in then) if (name !== "columns" && now[name] !== then[name]) return true;
    return next.columns.length !== this.props.columns.length || next.columns.some((each, i) => each !== this.props.columns[i]);
  }

  render() {
    const { index, row, layout, columns, top, active, isChecked, state, canCheck } = this.props;
    let right = HEAD;
    const isBlank = row?.isNew && !Object.keys(row.values).length;
    return html`<div role="row" data-row=${index} aria-rowindex=${index + 2} aria-selected=${canCheck ? String(isChecked) : undefined} aria-busy=${row ? undefined : "true"}
        class=${`grid-row ${active > -2 ? "is-active" : ""} ${isChecked ? "is-checked" : ""} ${row?.isNew ? "is-new" : ""} ${row?.fault ? "is-bad" : ""}`}
        style=${{ top: `${top}px`, width: `${layout.width}px` }}>
      <div role="rowheader" class=${`grid-cell grid-corner ${active === -1 ? "is-here" : ""}`} aria-colindex=${1} data-column=${-1} tabIndex=${active === -1 ? 0 : -1}
          style=${{ width: `${HEAD}px` }} title=${row?.fault || undefined}>
        ${isBlank ? html`<${Icon} name="add" size=${14} label=${t("grid.blank")} />` : html`
        <span class="grid-number">${row?.fault ? html`<${Icon} name="warning" size=${14} label=${row.fault} />` : row?.isNew ? "•" : number(index + 1)}</span>
        ${row && !row.isNew && html`${canCheck && html`<input type="checkbox" class="grid-check" tabIndex=${-1} checked=${isChecked} aria-label=${t("grid.check", { n: index + 1 })}
          onClick=${(/** @type {any} */ event) => state.actions.check(index, event.currentTarget.checked, event.shiftKey)} />`}
        <button type="button" class="grid-open" tabIndex=${-1} aria-label=${t("grid.open", { n: index + 1 })} title=${t("grid.open_short")}
          onClick=${() => state.actions.open(index)}><${Icon} name="expand" size=${14} /></button>`}`}
      </div>
      ${columns.map((i) => {
        const gap = layout.lefts[i] - right;
        right = layout.lefts[i] + layout.columns[i].width;
        return this.cell(i, gap);
      })}
    </div>`;
  }

  /** @param {number} i @param {number} gap */
  cell(i, gap) {
    const { row, layout, active, from, to, hasHandle, isFilled, editor } = this.props;
    const column = layout.columns[i], isFrozen = i < layout.frozen, isHere = active === i;
    const isIn = i >= from && i <= to && from >= 0;
    const mark = row?.marks[column.key];
    const isLocked = row ? column.locked(row) !== null : column.isLocked;
    const classes = ["grid-cell", isFrozen && "is-frozen", i === layout.frozen - 1 && "is-edge", column.align !== "start" && `is-${column.align}`, isHere && "is-here",
      isIn && !isFilled && "is-in", isIn && isFilled && "is-filled", isLocked && "is-locked", mark && `is-${mark.state}`, isHere && editor && "is-edited"];
    return html`<div key=${column.key} role="gridcell" aria-colindex=${i + 2} data-column=${i} tabIndex=${isHere ? 0 : -1}
        aria-selected=${isIn ? "true" : undefined} aria-readonly=${isLocked ? "true" : undefined} aria-invalid=${mark?.state === "refused" ? "true" : undefined}
        class=${classes.filter(Boolean).join(" ")}
        style=${{ width: `${column.width}px`, marginLeft: gap ? `${gap}px` : "", left: isFrozen ? `${layout.lefts[i]}px` : "" }}>
      ${row ? html`<div class="grid-value">${column.cell(row.values[column.key], row)}</div>` : html`<span class="grid-waits"></span>`}
      ${isHere && editor}
      ${isHere && !editor && mark?.text && html`<div class="grid-says" role="status">${mark.text}</div>`}
      ${hasHandle && i === to && html`<span class="grid-handle" aria-hidden="true"></span>`}
    </div>`;
  }
}
