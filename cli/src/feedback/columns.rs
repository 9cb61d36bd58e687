//! Which column becomes which member of a record; it sees names only.

use std::collections::HashSet;

use driftline_profiler::ColumnNames;

use super::Args;

/// A member of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Member {
    Model,
    Version,
    Label,
    Prediction,
    Score,
    Id,
    Row,
    PredictedAt,
    /// A number under this name.
    Kpi(String),
    /// A value of any type under this name.
    Feature(String),
}

impl Member {
    /// As the wire has it.
    pub(super) fn name(&self) -> &str {
        match self {
            Member::Model => "model",
            Member::Version => "version",
            Member::Label => "label",
            Member::Prediction => "prediction",
            Member::Score => "score",
            Member::Id => "id",
            Member::Row => "row",
            Member::PredictedAt => "predicted_at",
            Member::Kpi(name) | Member::Feature(name) => name,
        }
    }

    /// Whether it is no number, whatever its column holds.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Member::Model | Member::Version | Member::Id)
    }

    fn option(&self) -> String {
        match self {
            Member::Kpi(_) => "--kpi".into(),
            Member::Feature(_) => "--feature".into(),
            // Features are named as columns are, and these are not.
            other => format!("--{}", other.name().replace('_', "-")),
        }
    }
}

/// Members that say which prediction a label belongs to.
const PREDICTIONS: [Member; 3] = [Member::Prediction, Member::Score, Member::Id];

/// A member, and the column that it comes from.
#[derive(Clone, Debug)]
struct Source {
    member: Member,
    column: String,
    /// An option names the column, so it must exist.
    is_asked_for: bool,
}

/// All members that records may have.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    sources: Vec<Source>,
}

impl Columns {
    /// # Errors
    ///
    /// Members of one name.
    pub(super) fn new(args: &Args) -> Result<Columns, String> {
        let mut sources = Vec::new();
        // A value for all rows takes the place of the column.
        let of_all = [(Member::Model, &args.model), (Member::Version, &args.version)];
        for (member, _) in of_all.into_iter().filter(|(_, value)| value.is_none()) {
            sources.push(Source { column: member.name().into(), member, is_asked_for: false });
        }
        for (member, column) in [
            (Member::Label, &args.label),
            (Member::Prediction, &args.prediction),
            (Member::Score, &args.score),
            (Member::Id, &args.id),
            (Member::Row, &args.row),
            (Member::PredictedAt, &args.predicted_at),
        ] {
            let is_asked_for = column.is_some();
            let column = column.clone().unwrap_or_else(|| member.name().into());
            sources.push(Source { member, column, is_asked_for });
        }
        for (name, column) in &args.kpis {
            let (member, column) = (Member::Kpi(name.clone()), column.clone());
            sources.push(Source { member, column, is_asked_for: true });
        }
        for column in &args.features {
            let member = Member::Feature(column.trim().to_owned());
            sources.push(Source { member, column: column.clone(), is_asked_for: true });
        }
        check_names(&sources)?;
        Ok(Columns { sources })
    }

    /// What a column is read for.
    pub(super) fn members_of(&self, column: &str) -> Vec<Member> {
        let is_it = |source: &&Source| source.column.trim() == column;
        self.sources.iter().filter(is_it).map(|source| source.member.clone()).collect()
    }

    /// What a file with these columns lacks, all of it.
    pub(super) fn missing(&self, names: &[String]) -> Vec<String> {
        let shown = ColumnNames(names);
        let has = |source: &Source| names.iter().any(|name| name.trim() == source.column.trim());
        let mut missing = Vec::new();
        for source in self.sources.iter().filter(|source| source.is_asked_for && !has(source)) {
            missing.push(format!(
                "found no column `{}` for {}, the columns are {shown}",
                source.column,
                source.member.option()
            ));
        }
        let lacks = |member: &Member| {
            let source = self.sources.iter().find(|source| source.member == *member);
            source.is_some_and(|source| !source.is_asked_for && !has(source))
        };
        if lacks(&Member::Model) {
            missing.push(format!(
                "found no column `model`, the columns are {shown}; --model NAME says it for all rows"
            ));
        }
        if lacks(&Member::Label) {
            missing.push(format!(
                "found no column `label`, the columns are {shown}; --label COLUMN names the one with what turned out \
                 to be true"
            ));
        }
        let of_predictions = |source: &Source| PREDICTIONS.contains(&source.member);
        let mut predictions = self.sources.iter().filter(|source| of_predictions(source));
        if !predictions.any(|source| source.is_asked_for || has(source)) {
            missing.push(format!(
                "found none of the columns `prediction`, `score` and `id`, so no label belongs to a prediction; the \
                 columns are {shown}; --prediction COLUMN, --score COLUMN or --id COLUMN names one"
            ));
        }
        let row = self.sources.iter().find(|source| source.member == Member::Row);
        let id = self.sources.iter().find(|source| source.member == Member::Id);
        if row.is_some_and(|row| row.is_asked_for) && id.is_some_and(|id| !has(id)) {
            missing.push(format!(
                "found no column `id`, which --row needs, because it counts the rows of one request; the columns are \
                 {shown}; --id COLUMN names one"
            ));
        }
        missing
    }
}

fn check_names(sources: &[Source]) -> Result<(), String> {
    // A model that is given for all rows is a member, too.
    let mut names: HashSet<&str> = HashSet::from(["model", "version"]);
    for Source { member, .. } in sources {
        let is_new = names.insert(member.name());
        let is_named = matches!(member, Member::Kpi(_) | Member::Feature(_));
        if is_named && (!is_new || member.name().is_empty()) {
            let option = member.option();
            let help = match member {
                Member::Kpi(_) => "; --kpi NAME=COLUMN gives it another name",
                _ => "",
            };
            return Err(format!(
                "{option} {}: found `{}` as the name of a member, expected one that no other member has{help}",
                member.name(),
                member.name()
            ));
        }
    }
    Ok(())
}
