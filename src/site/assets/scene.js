// A scene: boxes and lines of a graph with their places in pixels, and how it is drawn as SVG.

import { svg } from './dom.js';
import { layOut } from './layout.js';
import { childrenOf, folderOf, healthOf, isInGraph, kindOf, labelOf, linkTo, packageOf, parentsOf, store } from './store.js';

const NODE_HEIGHT = 32;
const ROW_HEIGHT = 17;
const SLOT = 44;
const GAP = 64;
const LONGEST = 34;
const KINDS = ['model', 'source', 'seed', 'snapshot', 'exposure', 'metric', 'semantic_model', 'saved_query', 'analysis', 'function', 'folder'];

export const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

let pen = null;

function widthOf(text) {
  pen ||= document.createElement('canvas').getContext('2d');
  pen.font = FONT;
  return pen.measureText(text).width;
}

function shorten(text) {
  return text.length <= LONGEST ? text : `${text.slice(0, 20)}…${text.slice(-(LONGEST - 21))}`;
}

/** The colours of the theme that is shown, for drawings that leave the page. */
export function paletteOf() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const kinds = Object.fromEntries(KINDS.map((kind) => [kind, colour(`--kind-${kind}`)]));
  return { back: colour('--back'), box: colour('--box'), line: colour('--line-strong'), text: colour('--text'), muted: colour('--muted'), accent: colour('--accent'), accentSoft: colour('--accent-soft'), kinds, pass: colour('--pass'), warn: colour('--warn'), fail: colour('--fail'), skip: colour('--muted') };
}

function boxOf(id, label, kind, columns = []) {
  const shown = shorten(label);
  const rows = columns.map((column) => shorten(column));
  const width = Math.max(90, Math.ceil(Math.max(widthOf(shown) + 44, ...rows.map((row) => widthOf(row) + 28))));
  return { id, label, shown, kind, columns, rows, width, height: NODE_HEIGHT + (rows.length ? rows.length * ROW_HEIGHT + 6 : 0), x: 0, y: 0, state: '', hiddenUp: 0, hiddenDown: 0 };
}

function place(boxes, edges) {
  const sizes = boxes.map((box) => (box.height + SLOT - NODE_HEIGHT) / SLOT);
  const { rank, height, bends } = layOut(boxes.length, edges, sizes);
  const ranks = Math.max(0, ...rank.map((at) => at + 1));
  const widths = new Array(ranks).fill(0);
  boxes.forEach((box, at) => { widths[rank[at]] = Math.max(widths[rank[at]], box.width); });
  const left = [];
  widths.reduce((x, width, at) => { left[at] = x; return x + width + GAP; }, 0);
  boxes.forEach((box, at) => {
    box.rank = rank[at];
    box.x = left[rank[at]];
    box.y = height[at] * SLOT - box.height / 2;
  });
  const bendPlaces = bends.map((list) => list.flatMap(([at, bendHeight]) => [[left[at], bendHeight * SLOT], [left[at] + widths[at], bendHeight * SLOT]]));
  return bendPlaces;
}

function finish(boxes, lines, options = {}) {
  const width = Math.max(0, ...boxes.map((box) => box.x + box.width));
  const top = Math.min(0, ...boxes.map((box) => box.y));
  const height = Math.max(0, ...boxes.map((box) => box.y + box.height)) - top;
  return { boxes, lines, width, height, top, ...options };
}

const rightOf = (box) => [box.x + box.width, box.y + NODE_HEIGHT / 2];
const leftOf = (box) => [box.x, box.y + NODE_HEIGHT / 2];

/** The scene of some resources of the graph; `trace` shows columns within them and the links between these. */
export function sceneOf(nodes, trace = null) {
  const list = [...nodes].sort((a, b) => a - b);
  const places = new Map(list.map((node, at) => [node, at]));
  const boxes = list.map((node) => {
    const box = boxOf(node, labelOf(node), kindOf(node), trace?.columns.get(node) ? [...trace.columns.get(node)].sort() : []);
    box.state = healthOf(node);
    box.hiddenUp = parentsOf(node).filter((other) => isInGraph(other) && !places.has(other)).length;
    box.hiddenDown = childrenOf(node).filter((other) => isInGraph(other) && !places.has(other)).length;
    return box;
  });
  const edges = [];
  list.forEach((node, at) => parentsOf(node).forEach((parent) => places.has(parent) && edges.push([places.get(parent), at])));
  const bends = place(boxes, edges);
  const lines = edges.map(([from, to], at) => ({ from, to, points: [rightOf(boxes[from]), ...bends[at], leftOf(boxes[to])], strong: false }));
  for (const link of trace ? trace.links : []) {
    const [from, to] = [places.get(link.from[0]), places.get(link.to[0])];
    if (from === undefined || to === undefined) continue;
    const row = (box, column) => box.y + NODE_HEIGHT + ROW_HEIGHT * (box.columns.indexOf(column) + 0.5);
    lines.push({ from, to, strong: true, how: link.how, points: [[boxes[from].x + boxes[from].width, row(boxes[from], link.from[1])], [boxes[to].x, row(boxes[to], link.to[1])]] });
  }
  return finish(boxes, lines, { faint: Boolean(trace) });
}

/** The scene of the whole project, as hetl laid it out. */
export function wholeScene() {
  const { rank, height } = store.core.layout;
  const boxes = rank.map((at, node) => {
    const box = boxOf(node, labelOf(node), kindOf(node));
    box.state = healthOf(node);
    box.rank = at;
    box.width = Math.min(box.width, 230);
    box.y = (height[node] / 100) * SLOT;
    return box;
  });
  fold(boxes);
  const lines = [];
  boxes.forEach((box, at) => parentsOf(at).forEach((parent) => { if (boxes[parent]) lines.push({ from: parent, to: at, points: [rightOf(boxes[parent]), leftOf(box)], strong: false }); }));
  return finish(boxes, lines);
}

/** Gives each rank its left edge. Ranks that are much higher than all are wide are folded: their boxes stand in several columns, in turn. */
function fold(boxes) {
  const ranks = [];
  boxes.forEach((box) => (ranks[box.rank] ||= []).push(box));
  const widths = Array.from(ranks, (rank) => Math.max(0, ...(rank || []).map((box) => box.width)));
  const width = widths.reduce((sum, one) => sum + one + GAP * 1.5, 0);
  const height = boxes.reduce((most, box) => Math.max(most, box.y), 0);
  const columns = Math.max(1, Math.round(Math.sqrt(height / Math.max(1, width) / 1.2)));
  let left = 0;
  ranks.forEach((rank, at) => {
    const gap = columns > 1 ? 16 : 0;
    rank.sort((a, b) => a.y - b.y).forEach((box, index) => {
      box.x = left + (index % columns) * (widths[at] + gap);
      box.y /= columns;
    });
    left += Math.min(columns, rank.length) * (widths[at] + gap) + GAP * (columns > 1 ? 3 : 1.5);
  });
}

/** The scene of folders: each one box, lines where anything in one needs anything in another. */
export function folderScene(depth) {
  const keys = new Map();
  const boxes = [];
  const keyOf = (node) => {
    const parts = folderOf(node).split('/').filter(Boolean);
    const kind = kindOf(node);
    if (kind === 'source') return `source:${labelOf(node).split('.')[0]}`;
    return kind === 'exposure' ? 'exposures' : `${packageOf(node)}/${parts.slice(0, depth + 1).join('/')}`;
  };
  const members = [];
  const inBox = [];
  for (let node = 0; isInGraph(node); node++) {
    const key = keyOf(node);
    if (!keys.has(key)) {
      keys.set(key, members.length);
      members.push([]);
    }
    inBox[node] = keys.get(key);
    members[keys.get(key)].push(node);
  }
  const own = `${store.core.project.name}/`;
  [...keys.keys()].forEach((key, at) => {
    const name = key.startsWith('source:') ? key.slice(7) : key.startsWith(own) ? key.slice(own.length) || own : key;
    const box = boxOf(`folder ${at}`, `${name} · ${members[at].length}`, 'folder');
    box.kind = key.startsWith('source:') ? 'source' : key === 'exposures' ? 'exposure' : 'folder';
    box.members = members[at];
    boxes.push(box);
  });
  const weights = new Map();
  inBox.forEach((box, node) => parentsOf(node).forEach((parent) => {
    const from = inBox[parent];
    if (from !== undefined && from !== box) weights.set(`${from} ${box}`, (weights.get(`${from} ${box}`) || 0) + 1);
  }));
  // Folders may need each other both ways: only the heavier direction gives the places.
  const edges = [...weights].map(([key, weight]) => [...key.split(' ').map(Number), weight]);
  const forward = edges.filter(([from, to, weight]) => weight >= (weights.get(`${to} ${from}`) || 0) && !(weights.get(`${to} ${from}`) === weight && from > to));
  const acyclic = withoutCycles(boxes.length, forward);
  const bends = place(boxes, acyclic.map(([from, to]) => [from, to]));
  const lines = acyclic.map(([from, to, weight], at) => ({ from, to, weight, points: [rightOf(boxes[from]), ...bends[at], leftOf(boxes[to])], strong: false }));
  return finish(boxes, lines);
}

/** Heaviest edges first, each only if it closes no cycle. */
function withoutCycles(count, edges) {
  const after = Array.from({ length: count }, () => []);
  const leads = (from, to) => {
    const stack = [from];
    const seen = new Set(stack);
    while (stack.length) {
      const at = stack.pop();
      if (at === to) return true;
      for (const next of after[at]) if (!seen.has(next)) { seen.add(next); stack.push(next); }
    }
    return false;
  };
  return [...edges].sort((a, b) => b[2] - a[2]).filter(([from, to]) => {
    if (leads(to, from)) return false;
    after[from].push(to);
    return true;
  });
}

/** The curve through the points of a line, as the `d` of a path. */
export function curveOf(points) {
  let d = `M${points[0][0].toFixed(1)} ${points[0][1].toFixed(1)}`;
  for (let at = 1; at < points.length; at++) {
    const [[x, y], [toX, toY]] = [points[at - 1], points[at]];
    const pull = Math.max(18, Math.abs(toX - x) / 2);
    d += y === toY ? `L${toX.toFixed(1)} ${toY.toFixed(1)}` : `C${(x + pull).toFixed(1)} ${y.toFixed(1)} ${(toX - pull).toFixed(1)} ${toY.toFixed(1)} ${toX.toFixed(1)} ${toY.toFixed(1)}`;
  }
  return d;
}

/** Lines and boxes that touch what is selected. */
export function touching(scene, selected) {
  const lines = new Set();
  const boxes = new Set();
  if (selected === null) return { lines, boxes };
  boxes.add(selected);
  scene.lines.forEach((line, at) => {
    if (scene.boxes[line.from].id === selected || scene.boxes[line.to].id === selected) {
      lines.add(at);
      boxes.add(scene.boxes[line.from].id);
      boxes.add(scene.boxes[line.to].id);
    }
  });
  return { lines, boxes };
}

/** The drawing as SVG elements, with every colour in it, so that it can be saved as it is. */
export function drawSvg(scene, palette, { selected = null, interactive = true } = {}) {
  const group = svg('g', {});
  const near = touching(scene, selected);
  const order = scene.lines.map((line, at) => at).sort((a, b) => Number(scene.lines[a].strong || near.lines.has(a)) - Number(scene.lines[b].strong || near.lines.has(b)));
  for (const at of order) {
    const line = scene.lines[at];
    const strong = line.strong || near.lines.has(at);
    group.append(svg('path', { d: curveOf(line.points), fill: 'none', stroke: strong ? palette.accent : palette.line, 'stroke-width': line.weight ? Math.min(5, 1 + Math.log2(line.weight) / 2).toFixed(1) : strong ? 1.8 : 1.2, 'stroke-opacity': strong ? 1 : scene.faint ? 0.35 : 0.9, 'stroke-dasharray': line.how === 'aggregated' ? '5 3' : null, class: 'line' }));
  }
  scene.boxes.forEach((box) => group.append(drawBox(box, palette, box.id === selected, interactive)));
  return group;
}

function drawBox(box, palette, isSelected, interactive) {
  const colour = palette.kinds[box.kind] || palette.muted;
  const text = (x, y, content, attributes) => svg('text', { x, y, 'font-family': 'system-ui, sans-serif', 'font-size': 12, fill: palette.text, ...attributes }, content);
  const state = box.state && box.state !== 'pass' ? palette[box.state] : null;
  const label = `${box.kind.replaceAll('_', ' ')} ${box.label}`;
  return svg('g', { class: 'box', 'data-id': box.id, transform: `translate(${box.x.toFixed(1)} ${box.y.toFixed(1)})`, role: interactive ? 'img' : null, 'aria-label': label },
    svg('title', {}, label),
    svg('rect', { width: box.width, height: box.height, rx: 6, fill: isSelected ? palette.accentSoft : palette.box, stroke: isSelected ? palette.accent : palette.line, 'stroke-width': isSelected ? 2 : 1 }),
    svg('path', { d: `M0 6a6 6 0 0 1 5-5.900v${box.height - 0.2}a6 6 0 0 1-5-5.900z`, fill: colour }),
    text(14, 20, box.shown, { 'font-weight': 500 }),
    box.rows.map((row, at) => [at === 0 ? svg('path', { d: `M5 ${NODE_HEIGHT - 2}h${box.width - 5}`, stroke: palette.line }) : null, text(14, NODE_HEIGHT + ROW_HEIGHT * at + 12, row, { fill: palette.accent, 'font-size': 11 })]),
    state ? svg('circle', { cx: box.width - 12, cy: 16, r: 4, fill: state }) : null,
    interactive ? [handle(box, 'up', palette), handle(box, 'down', palette)] : null);
}

function handle(box, direction, palette) {
  const hidden = direction === 'up' ? box.hiddenUp : box.hiddenDown;
  if (!hidden) return null;
  return svg('g', { class: 'handle', 'data-expand': direction, transform: `translate(${direction === 'up' ? 0 : box.width} 16)` },
    svg('title', {}, `show ${hidden} more ${direction === 'up' ? 'upstream' : 'downstream'}`),
    svg('circle', { r: 8, fill: palette.box, stroke: palette.accent }),
    svg('path', { d: 'M-3.500 0h7M0-3.500v7', stroke: palette.accent, 'stroke-width': 1.5 }));
}

/** A drawing that can be saved: an SVG document as text. */
export function svgDocument(scene, palette) {
  const margin = 24;
  const [width, height] = [Math.ceil(scene.width + 2 * margin), Math.ceil(scene.height + 2 * margin)];
  const drawing = svg('svg', { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `${-margin} ${scene.top - margin} ${width} ${height}` },
    svg('rect', { x: -margin, y: scene.top - margin, width, height, fill: palette.back }), drawSvg(scene, palette, { interactive: false }));
  return new XMLSerializer().serializeToString(drawing);
}

export const boxLink = (box) => (typeof box.id === 'number' ? linkTo(box.id) : null);
