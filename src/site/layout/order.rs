//! The order of vertices within their ranks: sweeps of medians, of which the one with the fewest crossings counts.

use super::Layers;

/// Sweeps there are at most; two without a gain end them.
const SWEEPS: usize = 16;

/// Vertices of each rank from top to bottom.
pub(super) fn ordered(layers: &Layers) -> Vec<Vec<u32>> {
    let mut ranks = first_order(layers);
    let mut position = vec![0_u32; layers.rank.len()];
    ranks.iter().for_each(|rank| number(rank, &mut position));
    let mut best = ranks.clone();
    let mut fewest = crossings(layers, &ranks, &position);
    let mut idle = 0;
    for sweep in 0..SWEEPS {
        if fewest == 0 || idle == 3 {
            break;
        }
        let forward = sweep % 2 == 0;
        for at in 1..ranks.len() {
            let (at, neighbours) = if forward { (at, &layers.before) } else { (ranks.len() - 1 - at, &layers.after) };
            sort_by_medians(&mut ranks[at], neighbours, &position);
            number(&ranks[at], &mut position);
        }
        let found = crossings(layers, &ranks, &position);
        if found < fewest {
            fewest = found;
            best.clone_from(&ranks);
            idle = 0;
        } else {
            idle += 1;
        }
    }
    best
}

/// Vertices as a walk from the left finds them: what hangs together stands together.
fn first_order(layers: &Layers) -> Vec<Vec<u32>> {
    let mut ranks: Vec<Vec<u32>> = layers.by_rank().iter().map(|_| Vec::new()).collect();
    let mut is_found = vec![false; layers.rank.len()];
    for start in layers.by_rank().into_iter().flatten() {
        let mut stack = vec![start];
        while let Some(vertex) = stack.pop() {
            let at = vertex as usize;
            if std::mem::replace(&mut is_found[at], true) {
                continue;
            }
            ranks[layers.rank[at] as usize].push(vertex);
            let next = layers.after[at].iter().chain(&layers.before[at]).rev();
            stack.extend(next.filter(|next| !is_found[**next as usize]));
        }
    }
    ranks
}

fn number(rank: &[u32], position: &mut [u32]) {
    for (at, vertex) in (0_u32..).zip(rank) {
        position[*vertex as usize] = at;
    }
}

/// Those with neighbours change places among themselves; the others stay.
fn sort_by_medians(rank: &mut [u32], neighbours: &[Vec<u32>], position: &[u32]) {
    let mut places: Vec<usize> = Vec::new();
    let mut moving: Vec<(f32, u32)> = Vec::new();
    for (at, vertex) in rank.iter().enumerate() {
        if let Some(median) = median(&neighbours[*vertex as usize], |vertex| position[vertex as usize] as f32) {
            places.push(at);
            moving.push((median, *vertex));
        }
    }
    moving.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (at, (_, vertex)) in places.into_iter().zip(moving) {
        rank[at] = vertex;
    }
}

/// The middle of what `value` gives for `vertices`.
pub(super) fn median(vertices: &[u32], value: impl Fn(u32) -> f32) -> Option<f32> {
    match vertices {
        [] => None,
        [one] => Some(value(*one)),
        [one, other] => Some(f32::midpoint(value(*one), value(*other))),
        many => {
            let mut values: Vec<f32> = many.iter().map(|vertex| value(*vertex)).collect();
            values.sort_by(f32::total_cmp);
            let middle = values.len() / 2;
            let is_odd = values.len() % 2 == 1;
            Some(if is_odd { values[middle] } else { f32::midpoint(values[middle - 1], values[middle]) })
        }
    }
}

/// Pairs of edges that cross, over all neighbouring ranks.
pub(super) fn crossings(layers: &Layers, ranks: &[Vec<u32>], position: &[u32]) -> u64 {
    let mut count = 0;
    for pair in ranks.windows(2) {
        let mut tree = Fenwick::new(pair[1].len());
        let mut added = 0;
        for vertex in &pair[0] {
            let mut targets: Vec<u32> =
                layers.after[*vertex as usize].iter().map(|target| position[*target as usize]).collect();
            targets.sort_unstable();
            for target in &targets {
                count += added - tree.up_to(*target as usize);
            }
            for target in targets {
                tree.add(target as usize);
                added += 1;
            }
        }
    }
    count
}

/// Counts of what was added, summed up to a position in logarithmic time.
struct Fenwick(Vec<u64>);

impl Fenwick {
    fn new(size: usize) -> Self {
        Self(vec![0; size + 1])
    }

    fn add(&mut self, position: usize) {
        let mut at = position + 1;
        while at < self.0.len() {
            self.0[at] += 1;
            at += at & at.wrapping_neg();
        }
    }

    /// How many were added at `position` or before it.
    fn up_to(&self, position: usize) -> u64 {
        let mut at = position + 1;
        let mut sum = 0;
        while at > 0 {
            sum += self.0[at];
            at -= at & at.wrapping_neg();
        }
        sum
    }
}
