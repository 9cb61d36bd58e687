//! A test alone: the default paths of real servers, each with the dialect that reads it (`tests/data/paths/servers.txt`).

use std::{collections::BTreeSet, format, string::ToString, vec::Vec};

use super::Recogniser;

const SERVERS: &str = include_str!("../../../../tests/data/paths/servers.txt");

/// How many rows the table has at least; to be raised with it.
const ROWS_MIN: usize = 162;

#[test]
fn each_path_is_read_by_the_dialect_of_its_row_or_passes() {
    let paths = Recogniser::default();
    let rows: Vec<&str> = SERVERS.lines().filter(|line| !line.starts_with('#')).collect();
    for row in &rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        let (path, expected) = (cells[1], cells[2]);
        for path in [path, &format!("/gateway//v7{path}"), &path.replacen('?', "/?", 1)] {
            let found = match paths.recognise(path.as_bytes(), None) {
                Ok(found) if found.is_shared => format!("?{}", found.dialect.name()),
                Ok(found) => found.dialect.name().to_string(),
                Err(_) => "-".into(),
            };
            // The root is the whole path, so nothing stands before it.
            if !path.ends_with("v7/") {
                assert_eq!(found, expected, "{path}");
            }
        }
    }
    let distinct: BTreeSet<&&str> = rows.iter().collect();
    assert_eq!(distinct.len(), rows.len(), "a row is there twice");
    assert!(ROWS_MIN <= rows.len(), "{} rows", rows.len());
}
