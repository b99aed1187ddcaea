use super::{Place, lay_out};

fn places(nodes: usize, edges: &[(u32, u32)]) -> Vec<Place> {
    lay_out(nodes, edges)
}

#[test]
fn a_chain_is_a_line() {
    let places = places(3, &[(0, 1), (1, 2)]);
    assert_eq!(places.iter().map(|place| place.rank).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(places.iter().all(|place| (place.height - places[0].height).abs() < 0.001), "{places:?}");
}

#[test]
fn edges_lead_to_the_right_and_a_first_node_stands_near_the_one_that_needs_it() {
    // 4 is needed by the last only.
    let edges = [(0, 1), (1, 2), (2, 3), (4, 3), (0, 3)];
    let places = places(5, &edges);
    assert!(edges.iter().all(|(from, to)| places[*from as usize].rank < places[*to as usize].rank));
    assert_eq!(places[4].rank, 2);
}

#[test]
fn no_two_nodes_of_a_rank_overlap() {
    let edges: Vec<(u32, u32)> =
        (0..40).flat_map(|from| [(from, 40 + from * 7 % 20), (from, 40 + from % 20)]).collect();
    let places = places(60, &edges);
    for rank in [0, 1] {
        let mut heights: Vec<f32> =
            places.iter().filter(|place| place.rank == rank).map(|place| place.height).collect();
        heights.sort_by(f32::total_cmp);
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] > 0.99), "{heights:?}");
    }
}

#[test]
fn crossings_that_need_not_be_are_gone() {
    // Two ranks in reverse: 0→5, 1→4, 2→3.
    let places = places(6, &[(0, 5), (1, 4), (2, 3)]);
    let order = |nodes: [usize; 3]| {
        let mut nodes = nodes;
        nodes.sort_by(|a, b| places[*a].height.total_cmp(&places[*b].height));
        nodes
    };
    let [a, b, c] = order([0, 1, 2]);
    assert_eq!(order([3, 4, 5]), [5 - a, 5 - b, 5 - c]);
}

#[test]
fn nodes_without_edges_stand_below_the_others() {
    let places = places(12, &[(0, 1)]);
    assert!((2..12).all(|node| places[node].height > places[0].height), "{places:?}");
    let mut all: Vec<(u32, i32)> = places.iter().map(|place| (place.rank, place.height as i32)).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 12);
}

#[test]
fn a_cycle_and_an_empty_graph_do_no_harm() {
    assert_eq!(places(0, &[]), []);
    assert_eq!(places(2, &[(0, 1), (1, 0)]).len(), 2);
}
