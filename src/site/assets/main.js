// The frame: header with search, tree, pages by address, theme, keyboard, news from the server.

import { announce, h, icon, replace } from './dom.js';
import { healthOf, kindOf, labelOf, linkTo, openSearch, openStore, refreshRuns, store } from './store.js';
import { kindMark, kindName, kindsName, stateMark } from './format.js';
import { find, findAll, parseQuery } from './search.js';
import { graphPage } from './graph.js';
import { resourcePage } from './resource.js';
import { columnsPage, coveragePage, groupsPage, missingPage, overviewPage, runsPage, searchPage } from './pages.js';
import { tree } from './tree.js';

const main = h('main', { id: 'main', tabindex: '-1' });
const treePlace = h('div', { class: 'tree' });
const sidebar = h('aside', { class: 'sidebar', id: 'sidebar', 'aria-label': 'Resources' });
let showInTree = () => {};
let turn = 0;

function remember(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(`hetl.${key}`);
    localStorage.setItem(`hetl.${key}`, value);
  } catch {
    // Files and private windows may have no storage.
  }
  return null;
}

function applyTheme(theme) {
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function switchTheme() {
  const shown = document.documentElement.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  const next = shown === 'dark' ? 'light' : 'dark';
  applyTheme(next);
  remember('theme', next);
  announce(`${next} theme`);
  document.dispatchEvent(new Event('themechange'));
}

/** The field with its list of results. */
function searchField() {
  const list = h('ul', { id: 'found', role: 'listbox', 'aria-label': 'Search results' });
  const box = h('div', { class: 'found', hidden: true });
  const input = h('input', { type: 'search', id: 'search', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'found', 'aria-autocomplete': 'list', 'aria-label': 'Search resources, columns and descriptions', placeholder: 'Search', autocomplete: 'off', spellcheck: 'false' });
  let chosen = 0;
  let results = [];
  const close = () => {
    box.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const mark = () => {
    [...list.children].forEach((item, at) => item.setAttribute('aria-selected', String(at === chosen)));
    if (results.length) input.setAttribute('aria-activedescendant', `found-${chosen}`);
    list.children[chosen]?.scrollIntoView({ block: 'nearest' });
  };
  const leave = () => {
    input.value = '';
    close();
  };
  const show = () => {
    const text = input.value.trim();
    if (!text) {
      close();
      return;
    }
    const started = performance.now();
    const found = find(text);
    input.dataset.took = (performance.now() - started).toFixed(1);
    results = found.slice(0, 12).map(({ node }) => node);
    chosen = 0;
    const kinds = new Map();
    found.forEach(({ node }) => kinds.set(kindOf(node), (kinds.get(kindOf(node)) || 0) + 1));
    const { filters } = parseQuery(text);
    const narrow = filters.some(([name]) => name === 'kind') ? [] : [...kinds].slice(0, 7);
    replace(list, found.slice(0, 12).map(({ node, why }, at) => h('li', { role: 'option', id: `found-${at}` }, h('a', { href: linkTo(node), tabindex: '-1', onclick: leave }, kindMark(kindOf(node)), h('span', { class: 'name' }, labelOf(node)), h('span', { class: 'muted' }, why || kindName(kindOf(node))), stateMark(healthOf(node))))));
    replace(box, narrow.length > 1 ? h('div', { class: 'chips' }, narrow.map(([kind, number]) => h('button', { type: 'button', class: 'chip', tabindex: '-1', onclick: () => { input.value = `kind:${kind} ${input.value}`; input.focus(); show(); } }, kindMark(kind), `${kindsName(kind)} ${number}`))) : null, list, h('p', { class: 'foot' }, found.length > 12 ? h('a', { href: `#!/search?q=${encodeURIComponent(text)}`, tabindex: '-1', onclick: close }, `All ${found.length.toLocaleString('en')} results`) : found.length ? `${found.length} found` : 'Nothing is found.', h('span', { class: 'muted' }, ' ↑ ↓ choose, Enter opens')));
    box.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    mark();
  };
  input.addEventListener('focus', () => { openSearch().then(() => { if (document.activeElement === input) show(); }); });
  input.addEventListener('input', show);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') chosen = Math.min(results.length - 1, chosen + 1);
    else if (event.key === 'ArrowUp') chosen = Math.max(0, chosen - 1);
    else if (event.key === 'Escape') {
      close();
      input.blur();
      return;
    } else if (event.key === 'Enter') {
      if (event.shiftKey || !results.length) location.hash = `#!/search?q=${encodeURIComponent(input.value)}`;
      else location.hash = linkTo(results[chosen]);
      input.value = '';
      close();
      input.blur();
      return;
    } else return;
    event.preventDefault();
    mark();
  });
  document.addEventListener('pointerdown', (event) => { if (!wrap.contains(event.target)) close(); });
  const wrap = h('div', { class: 'search', role: 'search' }, icon('search'), input, h('kbd', { 'aria-hidden': 'true' }, '/'), box);
  return { wrap, input, close };
}

function frame() {
  const { wrap, input, close } = searchField();
  const menu = h('button', { type: 'button', class: 'quiet menu', 'aria-label': 'Resources', 'aria-controls': 'sidebar', 'aria-expanded': 'false', onclick: () => drawer(!document.body.classList.contains('drawer')) }, icon('menu'));
  const drawer = (is) => {
    document.body.classList.toggle('drawer', is);
    menu.setAttribute('aria-expanded', String(is));
  };
  const pages = [['overview', 'Overview'], ['graph', 'Graph'], ['runs', 'Runs'], ['columns', 'Columns'], ...(store.core.groups.length ? [['groups', 'Groups']] : []), ['coverage', 'Coverage']];
  const links = () => pages.map(([page, title]) => h('a', { href: `#!/${page}`, 'data-page': page }, title));
  const views = ['project', 'database'].map((view) => h('button', { type: 'button', onclick: () => setView(view) }, view === 'project' ? 'Project' : 'Database'));
  const setView = (view) => {
    views.forEach((button, at) => button.setAttribute('aria-pressed', String(['project', 'database'][at] === view)));
    remember('tree', view);
    showInTree = tree(treePlace, view);
    showInTree(currentNode());
  };
  replace(sidebar, h('nav', { class: 'pages phone', 'aria-label': 'Pages' }, links()), h('div', { class: 'segments', role: 'group', 'aria-label': 'Order of the tree' }, views), treePlace);
  replace(document.getElementById('app'),
    h('a', { class: 'skip-link', href: '#main', onclick: (event) => { event.preventDefault(); main.focus(); } }, 'To the content'),
    h('header', { class: 'bar-top' }, menu, h('a', { class: 'brand', href: '#!/overview' }, h('span', { class: 'logo', 'aria-hidden': 'true' }, 'h'), h('span', {}, store.core.project.name)), wrap, h('nav', { class: 'pages', 'aria-label': 'Pages' }, links()), h('button', { type: 'button', class: 'quiet theme', 'aria-label': 'Switch between light and dark', title: 'light or dark', onclick: switchTheme }, icon('theme'))),
    sidebar, h('div', { class: 'veil', onclick: () => drawer(false) }), main, h('div', { id: 'announce', class: 'unseen', 'aria-live': 'polite' }));
  setView(remember('tree') === 'database' ? 'database' : 'project');
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, textarea, select');
    if ((event.key === '/' && !typing) || (event.key === 'k' && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      input.focus();
      input.select();
    } else if (event.key === 'Escape') drawer(false);
    else if (!typing && event.key === 't' && !event.ctrlKey && !event.metaKey && !event.altKey) switchTheme();
  });
  window.addEventListener('hashchange', () => {
    drawer(false);
    close();
    show();
  });
}

function address() {
  const text = location.hash.replace(/^#!?\/?/, '') || 'overview';
  const [path, query = ''] = text.split('?');
  const [page, ...rest] = path.split('/');
  const decode = (part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return { page, name: decode(rest.join('/')), parameters: new URLSearchParams(query) };
}

function currentNode() {
  const { name } = address();
  return store.byId.has(name) ? store.byId.get(name) : null;
}

/** Shows the page of the address. */
async function show({ keepPlace = false } = {}) {
  const mine = ++turn;
  const { page, name, parameters } = address();
  const node = currentNode();
  const place = h('div', { class: 'place' });
  let title = page;
  // dbt's own addresses of a graph: ?g_v=1&g_i=+orders+
  const isGraph = page === 'graph' || parameters.has('g_v');
  try {
    if (isGraph) {
      if (parameters.has('g_i')) parameters.set('s', parameters.get('g_i').replace(/^ | $/g, '+'));
      graphPage(place, parameters);
    } else if (node !== null) {
      title = labelOf(node);
      await resourcePage(place, node, parameters);
    } else if (page === 'overview') overviewPage(place);
    else if (page === 'search') await searchPage(place, parameters);
    else if (page === 'runs') runsPage(place);
    else if (page === 'columns') await columnsPage(place, name);
    else if (page === 'groups' || page === 'group') groupsPage(place, name);
    else if (page === 'coverage') coveragePage(place);
    else missingPage(place, name || page);
  } catch (error) {
    missingPage(place, `${name || page} (${error.message})`);
  }
  if (mine !== turn) return;
  main.className = isGraph ? 'wide' : '';
  replace(main, place);
  document.title = page === 'overview' ? store.core.project.name : `${title} · ${store.core.project.name}`;
  document.querySelectorAll('nav.pages a').forEach((link) => (link.dataset.page === (isGraph ? 'graph' : page === 'group' ? 'groups' : page) ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current')));
  showInTree(node);
  if (!keepPlace && !parameters.has('col')) window.scrollTo(0, 0);
  main.dataset.ready = String(mine);
}

/** Listens for new runs and a new index, if hetl's own server gave the results: it says so in them. */
function listenForNews() {
  if (!store.runs.live) return;
  const news = new EventSource('live');
  news.addEventListener('runs', async () => {
    await refreshRuns();
    show({ keepPlace: true });
    announce('a new run is shown');
  });
  news.addEventListener('index', () => location.reload());
  news.addEventListener('error', () => news.close());
}

async function begin() {
  applyTheme(remember('theme'));
  try {
    await openStore();
  } catch (error) {
    const boot = document.getElementById('boot');
    if (boot) boot.textContent = `The documentation cannot be loaded (${error.message}). Run “hetl docs generate”, then “hetl docs serve”.`;
    return;
  }
  frame();
  await show();
  listenForNews();
  // What the search needs, once nothing else waits.
  (window.requestIdleCallback || setTimeout)(() => { openSearch(); });
}

begin();
