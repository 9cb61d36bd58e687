//! The vendors' own clients in a Python process, `tests/clients/ask.py`: a question goes in, what they saw comes out.
//! It judges nothing.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use driftline_testbed::pieces;
use serde::{Deserialize, Serialize};
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

/// A running process. It ends when this is dropped.
pub(super) struct Python {
    /// Killed when dropped.
    _child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Python {
    pub(super) fn start() -> Result<Python> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/ask.py");
        let mut command = Command::new(pieces::python()?);
        // The clients and Python read settings, keys and proxies from their environment.
        command.env_clear().arg("-I").arg(script).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start Python")?;
        let questions = child.stdin.take().context("no stdin")?;
        let stdout = child.stdout.take().context("no stdout")?;
        Ok(Python { _child: child, questions, answers: BufReader::new(stdout).lines() })
    }

    /// Has a question asked, and waits for the end of its answer.
    pub(super) async fn ask(&mut self, question: &Question) -> Result<Answer> {
        let line = serde_json::to_string(question)? + "\n";
        self.questions.write_all(line.as_bytes()).await.context("Python does not listen")?;
        let line = timeout(ANSWER_LIMIT, self.answers.next_line()).await;
        let line = line.context("Python does not answer")??.context(
            "Python has ended, and says above why; `cargo xtask setup` fetches the clients",
        )?;
        let answer: Answer =
            serde_json::from_str(&line).with_context(|| format!("Python said {line}"))?;
        ensure!(answer.sent_us.is_some(), "the client asked nobody: {:?}", answer.error);
        let Answer { sent_us, first_text_us, last_text_us, ended_us, .. } = answer;
        let times = [sent_us, first_text_us, last_text_us, Some(ended_us)];
        ensure!(times.into_iter().flatten().is_sorted(), "times out of order: {answer:?}");
        Ok(answer)
    }
}
