// The pages that are about many resources: overview, search, runs, columns, groups, coverage.

import { h, markdown, replace } from './dom.js';
import { freshnessOf, isDescribed, isRelation, kindOf, labelOf, linkTo, openSearch, folderOf, packageOf, resultsOf, stateOf, stateOfStatus, store, testOf } from './store.js';
import { age, count, duration, kindMark, kindName, kindsName, moment, resourceLink, shareBar, stateMark, statusMark } from './format.js';
import { findAll } from './search.js';

const all = () => store.core.nodes.label.keys();
const page = (place, title, ...content) => replace(place, h('article', { class: 'page' }, h('header', {}, h('h1', {}, title)), content));
const isOwn = (node) => packageOf(node) === store.core.project.name;

function table(titles, rows, attributes = {}) {
  return h('div', { class: 'scroll' }, h('table', attributes, h('thead', {}, h('tr', {}, titles.map((title) => h('th', { scope: 'col' }, title)))), h('tbody', {}, rows)));
}

/** A long list that shows its first part, and more on demand. */
function longList(items, render, attributes = { class: 'plain' }, first = 50) {
  const list = h('ul', attributes);
  let shown = 0;
  const more = h('button', { type: 'button', class: 'quiet' });
  const show = (number) => {
    items.slice(shown, shown + number).forEach((item) => list.append(h('li', {}, render(item))));
    shown += number;
    more.textContent = `${Math.max(0, items.length - shown)} more`;
    more.hidden = shown >= items.length;
  };
  more.addEventListener('click', () => show(200));
  show(first);
  return [list, more];
}

export function overviewPage(place) {
  const { project } = store.core;
  const kinds = new Map();
  for (const node of all()) kinds.set(kindOf(node), (kinds.get(kindOf(node)) || 0) + 1);
  const tiles = [...kinds].map(([kind, number]) => h('a', { class: 'tile', href: `#!/search?q=${encodeURIComponent(`kind:${kind}`)}` }, h('b', {}, number.toLocaleString('en')), h('span', {}, kindMark(kind), ' ', number === 1 ? kindName(kind) : kindsName(kind))));
  const failing = [...all()].filter((node) => ['fail', 'warn'].includes(stateOf(node))).sort((a, b) => Number(stateOf(a) === 'warn') - Number(stateOf(b) === 'warn'));
  const stale = [...all()].filter((node) => freshnessOf(node));
  replace(place, h('article', { class: 'page' },
    h('header', {}, h('p', { class: 'crumbs' }, `dbt project on ${project.adapter}`), h('h1', {}, h('span', { class: 'name' }, project.name)), h('p', { class: 'muted' }, 'Documentation of ', moment(project.generated_at))),
    h('nav', { class: 'tiles', 'aria-label': 'Resources by kind' }, tiles),
    h('div', { class: 'cards' }, lastRunCard(), coverageCard(), failingCard(failing), stale.length ? freshnessCard(stale) : null),
    project.overview ? h('section', { class: 'description' }, markdown(project.overview)) : null));
}

function lastRunCard() {
  const [run] = store.runs.runs;
  if (!run) return h('section', { class: 'card' }, h('h2', {}, 'Last run'), h('p', { class: 'muted' }, 'No run is known. After “hetl build”, its results are here.'));
  const history = store.runs.runs.slice(0, 10).reverse();
  const longest = Math.max(...history.map((one) => one.elapsed), 0.001);
  const bars = h('div', { class: 'sparks', role: 'img', 'aria-label': `the last ${history.length} runs by how long they took` }, history.map((one) => {
    const bar = h('span', { class: worstOf(one), title: `${one.command}: ${duration(one.elapsed)}` });
    bar.style.height = `${Math.max(8, (100 * one.elapsed) / longest)}%`;
    return bar;
  }));
  return h('section', { class: 'card' }, h('h2', {}, h('a', { href: '#!/runs' }, 'Last run')), h('p', {}, stateMark(worstOf(run)), ' ', h('b', {}, run.command), ' · ', moment(run.at), ` · ${duration(run.elapsed)}`), h('p', { class: 'chips' }, countChips(run)), history.length > 1 ? bars : null);
}

function worstOf(run) {
  const states = Object.keys(run.counts).map(stateOfStatus);
  return ['fail', 'warn', 'skip', 'pass'].find((state) => states.includes(state)) || 'pass';
}

const countChips = (run) => Object.entries(run.counts).map(([status, number]) => h('span', { class: 'chip' }, statusMark(status), `${number.toLocaleString('en')} ${status}`));

function coverageOf(nodes) {
  const sum = { all: 0, described: 0, columns: 0, columnsDescribed: 0, tested: 0 };
  for (const node of nodes) {
    sum.all++;
    if (isDescribed(node)) sum.described++;
    sum.columns += store.core.nodes.columns[node];
    sum.columnsDescribed += store.core.nodes.described[node];
    if (store.testsOf[node].length) sum.tested++;
  }
  return sum;
}

function coverageCard() {
  const sum = coverageOf([...all()].filter((node) => isRelation(node) && isOwn(node)));
  return h('section', { class: 'card' }, h('h2', {}, h('a', { href: '#!/coverage' }, 'Coverage')), shareBar(sum.described, sum.all, 'described'), shareBar(sum.columnsDescribed, sum.columns, 'columns'), shareBar(sum.tested, sum.all, 'tested'));
}

function failingCard(failing) {
  return h('section', { class: 'card' }, h('h2', {}, 'Failing and warning'), failing.length ? longList(failing, (node) => failure(node), { class: 'plain failures' }, 8) : h('p', { class: 'muted' }, store.runs.runs.length ? 'Nothing: everything passed when it was last run.' : 'Nothing was run yet.'));
}

function failure(node) {
  const [last] = resultsOf(node);
  const [about, column, name] = testOf(node);
  const text = about >= 0 && name ? `${name} · ${labelOf(about)}${column ? `.${column}` : ''}` : labelOf(node);
  return [stateMark(stateOf(node)), ' ', h('a', { href: linkTo(node), title: labelOf(node) }, text), last[3] ? h('span', { class: 'muted' }, ` ${count(last[3], 'row')}`) : null];
}

function freshnessCard(sources) {
  const order = { fail: 0, warn: 1, skip: 2, pass: 3 };
  const rank = (node) => order[stateOfStatus(freshnessOf(node).status)] ?? 2;
  sources.sort((a, b) => rank(a) - rank(b) || (freshnessOf(b).age || 0) - (freshnessOf(a).age || 0));
  return h('section', { class: 'card' }, h('h2', {}, 'Freshness of sources'), longList(sources, (node) => [statusMark(freshnessOf(node).status), ' ', resourceLink(node, { state: false }), h('span', { class: 'muted' }, freshnessOf(node).age === null ? ` ${freshnessOf(node).error || ''}` : ` ${age(freshnessOf(node).age)}`)], { class: 'plain failures' }, 8));
}

export async function searchPage(place, parameters) {
  const query = parameters.get('q') || '';
  const results = await findAll(query);
  const kinds = new Map();
  results.forEach(({ node }) => kinds.set(kindOf(node), (kinds.get(kindOf(node)) || 0) + 1));
  const chips = [...kinds].map(([kind, number]) => h('a', { class: 'chip', href: `#!/search?q=${encodeURIComponent(`${query.replace(/\bkind:\S*\s*/g, '').trim()} kind:${kind}`.trim())}` }, kindMark(kind), `${kindsName(kind)} ${number}`));
  page(place, `Search: ${query || 'nothing'}`, h('p', { class: 'muted' }, count(results.length, 'result'), '. Narrow it with ', ['kind:', 'tag:', 'package:', 'group:', 'schema:', 'path:', 'column:', 'state:fail'].map((word) => [h('code', {}, word), ' '])), kinds.size > 1 ? h('p', { class: 'chips' }, chips) : null, longList(results, ({ node, why }) => [resourceLink(node), why ? h('span', { class: 'muted' }, ` ${why}`) : null, store.search.texts[node] ? h('div', { class: 'muted excerpt' }, store.search.texts[node]) : null], { class: 'plain results' }, 100));
}

export function runsPage(place) {
  const { runs } = store.runs;
  if (!runs.length) {
    page(place, 'Runs', h('p', { class: 'muted' }, 'No run is known. “hetl build”, “run”, “test”, “seed” and “snapshot” leave their results here.'));
    return;
  }
  const newest = [...all()].map((node) => [node, resultsOf(node).find(([run]) => run === 0)]).filter(([, result]) => result);
  const slowest = newest.filter(([, result]) => result[2] > 0).sort((a, b) => b[1][2] - a[1][2]).slice(0, 20);
  const wrong = newest.filter(([, result]) => stateOfStatus(result[1]) !== 'pass');
  page(place, 'Runs',
    table(['When', 'Command', 'Took', 'Results'], runs.map((run) => h('tr', {}, h('td', {}, stateMark(worstOf(run)), ' ', moment(run.at)), h('td', {}, run.command), h('td', {}, duration(run.elapsed)), h('td', {}, h('div', { class: 'chips' }, countChips(run)))))),
    h('h2', {}, 'What did not pass in the last run'), wrong.length ? table(['Resource', 'Result', 'Message'], wrong.slice(0, 500).map(([node, [, status, , failures, message]]) => h('tr', {}, h('td', {}, resourceLink(node, { state: false })), h('td', { class: 'nowrap' }, statusMark(status), ` ${status}`, failures ? `, ${failures}` : ''), h('td', { class: 'said' }, message || '')))) : h('p', { class: 'muted' }, 'Everything passed.'),
    h('h2', {}, 'The slowest'), table(['Resource', 'Time'], slowest.map(([node, result]) => {
      const bar = h('span', { class: 'bar thin', 'aria-hidden': 'true' }, h('span', {}));
      bar.firstChild.style.width = `${(100 * result[2]) / slowest[0][1][2]}%`;
      return h('tr', {}, h('td', {}, resourceLink(node, { state: false })), h('td', { class: 'time' }, bar, duration(result[2])));
    })));
}

/** The glossary: names that several resources have as a column; or all columns of one name. */
export async function columnsPage(place, name) {
  const search = await openSearch();
  const uses = new Map();
  search.columns.forEach((list, node) => {
    for (let at = 0; at < list.length; at += 3) {
      const key = search.names[list[at]].toLowerCase();
      if (!uses.has(key)) uses.set(key, []);
      uses.get(key).push([node, list[at + 1], list[at + 2]]);
    }
  });
  if (name) {
    const found = uses.get(name.toLowerCase()) || [];
    const texts = new Set(found.map(([, , text]) => text).filter((text) => text >= 0));
    page(place, name, h('p', { class: 'muted' }, `A column of ${count(found.length, 'resource')}, with ${count(texts.size, 'description')}. `, h('a', { href: '#!/columns' }, 'All names')),
      table(['Resource', 'Type', 'Description'], found.slice(0, 1000).map(([node, type, text]) => h('tr', {}, h('td', {}, h('a', { class: 'resource', href: linkTo(node, name) }, kindMark(kindOf(node)), h('span', { class: 'name' }, labelOf(node)))), h('td', {}, type >= 0 ? h('code', {}, search.types[type].toLowerCase()) : h('span', { class: 'muted' }, '–')), h('td', {}, text >= 0 ? search.descriptions[text] : h('span', { class: 'muted' }, '–'))))));
    return;
  }
  const shared = [...uses].filter(([, list]) => list.length > 1).sort((a, b) => b[1].length - a[1].length || a[0].localeCompare(b[0]));
  const body = h('tbody', {});
  const input = h('input', { type: 'search', class: 'narrow', placeholder: 'Filter names', 'aria-label': 'Filter names' });
  const show = () => replace(body, shared.filter(([key]) => key.includes(input.value.toLowerCase())).slice(0, 400).map(([key, list]) => {
    const types = new Set(list.map(([, type]) => type).filter((type) => type >= 0));
    const texts = [...new Set(list.map(([, , text]) => text).filter((text) => text >= 0))];
    return h('tr', {}, h('td', {}, h('a', { href: `#!/columns/${encodeURIComponent(key)}` }, h('code', {}, key))), h('td', {}, list.length), h('td', {}, types.size > 1 ? h('span', { class: 'chip warn' }, `${types.size} types`) : [...types].map((type) => h('code', {}, search.types[type].toLowerCase()))), h('td', {}, texts.length ? search.descriptions[texts[0]] : h('span', { class: 'muted' }, 'not described'), texts.length > 1 ? h('span', { class: 'muted' }, ` and ${texts.length - 1} more`) : null));
  }));
  input.addEventListener('input', show);
  show();
  page(place, 'Columns', h('p', { class: 'muted' }, `Names that more than one resource has: ${shared.length} of ${uses.size}. Columns of one name should have one type and mean one thing.`), input, h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ['Name', 'Used by', 'Type', 'Description'].map((title) => h('th', { scope: 'col' }, title)))), body)));
}

export function groupsPage(place, name) {
  const groups = store.core.groups.filter((group) => !name || group.name === name);
  const members = (group) => [...all()].filter((node) => !store.core.tests[node] && store.core.nodes.groups[node] === store.core.groups.indexOf(group));
  const owner = (group) => [group.owner.name, group.owner.email].filter(Boolean).join(', ');
  page(place, name ? `Group ${name}` : 'Groups', groups.length ? groups.map((group) => h('section', { class: name ? '' : 'card' }, name ? null : h('h2', {}, h('a', { href: `#!/group/${encodeURIComponent(group.name)}` }, group.name)), h('p', { class: 'muted' }, owner(group)), group.description ? markdown(group.description) : null, longList(members(group), (node) => resourceLink(node), { class: 'plain links-list' }, name ? 300 : 12))) : h('p', { class: 'muted' }, 'This project has no groups.'));
}

export function coveragePage(place) {
  const folders = new Map();
  for (const node of all()) {
    if (!isRelation(node) || !isOwn(node)) continue;
    const key = folderOf(node);
    if (!folders.has(key)) folders.set(key, []);
    folders.get(key).push(node);
  }
  const percent = (part, whole) => (whole ? `${Math.round((part / whole) * 100)} %` : '–');
  const rows = [...folders].sort((a, b) => a[0].localeCompare(b[0])).map(([folder, nodes]) => {
    const sum = coverageOf(nodes);
    return h('tr', {}, h('th', { scope: 'row' }, h('a', { href: `#!/search?q=${encodeURIComponent(`path:${folder}`)}` }, folder || '/')), h('td', {}, sum.all), h('td', {}, percent(sum.described, sum.all)), h('td', {}, percent(sum.columnsDescribed, sum.columns)), h('td', {}, percent(sum.tested, sum.all)));
  });
  const undescribed = [...folders.values()].flat().filter((node) => !isDescribed(node));
  const untested = [...folders.values()].flat().filter((node) => !store.testsOf[node].length);
  const sum = coverageOf([...folders.values()].flat());
  page(place, 'Coverage', h('section', { class: 'card' }, shareBar(sum.described, sum.all, 'described'), shareBar(sum.columnsDescribed, sum.columns, 'columns'), shareBar(sum.tested, sum.all, 'tested')), h('h2', {}, 'By folder'), table(['Folder', 'Resources', 'Described', 'Columns described', 'Tested'], rows), h('div', { class: 'two' }, h('div', {}, h('h2', {}, `Without a description (${undescribed.length})`), longList(undescribed, (node) => resourceLink(node))), h('div', {}, h('h2', {}, `Without a test (${untested.length})`), longList(untested, (node) => resourceLink(node)))));
}

export function missingPage(place, what) {
  page(place, 'Not found', h('p', {}, 'There is no page for ', h('code', {}, what), ' in this documentation. ', h('a', { href: '#!/overview' }, 'Overview')));
}

