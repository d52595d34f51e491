/**
 * A request as code: curl for a shell, Python, JavaScript. No part of it is put together from unquoted values.
 *
 * @typedef {Object} Asked
 * @property {string} method
 * @property {string} url with its query, percent-encoded
 * @property {[string, string][]} headers
 * @property {any} [body] sent as JSON
 * @property {boolean} hasToken whether requests need one
 */

/** What stands in the place of a token: code reads it from the environment, so that no secret is copied. */
export const TOKEN = "DYNMODEL_TOKEN";

/** A word for a POSIX shell: in single quotes nothing means anything. @param {string} text */
export const shell = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** @param {Asked} asked */
export function curl({ method, url, headers, body, hasToken }) {
  const sent = [...headers, .../** @type {[string, string][]} */ (body === undefined ? [] : [["Content-Type", "application/json"]])];
  const words = [
    // Without --globoff curl reads braces and brackets of an address as patterns.
    `curl --silent --show-error --fail-with-body --globoff ${shell(url)}`,
    ...(method === "GET" || (method === "POST" && body !== undefined) ? [] : [`--request ${method}`]),
    ...(hasToken ? [`--header "Authorization: Bearer $${TOKEN}"`] : []),
    ...sent.map(([name, value]) => `--header ${shell(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data ${shell(JSON.stringify(body))}`]),
  ];
  return words.join(" \\\n  ");
}

/** A literal of Python: JSON's strings are Python's, too. Quotes in it are easier to read in the others. @param {string} text */
const python = (text) => (text.includes('"') && /^[ !"#-&(-[\]-~\u00a1-\ud7ff]*$/.test(text) ? `'${text}'` : pythonText(text));

/** @param {string} text */
const pythonText = (text) => JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029").replace(/[\u007f-\u009f]/g, (each) => `\\x${each.charCodeAt(0).toString(16)}`);

/** A JSON value as a literal of Python. @param {any} value @param {string} [indent] @returns {string} */
export function pythonValue(value, indent = "") {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return python(value);
  if (typeof value !== "object") return String(value);
  const inner = `${indent}    `;
  const parts = Array.isArray(value) ? value.map((each) => pythonValue(each, inner)) : Object.entries(value).map(([name, each]) => `${python(name)}: ${pythonValue(each, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return parts.length ? `${open}\n${parts.map((each) => `${inner}${each},\n`).join("")}${indent}${close}` : `${open}${close}`;
}

/** @param {Asked} asked */
export function httpx({ method, url, headers, body, hasToken }) {
  const { address, params } = parted(url);
  const lines = [
    ...(hasToken ? ["import os", ""] : []), "import httpx", "",
    `answer = httpx.request(`, `    ${python(method)},`, `    ${python(address)},`,
    ...(params.length ? [`    params=[`, ...params.map(([name, value]) => `        (${python(name)}, ${python(value)}),`), `    ],`] : []),
    ...headerLines(headers, hasToken),
    ...(body === undefined ? [] : [`    json=${pythonValue(body, "    ")},`]),
    `    timeout=60,`, `)`, `answer.raise_for_status()`,
    `print(answer.json())`,
  ];
  return lines.join("\n");
}

/** @param {[string, string][]} headers @param {boolean} hasToken */
function headerLines(headers, hasToken) {
  if (!headers.length && !hasToken) return [];
  const token = hasToken ? [`        "Authorization": f"Bearer {os.environ['${TOKEN}']}",`] : [];
  return [`    headers={`, ...token, ...headers.map(([name, value]) => `        ${python(name)}: ${python(value)},`), `    },`];
}

/** @param {Asked} asked */
export function javascript({ method, url, headers, body, hasToken }) {
  const { address, params } = parted(url);
  const sent = [...headers, .../** @type {[string, string][]} */ (body === undefined ? [] : [["Content-Type", "application/json"]])];
  const lines = [
    `const url = new URL(${JSON.stringify(address)});`,
    ...params.map(([name, value]) => `url.searchParams.append(${JSON.stringify(name)}, ${JSON.stringify(value)});`),
    ...(method === "GET" && !sent.length && !hasToken ? [`const answer = await fetch(url);`] : [`const answer = await fetch(url, {`,
    ...(method === "GET" ? [] : [`  method: ${JSON.stringify(method)},`]),
    ...(sent.length || hasToken ? [`  headers: {`, ...(hasToken ? [`    Authorization: \`Bearer \${process.env.${TOKEN}}\`,`] : []), ...sent.map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`), `  },`] : []),
    ...(body === undefined ? [] : [`  body: JSON.stringify(${JSON.stringify(body, null, 2).replaceAll("\n", "\n  ")}),`]),
    `});`]), `if (!answer.ok) throw new Error(await answer.text());`, `console.log(JSON.stringify(await answer.json()));`,
  ];
  return lines.join("\n");
}

/** @param {string} url */
function parted(url) {
  const [address, query = ""] = url.split("?");
  return { address, params: [...new URLSearchParams(query)] };
}

/** A query as people read it: only what an address can't have is encoded. @param {URLSearchParams} params */
export function readable(params) {
  const one = (/** @type {string} */ text) => encodeURIComponent(text).replace(/%(2C|3A|28|29|2A|2F|40|24|3E|22)/g, (each, code) => (code === "22" || code === "3E" ? each : decodeURIComponent(each)));
  return [...params].map(([name, value]) => `${one(name)}=${one(value)}`).join("&");
}

/** @type {{ id: string, label: string, write: (asked: Asked) => string }[]} */
export const LANGUAGES = [
  { id: "curl", label: "curl", write: curl },
  { id: "python", label: "Python", write: httpx },
  { id: "javascript", label: "JavaScript", write: javascript },
];
