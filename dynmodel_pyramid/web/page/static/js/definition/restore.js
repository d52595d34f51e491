import { html, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Button, CheckBox, Dialog, Field, ProblemBox, Select, TextInput } from "../kit/index.js";
import { Samples } from "./plan.js";

/**
 * Something comes back from the trash; what the service refuses is asked for here: another name, less strict rules.
 * @param {{ name: string, isTable?: boolean, required?: boolean, onRestore: (overrides: Record<string, any> | undefined, onError: string | undefined) => Promise<void>, onClose: () => void }} props
 */
export function RestoreDialog({ name, isTable, required, onRestore, onClose }) {
  const [newName, setNewName] = useState(name);
  const [isLax, setIsLax] = useState(false);
  const [onError, setOnError] = useState("fail");
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const member = isTable ? "model_name" : "name";
  const restore = async () => {
    if (isBusy) return;
    setIsBusy(true);
    setProblem(null);
    const overrides = { ...(newName.trim() === name ? {} : { [member]: newName.trim() }), ...(isLax ? { required: false } : {}) };
    try {
      await onRestore(Object.keys(overrides).length ? overrides : undefined, onError === "fail" ? undefined : onError);
    } catch (error) {
      setProblem(error);
      setIsBusy(false);
    }
  };
  const fault = problem?.errors?.find((/** @type {any} */ each) => each.pointer === `/${member}`)?.detail ?? (problem?.code === "name_taken" ? problem.detail : undefined);
  const isLossy = problem?.code === "lossy_change" || onError !== "fail";
  return html`<${Dialog} title=${t("definition.restoreTitle", { name })} onClose=${onClose} onSubmit=${restore} footer=${html`<${Button} onClick=${onClose}>${t("definition.cancel")}</${Button}>
      <${Button} kind="primary" type="submit" busy=${isBusy}>${t("definition.restore")}</${Button}>`}>
    <${Field} label=${t("definition.restoreName")} help=${t("definition.restoreNameHelp")} error=${fault}><${TextInput} value=${newName} onInput=${setNewName} maxlength="63" /></${Field}>
    ${required && html`<${CheckBox} label=${t("definition.restoreNotRequired")} checked=${isLax} onChange=${setIsLax} />`}
    ${!fault && html`<${ProblemBox} problem=${problem} />`}
    ${problem?.document?.samples?.length > 0 && html`<${Samples} title=${t("definition.refusedSamples")} rows=${problem.document.samples} />`}
    ${isLossy && html`<${Field} label=${t("definition.restoreOnError")}><${Select} value=${onError} onChange=${setOnError} options=${["fail", "null", "default", "quarantine"].map((word) => ({ value: word, label: t(`definition.onError_${word}`) }))} /></${Field}>`}
  </${Dialog}>`;
}
