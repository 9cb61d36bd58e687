//! Finds dependency cycles between the modules of a crate. It never reads a file.
//!
//! From outside, a module and everything in it are one: a reference from `a::b` to `c::d` is an edge from `a` to `c`.
//! A module and the modules in it may refer to each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::modules::{Crate, Id, Reference};

/// Sibling modules that all depend on each other, directly or not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Cycle {
    /// Their paths from the root of the crate, sorted.
    pub(super) members: Vec<String>,
    /// The references of the shortest cycle among them.
    pub(super) shortest: Vec<Reference>,
}

/// The edges between siblings, each with one reference as its example.
type Edges<'a> = BTreeMap<(Id, Id), &'a Reference>;

/// All cycles of a crate, sorted by their members.
pub(super) fn cycles(of: &Crate) -> Vec<Cycle> {
    let references = of.references();
    let mut edges = Edges::new();
    for reference in &references {
        let (from, to) = (of.line_of(reference.from), of.line_of(reference.to));
        let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
        // A module that contains the other has no edge to it.
        if let (Some(from), Some(to)) = (from.get(shared), to.get(shared)) {
            edges.entry((*from, *to)).or_insert(reference);
        }
    }
    let modules: BTreeSet<Id> = edges.keys().flat_map(|(from, to)| [*from, *to]).collect();
    let mut cycles: Vec<Cycle> = Vec::new();
    let mut seen: BTreeSet<Id> = BTreeSet::new();
    for module in modules {
        if seen.contains(&module) {
            continue;
        }
        let members = around(&edges, module);
        seen.extend(&members);
        if !members.is_empty() {
            cycles.push(cycle(of, &edges, &members));
        }
    }
    cycles.sort_by(|a, b| a.members.cmp(&b.members));
    cycles
}

fn cycle(of: &Crate, edges: &Edges, members: &BTreeSet<Id>) -> Cycle {
    let paths = members.iter().filter_map(|member| shortest_path(edges, *member, *member));
    let shortest = paths.min_by_key(Vec::len).unwrap_or_default();
    let mut members: Vec<String> = members.iter().map(|member| of.path(*member)).collect();
    members.sort();
    Cycle { members, shortest: shortest.into_iter().cloned().collect() }
}

/// The modules that share a cycle with `module`, including itself; empty if there are none.
fn around(edges: &Edges, module: Id) -> BTreeSet<Id> {
    let backward: BTreeSet<(Id, Id)> = edges.keys().map(|(from, to)| (*to, *from)).collect();
    let forward: BTreeSet<(Id, Id)> = edges.keys().copied().collect();
    let there = reached(&forward, module);
    there.intersection(&reached(&backward, module)).copied().collect()
}

/// The modules that are reached over at least one edge.
fn reached(edges: &BTreeSet<(Id, Id)>, start: Id) -> BTreeSet<Id> {
    let mut reached = BTreeSet::new();
    let mut next = vec![start];
    while let Some(from) = next.pop() {
        for (_, to) in edges.range((from, Id::MIN)..=(from, Id::MAX)) {
            if reached.insert(*to) {
                next.push(*to);
            }
        }
    }
    reached
}

/// The shortest path of at least one edge.
fn shortest_path<'a>(edges: &Edges<'a>, start: Id, end: Id) -> Option<Vec<&'a Reference>> {
    let mut came_by: BTreeMap<Id, (Id, &Reference)> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(from) = next.pop_front() {
        for ((_, to), reference) in edges.range((from, Id::MIN)..=(from, Id::MAX)) {
            if came_by.contains_key(to) {
                continue;
            }
            came_by.insert(*to, (from, *reference));
            if *to == end {
                return Some(back(&came_by, start, end));
            }
            next.push_back(*to);
        }
    }
    None
}

/// The path from `start` to `end`, read back from the edges that the search took.
fn back<'a>(came_by: &BTreeMap<Id, (Id, &'a Reference)>, start: Id, end: Id) -> Vec<&'a Reference> {
    let mut path = Vec::new();
    let mut at = end;
    while let Some((from, reference)) = came_by.get(&at) {
        path.push(*reference);
        at = *from;
        if at == start {
            break;
        }
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cycles as `members: from -> to, ...`.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let made = Crate::of_text(text);
        let shown = cycles(&made).into_iter().map(|Cycle { members, shortest }| {
            let path =
                shortest.iter().map(|it| format!("{} -> {}", made.path(it.from), made.path(it.to)));
            format!("{}: {}", members.join(" "), path.collect::<Vec<_>>().join(", "))
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn two_siblings_that_refer_to_each_other_are_a_cycle() {
        check(
            "mod a { use crate::b::B; pub struct A; } mod b { use crate::a::A; pub struct B; }",
            &["a b: a -> b, b -> a"],
        );
        check("mod a { use crate::b::B; } mod b { pub struct B; }", &[]);
    }

    #[test]
    fn a_parent_and_its_parts_may_refer_to_each_other() {
        check("mod a { use b::B; pub struct A; mod b { use super::A; pub struct B; } }", &[]);
        check("use a::A; pub struct R; mod a { use crate::R; pub struct A; }", &[]);
    }

    #[test]
    fn parts_of_two_modules_tie_the_modules_together() {
        check(
            "mod a { pub mod x { use crate::b::y::Y; } pub mod z { pub struct Z; } }
             mod b { pub mod y { pub struct Y; } mod w { use crate::a::z::Z; } }",
            &["a b: a::x -> b::y, b::w -> a::z"],
        );
    }

    #[test]
    fn a_cycle_within_a_module_is_found_and_named_by_its_path() {
        check(
            "mod a { mod x { use super::y::Y; pub struct X; } mod y { use super::x::X; pub struct Y; } }",
            &["a::x a::y: a::x -> a::y, a::y -> a::x"],
        );
    }

    #[test]
    fn every_member_is_listed_and_the_shortest_way_is_shown() {
        check(
            "mod a { use crate::b::B; pub struct A; } mod b { use crate::c::C; pub struct B; }
             mod c { use crate::a::A; use crate::b::B; pub struct C; } mod d { use crate::a::A; }",
            &["a b c: b -> c, c -> b"],
        );
    }

    #[test]
    fn two_cycles_apart_are_two() {
        check(
            "mod a { use crate::b::B; pub struct A; } mod b { use crate::a::A; pub struct B; }
             mod c { use crate::d::D; use crate::a::A; pub struct C; }
             mod d { use crate::c::C; pub struct D; }",
            &["a b: a -> b, b -> a", "c d: c -> d, d -> c"],
        );
    }

    #[test]
    fn what_another_module_passes_on_hides_no_cycle() {
        check(
            "pub use a::A; pub use b::B; mod a { use crate::B; pub struct A; } mod b { use super::A; pub struct B; }",
            &["a b: a -> b, b -> a"],
        );
    }
}
