/** A table made of a file: what the service finds in it, what a person says instead, and the load. */
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { Problem } from "../core/api.js";
import { later } from "../core/later.js";
import { beforeLeaving, link, navigate } from "../core/router.js";
import { definesTables, loadFieldTypes, loadMe, loadTables, tables } from "../core/state.js";
import { bytes, t } from "../core/texts.js";
import { Button, EmptyState, Field, Loading, Notice, Page, ProblemBox, Select, Spinner, TextInput, confirm, placeOf, toast } from "../kit/index.js";
import { Columns, corrections, keyOf } from "./columns.js";
import { DialectControls, Guesses, NullWords, formatLabel, parametersOf } from "./dialect.js";
import { DropArea, dropped } from "./dropped.js";
import { formats as loadFormats, known, mediaType, ofFile, stemOf } from "./formats.js";
import { Preview, RefusedRows, saveRefused } from "./preview.js";
import { firstPart, upload } from "./sending.js";
import { Working } from "./working.js";

/** @type {import("../core/api.js").Fault[]} */
const NO_ERRORS = [];
const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** @type {string[]} */
const ZONES = /** @type {any} */ (Intl).supportedValuesOf?.("timeZone") ?? [OWN_ZONE];

export default function ImportPage() {
  const [ready, setReady] = useState(/** @type {any} */ (null));
  const file = dropped.value;
  useEffect(() => {
    Promise.all([loadFormats(), loadFieldTypes()]).then(() => setReady(true), setReady);
    return () => { dropped.value = null; };
  }, []);
  if (!definesTables()) return html`<${Page} title=${t("files.newTitle")}><${EmptyState} icon="lock" title=${t("files.notAllowed")} text=${t("files.notAllowedText")} /></${Page}>`;
  if (ready instanceof Error) return html`<${Page} title=${t("files.newTitle")}><${ProblemBox} problem=${ready} onRetry=${() => location.reload()} /></${Page}>`;
  if (!ready) return html`<${Loading} />`;
  if (!file) return html`<${Page} title=${t("files.newTitle")} text=${t("files.newText")}><${DropArea} onFile=${(/** @type {File} */ each) => { dropped.value = each; }} /></${Page}>`;
  return html`<${FileTable} key=${`${file.name} ${file.size} ${file.lastModified}`} file=${file} />`;
}

/**
 * How a file is read, as a person says it.
 * @typedef {{ format: string, dialect: Record<string, string>, nulls: string, zone: string }} Reading
 */

/** @param {{ file: File }} props */
function FileTable({ file }) {
  const all = /** @type {import("./formats.js").Formats} */ (known.value);
  const told = useMemo(() => ofFile(all, file.name), [file]);
  const [reading, setReading] = useState(/** @type {Reading} */ ({ format: told.format?.name ?? "csv", dialect: told.dialect, nulls: "", zone: "" }));
  const [name, setName] = useState(() => freeName(stemOf(file.name)));
  const [said, setSaid] = useState(/** @type {Map<number, import("./columns.js").Said>} */ (new Map()));
  const [plan, setPlan] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [isPlanning, setIsPlanning] = useState(true);
  const [wantsWhole, setWantsWhole] = useState(false);
  const [progress, setProgress] = useState(/** @type {import("./sending.js").Progress | null} */ (null));
  const [failure, setFailure] = useState(/** @type {any} */ (null));
  const [done, setDone] = useState(/** @type {any} */ (null));
  const loading = useRef(/** @type {AbortController | null} */ (null));
  const format = all.formats.find((each) => each.name === reading.format) ?? all.formats[0];
  const isTooLong = file.size > all.maxBody;

  /** @param {Record<string, any>} [more] */
  const request = (more = {}) => {
    const fields = corrections(plan?.columns ?? [], said);
    return {
      params: { from: "file", name: name.trim(), fields: fields && JSON.stringify(fields), null: reading.nulls || undefined, timezone: reading.zone || undefined, ...more },
      headers: { "Content-Type": mediaType(format, parametersOf(format, reading.dialect)), ...(told.coding ? { "Content-Encoding": told.coding } : {}) },
    };
  };
  const first = useRef(true);
  useEffect(() => {
    if (isTooLong || !file.size) {
      setIsPlanning(false);
      return;
    }
    setIsPlanning(true);
    const stop = later(async (signal) => {
      try {
        const part = wantsWhole ? null : await firstPart(file, { isText: format.is_text, coding: told.coding });
        const { params, headers } = request({ plan: part ? "part" : "true" });
        if (part) delete headers["Content-Encoding"];
        const { data } = await upload("/table/", part ?? file, { params, headers, signal });
        setPlan({ ...data, isPart: Boolean(part), share: part && !told.coding ? part.size / file.size : null });
        setProblem(null);
      } catch (error) {
        if (signal.aborted) return;
        setProblem(error);
        // Faults of what a person has said leave what was found before; others are of the file as a whole.
        if (!isOfFields(error)) setPlan(null);
      }
      setIsPlanning(false);
    }, first.current ? 0 : 350);
    first.current = false;
    return stop;
  }, [reading, name, said, wantsWhole]);
  useEffect(() => {
    if (!progress) return;
    const end = beforeLeaving(() => confirm({ title: t("files.leaveTitle"), text: t("files.leaveText"), action: t("files.leave"), danger: true }));
    return () => { end(); };
  }, [Boolean(progress)]);
  useEffect(() => () => loading.current?.abort(), []);

  /** @param {boolean} isLenient */
  const load = async (isLenient) => {
    const stop = new AbortController();
    loading.current = stop;
    setFailure(null);
    setProgress({ phase: "sending", loaded: 0, total: file.size, since: Date.now() });
    try {
      const { params, headers } = request();
      const answer = await upload("/table/", file, { params, headers: { ...headers, ...(isLenient ? { Prefer: "handling=lenient" } : {}) }, signal: stop.signal, onProgress: setProgress });
      setProgress(null);
      const others = changedTypes(plan, answer.data);
      await Promise.all([loadTables(), loadMe()]);
      if (others.length || answer.data.refused_count) setDone({ ...answer.data, others });
      else {
        toast(t("files.made", { n: answer.data.rows, name: answer.data.definition.model_name }), { kind: "ok" });
        navigate(`/table/${answer.data.definition.id}/`, { replace: true });
      }
    } catch (error) {
      setProgress(null);
      if (!stop.signal.aborted) setFailure(error);
      else toast(t("files.stopped"));
    }
  };

  if (done) return html`<${Done} result=${done} name=${stemOf(file.name)} />`;
  if (progress) {
    return html`<${Page} title=${t("files.newTitle")}><${Working} progress=${progress} title=${t("files.loading", { name: file.name })} working=${t("files.working")} onStop=${() => loading.current?.abort()} /></${Page}>`;
  }
  const bad = plan?.refused_count ?? 0, good = plan ? plan.judged - bad : 0;
  const refusedInName = problem instanceof Problem && (problem.code === "name_taken" || problem.errors.some((each) => each.pointer === "/model_name"));
  const rows = plan && (plan.isPart ? (plan.share ? Math.round(plan.rows / plan.share) : null) : plan.rows);
  const canLoad = Boolean(plan) && !problem && Boolean(name.trim()) && (bad === 0 || good > 0);
  return html`<${Page} class="import" title=${t("files.newTitle")} heading=${file.name} text=${says(file, told.coding, plan, rows)}
    actions=${html`<${DropArea} compact label=${t("files.another")} onFile=${(/** @type {File} */ each) => { dropped.value = each; }} />`}>
    ${isTooLong && html`<${Notice} kind="danger" role="alert"><strong>${t("files.tooLong", { most: bytes(all.maxBody) })}</strong><p>${t("files.tooLongText", { name: file.name })}</p></${Notice}>`}
    ${!file.size && html`<${Notice} kind="danger" role="alert"><strong>${t("files.emptyFile")}</strong></${Notice}>`}
    ${!told.format && html`<${Notice} kind="warn">${t("files.unknownSuffix", { format: formatLabel(format) })}</${Notice}>`}
    <div class="card read-as">
      <div class="row fields"><${Field} label=${t("files.tableName")} error=${refusedInName ? problem.errors[0]?.detail ?? problem.detail : undefined} class="grow"><${TextInput} value=${name} onInput=${setName} maxlength=${63} /></${Field}></div>
      <details open=${Boolean(problem) && !refusedInName && !isOfFields(problem)}><summary>${t("files.readAs")} <span class="muted">${formatLabel(format)}</span> ${plan && html`<${Guesses} told=${plan.told} said=${reading.dialect} />`}</summary>
        <${DialectControls} formats=${all.formats} format=${format} said=${reading.dialect} told=${plan?.told ?? {}}
          without=${["null"]} onFormat=${(/** @type {string} */ each) => { setSaid(new Map()); setReading({ ...reading, format: each, dialect: {} }); }}
          onSay=${(/** @type {any} */ dialect) => { setSaid(new Map()); setReading({ ...reading, dialect }); }} />
        <div class="dialect">
          <${NullWords} value=${reading.nulls} onInput=${(/** @type {string} */ nulls) => setReading({ ...reading, nulls })} />
          <${Field} label=${t("files.zone")} help=${t("files.zoneHelp")}><${Select} value=${reading.zone} onChange=${(/** @type {string} */ zone) => setReading({ ...reading, zone })}
            options=${[{ value: "", label: t("files.noZone") }, OWN_ZONE, ...ZONES.filter((each) => each !== OWN_ZONE)]} /></${Field}>
        </div></details>
    </div>
    ${problem && !refusedInName && html`<${ProblemBox} problem=${isOfFields(problem) && problem.errors.length ? { detail: t("files.fieldsRefused"), errors: problem.errors } : problem} places=${placeInDefinition} />`}
    ${failure && html`<${Failure} failure=${failure} onLenient=${() => load(true)} />`}
    ${!plan && isPlanning && html`<${Loading} label=${t("files.planning")} />`}
    ${plan && html`
      ${hintsOf(plan, format, reading.dialect).map((hint) => html`<${Notice} key=${hint.id} kind="warn">${t(`files.hint_${hint.id}`)} <${Button} small
        onClick=${() => { setSaid(new Map()); setReading({ ...reading, dialect: { ...reading.dialect, ...hint.dialect } }); }}>${t(`files.hintDo_${hint.id}`)}</${Button}></${Notice}>`)}
      ${plan.isPart && html`<${Notice}>${t("files.isPart", { n: plan.rows })} <${Button} small kind="quiet" onClick=${() => setWantsWhole(true)}>${t("files.lookAtAll", { size: bytes(file.size) })}</${Button}></${Notice}>`}
      ${bad > 0 && html`<section class="stack"><${Notice} kind="warn"><strong>${t("files.refused", { n: bad })}</strong><p>${t("files.refusedText")}</p></${Notice}>
        <${RefusedRows} refused=${plan.refused} total=${bad} onDownload=${bad <= plan.refused.length ? () => saveRefused(plan.refused, stemOf(file.name)) : undefined} /></section>`}
      <section class="stack"><div class="row"><h2>${t("files.columns")}</h2><span class="muted">${t("files.columnCount", { n: plan.columns.length })}</span>${isPlanning && html`<${Spinner} label=${t("files.planning")} />`}</div>
        <${Columns} columns=${plan.columns} fields=${plan.definition.fields} rows=${plan.rows} said=${said} errors=${problem instanceof Problem ? problem.errors : NO_ERRORS}
          onSay=${(/** @type {number} */ at, /** @type {any} */ each) => setSaid((before) => new Map(before).set(at, each))}
          onNull=${(/** @type {string} */ word) => setReading((before) => ({ ...before, nulls: [...new Set([...before.nulls.split(",").filter(Boolean), word])].join(",") }))} /></section>
      <section class="stack"><h2>${t("files.preview")}</h2><${Preview} rows=${plan.sample} fields=${Object.keys(plan.definition.fields)} /></section>`}
    <div class="import-foot"><${Button} href=${link("/")}>${t("kit.cancel")}</${Button}>
      <${Button} kind="primary" icon="table" disabled=${!canLoad || isPlanning} onClick=${() => load(bad > 0)}>${rows === null || !plan ? t("files.make") : bad > 0 ? t("files.makeOfGood", { n: good }) : plan.isPart ? t("files.makeAbout", { n: rows }) : t("files.makeWith", { n: rows })}</${Button}></div>
  </${Page}>`;
}

/** @param {File} file @param {string} coding @param {any} plan @param {number | null} rows */
function says(file, coding, plan, rows) {
  const size = bytes(file.size) + (coding ? `, ${coding}` : "");
  if (!plan) return size;
  return `${size} · ${t(plan.isPart ? "files.aboutRows" : "files.rows", { n: rows ?? plan.rows })} · ${t("files.columnCount", { n: plan.columns.length })}`;
}

/**
 * What the dialect may be otherwise: a person decides.
 * @param {any} plan @param {import("./formats.js").Format} format @param {Record<string, string>} said
 */
function hintsOf(plan, format, said) {
  /** @type {{ id: string, dialect: Record<string, string> }[]} */
  const found = [];
  /** @type {import("./columns.js").Column[]} */
  const columns = plan.columns;
  if (format.parameters.includes("header") && said.header !== "absent" && columns.every((each) => /^\s*[-+]?[\d.,:/-]*\s*$/.test(each.name ?? ""))) {
    found.push({ id: "row", dialect: { header: "absent" } });
  }
  const hasThousands = (/** @type {import("./columns.js").Column} */ each) => each.type === "string" && each.samples?.some((text) => text.includes(",")) && each.samples.every((text) => /^-?\d{1,3}(,\d{3})*(\.\d+)?$/.test(text));
  if (format.parameters.includes("thousands") && !said.thousands && columns.some(hasThousands)) found.push({ id: "thousands", dialect: { thousands: "," } });
  return found;
}

/** A name that no table has. @param {string} stem */
function freeName(stem) {
  const taken = new Set((tables.value ?? []).map((each) => each.model_name.toLowerCase()));
  let name = stem;
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${stem} ${n}`;
  return name;
}

/** Whether an error is about what a person says of names and types. @param {any} error */
const isOfFields = (error) => error instanceof Problem && (error.code === "name_taken" || error.document.parameter === "fields" || error.errors.some((each) => /^\/(fields|model_name)/.test(each.pointer)));

/** "/fields/price/scale" -> "price › scale". @param {string} pointer */
const placeInDefinition = (pointer) => placeOf(pointer.replace(/^\/fields/, "")) || t("files.tableName");

/** Columns that the whole file gives another type than its first part. @param {any} plan @param {any} made */
function changedTypes(plan, made) {
  return made.columns.filter((/** @type {any} */ column, /** @type {number} */ at) => plan?.isPart && plan.columns[at] && plan.columns[at].type !== column.type)
    .map((/** @type {any} */ column) => ({ name: column.name ?? keyOf(made.columns, made.columns.indexOf(column)), type: column.type ?? "id" }));
}

/** What the load was refused for, and the way out. @param {{ failure: any, onLenient: () => void }} props */
function Failure({ failure, onLenient }) {
  const isOfRows = failure instanceof Problem && failure.errors.some((each) => /^\/\d/.test(each.pointer));
  const places = (/** @type {string} */ pointer) => {
    const [, number, ...rest] = pointer.split("/");
    return /^\d+$/.test(number) ? [t("files.rowNumber", { n: Number(number) + 1 }), ...rest].join(" › ") : placeInDefinition(pointer);
  };
  return html`<${ProblemBox} problem=${failure} places=${places} />
    ${isOfRows && html`<${Notice}>${t("files.lenientText")} <${Button} small onClick=${onLenient}>${t("files.lenient")}</${Button}></${Notice}>`}`;
}

/** @param {{ result: any, name: string }} props */
function Done({ result, name }) {
  const { definition } = result;
  return html`<${Page} title=${t("files.doneTitle", { name: definition.model_name })}>
    <${Notice} kind="ok" role="status"><strong>${t("files.made", { n: result.rows, name: definition.model_name })}</strong></${Notice}>
    ${result.others.length > 0 && html`<${Notice} kind="warn"><strong>${t("files.otherTypes")}</strong><ul>${result.others.map((/** @type {any} */ each) => html`<li key=${each.name}>${each.name}: ${each.type}</li>`)}</ul></${Notice}>`}
    ${result.refused_count > 0 && html`<section class="stack"><h2>${t("files.refused", { n: result.refused_count })}</h2>
      <${RefusedRows} refused=${result.refused} total=${result.refused_count} onDownload=${() => saveRefused(result.refused, name)} /></section>`}
    <div><${Button} kind="primary" icon="table" href=${link(`/table/${definition.id}/`)}>${t("files.open")}</${Button}></div>
  </${Page}>`;
}
