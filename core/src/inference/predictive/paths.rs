//! Values at paths that an operator chose, out of a document that arrives in pieces; it knows no rows.
//!
//! It reads beside the reader of rows, a second time, and only where a configuration asks for it. The paths that
//! dialects need are fixed tables: see [`driftline_wire::fields`].

use alloc::{boxed::Box, string::String};

use super::{Cell, cell_of};
use driftline_wire::json::{Token, Tokenizer};

/// A step of a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Into the member of this name.
    Key(String),
    /// Into every element.
    Elements,
}

/// Paths that are looked for, by column. Those beyond [`PATHS_MAX`] are not.
pub(super) type Paths = [(usize, Box<[Step]>)];

/// The most paths of one side.
pub(super) const PATHS_MAX: usize = 64;
/// The most steps of a path; a configuration has no longer one.
const STEPS_MAX: usize = 16;

/// A set of paths, one bit each.
type Set = u64;

/// Projection one document.
#[derive(Debug)]
pub struct PathReader {
    tokenizer: Tokenizer,
    /// For each open container, outermost first: the paths whose steps so far lead into it.
    inside: [Set; STEPS_MAX],
    depth: usize,
    /// The paths that lead to the value that comes next, or through it.
    next: Set,
    /// The paths whose value came, of those with `[]` in the element at hand.
    told: Set,
}

impl PathReader {
    /// A reader at the start of a document.
    pub const fn new() -> PathReader {
        PathReader {
            tokenizer: Tokenizer::new(),
            inside: [0; STEPS_MAX],
            depth: 0,
            next: Set::MAX,
            told: 0,
        }
    }

    /// Takes the next piece; calls `take` with the column and each value that ends in it and stands at its path.
    ///
    /// A container at the end of a path is a value of the wrong type. Of a name that an object repeats the first value
    /// counts, as it does in rows. Compares each key of a container on the way of a
    /// path with the step of each path.
    pub fn read(
        &mut self,
        mut bytes: &[u8],
        paths: &Paths,
        take: &mut impl FnMut(usize, Cell<'_>),
    ) {
        loop {
            let progress = self.tokenizer.next(bytes);
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
            let Some(token) = progress.token else { return };
            match token {
                Token::Key(key) => {
                    let at = self.depth.saturating_sub(1);
                    let inside = self.inside.get(at).copied().unwrap_or(0);
                    self.next = having(
                        paths,
                        inside,
                        |steps| matches!(steps.get(at), Some(Step::Key(step)) if step.as_bytes() == key.bytes),
                    );
                    if self.next == 0 {
                        self.tokenizer.skip();
                    }
                    continue;
                }
                Token::ObjectEnd | Token::ArrayEnd => {
                    self.depth = self.depth.saturating_sub(1);
                    self.next = match self.depth.checked_sub(1) {
                        Some(at) => self.inside.get(at).copied().unwrap_or(0),
                        None => Set::MAX,
                    };
                    continue;
                }
                _ => {}
            }
            let depth = self.depth;
            if let Some(last) = depth.checked_sub(1) {
                // Another element has values of its own.
                self.told &=
                    !having(paths, self.next, |steps| steps.get(last) == Some(&Step::Elements));
            }
            let ending = having(paths, self.next & !self.told, |steps| steps.len() == depth);
            if ending != 0 {
                self.told |= ending;
                let cell = cell_of(token);
                for (column, _) in members(paths, ending) {
                    take(*column, cell);
                }
            }
            let inner = match token {
                Token::ObjectStart => {
                    having(paths, self.next, |steps| matches!(steps.get(depth), Some(Step::Key(_))))
                }
                Token::ArrayStart => having(paths, self.next, |steps| {
                    matches!(steps.get(depth), Some(Step::Elements))
                }),
                _ => continue,
            };
            match self.inside.get_mut(depth) {
                Some(inside) if inner != 0 => {
                    *inside = inner;
                    self.depth = depth.saturating_add(1);
                    // In an array every element is on the way of these; in an object, a key will say.
                    self.next = inner;
                }
                _ => self.tokenizer.skip(),
            }
        }
    }
}

/// Those paths of a set whose steps are so.
fn having(paths: &Paths, set: Set, is_so: impl Fn(&[Step]) -> bool) -> Set {
    let mut found = 0;
    for (number, (_, steps)) in paths.iter().enumerate().take(PATHS_MAX) {
        let bit = 1 << number;
        if set & bit != 0 && is_so(steps) {
            found |= bit;
        }
    }
    found
}

fn members(paths: &Paths, set: Set) -> impl Iterator<Item = &(usize, Box<[Step]>)> {
    paths
        .iter()
        .enumerate()
        .take(PATHS_MAX)
        .filter(move |(number, _)| set & 1 << number != 0)
        .map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use std::{format, string::String, vec::Vec};

    use super::*;
    use crate::inference::predictive::Unbinned;

    fn key(name: &str) -> Step {
        Step::Key(name.into())
    }

    /// Projection `user.age`, `rows[].x` and `[][]`, cut everywhere: columns 0, 1 and 2.
    #[track_caller]
    fn check(document: &str, expected: &[(usize, Cell<'_>)]) {
        let paths: [(usize, Box<[Step]>); 3] = [
            (0, [key("user"), key("age")].into()),
            (1, [key("rows"), Step::Elements, key("x")].into()),
            (2, [Step::Elements, Step::Elements].into()),
        ];
        let shown = |column, cell: Cell<'_>| format!("{column} {cell:?}");
        let expected: Vec<String> =
            expected.iter().map(|&(column, cell)| shown(column, cell)).collect();
        for chunk in 1..=document.len() {
            let mut reader = PathReader::new();
            let mut found = Vec::new();
            for piece in document.as_bytes().chunks(chunk) {
                reader.read(piece, &paths, &mut |column, cell| found.push(shown(column, cell)));
            }
            assert_eq!(found, expected, "{document} in chunks of {chunk}");
        }
    }

    #[test]
    fn values_at_their_paths_are_found_and_no_others() {
        let wrong = Cell::Unbinned(Unbinned::WrongType);
        check(r#"{"user": {"name": "age", "age": 41}, "age": 7}"#, &[(0, Cell::Number(41.0))]);
        check(
            r#"{"rows": [{"x": 1}, {"y": {"x": 5}, "x": "a"}, [{"x": 6}], 7, {"x": null}], "user": {"age": [1]}}"#,
            &[
                (1, Cell::Number(1.0)),
                (1, Cell::Text(b"a")),
                (1, Cell::Unbinned(Unbinned::Null)),
                (0, wrong),
            ],
        );
        check(
            "[[1, true], 5, [[2]], [3.5 ]]",
            &[(2, Cell::Number(1.0)), (2, Cell::Boolean(true)), (2, wrong), (2, Cell::Number(3.5))],
        );
        check(r#"{"user": 7, "rows": {"x": 1}} "#, &[]);
    }

    #[test]
    fn of_a_repeated_name_the_first_value_counts() {
        check(
            r#"{"user": {"age": 41, "age": 7}, "user": {"age": 8},
                "rows": [{"x": 1, "x": 2}, {"x": 3}, {"y": 4}, {"x": {"x": 5}, "x": 6}]}"#,
            &[
                (0, Cell::Number(41.0)),
                (1, Cell::Number(1.0)),
                (1, Cell::Number(3.0)),
                (1, Cell::Unbinned(Unbinned::WrongType)),
            ],
        );
        check("[[1, 1], [1]]", &[(2, Cell::Number(1.0)); 3]);
    }
}
