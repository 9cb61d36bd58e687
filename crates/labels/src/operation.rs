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
        /// To rank documents by how well they fit a query. OpenTelemetry has no word for it, nor for the next ones.
        Rerank = "rerank",
        /// To say of which class an input is, or how alike two inputs are.
        Classify = "classify",
        /// To say why a model predicts what it does.
        Explain = "explain",
        /// To predict rows from rows.
        Predict = "predict",
    }
}
