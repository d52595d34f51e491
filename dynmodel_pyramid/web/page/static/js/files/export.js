/**
 * The rows in view as a file: a button, and a dialog that shows how far it is.
 *
 *     html`<${Export} table=${definition} query=${query} />`
 *
 * Where the page may write files (showSaveFilePicker: Chromium, in a secure context), the answer is piped from the
 * service into the file: a bar shows the rows, it can be stopped, and a broken connection leaves no file. Elsewhere a
 * plain link is opened, and the browser's own download does the same. Neither holds the rows in the tab's memory; a Blob
 * would. The link names the format in its query (`_format=csv`), as links have no headers; who asks is told by the
 * session's cookie, so no secret stands in an address.
 */
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { api, Problem, totalOf } from "../core/api.js";
import { titleOf } from "../core/state.js";
import { bytes, number, t } from "../core/texts.js";
import { Button, Dialog, Loading, Notice, ProblemBox, ProgressBar, Radios, saveAs, toast } from "../kit/index.js";
import "../texts/en/files.js";
import { formatLabel } from "./dialect.js";
import { formats, known } from "./formats.js";

/** Rows of a sheet of Excel, below the names. */
const SHEET = 1_048_575;
/** Formats with a line for each row, by which rows are counted. @type {Record<string, number>} name -> further lines */
const LINES = { csv: 1, ndjson: 0 };

/** What people need most comes first. */
const ORDER = ["csv", "xlsx", "ndjson", "json", "parquet", "arrow"];
const rank = (/** @type {string} */ name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

/**
 * @typedef {import("../core/state.js").Definition} Table
 * @typedef {{ table: Table, query: URLSearchParams }} Props query: of the rows in view: filter, order, select
 */

/** @param {Props & { [attribute: string]: any }} props */
export function Export({ table, query, ...rest }) {
  const [isOpen, setIsOpen] = useState(false);
  return html`<${Button} icon="download" onClick=${() => setIsOpen(true)} ...${rest}>${t("files.export")}</${Button}>
    ${isOpen && html`<${ExportDialog} table=${table} query=${query} onClose=${() => setIsOpen(false)} />`}`;
}

/** The query of a file: all rows in view, however many are shown at a time. @param {URLSearchParams} query */
function whole(query) {
  const kept = new URLSearchParams(query);
  for (const name of ["limit", "offset", "_after", "_before", "_format"]) kept.delete(name);
  return kept;
}

/** @param {Props & { onClose: () => void }} props */
export function ExportDialog({ table, query, onClose }) {
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [total, setTotal] = useState(/** @type {number | null} */ (null));
  const [name, setName] = useState("csv");
  const [progress, setProgress] = useState(/** @type {{ rows: number | null, bytes: number } | null} */ (null));
  const stop = useRef(/** @type {AbortController | null} */ (null));
  const asked = whole(query).toString();
  useEffect(() => {
    const counting = new AbortController();
    formats().catch(setProblem);
    count(table, asked, counting.signal).then(setTotal, (error) => !counting.signal.aborted && setProblem(error));
    return () => counting.abort();
  }, [asked]);
  useEffect(() => () => stop.current?.abort(), []);
  const hasPlace = Object.values(table.fields).some((each) => each.type === "point");
  const all = (known.value?.formats ?? []).filter((each) => each.writes && !each.missing && (each.name !== "geojson" || hasPlace));
  all.sort((one, other) => rank(one.name) - rank(other.name));
  const format = all.find((each) => each.name === name);
  const isTooMany = name === "xlsx" && (total ?? 0) > SHEET;
  const file = `${titleOf(table).replace(/[\\/:*?"<>|%;\p{Cc}]/gu, "_")}${format?.suffix ?? ""}`;

  const save = async () => {
    if (!format) return;
    const params = new URLSearchParams(asked);
    params.append("_format", format.name);
    const path = `/table/${table.id}/rows/`;
    setProblem(null);
    try {
      if (!("showSaveFilePicker" in window)) {
        await refuseEarly(path, params, format);
        saveAs("", api.url(path, params));
        toast(t("files.exportByBrowser"));
        onClose();
        return;
      }
      const target = await pick(file, format);
      if (!target) return;
      stop.current = new AbortController();
      setProgress({ rows: null, bytes: 0 });
      const size = await pipe(path, params, format, target, stop.current.signal, setProgress);
      toast(t("files.exported", { name: target.name, bytes: bytes(size) }), { kind: "ok" });
      onClose();
    } catch (error) {
      if (stop.current?.signal.aborted) toast(t("files.exportStopped"));
      else setProblem(error);
    }
    setProgress(null);
  };

  const footer = progress ? html`<${Button} onClick=${() => stop.current?.abort()}>${t("files.exportStop")}</${Button}>`
    : html`<${Button} onClick=${onClose}>${t("kit.cancel")}</${Button}><${Button} kind="primary" icon="download" type="submit" disabled=${!format || isTooMany}>${t("files.exportGo")}</${Button}>`;
  return html`<${Dialog} title=${t("files.exportTitle", { table: titleOf(table) })} onClose=${() => { stop.current?.abort(); onClose(); }} onSubmit=${progress ? () => {} : save} footer=${footer}>
    <p class="muted">${t("files.exportText")} <strong role="status">${total === null ? t("files.counting") : t("files.rows", { n: total })}</strong></p>
    ${problem && html`<${ProblemBox} problem=${problem} />`}
    ${!known.value && !problem && html`<${Loading} />`}
    ${known.value && !all.length && html`<${Notice} kind="warn">${t("files.exportNothing")}</${Notice}>`}
    ${progress ? html`<${ProgressBar} label=${t("files.exporting", { name: file })} value=${progress.rows ?? undefined} total=${progress.rows === null ? null : total}
        detail=${progress.rows === null || total === null ? t("files.exportRead", { bytes: bytes(progress.bytes) }) : t("files.exportOf", { n: Math.min(progress.rows, total), total: number(total), bytes: bytes(progress.bytes) })} />`
      : all.length > 0 && html`<${Radios} legend=${t("files.format")} value=${name} onChange=${setName} options=${all.map((each) => ({ value: each.name, label: html`${formatLabel(each)} <span class="muted mono small">${each.suffix}</span>` }))} />`}
    ${isTooMany && html`<${Notice} kind="warn">${t("files.exportTooMany")}</${Notice}>`}
  </${Dialog}>`;
}

/**
 * How many rows there are: by `Content-Range`, with a page of one row.
 * @param {Table} table @param {string} query @param {AbortSignal} signal
 */
async function count(table, query, signal) {
  const params = new URLSearchParams(query);
  params.append("limit", "1");
  const { headers } = await api.get(`/table/${table.id}/rows/`, { params, prefer: "count=exact", signal });
  return totalOf(headers);
}

/** A link saves whatever is answered, an error too: so a page of one row is asked for first. @param {string} path @param {URLSearchParams} params @param {import("./formats.js").Format} format */
async function refuseEarly(path, params, format) {
  const first = new URLSearchParams(params);
  first.append("limit", "1");
  await api.get(path, { params: first, headers: { Accept: format.media_type }, as: "blob" });
}

/** The file that a person chooses; null: none. @param {string} name @param {import("./formats.js").Format} format */
async function pick(name, format) {
  try {
    const types = format.suffix && /^\.\w+$/.test(format.suffix) ? [{ accept: { [format.media_type]: [format.suffix] } }] : undefined;
    return await /** @type {any} */ (window).showSaveFilePicker({ suggestedName: name, types });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

/**
 * @param {string} path @param {URLSearchParams} params @param {import("./formats.js").Format} format @param {any} target
 * @param {AbortSignal} signal @param {(progress: { rows: number | null, bytes: number }) => void} onProgress
 * @returns {Promise<number>} the bytes that were written
 */
async function pipe(path, params, format, target, signal, onProgress) {
  const { data } = await api.get(path, { params, headers: { Accept: format.media_type }, as: "response", signal });
  const further = LINES[format.name];
  let size = 0, lines = 0, told = 0;
  const counter = new TransformStream({
    /** @param {Uint8Array} chunk @param {TransformStreamDefaultController} controller */
    transform(chunk, controller) {
      size += chunk.length;
      if (further !== undefined) for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
      if (Date.now() - told > 100) {
        told = Date.now();
        onProgress({ rows: further === undefined ? null : Math.max(0, lines - further), bytes: size });
      }
      controller.enqueue(chunk);
    },
  });
  try {
    // A stream that fails throws away what was written: the file gets its content when it is closed.
    await /** @type {Response} */ (data).body?.pipeThrough(counter, { signal }).pipeTo(await target.createWritable());
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Problem(0, { code: "broken_off", detail: t("files.exportBroken") });
  }
  return size;
}
