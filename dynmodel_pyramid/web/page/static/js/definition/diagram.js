/** A picture of tables and their links: an entity-relationship diagram, and the same as a table of links. */
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { link, navigate } from "../core/router.js";
import { has, t } from "../core/texts.js";
import "../texts/en/definition.js";
import { Button, CheckBox, Combo, EmptyState, IconButton, Loading, Page, ProblemBox, Table, useLoaded } from "../kit/index.js";
import { saveSvg } from "./export_svg.js";
import { curve, layout, routeOf } from "./layout.js";
import { chosen, linesOf, linksOf, loadModel } from "./model.js";
import { typeTitle } from "./types.js";

/** @typedef {import("./model.js").ModelTable} ModelTable @typedef {import("./model.js").ModelLink} ModelLink */

const WIDTH = 210, HEAD = 30, LINE = 20, FOOT = 6;
/** From this scale on the names of fields can't be read, and are not drawn. */
const FAR = 3;
/** Characters that fit. */
const NAME = 16, TITLE = 26, TYPE = 15;
const cut = (/** @type {string} */ text, /** @type {number} */ most) => ([...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text);

/** @param {{ query: URLSearchParams }} props */
export default function DiagramPage({ query }) {
  const { value, problem, reload } = useLoaded("diagram", loadModel);
  const focus = Number(query?.get("table")) || null;
  const [withFields, setWithFields] = useState(true);
  const [onlyLinked, setOnlyLinked] = useState(false);
  const page = (/** @type {any} */ content, /** @type {any} */ actions = undefined) => html`<${Page} title=${t("definition.diagramTitle")} text=${t("definition.diagramText")} actions=${actions} class="diagram-page">${content}</${Page}>`;
  if (problem) return page(html`<${ProblemBox} problem=${problem} onRetry=${reload} />`);
  if (!value) return page(html`<${Loading} />`);
  if (!value.length) return page(html`<${EmptyState} icon="diagram" title=${t("definition.diagramEmpty")} text="" />`);
  const shown = chosen(value, { focus, onlyLinked }), links = linksOf(value);
  return page(html`
    <div class="bar-of-tools">
      <${Combo} label=${t("definition.find")} choices=${value.map((table) => ({ value: table.id, label: table.title, more: table.title === table.name ? "" : table.name }))} text=${value.find((table) => table.id === focus)?.title ?? ""}
        onChoose=${(/** @type {any} */ choice) => navigate(`/diagram/?table=${choice.value}`)} onClear=${() => focus && navigate("/diagram/")} />
      <${CheckBox} label=${t("definition.allFieldsShown")} checked=${withFields} onChange=${setWithFields} />
      ${!focus && html`<${CheckBox} label=${t("definition.onlyLinked")} checked=${onlyLinked} onChange=${setOnlyLinked} />`}
      ${focus && html`<${Button} small href=${link("/diagram/")}>${t("definition.fit")}</${Button}>`}
      ${shown.length < value.length && !focus && !onlyLinked && html`<span class="muted small">${t("definition.diagramMost", { shown: shown.length, all: value.length })}</span>`}</div>
    <${Picture} key=${`${focus}/${withFields}/${onlyLinked}`} tables=${shown} withFields=${withFields} focus=${focus} />
    <section><h2>${t("definition.tableOfLinks")}</h2><${LinkTable} links=${focus ? linksOf(shown) : links} /></section>`);
}

/** The picture in words. @param {{ links: ModelLink[] }} props */
function LinkTable({ links }) {
  const [most, setMost] = useState(100);
  const told = (/** @type {string | undefined} */ action) => (action && has(`definition.on_delete_${action}`) ? t(`definition.on_delete_${action}`) : action);
  return html`<${Table} caption=${t("definition.tableOfLinks")} rows=${links.slice(0, most)} rowKey=${(/** @type {ModelLink} */ each) => `${each.from.id}.${each.field.name}`} empty=${html`<p class="muted">${t("definition.noLinks")}</p>`} columns=${[
    { key: "from", label: t("definition.fromTable"), head: true, cell: (/** @type {ModelLink} */ each) => html`<a href=${link(`/table/${each.from.id}/definition/`)}>${each.from.title}</a>` },
    { key: "field", label: t("definition.viaField"), cell: (/** @type {ModelLink} */ each) => html`${each.field.name}${each.field.type === "links" && html` <span class="muted small">${t("definition.toMany")}</span>`}` },
    { key: "to", label: t("definition.toTable"), cell: (/** @type {ModelLink} */ each) => html`<a href=${link(`/table/${each.to.id}/definition/`)}>${each.to.title}</a>` },
    { key: "reverse", label: t("definition.reverseName"), cell: (/** @type {ModelLink} */ each) => each.field.reverse ?? "" },
    { key: "on_delete", label: t("definition.onDelete"), cell: (/** @type {ModelLink} */ each) => told(each.field.on_delete) },
  ]} />${links.length > most && html`<div><${Button} onClick=${() => setMost(most * 4)}>${t("definition.more")}</${Button}></div>`}`;
}

/** @param {{ tables: ModelTable[], withFields: boolean, focus: number | null }} props */
function Picture({ tables, withFields, focus }) {
  const svg = useRef(/** @type {SVGSVGElement | null} */ (null));
  const [near, setNear] = useState(/** @type {number | null} */ (focus));
  const { nodes, edges, width, height } = useMemo(() => arranged(tables, withFields), [tables, withFields]);
  const whole = { x: -20, y: -20, width: Math.max(width, 1) + 40, height: Math.max(height, 1) + 80 };
  const [view, setView] = useState(whole);
  const now = useRef(view);
  now.current = view;
  const drag = useRef(/** @type {{ x: number, y: number, view: typeof whole, moved: boolean } | null} */ (null));

  /** A part of the picture that has the window's ratio, at most twice as large as life. */
  const fit = () => {
    const box = svg.current?.getBoundingClientRect();
    if (!box?.width || !box.height) return;
    const scale = Math.max(whole.width / box.width, whole.height / box.height, 0.8);
    const node = nodes.find((each) => each.table.id === focus);
    const large = focus && node ? Math.min(scale, 1.4) : scale;
    const size = { width: box.width * large, height: box.height * large };
    const middle = focus && node ? { x: node.x + WIDTH / 2, y: node.y + node.height / 2 } : { x: whole.x + whole.width / 2, y: whole.y + whole.height / 2 };
    setView({ x: middle.x - size.width / 2, y: middle.y - size.height / 2, ...size });
  };
  useLayoutEffect(fit, []);
  /** @param {number} factor @param {{ x: number, y: number }} [at] a point of the picture that stays */
  const zoom = (factor, at) => {
    const { x, y, width: w, height: h } = now.current;
    const bounded = Math.min(Math.max(w * factor, 160), Math.max(whole.width, whole.height) * 4) / w;
    const point = at ?? { x: x + w / 2, y: y + h / 2 };
    setView({ x: point.x - (point.x - x) * bounded, y: point.y - (point.y - y) * bounded, width: w * bounded, height: h * bounded });
  };
  const pan = (/** @type {number} */ dx, /** @type {number} */ dy) => setView({ ...now.current, x: now.current.x + dx, y: now.current.y + dy });
  useEffect(() => {
    const element = /** @type {SVGSVGElement} */ (svg.current);
    const onWheel = (/** @type {WheelEvent} */ event) => {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== element && !element.contains(document.activeElement)) return; // the page scrolls
      event.preventDefault();
      const box = element.getBoundingClientRect(), { x, y, width: w, height: h } = now.current;
      zoom(Math.exp(event.deltaY * 0.0015), { x: x + (w * (event.clientX - box.left)) / box.width, y: y + (h * (event.clientY - box.top)) / box.height });
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const step = view.width / 10;
    const action = { ArrowLeft: () => pan(-step, 0), ArrowRight: () => pan(step, 0), ArrowUp: () => pan(0, -step), ArrowDown: () => pan(0, step), "+": () => zoom(0.8), "=": () => zoom(0.8), "-": () => zoom(1.25), 0: fit }[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  };
  const titles = new Map(tables.map((table) => [table.id, table.title]));
  const scale = () => view.width / (svg.current?.getBoundingClientRect().width || 1);
  /** A table that gets the focus comes into sight. @param {any} node */
  const show = (node) => {
    setNear(node.table.id);
    const { x, y, width: w, height: h } = now.current;
    if (node.x < x || node.y < y || node.x + WIDTH > x + w || node.y + node.height > y + h) setView({ ...now.current, x: node.x + WIDTH / 2 - w / 2, y: node.y + node.height / 2 - h / 2 });
  };
  const isNear = (/** @type {ModelLink} */ each) => near !== null && (each.from.id === near || each.to.id === near);
  const linked = new Set(near === null ? [] : edges.filter(({ of }) => isNear(of)).flatMap(({ of }) => [of.from.id, of.to.id]));
  // Moving and zooming change the view alone: what is drawn stays as it is.
  const drawn = useMemo(() => html`<g class="edges" aria-hidden="true">${edges.map(({ d, of, end }) => html`<g key=${`${of.from.id}.${of.field.name}`} class=${`edge ${isNear(of) ? "is-near" : ""} ${of.field.type === "links" ? "is-many" : ""}`}><path d=${d} /><circle cx=${end.x} cy=${end.y} r="3.5" /></g>`)}</g>
    ${nodes.map((node) => html`<g key=${node.table.id} class=${`node ${near === node.table.id ? "is-chosen" : linked.has(node.table.id) ? "is-near" : ""}`} transform=${`translate(${node.x} ${node.y})`} tabindex="0" role="link"
        onFocus=${() => show(node)} onMouseEnter=${() => setNear(node.table.id)} onMouseLeave=${() => setNear(focus)}
        onClick=${() => { if (!drag.current?.moved) navigate(`/table/${node.table.id}/definition/`); }}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter") navigate(`/table/${node.table.id}/definition/`); }}>
      <rect class="box" width=${WIDTH} height=${node.height} rx="6" /><path class="head" d=${`M0 ${HEAD}V6a6 6 0 0 1 6-6h${WIDTH - 12}a6 6 0 0 1 6 6v${HEAD - 6}z`} />
      <text class="title" x="10" y="20">${cut(node.table.title, TITLE)}</text>
      ${node.fields.map((field, n) => html`<g key=${field.name}><text class=${field.to === null ? "field" : "field is-link"} x="10" y=${HEAD + FOOT + n * LINE + 12}>${cut(field.name, NAME)}</text>
        <text class="type" x=${WIDTH - 10} y=${HEAD + FOOT + n * LINE + 12} text-anchor="end">${cut(field.to === null ? typeTitle(field.type) : `→ ${titles.get(field.to) ?? field.to}`, TYPE)}</text></g>`)}
      ${node.more > 0 && html`<text class="type" x="10" y=${HEAD + FOOT + node.fields.length * LINE + 12}>${t("definition.moreFields", { n: node.more })}</text>`}
    </g>`)}`, [nodes, edges, near]);
  return html`<div class="picture">
    <svg ref=${svg} class=${scale() > FAR ? "diagram is-far" : "diagram"} role="group" aria-label=${t("definition.diagramTitle")} aria-describedby="diagram-keys" tabindex="0" viewBox=${`${view.x} ${view.y} ${view.width} ${view.height}`} onKeyDown=${onKeyDown}
        onPointerDown=${(/** @type {PointerEvent} */ event) => { if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, view, moved: false }; }}
        onPointerMove=${(/** @type {PointerEvent} */ event) => {
          const from = drag.current;
          if (!from) return;
          if (!from.moved && Math.hypot(event.clientX - from.x, event.clientY - from.y) < 4) return;
          if (!from.moved) svg.current?.setPointerCapture(event.pointerId);
          from.moved = true;
          setView({ ...from.view, x: from.view.x - (event.clientX - from.x) * scale(), y: from.view.y - (event.clientY - from.y) * scale() });
        }}
        onPointerUp=${() => { const moved = drag.current?.moved; drag.current = moved ? drag.current : null; if (moved) setTimeout(() => (drag.current = null)); }} onPointerCancel=${() => (drag.current = null)}>
      ${drawn}
    </svg>
    <div class="zoom"><${IconButton} icon="add" kind="plain" label=${t("definition.zoomIn")} onClick=${() => zoom(0.75)} /><${IconButton} icon="minus" kind="plain" label=${t("definition.zoomOut")} onClick=${() => zoom(1.33)} />
      <${IconButton} icon="expand" kind="plain" label=${t("definition.fit")} onClick=${fit} /><${IconButton} icon="download" kind="plain" label=${t("definition.exportSvg")} onClick=${() => svg.current && saveSvg(svg.current, whole)} /></div>
    <p class="muted small" id="diagram-keys">${t("definition.diagramKeys")}</p>
  </div>`;
}

/** Places of tables, and the paths of links. @param {ModelTable[]} tables @param {boolean} withFields */
function arranged(tables, withFields) {
  const links = linksOf(tables);
  const drawn = tables.map((table) => {
    const { fields, more } = linesOf(table, withFields);
    const lines = fields.length + (more ? 1 : 0);
    return { table, fields, more, height: HEAD + (lines ? lines * LINE + FOOT * 2 : 0) };
  });
  const { places, routes, width, height } = layout(
    drawn.map((each) => ({ id: String(each.table.id), width: WIDTH, height: each.height })),
    links.map((each) => ({ from: String(each.from.id), to: String(each.to.id) })),
  );
  const place = (/** @type {ModelTable} */ table) => /** @type {import("./layout.js").Place} */ (places.get(String(table.id)));
  const nodes = drawn.map((each) => ({ ...each, ...place(each.table) }));
  const byId = new Map(nodes.map((each) => [each.table.id, each]));
  const edges = links.map((of) => {
    const at = byId.get(of.from.id)?.fields.indexOf(of.field) ?? -1;
    const d = curve(place(of.from), place(of.to), { fromY: at < 0 ? HEAD / 2 : HEAD + FOOT + at * LINE + 8, isSelf: of.from === of.to, through: routes.get(routeOf(String(of.from.id), String(of.to.id))) });
    const [x, y] = d.split(" ").slice(-2).map(Number);
    return { d, of, end: { x, y } };
  });
  return { nodes, edges, width, height };
}
