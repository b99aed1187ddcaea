// A scene on a canvas, for graphs that are too large for elements. Far away, boxes are plain and have no text.

import { FONT, touching } from './scene.js';

const TEXT_FROM = 0.45;

/** Draws what is in view. `view` has x, y and scale k; sizes are in CSS pixels. */
export function drawCanvas(context, scene, palette, view, width, height, { selected = null, ratio = 1 } = {}) {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = palette.back;
  context.fillRect(0, 0, width, height);
  context.setTransform(ratio * view.k, 0, 0, ratio * view.k, ratio * view.x, ratio * view.y);
  const [left, top] = [-view.x / view.k, -view.y / view.k];
  const [right, bottom] = [left + width / view.k, top + height / view.k];
  const near = touching(scene, selected);
  drawLines(context, scene, [left, top, right, bottom], palette.line, Math.max(0.7 / view.k, 0.8), scene.lines.length > 3000 && selected === null ? 0.45 : selected === null ? 0.8 : 0.25);
  if (near.lines.size) drawLines(context, { lines: [...near.lines].map((at) => scene.lines[at]), boxes: scene.boxes }, [left, top, right, bottom], palette.accent, Math.max(1.4 / view.k, 1.6), 1);
  context.globalAlpha = 1;
  context.font = FONT;
  context.textBaseline = 'middle';
  const withText = view.k >= TEXT_FROM;
  for (const box of scene.boxes) {
    if (box.x > right || box.x + box.width < left || box.y > bottom || box.y + box.height < top) continue;
    const colour = palette.kinds[box.kind] || palette.muted;
    const isNear = selected === null || near.boxes.has(box.id);
    context.globalAlpha = isNear ? 1 : 0.45;
    if (!withText) {
      context.fillStyle = box.state === 'fail' ? palette.fail : colour;
      context.fillRect(box.x, box.y + 5, box.width, 22);
      continue;
    }
    context.fillStyle = box.id === selected ? palette.accentSoft : palette.box;
    context.strokeStyle = box.id === selected ? palette.accent : palette.line;
    context.lineWidth = box.id === selected ? 2 : 1;
    context.beginPath();
    context.roundRect(box.x, box.y, box.width, box.height, 6);
    context.fill();
    context.stroke();
    context.fillStyle = colour;
    context.fillRect(box.x, box.y + 3, 4, box.height - 6);
    context.fillStyle = palette.text;
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.width - 8, box.height);
    context.clip();
    context.fillText(box.shown, box.x + 14, box.y + 17);
    context.restore();
    if (box.state && box.state !== 'pass') {
      context.fillStyle = palette[box.state];
      context.beginPath();
      context.arc(box.x + box.width - 12, box.y + 16, 4, 0, 7);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

function drawLines(context, scene, [left, top, right, bottom], colour, width, opacity) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.globalAlpha = opacity;
  // Curves of thousands of lines that are a few pixels long would be seen by nobody and waited for by everybody.
  const isFar = scene.lines.length > 3000 && right - left > 6000;
  context.beginPath();
  for (const { points } of scene.lines) {
    const [from, to] = [points[0], points[points.length - 1]];
    if (Math.min(from[0], to[0]) > right || Math.max(from[0], to[0]) < left || Math.min(from[1], to[1]) > bottom || Math.max(from[1], to[1]) < top) continue;
    context.moveTo(from[0], from[1]);
    if (isFar) {
      context.lineTo(to[0], to[1]);
      continue;
    }
    for (let at = 1; at < points.length; at++) {
      const [[x, y], [toX, toY]] = [points[at - 1], points[at]];
      const pull = Math.max(18, Math.abs(toX - x) / 2);
      context.bezierCurveTo(x + pull, y, toX - pull, toY, toX, toY);
    }
  }
  context.stroke();
}
