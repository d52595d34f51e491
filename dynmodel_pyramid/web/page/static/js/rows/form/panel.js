/** The form of a row beside the grid. It is loaded when the first row is opened. */
import { html, useEffect, useRef, useState } from "../../../vendor/preact.js";
import { mayLeave, style } from "../../core/router.js";
import { t } from "../../core/texts.js";
import { Loading } from "../../kit/index.js";

/** In windows narrower than this a row is opened on its own page. */
export const ROOM = 900;
/** The form, as a part that is left without leaving the page. */
export const FORM = "row form";

/**
 * @param {{ table: number, id: number, query: URLSearchParams, onMove: (id: number) => void, onClose: () => void, onChanged: (isDeleted: boolean) => void }} props
 */
export function RowPanel({ table, id, query, onMove, onClose, onChanged }) {
  const [Form, setForm] = useState(/** @type {any} */ (null));
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    Promise.all([import("./index.js"), style("row_form")]).then(([{ RowForm }]) => setForm(() => RowForm));
  }, []);
  useEffect(() => place.current?.focus(), [Form !== null]);
  const leave = async (/** @type {() => void} */ go) => {
    if (await mayLeave(FORM)) go();
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    leave(onClose);
  };
  return html`<aside class="row-panel" aria-label=${t("rows.panel")} tabindex="-1" ref=${place} onKeyDown=${press}>
    ${Form
      ? html`<${Form} aside table=${table} id=${id} query=${query} onMove=${(/** @type {number} */ next) => leave(() => onMove(next))} onClose=${() => leave(onClose)}
          onSaved=${() => onChanged(false)} onDeleted=${() => { onChanged(true); onClose(); }} />`
      : html`<${Loading} />`}
  </aside>`;
}
