// The page of one resource.

import { copyButton, h, icon, markdown, replace } from './dom.js';
import { childrenOf, folderOf, freshnessOf, groupOf, hasContract, healthOf, isInGraph, kindOf, labelOf, linkTo, materializedOf, packageOf, pageOf, parentsOf, resultsOf, schemaOf, stateOf, store, tagsOf, testOf } from './store.js';
import { age, count, duration, kindMark, kindName, moment, resourceLink, stateMark, statusMark } from './format.js';
import { codeBlock } from './highlight.js';
import { columnTable, testChip, testsByColumn } from './columns.js';
import { GraphView } from './graph.js';

const LONG = 24;

const section = (id, title, ...content) => h('section', { id, 'aria-labelledby': `${id}-title` }, h('h2', { id: `${id}-title` }, title), content);

/** Shows the page. */
export async function resourcePage(place, node, parameters) {
  const page = await pageOf(node);
  const kind = kindOf(node);
  const sections = [];
  if (page.description) sections.push(h('section', { class: 'description' }, markdown(page.description)));
  if (kind === 'test' || kind === 'unit_test') sections.push(aboutTest(node, page));
  if (page.source_description) sections.push(section('of-source', `Source ${labelOf(node).split('.')[0]}`, markdown(page.source_description)));
  if (page.columns) sections.push(section('columns', `Columns`, columnTable(node, page.columns, parameters.get('col'))));
  if (page.arguments) sections.push(section('arguments', 'Arguments', h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ['Name', 'Type', 'Description'].map((title) => h('th', { scope: 'col' }, title)))), h('tbody', {}, page.arguments.map(([name, type, text]) => h('tr', {}, h('th', { scope: 'row' }, h('code', {}, name)), h('td', {}, type || '–'), h('td', {}, markdown(text)))))))));
  const general = testsByColumn(node).get('') || [];
  const elsewhere = page.columns ? [...testsByColumn(node)].filter(([column]) => column && !page.columns.some(([name]) => name.toLowerCase() === column)).flatMap(([, tests]) => tests) : store.testsOf[node];
  const others = [...new Set([...general, ...elsewhere])];
  if (others.length) sections.push(section('tests', page.columns ? 'Tests of the whole' : 'Tests', h('div', { class: 'chips' }, others.map(testChip))));
  if (isInGraph(node)) sections.push(lineageSection(node));
  else if (kind !== 'macro' && parentsOf(node).length) sections.push(section('lineage', 'Depends on', linkList(parentsOf(node))));
  if (page.macros) sections.push(section('macros', 'Macros', linkList(page.macros)));
  if (kind === 'macro') sections.push(usedBy(node));
  const code = codeSection(page, kind);
  if (code) sections.push(code);
  if (page.definition) sections.push(section('definition', 'Definition', codeBlock(JSON.stringify(page.definition, null, 2), 'definition')));
  const runs = runsSection(node);
  if (runs) sections.push(runs);
  if (page.config || page.meta || page.constraints) sections.push(section('config', 'Configuration', valueTable({ ...page.config, ...(page.constraints ? { constraints: page.constraints } : {}), ...(page.meta ? { meta: page.meta } : {}) })));
  replace(place, h('article', { class: 'page' }, head(node, page), h('div', { class: 'with-facts' }, facts(node, page), h('div', { class: 'sections' }, sections))));
}

function head(node, page) {
  const kind = kindOf(node);
  const path = [packageOf(node), ...folderOf(node).split('/').filter(Boolean)];
  return h('header', {},
    h('p', { class: 'crumbs' }, path.map((part, at) => [at ? h('span', { 'aria-hidden': 'true' }, ' / ') : null, part])),
    h('h1', {}, kindMark(kind), h('span', { class: 'name' }, labelOf(node)), healthOf(node) ? stateMark(healthOf(node)) : null,
      copyButton(() => page.relation || labelOf(node), 'copy the name')),
    h('p', { class: 'chips' }, h('span', { class: 'chip strong' }, kindName(kind)), materializedOf(node) && kind === 'model' ? h('span', { class: 'chip' }, materializedOf(node)) : null, hasContract(node) ? h('span', { class: 'chip', title: 'columns and types are promised' }, 'contract') : null,
      tagsOf(node).map((tag) => h('a', { class: 'chip tag', href: `#!/search?q=${encodeURIComponent(`tag:${tag}`)}` }, tag))));
}

function facts(node, page) {
  const rows = [];
  const put = (name, ...value) => { if (value.some((part) => part !== null && part !== undefined && part !== '')) rows.push(h('div', {}, h('dt', {}, name), h('dd', {}, value))); };
  for (const [name, value] of page.facts || []) put(name, name === 'url' ? h('a', { href: value, rel: 'noopener noreferrer' }, value) : value);
  if (page.relation) put('relation', h('code', { class: 'wrap' }, page.relation));
  else if (schemaOf(node)) put('schema', schemaOf(node));
  if (page.relation_type) put('in the warehouse', page.relation_type.toLowerCase());
  if (page.relation_owner) put('owner there', page.relation_owner);
  const owner = page.owner && (typeof page.owner === 'object' ? [page.owner.name, page.owner.email].filter(Boolean).join(', ') : String(page.owner));
  put('owner', owner);
  const group = groupOf(node);
  if (group) put('group', h('a', { href: `#!/group/${encodeURIComponent(group.name)}` }, group.name));
  if (page.columns) put('columns', `${page.columns.length}, ${store.core.nodes.described[node]} described`);
  if (page.primary_key) put('primary key', page.primary_key.join(', '));
  const tests = store.testsOf[node];
  if (tests.length) put('tests', `${tests.length}: `, testCounts(tests));
  const [last] = resultsOf(node);
  if (last) put('last run', statusMark(last[1]), ' ', moment(store.runs.runs[last[0]]?.at), last[2] ? `, ${duration(last[2])}` : '');
  const fresh = freshnessOf(node);
  if (fresh) put('freshness', statusMark(fresh.status), ' ', fresh.age === null ? fresh.error || fresh.status : `loaded ${age(fresh.age)} before it was asked, `, fresh.asked_at ? moment(fresh.asked_at) : null);
  if (page.freshness) put('stale after', ['warn_after', 'error_after'].filter((key) => page.freshness[key]?.count).map((key) => `${key === 'warn_after' ? 'warning' : 'error'}: ${page.freshness[key].count} ${page.freshness[key].period}s`).join(', '));
  put('file', h('code', { class: 'wrap' }, page.path));
  return h('dl', { class: 'facts' }, rows);
}

function testCounts(tests) {
  const counts = new Map();
  tests.forEach((test) => counts.set(stateOf(test), (counts.get(stateOf(test)) || 0) + 1));
  return [...counts].map(([state, number]) => h('span', { class: 'nowrap' }, `${number} `, state ? stateMark(state) : 'not run', ' '));
}

function lineageSection(node) {
  const up = parentsOf(node).filter(isInGraph);
  const down = childrenOf(node).filter(isInGraph);
  const stage = h('div', { class: 'graph inline' });
  stage.style.height = `${Math.min(320, 70 + 46 * Math.max(1, up.length, down.length))}px`;
  const name = labelOf(node);
  const near = new Set([node, ...up.slice(0, 40), ...down.slice(0, 40)]);
  if (up.length || down.length) requestAnimationFrame(() => { if (stage.isConnected) new GraphView(stage, { shown: near, selected: node, compact: true }); });
  return section('lineage', 'Lineage',
    up.length || down.length ? [stage, h('p', {}, h('a', { class: 'button', href: `#!/graph?s=${encodeURIComponent(`1+${name}+1`)}` }, icon('graph'), 'Open in the graph'), ' ', h('a', { class: 'button', href: `#!/graph?s=${encodeURIComponent(`+${name}+`)}` }, 'All up and down'))] : h('p', { class: 'muted' }, 'It depends on nothing and nothing depends on it.'),
    h('div', { class: 'two' }, h('div', {}, h('h3', {}, `Depends on (${up.length})`), linkList(up)), h('div', {}, h('h3', {}, `Used by (${down.length})`), linkList(down))));
}

function linkList(nodes) {
  if (!nodes.length) return h('p', { class: 'muted' }, 'nothing');
  const list = h('ul', { class: 'plain links-list' }, nodes.slice(0, LONG).map((node) => h('li', {}, resourceLink(node))));
  if (nodes.length <= LONG) return list;
  const more = h('button', { type: 'button', class: 'quiet', onclick: () => { nodes.slice(LONG).forEach((node) => list.append(h('li', {}, resourceLink(node)))); more.remove(); } }, `${nodes.length - LONG} more`);
  return [list, more];
}

function usedBy(node) {
  return h('p', { class: 'muted small' }, `Its id is `, h('code', {}, store.ids[node]), '.');
}

function codeSection(page, kind) {
  if (!page.raw && !page.compiled) return null;
  const tabs = [['compiled', 'Compiled', page.compiled], ['raw', kind === 'macro' ? 'Macro' : 'As written', page.raw]].filter(([, , code]) => code);
  const body = h('div', { role: 'tabpanel' });
  let shown = tabs.length > 1 ? 1 : 0;
  const buttons = tabs.map(([, title], at) => h('button', { type: 'button', role: 'tab', onclick: () => show(at) }, title));
  const show = (at) => {
    shown = at;
    buttons.forEach((button, index) => button.setAttribute('aria-selected', String(index === at)));
    replace(body, codeBlock(tabs[at][2], tabs[at][1]));
  };
  show(shown);
  return section('code', 'Code', h('div', { class: 'tabs' }, h('div', { class: 'segments', role: 'tablist', 'aria-label': 'Code' }, buttons), copyButton(() => tabs[shown][2], 'copy the code')), body);
}

function aboutTest(node, page) {
  const [about, column, name] = testOf(node);
  const rows = [];
  if (about >= 0) rows.push(h('p', {}, kindOf(node) === 'unit_test' ? 'Tests ' : name ? [h('code', {}, name), ' of '] : 'Tests ', resourceLink(about), column ? [', column ', h('a', { href: linkTo(about, column) }, h('code', {}, column))] : null));
  const [last] = resultsOf(node);
  if (last) rows.push(h('p', { class: `message ${stateOf(node)}` }, stateMark(stateOf(node)), ` ${last[1]}`, last[3] ? `, ${count(last[3], 'failure')}` : '', last[4] ? `: ${last[4]}` : ''));
  if (page.test_arguments && Object.keys(page.test_arguments).length) rows.push(valueTable(page.test_arguments));
  if (page.given) rows.push(h('h3', {}, 'Given'), page.given.map((given) => [h('p', {}, h('code', {}, String(given.input))), rowsTable(given.rows)]));
  if (page.expect) rows.push(h('h3', {}, 'Expected'), rowsTable(page.expect.rows));
  return section('test', 'Test', rows);
}

function rowsTable(rows) {
  if (!Array.isArray(rows)) return rows ? h('pre', { class: 'plain-code' }, String(rows)) : h('p', { class: 'muted' }, 'no rows');
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return h('div', { class: 'scroll' }, h('table', { class: 'rows' }, h('thead', {}, h('tr', {}, names.map((name) => h('th', { scope: 'col' }, name)))), h('tbody', {}, rows.slice(0, 50).map((row) => h('tr', {}, names.map((name) => h('td', {}, row[name] === null || row[name] === undefined ? h('i', { class: 'muted' }, 'null') : typeof row[name] === 'object' ? JSON.stringify(row[name]) : String(row[name]))))))));
}

function runsSection(node) {
  const results = resultsOf(node);
  if (!results.length) return null;
  const slowest = Math.max(...results.map(([, , seconds]) => seconds), 0.001);
  return section('runs', 'Last runs', h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ['When', 'Command', 'Result', 'Time', ''].map((title) => h('th', { scope: 'col' }, title)))), h('tbody', {}, results.map(([run, status, seconds, failures, message]) => {
    const bar = h('span', { class: 'bar thin', 'aria-hidden': 'true' }, h('span', {}));
    bar.firstChild.style.width = `${(100 * seconds) / slowest}%`;
    return h('tr', {}, h('td', {}, moment(store.runs.runs[run]?.at)), h('td', {}, store.runs.runs[run]?.command), h('td', {}, statusMark(status), ` ${status}`, failures ? `, ${count(failures, 'row')}` : ''), h('td', { class: 'time' }, bar, duration(seconds)), h('td', { class: 'said' }, message || ''));
  })))));
}

/** Keys and values; nested ones as JSON. */
function valueTable(values) {
  return h('div', { class: 'scroll' }, h('table', { class: 'values' }, h('tbody', {}, Object.entries(values).map(([key, value]) => h('tr', {}, h('th', { scope: 'row' }, key), h('td', {}, h('code', { class: 'wrap' }, typeof value === 'string' ? value : JSON.stringify(value, null, typeof value === 'object' && JSON.stringify(value).length > 60 ? 1 : 0))))))));
}
