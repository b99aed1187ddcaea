// The columns of a resource: type, description, tests, and on demand where each comes from and where it goes.

import { h, icon, markdown, replace } from './dom.js';
import { columnLinks, kindOf, labelOf, linkTo, resultsOf, stateOf, store, testOf } from './store.js';
import { kindMark, moment, stateMark } from './format.js';

/** Tests of a resource by column in lower case; those of the whole resource are under ''. */
export function testsByColumn(node) {
  const tests = new Map();
  for (const test of store.testsOf[node]) {
    const column = (testOf(test)[1] || '').toLowerCase();
    if (!tests.has(column)) tests.set(column, []);
    tests.get(column).push(test);
  }
  return tests;
}

export function testChip(test) {
  const [last] = resultsOf(test);
  const state = stateOf(test);
  const title = last ? `${labelOf(test)}: ${last[1]}${last[4] ? `, ${last[4]}` : ''}` : `${labelOf(test)}: not run yet`;
  return h('a', { class: `chip test ${state || 'none'}`, href: linkTo(test), title }, stateMark(state), testOf(test)[2] || labelOf(test));
}

/** The table; `chosen` is the column that the address names. */
export function columnTable(node, columns, chosen) {
  const tests = testsByColumn(node);
  const withLineage = store.core.lineage;
  const filter = columns.length > 12 ? h('input', { type: 'search', class: 'narrow', placeholder: `Filter ${columns.length} columns`, 'aria-label': 'Filter columns' }) : null;
  const rows = columns.map(([name, type, description, more = {}]) => {
    const own = tests.get(name.toLowerCase()) || [];
    const id = `column-${name}`;
    const detail = h('tr', { class: 'detail', hidden: true }, h('td', { colspan: '4' }));
    const toggle = h('button', { type: 'button', class: 'column', 'aria-expanded': 'false', title: 'where it comes from and where it goes' }, icon('right'), h('code', {}, name));
    const show = (is) => {
      toggle.setAttribute('aria-expanded', String(is));
      detail.hidden = !is;
      if (is && !detail.dataset.filled) {
        detail.dataset.filled = 'yes';
        fillDetail(detail.firstChild, node, name, more, own);
      }
    };
    toggle.addEventListener('click', () => {
      const is = toggle.getAttribute('aria-expanded') !== 'true';
      show(is);
      history.replaceState(null, '', is ? linkTo(node, name) : linkTo(node));
    });
    const marks = [...(more.constraints || []).map((word) => h('span', { class: 'chip' }, word.replaceAll('_', ' '))), ...(more.tags || []).map((tag) => h('span', { class: 'chip tag' }, tag))];
    const row = h('tr', { id, 'data-name': name.toLowerCase() }, h('th', { scope: 'row' }, toggle), h('td', { class: 'type' }, type ? h('code', {}, type.toLowerCase()) : h('span', { class: 'muted' }, '–')), h('td', { class: 'about' }, description ? markdown(description) : h('span', { class: 'muted' }, '–'), marks.length ? h('div', { class: 'chips' }, marks) : null), h('td', { class: 'tests' }, own.length ? h('div', { class: 'chips' }, own.map(testChip)) : null));
    if (chosen && name.toLowerCase() === chosen.toLowerCase()) {
      row.classList.add('chosen');
      show(true);
      requestAnimationFrame(() => row.scrollIntoView({ block: 'center' }));
    }
    return [row, detail];
  });
  filter?.addEventListener('input', () => {
    const text = filter.value.toLowerCase();
    rows.forEach(([row, detail]) => {
      row.hidden = !row.dataset.name.includes(text);
      detail.hidden = row.hidden || row.querySelector('button').getAttribute('aria-expanded') !== 'true';
    });
  });
  const table = h('table', { class: 'columns' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Column'), h('th', { scope: 'col' }, 'Type'), h('th', { scope: 'col' }, 'Description'), h('th', { scope: 'col' }, 'Tests'))), h('tbody', {}, rows));
  return [filter, h('div', { class: 'scroll' }, table), withLineage ? null : h('p', { class: 'muted small' }, 'Column lineage is not part of this site.')];
}

async function fillDetail(cell, node, name, more, tests) {
  const parts = [];
  if (store.core.lineage) {
    const links = (await columnLinks(node))[name.toLowerCase()] || {};
    const list = (title, direction, none) => h('div', { class: 'links' }, h('h4', {}, title), links[direction]?.length ? h('ul', { class: 'plain' }, links[direction].map(([other, column, how]) => columnLink(other, column, how, direction))) : h('p', { class: 'muted' }, none));
    parts.push(h('div', { class: 'two' }, list('Comes from', 'u', links.why ? `Not known: ${links.why.join('; ')}` : kindOf(node) === 'source' || kindOf(node) === 'seed' ? 'It is loaded as it is.' : 'Nothing: a constant, or computed without other columns.'), list('Goes into', 'd', 'No column of this project.')));
    if (links.u?.length || links.d?.length) parts.push(h('p', {}, h('a', { class: 'button', href: `#!/graph?of=${encodeURIComponent(store.ids[node])}&c=${encodeURIComponent(name)}` }, icon('graph'), 'Show its paths in the graph')));
  }
  if (more.meta) parts.push(h('p', {}, h('span', { class: 'muted' }, 'meta '), h('code', {}, JSON.stringify(more.meta))));
  parts.push(h('p', {}, h('a', { href: `#!/columns/${encodeURIComponent(name.toLowerCase())}` }, `All columns that are called ${name}`)));
  for (const test of tests) {
    const [last] = resultsOf(test);
    if (last?.[4]) parts.push(h('p', { class: 'message' }, stateMark(stateOf(test)), ` ${labelOf(test)}: ${last[4]} · `, moment(store.runs.runs[last[0]]?.at)));
  }
  replace(cell, parts);
}

/** A column of another resource, which unfolds to the next ones in the same direction. */
function columnLink(node, column, how, direction) {
  const further = h('ul', { class: 'plain', hidden: true });
  const more = h('button', { type: 'button', class: 'quiet tiny', 'aria-expanded': 'false', 'aria-label': `follow ${column} of ${labelOf(node)}` }, icon('right'));
  more.addEventListener('click', async () => {
    const is = more.getAttribute('aria-expanded') !== 'true';
    more.setAttribute('aria-expanded', String(is));
    further.hidden = !is;
    if (is && !further.childNodes.length) {
      const links = (await columnLinks(node))[column.toLowerCase()]?.[direction] || [];
      replace(further, links.length ? links.map((link) => columnLink(...link, direction)) : h('li', { class: 'muted' }, direction === 'u' ? 'begins here' : 'ends here'));
    }
  });
  return h('li', {}, more, h('a', { class: 'resource', href: linkTo(node, column) }, kindMark(kindOf(node)), h('span', { class: 'name' }, `${labelOf(node)}.`, h('b', {}, column))), ' ', h('span', { class: `how ${how}` }, how), further);
}
