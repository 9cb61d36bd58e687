//! Calls that filters make to other services, queues between VMs, and their answers on the root context.

use std::time::Duration;

use host_sim::{DnsAddress, GrpcEvent, HttpAnswer, World, WorldOptions};

use crate::guest::{guest, seen, statuses, traced, world};

/// Asks `upstream` for permission and holds the request until it has it.
const ASK: &str = r#"$call http_call @"upstream" @{:path=/may-i;:method=GET;:authority=auth} @"?" @{}
                     (i32.const 500) (i32.const 0); (return (i32.const 1))"#;
const LET_GO: &str = r#"$call get_header_map_value (i32.const 6) @":status" (i32.const 0) (i32.const 4);
                        $call get_buffer_bytes (i32.const 4) (i32.const 0) (i32.const 99) (i32.const 8) (i32.const 12);
                        $call get_status (i32.const 16) (i32.const 20) (i32.const 24);
                        $call set_effective_context (i32.const 2);
                        $call continue_stream (i32.const 0);"#;

fn asking() -> World {
    let world = world(&[("request_headers", ASK), ("http_call_response", LET_GO)]);
    world.trace().take();
    world
}

#[test]
fn an_answer_comes_to_the_root_and_lets_the_stream_go() {
    let world = asking();
    let exchange = world.exchange(0).get("/");
    let calls = world.http_calls();
    let call = &calls[0];
    assert_eq!((call.token, &call.cluster[..], &call.body[..]), (4, "upstream", &b"?"[..]));
    assert!(exchange.request_is_held());

    world.answer_http_call(call, HttpAnswer::new(200, "yes")).unwrap();

    assert!(!exchange.request_is_held());
    assert_eq!(seen(&world).last().unwrap(), "http_call_response(1, 4, 1, 3, 0)");
    let outcome = exchange.answer(200, "ok").outcome();
    assert!(outcome.upstream.complete);
    assert_eq!(world.http_calls(), []);
}

#[test]
fn a_request_that_is_over_is_not_held_any_more() {
    let world = asking();
    let exchange = world.exchange(0).get("/");
    assert!(exchange.request_is_held());
    let exchange = exchange.client_aborts();
    assert!(exchange.is_over() && !exchange.request_is_held());
}

#[test]
fn a_call_to_a_cluster_that_nobody_declared_says_how_to_declare_it() {
    let ask = r#"$call http_call @"auth" @{:path=/;:method=GET;:authority=a} @"" @{} (i32.const 0) (i32.const 0);
                 $call grpc_call @"auth" @"a.B" @"C" @{} @"" (i32.const 0) (i32.const 0);
                 $call grpc_stream @"auth" @"a.B" @"C" @{} (i32.const 0);"#;
    let asked = |clusters: &[&str]| {
        let mut options = traced(WorldOptions::default());
        options.clusters.extend(clusters.iter().map(|it| it.to_string()));
        let world = World::new(&guest(&[("request_headers", ask)]), options).unwrap();
        let _ = world.exchange(0).get("/").answer(200, "ok").outcome();
        let calls = ["http_call", "grpc_call", "grpc_stream"];
        let said: Vec<String> = world.log().lines().into_iter().map(|it| it.message).collect();
        (calls.map(|name| statuses(world.trace(), name)).concat(), said)
    };
    let (found, said) = asked(&[]);
    // BadArgument, and ParseFailure for gRPC: what Envoy answers.
    assert_eq!(found, [2, 4, 4]);
    assert_eq!(said.len(), 3, "{said:?}");
    for (name, said) in
        ["proxy_http_call", "proxy_grpc_call", "proxy_grpc_stream"].iter().zip(&said)
    {
        let expected = format!(
            r#"{name}: no cluster is called "auth", so nothing is sent; WorldOptions::clusters declares ["upstream"]"#
        );
        assert_eq!(*said, expected);
    }
    assert_eq!(asked(&["auth"]), (vec![0, 0, 0], Vec::new()));
}

#[test]
fn an_answer_for_a_stream_that_is_gone_is_dropped() {
    let world = asking();
    world.exchange(0).get("/").client_aborts().outcome();
    let call = world.http_calls().remove(0);
    world.trace().take();
    world.answer_http_call(&call, HttpAnswer::new(200, "late")).unwrap();
    assert_eq!(statuses(world.trace(), "set_effective_context"), [2]);
    // A second answer has no effect.
    world.trace().take();
    world.answer_http_call(&call, HttpAnswer::new(200, "later")).unwrap();
    assert_eq!(seen(&world), [""; 0]);
}

#[test]
fn a_call_without_an_answer_ends_with_504_at_its_timeout() {
    let world = asking();
    let _held = world.exchange(0).get("/");
    world.advance(Duration::from_millis(499)).unwrap();
    assert_eq!(world.http_calls().len(), 1);
    world.trace().take();
    world.advance(Duration::from_millis(1)).unwrap();
    assert_eq!(statuses(world.trace(), "get_header_map_value"), [0]);
    assert_eq!(seen(&world)[0], "http_call_response(1, 4, 3, 24, 0)");
}

#[test]
fn a_call_with_a_timeout_of_zero_waits_for_ever() {
    let ask = r#"$call http_call @"upstream" @{:path=/;:method=GET;:authority=a} @"" @{} (i32.const 0) (i32.const 0);
                 $call grpc_call @"upstream" @"a.B" @"C" @{} @"" (i32.const 0) (i32.const 0);"#;
    // Asks again at every end, which would be at once and endlessly.
    let world =
        world(&[("request_headers", ask), ("http_call_response", ask), ("grpc_close", ask)]);
    let _open = world.exchange(0).get("/");
    world.trace().take();
    world.advance(Duration::from_secs(1_000_000)).unwrap();
    assert_eq!(seen(&world), [""; 0]);
    assert_eq!((world.http_calls().len(), world.grpc_calls().len()), (1, 1));
    let call = world.grpc_calls().remove(0);
    world.grpc_event(&call, GrpcEvent::Message("answer".into())).unwrap();
    assert_eq!(world.grpc_calls(), []);
}

#[test]
fn a_connection_that_breaks_is_an_answer_without_headers() {
    let world = asking();
    let _held = world.exchange(0).get("/");
    let call = world.http_calls().remove(0);
    world.trace().take();
    world.reset_http_call(&call).unwrap();
    assert_eq!(statuses(world.trace(), "get_header_map_value"), [2]);
    assert_eq!(statuses(world.trace(), "get_buffer_bytes"), [1]);
    assert_eq!(seen(&world), ["http_call_response(1, 4, 0, 0, 0)"]);
}

#[test]
fn a_call_to_nowhere_or_without_its_headers_is_a_bad_argument() {
    let ask = r#"$call http_call @"nowhere" @{:path=/;:method=GET;:authority=a} @"" @{} (i32.const 5) (i32.const 0);
                 $call http_call @"upstream" @{:path=/} @"" @{} (i32.const 5) (i32.const 0);"#;
    let world = world(&[("request_headers", ask)]);
    world.exchange(0).get("/").outcome();
    assert_eq!(statuses(world.trace(), "http_call"), [2, 2]);
}

#[test]
fn a_grpc_call_has_one_answer() {
    let ask = r#"$call grpc_call @"upstream" @"a.B" @"C" @{k=v} @"question" (i32.const 100) (i32.const 0);
                 $call grpc_call @"nowhere" @"a.B" @"C" @{} @"" (i32.const 100) (i32.const 0);
                 $call grpc_send (i32.const 5) @"more" (i32.const 0);"#;
    let read = "$call get_buffer_bytes (i32.const 5) (i32.const 0) (i32.const 99) (i32.const 8) (i32.const 12);";
    let world = world(&[("request_headers", ask), ("grpc_receive", read)]);
    let _open = world.exchange(0).get("/");
    assert_eq!(statuses(world.trace(), "grpc_call"), [0, 4]);
    assert_eq!(statuses(world.trace(), "grpc_send"), [2]);
    let call = world.grpc_calls().remove(0);
    assert_eq!((call.token, &call.method[..]), (5, "C"));
    assert_eq!(call.messages, ["question"]);
    world.trace().take();
    world.grpc_event(&call, GrpcEvent::Message("answer".into())).unwrap();
    assert_eq!(statuses(world.trace(), "get_buffer_bytes"), [0]);
    assert_eq!(seen(&world), ["grpc_receive(1, 5, 6)"]);
    assert_eq!(world.grpc_calls(), []);
}

#[test]
fn a_grpc_call_in_vain_is_closed_at_its_deadline() {
    let ask = r#"$call grpc_call @"upstream" @"a.B" @"C" @{} @"" (i32.const 100) (i32.const 0);"#;
    let world = world(&[("request_headers", ask)]);
    let _open = world.exchange(0).get("/");
    world.trace().take();
    world.advance(Duration::from_millis(100)).unwrap();
    assert_eq!(seen(&world), ["grpc_close(1, 5, 4)"]);
}

#[test]
fn a_grpc_stream_goes_both_ways_until_it_is_closed() {
    let open = r#"$call grpc_stream @"upstream" @"a.B" @"C" @{} (i32.const 0);
                  $call grpc_send (i32.load (i32.const 0)) @"one" (i32.const 0);"#;
    let next = r#"$call grpc_send (i32.load (i32.const 0)) @"two" (i32.const 1);"#;
    let closed = "$call get_status (i32.const 16) (i32.const 20) (i32.const 24);
                  $call grpc_cancel (i32.const 6);";
    let world = world(&[("request_headers", open), ("grpc_receive", next), ("grpc_close", closed)]);
    let _open = world.exchange(0).get("/");
    let stream = world.grpc_calls().remove(0);
    world.trace().take();
    let metadata = [("m", "1")].into_iter().collect();
    world.grpc_event(&stream, GrpcEvent::InitialMetadata(metadata)).unwrap();
    world.grpc_event(&stream, GrpcEvent::Message("hello".into())).unwrap();
    let after = world.grpc_calls().remove(0);
    assert_eq!((after.messages.len(), after.half_closed), (2, true));
    world.grpc_event(&stream, GrpcEvent::Close(7, "no".into())).unwrap();
    assert_eq!(statuses(world.trace(), "get_status"), [0]);
    assert_eq!(statuses(world.trace(), "grpc_cancel"), [1]);
    let expected =
        ["grpc_receive_initial_metadata(1, 6, 1)", "grpc_receive(1, 6, 5)", "grpc_close(1, 6, 7)"];
    assert_eq!(seen(&world), expected);
}

#[test]
fn every_entry_of_a_queue_is_announced_once_to_the_last_who_registered() {
    let register = r#"$call register_shared_queue @"jobs" (i32.const 0);"#;
    let write = r#"$call resolve_shared_queue @"" @"jobs" (i32.const 4);
                   $call resolve_shared_queue @"" @"nothing" (i32.const 8);
                   $call enqueue_shared_queue (i32.load (i32.const 4)) @"one";
                   $call enqueue_shared_queue (i32.load (i32.const 4)) @"two";
                   $call enqueue_shared_queue (i32.const 99) @"lost";"#;
    let read = "$call dequeue_shared_queue (local.get $1) (i32.const 8) (i32.const 12);
                $call dequeue_shared_queue (local.get $1) (i32.const 8) (i32.const 12);";
    let bodies = [("configure", register), ("request_headers", write), ("queue_ready", read)];
    let world = world(&bodies);
    world.exchange(0).get("/").outcome();
    assert_eq!(statuses(world.trace(), "resolve_shared_queue"), [0, 1]);
    assert_eq!(statuses(world.trace(), "enqueue_shared_queue"), [0, 0, 1]);
    world.trace().take();
    world.deliver().unwrap();
    // The first announcement finds both entries, the second finds the queue empty.
    assert_eq!(statuses(world.trace(), "dequeue_shared_queue"), [0, 0, 7, 7]);
    assert_eq!(seen(&world), ["queue_ready(1, 1)", "queue_ready(1, 1)"]);
}

fn dns_world() -> World {
    let filter = crate::guest::filter_of(include_str!("dns.wat"));
    World::new(&filter, traced(WorldOptions::default())).unwrap()
}

#[test]
fn a_name_is_resolved_by_the_test_and_read_as_envoy_writes_it() {
    let world = dns_world();
    let exchange = world.exchange(0).get("/");
    assert_eq!(resolve_statuses(&world), ["0", "6", "6"]);
    let queries = world.dns_queries();
    assert_eq!(queries.len(), 1);
    let query = &queries[0];
    assert_eq!((query.vm.as_str(), query.token, query.name.as_str()), ("worker 0", 2, "localhost"));
    // It has no timeout.
    world.advance(Duration::from_secs(3_600)).unwrap();
    assert!(exchange.request_is_held());

    let address = |text: &str, seconds| DnsAddress {
        address: text.parse().unwrap(),
        time_to_live: Duration::from_secs(seconds),
    };
    world.answer_dns(query, &[address("::1", 60), address("192.0.2.1", 7)]).unwrap();

    let expected = "\x02\x00\x00\x00\x3c\x00\x00\x00\x07\x00\x00\x00[::1]:0\x00192.0.2.1:0\x00";
    assert_eq!(world.log().lines().last().unwrap().message, expected);
    assert!(!exchange.request_is_held() && world.dns_queries().is_empty());
    // A second answer is not heard.
    let lines = world.log().lines().len();
    world.answer_dns(query, &[]).unwrap();
    assert_eq!(world.log().lines().len(), lines);
}

#[test]
fn a_name_without_addresses_is_an_empty_list_and_a_failure_is_nothing_at_all() {
    for (fails, size) in [(false, 4), (true, 0)] {
        let world = dns_world();
        let _exchange = world.exchange(0).get("/");
        let query = world.dns_queries().remove(0);
        if fails { world.fail_dns(&query) } else { world.answer_dns(&query, &[]) }.unwrap();
        let expected = format!("[host->vm] envoy_on_resolve_dns(1, 2, {size})");
        assert!(world.trace().lines().iter().any(|line| line.text == expected), "{expected}");
    }
}

fn resolve_statuses(world: &World) -> Vec<String> {
    let lines = world.trace().lines();
    let wanted = "[vm<-host] env.envoy_resolve_dns return: ";
    lines.iter().filter_map(|line| Some(line.text.strip_prefix(wanted)?.to_string())).collect()
}
