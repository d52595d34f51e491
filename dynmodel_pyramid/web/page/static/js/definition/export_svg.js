/** A drawing of the page as an SVG file that stands alone: colours and fonts, which style sheets give, are written into it. */
import { saveText } from "../kit/index.js";

const MEMBERS = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "opacity"];

/**
 * @param {SVGSVGElement} drawing
 * @param {{ x: number, y: number, width: number, height: number }} whole what the file shows
 * @returns {string}
 */
export function svgText(drawing, whole) {
  const copy = /** @type {SVGSVGElement} */ (drawing.cloneNode(true));
  const from = [...drawing.querySelectorAll("*")], to = [...copy.querySelectorAll("*")];
  from.forEach((element, n) => {
    const style = getComputedStyle(element);
    for (const name of MEMBERS) to[n].setAttribute(name, style.getPropertyValue(name));
    for (const name of ["class", "tabindex", "role", "aria-label", "aria-hidden"]) to[n].removeAttribute(name);
  });
  for (const name of [...copy.getAttributeNames()]) copy.removeAttribute(name);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `${whole.x} ${whole.y} ${whole.width} ${whole.height}`);
  copy.setAttribute("width", String(Math.round(whole.width)));
  copy.setAttribute("height", String(Math.round(whole.height)));
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ ...whole, fill: getComputedStyle(drawing).backgroundColor })) ground.setAttribute(name, String(value));
  copy.prepend(ground);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

/** @param {SVGSVGElement} drawing @param {Parameters<typeof svgText>[1]} whole @param {string} [name] */
export function saveSvg(drawing, whole, name = "diagram") {
  saveText(`${name}.svg`, svgText(drawing, whole), "image/svg+xml");
}
