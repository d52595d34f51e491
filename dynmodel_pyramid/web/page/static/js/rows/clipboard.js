/** Tables as spreadsheets put them on the clipboard: tab-separated text (with quotes, as RFC 4180 has them) and HTML. */

const QUOTED = /"((?:[^"]|"")*)"(?=[\t\n]|$)/y;
const PLAIN = /[^\t\n]*/y;

/** @param {string} text @returns {string[][]} */
export function parseTable(text) {
  /** @type {string[][]} */
  const rows = [];
  /** @type {string[]} */
  let row = [];
  let at = 0;
  const all = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  while (at <= all.length) {
    let value = "";
    if (all[at] === '"') {
      QUOTED.lastIndex = at;
      const quoted = QUOTED.exec(all);
      if (quoted) {
        value = quoted[1].replace(/""/g, '"');
        at += quoted[0].length;
      }
    }
    if (!value) {
      PLAIN.lastIndex = at;
      value = PLAIN.exec(all)?.[0] ?? "";
      at += value.length;
    }
    row.push(value);
    if (all[at] === "\t") at++;
    else {
      rows.push(row);
      row = [];
      if (at >= all.length) break;
      at++;
    }
  }
  return rows;
}

/** @param {string[][]} rows */
export const writeTable = (rows) => rows.map((row) => row.map((each) => (/[\t\n\r"]/.test(each) ? `"${each.replace(/"/g, '""')}"` : each)).join("\t")).join("\n");

/** @param {string[][]} rows */
export function writeHtml(rows) {
  const safe = (/** @type {string} */ text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\n/g, "<br>");
  return `<table>${rows.map((row) => `<tr>${row.map((each) => `<td>${safe(each)}</td>`).join("")}</tr>`).join("")}</table>`;
}

/**
 * Put rows on the clipboard: at once while a copy event is handled, else as soon as they have come.
 * @param {ClipboardEvent} event
 * @param {string[][] | Promise<string[][]>} rows
 */
export async function put(event, rows) {
  if (!(rows instanceof Promise)) {
    event.clipboardData?.setData("text/plain", writeTable(rows));
    event.clipboardData?.setData("text/html", writeHtml(rows));
    return;
  }
  const text = (/** @type {(rows: string[][]) => string} */ write, /** @type {string} */ type) => rows.then((each) => new Blob([write(each)], { type }));
  await navigator.clipboard.write([new ClipboardItem({ "text/plain": text(writeTable, "text/plain"), "text/html": text(writeHtml, "text/html") })]);
}
