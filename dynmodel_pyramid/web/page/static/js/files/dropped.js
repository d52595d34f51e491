/**
 * Where files are dropped or chosen. The tables page has a DropArea, whose file the page of the import takes over.
 */
import { html, signal, useEffect, useRef, useState } from "../../vendor/preact.js";
import { navigate } from "../core/router.js";
import { t } from "../core/texts.js";
import { Button, Icon, toast } from "../kit/index.js";
import "../texts/en/files.js";
import { accepted, known } from "./formats.js";

/** The file that was dropped last, until a page takes it. */
export const dropped = signal(/** @type {File | null} */ (null));

/** Make a table of a file: the page for it opens. @param {File} file */
export function importFile(file) {
  dropped.value = file;
  navigate("/import/");
}

/** @param {DataTransfer | null} data */
const hasFiles = (data) => Boolean(data?.types.includes("Files"));

/**
 * A place for a file; while one is dragged over the page, all of the page is.
 * @param {{ onFile: (file: File) => void, compact?: boolean, children?: any, more?: any, label?: string }} props
 *   compact: a button alone; children: what the place says; more: other buttons
 */
export function DropArea({ onFile, compact, children, more, label = t("files.choose") }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [isOver, setIsOver] = useState(false);
  const take = useRef(onFile);
  take.current = onFile;
  useEffect(() => {
    let depth = 0;
    /** @param {DragEvent} event */
    const enter = (event) => {
      if (!hasFiles(event.dataTransfer)) return;
      depth++;
      setIsOver(true);
    };
    const leave = () => {
      if (depth && !--depth) setIsOver(false);
    };
    /** @param {DragEvent} event */
    const over = (event) => {
      if (hasFiles(event.dataTransfer)) event.preventDefault();
    };
    /** @param {DragEvent} event */
    const drop = (event) => {
      if (!hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      depth = 0;
      setIsOver(false);
      const files = event.dataTransfer?.files;
      if (files && files.length > 1) toast(t("files.oneOnly"), { kind: "danger" });
      else if (files?.[0]) take.current(files[0]);
    };
    addEventListener("dragenter", enter);
    addEventListener("dragleave", leave);
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragenter", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, []);
  return html`<div class=${`drop ${compact ? "compact" : ""} ${isOver ? "over" : ""}`}>
    ${!compact && html`${!children && html`<${Icon} name="upload" />`}${children ?? html`<p class="title">${t("files.dropHere")}</p><p class="muted small">${t("files.kinds")}</p>`}`}
    <div class="row"><${Button} icon=${compact ? "upload" : "file"} kind=${compact ? "plain" : "primary"} onClick=${() => input.current?.click()}>${label}</${Button}>${more}</div>
    <input type="file" hidden ref=${input} accept=${known.value ? accepted(known.value) : undefined}
      onChange=${(/** @type {any} */ event) => {
        const [file] = event.target.files;
        event.target.value = "";
        if (file) onFile(file);
      }} />
    ${isOver && html`<div class="veil-of-drop"><div><${Icon} name="upload" /><strong>${t("files.dropNow")}</strong></div></div>`}
  </div>`;
}
