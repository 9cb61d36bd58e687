//! A table of random rows with a column of each kind, and what its cells are; it knows no format.

use driftline_statistics::{profile::Kind, value::Precision};

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Number(f64),
    Boolean(bool),
    Text(String),
    /// A vector, in which `None` stands for NaN.
    Vector(Vec<Option<f64>>),
    /// A vector of truth values.
    Flags(Vec<bool>),
    Missing(Missing),
}

/// How a missing value is written, where a format has the choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Missing {
    Nan,
    Null,
    Word(&'static str),
}

/// A column: its name, its kind, and its cells.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) cells: Vec<Cell>,
    /// The precision beyond which its numbers merge; `None` if a half and a bfloat16 keep them apart.
    pub(crate) needs: Option<Precision>,
}

/// All columns have the same rows.
#[derive(Clone, Debug)]
pub(crate) struct Table(pub(crate) Vec<Column>);

/// When the rows were made, and when they come live, in seconds since 1970: 2026-11-25T12:00:00Z.
pub(crate) const NOW: i64 = 1_795_608_000;
/// The elements of each vector.
pub(crate) const WIDTH: usize = 3;

impl Table {
    pub(crate) fn rows(&self) -> usize {
        self.0[0].cells.len()
    }

    pub(crate) fn only(&self, keeps: impl Fn(&Column) -> bool) -> Table {
        Table(self.0.iter().filter(|column| keeps(column)).cloned().collect())
    }

    /// The same with every number as it comes over a wire of this precision.
    pub(crate) fn rounded(&self, precision: Precision) -> Table {
        let number = |cell: &Cell| match cell {
            Cell::Number(number) => Cell::Number(precision.round(*number)),
            Cell::Vector(elements) => {
                Cell::Vector(elements.iter().map(|it| it.map(|x| precision.round(x))).collect())
            }
            other => other.clone(),
        };
        let columns = self.0.iter().map(|column| {
            let is_float = matches!(column.kind, Kind::Number | Kind::VectorNorm);
            let cells = column.cells.iter();
            let cells =
                if is_float { cells.map(number).collect() } else { cells.cloned().collect() };
            Column { cells, ..column.clone() }
        });
        Table(columns.collect())
    }
}

/// A random table of numbers that halves or bfloat16 merge, most of them with many others.
pub(crate) fn merging(seed: u64, rows: usize) -> Table {
    let mut random = Random(seed);
    let mut column = |name, cell: &dyn Fn(&mut Random) -> f64| {
        let cells = (0..rows).map(|_| Cell::Number(cell(&mut random))).collect();
        Column { name, kind: Kind::Number, cells, needs: Some(Precision::Single) }
    };
    // About 0, with a deviation of 1.
    let normal = |random: &mut Random| {
        (0..12).map(|_| random.below(100_000) as f64 / 1e5).sum::<f64>() - 6.0
    };
    Table(vec![
        column("kelvin", &|random| (normal(random) * 8000.0).round() / 1000.0 + 285.0),
        column("year", &|random| 2025.0 - (normal(random) * 25.0).round().abs()),
        // A bin for each value.
        column("decade", &|random| (2010 + random.below(12)) as f64),
        column("price", &|random| ((normal(random) + 7.0).exp() * 100.0).round() / 100.0),
        // One or two numbers in bfloat16.
        column("id", &|random| 1000.0 + random.below(3000) as f64 / 1000.0),
        column("zeros", &|random| {
            if random.below(3) != 0 { 0.0 } else { 100.0 + random.below(1000) as f64 / 100.0 }
        }),
        column("second", &|random| (1_795_608_000 + random.below(2000)) as f64),
        column("altitude", &|random| -300.0 - (normal(random) * 100_000.0).round() / 1e5),
    ])
}

/// A random table; the same seed gives the same one.
pub(crate) fn random(seed: u64, rows: usize) -> Table {
    let mut random = Random(seed);
    let mut column = |name, kind, needs, cell: &dyn Fn(&mut Random) -> Cell| {
        let cells = (0..rows).map(|_| cell(&mut random)).collect();
        Column { name, kind, cells, needs }
    };
    let or_missing = |random: &mut Random, cell: Cell| match random.below(12) {
        0 => Cell::Missing(Missing::Nan),
        1 => Cell::Missing(Missing::Null),
        2 => Cell::Missing(Missing::Word(["NA", "N/A", "null", "nan", "na"][random.below(5)])),
        _ => cell,
    };
    Table(vec![
        column("tenths", Kind::Number, None, &|random| {
            let cell = Cell::Number((random.below(140) as f64 - 70.0) / 10.0);
            or_missing(random, cell)
        }),
        column("thousandths", Kind::Number, Some(Precision::Single), &|random| {
            Cell::Number((random.below(40_000) as f64 - 20_000.0) / 1000.0)
        }),
        // Half of the rows are at the top, so that an edge lies above all values.
        column("capped", Kind::Number, None, &|random| {
            Cell::Number((random.below(200) as f64 / 10.0).min(9.7))
        }),
        column("constant", Kind::Number, None, &|_| Cell::Number(0.1)),
        column("count", Kind::Integer, None, &|random| Cell::Number(random.below(12) as f64)),
        column("large", Kind::Integer, Some(Precision::Half), &|random| {
            Cell::Number(random.below(2000) as f64 - 1000.0)
        }),
        column("flag", Kind::Boolean, None, &|random| Cell::Boolean(random.below(3) == 0)),
        column("city", Kind::Category, None, &|random| match random.below(14) {
            0 => Cell::Missing(Missing::Null),
            one => Cell::Text(
                [
                    " Bonn",
                    "Kiel ",
                    "NA",
                    "null",
                    "007",
                    "\u{a0}Köln\u{2003}",
                    "7",
                    "a, \"b\"",
                    "7.0",
                    " 7e0",
                    "True",
                    "true",
                    "-nan",
                ][one - 1]
                    .into(),
            ),
        }),
        column("seen", Kind::Timestamp, None, &|random| match random.below(9) {
            0 => Cell::Missing(Missing::Null),
            1 => Cell::Missing(Missing::Word("NA")),
            _ => Cell::Text(format!(
                " 2026-11-{:02}T{:02}:30:00.5Z\u{a0}",
                random.below(25) + 1,
                random.below(24)
            )),
        }),
        column("note", Kind::TextLength, None, &|random| match random.below(9) {
            0 => Cell::Missing(Missing::Null),
            one => Cell::Text(" naïve".repeat(one * random.below(20)) + "x"),
        }),
        column("vector", Kind::VectorNorm, None, &|random| {
            let mut elements: Vec<Option<f64>> =
                (0..WIDTH).map(|_| Some(random.below(64) as f64 / 8.0)).collect();
            if random.below(12) == 0 {
                elements[1] = None;
            }
            Cell::Vector(elements)
        }),
        // Norms that are 1 but for what rounding does to the elements.
        column("embedding", Kind::VectorNorm, None, &|random| Cell::Vector(vector(random, 1.0))),
        // Norms with ties at every edge, one above all of them included.
        column("lengths", Kind::VectorNorm, None, &|random| {
            let norm = (random.below(200) as f64 / 4.0 + 1.0).min(20.0);
            Cell::Vector(vector(random, norm))
        }),
        column("flags", Kind::VectorNorm, None, &|random| {
            Cell::Flags((0..WIDTH).map(|_| random.below(2) == 0).collect())
        }),
    ])
}

/// A vector of this norm, as good as doubles can have it.
pub(crate) fn vector(random: &mut Random, norm: f64) -> Vec<Option<f64>> {
    let elements: Vec<f64> =
        (0..WIDTH).map(|_| random.below(1_000_000) as f64 / 1e6 - 0.5 + 1e-7).collect();
    let found = elements.iter().map(|x| x * x).sum::<f64>().sqrt();
    elements.into_iter().map(|x| Some(x / found * norm)).collect()
}

/// G. Steele, D. Lea and C. Flood, Fast Splittable Pseudorandom Number Generators, 2014.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(z ^ (z >> 31)) * bound as u128) >> 64) as usize
    }
}
