//! The filter's code as it should be, and what may stand in its place. It writes the latter into files of its own.

use std::{env, fs, path::PathBuf, process};

use anyhow::{Context, Result, ensure};

/// A module for Envoy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Module {
    /// The filter.
    Whole,
    /// One that loads, and traps at the headers of each request.
    Failing,
    /// The filter, but Envoy finds no callback for its ticks.
    WithoutTicks,
}

/// Where they lie. The files that were written are removed with this.
#[derive(Debug)]
pub(crate) struct Modules {
    whole: PathBuf,
    written: Vec<PathBuf>,
}

const FAILING: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "_initialize"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
    (func (export "proxy_on_context_create") (param i32 i32))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) unreachable))"#;

/// The name of the callback, and one as long that nobody calls.
const TICK: [&[u8]; 2] = [b"proxy_on_tick", b"proxy_no_tick"];

impl Modules {
    pub(crate) fn new(whole: PathBuf) -> Modules {
        Modules { whole, written: Vec::new() }
    }

    pub(crate) fn file(&mut self, module: Module) -> Result<PathBuf> {
        let bytes = match module {
            Module::Whole => return Ok(self.whole.clone()),
            Module::Failing => wat::parse_str(FAILING)?,
            Module::WithoutTicks => without_ticks(fs::read(&self.whole)?)?,
        };
        let number = self.written.len();
        let file =
            env::temp_dir().join(format!("driftline-module-{}-{number}.wasm", process::id()));
        fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        self.written.push(file.clone());
        Ok(file)
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        for file in &self.written {
            let _ = fs::remove_file(file);
        }
    }
}

fn without_ticks(mut module: Vec<u8>) -> Result<Vec<u8>> {
    let [tick, nothing] = TICK;
    let places: Vec<usize> = module
        .windows(tick.len())
        .enumerate()
        .filter(|(_, window)| *window == tick)
        .map(|(place, _)| place)
        .collect();
    ensure!(places.len() == 1, "the filter names its callback for ticks {} times", places.len());
    for place in places {
        module[place..place + tick.len()].copy_from_slice(nothing);
    }
    Ok(module)
}
