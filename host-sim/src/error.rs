//! What can go wrong between a host and a filter, in words for the person who runs it.

use std::fmt;

use crate::LogLine;

/// A failure of the filter, or of its way into the host.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no module that this host can run.
    Load(String),
    /// The module imports something that Envoy does not offer, or lacks an export it must have.
    Link(String),
    /// `on_vm_start` or `on_configure` answered false.
    Refused {
        /// The callback that did.
        callback: &'static str,
        /// What the filter wrote to the log meanwhile, at any level.
        log: Vec<LogLine>,
    },
    /// The guest trapped; its VM is dead from here on.
    Trap {
        /// The callback it happened in.
        callback: &'static str,
        /// The trap, with the guest's backtrace where its names are known.
        message: String,
    },
    /// The filter does not see this stream, or not all of it: its VM died in a callback that was not about it.
    Dead {
        /// The crash that the VM died of.
        crash: Box<Error>,
    },
    /// A callback answered something else than Continue.
    Paused {
        /// The callback that did.
        callback: &'static str,
        /// The raw answer.
        action: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Load(reason) => write!(f, "the filter cannot be loaded: {reason}"),
            Error::Link(reason) => write!(f, "the filter does not link: {reason}"),
            Error::Refused { callback, log } => {
                write!(f, "the filter refused its configuration ({callback} answered false)")?;
                if log.is_empty() {
                    return write!(f, " and wrote nothing to the log");
                }
                log.iter().try_for_each(|line| write!(f, "\n  {}", line.message))
            }
            Error::Trap { callback, message } => {
                write!(f, "the filter crashed in {callback}: {message}")
            }
            Error::Dead { crash } => {
                write!(f, "the filter's VM was dead already, because {crash}")
            }
            Error::Paused { callback, action } => {
                write!(f, "{callback} answered {action}, and this host only supports 0 (Continue)")
            }
        }
    }
}

impl std::error::Error for Error {}
