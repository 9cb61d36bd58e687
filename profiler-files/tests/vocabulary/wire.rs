//! A table in every dialect of requests that predict, in every precision that the dialect has. It sends nothing.

use driftline_statistics::{profile::Kind, value::Precision};

use crate::{
    live::Message,
    table::{Cell, Column, Missing, Table, WIDTH},
    train::csv,
};

/// A request, and which columns it carries.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// The dialect that is declared for it.
    pub(crate) declared: Option<&'static str>,
    pub(crate) carries: fn(&Column) -> bool,
    pub(crate) request: fn(&Table) -> Message,
}

const KSERVE: &str = "/v1/models/m:predict";
const INVOCATIONS: &str = "/invocations";
const SAGEMAKER: &str = "/endpoints/m/invocations";
const SELDON: &str = "/seldon/m/api/v1.0/predictions";
const V2: &str = "/v2/models/m/infer";
const UNARY: &str = "/inference.GRPCInferenceService/ModelInfer";
const STREAM: &str = "/inference.GRPCInferenceService/ModelStreamInfer";

const fn way(
    name: &'static str,
    declared: Option<&'static str>,
    carries: fn(&Column) -> bool,
    request: fn(&Table) -> Message,
) -> Way {
    Way { name, declared, carries, request }
}

fn all(_: &Column) -> bool {
    true
}

fn numbers(column: &Column) -> bool {
    matches!(column.kind, Kind::Number | Kind::Integer | Kind::Boolean)
}

/// What a half keeps apart.
fn of_half(column: &Column) -> bool {
    column.needs.is_none_or(|needs| needs == Precision::Half)
}

/// What a bfloat16 keeps apart.
fn of_brain(column: &Column) -> bool {
    column.needs.is_none()
}

/// All ways.
pub(crate) const WAYS: &[Way] = &[
    way("rows by position", None, all, |table| {
        Message::json(KSERVE, format!("{{\"instances\": {}}}", rows(table, list)))
    }),
    way("rows by name", None, all, |table| {
        Message::json(
            KSERVE,
            format!(
                "{{\"instances\": {}}}",
                rows(table, |table, row| object(table, row, "", true))
            ),
        )
    }),
    way("rows by name, with blanks around it", None, all, |table| {
        Message::json(
            KSERVE,
            format!(
                "{{\"instances\": {}}}",
                rows(table, |table, row| object(table, row, " ", true))
            ),
        )
    }),
    way("values in lists of one", None, all, |table| {
        Message::json(KSERVE, format!("{{\"examples\": {}}}", rows(table, wrapped)))
    }),
    way("columns", None, all, |table| {
        Message::json(KSERVE, format!("{{\"inputs\": {}}}", columns(table)))
    }),
    way("CSV with names", None, all, |table| {
        Message::new(INVOCATIONS, "text/csv", csv(table, true))
    }),
    way("CSV without names", None, all, |table| {
        Message::new(SAGEMAKER, "text/csv", csv(table, false))
    }),
    way("CSV of MLflow", Some("mlflow"), all, |table| {
        Message::new(INVOCATIONS, "text/csv", csv(table, true))
    }),
    way("JSON lines", None, all, |table| {
        let lines = (0..table.rows()).map(|row| object(table, row, "", true) + "\n");
        Message::new(SAGEMAKER, "application/jsonlines", lines.collect::<String>())
    }),
    way("JSON lines of features", None, all, |table| {
        let lines =
            (0..table.rows()).map(|row| format!("{{\"features\": {}}}\n", list(table, row)));
        Message::new(INVOCATIONS, "application/x-ndjson", lines.collect::<String>())
    }),
    way("a data frame of records", Some("mlflow"), all, |table| {
        let records = rows(table, |table, row| object(table, row, " ", true));
        Message::json(INVOCATIONS, format!("{{\"dataframe_records\": {records}}}"))
    }),
    way("a data frame in parts", Some("mlflow"), all, |table| {
        let names = names(table, " ");
        let data = rows(table, list);
        Message::json(
            INVOCATIONS,
            format!("{{\"dataframe_split\": {{\"columns\": {names}, \"data\": {data}}}}}"),
        )
    }),
    way("Seldon's rows", None, all, |table| {
        let (names, data) = (names(table, ""), rows(table, list));
        Message::json(SELDON, format!("{{\"data\": {{\"names\": {names}, \"ndarray\": {data}}}}}"))
    }),
    way("Seldon's tensor", None, numbers, |table| {
        let values: Vec<String> = (0..table.rows())
            .flat_map(|row| table.0.iter().map(move |column| json_cell(&column.cells[row])))
            .collect();
        let (rows, width) = (table.rows(), table.0.len());
        Message::json(
            SELDON,
            format!(
                "{{\"data\": {{\"names\": {}, \"tensor\": {{\"shape\": [{rows}, {width}], \"values\": [{}]}}}}}}",
                names(table, ""),
                values.join(",")
            ),
        )
    }),
    way("tensors in JSON", None, all, |table| Message::json(V2, tensors_in_json(table, "FP64"))),
    way("halves in JSON", None, of_half, |table| {
        Message::json(V2, tensors_in_json(&table.rounded(Precision::Half), "FP16"))
    }),
    way("bfloat16 in JSON", None, of_brain, |table| {
        Message::json(V2, tensors_in_json(&table.rounded(Precision::Brain), "BF16"))
    }),
    way("raw doubles", None, all, |table| raw(table, Float::Double)),
    way("raw singles", None, all, |table| raw(table, Float::Single)),
    way("raw halves", None, of_half, |table| raw(table, Float::Half)),
    way("raw bfloat16", None, of_brain, |table| raw(table, Float::Brain)),
    way("typed doubles over gRPC", None, all, |table| grpc(UNARY, typed(table, Float::Double))),
    way("typed singles over gRPC", None, all, |table| grpc(UNARY, typed(table, Float::Single))),
    way("raw singles over gRPC", None, all, |table| grpc(UNARY, raw_message(table, Float::Single))),
    way("raw halves over gRPC", None, of_half, |table| {
        grpc(UNARY, raw_message(table, Float::Half))
    }),
    way("raw bfloat16 over gRPC", None, of_brain, |table| {
        grpc(UNARY, raw_message(table, Float::Brain))
    }),
    way("a stream over gRPC", None, all, |table| grpc(STREAM, typed(table, Float::Single))),
];

/// How a tensor of numbers keeps them.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Float {
    Double,
    Single,
    Half,
    Brain,
}

impl Float {
    fn name(self) -> &'static str {
        match self {
            Float::Double => "FP64",
            Float::Single => "FP32",
            Float::Half => "FP16",
            Float::Brain => "BF16",
        }
    }

    fn bytes(self, x: f64) -> Vec<u8> {
        match self {
            Float::Double => x.to_le_bytes().to_vec(),
            Float::Single => (x as f32).to_le_bytes().to_vec(),
            Float::Half => half_bits(Precision::Half.round(x)).to_le_bytes().to_vec(),
            // A bfloat16 is the upper half of a single.
            Float::Brain => (Precision::Brain.round(x) as f32).to_le_bytes()[2..].to_vec(),
        }
    }
}

/// The bits of a number that half precision has.
fn half_bits(x: f64) -> u16 {
    if x.is_nan() {
        return 0x7e00;
    }
    let sign = u16::from(x.is_sign_negative()) << 15;
    let magnitude = x.abs();
    if magnitude < 2_f64.powi(-14) {
        return sign | (magnitude * 2_f64.powi(24)) as u16;
    }
    let exponent = magnitude.log2().floor() as i32;
    let fraction = (magnitude / 2_f64.powi(exponent) - 1.0) * 1024.0;
    sign | ((exponent + 15) as u16) << 10 | fraction as u16
}

/// A cell as JSON, as Python writes it.
pub(crate) fn json_cell(cell: &Cell) -> String {
    match cell {
        Cell::Number(number) => format!("{number}"),
        Cell::Boolean(value) => format!("{value}"),
        Cell::Text(text) => serde_json::to_string(text).unwrap(),
        Cell::Vector(elements) => {
            let shown = |element: &Option<f64>| element.map_or("null".into(), |x| format!("{x}"));
            format!("[{}]", elements.iter().map(shown).collect::<Vec<_>>().join(","))
        }
        Cell::Flags(flags) => format!("{flags:?}"),
        Cell::Missing(Missing::Nan) => "NaN".into(),
        Cell::Missing(Missing::Null) => "null".into(),
        Cell::Missing(Missing::Word(word)) => format!("\"{word}\""),
    }
}

/// A row as an object, with blanks around the names of its members. One that lacks `skips_null` has no member for it.
pub(crate) fn object(table: &Table, row: usize, blank: &str, keeps_null: bool) -> String {
    let members = table.0.iter().filter_map(|column| {
        let cell = &column.cells[row];
        let is_left_out =
            !keeps_null && row.is_multiple_of(2) && *cell == Cell::Missing(Missing::Null);
        (!is_left_out).then(|| format!("\"{blank}{}{blank}\": {}", column.name, json_cell(cell)))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

fn list(table: &Table, row: usize) -> String {
    let cells: Vec<String> = table.0.iter().map(|column| json_cell(&column.cells[row])).collect();
    format!("[{}]", cells.join(", "))
}

/// Each value in a list of one, as clients send columns of the shape `[n, 1]`.
fn wrapped(table: &Table, row: usize) -> String {
    let members = table.0.iter().map(|column| {
        let cell = json_cell(&column.cells[row]);
        let is_list = column.kind == Kind::VectorNorm;
        if is_list {
            format!("\"{}\": {cell}", column.name)
        } else {
            format!("\"{}\": [{cell}]", column.name)
        }
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

fn rows(table: &Table, row: impl Fn(&Table, usize) -> String) -> String {
    let rows: Vec<String> = (0..table.rows()).map(|number| row(table, number)).collect();
    format!("[{}]", rows.join(", "))
}

fn names(table: &Table, blank: &str) -> String {
    let names: Vec<String> =
        table.0.iter().map(|column| format!("\"{blank}{}{blank}\"", column.name)).collect();
    format!("[{}]", names.join(", "))
}

fn columns(table: &Table) -> String {
    let members = table.0.iter().map(|column| {
        let cells: Vec<String> = column.cells.iter().map(json_cell).collect();
        format!("\"{}\": [{}]", column.name, cells.join(","))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

/// The data type and the shape of a column's tensor.
fn described(column: &Column, float: &'static str) -> (&'static str, Vec<usize>) {
    let rows = column.cells.len();
    match (column.kind, &column.cells[0]) {
        (Kind::Number, _) => (float, vec![rows]),
        (Kind::Integer, _) if column.name == "count" => ("UINT8", vec![rows, 1]),
        (Kind::Integer, _) => ("INT64", vec![rows]),
        (Kind::Boolean, _) => ("BOOL", vec![rows]),
        (Kind::Category | Kind::TextLength | Kind::Timestamp, _) => ("BYTES", vec![rows]),
        (Kind::VectorNorm, Cell::Flags(_)) => ("BOOL", vec![rows, WIDTH]),
        (Kind::VectorNorm, _) => (float, vec![rows, WIDTH]),
    }
}

fn tensors_in_json(table: &Table, float: &'static str) -> String {
    let tensors: Vec<String> = table
        .0
        .iter()
        .map(|column| {
            let (datatype, shape) = described(column, float);
            let cells: Vec<String> = column.cells.iter().map(json_cell).collect();
            format!(
                "{{\"name\": \" {}\", \"shape\": {shape:?}, \"datatype\": \"{datatype}\", \"data\": [{}]}}",
                column.name,
                cells.join(",")
            )
        })
        .collect();
    format!("{{\"inputs\": [{}]}}", tensors.join(", "))
}

/// The elements of a column's tensor as raw bytes.
fn raw_bytes(column: &Column, float: Float) -> Vec<u8> {
    let mut bytes = Vec::new();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    for cell in &column.cells {
        match (column.kind, cell) {
            (Kind::Integer, Cell::Number(number)) if column.name == "count" => {
                bytes.push(*number as u8);
            }
            (Kind::Integer, Cell::Number(number)) => bytes.extend((*number as i64).to_le_bytes()),
            (_, Cell::Number(number)) => bytes.extend(float.bytes(*number)),
            (_, Cell::Boolean(value)) => bytes.push(u8::from(*value)),
            (_, Cell::Text(value)) => text(&mut bytes, value),
            (_, Cell::Flags(flags)) => bytes.extend(flags.iter().map(|flag| u8::from(*flag))),
            (_, Cell::Vector(elements)) => {
                for element in elements {
                    bytes.extend(float.bytes(element.unwrap_or(f64::NAN)));
                }
            }
            (Kind::Category | Kind::TextLength | Kind::Timestamp, Cell::Missing(_)) => {
                text(&mut bytes, "");
            }
            (_, Cell::Missing(_)) => bytes.extend(float.bytes(f64::NAN)),
        }
    }
    bytes
}

fn raw(table: &Table, float: Float) -> Message {
    let mut tail: Vec<u8> = Vec::new();
    let tensors: Vec<String> = table
        .0
        .iter()
        .map(|column| {
            let (datatype, shape) = described(column, float.name());
            let bytes = raw_bytes(column, float);
            tail.extend(&bytes);
            format!(
                "{{\"name\": \"{}\", \"shape\": {shape:?}, \"datatype\": \"{datatype}\", \
                 \"parameters\": {{\"binary_data_size\": {}}}}}",
                column.name,
                bytes.len()
            )
        })
        .collect();
    let document = format!("{{\"inputs\": [{}]}}", tensors.join(", "));
    let length = document.len().to_string();
    let mut message = Message::new(V2, "application/octet-stream", document);
    message.body.extend(tail);
    message.headers.push(("inference-header-content-length", length));
    message
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while 0x80 <= value {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field of a protobuf message that has a length.
fn field(number: u64, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [varint(number << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

fn described_in_protobuf(column: &Column, float: Float, contents: &[u8]) -> Vec<u8> {
    let (datatype, shape) = described(column, float.name());
    let shape: Vec<u8> = shape.into_iter().flat_map(|length| varint(length as u64)).collect();
    let contents = if contents.is_empty() { vec![] } else { field(5, contents) };
    field(5, [field(1, column.name), field(2, datatype), field(3, shape), contents].concat())
}

fn typed(table: &Table, float: Float) -> Vec<u8> {
    let contents = |column: &Column| {
        let (datatype, _) = described(column, float.name());
        let raw = raw_bytes(column, float);
        match datatype {
            "BOOL" => field(1, raw),
            // Contents of small unsigned integers are those of uint32.
            "UINT8" => field(4, raw),
            "INT64" => {
                let numbers =
                    raw.chunks_exact(8).map(|it| u64::from_le_bytes(it.try_into().unwrap()));
                field(3, numbers.flat_map(varint).collect::<Vec<u8>>())
            }
            "FP32" => field(6, raw),
            "FP64" => field(7, raw),
            "BYTES" => column
                .cells
                .iter()
                .flat_map(|cell| match cell {
                    Cell::Text(text) => field(8, text),
                    _ => field(8, ""),
                })
                .collect(),
            other => unreachable!("{other} has no typed contents"),
        }
    };
    let tensors =
        table.0.iter().map(|column| described_in_protobuf(column, float, &contents(column)));
    [field(1, "m"), tensors.collect::<Vec<_>>().concat()].concat()
}

fn raw_message(table: &Table, float: Float) -> Vec<u8> {
    let tensors = table.0.iter().map(|column| described_in_protobuf(column, float, &[]));
    let raws = table.0.iter().map(|column| field(7, raw_bytes(column, float)));
    [field(1, "m"), tensors.chain(raws).collect::<Vec<_>>().concat()].concat()
}

fn grpc(path: &'static str, content: Vec<u8>) -> Message {
    let mut body = vec![0];
    body.extend((content.len() as u32).to_be_bytes());
    body.extend(content);
    Message::new(path, "application/grpc", body)
}
