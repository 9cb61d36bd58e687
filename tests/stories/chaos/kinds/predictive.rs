//! Requests of predictive models: JSON, tensors and calls over gRPC, plain and compressed, that go well or do not.

use super::{
    super::{
        dice::Dice,
        encoding::{ENCODINGS, gzip},
        exchange::{Act, Client, Exchange},
    },
    GRPC, HTTP, Kind,
};

const V1: &str = "/v1/models/rain:predict";
const V2: &str = "/v2/models/rain/infer";
const CALL: &str = "/inference.GRPCInferenceService/ModelInfer";
const COMPLETE: &[&str] = &["complete"];
const OK: &[(&str, &str)] = &[("grpc-status", "0")];
const FAILED: &[(&str, &str)] = &[("grpc-status", "13"), ("grpc-message", "out of memory")];

pub(super) const KINDS: [Kind; 11] = [
    Kind { name: "rows in JSON", over: HTTP, make: rows },
    Kind { name: "rows in a compressed body", over: HTTP, make: compressed },
    Kind { name: "rows in a bomb", over: HTTP, make: bomb },
    Kind { name: "tensors in JSON", over: HTTP, make: tensors },
    Kind { name: "raw tensors", over: HTTP, make: raw_tensors },
    Kind { name: "rows whose client leaves", over: HTTP, make: leaves },
    Kind { name: "a call", over: GRPC, make: call },
    Kind { name: "a call that fails", over: GRPC, make: failed_call },
    Kind { name: "a call that is reset", over: GRPC, make: reset_call },
    Kind { name: "a call whose client leaves in its request", over: GRPC, make: leaves_in_call },
    Kind { name: "a call whose client leaves", over: GRPC, make: left_call },
];

/// Rows, and how many.
fn instances(dice: &mut Dice) -> (String, u64) {
    let row = |dice: &mut Dice| match dice.below(20) {
        0 => "[null, \"x\"]".to_owned(),
        1 => "[1e400, [1, 2]]".to_owned(),
        _ => format!("[{}.5, {}]", dice.below(40), dice.below(5)),
    };
    let rows: Vec<String> = (0..1 + dice.below(60)).map(|_| row(dice)).collect();
    (format!(r#"{{"instances": [{}]}}"#, rows.join(", ")), rows.len() as u64)
}

fn answers(exchange: Exchange, body: &[u8]) -> Exchange {
    let head = Act::Head(200, vec![("content-type", "application/json".to_owned())]);
    exchange.server([head, Act::Sends(body.to_vec()), Act::Finishes]).counts("rain", COMPLETE)
}

fn rows(dice: &mut Dice) -> Exchange {
    let (body, rows) = instances(dice);
    answers(Exchange::post(V1, body).rows(rows), br#"{"predictions": [0, 1, 1]}"#)
}

fn compressed(dice: &mut Dice) -> Exchange {
    let (encoding, encode) = *dice.one_of(&ENCODINGS);
    let (body, rows) = instances(dice);
    let exchange = Exchange::post(V1, encode(body.as_bytes())).rows(rows);
    answers(exchange.header("content-encoding", encoding), br#"{"predictions": [0, 1, 1]}"#)
}

fn bomb(_: &mut Dice) -> Exchange {
    let exchange = Exchange::post(V1, include_bytes!("../../../data/encoded/bomb.gzip"));
    let exchange = exchange.header("content-encoding", "gzip").problem("decoded_too_dense");
    let acts =
        [Act::Head(413, vec![]), Act::Sends(b"{\"error\":\"too large\"}".into()), Act::Finishes];
    exchange.server(acts).counts("rain", &["error_status"])
}

fn tensors(dice: &mut Dice) -> Exchange {
    let body = format!(
        r#"{{"inputs":[{{"name":"temperature","shape":[2],"datatype":"FP64","data":[{}.5,-3]}},{{"name":"dew point","shape":[2],"datatype":"FP32","data":[1,2]}}]}}"#,
        dice.below(30)
    );
    answers(Exchange::post(V2, body).rows(2), SCORES)
}

const SCORES: &[u8] = br#"{"model_name":"rain","outputs":[{"name":"prediction","shape":[2],"datatype":"INT64","data":[0,1]}]}"#;

fn raw_tensors(dice: &mut Dice) -> Exchange {
    let head = r#"{"inputs":[{"name":"temperature","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}"#;
    let mut body = head.as_bytes().to_vec();
    body.extend([dice.below(30) as f32, -3.5].iter().flat_map(|value| value.to_le_bytes()));
    let exchange = Exchange::post(V2, body).rows(2);
    answers(exchange.header("inference-header-content-length", &head.len().to_string()), SCORES)
}

fn leaves(dice: &mut Dice) -> Exchange {
    let (body, rows) = instances(dice);
    let exchange = Exchange::post(V1, body).rows(rows).client(Client::LeavesBeforeAnswer);
    exchange.server([Act::Holds]).counts("rain", &["client_cancel"])
}

/// A field of a message whose value is bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("a field of ours is short");
    assert!(length < 128, "a longer one has a length of two bytes");
    [&[number << 3 | 2, length], bytes].concat()
}

/// A tensor of single precision.
fn tensor(name: &str, values: &[f32]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let count = u8::try_from(values.len()).expect("a tensor of ours is short");
    // name, datatype, shape, contents.fp32_contents
    let contents = field(5, &field(6, &raw));
    [field(1, name.as_bytes()), field(2, b"FP32"), field(3, &[count]), contents].concat()
}

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a message of ours is short");
    [&[flag], &length.to_be_bytes()[..], message].concat()
}

fn asked(dice: &mut Dice) -> Exchange {
    let temperatures = [dice.below(30) as f32, -3.5];
    // model_name, inputs
    let message = [
        field(1, b"rain"),
        field(5, &tensor("temperature", &temperatures)),
        field(5, &tensor("dew point", &[0.5, 1.5])),
    ]
    .concat();
    let is_compressed = dice.below(2) == 0;
    let body = if is_compressed { framed(1, &gzip(&message)) } else { framed(0, &message) };
    let mut exchange = Exchange::post(CALL, body).rows(2).header("te", "trailers");
    if is_compressed {
        exchange = exchange.header("grpc-encoding", "gzip");
    }
    exchange.headers[0].1 = "application/grpc".to_owned();
    exchange
}

fn head() -> Act {
    Act::Head(200, vec![("content-type", "application/grpc".to_owned())])
}

fn answer() -> Act {
    // model_name, outputs
    let message = [field(1, b"rain"), field(5, &tensor("prediction", &[0.0, 1.0]))].concat();
    Act::Sends(framed(0, &message))
}

fn call(dice: &mut Dice) -> Exchange {
    let acts = [head(), Act::Pauses(dice.milliseconds(30)), answer(), Act::FinishesWith(OK)];
    asked(dice).server(acts).counts("rain", COMPLETE)
}

fn failed_call(dice: &mut Dice) -> Exchange {
    let acts = [head(), Act::FinishesWith(FAILED)];
    asked(dice).server(acts).counts("rain", &["error_status"])
}

fn reset_call(dice: &mut Dice) -> Exchange {
    let acts = match dice.below(2) {
        0 => vec![Act::Resets],
        _ => vec![head(), Act::Pauses(dice.milliseconds(30)), Act::Resets],
    };
    asked(dice).server(acts).counts("rain", &["upstream_reset"])
}

fn leaves_in_call(dice: &mut Dice) -> Exchange {
    let mut exchange = asked(dice).client(Client::LeavesInRequest);
    let bytes = exchange.pieces[0].len();
    // The message is whole, and so is its name; what lacks is the end of the call.
    exchange.pieces.push(Vec::new());
    exchange.server = vec![vec![Act::Receives(bytes), Act::Holds]];
    exchange.counts("rain", &["client_cancel"])
}

fn left_call(dice: &mut Dice) -> Exchange {
    let exchange = asked(dice).client(Client::LeavesBeforeAnswer);
    exchange.server([head(), Act::Holds]).counts("rain", &["client_cancel"])
}
