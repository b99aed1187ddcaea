// Search as one types: names first, then columns, tags, folders and descriptions. `kind:model tag:daily` narrows it.

import { folderOf, groupOf, healthOf, kindOf, labelOf, openSearch, packageOf, schemaOf, store, tagsOf } from './store.js';

const FILTERS = {
  kind: (node, value) => kindOf(node).startsWith(value),
  tag: (node, value) => tagsOf(node).some((tag) => tag.toLowerCase() === value),
  package: (node, value) => packageOf(node).toLowerCase() === value,
  group: (node, value) => (groupOf(node)?.name || '').toLowerCase() === value,
  schema: (node, value) => (schemaOf(node) || '').toLowerCase().includes(value),
  path: (node, value) => folderOf(node).toLowerCase().includes(value),
  state: (node, value) => healthOf(node) === value,
  column: () => true,
};

let prepared = null;

function prepare() {
  if (prepared && prepared.build === store.core.build && prepared.full === Boolean(store.search)) return prepared;
  const lower = (list) => list.map((text) => text.toLowerCase());
  const found = store.search;
  prepared = {
    build: store.core.build,
    full: Boolean(found),
    names: lower(store.core.nodes.label),
    tags: lower(store.core.tags),
    folders: lower(store.core.folders),
    texts: found ? lower(found.texts) : null,
    columns: found ? lower(found.names) : null,
    columnTexts: found ? lower(found.descriptions) : null,
    columnsNamed(value) {
      const exact = this.columns ? this.columns.map((name) => name === value) : null;
      return exact && exact.some(Boolean) ? exact : this.columns ? this.columns.map((name) => name.includes(value)) : null;
    },
  };
  return prepared;
}

function hasColumn(node, named) {
  if (!named) return false;
  const list = store.search.columns[node];
  for (let at = 0; at < list.length; at += 3) if (named[list[at]]) return true;
  return false;
}

/** What a query asks for: words, and filters `[name, value]`. */
export function parseQuery(text) {
  const words = [];
  const filters = [];
  for (const part of text.toLowerCase().split(/\s+/).filter(Boolean)) {
    const [, name, value] = /^([a-z]+):(.*)$/.exec(part) || [];
    if (name && FILTERS[name]) {
      if (value) filters.push([name, value]);
    } else words.push(part);
  }
  return { words, filters };
}

function scoreOfName(name, word) {
  if (name === word) return 100;
  const at = name.indexOf(word);
  if (at < 0) return 0;
  if (at === 0) return 60 + Math.round((20 * word.length) / name.length);
  const before = name[at - 1];
  return (before === '_' || before === '.' || before === ' ' ? 40 : 25) + Math.round((10 * word.length) / name.length);
}

function followsLetters(name, word) {
  let at = 0;
  for (const letter of word) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

const KIND_BONUS = { model: 4, source: 3, seed: 2, snapshot: 2, exposure: 2, metric: 2, test: -35, unit_test: -25, macro: -12 };

/** The resources that match, best first: `{ node, score, why }`; `why` says where if not in the name. */
export function find(text, { words, filters } = parseQuery(text)) {
  const index = prepare();
  if (!words.length && !filters.length) return [];
  const tests = words.map((word) => ({
    word,
    tags: index.tags.map((tag) => tag.includes(word)),
    folders: index.folders.map((folder) => folder.includes(word)),
    columns: index.columns && index.columns.map((name) => (name === word ? 18 : name.includes(word) ? 9 : 0)),
    columnTexts: index.columnTexts && index.columnTexts.map((found) => found.includes(word)),
  }));
  const chosen = filters.map(([name, value]) => (name === 'column' ? [hasColumn, index.columnsNamed(value)] : [FILTERS[name], value]));
  const { folder, tags } = store.core.nodes;
  const results = [];
  for (let node = 0; node < index.names.length; node++) {
    if (!chosen.every(([is, value]) => is(node, value))) continue;
    let score = 0;
    let why = '';
    for (const test of tests) {
      let best = scoreOfName(index.names[node], test.word);
      const better = (points, reason) => {
        if (points > best) {
          best = points;
          why = reason;
        }
      };
      if (best < 20 && test.columns) {
        const list = store.search.columns[node];
        for (let at = 0; at < list.length; at += 3) {
          if (test.columns[list[at]] > best) better(test.columns[list[at]], `column ${store.search.names[list[at]]}`);
          else if (best < 4 && list[at + 2] >= 0 && test.columnTexts[list[at + 2]]) better(4, `column ${store.search.names[list[at]]}`);
        }
      }
      if (best < 12 && tags[node] && tags[node].some((tag) => test.tags[tag])) better(12, 'tag');
      if (best < 6 && index.texts && index.texts[node].includes(test.word)) better(6, 'description');
      if (best < 3 && test.folders[folder[node]]) better(3, folderOf(node));
      if (!best) {
        score = -1;
        break;
      }
      score += best;
    }
    if (score < 0) continue;
    results.push({ node, score: score + (KIND_BONUS[kindOf(node)] || 0), why });
  }
  if (!results.length && words.length === 1 && words[0].length > 2) {
    index.names.forEach((name, node) => {
      if (chosen.every(([is, value]) => is(node, value)) && followsLetters(name, words[0])) results.push({ node, score: KIND_BONUS[kindOf(node)] || 0, why: '' });
    });
  }
  return results.sort((a, b) => b.score - a.score || a.node - b.node);
}

/** The same, with descriptions and columns loaded. */
export async function findAll(text) {
  await openSearch();
  return find(text);
}
