//! The project's own commands as functions, so that tests can call them. It never reads the command line.

pub mod codegen;

pub mod paths;
pub mod process;
pub mod progress;
pub mod terminal;
pub mod watch;
pub mod workspace;

pub mod structure;
pub mod testing;

pub mod clients;
pub mod debian;
pub mod envoy;
pub mod filter;
pub mod fuzz;
pub mod grafana_schema;
pub mod node;
pub mod oci;
pub mod outside;
pub mod prometheus;
pub mod python;
pub mod servers;
pub mod skopeo;
pub mod wasm;
pub mod wasm_opt;
pub mod wasm_std;
