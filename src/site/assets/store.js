// What is known of the project: loads the files of the index and answers questions about resources, which are numbers.

const opened = new Map();
const MOST_SHARDS = 24;

export const store = { core: null, search: null, runs: { runs: [], results: {}, freshness: {} }, ids: [], byId: new Map(), children: [], testsOf: [] };

/** A file of the index, from the page itself if it is in there, else from the server. */
async function loadFile(name) {
  const inside = document.querySelector(`script[data-file="${name}"]`);
  if (inside) {
    const bytes = Uint8Array.from(atob(inside.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream).json();
  }
  const response = await fetch(`site/${name}.json`);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.json();
}

/** Loads the index and what became of the last runs. */
export async function openStore() {
  const [core, runs] = await Promise.all([loadFile('core'), loadFile('runs')]);
  store.core = core;
  store.runs = runs;
  const { label, id, kind, parents, package: packages } = core.nodes;
  store.ids = label.map((name, at) => id[at] || `${core.kinds[kind[at]]}.${core.packages[packages[at]]}.${name}`);
  store.byId = new Map(store.ids.map((name, at) => [name, at]));
  store.children = label.map(() => []);
  store.testsOf = label.map(() => []);
  parents.forEach((list, at) => list.forEach((parent) => store.children[parent].push(at)));
  for (const [test, [about]] of Object.entries(core.tests)) if (about >= 0) store.testsOf[about].push(Number(test));
}

export async function refreshRuns() {
  store.runs = await loadFile('runs');
}

/** Descriptions and columns for the search; loaded when they are first needed. */
export async function openSearch() {
  store.searching ||= loadFile('search').then((search) => { store.search = search; });
  await store.searching;
  return store.search;
}

function shardOf(node) {
  const { shards } = store.core;
  let [low, high] = [0, shards.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (shards[middle] <= node) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function fromShard(prefix, list, node) {
  const shard = shardOf(node);
  const name = `${prefix}-${shard}`;
  const known = opened.get(name) || loadFile(name);
  opened.delete(name);
  opened.set(name, known);
  if (opened.size > MOST_SHARDS) opened.delete(opened.keys().next().value);
  const file = await known;
  if (file.build !== store.core.build) {
    // The site was made anew since this page was loaded.
    location.reload();
    throw new Error('reloading');
  }
  return file[list][node - store.core.shards[shard]];
}

/** What the page of a resource shows. */
export const pageOf = (node) => fromShard('pages', 'pages', node);

/** Columns by name in lower case: `u` what they are made of, `d` what is made of them, `why` they are not known. */
export const columnLinks = async (node) => (store.core.lineage ? fromShard('lineage', 'lineage', node) : {});

export const labelOf = (node) => store.core.nodes.label[node];
export const kindOf = (node) => store.core.kinds[store.core.nodes.kind[node]];
export const packageOf = (node) => store.core.packages[store.core.nodes.package[node]];
export const folderOf = (node) => store.core.folders[store.core.nodes.folder[node]];
export const parentsOf = (node) => store.core.nodes.parents[node];
export const childrenOf = (node) => store.children[node];
export const tagsOf = (node) => (store.core.nodes.tags[node] || []).map((tag) => store.core.tags[tag]);
export const groupOf = (node) => store.core.groups[store.core.nodes.groups[node] ?? -1];
export const schemaOf = (node) => store.core.schemas[store.core.nodes.schema[node]];
export const materializedOf = (node) => store.core.materializations[store.core.nodes.materialized[node]];
export const isDescribed = (node) => (store.core.nodes.flags[node] & 1) !== 0;
export const hasContract = (node) => (store.core.nodes.flags[node] & 2) !== 0;
export const accessOf = (node) => (store.core.nodes.flags[node] & 4 ? 'private' : store.core.nodes.flags[node] & 8 ? 'public' : 'protected');
export const isInGraph = (node) => node < store.core.layout.rank.length;
export const isRelation = (node) => ['model', 'seed', 'snapshot', 'source'].includes(kindOf(node));

/** Where the page of a resource is. */
export const linkTo = (node, column) => `#!/${kindOf(node)}/${encodeURIComponent(store.ids[node])}${column ? `?col=${encodeURIComponent(column)}` : ''}`;

/** Results in the last runs, the newest first: `[run, status, seconds, failures, message]`. */
export const resultsOf = (node) => store.runs.results[store.ids[node]] || [];
export const freshnessOf = (node) => store.runs.freshness[store.ids[node]];

/** What became of a resource when it was last run: `pass`, `warn`, `fail`, `skip`, or nothing. */
export function stateOf(node) {
  const [last] = resultsOf(node);
  return last ? stateOfStatus(last[1]) : '';
}

export function stateOfStatus(status) {
  if (['pass', 'success', 'no-op'].includes(status)) return 'pass';
  if (['warn', 'partial success'].includes(status)) return 'warn';
  return status === 'skipped' ? 'skip' : 'fail';
}

/** The worst of a resource, its tests and its freshness. */
export function healthOf(node) {
  const order = ['', 'pass', 'skip', 'warn', 'fail'];
  const states = [stateOf(node), ...store.testsOf[node].map(stateOf)];
  const fresh = freshnessOf(node);
  if (fresh) states.push(stateOfStatus(fresh.status));
  return states.reduce((worst, state) => (order.indexOf(state) > order.indexOf(worst) ? state : worst), '');
}

/** What a test is about, for people: `[resource, column, name]`. */
export const testOf = (test) => store.core.tests[test] || [-1, null, null];
