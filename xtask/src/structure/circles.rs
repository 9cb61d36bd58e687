//! Circles among the modules of a crate. It never reads a file.
//!
//! Seen from outside, a module and all within it are one: a reference from `a::b` to `c::d` is one from `a` to `c`.
//! A module may refer to its own parts, and they to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::modules::{Crate, Id, Reference};

/// Modules of one parent of which each leads to every other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Circle {
    /// Their paths from the root of the crate, sorted.
    pub(super) members: Vec<String>,
    /// References that lead round, the shortest way.
    pub(super) way: Vec<Reference>,
}

/// The references between modules of one parent; each stands for all of its kind.
type Arrows<'a> = BTreeMap<(Id, Id), &'a Reference>;

/// All circles of a crate, by their members.
pub(super) fn circles(of: &Crate) -> Vec<Circle> {
    let references = of.references();
    let mut arrows = Arrows::new();
    for reference in &references {
        let (from, to) = (of.line_of(reference.from), of.line_of(reference.to));
        let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
        // If one lies within the other, there is no arrow.
        if let (Some(from), Some(to)) = (from.get(shared), to.get(shared)) {
            arrows.entry((*from, *to)).or_insert(reference);
        }
    }
    let modules: BTreeSet<Id> = arrows.keys().flat_map(|(from, to)| [*from, *to]).collect();
    let mut circles: Vec<Circle> = Vec::new();
    let mut seen: BTreeSet<Id> = BTreeSet::new();
    for module in modules {
        if seen.contains(&module) {
            continue;
        }
        let members = around(&arrows, module);
        seen.extend(&members);
        if !members.is_empty() {
            circles.push(circle(of, &arrows, &members));
        }
    }
    circles.sort_by(|a, b| a.members.cmp(&b.members));
    circles
}

fn circle(of: &Crate, arrows: &Arrows, members: &BTreeSet<Id>) -> Circle {
    let ways = members.iter().filter_map(|member| way(arrows, *member, *member));
    let way = ways.min_by_key(Vec::len).unwrap_or_default();
    let mut members: Vec<String> = members.iter().map(|member| of.path(*member)).collect();
    members.sort();
    Circle { members, way: way.into_iter().cloned().collect() }
}

/// Modules that `module` leads to and that lead to it, itself among them; none if it is in no circle.
fn around(arrows: &Arrows, module: Id) -> BTreeSet<Id> {
    let backward: BTreeSet<(Id, Id)> = arrows.keys().map(|(from, to)| (*to, *from)).collect();
    let forward: BTreeSet<(Id, Id)> = arrows.keys().copied().collect();
    let there = reached(&forward, module);
    there.intersection(&reached(&backward, module)).copied().collect()
}

/// Modules that one or more arrows lead to.
fn reached(arrows: &BTreeSet<(Id, Id)>, start: Id) -> BTreeSet<Id> {
    let mut reached = BTreeSet::new();
    let mut next = vec![start];
    while let Some(from) = next.pop() {
        for (_, to) in arrows.range((from, Id::MIN)..=(from, Id::MAX)) {
            if reached.insert(*to) {
                next.push(*to);
            }
        }
    }
    reached
}

/// The shortest way of at least one arrow.
fn way<'a>(arrows: &Arrows<'a>, start: Id, end: Id) -> Option<Vec<&'a Reference>> {
    let mut came_by: BTreeMap<Id, (Id, &Reference)> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(from) = next.pop_front() {
        for ((_, to), reference) in arrows.range((from, Id::MIN)..=(from, Id::MAX)) {
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

/// The way that was come by, from its beginning on.
fn back<'a>(came_by: &BTreeMap<Id, (Id, &'a Reference)>, start: Id, end: Id) -> Vec<&'a Reference> {
    let mut way = Vec::new();
    let mut at = end;
    while let Some((from, reference)) = came_by.get(&at) {
        way.push(*reference);
        at = *from;
        if at == start {
            break;
        }
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Circles as `members: from -> to, ...`.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let made = Crate::of_text(text);
        let shown = circles(&made).into_iter().map(|Circle { members, way }| {
            let way =
                way.iter().map(|it| format!("{} -> {}", made.path(it.from), made.path(it.to)));
            format!("{}: {}", members.join(" "), way.collect::<Vec<_>>().join(", "))
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn two_siblings_that_refer_to_each_other_are_a_circle() {
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
    fn a_circle_within_a_module_is_found_and_named_by_its_path() {
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
    fn two_circles_apart_are_two() {
        check(
            "mod a { use crate::b::B; pub struct A; } mod b { use crate::a::A; pub struct B; }
             mod c { use crate::d::D; use crate::a::A; pub struct C; }
             mod d { use crate::c::C; pub struct D; }",
            &["a b: a -> b, b -> a", "c d: c -> d, d -> c"],
        );
    }

    #[test]
    fn what_another_module_passes_on_hides_no_circle() {
        check(
            "pub use a::A; pub use b::B; mod a { use crate::B; pub struct A; } mod b { use super::A; pub struct B; }",
            &["a b: a -> b, b -> a"],
        );
    }
}
