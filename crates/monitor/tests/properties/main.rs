//! Properties that hold for any input, of all readers and dialects: nothing panics, no cut shows in a result, and what
//! is found needs no memory that grows with it. `fuzz/` asks the same of inputs that it makes up for hours.

mod checks;
mod random;
mod seeds;

use std::{
    fs,
    path::{Path, PathBuf},
};

use self::{checks::CHECKS, random::Random};

/// How many inputs are made of each seed.
const MUTANTS: usize = 8;

/// Longer seeds are checked as they are only; a thousand copies of them take minutes in a build with checks.
const MUTATED_BYTES_MAX: usize = 16 << 10;

/// The folder of the inputs that fuzzing has kept, one for each check.
fn corpus(check: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(check)
}

/// The committed inputs of a check, by name.
fn kept(check: &str) -> Vec<Vec<u8>> {
    let folder = corpus(check);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn what_fuzzing_has_found_worth_keeping_holds() {
    for (name, check) in CHECKS {
        kept(name).iter().for_each(|input| check(input));
    }
}

#[test]
fn what_the_corpora_hold_and_what_is_made_of_it_holds() {
    for (number, (name, check)) in (1..).zip(CHECKS) {
        let mut random = Random::new(number);
        let seeds = seeds::of(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in &seeds {
            check(seed);
            for _ in 0..if seed.len() <= MUTATED_BYTES_MAX { MUTANTS } else { 0 } {
                let mut input = seed.clone();
                for _ in 0..1 + random.below(6) {
                    random.mutate(&mut input);
                }
                check(&input);
            }
        }
    }
}

#[test]
fn every_check_has_a_fuzz_target_of_its_name() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/Cargo.toml");
    let manifest = fs::read_to_string(&manifest).unwrap();
    for (name, _) in CHECKS {
        assert!(manifest.contains(&format!("\nname = \"{name}\"\n")), "{name} is no target");
    }
}

/// Begins fuzzing with what the corpora of the tests hold: `cargo xtask fuzz` calls this.
#[test]
#[ignore = "writes files below target/, for fuzzing only"]
fn write_seeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz-seeds");
    for (name, _) in CHECKS {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds::of(name).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed).unwrap();
        }
    }
}
