//! [`Subset`]: some members of a [`Graph`], in an order that keeps what the whole graph says between them.

use petgraph::Direction::{Incoming, Outgoing};

use super::Graph;

/// Members of a graph with the order that they have in it, also where what lies between them is left out.
///
/// What is left out but lies between members is kept as a waypoint, so that the size is linear in that of the graph
/// (joining all that is above a waypoint with all that is below it would be quadratic). Steps `0..members().len()` are
/// members, by level and then by unique id; the steps after them are waypoints.
#[derive(Debug, Clone)]
pub struct Subset {
    members: Vec<String>,
    levels: Vec<u32>,
    downstream: Vec<Vec<u32>>,
    upstream_count: Vec<u32>,
}

impl Subset {
    /// The members by level, then by unique id: each after everything it depends on.
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// For each member, the length of the longest chain of members above it.
    pub fn levels(&self) -> &[u32] {
        &self.levels
    }

    /// The steps directly below each step, waypoints included.
    pub fn downstream(&self) -> &[Vec<u32>] {
        &self.downstream
    }

    /// How many steps are directly above each step, waypoints included.
    pub fn upstream_count(&self) -> &[u32] {
        &self.upstream_count
    }
}

impl Graph {
    /// The part of the graph that is selected; ids that the graph does not hold are left out.
    pub fn subset<'a>(&self, selected: impl IntoIterator<Item = &'a str>) -> Subset {
        let is_member = self.members(&selected.into_iter().collect::<Vec<_>>());
        let kept = self.members_and_waypoints(&is_member);
        let levels = self.levels(&is_member, &kept);

        let mut steps: Vec<usize> = (0..self.len()).filter(|&index| is_member[index]).collect();
        steps.sort_by(|&a, &b| (levels[a], self.id(a)).cmp(&(levels[b], self.id(b))));
        let count = steps.len();
        steps.extend(self.order().iter().copied().filter(|&index| kept[index] && !is_member[index]));

        let mut step_of = vec![u32::MAX; self.len()];
        for (step, &index) in steps.iter().enumerate() {
            step_of[index] = step as u32;
        }
        let mut upstream_count = vec![0; steps.len()];
        let downstream: Vec<Vec<u32>> = steps
            .iter()
            .map(|&index| {
                let mut below: Vec<u32> =
                    self.all_neighbors(index, Outgoing).filter(|&i| kept[i]).map(|i| step_of[i]).collect();
                below.sort_unstable();
                below.dedup();
                for &step in &below {
                    upstream_count[step as usize] += 1;
                }
                below
            })
            .collect();
        Subset {
            members: steps[..count].iter().map(|&index| self.id(index).to_owned()).collect(),
            levels: steps[..count].iter().map(|&index| levels[index]).collect(),
            downstream,
            upstream_count,
        }
    }

    /// Members, and what has members both above and below it.
    fn members_and_waypoints(&self, is_member: &[bool]) -> Vec<bool> {
        let mut below = vec![false; self.len()];
        for &index in self.order() {
            below[index] = self.all_neighbors(index, Incoming).any(|up| is_member[up] || below[up]);
        }
        let mut above = vec![false; self.len()];
        for &index in self.order().iter().rev() {
            above[index] = self.all_neighbors(index, Outgoing).any(|down| is_member[down] || above[down]);
        }
        (0..self.len()).map(|index| is_member[index] || (below[index] && above[index])).collect()
    }

    fn levels(&self, is_member: &[bool], kept: &[bool]) -> Vec<u32> {
        let mut levels = vec![0; self.len()];
        for &index in self.order().iter().filter(|&&index| kept[index]) {
            levels[index] = self
                .all_neighbors(index, Incoming)
                .filter(|&up| kept[up])
                .map(|up| levels[up] + u32::from(is_member[up]))
                .max()
                .unwrap_or(0);
        }
        levels
    }
}
