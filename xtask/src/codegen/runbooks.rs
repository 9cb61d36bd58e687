//! Renders the head of each page of `docs/runbooks/`, and the index beside them. The steps are written by hand; no alert is
//! spelled here.

use std::fs;

use anyhow::{Context, Result};
use driftline_monitor::config::Config;
use driftline_operations::{
    alerts::{all, index, runbook_head},
    settings::{RUNBOOKS, Settings},
};

use super::page;
use crate::paths;

/// A configuration whose alerts are those of most: with another one, windows of another length are in the expressions.
const CONFIG: &str = r#"{"models": [{"name": "my-llm"}]}"#;

/// The pages with their paths.
pub(super) fn pages() -> Result<Vec<(String, String)>> {
    let config = Config::from_json(CONFIG.as_bytes())?;
    let settings = Settings::of(&config);
    let mut pages = Vec::new();
    for (domain, alert) in all() {
        let path = format!("{RUNBOOKS}/{}.md", alert.name);
        let head = runbook_head(domain, alert, &settings);
        let text = with(&path, "the alert", &head)?;
        pages.push((path, text));
    }
    let path = format!("{RUNBOOKS}/README.md");
    let text = with(&path, "the alerts", &index())?;
    pages.push((path, text));
    Ok(pages)
}

fn with(path: &str, about: &str, text: &str) -> Result<String> {
    let page = fs::read_to_string(paths::root().join(path)).with_context(|| path.to_owned())?;
    page::with(&page, about, text).with_context(|| path.to_owned())
}
