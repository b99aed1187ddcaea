// The graph: a part of the project around a selection, the folders, or everything. Elements up to 300 boxes, a canvas above.

import { announce, h, icon, replace, svg } from './dom.js';
import { childrenOf, healthOf, isInGraph, kindOf, labelOf, linkTo, parentsOf, store } from './store.js';
import { count, kindMark, kindName, stateMark } from './format.js';
import { select } from './selector.js';
import { traceColumn } from './lineage.js';
import { boxLink, drawSvg, folderScene, paletteOf, sceneOf, svgDocument, wholeScene } from './scene.js';
import { drawCanvas } from './canvas.js';

const MOST_ELEMENTS = 300;
const [SMALLEST, LARGEST] = [0.01, 3];

/**
 * A graph in `place`. `shown` are the resources that it begins with; `column` `[resource, name]` shows the paths of a column;
 * `mode` is `part`, `folders` or `whole`; `compact` leaves the tools out.
 */
export class GraphView {
  constructor(place, { shown = new Set(), selected = null, column = null, mode = 'part', compact = false, onselect = null } = {}) {
    Object.assign(this, { place, shown: new Set([...shown].filter(isInGraph)), selected, column, mode, compact, onselect });
    this.view = { x: 0, y: 0, k: 1 };
    this.depth = 1;
    this.stage = h('div', { class: 'stage', tabindex: '0', role: 'application', 'aria-label': 'Lineage graph. Arrow keys move, Enter opens, plus and minus zoom, 0 fits, E unfolds neighbours.' });
    this.side = h('div', { class: 'side', 'aria-live': 'polite' });
    replace(place, this.stage, compact ? null : this.side);
    this.listen();
    this.watch = new ResizeObserver(() => { if (!this.stage.isConnected) this.watch.disconnect(); else if (!this.wasFitted) this.fit(); else this.draw(); });
    this.watch.observe(this.stage);
    this.ready = this.rebuild();
  }

  async rebuild({ keep = null } = {}) {
    const before = keep === null ? null : this.boxOf(keep);
    if (this.mode === 'whole') this.scene = wholeScene();
    else if (this.mode === 'folders') this.scene = folderScene(this.depth);
    else {
      const trace = this.column ? await traceColumn(...this.column) : null;
      if (trace) this.shown = new Set([...trace.columns.keys()].filter(isInGraph));
      this.scene = sceneOf(this.shown, trace);
    }
    this.isCanvas = this.scene.boxes.length > MOST_ELEMENTS;
    this.stage.classList.toggle('on-canvas', this.isCanvas);
    this.stage.dataset.boxes = this.scene.boxes.length;
    const after = before && this.boxOf(keep);
    if (after) {
      this.view.x += (before.x - after.x) * this.view.k;
      this.view.y += (before.y - after.y) * this.view.k;
    } else this.fit();
    this.draw();
    this.drawSide();
  }

  boxOf(id) {
    return this.scene?.boxes.find((box) => box.id === id);
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !this.scene) return;
    this.wasFitted = true;
    const k = Math.min(1, (width - 40) / Math.max(1, this.scene.width), (height - 40) / Math.max(1, this.scene.height));
    this.view.k = Math.max(SMALLEST, k);
    const selected = this.boxOf(this.selected);
    if (selected && k < 0.35 && this.mode === 'part') {
      this.view.k = 0.8;
      this.view.x = width / 2 - (selected.x + selected.width / 2) * this.view.k;
      this.view.y = height / 2 - (selected.y + 16) * this.view.k;
    } else {
      this.view.x = (width - this.scene.width * this.view.k) / 2;
      this.view.y = (height - this.scene.height * this.view.k) / 2 - this.scene.top * this.view.k;
    }
    this.draw();
  }

  draw() {
    if (!this.scene || this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.paint();
    });
  }

  paint() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width) return;
    if (!this.scene.boxes.length) {
      replace(this.stage, h('p', { class: 'empty' }, this.mode === 'part' ? 'Nothing is selected.' : 'There is nothing to show.'));
      return;
    }
    if (this.isCanvas) {
      if (!this.canvas?.isConnected) {
        this.canvas = h('canvas', { 'aria-hidden': 'true' });
        replace(this.stage, this.canvas);
      }
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
        this.canvas.width = Math.round(width * ratio);
        this.canvas.height = Math.round(height * ratio);
      }
      drawCanvas(this.canvas.getContext('2d'), this.scene, paletteOf(), this.view, width, height, { selected: this.selected, ratio });
      return;
    }
    const drawn = `${this.scene.boxes.length} ${this.selected} ${document.documentElement.dataset.theme} ${matchMedia('(prefers-color-scheme: dark)').matches}`;
    if (this.drawn !== drawn || this.drawnScene !== this.scene || !this.group?.isConnected) {
      this.group = drawSvg(this.scene, paletteOf(), { selected: this.selected });
      replace(this.stage, svg('svg', { width: '100%', height: '100%' }, this.group));
      [this.drawn, this.drawnScene] = [drawn, this.scene];
    }
    this.group.setAttribute('transform', `translate(${this.view.x} ${this.view.y}) scale(${this.view.k})`);
  }

  zoom(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const k = Math.min(LARGEST, Math.max(SMALLEST, this.view.k * factor));
    this.view.x = x - ((x - this.view.x) * k) / this.view.k;
    this.view.y = y - ((y - this.view.y) * k) / this.view.k;
    this.view.k = k;
    this.draw();
  }

  listen() {
    const { stage } = this;
    const pointers = new Map();
    let moved = 0;
    const at = (event) => {
      const area = stage.getBoundingClientRect();
      return [event.clientX - area.left, event.clientY - area.top];
    };
    stage.addEventListener('wheel', (event) => {
      if (this.compact && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), ...at(event));
    }, { passive: false });
    stage.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      pointers.set(event.pointerId, at(event));
      moved = 0;
    });
    stage.addEventListener('pointermove', (event) => {
      const last = pointers.get(event.pointerId);
      if (!last) return;
      const now = at(event);
      if (pointers.size === 2) {
        const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
        const length = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
        this.zoom(length(now) / Math.max(1, length(last)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      } else {
        this.view.x += now[0] - last[0];
        this.view.y += now[1] - last[1];
        this.draw();
      }
      moved += Math.hypot(now[0] - last[0], now[1] - last[1]);
      if (moved > 4 && !stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, now);
    });
    const end = (event) => {
      if (pointers.delete(event.pointerId) && moved <= 4 && event.type === 'pointerup') this.press(at(event));
    };
    stage.addEventListener('pointerup', end);
    stage.addEventListener('pointercancel', end);
    stage.addEventListener('dblclick', (event) => {
      const box = this.boxAt(at(event));
      if (box) this.open(box);
    });
    const recolour = () => {
      if (stage.isConnected) this.draw();
      else document.removeEventListener('themechange', recolour);
    };
    document.addEventListener('themechange', recolour);
    stage.addEventListener('keydown', (event) => this.key(event));
  }

  toScene([x, y]) {
    return [(x - this.view.x) / this.view.k, (y - this.view.y) / this.view.k];
  }

  boxAt(point) {
    const [x, y] = this.toScene(point);
    return this.scene.boxes.findLast((box) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height);
  }

  press(point) {
    const [x, y] = this.toScene(point);
    const near = (box, left) => Math.hypot(x - left, y - box.y - 16) <= 10;
    if (!this.isCanvas) {
      const up = this.scene.boxes.find((box) => box.hiddenUp && near(box, box.x));
      const down = this.scene.boxes.find((box) => box.hiddenDown && near(box, box.x + box.width));
      if (up) return this.unfold(up.id, 'up');
      if (down) return this.unfold(down.id, 'down');
    }
    const box = this.boxAt(point);
    this.choose(box ? box.id : null);
    return null;
  }

  choose(id) {
    this.selected = id;
    const box = this.boxOf(id);
    if (box) announce(`${kindName(box.kind)} ${box.label}`);
    this.draw();
    this.drawSide();
    this.onselect?.(id);
  }

  open(box) {
    const link = boxLink(box);
    if (link) location.hash = link;
    else if (box.members) this.showNodes(box.members);
  }

  showNodes(nodes, selected = null) {
    [this.mode, this.column, this.selected] = ['part', null, selected];
    this.shown = new Set(nodes);
    this.onmode?.();
    this.wasFitted = false;
    return this.rebuild();
  }

  /** Shows the neighbours of a resource. */
  unfold(node, direction) {
    this.column = null;
    const next = direction === 'up' ? parentsOf(node) : childrenOf(node);
    next.filter(isInGraph).forEach((other) => this.shown.add(other));
    this.selected = node;
    announce(`${labelOf(node)}: neighbours shown`);
    return this.rebuild({ keep: node });
  }

  hide(node) {
    this.shown.delete(node);
    this.selected = null;
    return this.rebuild();
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const box = this.boxOf(this.selected);
    if (step && event.shiftKey) {
      this.view.x -= step[0] * 80;
      this.view.y -= step[1] * 80;
      this.draw();
    } else if (step) this.walk(...step);
    else if (event.key === '+' || event.key === '=') this.zoom(1.25);
    else if (event.key === '-') this.zoom(0.8);
    else if (event.key === '0') this.fit();
    else if (event.key === 'Enter' && box) this.open(box);
    else if (event.key.toLowerCase() === 'e' && box && typeof box.id === 'number' && this.mode === 'part') {
      parentsOf(box.id).filter(isInGraph).forEach((other) => this.shown.add(other));
      this.unfold(box.id, 'down');
    } else if (event.key === 'Escape' && this.selected !== null) this.choose(null);
    else return;
    event.preventDefault();
  }

  /** Chooses the nearest box in a direction and brings it into view. */
  walk(dx, dy) {
    const from = this.boxOf(this.selected);
    if (!from) {
      if (this.scene.boxes.length) this.choose(this.scene.boxes[0].id);
      return;
    }
    const middle = (box) => [box.x + box.width / 2, box.y + 16];
    const [x, y] = middle(from);
    let best = null;
    let nearest = Infinity;
    for (const box of this.scene.boxes) {
      const [toX, toY] = middle(box);
      const along = dx ? (toX - x) * dx : (toY - y) * dy;
      const across = Math.abs(dx ? toY - y : toX - x);
      if (box === from || along < 8) continue;
      const distance = along + across * (dx ? 2 : 4);
      if (distance < nearest) [best, nearest] = [box, distance];
    }
    if (!best) return;
    this.choose(best.id);
    const [left, top] = [best.x * this.view.k + this.view.x, best.y * this.view.k + this.view.y];
    const margin = 60;
    if (left < margin) this.view.x += margin - left;
    if (top < margin) this.view.y += margin - top;
    const [right, bottom] = [left + best.width * this.view.k, top + best.height * this.view.k];
    if (right > this.stage.clientWidth - margin) this.view.x -= right - this.stage.clientWidth + margin;
    if (bottom > this.stage.clientHeight - margin) this.view.y -= bottom - this.stage.clientHeight + margin;
    this.draw();
  }

  drawSide() {
    if (this.compact) return;
    const box = this.boxOf(this.selected);
    this.side.hidden = !box;
    if (!box) return;
    if (box.members) {
      const kinds = new Map();
      box.members.forEach((node) => kinds.set(kindOf(node), (kinds.get(kindOf(node)) || 0) + 1));
      replace(this.side, h('h2', {}, box.label.replace(/ · \d+$/, '')), h('ul', { class: 'plain' }, [...kinds].map(([kind, number]) => h('li', {}, kindMark(kind), ' ', count(number, kind)))),
        h('div', { class: 'buttons' }, h('button', { type: 'button', onclick: () => this.showNodes(box.members) }, 'Show these'), h('button', { type: 'button', onclick: () => this.showNodes([...box.members, ...box.members.flatMap((node) => [...parentsOf(node), ...childrenOf(node)])]) }, 'With neighbours')));
      return;
    }
    const node = box.id;
    const text = store.search?.texts[node];
    const button = (label, action) => h('button', { type: 'button', onclick: action }, label);
    replace(this.side,
      h('h2', {}, kindMark(kindOf(node)), h('a', { href: linkTo(node) }, labelOf(node)), stateMark(healthOf(node))),
      h('p', { class: 'muted' }, `${kindName(kindOf(node))} · ${count(parentsOf(node).filter(isInGraph).length, 'parent')} · ${childrenOf(node).filter(isInGraph).length} used by`),
      text ? h('p', {}, text) : null,
      h('div', { class: 'buttons' }, h('a', { class: 'button', href: linkTo(node) }, 'Open'), button('Only this', () => this.showNodes([node, ...parentsOf(node), ...childrenOf(node)], node)),
        this.mode === 'part' ? [button('+ upstream', () => this.unfold(node, 'up')), button('+ downstream', () => this.unfold(node, 'down')), button('Hide', () => this.hide(node))] : null));
  }

  save(kind) {
    const palette = paletteOf();
    const name = `${store.core.project.name}-lineage.${kind}`;
    const give = (blob) => {
      const link = h('a', { href: URL.createObjectURL(blob), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    };
    if (kind === 'svg') return give(new Blob([svgDocument(this.scene, palette)], { type: 'image/svg+xml' }));
    const margin = 24;
    const ratio = Math.min(2, 12000 / (this.scene.width + 2 * margin), 12000 / (this.scene.height + 2 * margin));
    const [width, height] = [this.scene.width + 2 * margin, this.scene.height + 2 * margin];
    const canvas = h('canvas', { width: Math.ceil(width * ratio), height: Math.ceil(height * ratio) });
    const context = canvas.getContext('2d');
    if (this.isCanvas) drawCanvas(context, this.scene, palette, { x: margin, y: margin - this.scene.top, k: 1 }, width, height, { ratio });
    else {
      const picture = new Image();
      picture.onload = () => {
        context.drawImage(picture, 0, 0, canvas.width, canvas.height);
        canvas.toBlob(give);
      };
      picture.src = URL.createObjectURL(new Blob([svgDocument(this.scene, palette)], { type: 'image/svg+xml' }));
      return null;
    }
    canvas.toBlob(give);
    return null;
  }
}

/** The page of the graph: tools above, the graph below. */
export function graphPage(place, parameters) {
  const problem = h('p', { class: 'problem', role: 'alert' });
  const input = h('input', { type: 'text', class: 'mono', value: parameters.get('s') || '', placeholder: '1+orders+1   tag:daily   path:models/marts', 'aria-label': 'Selection of resources', spellcheck: 'false', autocomplete: 'off' });
  const area = h('div', { class: 'graph' });
  const column = parameters.get('c');
  const columnOf = parameters.get('of');
  const start = { shown: new Set(), mode: parameters.get('m') || (parameters.get('s') || column ? 'part' : isInGraph(MOST_ELEMENTS) ? 'folders' : 'whole') };
  const ask = (text) => {
    problem.textContent = '';
    try {
      return select(text);
    } catch (error) {
      problem.textContent = error.message;
      return new Set();
    }
  };
  if (start.mode === 'part' && !column) {
    start.shown = ask(input.value);
    const named = /^\d*\+?([^+\s,]+?)(\+\d*)?$/.exec(input.value);
    if (named) [start.selected] = [...start.shown].filter((node) => labelOf(node) === named[1] || store.ids[node] === named[1]);
    start.selected ??= null;
  }
  if (column && store.byId.has(columnOf)) start.column = [store.byId.get(columnOf), column];
  const view = new GraphView(area, start);
  const modes = ['part', 'folders', 'whole'].map((mode) => h('button', { type: 'button', onclick: () => { view.mode = mode; view.selected = null; view.column = null; view.wasFitted = false; view.rebuild(); mark(); } }, { part: 'Selection', folders: 'Folders', whole: 'Everything' }[mode]));
  const deeper = h('button', { type: 'button', title: 'one level of folders more, or fewer', onclick: () => { view.depth = (view.depth % 3) + 1; view.rebuild(); } }, 'Depth');
  const mark = () => {
    modes.forEach((button, at) => button.setAttribute('aria-pressed', String(['part', 'folders', 'whole'][at] === view.mode)));
    deeper.hidden = view.mode !== 'folders';
  };
  view.onmode = mark;
  mark();
  const form = h('form', { class: 'select', role: 'search', onsubmit: (event) => {
    event.preventDefault();
    const found = ask(input.value);
    if (problem.textContent) return;
    history.replaceState(null, '', `#!/graph?s=${encodeURIComponent(input.value)}`);
    view.showNodes(found);
    announce(count(found.size, 'resource'));
  } }, input, h('button', { type: 'submit' }, 'Show'));
  const tool = (label, action, content) => h('button', { type: 'button', class: 'quiet', title: label, 'aria-label': label, onclick: action }, content);
  replace(place, h('div', { class: 'graph-page' }, h('h1', { class: 'unseen' }, 'Lineage graph'), h('div', { class: 'tools' }, form, h('div', { class: 'segments', role: 'group', 'aria-label': 'What is shown' }, modes), deeper,
    h('span', { class: 'spring' }), tool('zoom out', () => view.zoom(0.8), '−'), tool('zoom in', () => view.zoom(1.25), '+'), tool('fit to view', () => view.fit(), icon('fit')), tool('save as SVG', () => view.save('svg'), 'SVG'), tool('save as PNG', () => view.save('png'), 'PNG')),
    start.column ? h('p', { class: 'note' }, 'Paths of the column ', h('code', {}, `${labelOf(start.column[0])}.${column}`), '. Dashed lines aggregate.') : null, problem, area));
  return view;
}
