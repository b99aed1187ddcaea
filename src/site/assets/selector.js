// dbt's node selection over the index: `+orders+2`, `tag:daily,path:models/marts`, `@source:raw`, `1+tag:x`, wildcards.

import { accessOf, childrenOf, folderOf, groupOf, isInGraph, kindOf, labelOf, materializedOf, packageOf, parentsOf, schemaOf, stateOf, store, tagsOf } from './store.js';

function pattern(text) {
  const escaped = text.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
  return new RegExp(`^${escaped}$`, 'i');
}

// What is shown of exposures and metrics may be a title.
const nameOf = (node) => store.ids[node].split('.').pop();

const METHODS = {
  tag: (node, is) => tagsOf(node).some(is),
  package: (node, is) => is(packageOf(node)),
  resource_type: (node, is) => is(kindOf(node)),
  group: (node, is) => is(groupOf(node)?.name || ''),
  access: (node, is) => kindOf(node) === 'model' && is(accessOf(node)),
  schema: (node, is) => is(schemaOf(node) || ''),
  result: (node, is) => is(stateOf(node)),
  'config.materialized': (node, is) => is(materializedOf(node) || ''),
  source: (node, is) => kindOf(node) === 'source' && (is(labelOf(node)) || is(labelOf(node).split('.')[0])),
  exposure: (node, is) => kindOf(node) === 'exposure' && is(nameOf(node)),
  metric: (node, is) => kindOf(node) === 'metric' && is(nameOf(node)),
};

function members(method, value) {
  const chosen = pattern(value);
  const is = (text) => chosen.test(text);
  const found = new Set();
  const folder = value.replace(/\/+$/, '');
  const below = (node) => folderOf(node) === folder || folderOf(node).startsWith(`${folder}/`);
  let test = METHODS[method];
  if (method === 'path') test = (node) => below(node) || is(folderOf(node));
  if (method === 'fqn') test = (node) => is(labelOf(node)) || is(nameOf(node)) || is(store.ids[node]) || is(packageOf(node)) || folderOf(node).split('/').some(is);
  if (!test) throw new Error(`“${method}:” is not known here; known are ${[...Object.keys(METHODS), 'path'].join(', ')}`);
  for (let node = 0; isInGraph(node); node++) if (test(node, is)) found.add(node);
  return found;
}

/** Adds what is reached from a set in so many steps. */
export function reach(start, next, depth) {
  const found = new Set(start);
  let edge = [...start];
  for (let step = 0; step < depth && edge.length; step++) {
    const further = [];
    for (const node of edge) for (const other of next(node)) if (isInGraph(other) && !found.has(other)) { found.add(other); further.push(other); }
    edge = further;
  }
  return found;
}

function criterion(text) {
  const [, at, up, upDepth, body, down] = /^(@)?((\d*)\+)?(.*?)(\+\d*)?$/.exec(text);
  const [, method, value] = /^([a-z_]+(?:\.[a-z_]+)?):(.+)$/.exec(body) || [null, 'fqn', body];
  if (!body) throw new Error(`“${text}” names nothing`);
  let found = members(method, value);
  if (at) found = reach(reach(found, childrenOf, Infinity), parentsOf, Infinity);
  const start = found;
  if (up) found = union(found, reach(start, parentsOf, upDepth ? Number(upDepth) : Infinity));
  if (down) found = union(found, reach(start, childrenOf, down.length > 1 ? Number(down.slice(1)) : Infinity));
  return found;
}

const union = (a, b) => new Set([...a, ...b]);

/** Resources of the graph that a selection names. Blanks join, commas intersect, `-x` takes away. */
export function select(text) {
  let found = new Set();
  const taken = new Set();
  for (const word of text.trim().split(/\s+/).filter(Boolean)) {
    const away = word.startsWith('-') && word.length > 1;
    const sets = (away ? word.slice(1) : word).split(',').map(criterion);
    const both = sets.reduce((a, b) => new Set([...a].filter((node) => b.has(node))));
    if (away) both.forEach((node) => taken.add(node));
    else found = union(found, both);
  }
  taken.forEach((node) => found.delete(node));
  return found;
}
