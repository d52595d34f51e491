/** What an examination of the whole deployment finds, with the mends; a part of the tables at a time. */
import { html, useEffect, useState } from "../../vendor/preact.js";
import { api } from "../core/api.js";
import { link } from "../core/router.js";
import { t } from "../core/texts.js";
import { forAdmins } from "../access/frame.js";
import { Badge, Button, Loading, Notice, Page, ProblemBox, Table } from "../kit/index.js";
import "../texts/en/definition.js";

const KINDS = /** @type {Record<string, any>} */ ({ error: "danger", warning: "warn", note: "" });
const ORDER = ["error", "warning", "note"];
/** @typedef {{ severity: string, code: string, detail: string, where: string, table: number | null, mend: string }} Finding */

function DoctorPage() {
  const [round, setRound] = useState(0);
  const [state, setState] = useState({ findings: /** @type {Finding[]} */ ([]), tables: 0, isLoading: true, problem: /** @type {any} */ (null) });
  useEffect(() => {
    const stop = new AbortController();
    const examine = async () => {
      /** @type {Finding[]} */
      let findings = [];
      let tables = 0, after = /** @type {number | null} */ (null);
      setState({ findings, tables, isLoading: true, problem: null });
      try {
        do {
          const { data } = await api.get("/health/", { params: { after }, signal: stop.signal });
          findings = [...findings, ...data.findings].sort((one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity));
          tables += data.tables;
          after = data.next;
          setState({ findings, tables, isLoading: after !== null, problem: null });
        } while (after !== null);
      } catch (problem) {
        if (!stop.signal.aborted) setState({ findings, tables, isLoading: false, problem });
      }
    };
    examine();
    return () => stop.abort();
  }, [round]);
  const { findings, tables, isLoading, problem } = state;
  const worst = findings[0]?.severity;
  const kind = worst === "error" ? "danger" : worst === "warning" ? "warn" : "ok";
  return html`<${Page} title=${t("definition.doctor")} text=${t("definition.doctorText")} actions=${html`<${Button} icon="refresh" busy=${isLoading} onClick=${() => setRound(round + 1)}>${t("definition.checkAgain")}</${Button}>`}>
    <div class="stack">
      <${ProblemBox} problem=${problem} onRetry=${() => setRound(round + 1)} />
      <${Notice} kind=${kind} role="status">${t("definition.tablesExamined", { n: tables })}${" "}${findings.length ? t("definition.findings", { n: findings.length }) : !isLoading && !problem && t("definition.noFindings")}</${Notice}>
      ${findings.length > 0 && html`<${Table} caption=${t("definition.doctor")} rows=${findings.map((each, id) => ({ ...each, id }))} columns=${[
        { key: "severity", label: t("definition.severity"), cell: (/** @type {Finding} */ each) => html`<${Badge} kind=${KINDS[each.severity]}>${t(`definition.severity_${each.severity}`)}</${Badge}>` },
        { key: "detail", label: t("definition.what"), head: true, cell: (/** @type {Finding} */ each) => html`<p>${each.detail}</p><p class="muted small">${each.table === null ? each.where : html`<a href=${link(`/table/${each.table}/health/`)}>${each.where}</a>`}</p>` },
        { key: "mend", label: t("definition.mend"), cell: (/** @type {Finding} */ each) => html`<code>${each.mend}</code>` },
      ]} />`}
      ${isLoading && html`<${Loading} />`}
    </div>
  </${Page}>`;
}

export default forAdmins(DoctorPage);
