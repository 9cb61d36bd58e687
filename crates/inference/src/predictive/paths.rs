//! Values at paths that an operator chose, out of a body of JSON that arrives in pieces; it knows no rows.
//!
//! It reads the same bytes as the reader of rows, and only where a configuration has paths. The paths of dialects are
//! fixed tables: see [`driftline_wire::fields`].
//!
//! Of JSON lines each line is a document of its own: a path gives its values from every line, and what a line lacks is
//! missing from that line. A path with `[]` has no fixed number of values in a document; what is missing there is known
//! only from the rows, and not reported here.

use alloc::{boxed::Box, string::String};

use super::{Cell, Reader, Unbinned, cell_of};
use driftline_wire::{
    frame::FrameStep,
    json::{JsonEnd, Token, Tokenizer},
    ndjson,
};

/// A step of a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PathStep {
    /// Into the member of this name.
    Key(String),
    /// Into every element.
    Elements,
}

/// Paths that are looked for, by column. Those beyond [`PATHS_MAX`] are not.
pub(super) type Paths = [(usize, Box<[PathStep]>)];

/// The most paths of one side.
pub const PATHS_MAX: usize = 64;
/// The most steps of a path; a configuration refuses longer ones.
pub const STEPS_MAX: usize = 16;

/// A set of paths, one bit each.
type Set = u64;

/// Reads the documents of one body.
#[derive(Debug)]
pub struct PathReader {
    /// Cuts a body of JSON lines; `None` for a body that is one document.
    lines: Option<ndjson::Reader>,
    document: DocumentPaths,
}

/// Reads one document after the other.
#[derive(Debug)]
struct DocumentPaths {
    tokenizer: Tokenizer,
    at: Position,
}

/// Where in a document the reader is, and what it found there.
#[derive(Debug)]
struct Position {
    /// For each open container, outermost first: the paths whose steps so far lead into it.
    inside: [Set; STEPS_MAX],
    depth: usize,
    /// The paths that lead to the value that comes next, or through it.
    next: Set,
    /// The paths whose value came, of those with `[]` in the element at hand.
    found: Set,
}

impl PathReader {
    /// A reader of the same body as `reader`; `None` if its form has no JSON.
    pub fn beside(reader: &Reader) -> Option<PathReader> {
        let lines = match reader {
            // Raw tensors after the document are not JSON, and have no values at paths.
            Reader::Document(_) | Reader::Tensors(_) => None,
            Reader::Lines(_) => Some(ndjson::Reader::default()),
            Reader::Csv(_) | Reader::Messages(_) => return None,
        };
        Some(PathReader { lines, document: DocumentPaths::new() })
    }

    /// Takes the next piece; calls `take` with the column and each value at its path that ends in the piece, and at
    /// the end of a line that is a whole document with [`Unbinned::Missing`] for each path without `[]` that had none.
    ///
    /// A container at the end of a path is a value of the wrong type. Of a name that an object repeats the first value
    /// counts, as it does in rows. Compares each key of a container on the way of a path with the step of each path.
    pub fn read(
        &mut self,
        mut bytes: &[u8],
        paths: &Paths,
        take: &mut impl FnMut(usize, Cell<'_>),
    ) {
        let PathReader { lines, document } = self;
        let Some(lines) = lines else {
            return document.read(bytes, paths, take);
        };
        loop {
            let progress = lines.next(bytes);
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
            match progress.step {
                FrameStep::Data(data) => document.read(data, paths, take),
                FrameStep::EventEnd | FrameStep::EventBroken => document.end(paths, take),
                FrameStep::InputEmpty => return,
            }
        }
    }

    /// Ends the body, whose last line needs no line end. What a body that is one document lacks is left to the caller,
    /// who knows whether it is whole.
    pub fn finish(&mut self, paths: &Paths, take: &mut impl FnMut(usize, Cell<'_>)) {
        if self.lines.as_ref().is_some_and(ndjson::Reader::is_open) {
            self.document.end(paths, take);
        }
    }
}

impl DocumentPaths {
    const fn new() -> DocumentPaths {
        DocumentPaths { tokenizer: Tokenizer::new(), at: Position::START }
    }

    fn read(&mut self, mut bytes: &[u8], paths: &Paths, take: &mut impl FnMut(usize, Cell<'_>)) {
        let DocumentPaths { tokenizer, at } = self;
        loop {
            let progress = tokenizer.next(bytes);
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
            let is_on_the_way = match progress.token {
                Some(Token::Key(key)) => at.enter(key.bytes, paths),
                Some(Token::ObjectEnd | Token::ArrayEnd) => at.leave(),
                Some(token) => at.value(token, paths, take),
                None => return,
            };
            if !is_on_the_way {
                tokenizer.skip();
            }
        }
    }

    /// Ends a document among several, and is ready for the next one. One that is not whole lacks nothing.
    fn end(&mut self, paths: &Paths, take: &mut impl FnMut(usize, Cell<'_>)) {
        let DocumentPaths { tokenizer, at } = self;
        if tokenizer.finish().ending == JsonEnd::Complete {
            let lacks = |steps: &[PathStep]| !steps.contains(&PathStep::Elements);
            for (column, _) in members(paths, having(paths, !at.found, lacks)) {
                take(*column, Cell::Unbinned(Unbinned::Missing));
            }
        }
        *at = Position::START;
    }
}

/// Each method returns whether a path leads into what comes next, which is skipped otherwise.
impl Position {
    const START: Position = Position { inside: [0; STEPS_MAX], depth: 0, next: Set::MAX, found: 0 };

    /// Comes to the member of this name.
    fn enter(&mut self, key: &[u8], paths: &Paths) -> bool {
        let last = self.depth.saturating_sub(1);
        let inside = self.inside.get(last).copied().unwrap_or(0);
        self.next = having(
            paths,
            inside,
            |steps| matches!(steps.get(last), Some(PathStep::Key(name)) if name.as_bytes() == key),
        );
        self.next != 0
    }

    /// Leaves an object or an array.
    fn leave(&mut self) -> bool {
        self.depth = self.depth.saturating_sub(1);
        self.next = match self.depth.checked_sub(1) {
            Some(last) => self.inside.get(last).copied().unwrap_or(0),
            None => Set::MAX,
        };
        true
    }

    /// Takes a value, or the start of a container, and goes into that if a path does.
    fn value(
        &mut self,
        token: Token<'_>,
        paths: &Paths,
        take: &mut impl FnMut(usize, Cell<'_>),
    ) -> bool {
        let depth = self.depth;
        if let Some(last) = depth.checked_sub(1) {
            // Another element has values of its own.
            self.found &=
                !having(paths, self.next, |steps| steps.get(last) == Some(&PathStep::Elements));
        }
        let ending = having(paths, self.next & !self.found, |steps| steps.len() == depth);
        if ending != 0 {
            self.found |= ending;
            let cell = cell_of(token);
            for (column, _) in members(paths, ending) {
                take(*column, cell);
            }
        }
        match token {
            Token::ObjectStart => self.open(having(paths, self.next, |steps| {
                matches!(steps.get(depth), Some(PathStep::Key(_)))
            })),
            Token::ArrayStart => self.open(having(paths, self.next, |steps| {
                matches!(steps.get(depth), Some(PathStep::Elements))
            })),
            _ => true,
        }
    }

    /// Goes into a container, into which these paths lead.
    fn open(&mut self, inner: Set) -> bool {
        match self.inside.get_mut(self.depth) {
            Some(inside) if inner != 0 => {
                *inside = inner;
                self.depth = self.depth.saturating_add(1);
                // In an array, every element is on the way of these paths; in an object, the next key decides.
                self.next = inner;
                true
            }
            _ => false,
        }
    }
}

/// Those paths of a set whose steps fulfil this.
fn having(paths: &Paths, set: Set, is_so: impl Fn(&[PathStep]) -> bool) -> Set {
    let mut found = 0;
    for (number, (_, steps)) in paths.iter().enumerate().take(PATHS_MAX) {
        let bit = 1 << number;
        if set & bit != 0 && is_so(steps) {
            found |= bit;
        }
    }
    found
}

fn members(paths: &Paths, set: Set) -> impl Iterator<Item = &(usize, Box<[PathStep]>)> {
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
    use driftline_cuts::every_cut;

    fn key(name: &str) -> PathStep {
        PathStep::Key(name.into())
    }

    /// Looks for `user.age`, `rows[].x` and `[][]`, cut everywhere: columns 0, 1 and 2.
    #[track_caller]
    fn check_body(body: &str, of_lines: bool, expected: &[(usize, Cell<'_>)]) {
        let paths: [(usize, Box<[PathStep]>); 3] = [
            (0, [key("user"), key("age")].into()),
            (1, [key("rows"), PathStep::Elements, key("x")].into()),
            (2, [PathStep::Elements, PathStep::Elements].into()),
        ];
        let shown = |column, cell: Cell<'_>| format!("{column} {cell:?}");
        let expected: Vec<String> =
            expected.iter().map(|&(column, cell)| shown(column, cell)).collect();
        every_cut(body.as_bytes(), |pieces, name| {
            let lines = of_lines.then(ndjson::Reader::default);
            let mut reader = PathReader { lines, document: DocumentPaths::new() };
            let mut found = Vec::new();
            let mut take = |column, cell: Cell<'_>| found.push(shown(column, cell));
            pieces.iter().for_each(|piece| reader.read(piece, &paths, &mut take));
            reader.finish(&paths, &mut take);
            assert_eq!(found, expected, "{body}: {name}");
        });
    }

    #[track_caller]
    fn check(document: &str, expected: &[(usize, Cell<'_>)]) {
        check_body(document, false, expected);
    }

    #[track_caller]
    fn check_lines(body: &str, expected: &[(usize, Cell<'_>)]) {
        check_body(body, true, expected);
    }

    const MISSING: (usize, Cell<'_>) = (0, Cell::Unbinned(Unbinned::Missing));

    const fn age(age: f64) -> (usize, Cell<'static>) {
        (0, Cell::Number(age))
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

    #[test]
    fn every_line_is_a_document_of_its_own() {
        check_lines(
            "{\"user\": {\"age\": 41}}\n{\"user\": {\"age\": 7}}\r\n \n{\"user\": {\"age\": 8}}",
            &[age(41.0), age(7.0), age(8.0)],
        );
        check_lines(
            "{\"rows\": [{\"x\": 1}, {\"x\": 2}], \"user\": {\"age\": 41}}\n[[3], [4]]\n",
            &[
                (1, Cell::Number(1.0)),
                (1, Cell::Number(2.0)),
                age(41.0),
                (2, Cell::Number(3.0)),
                (2, Cell::Number(4.0)),
                MISSING,
            ],
        );
    }

    #[test]
    fn what_a_line_lacks_is_missing_from_that_line_only() {
        check_lines(
            "{}\n{\"user\": {\"age\": 41}}\n{\"user\": {}}\n{\"user\": {\"age\": null}}\n7",
            &[MISSING, age(41.0), MISSING, (0, Cell::Unbinned(Unbinned::Null)), MISSING],
        );
        check_lines("", &[]);
        check_lines("\n \r\n", &[]);
    }

    #[test]
    fn a_broken_line_lacks_nothing_and_does_not_reach_into_the_next_one() {
        for broken in ["{\"user\": {", "{\"user\": oops", "{} {}", "\"user", "]", "\u{feff}"] {
            check_lines(
                &format!("{broken}\n{{\"user\": {{\"age\": 41}}}}\n{broken}"),
                &[age(41.0)],
            );
            check_lines(&format!("{{}}\n{broken}\n{{}}"), &[MISSING, MISSING]);
        }
        check_lines("{\"user\": {\"age\": 1}, oops}\n{}", &[age(1.0), MISSING]);
    }

    #[test]
    fn a_document_that_is_the_body_leaves_what_it_lacks_to_its_caller() {
        check("{}\n", &[]);
        check("{\"user\": {\"age\": 41}}\n{\"user\": {\"age\": 7}}", &[age(41.0)]);
    }
}
