//! `driftline profile`: makes the reference profile of a model from its training data.
//! It never leaves a half-written file, and never overwrites the data that it reads.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Write as _},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, anyhow, bail};
use driftline_profiler::{BINS_DEFAULT, Made, Options, ProfilerError, Summary, from_csv, to_text};

/// What stands for standard input or output.
const STANDARD: &str = "-";

/// Make the reference profile of a model from its training data.
///
/// Every column of the CSV becomes a feature, except the target, those excluded, and those without
/// a name. Numbers get quantile bins; integers of few values and booleans a bin per value. A summary
/// goes to standard error, the profile to standard output or to the file of --output.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The training data: a CSV file with a header, or `-` for standard input.
    train: PathBuf,
    /// The name of the model, as requests call it.
    #[arg(long, value_name = "NAME")]
    model: String,
    /// The version of the model that was trained on this data.
    #[arg(long, value_name = "VERSION")]
    model_version: Option<String>,
    /// The column with the true answer: not a feature, and the reference of the predictions unless --prediction says otherwise.
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// The column with what the model answered on these rows: the reference of its predictions.
    #[arg(long, value_name = "COLUMN")]
    prediction: Option<String>,
    /// A column that is no feature; may be given several times.
    #[arg(long, value_name = "COLUMN")]
    exclude: Vec<String>,
    /// The rows to read, like 1..3000: both ends included, the first row after the header is 1.
    #[arg(long, value_name = "FIRST..LAST", value_parser = rows)]
    rows: Option<RangeInclusive<u64>>,
    /// How many quantile bins a column of numbers gets, from 2 to 99.
    #[arg(long, value_name = "COUNT", default_value_t = BINS_DEFAULT)]
    bins: usize,
    /// The file to write; `-`, or nothing, for standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reads, computes, writes, and only then prints the summary.
///
/// # Errors
///
/// Says everything that is wrong with the data and the options at once. The output file is then as it was.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let Args { train, model, model_version, target, prediction, exclude, rows, bins, output } =
        args;
    let output = output.filter(|path| path.as_os_str() != STANDARD);
    if let Some(output) = &output {
        check_output(output, &train)?;
    }
    let created_at =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let options = Options {
        model,
        version: model_version,
        created_at,
        target,
        prediction,
        rows,
        exclude,
        bins,
    };
    let Made { profile, nameless } =
        from_csv(open(&train)?, &options).map_err(|error| explain(error, &train))?;
    let text = to_text(&profile);
    match &output {
        Some(path) => replace(path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?,
        None => io::stdout()
            .write_all(text.as_bytes())
            .context("cannot write the profile to standard output")?,
    }
    eprint!("{}", Summary(&profile));
    for column in nameless {
        eprintln!("left out: column {column}, which has no name, like the index of a data frame");
    }
    if let Some(path) = &output {
        eprintln!("written to {}", path.display());
    }
    Ok(())
}

fn rows(text: &str) -> Result<RangeInclusive<u64>, String> {
    text.split_once("..")
        .and_then(|(first, last)| Some(first.trim().parse().ok()?..=last.trim().parse().ok()?))
        .ok_or_else(|| String::from("expected two numbers of rows, like 1..3000"))
}

fn open(train: &Path) -> anyhow::Result<Box<dyn Read>> {
    if train.as_os_str() == STANDARD {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(train)
        .with_context(|| format!("cannot open the training data {}", train.display()))?;
    // Reading a directory fails with words that do not help; opening one does not fail at all.
    if file.metadata()?.is_dir() {
        bail!("cannot read {}: it is a directory, expected a CSV file", train.display());
    }
    Ok(Box::new(BufReader::new(file)))
}

/// Finds out what speaks against writing before minutes are spent on reading.
fn check_output(output: &Path, train: &Path) -> anyhow::Result<()> {
    if output.is_dir() {
        bail!("cannot write {}: it is a directory, expected a file", output.display());
    }
    let folder = folder_of(output);
    if !folder.is_dir() {
        bail!("cannot write {}: there is no folder {}", output.display(), folder.display());
    }
    if let (Ok(output), Ok(train)) = (fs::canonicalize(output), fs::canonicalize(train))
        && output == train
    {
        bail!("{} is the training data; expected another file for the profile", output.display());
    }
    Ok(())
}

/// One problem per line, and what to do about it.
fn explain(error: ProfilerError, train: &Path) -> anyhow::Error {
    let ProfilerError::Refused(problems) = error else {
        return anyhow::Error::new(error).context(format!("while reading {}", train.display()));
    };
    let mut text = format!("no profile was made of {}:", train.display());
    for problem in problems.kept() {
        text += "\n  - ";
        text += problem;
    }
    if problems.left_out() != 0 {
        text += &format!("\n  - and {} more", problems.left_out());
    }
    if problems.kept().any(|problem| problem.contains("exclude it")) {
        text += "\nA column is excluded with --exclude COLUMN, which may be given several times.";
    }
    anyhow!(text)
}

/// Writes a file whole or not at all: first beside its place, then into it by renaming.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link is followed, so that it stays one. What is no file (a pipe, /dev/null) cannot be renamed onto.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if target.exists() && !target.is_file() {
        return fs::OpenOptions::new().write(true).open(&target)?.write_all(bytes);
    }
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    let beside = target.with_file_name(name);
    let written = File::create(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        // What went wrong is said below; a left-over that cannot be removed is not worth a second message.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use driftline_core::profile::Profile;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    /// A folder of its own for each test, with a small CSV in it; gone at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("driftline-{}-{name}", process::id()));
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("train.csv"), ",wind,city,rain\n0,1.5,A,0\n1,2.5,B,1\n").unwrap();
            Folder(path)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }

        /// Runs the command; words that name files of the folder are replaced by their paths.
        fn run(&self, words: &str) -> Result<(), String> {
            let words = words.split_whitespace().map(|word| match word {
                _ if word.contains('.') && !word.contains("..") => self.path(word).into_os_string(),
                _ => word.into(),
            });
            let command = Command::try_parse_from(["profile".into()].into_iter().chain(words))
                .map_err(|error| error.to_string())?;
            run(command.args).map_err(|error| {
                format!("{error:#}").replace(&format!("{}/", self.0.display()), "")
            })
        }

        fn files(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const GOOD: &str = "train.csv --model rain --target rain --exclude city -o out.json";

    #[test]
    fn the_profile_is_written_and_reads_back() {
        let folder = Folder::new("good");
        fs::write(folder.path("out.json"), "old").unwrap();
        folder.run(GOOD).unwrap();
        let profile = Profile::from_json(&fs::read(folder.path("out.json")).unwrap()).unwrap();
        assert_eq!((profile.model.as_str(), profile.rows), ("rain", 2));
        assert_eq!(profile.features.len(), 1);
        assert!(profile.prediction.is_some());
        assert_eq!(folder.files(), ["out.json", "train.csv"]);
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_no_other() {
        let folder = Folder::new("failure");
        fs::write(folder.path("out.json"), "old").unwrap();
        fs::write(folder.path("train.csv"), "city,rain\nOmaha,0\n7,1\n").unwrap();
        let error = folder.run("train.csv --model rain -o out.json").unwrap_err();
        assert!(
            error.starts_with("no profile was made of train.csv:\n  - the column `city`"),
            "{error}"
        );
        assert!(error.contains("--exclude COLUMN"), "{error}");
        assert_eq!(fs::read(folder.path("out.json")).unwrap(), b"old");
        assert_eq!(folder.files(), ["out.json", "train.csv"]);
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = Folder::new("missing");
        let error = folder.run("no.csv --model rain").unwrap_err();
        assert!(error.starts_with("cannot open the training data no.csv: No such file"), "{error}");
    }

    #[test]
    fn all_that_is_wrong_with_the_columns_is_said_at_once() {
        let folder = Folder::new("columns");
        let error = folder.run("train.csv --model rain --target Rain --exclude town").unwrap_err();
        assert_eq!(
            error,
            "no profile was made of train.csv:\n  \
             - found no column `town` to exclude, the columns are `wind`, `city`, `rain`\n  \
             - found no column `Rain` as the target, the columns are `wind`, `city`, `rain`"
        );
    }

    #[test]
    fn rows_are_two_numbers_that_exist() {
        let folder = Folder::new("rows");
        for words in ["3000", "a..b", "1..", "..5", "-1..5"] {
            let error = folder.run(&format!("{GOOD} --rows={words}")).unwrap_err();
            assert!(error.contains("expected two numbers of rows, like 1..3000"), "{error}");
        }
        let error = folder.run(&format!("{GOOD} --rows 1..7")).unwrap_err();
        assert!(error.contains("found 2 rows, expected rows 1 to 7 to exist"), "{error}");
        folder.run(&format!("{GOOD} --rows 2..2")).unwrap();
    }

    #[test]
    fn an_output_that_cannot_be_is_refused_before_reading() {
        let folder = Folder::new("output");
        let error = folder.run("no.csv --model rain -o none/out.json").unwrap_err();
        assert!(error.contains("there is no folder"), "{error}");
        let error = folder.run("train.csv --model rain -o train.csv").unwrap_err();
        assert!(
            error.ends_with("is the training data; expected another file for the profile"),
            "{error}"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_a_link_and_a_device_a_device() {
        let folder = Folder::new("link");
        std::os::unix::fs::symlink(folder.path("real.json"), folder.path("out.json")).unwrap();
        fs::write(folder.path("real.json"), "old").unwrap();
        folder.run(GOOD).unwrap();
        assert!(fs::symlink_metadata(folder.path("out.json")).unwrap().is_symlink());
        assert!(fs::read(folder.path("real.json")).unwrap().starts_with(b"{"));
        replace(Path::new("/dev/null"), b"x").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }
}
