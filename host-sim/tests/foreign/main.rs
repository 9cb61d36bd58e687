//! Foreign functions beside what a real Envoy answered them: every recorded expression and signature, byte for byte.
#![cfg(feature = "foreign-functions")]

#[path = "../guest/mod.rs"]
#[allow(dead_code, reason = "most of it is for the tests in `host`")]
mod guest;

use std::{collections::BTreeMap, fs, sync::OnceLock};

use host_sim::{Filter, World, WorldOptions};

use self::guest::{filter_of, table, traced, world};

/// The filter that was recorded, in the world it was recorded in.
fn probe() -> World {
    static FILTER: OnceLock<Filter> = OnceLock::new();
    let filter = FILTER.get_or_init(|| filter_of(include_str!("../probe/foreign.wat")));
    let mut options = traced(WorldOptions::default());
    for name in [&mut options.plugin_name, &mut options.root_id, &mut options.vm_id] {
        *name = "driftline".into();
    }
    World::new(filter, options).unwrap()
}

/// The two statuses and the result as Envoy's table has them.
fn answer(body: &[u8]) -> (String, String, String) {
    (body[0].to_string(), body[1].to_string(), hexadecimal(&body[4..]))
}

fn evaluate(world: &World, expression: &str) -> (String, String, String) {
    let headers = [
        ("host", "localhost"),
        ("user-agent", "curl/8"),
        ("accept", "*/*"),
        ("x-expression", expression),
        ("x-twice", "1"),
        ("x-twice", "2"),
    ];
    let outcome = world.exchange(0).request_without_body("GET", "/p?q=1", &headers).outcome();
    assert_eq!((outcome.status(), &outcome.error), (Some(200), &None), "{expression}");
    answer(&outcome.client.body)
}

fn call(world: &World, function: &str, argument: &[u8]) -> (String, String) {
    let asked = world.exchange(0).request("POST", "/", &[("x-function", function)]);
    let outcome = asked.request_last_chunk(argument.to_vec()).outcome();
    assert_eq!((outcome.status(), &outcome.error), (Some(200), &None), "{function}");
    let (status, _, result) = answer(&outcome.client.body);
    (status, result)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// What `## Expressions that differ` of the recordings' README names.
fn deviations() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/envoy-calls/README.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("## Expressions that differ").unwrap();
    let named = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    named.map(|(expression, _)| expression.to_string()).collect()
}

#[test]
fn expressions_have_the_values_that_envoy_gives_them() {
    let (world, mut deviations) = (probe(), deviations());
    let mut problems = Vec::new();
    for row in table("expressions") {
        let [created, evaluated, value, expression] = <[String; 4]>::try_from(row).unwrap();
        let (expected, found) = ((created, evaluated, value), evaluate(&world, &expression));
        let listed = deviations.iter().position(|known| *known == expression);
        match listed {
            Some(_) if found == expected => {
                problems.push(format!("{expression}: listed as different, and is not"));
            }
            None if found != expected => {
                problems.push(format!("{expression}: Envoy has {expected:?}, we have {found:?}"));
            }
            _ => {}
        }
        if let Some(index) = listed {
            deviations.remove(index);
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(deviations, [""; 0], "listed as different, and not recorded");
}

#[test]
fn signatures_are_made_and_verified_as_by_envoy() {
    let world = probe();
    let rows = table("signatures");
    let mut problems = Vec::new();
    for row in &rows {
        let [function, case, argument, status, result] = &row[..] else { panic!("{row:?}") };
        // A signature of ECDSA is another one every time; see the next test.
        if function == "sign" && is_ecdsa(case) && result.starts_with("0801") {
            continue;
        }
        let found = call(&world, function, &bytes(argument));
        if found != (status.clone(), result.clone()) {
            problems.push(format!("{function}, {case}: Envoy has {status} {result}, we {found:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn is_ecdsa(case: &str) -> bool {
    ["prime", "secp", "p256"].iter().any(|curve| case.starts_with(curve))
}

/// A field of bytes; numbers of fields below 16.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len();
    let mut out = vec![number << 3 | 2];
    if 0x7f < length {
        out.push((length & 0x7f) as u8 | 0x80);
    }
    out.push(if 0x7f < length { (length >> 7) as u8 } else { length as u8 });
    out.extend_from_slice(bytes);
    out
}

/// The bytes of a result's signature.
fn signature(result: &str) -> Vec<u8> {
    let result = bytes(result);
    assert_eq!(result[..3], [8, 1, 0x12]);
    let start = if result[3] < 0x80 { 4 } else { 5 };
    result[start..].to_vec()
}

#[test]
fn a_signature_of_ecdsa_is_verified_whether_envoys_or_ours_and_is_the_same_for_the_same_text() {
    let world = probe();
    let rows = table("signatures");
    let keys: BTreeMap<&str, Vec<u8>> = rows
        .iter()
        .filter(|row| row[0] == "verify_signature" && row[1].ends_with(" sha256"))
        .map(|row| {
            // The hash's name comes first, then the key.
            let argument = bytes(&row[2]);
            let long = argument[9] & 0x80 != 0;
            let length = usize::from(argument[9] & 0x7f)
                + if long { usize::from(argument[10]) << 7 } else { 0 };
            let start = if long { 11 } else { 10 };
            (row[1].split(' ').next().unwrap(), argument[start..start + length].to_vec())
        })
        .collect();
    let mut made = 0;
    for row in rows.iter().filter(|row| row[0] == "sign" && is_ecdsa(&row[1])) {
        let curve = row[1].split(' ').next().unwrap().replace("p256", "prime256v1");
        if !row[4].starts_with("0801") {
            continue;
        }
        let (status, ours) = call(&world, "sign", &bytes(&row[2]));
        assert_eq!((status.as_str(), &ours), ("0", &call(&world, "sign", &bytes(&row[2])).1));
        for signature in [signature(&ours), signature(&row[4])] {
            let argument = [
                field(1, b"sha256"),
                field(2, &keys[curve.as_str()]),
                field(3, &signature),
                field(4, b"a text to sign"),
            ];
            let found = call(&world, "verify_signature", &argument.concat());
            assert_eq!(found, ("0".into(), "0801".into()), "{}", row[1]);
        }
        made += 1;
    }
    assert_eq!(made, 5);
}

#[test]
fn an_expression_is_known_by_its_token_until_it_is_deleted() {
    let world = probe();
    assert_eq!(call(&world, "expr_create", b"1 + 1"), ("0".into(), "00000000".into()));
    assert_eq!(call(&world, "expr_create", b"2 + 2"), ("0".into(), "01000000".into()));
    assert_eq!(call(&world, "expr_evaluate", &[1, 0, 0, 0]).1, "0400000000000000");
    for (function, argument, status) in [
        ("expr_create", &b"1 +"[..], "2"),
        ("expr_create", b"\xff", "2"),
        ("expr_evaluate", &[7, 0, 0, 0], "1"),
        ("expr_evaluate", &[0], "2"),
        ("expr_delete", &[0], "2"),
        ("expr_delete", &[7, 0, 0, 0], "0"),
        ("expr_delete", &[0, 0, 0, 0], "0"),
        ("expr_evaluate", &[0, 0, 0, 0], "1"),
    ] {
        let found = call(&world, function, argument);
        assert_eq!(found, (status.into(), String::new()), "{function} {argument:?}");
    }
}

#[test]
fn an_expression_is_about_the_callback_that_evaluates_it_and_not_about_the_effective_context() {
    let ask = r#"$call call_foreign_function @"expr_create" @"response.code == 200" (i32.const 0) (i32.const 4);"#;
    let evaluate = r#"$call set_effective_context (i32.const 1);
        $call call_foreign_function @"expr_evaluate" (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 8) (i32.const 12);
        $call set_effective_context (i32.const 2);
        $call set_property @"is_ok" (i32.load (i32.const 8)) (i32.load (i32.const 12));"#;
    let world = world(&[("configure", ask), ("response_headers", evaluate)]);
    let mut stream = world.stream(0).unwrap();
    stream.request_headers(&[(":path", "/")], true).unwrap();
    stream.response_headers(&[(":status", "200")], true).unwrap();
    assert_eq!(stream.property(b"is_ok").unwrap(), &b"\x01"[..]);
}

#[test]
fn a_property_of_the_filters_own_is_bytes_in_an_expression_unless_it_is_declared_as_text() {
    let set = r#"$call call_foreign_function @"declare_property" @"\n\04text\18\01" (i32.const 0) (i32.const 4);
        $call set_property @"text" @"abc";
        $call set_property @"plain" @"abc";
        $call call_foreign_function @"expr_create" @"text == 'abc' && plain == b'abc'" (i32.const 0) (i32.const 4);
        $call call_foreign_function @"expr_evaluate" (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 8) (i32.const 12);
        $call set_property @"both" (i32.load (i32.const 8)) (i32.load (i32.const 12));"#;
    let set = set.replace(r"\n", "\n").replace(r"\04", "\u{4}").replace(r"\18\01", "\u{18}\u{1}");
    let world = world(&[("request_headers", &set)]);
    let mut stream = world.stream(0).unwrap();
    stream.request_headers(&[(":path", "/")], true).unwrap();
    assert_eq!(stream.property(b"both").unwrap(), &b"\x01"[..]);
}
