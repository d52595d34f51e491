/**
 * Files on their way to the service: with progress, and a way to stop. The browser reads them from the disk while it
 * sends them; none is in the memory of the tab as a whole.
 */
import { api, Problem, signIn } from "../core/api.js";
import { t } from "../core/texts.js";
import "../texts/en/files.js";

/** Files of text that are longer are planned by their first part. */
export const WHOLE = 4_000_000;
/** The size of that part. */
const PART = 1_500_000;

/**
 * @typedef {Object} Progress
 * @property {"sending" | "working"} phase sending: the file is under way; working: the service has it
 * @property {number} loaded bytes
 * @property {number} total
 * @property {number} since when the phase began, as of Date.now()
 */

/**
 * POST a file.
 * @param {string} path
 * @param {Blob} body
 * @param {{ params?: Record<string, any>, headers?: Record<string, string>, signal?: AbortSignal, onProgress?: (progress: Progress) => void }} [options]
 * @returns {Promise<{ status: number, data: any, header: (name: string) => string | null }>}
 */
export async function upload(path, body, options = {}) {
  try {
    return await once(path, body, options);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401 || !signIn.ask || !(await signIn.ask(error))) throw error;
    return once(path, body, options);
  }
}

/** @param {string} path @param {Blob} body @param {NonNullable<Parameters<typeof upload>[2]>} options @returns {ReturnType<typeof upload>} */
function once(path, body, { params, headers = {}, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    const end = () => signal?.removeEventListener("abort", stop);
    request.open("POST", api.url(path, params));
    for (const [name, value] of Object.entries({ Accept: "application/json", ...headers })) request.setRequestHeader(name, value);
    let began = Date.now();
    request.upload.onprogress = (event) => onProgress?.({ phase: "sending", loaded: event.loaded, total: body.size, since: began });
    request.upload.onload = () => {
      began = Date.now();
      onProgress?.({ phase: "working", loaded: body.size, total: body.size, since: began });
    };
    request.onload = () => {
      end();
      const data = parsed(request.responseText);
      const header = (/** @type {string} */ name) => request.getResponseHeader(name);
      if (request.status < 400) resolve({ status: request.status, data, header });
      else reject(new Problem(request.status, data ?? { detail: request.statusText }, headersOf(request)));
    };
    request.onerror = () => {
      end();
      // A folder, or a file that was changed or removed since, can't be read; the browser tells no difference.
      body.slice(0, 1).arrayBuffer().then(
        () => reject(new Problem(0, { code: "no_answer", detail: t("files.noAnswer"), hint: t("files.noAnswerHint") })),
        () => reject(new Problem(0, { code: "unreadable", detail: t("files.unreadable"), hint: t("files.unreadableHint") })),
      );
    };
    request.onabort = () => {
      end();
      reject(new DOMException("stopped", "AbortError"));
    };
    if (signal?.aborted) return reject(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", stop);
    request.send(body);
  });
}

/** @param {string} text */
function parsed(text) {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** @param {XMLHttpRequest} request */
function headersOf(request) {
  const headers = new Headers();
  const seconds = request.getResponseHeader("Retry-After");
  if (seconds) headers.set("Retry-After", seconds);
  return headers;
}

/**
 * The first part of a long file of text, for a plan; null: the file is to be sent whole.
 * @param {Blob} file
 * @param {{ isText: boolean, coding: string }} kind
 * @returns {Promise<Blob | null>}
 */
export async function firstPart(file, { isText, coding }) {
  if (!isText || file.size <= WHOLE || (coding && coding !== "gzip")) return null;
  const bytes = coding ? await unpacked(file) : new Uint8Array(await file.slice(0, PART).arrayBuffer());
  return new Blob([/** @type {any} */ (bytes.subarray(0, lineEnd(bytes)))]);
}

/** The beginning of what a gzip file holds. @param {Blob} file */
async function unpacked(file) {
  const reader = file.stream().pipeThrough(/** @type {any} */ (new DecompressionStream("gzip"))).getReader();
  const bytes = new Uint8Array(PART);
  let filled = 0;
  while (filled < PART) {
    const { done, value } = await reader.read();
    if (done) break;
    const taken = value.subarray(0, PART - filled);
    bytes.set(taken, filled);
    filled += taken.length;
  }
  reader.cancel().catch(() => {});
  return bytes.subarray(0, filled);
}

/** Where the last whole line ends; a character in UTF-16 stays whole. @param {Uint8Array} bytes */
function lineEnd(bytes) {
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isWide) return bytes.length - (bytes.length % 2);
  for (const mark of [0x0a, 0x0d, 0x7d]) {
    const at = bytes.lastIndexOf(mark);
    if (at > 0) return at + 1;
  }
  return bytes.length;
}
