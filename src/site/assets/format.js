// Numbers, times and small marks, for people.

import { h } from './dom.js';
import { healthOf, kindOf, labelOf, linkTo, stateOf, stateOfStatus } from './store.js';

/** `1 model`, `2 models`, `3 saved queries`. */
export function count(number, word) {
  const singular = word.replaceAll('_', ' ');
  return `${number.toLocaleString('en')} ${number === 1 ? singular : plural(singular)}`;
}

function plural(word) {
  if (word === 'analysis') return 'analyses';
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
}

export function duration(seconds) {
  if (seconds < 0.001) return '0 s';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function age(seconds) {
  const units = [['day', 86400], ['hour', 3600], ['minute', 60]];
  for (const [unit, length] of units) {
    const number = Math.floor(seconds / length);
    if (number >= 1) return `${number} ${unit}${number === 1 ? '' : 's'}`;
  }
  return 'less than a minute';
}

/** A moment, as the reader's clock has it; how long ago on hover. */
export function moment(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return h('span', {}, text || '–');
  const shown = date.toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
  const past = (Date.now() - date.getTime()) / 1000;
  return h('time', { datetime: text, title: past >= 0 ? `${age(past)} ago` : text }, shown);
}

const STATES = { pass: 'passed', warn: 'warned', fail: 'failed', skip: 'skipped', '': 'not run' };
const SIGNS = { pass: '✓', warn: '!', fail: '✕', skip: '–', '': '·' };

/** A mark of a state, with a word for those who do not see it. */
export function stateMark(state, title) {
  return h('span', { class: `state ${state || 'none'}`, role: 'img', 'aria-label': title || STATES[state], title: title || STATES[state] }, SIGNS[state]);
}

export const statusMark = (status, title) => stateMark(stateOfStatus(status), title || status);

export const kindMark = (kind) => h('span', { class: `kind ${kind}`, 'aria-hidden': 'true' });

/** A link to a resource, with its kind and its state. */
export function resourceLink(node, { state = true, text } = {}) {
  const kind = kindOf(node);
  const found = state ? (kind === 'test' || kind === 'unit_test' ? stateOf(node) : healthOf(node)) : '';
  return h('a', { class: 'resource', href: linkTo(node), title: `${kind.replaceAll('_', ' ')} ${labelOf(node)}` }, kindMark(kind), h('span', { class: 'name' }, text || labelOf(node)), found && found !== 'pass' ? stateMark(found) : null);
}

export const kindName = (kind) => kind.replaceAll('_', ' ');
export const kindsName = (kind) => plural(kindName(kind));

/** A share as a bar with its number. */
export function shareBar(part, all, label) {
  const percent = all ? Math.round((part / all) * 100) : 0;
  const bar = h('span', { class: 'bar', role: 'img', 'aria-label': `${label}: ${percent} percent` }, h('span', {}));
  bar.firstChild.style.width = `${percent}%`;
  return h('div', { class: 'share' }, h('span', { class: 'share-label' }, label), bar, h('span', { class: 'share-number' }, all ? `${percent} %` : '–'), h('span', { class: 'muted' }, `${part.toLocaleString('en')} of ${all.toLocaleString('en')}`));
}
