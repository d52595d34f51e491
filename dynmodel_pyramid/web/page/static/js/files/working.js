/** A file on its way: how much of it was sent, and how long the service has worked. */
import { html, useEffect, useState } from "../../vendor/preact.js";
import { bytes, t } from "../core/texts.js";
import { Button, ProgressBar } from "../kit/index.js";

/** @param {number} since */
const secondsSince = (since) => Math.floor((Date.now() - since) / 1000);

/** @param {number} seconds */
export const elapsed = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

/** The seconds since a moment, counted while it is drawn. @param {number} since */
export function useElapsed(since) {
  const [seconds, setSeconds] = useState(secondsSince(since));
  useEffect(() => {
    const timer = setInterval(() => setSeconds(secondsSince(since)), 500);
    return () => clearInterval(timer);
  }, [since]);
  return seconds;
}

/**
 * @param {{ progress: import("./sending.js").Progress, title: string, working: string, onStop: () => void }} props
 */
export function Working({ progress, title, working, onStop }) {
  const seconds = useElapsed(progress.since);
  const isSending = progress.phase === "sending";
  const rate = seconds > 0 ? progress.loaded / seconds : 0;
  const left = isSending && rate > 0 ? Math.ceil((progress.total - progress.loaded) / rate) : null;
  return html`<div class="card working">
    <h2>${title}</h2>
    <${ProgressBar} label=${t(isSending ? "files.sending" : "files.sent")} value=${progress.loaded} total=${progress.total}
      detail=${isSending ? t("files.sentOf", { loaded: bytes(progress.loaded), total: bytes(progress.total), left: left === null ? "" : t("files.left", { time: elapsed(left) }) }) : bytes(progress.total)} />
    ${!isSending && html`<${ProgressBar} label=${working} detail=${elapsed(seconds)} />`}
    <p class="muted small">${t("files.stopText")}</p>
    <div><${Button} onClick=${onStop}>${t("files.stop")}</${Button}></div>
  </div>`;
}
