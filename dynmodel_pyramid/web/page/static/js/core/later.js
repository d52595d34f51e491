/** Work that waits for a pause: what people type is asked for once they stop. */

/**
 * Runs `work` after a pause, unless it is stopped before; its signal tells that it was stopped since.
 *
 *     useEffect(() => later(async (signal) => setFound(await find(text, signal)), 150), [text]);
 *
 * @param {(signal: AbortSignal) => unknown} work
 * @param {number} pause milliseconds
 * @returns {() => void} stops it
 */
export function later(work, pause) {
  const stop = new AbortController();
  const timer = setTimeout(() => work(stop.signal), pause);
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}
