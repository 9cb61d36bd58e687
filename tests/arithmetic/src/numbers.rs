//! Numbers out of the files, and the samples that their generators stand for; nothing here is compared.

use driftline_random::Random;
use serde_json::Value;

pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

pub(crate) fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().into_iter().flatten().map(number).collect()
}

pub(crate) fn counts(list: &Value) -> Vec<u64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// Every value of either side once, in order, and how often each side has it.
pub(crate) fn counted(case: &Value) -> (Vec<f64>, [Vec<u64>; 2]) {
    let sides = [side(case, "ref"), side(case, "cur")];
    let mut values = sides.concat();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let counts = sides.map(|side| {
        let mut counts = vec![0; values.len()];
        for x in side {
            counts[values.partition_point(|value| *value < x)] += 1;
        }
        counts
    });
    (values, counts)
}

fn side(case: &Value, side: &str) -> Vec<f64> {
    match &case[side] {
        list @ Value::Array(_) => numbers(list),
        // Written in Python: fifty ones, the last of the live side a two.
        Value::String(_) if side == "ref" => vec![1.0; 50],
        Value::String(_) => [vec![1.0; 49], vec![2.0]].concat(),
        _ => generated(&case[format!("{side}_spec")]),
    }
}

/// The portable generators of tests/data/vectors/versions.json.
pub(crate) fn generated(spec: &Value) -> Vec<f64> {
    let argument = |index: usize| number(&spec[index]);
    let mut random = Random::new(spec[1].as_u64().unwrap_or_default());
    let mut values = Vec::new();
    for _ in 0..argument(2) as usize {
        let x = random.irwin_hall();
        values.push(if spec[0] == "tail_list" {
            x + if random.uniform() < argument(3) { argument(4) } else { 0.0 }
        } else {
            x * argument(3) + argument(4)
        });
    }
    values
}
