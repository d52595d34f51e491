/**
 * Requests to the service: the public API, as every client uses it.
 *
 *     const { data, etag } = await api.get("/table/1/");
 *     await api.send("PATCH", "/table/1/", patch, { ifMatch: etag, type: "application/merge-patch+json" });
 *
 * Paths begin with a slash and are below the place where the service is mounted. What the service refuses is thrown
 * as a Problem. The session's cookie goes along by itself; the browser's Origin is the proof against forged requests.
 */

import { parse, stringify } from "./json.js";

/** Where the service is mounted: "/", or "/prefix/". */
export const root = document.querySelector('meta[name="dynmodel-root"]')?.getAttribute("content") ?? "/";

/**
 * @typedef {Object} Fault what is wrong with one place of a document
 * @property {string} pointer
 * @property {string} code
 * @property {string} detail
 */

/** An answer that is an error: the members of its problem document (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {number} status 0: no answer came
   * @param {Record<string, any>} document
   * @param {Headers} [headers]
   */
  constructor(status, document, headers) {
    super(document.detail || document.message || document.title || `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    /** Stable, documented in docs/errors.md. @type {string} */
    this.code = document.code || "";
    /** @type {string} */
    this.detail = this.message;
    /** @type {string | null} */
    this.hint = document.hint || null;
    /** @type {Fault[]} */
    this.errors = document.errors || [];
    /** The whole document, with members of its own for some codes. */
    this.document = document;
    this.headers = headers || new Headers();
  }

  /** Seconds after which a repetition may help; null: none. */
  get retryAfter() {
    const seconds = Number(this.headers.get("Retry-After"));
    return Number.isFinite(seconds) && this.headers.has("Retry-After") ? seconds : null;
  }
}

/**
 * @typedef {Object} Options
 * @property {Record<string, any> | URLSearchParams} [params]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {string} [ifMatch] an ETag, with its quotes
 * @property {string} [etag] what is held already: the answer may be 304 without data
 * @property {string} [type] the body's media type; JSON by default
 * @property {string} [prefer]
 * @property {"json" | "text" | "blob" | "response"} [as] what data is; by default by the answer's media type
 * @property {boolean} [quiet] a 401 is thrown, and nobody is asked to sign in
 *
 * @typedef {Object} Answer
 * @property {number} status
 * @property {any} data
 * @property {Headers} headers
 * @property {string | null} etag
 */

/**
 * Called when a request needs a (new) sign-in; resolves to whether to send it again. Set by the session part.
 * @type {{ ask: null | ((problem: Problem) => Promise<boolean>) }}
 */
export const signIn = { ask: null };

/** Of the last write: what is read afterwards is not older, whichever server it is read from. @type {string | null} */
let consistency = null;

/**
 * The address of a path. Values that are null or undefined are left out; of an array each is a parameter.
 * @param {string} path
 * @param {Record<string, any> | URLSearchParams} [params]
 */
export function url(path, params) {
  const query = params instanceof URLSearchParams ? params : new URLSearchParams();
  if (params && !(params instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(params)) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each !== null && each !== undefined) query.append(name, String(each));
      }
    }
  }
  const text = query.toString();
  return root + path.replace(/^\//, "") + (text ? (path.includes("?") ? "&" : "?") + text : "");
}

/** @param {Response} answer @param {Options["as"]} as */
async function content(answer, as) {
  if (as === "response") return answer;
  if (answer.status === 204 || answer.status === 304) return undefined;
  if (as === "blob") return answer.blob();
  const isJson = /[/+]json\b/.test(answer.headers.get("Content-Type") || "");
  if (as === "text" || (!isJson && as !== "json")) return answer.text();
  const text = await answer.text();
  return text ? parse(text) : undefined;
}

/** @param {Response} answer */
async function problem(answer) {
  const text = await answer.text().catch(() => "");
  let document = { detail: "" };
  try {
    document = parse(text);
  } catch {
    document.detail = answer.statusText || `HTTP ${answer.status}`; // of a proxy, say
  }
  return new Problem(answer.status, document, answer.headers);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {any} body an object (sent as JSON), or a string, Blob, FormData, URLSearchParams, which are sent as they are
 * @param {Options} options
 * @returns {Promise<Answer>}
 */
async function request(method, path, body, options) {
  const headers = new Headers(options.headers);
  if (!headers.has("Accept") && options.as !== "blob") headers.set("Accept", "application/json");
  if (options.ifMatch) headers.set("If-Match", options.ifMatch);
  if (options.etag) headers.set("If-None-Match", options.etag);
  if (options.prefer) headers.set("Prefer", options.prefer);
  if (consistency) headers.set("Consistency-Token", consistency);
  let sent = body;
  if (body !== undefined) {
    const isRaw = typeof body === "string" || body instanceof Blob || body instanceof FormData || body instanceof URLSearchParams || body instanceof ArrayBuffer;
    if (!isRaw) sent = stringify(body);
    if (options.type) headers.set("Content-Type", options.type);
    else if (!isRaw) headers.set("Content-Type", "application/json");
  }
  let answer;
  try {
    answer = await fetch(url(path, options.params), {
      method, headers, body: sent, signal: options.signal, credentials: "same-origin", cache: options.etag ? "no-store" : "default",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, { code: "no_answer", detail: "The service does not answer.", hint: "Check the connection, then try again." });
  }
  consistency = answer.headers.get("Consistency-Token") || consistency;
  if (answer.ok || answer.status === 304) {
    return { status: answer.status, data: await content(answer, options.as), headers: answer.headers, etag: answer.headers.get("ETag") };
  }
  const refusal = await problem(answer);
  if (answer.status === 401 && !options.quiet && signIn.ask && (await signIn.ask(refusal))) {
    return request(method, path, body, { ...options, quiet: true });
  }
  throw refusal;
}

/** @param {string} path @param {Options} [options] */
export const get = (path, options = {}) => request("GET", path, undefined, options);

/** @param {string} method @param {string} path @param {any} [body] @param {Options} [options] */
export const send = (method, path, body, options = {}) => request(method, path, body, options);

/** The number of all rows that an answer's `Content-Range` tells; null: none. @param {Pick<Headers, "get">} headers */
export function totalOf(headers) {
  const found = /\/(\d+)$/.exec(headers.get("Content-Range") ?? "");
  return found && Number(found[1]);
}

/** The path of the next part of a list, by the answer's `Link`; null: it was the last one. @param {Headers} headers */
export function nextOf(headers) {
  const further = /<([^>]+)>; *rel="next"/.exec(headers.get("Link") ?? "");
  if (!further) return null;
  const { pathname, search } = new URL(further[1], location.href);
  return `/${pathname.slice(root.length)}${search}`;
}

/**
 * The lines of an NDJSON answer, one document each, as they come.
 * @param {string} path
 * @param {Options & { method?: string, body?: any }} [options]
 * @returns {AsyncGenerator<any>}
 */
export async function* stream(path, options = {}) {
  const headers = { Accept: "application/x-ndjson", ...options.headers };
  const { data } = await request(options.method || "GET", path, options.body, { ...options, headers, as: "response" });
  const reader = /** @type {Response} */ (data).body?.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  while (reader) {
    const { done, value } = await reader.read();
    const lines = (left + (value || "")).split("\n");
    left = done ? "" : /** @type {string} */ (lines.pop());
    for (const line of lines) if (line.trim()) yield parse(line);
    if (done) return;
  }
}

export const api = { root, url, get, send, stream };
