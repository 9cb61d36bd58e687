//! What a filter may call while it starts and while it gives memory, and what WASI answers: all as recorded from Envoy.

use std::fmt::Write as _;

use host_sim::{Error, Filter, Trace, World, WorldOptions};

use crate::guest::{filter_of, table, traced};

/// A filter that calls one function with zeros at the start, or while it gives memory for its configuration.
fn calling(during: &str, function: &str, parameters: &str) -> Filter {
    let (module, name) = function.split_once('.').unwrap();
    // The table closes the parameters of a function without a result, and has a dash for none.
    let has_result = !parameters.ends_with('>');
    let kinds = parameters.trim_matches(['-', '>']).chars();
    let kinds: Vec<&str> = kinds.map(|kind| if kind == 'I' { "i64" } else { "i32" }).collect();
    let zeros: String = kinds.iter().map(|kind| format!("({kind}.const 0) ")).collect();
    let (result, call) = if has_result {
        ("(result i32)", format!("(drop (call $f {zeros}))"))
    } else {
        ("", format!("(call $f {zeros})"))
    };
    let (start, allocate) =
        if during == "initialize" { (call.as_str(), "") } else { ("", call.as_str()) };
    let text = format!(
        r#"(module (import "{module}" "{name}" (func $f (param {}) {result}))
             (import "env" "proxy_get_buffer_bytes"
               (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
             (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1"))
             (func (export "_initialize") {start})
             (func (export "malloc") (param i32) (result i32) {allocate} (i32.const 1024))
             (func (export "proxy_on_configure") (param i32 i32) (result i32)
               (drop (call $buffer (i32.const 7) (i32.const 0) (i32.const -1) (i32.const 16) (i32.const 20)))
               (i32.const 1)))"#,
        kinds.join(" ")
    );
    filter_of(&text)
}

#[test]
fn what_envoy_restricts_is_restricted_and_nothing_else() {
    let mut problems = String::new();
    let rows = table("restricted");
    for row in &rows {
        let [during, function, parameters, expected] = &row[..] else { panic!("{row:?}") };
        let filter = calling(during, function, parameters);
        let started = World::new(&filter, WorldOptions::with_config("abcd"));
        let found = match started {
            Ok(_) => "runs".to_string(),
            Err(Error::Trap { message, .. }) if message.contains("restricted_callback") => {
                "restricted".to_string()
            }
            // Not provided here, and not refused for its moment.
            Err(error) if error.to_string().contains("poll_oneoff is not provided") => {
                "runs".to_string()
            }
            Err(error) => error.to_string(),
        };
        if found != *expected {
            let _ = writeln!(problems, "{during} {function}: Envoy {expected}, we {found}");
        }
    }
    assert!(problems.is_empty(), "{problems}");
    assert!(100 < rows.len());
}

#[test]
fn wasi_answers_as_envoys() {
    let rows = table("wasi");
    let mut calls = String::new();
    let mut imports = Vec::new();
    for row in &rows {
        let (name, arguments) = (&row[0], &row[1]);
        let kinds = parameters(name);
        let values = arguments.split(", ").zip(&kinds);
        let values: String =
            values.map(|(value, kind)| format!("({kind}.const {value}) ")).collect();
        let _ = write!(calls, "(drop (call ${name} {values}))");
        let import = format!(
            r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {}) (result i32)))"#,
            kinds.join(" ")
        );
        if !imports.contains(&import) {
            imports.push(import);
        }
    }
    let text = format!(
        r#"(module {} (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1"))
             (func (export "_initialize")) (data (i32.const 256) "................")
             (func (export "malloc") (param i32) (result i32) (i32.const 1024))
             (func (export "proxy_on_configure") (param i32 i32) (result i32) {calls} (i32.const 1)))"#,
        imports.concat()
    );
    let mut options = traced(WorldOptions::default());
    options.trace = Trace::on();
    let world = World::new(&filter_of(&text), options).unwrap();
    let lines = world.trace().lines();
    let returned = lines.iter().filter(|line| line.vm == "main").filter_map(|line| {
        let (name, status) = line
            .text
            .strip_prefix("[vm<-host] wasi_snapshot_preview1.")?
            .split_once(" return: ")?;
        Some((name.to_string(), status.to_string()))
    });
    let expected: Vec<_> = rows.iter().map(|row| (row[0].clone(), row[2].clone())).collect();
    assert_eq!(returned.collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_written_must_lie_in_memory_unless_it_is_nothing() {
    // Vectors at 32: no bytes beyond memory; at 40: one byte beyond it. Memory ends within the third.
    let text = r#"(module
        (import "wasi_snapshot_preview1" "fd_write"
          (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1"))
        (func (export "_initialize"))
        (data (i32.const 32) "\ff\ff\ff\ff\00\00\00\00\ff\ff\ff\ff\01\00\00\00")
        (func (export "malloc") (param i32) (result i32) (i32.const 1024))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 48)))
          (drop (call $write (i32.const 1) (i32.const 40) (i32.const 1) (i32.const 48)))
          (drop (call $write (i32.const 1) (i32.const 65528) (i32.const -1) (i32.const 48)))
          (i32.const 1)))"#;
    let mut options = WorldOptions::default();
    options.trace = Trace::on();
    let world = World::new(&filter_of(text), options).unwrap();
    let lines = world.trace().lines();
    let returned = lines.iter().filter(|line| line.vm == "main").filter_map(|line| {
        line.text.strip_prefix("[vm<-host] wasi_snapshot_preview1.fd_write return: ")
    });
    assert_eq!(returned.collect::<Vec<_>>(), ["0", "21", "21"]);
}

fn parameters(name: &str) -> Vec<&'static str> {
    let kinds = match name {
        "fd_datasync" | "fd_sync" => "i",
        "fd_filestat_get"
        | "fd_renumber"
        | "fd_fdstat_set_flags"
        | "fd_tell"
        | "clock_res_get"
        | "sock_shutdown" => "ii",
        "fd_filestat_set_size" => "iI",
        "fd_allocate" | "fd_fdstat_set_rights" => "iII",
        "fd_advise" | "fd_filestat_set_times" => "iIIi",
        "fd_pread" | "fd_pwrite" | "fd_readdir" => "iiiIi",
        "path_symlink" => "iiii",
        "path_link" => "iiiiii",
        other => panic!("{other} is not in the table"),
    };
    kinds.chars().map(|kind| if kind == 'I' { "i64" } else { "i32" }).collect()
}

#[test]
fn what_envoy_has_and_this_host_has_not_traps_by_name() {
    let filter = calling("initialize", "wasi_snapshot_preview1.poll_oneoff", "iiii");
    let error = World::new(&filter, WorldOptions::default()).unwrap_err().to_string();
    assert!(error.contains("poll_oneoff is not provided by host-sim"), "{error}");
}
