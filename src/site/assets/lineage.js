// Paths of a column through the project: what it is made of, and what is made of it, step by step.

import { columnLinks } from './store.js';

const MOST_STEPS = 4000;

/** Links of one column: `[resource, column, how]`, in the direction `u` or `d`. */
export async function linksOf(node, column, direction) {
  const links = (await columnLinks(node))[column.toLowerCase()] || {};
  return links[direction] || [];
}

/** All columns that a column is connected with, and the links between them: `from` and `to` are `[resource, column]`. */
export async function traceColumn(node, column) {
  const columns = new Map([[node, new Set([column.toLowerCase()])]]);
  const links = [];
  for (const direction of ['u', 'd']) {
    const waiting = [[node, column.toLowerCase()]];
    const known = new Set([`${node} ${column.toLowerCase()}`]);
    while (waiting.length && links.length < MOST_STEPS) {
      const [at, name] = waiting.shift();
      for (const [other, otherName, how] of await linksOf(at, name, direction)) {
        const found = otherName.toLowerCase();
        links.push(direction === 'u' ? { from: [other, found], to: [at, name], how } : { from: [at, name], to: [other, found], how });
        if (!columns.has(other)) columns.set(other, new Set());
        columns.get(other).add(found);
        const key = `${other} ${found}`;
        if (!known.has(key)) {
          known.add(key);
          waiting.push([other, found]);
        }
      }
    }
  }
  return { columns, links };
}
