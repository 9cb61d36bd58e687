//! A table in every format of training data, and its profile.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    sync::atomic::{AtomicU32, Ordering},
};

use driftline_profiler::{AsOf, Made, Options, Settings};
use driftline_profiler_files::{Format, from_csv, from_file, from_json_lines};
use driftline_statistics::profile::{Kind, Profile};
use parquet::{
    basic::Repetition,
    data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type},
    file::{
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};

use crate::{
    table::{Cell, Column, Missing, NOW, Table},
    wire::json_cell,
};

/// A way to write training data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Training {
    Csv,
    JsonLines,
    Parquet,
    ParquetOfSingles,
}

impl Training {
    pub(crate) const ALL: [Training; 4] =
        [Training::Csv, Training::JsonLines, Training::Parquet, Training::ParquetOfSingles];

    /// The profile of a table that is written so, made with the kinds of its columns.
    pub(crate) fn profile(self, table: &Table) -> Profile {
        let kinds = table.0.iter().map(|column| (column.name.to_owned(), column.kind)).collect();
        let as_of = Some(AsOf::Moment(NOW as f64));
        let options = Options { kinds, as_of, settings: Settings::of("m"), ..Options::default() };
        let made = match self {
            Training::Csv => from_csv(csv(table, true).as_bytes(), &options),
            Training::JsonLines => from_json_lines(json_lines(table).as_bytes(), &options),
            Training::Parquet => parquet_of(table, false, &options),
            Training::ParquetOfSingles => parquet_of(table, true, &options),
        };
        made.unwrap_or_else(|error| panic!("{self:?}: {error}")).profile
    }
}

/// The table as CSV, with blanks around names and cells.
pub(crate) fn csv(table: &Table, has_names: bool) -> String {
    let mut text = String::new();
    let mut record = |cells: Vec<String>| {
        text += &cells.join(",");
        text += "\n";
    };
    if has_names {
        record(table.0.iter().map(|column| format!(" {} ", column.name)).collect());
    }
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for row in 0..table.rows() {
        record(
            table
                .0
                .iter()
                .map(|column| match &column.cells[row] {
                    Cell::Number(number) => format!(" {number}"),
                    Cell::Boolean(value) => String::from(if *value { "True" } else { "false" }),
                    Cell::Text(text) => quoted(text),
                    cell @ (Cell::Vector(_) | Cell::Flags(_)) => quoted(&json_cell(cell)),
                    Cell::Missing(Missing::Nan) => String::from("NaN"),
                    Cell::Missing(Missing::Null) => String::new(),
                    Cell::Missing(Missing::Word(word)) => (*word).into(),
                })
                .collect(),
        );
    }
    text
}

/// The table as an object per line.
pub(crate) fn json_lines(table: &Table) -> String {
    (0..table.rows()).map(|row| crate::wire::object(table, row, " ", false) + "\n").collect()
}

pub(crate) fn parquet_of(
    table: &Table,
    has_singles: bool,
    options: &Options,
) -> Result<Made, driftline_profiler_files::ProfilerError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("driftline-vocabulary-{}-{number}.parquet", std::process::id());
    let path: PathBuf = std::env::temp_dir().join(name);
    let float = if has_singles { "float" } else { "double" };
    let fields: Vec<String> = table.0.iter().map(|Column { name, kind, cells, .. }| {
        let of = if matches!(cells[0], Cell::Flags(_)) { "boolean" } else { float };
        match kind {
            Kind::Number => format!("optional {float} {name};"),
            Kind::Integer => format!("optional int64 {name};"),
            Kind::Boolean => format!("optional boolean {name};"),
            Kind::Category | Kind::TextLength | Kind::Timestamp => {
                    format!("optional binary {name} (STRING);")
                }
            Kind::VectorNorm => format!(
                "optional group {name} (LIST) {{ repeated group list {{ optional {of} element; }} }}"
            ),
        }
    }).collect();
    let schema = parse_message_type(&format!("message m {{ {} }}", fields.concat())).unwrap();
    assert_eq!(schema.get_fields()[0].get_basic_info().repetition(), Repetition::OPTIONAL);
    let file = fs::File::create(&path).unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in &table.0 {
        write(column, has_singles, &mut group);
    }
    group.close().unwrap();
    writer.close().unwrap();
    let made = from_file(&path, Format::Parquet, options, &mut |_| {});
    fs::remove_file(path).unwrap();
    made
}

type Group<'a> = SerializedRowGroupWriter<'a, fs::File>;

fn write(column: &Column, has_singles: bool, group: &mut Group<'_>) {
    let cells = &column.cells;
    let texts = || {
        plain::<ByteArrayType>(cells, |cell| match cell {
            Cell::Text(text) => Some(ByteArray::from(text.as_str())),
            _ => None,
        })
    };
    // NaN is a number of the file, all other missing values are its nulls.
    let double = |cell: &Cell| match cell {
        Cell::Number(number) => Some(*number),
        Cell::Missing(Missing::Nan) => Some(f64::NAN),
        _ => None,
    };
    match (column.kind, &cells[0]) {
        (Kind::Number, _) if has_singles => {
            let (values, levels) = plain::<FloatType>(cells, |cell| double(cell).map(|x| x as f32));
            written::<FloatType>(&values, &levels, None, group);
        }
        (Kind::Number, _) => {
            let (values, levels) = plain::<DoubleType>(cells, double);
            written::<DoubleType>(&values, &levels, None, group);
        }
        (Kind::Integer, _) => {
            let (values, levels) = plain::<Int64Type>(cells, |cell| double(cell).map(|x| x as i64));
            written::<Int64Type>(&values, &levels, None, group);
        }
        (Kind::Boolean, _) => {
            let (values, levels) = plain::<BoolType>(cells, |cell| match cell {
                Cell::Boolean(value) => Some(*value),
                _ => None,
            });
            written::<BoolType>(&values, &levels, None, group);
        }
        (Kind::Category | Kind::TextLength | Kind::Timestamp, _) => {
            let (values, levels) = texts();
            written::<ByteArrayType>(&values, &levels, None, group);
        }
        (Kind::VectorNorm, Cell::Flags(_)) => {
            let lists = cells.iter().map(|cell| match cell {
                Cell::Flags(flags) => flags.iter().map(|flag| Some(*flag)).collect(),
                _ => vec![],
            });
            list::<BoolType>(lists, group);
        }
        (Kind::VectorNorm, _) => {
            let lists = cells.iter().map(|cell| match cell {
                Cell::Vector(elements) => elements.clone(),
                _ => vec![],
            });
            if has_singles {
                let lists =
                    lists.map(|list| list.into_iter().map(|it| it.map(|x| x as f32)).collect());
                list::<FloatType>(lists, group);
            } else {
                list::<DoubleType>(lists, group);
            }
        }
    }
}

/// Values, and where there are none.
fn plain<T: DataType>(
    cells: &[Cell],
    value: impl Fn(&Cell) -> Option<T::T>,
) -> (Vec<T::T>, Vec<i16>) {
    let values: Vec<Option<T::T>> = cells.iter().map(value).collect();
    let levels = values.iter().map(|value| i16::from(value.is_some())).collect();
    (values.into_iter().flatten().collect(), levels)
}

/// Lists that are not empty; `None` is a null within one.
fn list<T: DataType>(lists: impl Iterator<Item = Vec<Option<T::T>>>, group: &mut Group<'_>) {
    let (mut values, mut definition, mut repetition) = (vec![], vec![], vec![]);
    for list in lists {
        assert!(!list.is_empty());
        for (index, element) in list.into_iter().enumerate() {
            definition.push(2 + i16::from(element.is_some()));
            repetition.push(i16::from(index != 0));
            values.extend(element);
        }
    }
    written::<T>(&values, &definition, Some(&repetition), group);
}

fn written<T: DataType>(
    values: &[T::T],
    definition: &[i16],
    repetition: Option<&[i16]>,
    group: &mut Group<'_>,
) {
    let mut column = group.next_column().unwrap().expect("a column for these values");
    column.typed::<T>().write_batch(values, Some(definition), repetition).unwrap();
    column.close().unwrap();
}
