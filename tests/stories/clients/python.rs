//! The vendors' own clients in Python processes, the scripts of `tests/clients`: a question goes in, what they saw comes
//! out. It judges nothing.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use driftline_testbed::pieces;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// The clients give up before that; the rest is for a busy machine that has to load them first.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// What a client is to ask.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Question {
    /// Chooses the client and its method.
    pub(super) dialect: String,
    pub(super) base_url: String,
    pub(super) query: Value,
    /// The client's arguments.
    pub(super) body: Value,
}

/// What the client's user saw, and what came over the wire. Times are microseconds since the client was called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) objects: Vec<Value>,
    /// What the client raised.
    pub(super) error: Option<Value>,
    /// `None` if the client asked nobody.
    pub(super) status: Option<u16>,
    /// The body without its framing, in hexadecimal digits.
    pub(super) body: String,
    /// The text of all objects of a stream.
    pub(super) text: String,
    /// When the request left the client.
    pub(super) sent_us: Option<u64>,
    /// When the client gave the first object that has text.
    pub(super) first_text_us: Option<u64>,
    pub(super) last_text_us: Option<u64>,
    pub(super) ended_us: u64,
}

/// The clients of models that generate.
pub(super) struct Python(Process);

/// A script that runs, and answers line by line. It ends when this is dropped.
pub(super) struct Process {
    /// Killed when dropped.
    _child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Runs a script of `tests/clients`.
    pub(super) fn start(script: &str) -> Result<Process> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
        let mut command = Command::new(pieces::python()?);
        // The clients and Python read settings, keys and proxies from their environment.
        command.env_clear().arg("-I").arg(script).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start Python")?;
        let questions = child.stdin.take().context("no stdin")?;
        let stdout = child.stdout.take().context("no stdout")?;
        Ok(Process { _child: child, questions, answers: BufReader::new(stdout).lines() })
    }

    /// Says a line.
    pub(super) async fn say(&mut self, question: &impl Serialize) -> Result<()> {
        let line = serde_json::to_string(question)? + "\n";
        self.questions.write_all(line.as_bytes()).await.context("Python does not listen")
    }

    /// Waits for the next line.
    pub(super) async fn hear<A: DeserializeOwned>(&mut self) -> Result<A> {
        let line = timeout(ANSWER_LIMIT, self.answers.next_line()).await;
        let line = line.context("Python does not answer")??.context(
            "Python has ended, and says above why; `cargo xtask setup` fetches the clients",
        )?;
        serde_json::from_str(&line).with_context(|| format!("Python said {line}"))
    }
}

impl Python {
    pub(super) fn start() -> Result<Python> {
        Ok(Python(Process::start("ask.py")?))
    }

    /// Has a question asked, and waits for the end of its answer.
    pub(super) async fn ask(&mut self, question: &Question) -> Result<Answer> {
        self.0.say(question).await?;
        let answer: Answer = self.0.hear().await?;
        ensure!(answer.sent_us.is_some(), "the client asked nobody: {:?}", answer.error);
        let Answer { sent_us, first_text_us, last_text_us, ended_us, .. } = answer;
        let times = [sent_us, first_text_us, last_text_us, Some(ended_us)];
        ensure!(times.into_iter().flatten().is_sorted(), "times out of order: {answer:?}");
        Ok(answer)
    }
}
