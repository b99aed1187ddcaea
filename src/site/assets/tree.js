// The tree beside the page: by project (packages and folders) or by database (schemas). Branches are made when opened.

import { h, replace } from './dom.js';
import { folderOf, kindOf, labelOf, linkTo, materializedOf, packageOf, schemaOf, store } from './store.js';
import { kindMark } from './format.js';

const MOST = 300;

function rootOf(view) {
  const root = { name: '', branches: new Map(), leaves: [] };
  const own = store.core.project.name;
  const add = (path, node) => {
    let at = root;
    for (const part of path) {
      if (!at.branches.has(part)) at.branches.set(part, { name: part, branches: new Map(), leaves: [] });
      at = at.branches.get(part);
    }
    at.leaves.push(node);
  };
  for (const node of store.ids.keys()) {
    const kind = kindOf(node);
    if (view === 'database') {
      const schema = schemaOf(node);
      if (schema && materializedOf(node) !== 'ephemeral') add(schema.split('.'), node);
    } else if (kind === 'source') add([packageOf(node), 'sources', labelOf(node).split('.')[0]], node);
    else if (kind === 'exposure') add([packageOf(node), 'exposures'], node);
    else if (['metric', 'semantic_model', 'saved_query'].includes(kind)) add([packageOf(node), 'semantic layer'], node);
    else if (kind !== 'test' && kind !== 'unit_test') add([packageOf(node), ...folderOf(node).split('/').filter(Boolean)], node);
    else if (!store.core.tests[node]?.[2] || kind === 'unit_test') add([packageOf(node), kind === 'unit_test' ? 'unit tests' : 'tests'], node);
  }
  // The project itself needs no branch of its own.
  const first = root.branches.get(own);
  if (view === 'project' && first) {
    root.branches.delete(own);
    first.branches.forEach((branch, name) => root.branches.set(name, branch));
    root.leaves.push(...first.leaves);
  }
  return root;
}

/** The tree in `place`; returns what shows a resource in it. */
export function tree(place, view) {
  const links = new Map();
  const shortName = (node, path) => (kindOf(node) === 'source' && path.length ? labelOf(node).slice(labelOf(node).indexOf('.') + 1) : labelOf(node));
  const level = (branch, depth, path) => {
    const list = h('ul', { role: depth ? 'group' : 'tree', 'aria-label': depth ? null : `Resources by ${view}` });
    const branches = [...branch.branches.values()].sort((a, b) => a.name.localeCompare(b.name));
    for (const child of branches) {
      let content = null;
      const button = h('button', { type: 'button', class: 'branch', tabindex: '-1' }, child.name);
      const item = h('li', { role: 'treeitem', 'aria-expanded': 'false', 'aria-label': child.name }, button);
      child.open = (is = true) => {
        item.setAttribute('aria-expanded', String(is));
        if (is && !content) item.append((content = level(child, depth + 1, [...path, child.name])));
        if (content) content.hidden = !is;
      };
      button.addEventListener('click', () => child.open(item.getAttribute('aria-expanded') !== 'true'));
      item.toggle = child.open;
      list.append(item);
    }
    const leaves = [...branch.leaves].sort((a, b) => labelOf(a).localeCompare(labelOf(b)));
    const put = (nodes) => nodes.forEach((node) => {
      const link = h('a', { class: 'leaf', href: linkTo(node), tabindex: '-1', title: labelOf(node) }, kindMark(kindOf(node)), h('span', {}, shortName(node, path)));
      links.set(node, link);
      list.append(h('li', { role: 'treeitem', 'aria-label': `${kindOf(node)} ${labelOf(node)}` }, link));
    });
    put(leaves.slice(0, MOST));
    if (leaves.length > MOST) {
      const more = h('li', { role: 'treeitem' }, h('button', { type: 'button', class: 'branch quiet', tabindex: '-1' }, `${leaves.length - MOST} more`));
      more.firstChild.addEventListener('click', () => { more.remove(); put(leaves.slice(MOST)); });
      list.append(more);
    }
    return list;
  };
  const root = rootOf(view);
  const top = level(root, 0, []);
  top.addEventListener('keydown', (event) => keys(event, top));
  top.tabIndex = -1;
  const first = top.querySelector('button, a');
  if (first) first.tabIndex = 0;
  replace(place, top);
  if (root.branches.size === 1) [...root.branches.values()][0].open();
  else root.branches.get('models')?.open();
  return (node) => {
    top.querySelectorAll('[aria-current]').forEach((link) => link.removeAttribute('aria-current'));
    if (node === null) return;
    let at = root;
    const path = pathOf(root, node);
    for (const part of path || []) {
      at = at.branches.get(part);
      at.open();
    }
    const link = links.get(node);
    link?.setAttribute('aria-current', 'page');
    link?.scrollIntoView({ block: 'nearest' });
  };
}

function pathOf(branch, node) {
  if (branch.leaves.includes(node)) return [];
  for (const [name, child] of branch.branches) {
    const found = pathOf(child, node);
    if (found) return [name, ...found];
  }
  return null;
}

function keys(event, top) {
  const items = [...top.querySelectorAll('button, a')].filter((element) => element.offsetParent);
  const at = items.indexOf(document.activeElement);
  if (at < 0) return;
  const item = items[at].closest('li');
  const go = (element) => {
    if (!element) return;
    items.forEach((other) => { other.tabIndex = -1; });
    element.tabIndex = 0;
    element.focus();
  };
  const isOpen = item.getAttribute('aria-expanded') === 'true';
  if (event.key === 'ArrowDown') go(items[at + 1]);
  else if (event.key === 'ArrowUp') go(items[at - 1]);
  else if (event.key === 'Home') go(items[0]);
  else if (event.key === 'End') go(items[items.length - 1]);
  else if (event.key === 'ArrowRight' && item.toggle) isOpen ? go(items[at + 1]) : item.toggle(true);
  else if (event.key === 'ArrowLeft') item.toggle && isOpen ? item.toggle(false) : go(item.parentElement.closest('li')?.querySelector('button'));
  else return;
  event.preventDefault();
}
