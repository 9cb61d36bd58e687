//! What several subcommands read, and how they say that they cannot; it writes nothing.

use std::{fs, net::SocketAddr, panic, path::Path};

use anyhow::{Context as _, anyhow};
use driftline_profiler_files::{Format, is_reading_parquet};
use host_sim::stats::StatsConfig;

/// The labels and buckets of Driftline's own metrics.
const DEFAULT_STATS: &str = include_str!("../../envoy/stats.yaml");

/// An address of an argument. Names are not looked up: one may stand for several.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let allowed = "allowed is an IP address with a port, such as 127.0.0.1:10000 or [::1]:10000";
    text.parse().map_err(|_| format!("`{text}` is none; {allowed}"))
}

/// A file that the argument `option` names.
pub(crate) fn read(path: &Path, option: &str) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{option}: cannot read {}", path.display()))
}

/// [`read`], for text.
pub(crate) fn read_text(path: &Path, option: &str) -> anyhow::Result<String> {
    String::from_utf8(read(path, option)?).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        anyhow!("{option}: {} is no UTF-8 text: see line {line}", path.display())
    })
}

/// The filter's module.
pub(crate) fn read_filter(path: &Path) -> anyhow::Result<Vec<u8>> {
    let missing = !path.exists();
    read(path, "--filter").map_err(|error| {
        if missing {
            error.context("the filter is not there; `cargo xtask build` makes it")
        } else {
            error
        }
    })
}

/// The labels and buckets of a file, or those that this version was built with.
pub(crate) fn stats_config(path: Option<&Path>) -> anyhow::Result<StatsConfig> {
    let Some(path) = path else { return Ok(StatsConfig::from_yaml(DEFAULT_STATS)?) };
    let text = read_text(path, "--stats-config")?;
    StatsConfig::from_yaml(&text).with_context(|| format!("--stats-config {}", path.display()))
}

/// What separates the cells of a CSV file.
pub(crate) fn table_separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err(String::from(
            "expected one ASCII character that is no quote or line end, or \\t for a tab",
        )),
    }
}

/// The format of a file of rows.
pub(crate) fn table_format(text: &str) -> Result<Format, String> {
    let found = Format::ALL.into_iter().find(|format| format.word() == text);
    found.ok_or_else(|| format!("expected one of {}", Format::ALL.map(Format::word).join(", ")))
}

/// Says nothing of panics within the reader of Parquet: they become errors, which say all that there is to say.
pub(crate) fn keep_parquet_quiet() {
    let default_hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !is_reading_parquet() {
            default_hook(info);
        }
    }));
}
