//! What a request asks a model to do, in the words of OpenTelemetry's `gen_ai.operation.name` where it has one.

crate::labels! {
    /// What a request asks a model to do.
    pub enum Operation {
        /// To go on with a conversation.
        Chat = "chat",
        /// To go on with a text.
        TextCompletion = "text_completion",
        /// To generate content of several kinds, as Gemini calls it.
        GenerateContent = "generate_content",
        /// To embed texts as vectors.
        Embeddings = "embeddings",
        /// To predict rows from rows. OpenTelemetry has no word for it.
        Predict = "predict",
    }
}
