//! Cuts labels out of stat names as Envoy's tag extractors do; it never touches the value of a stat.

use super::config::StatsConfig;

/// A stat name after tag extraction.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Extracted {
    /// What is left of the name, trailing dots dropped.
    pub(super) name: String,
    /// Tag name and value, in the order of the configuration.
    pub(super) tags: Vec<(String, String)>,
}

impl StatsConfig {
    /// Runs every extractor over the whole name, then removes what they found.
    ///
    /// Group 1 of a regex is removed from the name; group 2, or group 1 where
    /// there is no second one, is the value. The extractors are not anchored
    /// and do not see each other's removals.
    pub(super) fn extract(&self, name: &str) -> Extracted {
        let mut tags: Vec<(String, String)> = Vec::new();
        let mut removed = Vec::new();
        for tag in &self.tags {
            // The first extractor of a name wins; Envoy refuses a second tag of one name.
            if tags.iter().any(|(known, _)| *known == tag.name) {
                continue;
            }
            let Some(captures) = tag.regex.captures(name) else { continue };
            let Some(cut) = captures.get(1) else { continue };
            let value = captures.get(2).unwrap_or(cut);
            // Envoy stores names and values by their dotted parts and loses empty ones at the end.
            let value = value.as_str().trim_end_matches('.');
            tags.push((tag.name.clone(), value.to_string()));
            removed.push(cut.range());
        }
        let kept = |&(at, _): &(usize, char)| !removed.iter().any(|range| range.contains(&at));
        let rest: String =
            name.char_indices().filter(kept).map(|(_, character)| character).collect();
        Extracted { name: rest.trim_end_matches('.').to_string(), tags }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names on the left and the right are from Envoy 1.40's admin page.
    #[test]
    fn labels_are_cut_out_of_the_name() {
        let config = StatsConfig::from_yaml(
            r"stats_config:
  stats_tags:
  - {tag_name: model, regex: '(model=\.=(.*?);\.;)'}
  - {tag_name: outcome, regex: '(outcome=\.=(.*?);\.;)'}",
        )
        .unwrap();
        for (raw, name, tags) in [
            ("wasmcustom.a.model=.=B;.;", "wasmcustom.a", vec![("model", "B")]),
            ("wasmcustom.a.model=.=;.;", "wasmcustom.a", vec![("model", "")]),
            ("wasmcustom.zz_model=.=abc;.;", "wasmcustom.zz_", vec![("model", "abc")]),
            (
                "wasmcustom.a.outcome=.=bad;.;model=.=m \"x\"\\\\a/b.c:d;e=f=.;.;",
                "wasmcustom.a",
                vec![("model", "m \"x\"\\\\a/b.c:d;e=f="), ("outcome", "bad")],
            ),
            ("wasmcustom.plain.name", "wasmcustom.plain.name", vec![]),
        ] {
            let found = config.extract(raw);
            assert_eq!(found.name, name, "{raw}");
            let tags: Vec<(String, String)> =
                tags.into_iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            assert_eq!(found.tags, tags, "{raw}");
        }
    }
}
