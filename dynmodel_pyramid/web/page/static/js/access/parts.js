/** Small things that the pages of access share. */
import { html } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Badge, CheckBox } from "../kit/index.js";

/** @param {{ roles: string[] }} props */
export function Roles({ roles }) {
  if (!roles.length) return html`<span class="muted">${t("access.noRoles")}</span>`;
  return html`<span class="row badges">${roles.map((role) => html`<${Badge} key=${role} kind=${role === "admin" ? "accent" : ""}>${role}</${Badge}>`)}</span>`;
}

/**
 * Check boxes, one for each role.
 * @param {{ all: string[], value: string[], onChange: (roles: string[]) => void, label?: string, error?: string }} props
 */
export function RoleChoice({ all, value, onChange, label = t("access.rolesOf"), error }) {
  return html`<fieldset class="field"><legend>${label}</legend>
    <div class="checks">${[...new Set([...all, ...value])].map((role) => html`<${CheckBox} key=${role} label=${role} checked=${value.includes(role)}
      help=${role === "admin" ? t("access.adminHelp") : undefined}
      onChange=${(/** @type {boolean} */ on) => onChange(on ? [...value, role] : value.filter((each) => each !== role))} />`)}</div>
    ${!all.length && html`<p class="muted small">${t("access.noRolesYet")}</p>`}
    ${error && html`<div class="fault"><span>${error}</span></div>`}</fieldset>`;
}

/** The fault of a member of a document, of a refusal. @param {any} problem @param {string} member */
export const faultOf = (problem, member) => problem?.errors?.find((/** @type {any} */ each) => each.pointer === `/${member}` || each.pointer.startsWith(`/${member}/`))?.detail;

/** The refusal, if no field shows it. @param {any} problem @param {string[]} members */
export const restOf = (problem, members) => (problem && members.some((member) => faultOf(problem, member)) ? null : problem);
