/** Lines of CSV (RFC 4180), for files and bodies that the page writes. */

/** A value; an empty text is in quotes, as no value is null. @param {string} text */
const cell = (text) => (/[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text);

/** @param {unknown[][]} rows */
export const csv = (rows) => rows.map((row) => `${row.map((each) => cell(String(each))).join(",")}\r\n`).join("");
