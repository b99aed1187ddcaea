//! Heights: each vertex as near to the middle of its neighbours as the order in its rank and the distances allow.

use super::Layers;
use super::order::median;

/// Passes to and fro.
const PASSES: usize = 8;
/// Room that a bend takes, where a node takes 1.
const BEND: f32 = 0.35;

/// The height of each vertex; the topmost is at 0.
pub(super) fn heights(layers: &Layers, ranks: &[Vec<u32>]) -> Vec<f32> {
    let mut heights = vec![0.0_f32; layers.rank.len()];
    for rank in ranks {
        let mut at = 0.0;
        for (index, vertex) in rank.iter().enumerate() {
            if index > 0 {
                at += distance(layers, rank[index - 1], *vertex);
            }
            heights[*vertex as usize] = at;
        }
    }
    for pass in 0..PASSES {
        let forward = pass % 2 == 0;
        for at in 0..ranks.len() {
            let at = if forward { at } else { ranks.len() - 1 - at };
            let (near, far) = if forward { (&layers.before, &layers.after) } else { (&layers.after, &layers.before) };
            let wished: Vec<f32> = ranks[at]
                .iter()
                .map(|vertex| {
                    let of =
                        |vertices: &[Vec<u32>]| median(&vertices[*vertex as usize], |other| heights[other as usize]);
                    of(near).or_else(|| of(far)).unwrap_or(heights[*vertex as usize])
                })
                .collect();
            settle(layers, &ranks[at], &wished, &mut heights);
        }
    }
    let top = ranks.iter().filter_map(|rank| rank.first()).map(|vertex| heights[*vertex as usize]);
    let top = top.fold(f32::INFINITY, f32::min);
    let moved = |height: f32| if top.is_finite() { height - top } else { height };
    heights.into_iter().map(moved).collect()
}

fn distance(layers: &Layers, upper: u32, lower: u32) -> f32 {
    let half = |vertex: u32| if (vertex as usize) < layers.nodes { 0.5 } else { BEND / 2.0 };
    half(upper) + half(lower)
}

/// The heights nearest to those wished for (least squares) that keep the order and the distances: vertices that would come
/// too near are joined to a block, which stands at the mean of what its members wish.
fn settle(layers: &Layers, rank: &[u32], wished: &[f32], heights: &mut [f32]) {
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(rank.len());
    // Sum of wishes and number of members.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (index, vertex) in rank.iter().enumerate() {
        if index > 0 {
            offset += distance(layers, rank[index - 1], *vertex);
        }
        offsets.push(offset);
        blocks.push((f64::from(wished[index] - offset), 1));
        while let [.., upper, lower] = blocks.as_slice()
            && upper.0 / upper.1 as f64 > lower.0 / lower.1 as f64
        {
            let joined = (upper.0 + lower.0, upper.1 + lower.1);
            blocks.truncate(blocks.len() - 2);
            blocks.push(joined);
        }
    }
    let mut members = rank.iter().zip(offsets);
    for (sum, count) in blocks {
        let height = (sum / count as f64) as f32;
        for (vertex, offset) in members.by_ref().take(count) {
            heights[*vertex as usize] = height + offset;
        }
    }
}
