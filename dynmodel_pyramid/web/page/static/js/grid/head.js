/** The heads of columns. */
import { html } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Icon } from "../kit/index.js";
import { HEAD } from "./layout.js";

/**
 * @param {{ state: import("./state.js").GridState, columns: number[], checked: "all" | "some" | "none", openMenu: (column: number, anchor: Element) => void, canCheck: boolean }} props
 */
export function Head({ state, columns, checked, openMenu, canCheck }) {
  const { layout } = state, { row, column } = state.place.value;
  let right = HEAD;
  const tab = (/** @type {number} */ each) => (row === -1 && column === each ? 0 : -1);
  return html`<div role="rowgroup" class="grid-head" style=${{ width: `${layout.width}px` }}>
    <div role="row" class="grid-row" aria-rowindex=${1} data-row=${-1}>
      <div role="columnheader" class="grid-cell grid-corner" aria-colindex=${1} data-column=${-1} tabIndex=${tab(-1)} aria-label=${t("grid.rows")} style=${{ width: `${HEAD}px` }}>
        ${canCheck && html`<input type="checkbox" class="grid-check" tabIndex=${-1} aria-label=${t("grid.check_all")} checked=${checked === "all"}
          ref=${(/** @type {HTMLInputElement | null} */ box) => { if (box) box.indeterminate = checked === "some"; }}
          onChange=${(/** @type {any} */ event) => state.actions.checkAll(event.currentTarget.checked)} />`}
      </div>
      ${columns.map((i) => {
        const each = layout.columns[i], gap = layout.lefts[i] - right;
        right = layout.lefts[i] + each.width;
        const isFrozen = i < layout.frozen;
        return html`<div key=${each.key} role="columnheader" aria-colindex=${i + 2} data-column=${i} tabIndex=${tab(i)} title=${each.title} aria-label=${each.label}
            aria-sort=${each.sort ? (each.sort === "asc" ? "ascending" : "descending") : each.sortable ? "none" : undefined}
            class=${`grid-cell ${isFrozen ? "is-frozen" : ""} ${i === layout.frozen - 1 ? "is-edge" : ""} ${each.align === "end" ? "is-end" : ""}`}
            style=${{ width: `${each.width}px`, marginLeft: gap ? `${gap}px` : "", left: isFrozen ? `${layout.lefts[i]}px` : "" }}>
          <${Icon} name=${each.icon} size=${14} />
          <span class="grid-label">${each.label}</span>
          ${each.isLocked && html`<${Icon} name="lock" size=${12} class="grid-lock" />`}
          ${each.sort && html`<span class="grid-sort"><${Icon} name=${each.sort === "asc" ? "arrowUp" : "arrowDown"} size=${14} />${each.sortNumber || ""}</span>`}
          <button type="button" class="grid-menu" tabIndex=${-1} aria-label=${t("grid.menu_of", { name: each.label })} aria-haspopup="menu"
            onClick=${(/** @type {any} */ event) => openMenu(i, event.currentTarget)}><${Icon} name="chevronDown" size=${14} /></button>
          <span class="grid-resize" data-resize=${i}></span>
        </div>`;
      })}
    </div>
  </div>`;
}
