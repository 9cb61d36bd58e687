//! Why a model stopped, in a handful of words for all providers; no provider's own word becomes a label.

/// Why a model stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FinishReason {
    /// It was done, or met a stop sequence.
    Stop,
    /// A limit of tokens cut it.
    Length,
    /// It calls a tool, and waits for the result.
    ToolCalls,
    /// The model itself declined to answer.
    Refusal,
    /// A filter of the provider cut or blocked it.
    ContentFilter,
    /// The provider failed.
    Error,
    /// A word that no table has.
    Other,
}

impl FinishReason {
    pub(crate) const ALL: [FinishReason; 7] = [
        FinishReason::Stop,
        FinishReason::Length,
        FinishReason::ToolCalls,
        FinishReason::Refusal,
        FinishReason::ContentFilter,
        FinishReason::Error,
        FinishReason::Other,
    ];

    /// The label value.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::Refusal => "refusal",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Error => "error",
            FinishReason::Other => "other",
        }
    }
}
