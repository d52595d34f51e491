/**
 * Places for the tables of a diagram: layers by links, and in each layer an order with few crossings (after Sugiyama).
 *
 * A link over further layers gets a gap in each of them, which those to the same table share; so its line crosses no box.
 * Pure, and bounded: its work grows with nodes, gaps and edges times a fixed number of sweeps. Parts of the graph that no
 * link connects are laid out alone and packed into rows.
 */

/**
 * @typedef {{ id: string, width: number, height: number }} Node
 * @typedef {{ from: string, to: string }} Edge
 * @typedef {{ x: number, y: number, width: number, height: number }} Place
 * @typedef {{ places: Map<string, Place>, routes: Map<string, Place[]>, width: number, height: number }} Part routes: gaps
 *   that the link from one to another leads through, by `routeOf`
 */

const GAP_X = 90, GAP_Y = 28, SWEEPS = 8;
/** The gap of a line, and how many a part has at most: beyond that, lines cross boxes. */
const LANE = 10, MOST_LANES = 1000;

/** @param {string} from @param {string} to */
export const routeOf = (from, to) => `${from} ${to}`;

/**
 * @param {Node[]} nodes
 * @param {Edge[]} edges from the table that links to the one that is linked to
 * @param {{ ratio?: number }} [options] ratio: width by height that is aimed at
 * @returns {Part}
 */
export function layout(nodes, edges, { ratio = 1.6 } = {}) {
  const parts = components(nodes, edges).map((part) => placed(part, edges));
  return packed(parts, ratio);
}

/** @param {Node[]} nodes @param {Edge[]} edges @returns {Node[][]} the largest first; single ones together at the end */
function components(nodes, edges) {
  const near = neighbours(nodes, edges);
  const seen = new Set(), found = [];
  for (const node of nodes) {
    if (seen.has(node.id)) continue;
    seen.add(node.id);
    const part = new Set([node.id]);
    for (const id of part) for (const other of near.get(id) ?? []) if (!seen.has(other)) { seen.add(other); part.add(other); }
    found.push(nodes.filter((each) => part.has(each.id)));
  }
  return found.sort((one, other) => other.length - one.length);
}

/** @param {Node[]} nodes @param {Edge[]} edges @returns {Map<string, Set<string>>} */
function neighbours(nodes, edges) {
  const near = new Map(nodes.map((node) => [node.id, new Set()]));
  for (const { from, to } of edges) {
    if (from === to) continue;
    near.get(from)?.add(to);
    near.get(to)?.add(from);
  }
  return near;
}

/** One connected part. @param {Node[]} nodes @param {Edge[]} edges @returns {Part} */
function placed(nodes, edges) {
  const ids = new Set(nodes.map((node) => node.id));
  const own = edges.filter((edge) => edge.from !== edge.to && ids.has(edge.from) && ids.has(edge.to));
  const found = layered(nodes, own), { lanes, chains, near } = laned(found, own);
  const layers = ordered(found, near);
  const sizes = new Map([...nodes, ...lanes].map((node) => [node.id, node]));
  /** @type {Map<string, Place>} */
  const places = new Map();
  const heights = layers.map((layer) => layer.reduce((sum, id) => sum + size(sizes, id).height + GAP_Y, -GAP_Y));
  const height = Math.max(...heights);
  let x = 0;
  layers.forEach((layer, number) => {
    let y = (height - heights[number]) / 2;
    const width = Math.max(...layer.map((id) => size(sizes, id).width));
    for (const id of layer) {
      const node = size(sizes, id);
      places.set(id, { x, y, width: node.width || width, height: node.height }); // a gap is as wide as its layer
      y += node.height + GAP_Y;
    }
    x += width + GAP_X;
  });
  /** @type {Map<string, Place[]>} */
  const routes = new Map();
  for (const [route, chain] of chains) routes.set(route, chain.map((id) => /** @type {Place} */ (places.get(id))));
  for (const { id } of lanes) places.delete(id);
  return { places, routes, width: x - GAP_X, height };
}

/**
 * Gaps in the layers between the ends of a link, added to those layers.
 * @param {string[][]} layers @param {Edge[]} edges
 */
function laned(layers, edges) {
  const layerOf = new Map(layers.flatMap((layer, n) => layer.map((id) => [id, n])));
  /** @type {Map<string, Node>} */
  const lanes = new Map();
  /** @type {Map<string, string[]>} */
  const chains = new Map();
  /** @type {Edge[]} */
  const steps = [];
  for (const { from, to } of edges) {
    const begin = /** @type {number} */ (layerOf.get(from)), end = /** @type {number} */ (layerOf.get(to)), step = Math.sign(end - begin);
    /** @type {string[]} */
    const chain = [];
    for (let n = begin + step; step && n !== end && lanes.size < MOST_LANES; n += step) {
      const id = `${to} ${n}`; // no id of a table has a blank
      if (!lanes.has(id)) {
        lanes.set(id, { id, width: 0, height: LANE });
        layers[n].push(id);
      }
      chain.push(id);
    }
    if (chain.length) chains.set(routeOf(from, to), chain);
    [from, ...chain].forEach((each, n) => steps.push({ from: each, to: chain[n] ?? to }));
  }
  const ends = [...layerOf.keys()].map((id) => ({ id, width: 0, height: 0 }));
  return { lanes: [...lanes.values()], chains, near: neighbours([...ends, ...lanes.values()], steps) };
}

/** @param {Map<string, Node>} sizes @param {string} id */
const size = (sizes, id) => /** @type {Node} */ (sizes.get(id));

/**
 * The layers, the one with tables that nothing links from on the right. Circles are broken where they are met first;
 * a layer that is too high for the whole is divided.
 * @param {Node[]} nodes @param {Edge[]} edges @returns {string[][]}
 */
function layered(nodes, edges) {
  /** @type {Map<string, string[]>} */
  const out = new Map(nodes.map((node) => [node.id, []]));
  for (const { from, to } of edges) out.get(from)?.push(to);
  /** @type {Map<string, number>} */
  const rank = new Map();
  const open = new Set();
  for (const start of nodes) {
    /** @type {[string, number][]} */
    const path = [[start.id, 0]]; // no recursion: chains may be long
    while (path.length) {
      const top = path[path.length - 1], [id, next] = top;
      if (rank.has(id)) { path.pop(); continue; }
      open.add(id);
      const targets = /** @type {string[]} */ (out.get(id));
      if (next < targets.length) {
        top[1] += 1;
        if (!open.has(targets[next]) && !rank.has(targets[next])) path.push([targets[next], 0]);
      } else {
        rank.set(id, Math.max(-1, ...targets.map((each) => rank.get(each) ?? -1)) + 1);
        open.delete(id);
        path.pop();
      }
    }
  }
  const most = Math.max(...rank.values());
  const layers = Array.from({ length: most + 1 }, () => /** @type {string[]} */ ([]));
  for (const node of nodes) layers[most - /** @type {number} */ (rank.get(node.id))].push(node.id);
  const tallest = Math.max(6, Math.ceil(Math.sqrt(nodes.length) * 1.5));
  return layers.flatMap((layer) => Array.from({ length: Math.ceil(layer.length / tallest) }, (_, n) => layer.slice(n * tallest, (n + 1) * tallest)));
}

/** Orders by the mean place of neighbours, to and fro. @param {string[][]} layers @param {Map<string, Set<string>>} near */
function ordered(layers, near) {
  /** @type {Map<string, number>} */
  const place = new Map();
  const note = (/** @type {string[]} */ layer) => layer.forEach((id, n) => place.set(id, (n + 0.5) / layer.length));
  layers.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forth = sweep % 2 === 0;
    const turns = forth ? layers.keys() : [...layers.keys()].reverse();
    for (const number of turns) {
      const layer = layers[number], own = new Set(layer);
      const mean = new Map(layer.map((id) => {
        const others = [...(near.get(id) ?? [])].filter((each) => !own.has(each)).map((each) => /** @type {number} */ (place.get(each)));
        return [id, others.length ? others.reduce((sum, each) => sum + each, 0) / others.length : /** @type {number} */ (place.get(id))];
      }));
      layer.sort((one, other) => /** @type {number} */ (mean.get(one)) - /** @type {number} */ (mean.get(other)));
      note(layer);
    }
  }
  return layers;
}

/** Parts beside one another, in rows about as wide as the ratio asks for. @param {Part[]} parts @param {number} ratio @returns {Part} */
function packed(parts, ratio) {
  const area = parts.reduce((sum, part) => sum + (part.width + GAP_Y) * (part.height + GAP_Y), 0);
  const most = Math.max(Math.sqrt(area * ratio), ...parts.map((part) => part.width));
  /** @type {Map<string, Place>} */
  const places = new Map();
  /** @type {Map<string, Place[]>} */
  const routes = new Map();
  let x = 0, y = 0, high = 0, width = 0;
  for (const part of parts) {
    if (x > 0 && x + part.width > most) { x = 0; y += high + GAP_Y * 2; high = 0; }
    const moved = (/** @type {Place} */ place) => ({ ...place, x: place.x + x, y: place.y + y });
    for (const [id, place] of part.places) places.set(id, moved(place));
    for (const [route, gaps] of part.routes) routes.set(route, gaps.map(moved));
    width = Math.max(width, x + part.width);
    high = Math.max(high, part.height);
    x += part.width + GAP_Y * 2;
  }
  return { places, routes, width, height: y + high };
}

/**
 * The path of a link: from the side of one table to the nearer side of the other, a loop for a table and itself.
 * @param {Place} from @param {Place} to @param {{ fromY?: number, isSelf?: boolean, through?: Place[] }} [options]
 *   fromY: the field's place below the top; through: gaps in layers between them
 */
export function curve(from, to, { fromY = from.height / 2, isSelf = false, through = [] } = {}) {
  const y1 = from.y + fromY, y2 = to.y + 14;
  const n = (/** @type {number} */ value) => Math.round(value * 10) / 10;
  if (isSelf) {
    const x = from.x + from.width;
    return `M${n(x)} ${n(y1)} C${n(x + 40)} ${n(y1)} ${n(x + 40)} ${n(from.y + 14)} ${n(x)} ${n(from.y + 14)}`;
  }
  const isRight = to.x > from.x + from.width, isLeft = to.x + to.width < from.x;
  let x = isLeft ? from.x : from.x + from.width, y = y1, path = `M${n(x)} ${n(y)}`;
  /** @param {number} nextX @param {number} nextY @param {number} side of the end: -1 left, 1 right */
  const turn = (nextX, nextY, side) => {
    const bend = Math.max(30, Math.min(120, Math.abs(nextX - x) / 2));
    path += ` C${n(isLeft ? x - bend : x + bend)} ${n(y)} ${n(nextX + side * bend)} ${n(nextY)} ${n(nextX)} ${n(nextY)}`;
    [x, y] = [nextX, nextY];
  };
  for (const gap of through) {
    turn(isLeft ? gap.x + gap.width : gap.x, gap.y + gap.height / 2, isLeft ? 1 : -1);
    x = isLeft ? gap.x : gap.x + gap.width;
    path += ` L${n(x)} ${n(y)}`;
  }
  turn(isRight ? to.x : to.x + to.width, y2, isRight ? -1 : 1);
  return path;
}
