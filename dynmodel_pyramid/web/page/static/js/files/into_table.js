/** A file loaded into a table that is there: columns to fields, what happens to known rows, and the load. */
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { Problem, totalOf } from "../core/api.js";
import { beforeLeaving, link } from "../core/router.js";
import { later } from "../core/later.js";
import { can, loadTable, titleOf } from "../core/state.js";
import { bytes, t } from "../core/texts.js";
import { Button, EmptyState, Field, Loading, Notice, Page, ProblemBox, Radios, Select, Spinner, confirm, toast, useLoaded } from "../kit/index.js";
import { inQuotes } from "../editors/names.js";
import { DialectControls, Guesses, formatLabel, parametersOf } from "./dialect.js";
import { DropArea } from "./dropped.js";
import { formats as loadFormats, known, mediaType, ofFile, stemOf } from "./formats.js";
import { Mapping, columnsParameter, matched } from "./mapping.js";
import { Preview, RefusedRows, saveRefused } from "./preview.js";
import { firstPart, upload } from "./sending.js";
import { Working } from "./working.js";

/** @typedef {import("../core/state.js").Definition} Definition */

/** @param {{ params: { id: string } }} props */
export default function IntoPage({ params }) {
  const loaded = useLoaded(params.id, async (signal) => {
    const [definition] = await Promise.all([loadTable(params.id, { signal }), loadFormats()]);
    return definition;
  });
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  if (loaded.problem) return html`<${Page} title=${t("files.fromFile")}><${ProblemBox} problem=${loaded.problem} onRetry=${loaded.reload} /></${Page}>`;
  if (!loaded.value) return html`<${Loading} />`;
  const definition = loaded.value, title = t("files.intoTitle", { table: titleOf(definition) });
  if (!can(definition, "create")) return html`<${Page} title=${title}><${EmptyState} icon="lock" title=${t("files.intoNotAllowed", { table: titleOf(definition) })} text=${t("files.notAllowedText")} /></${Page}>`;
  if (!file) return html`<${Page} title=${title} text=${t("files.intoText")}><${DropArea} onFile=${setFile} /></${Page}>`;
  return html`<${IntoTable} key=${`${file.name} ${file.size} ${file.lastModified}`} file=${file} definition=${definition} title=${title} onFile=${setFile} />`;
}

/** The fields that may be given for new rows. @param {Definition} definition */
function writableOf(definition) {
  const right = can(definition, "create");
  const given = new Set(["autonumber", "created_by", "created_time", "updated_by", "updated_time"]);
  const allowed = typeof right === "object" && right.fields ? new Set(right.fields) : null;
  return Object.entries(definition.fields).filter(([name, field]) => !given.has(field.type) && (!allowed || allowed.has(name) || allowed.has("*"))).map(([name]) => name);
}

/** What rows can be known by: ids, unique fields, unique rules. @param {Definition} definition @returns {string[][]} */
const keysOf = (definition) => [["id"], ...Object.entries(definition.fields).filter(([, field]) => field.unique).map(([name]) => [name]), ...definition.unique.map((rule) => rule.fields)];

/** @param {{ file: File, definition: Definition, title: string, onFile: (file: File | null) => void }} props */
function IntoTable({ file, definition, title, onFile }) {
  const all = /** @type {import("./formats.js").Formats} */ (known.value);
  const told = useMemo(() => ofFile(all, file.name), [file]);
  const keys = useMemo(() => keysOf(definition), [definition]);
  const [reading, setReading] = useState({ format: told.format?.name ?? "csv", dialect: told.dialect });
  const [columns, setColumns] = useState(/** @type {any[] | null} */ (null));
  const [fields, setFields] = useState(/** @type {(string | null)[]} */ ([]));
  const [mode, setMode] = useState("insert");
  const [key, setKey] = useState(keys.length > 1 ? "1" : "0");
  const [isLenient, setIsLenient] = useState(false);
  const [plan, setPlan] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [failure, setFailure] = useState(/** @type {any} */ (null));
  const [isPlanning, setIsPlanning] = useState(true);
  const [progress, setProgress] = useState(/** @type {import("./sending.js").Progress | null} */ (null));
  const [done, setDone] = useState(/** @type {any} */ (null));
  const loading = useRef(/** @type {AbortController | null} */ (null));
  const format = all.formats.find((each) => each.name === reading.format) ?? all.formats[0];
  const isTooLong = file.size > all.maxBody;
  const headers = { "Content-Type": mediaType(format, parametersOf(format, reading.dialect)), ...(told.coding ? { "Content-Encoding": told.coding } : {}) };
  const by = keys[Number(key)];
  const resolution = { insert: "", merge: "merge-duplicates", ignore: "ignore-duplicates" }[mode];
  const params = () => ({
    columns: columnsParameter(columns ?? [], fields) || undefined,
    on_conflict: resolution && by[0] !== "id" ? by.map(inQuotes).join(",") : undefined,
  });
  const prefer = (/** @type {string[]} */ ...more) => [...(resolution ? [`resolution=${resolution}`] : []), ...more].join(", ");

  // First what the file has, then what becomes of it under the fields that were chosen.
  useEffect(() => {
    if (isTooLong || !file.size || (columns && !fields.some(Boolean))) {
      setIsPlanning(false);
      return;
    }
    setIsPlanning(true);
    return later(async (signal) => {
      try {
        const part = await firstPart(file, { isText: format.is_text, coding: told.coding });
        const { "Content-Encoding": _, ...plain } = headers;
        const preference = prefer();
        const { data } = await upload(`/table/${definition.id}/rows/plan/`, part ?? file, {
          params: { ...(columns ? params() : {}), _part: part ? "true" : undefined }, signal,
          headers: { ...(part ? plain : headers), ...(preference && columns ? { Prefer: preference } : {}) },
        });
        setProblem(null);
        if (columns) setPlan({ ...data, isPart: Boolean(part), share: part && !told.coding ? part.size / file.size : null });
        else {
          setColumns(data.columns);
          setFields(matched(data.columns, definition));
        }
      } catch (error) {
        if (signal.aborted) return;
        setProblem(error);
        setPlan(null);
      }
      setIsPlanning(false);
    }, columns ? 200 : 0);
  }, [reading, columns, fields, mode, key]);
  useEffect(() => {
    if (!progress) return;
    const end = beforeLeaving(() => confirm({ title: t("files.leaveTitle"), text: t("files.leaveText"), action: t("files.leave"), danger: true }));
    return () => { end(); };
  }, [Boolean(progress)]);
  useEffect(() => () => loading.current?.abort(), []);

  const load = async () => {
    const stop = new AbortController();
    loading.current = stop;
    setFailure(null);
    setProgress({ phase: "sending", loaded: 0, total: file.size, since: Date.now() });
    try {
      const { data, header } = await upload(`/table/${definition.id}/rows/`, file, {
        params: params(), headers: { ...headers, Prefer: prefer("return=minimal", "count=exact", ...(isLenient ? ["handling=lenient"] : [])) }, signal: stop.signal, onProgress: setProgress,
      });
      const count = data?.count ?? totalOf({ get: header });
      setDone({ refused: [], refused_count: 0, ...data, count });
    } catch (error) {
      if (stop.signal.aborted) toast(t("files.stopped"));
      else setFailure(error);
    }
    setProgress(null);
  };

  if (done) return html`<${Done} result=${done} definition=${definition} name=${stemOf(file.name)} onAgain=${() => onFile(null)} />`;
  if (progress) return html`<${Page} title=${title}><${Working} progress=${progress} title=${t("files.loading", { name: file.name })} working=${t("files.working")} onStop=${() => loading.current?.abort()} /></${Page}>`;

  const rows = plan && (plan.isPart ? (plan.share ? Math.round(plan.rows / plan.share) : null) : plan.rows);
  const bad = plan?.refused_count ?? 0;
  const writable = writableOf(definition);
  const untouched = writable.filter((each) => !fields.includes(each));
  const label = rows === null || !plan ? t("files.loadAll") : plan.isPart ? t("files.loadAbout", { n: rows }) : t("files.loadRows", { n: isLenient ? rows - bad : rows });
  const canLoad = plan && !problem && !plan.problem && fields.some(Boolean) && (bad === 0 || isLenient || plan.isPart) && !(bad && bad === plan.judged);
  return html`<${Page} class="import" title=${title} text=${`${file.name} · ${bytes(file.size)}`}
    actions=${html`<${DropArea} compact label=${t("files.another")} onFile=${onFile} />`}>
    ${isTooLong && html`<${Notice} kind="danger" role="alert"><strong>${t("files.tooLong", { most: bytes(all.maxBody) })}</strong></${Notice}>`}
    ${(!file.size || columns?.length === 0) && html`<${Notice} kind="danger" role="alert"><strong>${t("files.emptyFile")}</strong></${Notice}>`}
    <div class="card read-as"><details open=${Boolean(problem) && !columns}><summary>${t("files.readAs")} <span class="muted">${formatLabel(format)}</span> ${plan && html`<${Guesses} told=${plan.told} said=${reading.dialect} />`}</summary>
      <${DialectControls} formats=${all.formats} format=${format} said=${reading.dialect} told=${plan?.told ?? {}}
        onFormat=${(/** @type {string} */ each) => { setColumns(null); setReading({ format: each, dialect: {} }); }} onSay=${(/** @type {any} */ dialect) => { setColumns(null); setReading({ ...reading, dialect }); }} /></details></div>
    ${problem && html`<${ProblemBox} problem=${problem} />`}
    ${plan?.problem && html`<${ProblemBox} problem=${plan.problem} />`}
    ${failure && html`<${Failure} failure=${failure} />`}
    ${!columns && isPlanning && html`<${Loading} label=${t("files.planning")} />`}
    ${columns && html`
      <section class="stack"><div class="row"><h2>${t("files.columns")}</h2>${isPlanning && html`<${Spinner} label=${t("files.planning")} />`}</div>
        ${!fields.some(Boolean) && html`<${Notice} kind="warn">${t("files.nothingMapped")}</${Notice}>`}
        <${Mapping} columns=${columns} fields=${fields} definition=${definition} writable=${writable} onChange=${setFields} />
        <p class="muted small">${fields.some((each) => !each) && t("files.unmapped", { n: fields.filter((each) => !each).length })}${fields.some((each) => !each) && untouched.length > 0 ? ". " : ""}${untouched.length > 0 && t("files.untouched", { names: untouched.join(", ") })}</p></section>
      <div class="card two"><div class="stack"><${Radios} legend=${t("files.mode")} value=${mode} onChange=${setMode} options=${["insert", "merge", "ignore"].map((each) => ({ value: each, label: t(`files.mode_${each}`, { by: by.map((name) => (name === "id" ? t("files.byId") : name)).join(", ") }) }))} />
          ${mode !== "insert" && (keys.length > 1 ? html`<${Field} label=${t("files.by")}><${Select} value=${key} onChange=${setKey} options=${keys.map((each, i) => ({ value: String(i), label: each.map((name) => (name === "id" ? t("files.byId") : name)).join(", ") }))} /></${Field}>` : html`<p class="muted small">${t("files.noUnique")}</p>`)}</div>
        <${Radios} legend=${t("files.bad")} value=${isLenient ? "lenient" : "strict"} onChange=${(/** @type {string} */ each) => setIsLenient(each === "lenient")} options=${["strict", "lenient"].map((each) => ({ value: each, label: t(`files.bad_${each}`) }))} /></div>
      ${bad > 0 && html`<section class="stack"><${Notice} kind="warn"><strong>${t("files.refused", { n: bad })}</strong></${Notice}><${RefusedRows} refused=${plan.refused} total=${bad} /></section>`}
      ${plan && !plan.problem && html`<section class="stack"><h2>${t("files.preview")}</h2><${Preview} rows=${plan.sample} fields=${fields.filter((each) => each && each !== "id")} /></section>`}`}
    <div class="import-foot"><${Button} href=${link(`/table/${definition.id}/`)}>${t("kit.cancel")}</${Button}>
      <${Button} kind="primary" icon="upload" disabled=${!canLoad || isPlanning} onClick=${load}>${label}</${Button}></div>
  </${Page}>`;
}

/** @param {{ failure: any }} props */
function Failure({ failure }) {
  const refused = failure instanceof Problem ? failure.document.refused ?? [] : [];
  const places = (/** @type {string} */ pointer) => {
    const [, number, ...rest] = pointer.split("/");
    return [t("files.rowNumber", { n: Number(number) + 1 }), ...rest].join(" › ");
  };
  return html`<${ProblemBox} problem=${failure} places=${places} />
    ${refused.length > 0 && html`<${RefusedRows} refused=${refused} total=${failure.document.refused_count} onDownload=${() => saveRefused(refused, "rows")} />`}`;
}

/** @param {{ result: any, definition: Definition, name: string, onAgain: () => void }} props */
function Done({ result, definition, name, onAgain }) {
  const isCounted = typeof result.inserted === "number";
  return html`<${Page} title=${t("files.loadedTitle", { table: titleOf(definition) })}>
    <${Notice} kind="ok" role="status"><strong>${t("files.loaded", { n: result.count })}</strong>
      ${isCounted && html`<p>${t("files.loadedText", { inserted: result.inserted, updated: result.count - result.inserted, refused: result.refused_count })}</p>`}</${Notice}>
    ${result.refused_count > 0 && html`<section class="stack"><h2>${t("files.refused", { n: result.refused_count })}</h2>
      <${RefusedRows} refused=${result.refused} total=${result.refused_count} onDownload=${() => saveRefused(result.refused, name)} /></section>`}
    <div class="row"><${Button} kind="primary" icon="table" href=${link(`/table/${definition.id}/`)}>${t("files.toRows")}</${Button}><${Button} onClick=${onAgain}>${t("files.anotherTime")}</${Button}></div>
  </${Page}>`;
}
