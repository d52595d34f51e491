import { html, useState } from "../../vendor/preact.js";
import { t } from "../core/texts.js";
import { Button, Dialog, Field, ProblemBox, TextInput } from "../kit/index.js";

/**
 * Something is destroyed for good, once its name has been typed.
 * @param {{ name: string, text: string, onPurge: () => Promise<void>, onClose: () => void }} props
 */
export function PurgeDialog({ name, text, onPurge, onClose }) {
  const [typed, setTyped] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const purge = async () => {
    if (typed !== name || isBusy) return;
    setIsBusy(true);
    try {
      await onPurge();
    } catch (error) {
      setProblem(error);
      setIsBusy(false);
    }
  };
  return html`<${Dialog} title=${t("definition.purgeTitle", { name })} onClose=${onClose} onSubmit=${purge} footer=${html`<${Button} onClick=${onClose}>${t("definition.cancel")}</${Button}>
      <${Button} kind="danger" type="submit" busy=${isBusy} disabled=${typed !== name}>${t("definition.purgeAction")}</${Button}>`}>
    <p>${text}</p><${ProblemBox} problem=${problem} />
    <${Field} label=${t("definition.purgeType", { name })}><${TextInput} value=${typed} onInput=${setTyped} autofocus /></${Field}></${Dialog}>`;
}
