//! Why a model stopped, in a handful of words for all providers; no provider's own word becomes a label.

crate::labels! {
    /// Why a model stopped.
    pub enum FinishReason {
        /// It was done, or met a stop sequence.
        Stop = "stop",
        /// A limit of tokens cut it.
        Length = "length",
        /// It calls a tool, and waits for the result.
        ToolCalls = "tool_calls",
        /// The model itself declined to answer.
        Refusal = "refusal",
        /// A filter of the provider cut or blocked it.
        ContentFilter = "content_filter",
        /// The provider failed.
        Error = "error",
        /// A word that no table has.
        Other = "other",
    }
}
