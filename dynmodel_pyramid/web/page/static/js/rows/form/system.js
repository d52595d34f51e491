/** What the service itself keeps of a row. */
import { html } from "../../../vendor/preact.js";
import { t } from "../../core/texts.js";
import { showNoted } from "../../editors/times.js";

/** @param {{ system: { _version: number, _created: string, _updated: string } }} props */
export const SystemValues = ({ system }) => html`<dl class="row-form-system small">
    <div><dt>${t("form.madeAt")}</dt><dd title=${system._created}>${showNoted(system._created)}</dd></div>
    <div><dt>${t("form.updatedAt")}</dt><dd title=${system._updated}>${showNoted(system._updated)}</dd></div>
    <div><dt>${t("form.versionAt")}</dt><dd>${system._version}</dd></div>
  </dl>`;
