//! Traces made comparable: what varies from run to run is replaced, and nothing else is.

use std::collections::HashMap;

/// The four kinds of calls between host and VM. What precedes them in a line is the prefix of a log.
const DIRECTIONS: [&str; 4] = ["[host->vm] ", "[host<-vm] ", "[vm->host] ", "[vm<-host] "];

/// The parameters of each call, a letter each: `p` an address, `c` a context, `m` a metric, `q` a queue, `n` a number.
///
/// Functions that are not listed have only numbers.
const PARAMETERS: &[(&str, &str)] = &[
    ("env.proxy_add_header_map_value", "npnpn"),
    ("env.proxy_call_foreign_function", "pnpnpp"),
    ("env.proxy_define_metric", "npnp"),
    ("env.proxy_dequeue_shared_queue", "qpp"),
    ("env.proxy_enqueue_shared_queue", "qpn"),
    ("env.proxy_get_buffer_bytes", "nnnpp"),
    ("env.proxy_get_buffer_status", "npp"),
    ("env.proxy_get_current_time_nanoseconds", "p"),
    ("env.proxy_get_header_map_pairs", "npp"),
    ("env.proxy_get_header_map_size", "np"),
    ("env.proxy_get_header_map_value", "npnpp"),
    ("env.proxy_get_log_level", "p"),
    ("env.proxy_get_metric", "mp"),
    ("env.proxy_get_property", "pnpp"),
    ("env.proxy_get_shared_data", "pnppp"),
    ("env.proxy_get_status", "ppp"),
    ("env.proxy_grpc_call", "pnpnpnpnpnnp"),
    ("env.proxy_grpc_send", "npnn"),
    ("env.proxy_grpc_stream", "pnpnpnpnp"),
    ("env.proxy_http_call", "pnpnpnpnnp"),
    ("env.proxy_increment_metric", "mn"),
    ("env.proxy_log", "npn"),
    ("env.proxy_record_metric", "mn"),
    ("env.proxy_register_shared_queue", "pnp"),
    ("env.proxy_remove_header_map_value", "npn"),
    ("env.proxy_replace_header_map_value", "npnpn"),
    ("env.proxy_resolve_shared_queue", "pnpnp"),
    ("env.proxy_send_local_response", "npnpnpnn"),
    ("env.proxy_set_buffer_bytes", "nnnpn"),
    ("env.proxy_set_effective_context", "c"),
    ("env.proxy_set_header_map_pairs", "npn"),
    ("env.proxy_set_property", "pnpn"),
    ("env.proxy_set_shared_data", "pnpnn"),
    ("wasi_snapshot_preview1.clock_time_get", "nnp"),
    ("wasi_snapshot_preview1.environ_get", "pp"),
    ("wasi_snapshot_preview1.environ_sizes_get", "pp"),
    ("wasi_snapshot_preview1.fd_write", "npnp"),
    ("wasi_snapshot_preview1.random_get", "pn"),
    ("proxy_on_context_create", "cc"),
    ("proxy_on_queue_ready", "cq"),
];

/// The lines of a trace without what varies between two runs of the same story.
///
/// Lines without a call are dropped, as are prefixes (time stamps, threads,
/// source positions) and repetitions of an address. Contexts, metrics and
/// queues are numbered in the order in which they appear; addresses become `*`.
///
/// ```
/// let envoy = "[2026-11-03 09:00:00.000][5780][trace][wasm] [wasm_vm.cc:38] \
///              [host->vm] proxy_on_context_create(17, 1)\n";
/// let simulated = "1 [host->vm] proxy_on_context_create(2, 1)\n";
/// assert_eq!(host_sim::trace::normalised(envoy), host_sim::trace::normalised(simulated));
/// assert_eq!(host_sim::trace::normalised(envoy), ["[host->vm] proxy_on_context_create(c1, c2)"]);
/// ```
#[must_use]
pub fn normalised(trace: &str) -> Vec<String> {
    let mut names = HashMap::new();
    trace.lines().filter_map(|line| normal_line(line, &mut names)).collect()
}

fn normal_line(line: &str, names: &mut HashMap<(char, String), usize>) -> Option<String> {
    let start = DIRECTIONS.iter().find_map(|direction| line.find(direction))?;
    let text = line[start..].trim_end();
    let (direction, call) = text.split_at(DIRECTIONS[0].len());
    if let Some((name, value)) = call.split_once(" return: ") {
        // What an allocator answers is an address.
        let value =
            if ["malloc", "proxy_on_memory_allocate"].contains(&name) { "*" } else { value };
        return Some(format!("{direction}{name} return: {value}"));
    }
    let (name, parameters) = call.strip_suffix(')')?.split_once('(')?;
    let kinds = kinds(name);
    let parameters = parameters.split(", ").enumerate().map(|(index, value)| {
        match kinds.chars().nth(index).unwrap_or('n') {
            'p' => "*".to_string(),
            'n' => value.to_string(),
            // No context is the parent of a root; that is no name.
            _ if value == "0" => value.to_string(),
            kind => {
                let next = names.keys().filter(|(known, _)| *known == kind).count() + 1;
                let number = *names.entry((kind, value.to_string())).or_insert(next);
                format!("{kind}{number}")
            }
        }
    });
    Some(format!("{direction}{name}({})", parameters.collect::<Vec<_>>().join(", ")))
}

fn kinds(name: &str) -> &'static str {
    if let Some((_, kinds)) = PARAMETERS.iter().find(|(known, _)| *known == name) {
        return kinds;
    }
    // Every other callback is about a context, which comes first.
    if name.starts_with("proxy_on_") && name != "proxy_on_memory_allocate" { "c" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(trace: &str, expected: &[&str]) {
        assert_eq!(normalised(trace), expected);
    }

    #[test]
    fn names_are_given_in_the_order_of_their_first_appearance() {
        check(
            "9 [host->vm] proxy_on_context_create(31, 7)\n\
             9 [host->vm] proxy_on_log(31)\n\
             9 [vm->host] env.proxy_increment_metric(8, 1)\n\
             9 [vm->host] env.proxy_increment_metric(4, 1)",
            &[
                "[host->vm] proxy_on_context_create(c1, c2)",
                "[host->vm] proxy_on_log(c1)",
                "[vm->host] env.proxy_increment_metric(m1, 1)",
                "[vm->host] env.proxy_increment_metric(m2, 1)",
            ],
        );
    }

    #[test]
    fn addresses_go_and_sizes_stay() {
        check(
            "[vm->host] env.proxy_get_buffer_bytes(7, 0, 4294967295, 1048572, 1048544)\n\
             [host->vm] malloc(4)\n\
             [host<-vm] malloc return: 1114200\n\
             [vm<-host] env.proxy_get_buffer_bytes return: 0",
            &[
                "[vm->host] env.proxy_get_buffer_bytes(7, 0, 4294967295, *, *)",
                "[host->vm] malloc(4)",
                "[host<-vm] malloc return: *",
                "[vm<-host] env.proxy_get_buffer_bytes return: 0",
            ],
        );
    }

    #[test]
    fn what_is_no_call_is_dropped() {
        check("# a heading\n\n[info] wasm log: hello\n", &[]);
    }
}
