//! Minimum cuts, by the augmenting paths of Boykov and Kolmogorov (PAMI 2004): two trees grow from the terminals until they meet, a
//! path through the meeting point is filled, and what that cuts off looks for new parents.
//!
//! Capacities are whole numbers, so that a cut is exact and the same everywhere. Nodes are marked with the time at which their
//! distance to the terminal was found, as in section 3.2.3 of the authors' implementation notes (Kolmogorov's thesis, 2004).

use std::collections::VecDeque;

/// Ends a list of arcs.
const NONE: u32 = u32::MAX;
/// The parent of a node that hangs on its terminal.
const TERMINAL: u32 = u32::MAX - 1;
/// The parent of a node that looks for one.
const ORPHAN: u32 = u32::MAX - 2;

/// A capacity that no cut goes through.
pub const UNCUTTABLE: i32 = 1 << 28;

/// The side of a cut that a node is on, and the tree that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tree {
    Source,
    Sink,
}

#[derive(Clone, Copy)]
struct Arc {
    head: u32,
    /// The next arc from the same node.
    next: u32,
    residual: i32,
}

#[derive(Clone, Copy)]
struct Node {
    /// The first arc from here.
    first: u32,
    /// The arc to the parent, or one of the marks above; [`NONE`]: in no tree.
    parent: u32,
    /// When `distance` was found.
    time: u32,
    distance: u32,
    /// What the source can still send here; what can still be sent to the sink, if negative.
    excess: i32,
    tree: Tree,
    is_active: bool,
}

/// A graph between a source and a sink.
pub struct Graph {
    nodes: Vec<Node>,
    /// Each followed or preceded by the one that goes back: index ^ 1.
    arcs: Vec<Arc>,
}

impl Graph {
    /// With `nodes` nodes and room for `edges` edges.
    pub fn new(nodes: usize, edges: usize) -> Self {
        let node =
            Node { first: NONE, parent: NONE, time: 0, distance: 0, excess: 0, tree: Tree::Sink, is_active: false };
        Self { nodes: vec![node; nodes], arcs: Vec::with_capacity(2 * edges) }
    }

    /// Adds `cost` to every cut that has `node` on the source's side; a negative cost is paid on the sink's side instead.
    pub fn cost_at_source(&mut self, node: usize, cost: i32) {
        self.nodes[node].excess -= cost;
    }

    /// Adds `there` to every cut with `from` on the source's side and `to` on the sink's, and `back` to the others that divide them.
    pub fn edge(&mut self, from: usize, to: usize, there: i32, back: i32) {
        for (tail, head, residual) in [(from, to, there), (to, from, back)] {
            let next = std::mem::replace(&mut self.nodes[tail].first, self.arcs.len() as u32);
            self.arcs.push(Arc { head: head as u32, next, residual });
        }
    }

    /// Fills the graph with flow. Which nodes are then on the source's side of a minimum cut: those that the source still reaches.
    pub fn cut(self) -> Vec<bool> {
        let mut search = Search { graph: self, active: VecDeque::new(), orphans: VecDeque::new(), time: 0 };
        search.run();
        search.graph.nodes.iter().map(|node| node.parent != NONE && node.tree == Tree::Source).collect()
    }
}

struct Search {
    graph: Graph,
    active: VecDeque<u32>,
    orphans: VecDeque<u32>,
    time: u32,
}

impl Search {
    fn run(&mut self) {
        for (index, node) in self.graph.nodes.iter_mut().enumerate() {
            if node.excess != 0 {
                node.tree = if node.excess > 0 { Tree::Source } else { Tree::Sink };
                (node.parent, node.distance, node.is_active) = (TERMINAL, 1, true);
                self.active.push_back(index as u32);
            }
        }
        while let Some(node) = self.active.pop_front() {
            self.graph.nodes[node as usize].is_active = false;
            // Until it meets no other tree.
            while self.graph.nodes[node as usize].parent != NONE {
                let Some(bridge) = self.grow(node) else { break };
                self.time += 1;
                self.augment(bridge);
                while let Some(orphan) = self.orphans.pop_front() {
                    self.adopt(orphan);
                }
            }
        }
    }

    fn activate(&mut self, node: u32) {
        let at = &mut self.graph.nodes[node as usize];
        if !at.is_active {
            at.is_active = true;
            self.active.push_back(node);
        }
    }

    /// What can flow along an arc, seen from the tree of its tail: away from the source, towards the sink.
    fn open(&self, arc: u32, tree: Tree) -> bool {
        let along = if tree == Tree::Source { arc } else { arc ^ 1 };
        self.graph.arcs[along as usize].residual > 0
    }

    /// Takes neighbours into the tree; the arc from the source's tree to the sink's, where it meets the other one.
    fn grow(&mut self, node: u32) -> Option<u32> {
        let Node { tree, time, distance, mut first, .. } = self.graph.nodes[node as usize];
        while first != NONE {
            let arc = first;
            let Arc { head, next, .. } = self.graph.arcs[arc as usize];
            first = next;
            if !self.open(arc, tree) {
                continue;
            }
            let other = &mut self.graph.nodes[head as usize];
            if other.parent == NONE {
                (other.tree, other.parent, other.time, other.distance) = (tree, arc ^ 1, time, distance + 1);
                self.activate(head);
            } else if other.tree != tree {
                return Some(if tree == Tree::Source { arc } else { arc ^ 1 });
            } else if other.time <= time && other.distance > distance + 1 {
                // A shorter way to the terminal.
                (other.parent, other.time, other.distance) = (arc ^ 1, time, distance + 1);
            }
        }
        None
    }

    /// Fills the path through `bridge`, and makes orphans of what hung on the arcs that are full now.
    fn augment(&mut self, bridge: u32) {
        let ends = [self.graph.arcs[bridge as usize ^ 1].head, self.graph.arcs[bridge as usize].head];
        let mut least = self.graph.arcs[bridge as usize].residual;
        for (end, tree) in ends.into_iter().zip([Tree::Source, Tree::Sink]) {
            let mut node = end;
            loop {
                let Node { parent, excess, .. } = self.graph.nodes[node as usize];
                if parent == TERMINAL {
                    least = least.min(excess.abs());
                    break;
                }
                let along = if tree == Tree::Source { parent ^ 1 } else { parent };
                least = least.min(self.graph.arcs[along as usize].residual);
                node = self.graph.arcs[parent as usize].head;
            }
        }
        self.push(bridge, least);
        for (end, tree) in ends.into_iter().zip([Tree::Source, Tree::Sink]) {
            let mut node = end;
            loop {
                let parent = self.graph.nodes[node as usize].parent;
                if parent == TERMINAL {
                    let excess = &mut self.graph.nodes[node as usize].excess;
                    *excess -= if tree == Tree::Source { least } else { -least };
                    if *excess == 0 {
                        self.orphan(node);
                    }
                    break;
                }
                let along = if tree == Tree::Source { parent ^ 1 } else { parent };
                self.push(along, least);
                if self.graph.arcs[along as usize].residual == 0 {
                    self.orphan(node);
                }
                node = self.graph.arcs[parent as usize].head;
            }
        }
    }

    fn push(&mut self, arc: u32, flow: i32) {
        self.graph.arcs[arc as usize].residual -= flow;
        self.graph.arcs[arc as usize ^ 1].residual += flow;
    }

    fn orphan(&mut self, node: u32) {
        self.graph.nodes[node as usize].parent = ORPHAN;
        self.orphans.push_back(node);
    }

    /// Finds a new parent in the same tree, the nearest to the terminal; without one the node leaves the tree, and its children are
    /// orphans.
    fn adopt(&mut self, orphan: u32) {
        let Node { tree, first, .. } = self.graph.nodes[orphan as usize];
        let mut best = (u32::MAX, NONE);
        let mut arc = first;
        while arc != NONE {
            let Arc { head, next, .. } = self.graph.arcs[arc as usize];
            // From the neighbour to here, in the tree's direction of flow.
            if self.open(arc ^ 1, tree)
                && self.graph.nodes[head as usize].tree == tree
                && let Some(distance) = self.distance_to_terminal(head)
                && distance < best.0
            {
                best = (distance, arc);
            }
            arc = next;
        }
        let node = &mut self.graph.nodes[orphan as usize];
        if best.1 != NONE {
            (node.parent, node.time, node.distance) = (best.1, self.time, best.0 + 1);
            return;
        }
        node.parent = NONE;
        let mut arc = first;
        while arc != NONE {
            let Arc { head, next, .. } = self.graph.arcs[arc as usize];
            let Node { parent, tree: its, .. } = self.graph.nodes[head as usize];
            if its == tree && parent != NONE {
                if self.open(arc ^ 1, tree) {
                    self.activate(head);
                }
                if parent != TERMINAL && parent != ORPHAN && self.graph.arcs[parent as usize].head == orphan {
                    self.orphan(head);
                }
            }
            arc = next;
        }
    }

    /// Arcs from a node to its terminal; `None` for one that hangs on an orphan or on nothing. Marks the way for the next who asks.
    fn distance_to_terminal(&mut self, start: u32) -> Option<u32> {
        let (mut node, mut steps) = (start, 0);
        let total = loop {
            let Node { parent, time, distance, .. } = self.graph.nodes[node as usize];
            if parent == NONE || parent == ORPHAN {
                return None;
            }
            if time == self.time {
                break steps + distance;
            }
            if parent == TERMINAL {
                let at = &mut self.graph.nodes[node as usize];
                (at.time, at.distance) = (self.time, 1);
                break steps + 1;
            }
            steps += 1;
            node = self.graph.arcs[parent as usize].head;
        };
        let (mut node, mut distance) = (start, total);
        while self.graph.nodes[node as usize].time != self.time {
            let at = &mut self.graph.nodes[node as usize];
            (at.time, at.distance) = (self.time, distance);
            distance -= 1;
            let parent = at.parent;
            node = self.graph.arcs[parent as usize].head;
        }
        Some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edges as (from, to, there, back), and costs at the source.
    struct Case {
        costs: Vec<i32>,
        edges: Vec<(usize, usize, i32, i32)>,
    }

    impl Case {
        fn value(&self, at_source: impl Fn(usize) -> bool) -> i64 {
            // A cost below 0 is one of the sink's side.
            let terminal = |(node, &cost): (usize, &i32)| match at_source(node) {
                true => i64::from(cost.max(0)),
                false => i64::from((-cost).max(0)),
            };
            let edge = |&(from, to, there, back): &(usize, usize, i32, i32)| match (at_source(from), at_source(to)) {
                (true, false) => i64::from(there),
                (false, true) => i64::from(back),
                _ => 0,
            };
            self.costs.iter().enumerate().map(terminal).sum::<i64>() + self.edges.iter().map(edge).sum::<i64>()
        }

        fn cut(&self) -> Vec<bool> {
            let mut graph = Graph::new(self.costs.len(), self.edges.len());
            self.costs.iter().enumerate().for_each(|(node, &cost)| graph.cost_at_source(node, cost));
            self.edges.iter().for_each(|&(from, to, there, back)| graph.edge(from, to, there, back));
            graph.cut()
        }
    }

    #[test]
    fn cuts_are_the_least_of_all_that_there_are() {
        let mut random = 7u64;
        let mut next = |below: i32| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((random >> 33) % below as u64) as i32
        };
        for _ in 0..400 {
            let count = 2 + next(9) as usize;
            let costs = (0..count).map(|_| next(21) - 10).collect();
            let edges = (0..next(30))
                .map(|_| (next(count as i32) as usize, next(count as i32) as usize, next(9), next(9)))
                .filter(|(from, to, ..)| from != to)
                .collect();
            let case = Case { costs, edges };
            let least = (0..1u32 << count).map(|set| case.value(|node| set >> node & 1 == 1)).min().unwrap();
            let found = case.cut();
            assert_eq!(case.value(|node| found[node]), least);
        }
    }

    #[test]
    fn nothing_is_cut_that_cannot_be() {
        // The first node belongs to the source, the last to the sink, and only the middle edge may be cut.
        let case = Case {
            costs: vec![-50, 0, 0, 50],
            edges: vec![(0, 1, UNCUTTABLE, 0), (1, 2, 9, 9), (2, 3, UNCUTTABLE, 0)],
        };
        assert_eq!(case.cut(), [true, true, false, false]);
    }
}
