//! That what is computed natively is what the filter computes, to the bit; whether it is right, the core's own tests say.

use std::{collections::BTreeMap, fs};

use driftline_arithmetic::{SHARED_KEY, lines};
use driftline_testbed::pieces;
use host_sim::{Filter, World, WorldOptions};

const VECTORS: &str = concat!(
    r#"{"binned":"#,
    include_str!("../data/vectors/binned.json"),
    r#","samples":"#,
    include_str!("../data/vectors/samples.json"),
    r#","distributions":"#,
    include_str!("../data/vectors/distributions.json"),
    "}"
);

/// So many are in the files: 23 for each of 24 pairs of histograms, less those of a law that lacks a category, the rows
/// and distances of 12 pairs with edges, 7 of each of 10 pairs of samples, and the tables of distributions, those of
/// survivals with their logarithms.
const ANSWERS: usize = 984 + 18 + 12;

/// Bits by name.
fn answers(text: &str) -> BTreeMap<&str, u64> {
    text.lines()
        .map(|line| {
            let (name, bits) = line.rsplit_once(' ').expect("a name and bits");
            (name, u64::from_str_radix(bits, 16).expect("hexadecimal digits"))
        })
        .collect()
}

/// By which the world keeps what its VMs share.
const VM_ID: &str = "arithmetic";

#[test]
fn every_measure_of_every_known_answer_has_the_same_bits_natively_and_in_wasm() {
    let module = fs::read(pieces::arithmetic().unwrap()).unwrap();
    let filter = Filter::from_bytes(&module).unwrap();
    let mut options = WorldOptions::with_config(VECTORS);
    options.vm_id = VM_ID.into();
    let world = World::new(&filter, options).unwrap();
    let (left, _) =
        world.shared_data().get(VM_ID, SHARED_KEY.as_bytes()).expect("the filter's text");
    let (native, wasm) = (lines(VECTORS.as_bytes()), String::from_utf8(left.to_vec()).unwrap());
    let (native, wasm) = (answers(&native), answers(&wasm));
    assert_eq!(native.len(), ANSWERS, "answers of the three files");
    let differing: Vec<String> = native
        .iter()
        .filter(|(name, bits)| wasm.get(*name) != Some(bits))
        .map(|(name, bits)| format!("{name}: {bits:016x}, in wasm {:x?}", wasm.get(name)))
        .collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert_eq!(native.len(), wasm.len());
}
