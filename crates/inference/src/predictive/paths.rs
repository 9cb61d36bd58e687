//! Values at paths that an operator chose, out of a body of JSON that arrives in pieces; it knows no rows.
//!
//! It reads the same bytes as the reader of rows, and only where a configuration has paths. The paths of dialects are
//! fixed tables: see [`driftline_wire::fields`].
//!
//! Of JSON lines each line is a document of its own: a path gives its values from every line, and what a line lacks is
//! missing from that line. A path with `[]` has no fixed number of values in a document; what is missing there is known
//! only from the rows, and not reported here.

use alloc::boxed::Box;

use super::{
    Cell, PathStep, Projection, Reader, Unbinned,
    value::{Next, ValueReader, ValueStep, scalar},
};
use driftline_wire::{
    frame::FrameStep,
    json::{JsonEnd, Token, Tokenizer},
    ndjson,
};

/// Paths that are looked for, by column, with what each takes of its values. Those beyond [`PATHS_MAX`] are not.
pub(super) type Paths = [(usize, Projection, Box<[PathStep]>)];

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
    /// The vector that is open, and its column.
    vector: Option<Box<(usize, ValueReader)>>,
}

/// What becomes of what comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    /// A path leads through it, or it holds nothing.
    Along,
    /// No path leads into it.
    Skip,
    /// It is a list of which this column takes the norm.
    Vector(usize),
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

    /// A reader of one document, beside no other reader.
    #[must_use]
    pub fn of_document() -> PathReader {
        PathReader { lines: None, document: DocumentPaths::new() }
    }

    /// Takes the next piece; calls `take` with the column and each value at its path that ends in the piece, and at
    /// the end of a line that is a whole document with [`Unbinned::Missing`] for each path without `[]` that had none.
    ///
    /// A container at the end of a path is a value of the wrong type, but for a list whose norm is taken. Of a name that an object repeats the first value
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
        DocumentPaths { tokenizer: Tokenizer::new(), at: Position::START, vector: None }
    }

    fn read(&mut self, mut bytes: &[u8], paths: &Paths, take: &mut impl FnMut(usize, Cell<'_>)) {
        let DocumentPaths { tokenizer, at, vector } = self;
        loop {
            let progress = tokenizer.next_shared(bytes);
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
            let Some(token) = progress.token else { return };
            if let Some(open) = vector {
                let (column, reader) = &mut **open;
                let (is_over, next) = match reader.step(token, Projection::VectorNorm) {
                    ValueStep::More(next) => (false, next),
                    ValueStep::Done(cell, next) => {
                        take(*column, cell);
                        (true, next)
                    }
                };
                if next == Next::Skip {
                    tokenizer.skip();
                }
                if is_over {
                    *vector = None;
                }
                continue;
            }
            let way = match token {
                Token::Key(key) => at.enter(key.bytes, paths),
                Token::ObjectEnd | Token::ArrayEnd => at.leave(),
                token => at.value(token, paths, take),
            };
            match way {
                Way::Along => {}
                Way::Skip => tokenizer.skip(),
                Way::Vector(column) => {
                    let open = vector.insert(Box::new((column, ValueReader::default())));
                    open.1.begin_vector();
                }
            }
        }
    }

    /// Ends a document among several, and is ready for the next one. One that is not whole lacks nothing.
    fn end(&mut self, paths: &Paths, take: &mut impl FnMut(usize, Cell<'_>)) {
        let DocumentPaths { tokenizer, at, vector } = self;
        *vector = None;
        if tokenizer.finish().ending == JsonEnd::Complete {
            let lacks = |steps: &[PathStep]| !steps.contains(&PathStep::Elements);
            for (column, ..) in members(paths, having(paths, !at.found, lacks)) {
                take(*column, Cell::Unbinned(Unbinned::Missing));
            }
        }
        *at = Position::START;
    }
}

/// Each method returns what becomes of what comes next.
impl Position {
    const START: Position = Position { inside: [0; STEPS_MAX], depth: 0, next: Set::MAX, found: 0 };

    /// Comes to the member of this name.
    fn enter(&mut self, key: &[u8], paths: &Paths) -> Way {
        let last = self.depth.saturating_sub(1);
        let inside = self.inside.get(last).copied().unwrap_or(0);
        self.next = having(
            paths,
            inside,
            |steps| matches!(steps.get(last), Some(PathStep::Key(name)) if name.as_bytes() == key),
        );
        if self.next == 0 { Way::Skip } else { Way::Along }
    }

    /// Leaves an object or an array.
    fn leave(&mut self) -> Way {
        self.depth = self.depth.saturating_sub(1);
        self.next = match self.depth.checked_sub(1) {
            Some(last) => self.inside.get(last).copied().unwrap_or(0),
            None => Set::MAX,
        };
        Way::Along
    }

    /// Takes a value, or the start of a container, and goes into that if a path does.
    fn value(
        &mut self,
        token: Token<'_>,
        paths: &Paths,
        take: &mut impl FnMut(usize, Cell<'_>),
    ) -> Way {
        let depth = self.depth;
        if let Some(last) = depth.checked_sub(1) {
            // Another element has values of its own.
            self.found &=
                !having(paths, self.next, |steps| steps.get(last) == Some(&PathStep::Elements));
        }
        let ending = having(paths, self.next & !self.found, |steps| steps.len() == depth);
        if ending != 0 {
            self.found |= ending;
            for &(column, reads, _) in members(paths, ending) {
                // Where no other path leads into it. The first column has it, if several take its norm.
                let is_vector = token == Token::ArrayStart
                    && reads == Projection::VectorNorm
                    && ending.is_power_of_two()
                    && !self.leads_into(paths, token);
                if is_vector {
                    return Way::Vector(column);
                }
                take(column, scalar(token, reads));
            }
        }
        match token {
            Token::ObjectStart => self.open(having(paths, self.next, |steps| {
                matches!(steps.get(depth), Some(PathStep::Key(_)))
            })),
            Token::ArrayStart => self.open(having(paths, self.next, |steps| {
                matches!(steps.get(depth), Some(PathStep::Elements))
            })),
            _ => Way::Along,
        }
    }

    /// Whether a path leads into the list that this token begins.
    fn leads_into(&self, paths: &Paths, token: Token<'_>) -> bool {
        let depth = self.depth;
        let is_inner = |steps: &[PathStep]| steps.get(depth) == Some(&PathStep::Elements);
        token == Token::ArrayStart && having(paths, self.next, is_inner) != 0
    }

    /// Goes into a container, into which these paths lead.
    fn open(&mut self, inner: Set) -> Way {
        match self.inside.get_mut(self.depth) {
            Some(inside) if inner != 0 => {
                *inside = inner;
                self.depth = self.depth.saturating_add(1);
                // In an array, every element is on the way of these paths; in an object, the next key decides.
                self.next = inner;
                Way::Along
            }
            _ => Way::Skip,
        }
    }
}

/// Those paths of a set whose steps fulfil this.
fn having(paths: &Paths, set: Set, is_so: impl Fn(&[PathStep]) -> bool) -> Set {
    let mut found = 0;
    for (number, (_, _, steps)) in paths.iter().enumerate().take(PATHS_MAX) {
        let bit = 1 << number;
        if set & bit != 0 && is_so(steps) {
            found |= bit;
        }
    }
    found
}

fn members(paths: &Paths, set: Set) -> impl Iterator<Item = &(usize, Projection, Box<[PathStep]>)> {
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
    use driftline_statistics::value::Precision;

    fn key(name: &str) -> PathStep {
        PathStep::Key(name.into())
    }

    /// Looks for `user.age`, `rows[].x` and `[][]`, cut everywhere: columns 0, 1 and 2. Of `rows[].v` column 3 takes the
    /// norm, and of `rows[].t` column 4 the length.
    #[track_caller]
    fn check_body(body: &str, of_lines: bool, expected: &[(usize, Cell<'_>)]) {
        let paths: [(usize, Projection, Box<[PathStep]>); 5] = [
            (0, Projection::Value, [key("user"), key("age")].into()),
            (1, Projection::Value, [key("rows"), PathStep::Elements, key("x")].into()),
            (2, Projection::Value, [PathStep::Elements, PathStep::Elements].into()),
            (3, Projection::VectorNorm, [key("rows"), PathStep::Elements, key("v")].into()),
            (4, Projection::TextLength, [key("rows"), PathStep::Elements, key("t")].into()),
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
    fn vectors_and_lengths_at_paths_are_what_they_are_in_rows() {
        let long = "\u{e9}".repeat(400);
        let norm = |x| Cell::Rounded(x, Precision::Norm);
        check(
            &format!(
                r#"{{"rows": [{{"v": [3, 4], "x": 1, "t": "{long}"}}, {{"t": "", "v": [true, [1]], "x": 2}},
                    {{"v": 5, "t": 7}}, {{"v": [], "t": null, "x": 3}}, {{"v": [1, NaN]}}]}}"#
            ),
            &[
                (3, norm(5.0)),
                (1, Cell::Number(1.0)),
                (4, Cell::Number(400.0)),
                (4, Cell::Unbinned(Unbinned::Null)),
                (3, Cell::Unbinned(Unbinned::WrongType)),
                (1, Cell::Number(2.0)),
                (3, Cell::Unbinned(Unbinned::WrongType)),
                (4, Cell::Unbinned(Unbinned::WrongType)),
                (3, norm(0.0)),
                (4, Cell::Unbinned(Unbinned::Null)),
                (1, Cell::Number(3.0)),
                (3, Cell::Unbinned(Unbinned::Null)),
            ],
        );
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
