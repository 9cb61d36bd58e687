//! Why something was not measured, not read, or not computed; nothing here is counted.

crate::labels! {
    /// Something that could not be read as its dialect promises.
    pub enum ReadProblem {
        /// The request body is not a JSON document.
        RequestMalformed = "request_malformed",
        /// The request has no rows to predict.
        InstancesMissing = "instances_missing",
        /// The response is not a JSON document.
        ResponseMalformed = "response_malformed",
        /// An event of a stream is not a JSON document, or the stream ends within one. Nothing in it counts.
        EventMalformed = "event_malformed",
        /// An event is longer than `event_bytes_max`, and is read all the same; or a tensor had to be held and was
        /// longer, and is not read.
        EventTooLarge = "event_too_large",
        /// A complete response does not say how many tokens it has.
        UsageMissing = "usage_missing",
        /// The token counts of a complete response contradict each other: its total is no sum of its parts.
        UsageInconsistent = "usage_inconsistent",
        /// A complete response has output in a form that the dialect's tables lack: there is something unknown, and usage
        /// or finish reason say that there is more than what was seen.
        OutputNotUnderstood = "output_not_understood",
        /// The body uses an encoding that is unknown, switched off with `decode`, or stacked more than twice.
        EncodedBody = "encoded_body",
        /// The body is not what its encoding promises.
        EncodingMalformed = "encoding_malformed",
        /// The body expands to more than 256 KiB and over 100 times its size, as a decompression bomb does.
        DecodedTooDense = "decoded_too_dense",
        /// Decoding needs more memory than one body may have.
        DecoderTooLarge = "decoder_too_large",
        /// Other bodies use all the memory that there is for decoders and held tensors.
        NoRoomToDecode = "no_room_to_decode",
        /// A successful response has a content type that the dialect does not use.
        UnexpectedContentType = "unexpected_content_type",
        /// A model server's load report cannot be parsed.
        LoadReportMalformed = "load_report_malformed",
    }
}

crate::labels! {
    /// Why a streamed answer has no time per output token.
    pub enum TpotSkipped {
        /// The model server did not say how many tokens there were.
        UsageMissing = "usage_missing",
        /// All output came at one moment, so there is no time to divide.
        OneChunk = "one_chunk",
        /// Fewer than two tokens were streamed, so there is nothing to divide by.
        TooFewTokens = "too_few_tokens",
        /// Several choices came interleaved; their tokens do not follow one another.
        SeveralChoices = "several_choices",
    }
}

crate::labels! {
    /// Why a stream was not measured.
    pub enum Unmeasured {
        /// The proxy refused the request before the filter saw its headers.
        NoRequestHeaders = "no_request_headers",
        /// The path belongs to no known dialect, and no endpoint declares it.
        UnrecognisedPath = "unrecognised_path",
        /// The path is that of several servers, and neither the request nor the response is of a form that is read.
        UnknownForm = "unknown_form",
        /// The path belongs to a model, but the method is not POST.
        OtherMethod = "other_method",
        /// An endpoint declares that the request must not be read.
        DeclaredNone = "declared_none",
        /// There is no memory left for it in its VM.
        NoRoom = "no_room",
    }
}

crate::labels! {
    /// Why a value falls into no bin.
    pub enum Unbinned {
        /// The value is null or NaN, or a text that stands for a missing value.
        Null = "null",
        /// The row does not have the feature.
        Missing = "missing",
        /// The value is a list or an object, text where a number is expected, or the reverse.
        WrongType = "wrong_type",
        /// The value is infinite, or too large for a double.
        NotFinite = "not_finite",
    }
}
