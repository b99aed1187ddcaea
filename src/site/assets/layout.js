// Places for the nodes of a graph, left to right; the same way as `layout/` does it for the whole project:
// longest paths, bends, medians, fewest crossings, then each as near to its neighbours as distances allow.

const SWEEPS = 16;
const PASSES = 8;
const BEND = 0.35;

const middleOf = (values) => {
  if (!values.length) return null;
  values.sort((a, b) => a - b);
  const half = values.length >> 1;
  return values.length % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
};

/**
 * `edges` are pairs of nodes; `sizes` say how many distances each node takes (1 if not given).
 * Returns rank and height of each node, and for each edge the places of its bends.
 */
export function layOut(count, edges, sizes = []) {
  const rank = ranksOf(count, edges);
  const before = Array.from({ length: count }, () => []);
  const after = Array.from({ length: count }, () => []);
  const chains = edges.map(([from, to]) => {
    const chain = [];
    if (rank[from] >= rank[to]) return chain;
    let last = from;
    for (let passed = rank[from] + 1; passed < rank[to]; passed++) {
      const bend = rank.length;
      rank.push(passed);
      before.push([last]);
      after.push([]);
      after[last].push(bend);
      chain.push(bend);
      last = bend;
    }
    after[last].push(to);
    before[to].push(last);
    return chain;
  });
  const ranks = orderOf(rank, before, after);
  const height = heightsOf(ranks, before, after, (vertex) => (vertex < count ? sizes[vertex] || 1 : BEND), rank.length);
  return { rank: rank.slice(0, count), height: height.slice(0, count), bends: chains.map((chain) => chain.map((bend) => [rank[bend], height[bend]])) };
}

function ranksOf(count, edges) {
  const after = Array.from({ length: count }, () => []);
  const waiting = new Array(count).fill(0);
  for (const [from, to] of edges) {
    after[from].push(to);
    waiting[to]++;
  }
  const first = waiting.map((number) => number === 0);
  const rank = new Array(count).fill(0);
  const ready = [];
  first.forEach((is, node) => is && ready.push(node));
  while (ready.length) {
    const node = ready.pop();
    for (const next of after[node]) {
      rank[next] = Math.max(rank[next], rank[node] + 1);
      if (--waiting[next] === 0) ready.push(next);
    }
  }
  for (let node = 0; node < count; node++) if (first[node] && after[node].length) rank[node] = Math.max(0, Math.min(...after[node].map((next) => rank[next])) - 1);
  return rank;
}

function orderOf(rank, before, after) {
  let ranks = Array.from({ length: rank.reduce((most, at) => Math.max(most, at), -1) + 1 }, () => []);
  const found = new Array(rank.length).fill(false);
  const starts = rank.map((_, vertex) => vertex).sort((a, b) => rank[a] - rank[b]);
  for (const start of starts) {
    const stack = [start];
    while (stack.length) {
      const vertex = stack.pop();
      if (found[vertex]) continue;
      found[vertex] = true;
      ranks[rank[vertex]].push(vertex);
      const next = [...after[vertex], ...before[vertex]];
      for (let at = next.length - 1; at >= 0; at--) if (!found[next[at]]) stack.push(next[at]);
    }
  }
  const position = new Array(rank.length).fill(0);
  const number = (list) => list.forEach((vertex, at) => { position[vertex] = at; });
  ranks.forEach(number);
  let best = ranks.map((list) => [...list]);
  let fewest = crossingsOf(ranks, after, position);
  for (let sweep = 0, idle = 0; sweep < SWEEPS && fewest > 0 && idle < 3; sweep++) {
    const forward = sweep % 2 === 0;
    for (let step = 1; step < ranks.length; step++) {
      const list = ranks[forward ? step : ranks.length - 1 - step];
      const near = forward ? before : after;
      const places = [];
      const moving = [];
      list.forEach((vertex, at) => {
        const wish = middleOf(near[vertex].map((other) => position[other]));
        if (wish !== null) {
          places.push(at);
          moving.push([wish, vertex]);
        }
      });
      moving.sort((a, b) => a[0] - b[0]);
      places.forEach((at, index) => { list[at] = moving[index][1]; });
      number(list);
    }
    const now = crossingsOf(ranks, after, position);
    if (now < fewest) {
      fewest = now;
      best = ranks.map((list) => [...list]);
      idle = 0;
    } else idle++;
  }
  return best;
}

function crossingsOf(ranks, after, position) {
  let crossings = 0;
  for (let at = 0; at + 1 < ranks.length; at++) {
    const tree = new Array(ranks[at + 1].length + 1).fill(0);
    let added = 0;
    for (const vertex of ranks[at]) {
      const targets = after[vertex].map((target) => position[target]);
      for (const target of targets) {
        let below = 0;
        for (let index = target + 1; index > 0; index -= index & -index) below += tree[index];
        crossings += added - below;
      }
      for (const target of targets) {
        for (let index = target + 1; index < tree.length; index += index & -index) tree[index]++;
        added++;
      }
    }
  }
  return crossings;
}

function heightsOf(ranks, before, after, size, vertices) {
  const height = new Array(vertices).fill(0);
  const distance = (upper, lower) => (size(upper) + size(lower)) / 2;
  for (const list of ranks) list.forEach((vertex, at) => { height[vertex] = at ? height[list[at - 1]] + distance(list[at - 1], vertex) : 0; });
  for (let pass = 0; pass < PASSES; pass++) {
    const forward = pass % 2 === 0;
    for (let step = 0; step < ranks.length; step++) {
      const list = ranks[forward ? step : ranks.length - 1 - step];
      const [near, far] = forward ? [before, after] : [after, before];
      const of = (vertices) => middleOf(vertices.map((other) => height[other]));
      const wished = list.map((vertex) => of(near[vertex]) ?? of(far[vertex]) ?? height[vertex]);
      const blocks = [];
      const offsets = [];
      list.forEach((vertex, at) => {
        offsets.push(at ? offsets[at - 1] + distance(list[at - 1], vertex) : 0);
        blocks.push([wished[at] - offsets[at], 1]);
        while (blocks.length > 1) {
          const [upper, lower] = blocks.slice(-2);
          if (upper[0] / upper[1] <= lower[0] / lower[1]) break;
          blocks.splice(-2, 2, [upper[0] + lower[0], upper[1] + lower[1]]);
        }
      });
      let at = 0;
      for (const [sum, members] of blocks) for (let member = 0; member < members; member++, at++) height[list[at]] = sum / members + offsets[at];
    }
  }
  const top = Math.min(...ranks.filter((list) => list.length).map((list) => height[list[0]] - size(list[0]) / 2));
  return height.map((value) => value - top);
}
