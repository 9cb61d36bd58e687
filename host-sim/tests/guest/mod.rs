//! Filters written in a test: WebAssembly text for the callbacks that matter, and the rest made around it.

use std::{fmt::Write as _, fs, time::Duration};

use host_sim::{Clock, Filter, HeaderMap, Trace, World, WorldOptions};

/// Host functions by the name that a callback calls them by, with their parameters; `I` is 64 bits wide.
const IMPORTS: &[(&str, &str)] = &[
    ("add_header_map_value", "iiiii"),
    ("call_foreign_function", "iiiiii"),
    ("close_stream", "i"),
    ("continue_stream", "i"),
    ("define_metric", "iiii"),
    ("dequeue_shared_queue", "iii"),
    ("done", ""),
    ("enqueue_shared_queue", "iii"),
    ("get_buffer_bytes", "iiiii"),
    ("get_buffer_status", "iii"),
    ("get_current_time_nanoseconds", "i"),
    ("get_header_map_pairs", "iii"),
    ("get_header_map_size", "ii"),
    ("get_header_map_value", "iiiii"),
    ("get_log_level", "i"),
    ("get_metric", "ii"),
    ("get_property", "iiii"),
    ("get_shared_data", "iiiii"),
    ("get_status", "iii"),
    ("grpc_call", "iiiiiiiiiiii"),
    ("grpc_cancel", "i"),
    ("grpc_close", "i"),
    ("grpc_send", "iiii"),
    ("grpc_stream", "iiiiiiiii"),
    ("http_call", "iiiiiiiiii"),
    ("increment_metric", "iI"),
    ("log", "iii"),
    ("record_metric", "iI"),
    ("register_shared_queue", "iii"),
    ("remove_header_map_value", "iii"),
    ("replace_header_map_value", "iiiii"),
    ("resolve_shared_queue", "iiiii"),
    ("send_local_response", "iiiiiiii"),
    ("set_buffer_bytes", "iiiii"),
    ("set_effective_context", "i"),
    ("set_header_map_pairs", "iii"),
    ("set_property", "iiii"),
    ("set_shared_data", "iiiii"),
    ("set_tick_period_milliseconds", "i"),
];

/// Callbacks with their parameters (`$0`, `$1`, ...) and what they return by default.
const CALLBACKS: &[(&str, usize, Option<u32>)] = &[
    ("context_create", 2, None),
    ("vm_start", 2, Some(1)),
    ("configure", 2, Some(1)),
    ("tick", 1, None),
    ("request_headers", 3, Some(0)),
    ("request_body", 3, Some(0)),
    ("request_trailers", 2, Some(0)),
    ("response_headers", 3, Some(0)),
    ("response_body", 3, Some(0)),
    ("response_trailers", 2, Some(0)),
    ("http_call_response", 5, None),
    ("grpc_receive_initial_metadata", 3, None),
    ("grpc_receive", 3, None),
    ("grpc_receive_trailing_metadata", 3, None),
    ("grpc_close", 3, None),
    ("queue_ready", 2, None),
    ("log", 1, None),
    ("done", 1, Some(1)),
    ("delete", 1, None),
];

/// A filter whose callbacks do what `bodies` say, after `proxy_on_`.
///
/// In a body, `@"text"` is the address and the length of a text, `@{a=b;c=d}`
/// those of pairs, and `$call name arguments` a host call whose status is
/// dropped. Addresses 0 to 63 are free for results.
pub(crate) fn guest(bodies: &[(&str, &str)]) -> Filter {
    let mut text = String::from("(module\n");
    for (name, parameters) in IMPORTS {
        let parameters: Vec<&str> =
            parameters.chars().map(|kind| if kind == 'I' { "i64" } else { "i32" }).collect();
        let parameters = parameters.join(" ");
        let _ = writeln!(
            text,
            "(import \"env\" \"proxy_{name}\" (func ${name} (param {parameters}) (result i32)))"
        );
    }
    text.push_str(
        "(memory (export \"memory\") 2) (global $free (mut i32) (i32.const 16384))
         (func (export \"proxy_abi_version_0_2_1\")) (func (export \"_initialize\"))
         (func (export \"malloc\") (param $size i32) (result i32)
           (global.set $free (i32.add (global.get $free) (local.get $size)))
           (i32.sub (global.get $free) (local.get $size)))\n",
    );
    let mut data = Vec::new();
    for (name, count, answer) in CALLBACKS {
        let body = bodies.iter().find(|(wanted, _)| wanted == name).map_or("", |(_, body)| body);
        let body = with_data(body, &mut data);
        let parameters: String = (0..*count).map(|index| format!("(param ${index} i32)")).collect();
        let (result, answer) = match answer {
            Some(answer) => ("(result i32)", format!("(i32.const {answer})")),
            None => ("", String::new()),
        };
        let _ = writeln!(
            text,
            "(func (export \"proxy_on_{name}\") {parameters} {result} {body} {answer})"
        );
    }
    for (name, _) in bodies {
        assert!(CALLBACKS.iter().any(|(known, ..)| known == name), "no callback {name}");
    }
    let data: String = data.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let _ = writeln!(text, "(data (i32.const {DATA_START}) \"{data}\"))");
    filter_of(&text)
}

/// A filter in WebAssembly's text form.
#[track_caller]
pub(crate) fn filter_of(text: &str) -> Filter {
    Filter::from_bytes(&module_of(text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The binary form, which is all that the host loads.
#[track_caller]
pub(crate) fn module_of(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The options of a world whose runs are all the same, with a trace.
pub(crate) fn traced(options: WorldOptions) -> WorldOptions {
    let mut options = options;
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    options.trace = Trace::on();
    options.seed = 7;
    options
}

/// A world of a filter with these bodies; see [`guest`].
pub(crate) fn world(bodies: &[(&str, &str)]) -> World {
    World::new(&guest(bodies), traced(WorldOptions::default())).unwrap()
}

const DATA_START: usize = 64;

/// Puts what follows `@` into `data`, and its address and length in its place.
fn with_data(body: &str, data: &mut Vec<u8>) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('@') {
        out.push_str(before);
        let closing = if after.starts_with('"') { '"' } else { '}' };
        let (value, after) = after[1..].split_once(closing).unwrap();
        let bytes = if closing == '"' {
            value.replace("\\0", "\0").into_bytes()
        } else {
            let pairs = value.split(';').filter_map(|pair| pair.split_once('='));
            pairs_as_bytes(&pairs.collect())
        };
        let _ = write!(out, "(i32.const {}) (i32.const {})", DATA_START + data.len(), bytes.len());
        data.extend_from_slice(&bytes);
        rest = after;
    }
    out.push_str(rest);
    // `$call name (...) (...);` without the ceremony of a dropped status.
    while let Some((before, after)) = out.split_once("$call ") {
        let (call, after) = after.split_once(';').expect("a $call ends with ;");
        let (name, arguments) = call.split_once(' ').unwrap_or((call, ""));
        out = format!("{before}(drop (call ${name} {arguments})){after}");
    }
    out
}

/// The ABI's form of pairs.
pub(crate) fn pairs_as_bytes(pairs: &HeaderMap) -> Vec<u8> {
    let number = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    let mut out = number(pairs.len()).to_vec();
    for (name, value) in pairs.iter() {
        out.extend(number(name.len()));
        out.extend(number(value.len()));
    }
    for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
        out.extend_from_slice(part);
        out.push(0);
    }
    out
}

/// The statuses of all host calls of this name, in order, by whatever VM but the canary made them.
pub(crate) fn statuses(trace: &Trace, name: &str) -> Vec<u32> {
    let wanted = format!("[vm<-host] env.proxy_{name} return: ");
    let lines = trace.lines();
    let own = lines.iter().filter(|line| line.vm.starts_with("worker"));
    own.filter_map(|line| line.text.strip_prefix(&wanted)?.parse().ok()).collect()
}

/// The callbacks of the worker's streams and roots since the last look, without the prefix `proxy_on_`.
pub(crate) fn seen(world: &World) -> Vec<String> {
    let lines = world.trace().take();
    let own = lines.iter().filter(|line| line.vm.starts_with("worker"));
    own.filter_map(|line| line.text.strip_prefix("[host->vm] proxy_on_")).map(Into::into).collect()
}

/// The lines of a recorded table, without its head.
pub(crate) fn table(name: &str) -> Vec<Vec<String>> {
    let path = format!("{}/tests/data/envoy-calls/{name}.tsv", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().skip(1).map(|line| line.split('\t').map(String::from).collect()).collect()
}
