//! Reads how answers tell the prediction; it judges no answer.

use alloc::{string::String, vec::Vec};

use super::{NAME, column::Within, feature, schema::texts};
use crate::{
    document::{Node, Object, Problems},
    profile::{Answer, CLASSES_MAX, FORMAT_VERSION_ANSWER},
};

/// What answers are like; `None` only after noting a problem.
#[inline(never)]
pub(super) fn answer(
    node: &Node<'_, '_>,
    within: Within,
    problems: &mut Problems,
) -> Option<Answer> {
    let Within { format_version, .. } = within;
    if format_version < FORMAT_VERSION_ANSWER {
        node.refuse(format_args!("none in a profile of version {format_version}"), problems);
        return None;
    }
    let before = problems.count();
    let fields = node.object(&[NAME, "classes", "score", "score_class"], problems)?;
    let classes = fields.optional("classes");
    let score = fields.optional("score");
    let found = Answer {
        name: text(&fields, NAME, problems),
        classes: classes.map_or(Some(Vec::new()), |it| texts(&it, 2..=CLASSES_MAX, problems))?,
        score: score.and_then(|it| feature(&it, within, &mut Vec::new(), problems)),
        score_class: text(&fields, "score_class", problems),
    };
    (problems.count() == before).then_some(found)
}

fn text(fields: &Object<'_, '_>, name: &str, problems: &mut Problems) -> Option<String> {
    fields.optional(name)?.name(problems)
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use serde_json::{Value, json};

    use crate::profile::{Profile, read::tests::rain};

    fn good() -> Value {
        let mut json = rain();
        let mut score = json["features"][0].clone();
        score["name"] = json!("confidence");
        json["answer"] =
            json!({"name": "species", "classes": ["b", "a"], "score": score, "score_class": "b"});
        json["format_version"] = json!(6);
        json
    }

    #[test]
    fn what_answers_are_like_is_written_and_read() {
        let profile = Profile::from_json(good().to_string().as_bytes()).unwrap();
        let answer = profile.answer.clone().unwrap();
        assert_eq!(answer.name.as_deref(), Some("species"));
        assert_eq!(answer.classes, ["b", "a"]);
        assert_eq!(answer.score_class.as_deref(), Some("b"));
        let written = serde_json::to_string(&profile).unwrap();
        assert!(written.contains("\"format_version\":6"));
        assert_eq!(Profile::from_json(written.as_bytes()), Ok(profile));
    }

    #[track_caller]
    fn refuses(change: impl FnOnce(&mut Value), expected: &str) {
        let mut json = good();
        change(&mut json);
        let found = Profile::from_json(json.to_string().as_bytes()).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    }

    #[test]
    fn what_says_nothing_about_answers_is_refused() {
        refuses(|json| json["format_version"] = json!(5), "none in a profile of version 5");
        refuses(|json| json["answer"]["classes"] = json!(["a"]), "expected 2 to 99");
        refuses(|json| json["answer"]["score"]["nulls"] = json!(-1), "nulls");
        refuses(|json| json["answer"]["names"] = json!([]), "names");
    }
}
