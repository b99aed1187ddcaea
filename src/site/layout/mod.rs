//! Places for the nodes of a graph, left to right: [`lay_out`] gives each its rank (column) and its height.
//!
//! Longest paths give the ranks; an edge that passes a rank has a place in it (a *bend*); medians of neighbours, swept to
//! and fro, give the order that has the fewest crossings; then every node moves towards its neighbours as far as the order
//! and the distances allow. `assets/layout.js` does the same for the parts of a graph that a reader unfolds.

mod order;
mod place;
#[cfg(test)]
mod tests;

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Place {
    /// The column, from 0.
    pub(super) rank: u32,
    /// The height, in distances of two nodes that stand below each other.
    pub(super) height: f32,
}

/// Nodes and bends with the edges between neighbouring ranks.
struct Layers {
    /// The rank of each vertex; vertices below `nodes` are nodes, the others bends.
    rank: Vec<u32>,
    nodes: usize,
    /// Neighbours in the rank before and in the rank after.
    before: Vec<Vec<u32>>,
    after: Vec<Vec<u32>>,
}

/// Places for `nodes` nodes with edges from the first to the second; edges that would close a cycle are not looked at.
pub(super) fn lay_out(nodes: usize, edges: &[(u32, u32)]) -> Vec<Place> {
    let is_linked = linked(nodes, edges);
    let layers = Layers::new(nodes, edges, &is_linked);
    let ranks = order::ordered(&layers);
    let heights = place::heights(&layers, &ranks);
    let mut places: Vec<Place> =
        (0..nodes).map(|node| Place { rank: layers.rank[node], height: heights[node] }).collect();
    below(&mut places, &is_linked);
    places
}

fn linked(nodes: usize, edges: &[(u32, u32)]) -> Vec<bool> {
    let mut is_linked = vec![false; nodes];
    for (from, to) in edges {
        is_linked[*from as usize] = true;
        is_linked[*to as usize] = true;
    }
    is_linked
}

/// Nodes without edges stand below the graph, in a block about as wide as it.
fn below(places: &mut [Place], is_linked: &[bool]) {
    let of_linked = || places.iter().zip(is_linked).filter(|(_, linked)| **linked).map(|(place, _)| place);
    let bottom = of_linked().map(|place| place.height).fold(-2.0, f32::max);
    let alone = is_linked.iter().filter(|linked| !**linked).count();
    let widest = of_linked().map(|place| place.rank + 1).max().unwrap_or(0);
    let width = widest.max((alone as f32).sqrt().ceil() as u32 / 2).max(4);
    let alone = places.iter_mut().zip(is_linked).filter(|(_, linked)| !**linked);
    for (at, (place, _)) in (0_u32..).zip(alone) {
        *place = Place { rank: at % width, height: bottom + 2.0 + (at / width) as f32 };
    }
}

impl Layers {
    fn new(nodes: usize, edges: &[(u32, u32)], is_linked: &[bool]) -> Self {
        let mut rank = ranks(nodes, edges);
        let mut before = vec![Vec::new(); nodes];
        let mut after = vec![Vec::new(); nodes];
        let mut bends = 0;
        for (from, to) in edges.iter().copied() {
            if rank[from as usize] >= rank[to as usize] {
                continue;
            }
            let mut last = from;
            for passed in rank[from as usize] + 1..rank[to as usize] {
                let bend = (nodes + bends) as u32;
                bends += 1;
                rank.push(passed);
                before.push(vec![last]);
                after.push(Vec::new());
                after[last as usize].push(bend);
                last = bend;
            }
            after[last as usize].push(to);
            before[to as usize].push(last);
        }
        for (node, linked) in is_linked.iter().enumerate() {
            if !linked {
                rank[node] = u32::MAX;
            }
        }
        Self { rank, nodes, before, after }
    }

    /// Vertices of each rank; nodes without edges are in none.
    fn by_rank(&self) -> Vec<Vec<u32>> {
        let last = self.rank.iter().filter(|rank| **rank != u32::MAX).max().map_or(0, |rank| *rank as usize + 1);
        let mut ranks = vec![Vec::new(); last];
        for (vertex, rank) in self.rank.iter().enumerate().filter(|(_, rank)| **rank != u32::MAX) {
            ranks[*rank as usize].push(vertex as u32);
        }
        ranks
    }
}

/// Longest paths; what has nothing before it stands just before the first that needs it.
fn ranks(nodes: usize, edges: &[(u32, u32)]) -> Vec<u32> {
    let mut after = vec![Vec::new(); nodes];
    let mut waiting = vec![0_u32; nodes];
    for (from, to) in edges {
        after[*from as usize].push(*to);
        waiting[*to as usize] += 1;
    }
    let is_first: Vec<bool> = waiting.iter().map(|count| *count == 0).collect();
    let mut rank = vec![0_u32; nodes];
    let mut ready: Vec<u32> = (0..nodes as u32).filter(|node| is_first[*node as usize]).collect();
    while let Some(node) = ready.pop() {
        for next in &after[node as usize] {
            let next = *next as usize;
            rank[next] = rank[next].max(rank[node as usize] + 1);
            waiting[next] -= 1;
            if waiting[next] == 0 {
                ready.push(next as u32);
            }
        }
    }
    for node in (0..nodes).filter(|node| is_first[*node]) {
        let nearest = after[node].iter().map(|next| rank[*next as usize]).min();
        rank[node] = nearest.unwrap_or(0).saturating_sub(1);
    }
    rank
}
