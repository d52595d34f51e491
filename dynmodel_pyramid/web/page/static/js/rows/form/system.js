/** What the service itself keeps of a row. */
import { html } from "../../../vendor/preact.js";
import { t } from "../../core/texts.js";
import { Moment } from "../../kit/index.js";

/** @param {{ system: { _version: number, _created: string, _updated: string } }} props */
export const SystemValues = ({ system }) => html`<dl class="row-form-system small">
    <div><dt>${t("form.madeAt")}</dt><dd><${Moment} at=${system._created} /></dd></div>
    <div><dt>${t("form.updatedAt")}</dt><dd><${Moment} at=${system._updated} /></dd></div>
    <div><dt>${t("form.versionAt")}</dt><dd>${system._version}</dd></div>
  </dl>`;
