//! What the paths of bodies can mean: the vocabulary of the dialects' tables. It reads nothing.

/// What a path of an answer means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fact {
    /// Text that a user gets. Says something if it is not empty.
    Visible,
    /// Text that is only thought.
    Reasoning,
    /// Text in which the model declines to answer.
    Refusal,
    /// Anything but null says that the client shall call a tool, and that the model waits for it.
    ToolCall,
    /// Generated output that is no text for a user: the call of a tool, audio, a picture, a vector. Says something if it
    /// is there, not null and no empty string.
    Output,
    /// What stands for one generated token, be there text in it or not.
    Token,
    /// Output that is no sequence of tokens, such as a vector or a picture, so that no count of any is missing.
    Tokenless,
    /// Text of an event whose kind says whether a user sees it.
    Delta,
    /// The word that says what kind of event this is: `kinds` of the dialect.
    Kind,
    /// The start of a part of the output, which has text and perhaps a mark, in any order.
    Part,
    /// The text of the open part.
    PartText,
    /// Output of the open part that is no text, as in [`Fact::Output`].
    PartOutput,
    /// Marks the open part as thought, if true.
    PartIsThought,
    /// The provider's word for why a choice is finished: `finish` of the dialect.
    Finish,
    /// The provider's word for how the answer stands, which is a [`Fact::Finish`] if `finish` of the dialect has it.
    Status,
    /// Anything but null says that a filter of the provider let no answer begin.
    Blocked,
    /// Anything but null and false says that the answer is over, and nothing comes after it.
    End,
    /// The number of the choice that an event belongs to.
    Choice,
    /// Tokens of the prompt.
    InputTokens,
    /// Tokens that tools brought into the prompt, where they are counted apart.
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
    /// Whether the answer shall be streamed.
    Stream,
}

/// What a path of a request means for its size and shape.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PromptField {
    /// Text for the model; whatever is no text is none.
    Text,
    /// One more message.
    Message,
    /// One more tool that the model may call.
    Tool,
    /// The most tokens that the answer may have.
    MaxTokens,
    /// How much chance there is in the answer.
    Temperature,
}
