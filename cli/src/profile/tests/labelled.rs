//! The command on small tables with labels; what is counted has tests of its own.

use driftline_profiler::LeftOut;
use driftline_statistics::profile::quality::{Quality, Task};

use super::*;

impl Folder {
    /// The quality of a table that is written as `labelled.csv`.
    fn quality(&self, words: &str) -> Quality {
        self.run(&format!("{words} --model churn -o out.json")).unwrap();
        let profile = Profile::from_json(&fs::read(self.path("out.json")).unwrap()).unwrap();
        *profile.quality.unwrap()
    }
}

const TABLE: &str = "\
age,city,label,score,class
31,N,1,0.9,1
42,N,0,0.2,0
53,E,0,0.6,0
64,E,1,0.4,1
75,N,,0.4,1
86,N,1,,1
";

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    fs::write(folder.path("labelled.csv"), TABLE).unwrap();
    folder
}

fn confusion(quality: &Quality) -> Vec<u64> {
    match &quality.task {
        Task::Classes(classes) => classes.confusion.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn labels_and_scores_give_the_quality() {
    let folder = folder("labels");
    let words = "labelled.csv --exclude class --label label --score score";
    let quality = folder.quality(words);
    assert_eq!(confusion(&quality), [1, 1, 1, 1]);
    assert!(quality.segments.is_empty());
    let text = fs::read_to_string(folder.path("out.json")).unwrap();
    assert!(text.contains("\"format_version\": 4"), "{text}");
    // A line for each list.
    assert!(text.contains("\n      [1, 1],\n      [1, 1]\n"), "{text}");
    let profile = Profile::from_json(text.as_bytes()).unwrap();
    let names: Vec<&str> = profile.features.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["age", "city"]);
    let range = profile.prediction.unwrap().schema.range.unwrap();
    assert_eq!(
        (range.minimum, range.maximum),
        (0.2, 0.9),
        "a model that answers scores predicts them"
    );

    let lower = folder.quality(&format!("{words} --threshold 4e-1 --positive 1"));
    assert_eq!(confusion(&lower), [1, 1, 0, 2]);
    let swapped = folder.quality(&format!("{words} --positive 0"));
    assert_eq!(confusion(&swapped), [1, 1, 1, 1]);
    let by_city = folder.quality(&format!("{words} --segment city --segment age"));
    let [city, age] = &by_city.segments[..] else { panic!("{by_city:?}") };
    assert_eq!(
        (&*city.feature, &city.rows, &city.errors),
        ("city", &vec![2, 2, 0, 0], &vec![0, 2000, 0, 0])
    );
    assert_eq!(age.rows.iter().sum::<u64>(), 4);
}

#[test]
fn predictions_give_the_quality_too() {
    let folder = folder("predictions");
    let quality = folder.quality("labelled.csv --exclude score --label label --prediction class");
    assert_eq!(confusion(&quality), [2, 0, 0, 3]);
    let words = "labelled.csv --exclude class --label label --prediction score";
    assert_eq!(confusion(&folder.quality(words)), [1, 1, 1, 1]);
    let quality = folder.quality(&format!("{words} --regression"));
    let Task::Regression(regression) = quality.task else { panic!("{quality:?}") };
    assert_eq!((regression.mean, regression.sums.rows), (0.5, 4));
}

#[test]
fn standard_formats_give_the_same_quality() {
    let folder = folder("labelled-formats");
    let lines = "\
{\"asked\": 1795608000, \"age\": 31, \"label\": true, \"score\": 0.9}
{\"asked\": 1795608000, \"age\": 42, \"label\": false, \"score\": 0.2}
{\"asked\": 1795608000, \"age\": 53, \"label\": false, \"score\": 0.6}
{\"asked\": 1795608000, \"age\": 64, \"score\": 0.4, \"label\": true}
{\"asked\": 1795608000, \"age\": 75, \"score\": 0.4}
";
    fs::write(folder.path("labelled.jsonl"), lines).unwrap();
    let quality = folder.quality("labelled.jsonl --label label --score score --by-hour asked");
    let Task::Classes(classes) = &quality.task else { panic!("{quality:?}") };
    assert_eq!(classes.names, ["false", "true"]);
    assert_eq!(classes.confusion, [1, 1, 1, 1]);
}

#[test]
fn options_of_labels_need_each_other() {
    let folder = folder("needs");
    for (words, message) in [
        ("--score score", "found a score without a prediction"),
        ("--segment age", "--label <COLUMN>"),
        ("--threshold 1", "--label <COLUMN>"),
        ("--label label --score score --regression", "cannot be used with"),
        ("--label label --threshold x --score score", "invalid value 'x'"),
        ("--label label", "--prediction COLUMN or --score COLUMN"),
        ("--label outcome --score score", "found no column `outcome` as the label"),
        (
            "--label label --score age",
            "the column `age` holds 31 at row 1 (line 2); expected scores, which are probabilities from 0 to 1",
        ),
    ] {
        let error = folder.run(&format!("labelled.csv --model churn {words}")).unwrap_err();
        assert!(error.contains(message), "{words}: {error}");
    }
    let error = folder.run(&format!("{REQUESTS} --label label")).unwrap_err();
    assert!(error.contains("cannot be used with"), "{error}");
}

#[test]
fn outcomes_become_kpis_and_may_be_all_that_there_is() {
    let folder = folder("kpis");
    let mut rows = String::from("click,revenue\n");
    for row in 0..1000 {
        rows += if row % 50 == 0 { "1,12.5\n" } else { "0,0\n" };
    }
    fs::write(folder.path("outcomes.csv"), rows).unwrap();
    folder.run("outcomes.csv --model chat --kpi click --kpi revenue -o out.json").unwrap();
    let profile = Profile::from_json(&fs::read(folder.path("out.json")).unwrap()).unwrap();
    assert_eq!((profile.features.len(), profile.kpis.len()), (0, 2));
    let means = profile.kpis.iter().map(|kpi| kpi.column.numbers.as_ref().unwrap().mean);
    assert_eq!(means.collect::<Vec<_>>(), [0.02, 0.25]);
    // Beside labels, of which one may be a KPI.
    let quality = folder.quality(
        "labelled.csv --label class --prediction score --regression --kpi class --exclude label",
    );
    assert!(matches!(quality.task, Task::Regression(_)), "{quality:?}");
    let error = folder.run("outcomes.csv --model chat --kpi clicks").unwrap_err();
    assert!(error.contains("found no column `clicks` as a KPI"), "{error}");
    let words = "outcomes.csv --model chat --kpi click --label revenue --score x --segment click";
    let error = folder.run(words).unwrap_err();
    assert!(error.contains("found no column `x` as the score"), "{error}");
    let error = folder.run(&format!("{REQUESTS} --kpi click")).unwrap_err();
    assert!(error.contains("cannot be used with"), "{error}");
}

#[test]
fn what_is_left_out_is_said() {
    let said = labels::left_out_said;
    let one = LeftOut { without_label: 1, ..LeftOut::default() };
    assert_eq!(said(one), "left out of the quality: 1 row, 1 without a label");
    let some = LeftOut { unusable_label: 2, unusable_prediction: 3, ..one };
    assert_eq!(
        said(some),
        "left out of the quality: 6 rows, 1 without a label, 2 with an unusable label, 3 with an unusable prediction"
    );
}

#[test]
fn scores_and_classes_are_kept_for_answers() {
    let folder = folder("answers");
    let rows = "x,kind,p\n1,b,0.9\n2,a,0.2\n3,b,0.7\n4,a,0.1\n";
    fs::write(folder.path("scored.csv"), rows).unwrap();
    let answer = |words: &str| {
        folder.run(&format!("scored.csv --model m --target kind {words} -o out.json")).unwrap();
        let text = fs::read(folder.path("out.json")).unwrap();
        *Profile::from_json(&text).unwrap().answer.unwrap()
    };
    let usual = answer("--score p");
    let score = usual.score.unwrap();
    assert_eq!((usual.name.as_deref(), score.name.as_str()), (Some("kind"), "p"));
    // Some scores are below one half, so they are those of the second class.
    assert_eq!((usual.classes.len(), usual.score_class.as_deref()), (0, Some("b")));
    let said = answer("--classes b,a --exclude p");
    assert_eq!((said.classes, said.score), (vec!["b".to_owned(), "a".into()], None));
    let error = folder.run("scored.csv --model m --target kind --classes a,a").unwrap_err();
    assert!(error.contains("expected 2 to 99 different ones"), "{error}");
}
