/** Boxes that open beside an element, in the browser's top layer: menus and lists of proposals. */
import { useLayoutEffect } from "../../vendor/preact.js";

/**
 * Put a popover below its anchor, above it if there is more room, and within the window.
 * @param {HTMLElement} box
 * @param {Element} anchor
 * @param {{ wide?: boolean, end?: boolean }} [options] wide: as wide as the anchor at least; end: right edges agree
 */
export function placeBeside(box, anchor, { wide = false, end = false } = {}) {
  const edge = 8, gap = 4;
  const at = anchor.getBoundingClientRect();
  box.style.minWidth = wide ? `${at.width}px` : "";
  const { width, height } = box.getBoundingClientRect();
  const fitsBelow = at.bottom + gap + height <= innerHeight - edge;
  const top = fitsBelow || at.top < innerHeight - at.bottom ? at.bottom + gap : at.top - gap - height;
  const left = end ? at.right - width : at.left;
  box.style.top = `${Math.max(edge, Math.min(top, innerHeight - height - edge))}px`;
  box.style.left = `${Math.max(edge, Math.min(left, innerWidth - width - edge))}px`;
}

/**
 * Show a popover while `open`, beside its anchor; scrolling moves it along.
 * @param {boolean} open
 * @param {{ current: HTMLElement | null }} box
 * @param {{ current: Element | null }} anchor
 * @param {{ wide?: boolean, end?: boolean }} [options]
 */
export function useFloating(open, box, anchor, options) {
  useLayoutEffect(() => {
    const shown = box.current;
    if (!open || !shown) return;
    if (!shown.matches(":popover-open")) shown.showPopover();
    const place = () => shown.isConnected && anchor.current && placeBeside(shown, anchor.current, options);
    place();
    const watcher = new ResizeObserver(place);
    watcher.observe(shown);
    addEventListener("scroll", place, true);
    addEventListener("resize", place);
    return () => {
      watcher.disconnect();
      removeEventListener("scroll", place, true);
      removeEventListener("resize", place);
      if (shown.isConnected && shown.matches(":popover-open")) shown.hidePopover();
    };
  }, [open]);
}
