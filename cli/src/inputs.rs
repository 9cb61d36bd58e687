//! What several subcommands read, and how they say that they cannot; it writes nothing.

use std::{
    fs::{self, File},
    io::{self, Read},
    net::SocketAddr,
    panic,
    path::Path,
};

use anyhow::{Context as _, anyhow, bail};
use driftline_monitor::config::Config;
use driftline_profiler_files::{Format, is_reading_parquet};
use host_sim::stats::StatsConfig;

/// The labels and buckets of Driftline's own metrics.
const DEFAULT_STATS: &str = include_str!("../../envoy/stats.yaml");

/// An address of an argument. Names are not looked up: one may stand for several.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let allowed = "allowed is an IP address with a port, such as 127.0.0.1:10000 or [::1]:10000";
    text.parse().map_err(|_| format!("`{text}` is none; {allowed}"))
}

/// The name of standard input, and of standard output.
pub(crate) const STANDARD: &str = "-";

/// Where rows come from.
pub(crate) enum Rows {
    /// A file of so many bytes, which may be read twice.
    File(u64),
    /// What can be read once: standard input, a pipe, a device.
    Stream(Box<dyn Read>),
}

impl Rows {
    /// Opens rows in the format that was asked for or that the name of the file says. `for_csv` says that an option was given
    /// that only CSV has.
    pub(crate) fn of(
        path: &Path,
        format: Option<Format>,
        for_csv: bool,
    ) -> anyhow::Result<(Rows, Format)> {
        let format = format.unwrap_or_else(|| Format::of(path));
        if format != Format::Csv && for_csv {
            bail!(
                "--separator and --decimal-comma are for CSV, but {} is read as {}",
                path.display(),
                format.word()
            );
        }
        let rows = Rows::open(path)?;
        rows.check_format(path, format)?;
        Ok((rows, format))
    }

    /// Looks at what the path is, and opens it if it can be read only once.
    fn open(path: &Path) -> anyhow::Result<Rows> {
        if path.as_os_str() == STANDARD {
            return Ok(Rows::Stream(Box::new(io::stdin())));
        }
        let named = || format!("cannot open {}", path.display());
        let metadata = fs::metadata(path).with_context(named)?;
        // Reading a directory fails with words that do not help; opening one does not fail at all.
        if metadata.is_dir() {
            bail!("cannot read {}: it is a directory, expected a file", path.display());
        }
        if metadata.is_file() {
            return Ok(Rows::File(metadata.len()));
        }
        Ok(Rows::Stream(Box::new(File::open(path).with_context(named)?)))
    }

    /// How many bytes it has, if that is known.
    pub(crate) fn bytes(&self) -> Option<u64> {
        match self {
            Rows::File(bytes) => Some(*bytes),
            Rows::Stream(_) => None,
        }
    }

    /// Refuses Parquet that cannot be read from its end.
    fn check_format(&self, path: &Path, format: Format) -> anyhow::Result<()> {
        if format == Format::Parquet && matches!(self, Rows::Stream(_)) {
            bail!(
                "cannot read Parquet from {}, which can be read only once, because its table of contents comes last; \
                 expected a file",
                if path.as_os_str() == STANDARD {
                    "standard input".into()
                } else {
                    path.display().to_string()
                }
            );
        }
        Ok(())
    }
}

/// A file that the argument `option` names.
pub(crate) fn read(path: &Path, option: &str) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{option}: cannot read {}", path.display()))
}

/// The filter's configuration, with its text.
///
/// # Errors
///
/// A line for each problem; and if the file is something else, what it is.
pub(crate) fn read_config(path: &Path, option: &str) -> anyhow::Result<(Vec<u8>, Config)> {
    let json = read(path, option)?;
    match Config::from_json(&json) {
        Ok(config) => Ok((json, config)),
        Err(error) => {
            let path = path.display();
            // What is wrong with a file of another kind, read as a configuration, helps nobody.
            if let Some(other) = mistaken_for_config(&json) {
                return Err(anyhow!("{option} {path} is refused: it {other}"));
            }
            let mut text = format!("{option} {path} is refused:");
            for problem in error.problems().kept() {
                text += &format!("\n  - {}", shortened(problem));
            }
            if let left_out @ 1.. = error.problems().left_out() {
                text += &format!("\n  - and {left_out} more");
            }
            Err(anyhow!(text))
        }
    }
}

/// The longest line that is said of a problem, in bytes.
const LINE_BYTES_MAX: usize = 400;

/// A line that people can read.
fn shortened(line: &str) -> String {
    if line.len() <= LINE_BYTES_MAX {
        return line.to_owned();
    }
    let end = line.floor_char_boundary(LINE_BYTES_MAX);
    format!("{} ...", &line[..end])
}

/// What a file is that somebody took for a configuration.
fn mistaken_for_config(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Some("begins with a byte order mark; save it as UTF-8 without one");
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some("is UTF-16, expected UTF-8");
    }
    let text = String::from_utf8_lossy(bytes);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines().next()?;
    if lines().any(|line| line.starts_with("//") || line.starts_with("/*")) {
        return Some("has comments, and JSON has none");
    }
    if let Ok(document) = serde_json::from_slice::<serde_json::Value>(bytes) {
        if document["format"] == "driftline-profile" {
            return Some(
                "is a profile, which is a part of a configuration: {\"models\": [{\"name\": \"...\", \"profile\": ...}]}",
            );
        }
        if document.get("@type").is_some() || document.get("fields").is_some() {
            return Some(
                "is a protobuf message; expected what stands in its value, a JSON object with \"models\"",
            );
        }
        return match document {
            serde_json::Value::String(_) => Some(
                "is a JSON string; expected the object that it holds, without quotes around it",
            ),
            _ => None,
        };
    }
    let is_yaml = !first.starts_with(['{', '[', '"'])
        && lines().any(|line| line.ends_with(':') || line.contains(": "));
    is_yaml.then_some("looks like YAML, expected JSON: an object with \"models\"")
}

/// [`read`], for text.
pub(crate) fn read_text(path: &Path, option: &str) -> anyhow::Result<String> {
    text_of(read(path, option)?, path, option)
}

/// What [`read`] has read, as text.
pub(crate) fn text_of(bytes: Vec<u8>, path: &Path, option: &str) -> anyhow::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
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
