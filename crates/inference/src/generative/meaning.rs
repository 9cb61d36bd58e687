//! What the paths of bodies can mean: the vocabulary of the dialects' tables. It reads nothing.

use crate::generative::usage::Counted;

/// What a path of an answer means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fact {
    /// Text that the user gets. An empty one is no output.
    Visible,
    /// Text of the model's reasoning.
    Reasoning,
    /// Text in which the model declines to answer.
    Refusal,
    /// If not null: the client is to call a tool, and the model waits for the result, though it says that it stopped.
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
    /// Likewise of an event with a [`Fact::Delta`]: a word that `kinds` does not have tells whether that is reasoning.
    DeltaKind,
    /// The start of a part of the output. A part has text, and perhaps its kind or the mark that it is reasoning, in any
    /// order. A part that is a string is text.
    Part,
    /// The text of the open part.
    PartText,
    /// Output of the open part that is not text, as in [`Fact::Output`].
    PartOutput,
    /// The word for the kind of the open part: text, reasoning, or what no table has.
    PartKind,
    /// Marks the open part as reasoning, if true.
    PartIsThought,
    /// The provider's word for why a choice is finished.
    Finish,
    /// The provider's word for how the answer stands, which is a [`Fact::Finish`] if it says that the answer is over.
    Status,
    /// If not null: a filter of the provider blocked the answer before it began.
    Blocked,
    /// If neither null nor false: the answer is over, and nothing comes after it.
    End,
    /// The number of the choice that an event belongs to.
    Choice,
    /// What follows are token counts where the dialect has them.
    Usage,
    /// What follows are token counts somewhere else.
    UsageElsewhere,
    /// A count of tokens.
    Tokens(Counted),
    /// An error in place of output.
    Error,
    /// A text that only an error has.
    ErrorText,
    /// A code like a status of HTTP, or a provider's own: from 400 on it is an error.
    ErrorCode,
    /// What is in here are pieces of the output, each of which comes once. A string is such a piece.
    Pieces,
    /// What is in here is output as a whole: where pieces of it have come, it repeats them.
    Whole,
    /// Text where a dialect has its output, under a name that no table has.
    Unknown,
    /// Likewise anything within such a member.
    UnknownWithin,
    /// Text elsewhere, under a name that no table has: it says something only of an answer in which nothing is known.
    Foreign,
    /// Likewise anything within such a member.
    ForeignWithin,
    /// The answer is of a form that no mark ends.
    Endless,
    /// For rows that only say where else something is, or what is passed over.
    Nothing,
}

impl Fact {
    /// Whether the characters of its text may count.
    pub(super) const fn is_counted(self) -> bool {
        use Fact::{Delta, Part, PartText, Pieces, Refusal, Visible, Whole};
        matches!(self, Visible | Refusal | Delta | Part | PartText | Pieces | Whole)
    }
}

/// What a path of a request means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestField {
    /// The name of the model that is asked.
    Model,
    /// Whether the answer is to be streamed.
    Stream,
    /// What only requests of this dialect have, where its paths are those of other servers, too.
    Shape,
    /// What only requests of that dialect have, where models that predict answer at its paths.
    Of(Rival),
    /// What requests of that dialect have, and perhaps others: its answer decides.
    MaybeOf(Rival),
}

/// A dialect that requests may have at paths where models that predict answer as well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rival {
    /// Conversations.
    OpenaiChat,
    /// Texts to go on with.
    OpenaiCompletions,
    /// Vectors of texts.
    OpenaiEmbeddings,
    /// Texts to go on with, in the form of Text Generation Inference.
    Tgi,
    /// Ranks of documents.
    Rerank,
    /// Scores of pairs.
    Pooling,
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
