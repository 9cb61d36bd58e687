//! All dialects, one file each; a file holds tables and no code.

mod openai_chat;

use super::dialect::Dialect;

/// Every dialect, the one that is likelier to be meant first.
pub(crate) const DIALECTS: &[&Dialect] = &[&openai_chat::DIALECT];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, str, vec::Vec};

    use super::*;
    use crate::{generation::dialect::recognise, wire::fields::FIELDS_MAX};

    #[track_caller]
    fn check(path: &str, expected: Option<(&str, Option<&str>)>) {
        let found = recognise(DIALECTS, path.as_bytes()).map(|recognised| {
            let model = recognised.model.map(|model| str::from_utf8(model).unwrap());
            (recognised.dialect.name, model)
        });
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn paths_are_recognised_by_their_end() {
        check("/v1/chat/completions", Some(("openai_chat", None)));
        check("/v1/chat/completions?api-version=1", Some(("openai_chat", None)));
        check("/v1/chat/completions/123", None);
        check("/search?q=/v1/chat/completions", None);
        check("/", None);
        check("", None);
    }

    #[test]
    fn a_deployment_in_the_path_is_the_model() {
        let path = "/openai/deployments/gpt/chat/completions?api-version=2024-10-21";
        check(path, Some(("openai_chat", Some("gpt"))));
    }

    #[test]
    fn names_and_paths_are_unique_and_tables_fit() {
        let mut names = BTreeSet::new();
        let mut paths = BTreeSet::new();
        for dialect in DIALECTS {
            assert!(names.insert(dialect.name), "{}", dialect.name);
            for pattern in dialect.paths {
                assert!(paths.insert(pattern.text()), "{}: {}", dialect.name, pattern.text());
            }
            let sizes = [dialect.request.len(), dialect.event.len(), dialect.document.len()];
            assert!(sizes.iter().all(|&rows| rows <= FIELDS_MAX), "{}: {sizes:?}", dialect.name);
            let words: Vec<_> = dialect.kinds.iter().map(|(word, _)| word).collect();
            assert_eq!(
                words.iter().collect::<BTreeSet<_>>().len(),
                words.len(),
                "{}",
                dialect.name
            );
        }
    }
}
