//! What the paths of bodies can mean: the vocabulary of the dialects' tables. It reads nothing.

/// What a path of an answer means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fact {
    /// Text that the user gets. An empty one is no output.
    Visible,
    /// Text of the model's reasoning.
    Reasoning,
    /// Text in which the model declines to answer.
    Refusal,
    /// If not null: the client is to call a tool, and the model waits for the result.
    ToolCall,
    /// Generated output that is not text for the user: a tool call, audio, a picture, a vector. Null and an empty
    /// string are no output.
    Output,
    /// One generated token, with or without text.
    Token,
    /// Output that is not a sequence of tokens, such as a vector or a picture, so that its token count is not missing.
    Tokenless,
    /// Text of an event whose kind says whether a user sees it.
    Delta,
    /// The word that says what kind of event this is: `kinds` of the dialect.
    Kind,
    /// The start of a part of the output. A part has text, and perhaps the mark that it is reasoning, in any order.
    Part,
    /// The text of the open part.
    PartText,
    /// Output of the open part that is not text, as in [`Fact::Output`].
    PartOutput,
    /// Marks the open part as reasoning, if true.
    PartIsThought,
    /// The provider's word for why a choice is finished: `finish` of the dialect.
    Finish,
    /// The provider's word for how the answer stands, which is a [`Fact::Finish`] if `finish` of the dialect has it.
    Status,
    /// If not null: a filter of the provider blocked the answer before it began.
    Blocked,
    /// If neither null nor false: the answer is over, and nothing comes after it.
    End,
    /// The number of the choice that an event belongs to.
    Choice,
    /// Tokens of the prompt.
    InputTokens,
    /// Tokens that tools added to the prompt, where they are counted apart.
    ToolInputTokens,
    /// Tokens of the prompt that were read from a cache.
    CachedInputTokens,
    /// Tokens of the prompt that were written to a cache.
    CacheWriteTokens,
    /// Generated tokens.
    OutputTokens,
    /// Generated tokens spent on reasoning.
    ReasoningTokens,
    /// An error in place of output.
    Error,
}

/// What a path of a request means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestField {
    /// The name of the model that is asked.
    Model,
    /// Whether the answer is to be streamed.
    Stream,
}

/// What a path of a request means for the request's features.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PromptField {
    /// Text for the model. A value that is not a string has none.
    Text,
    /// One more message.
    Message,
    /// One more tool that the model may call.
    Tool,
    /// The most tokens that the answer may have.
    MaxTokens,
    /// The sampling temperature.
    Temperature,
}
