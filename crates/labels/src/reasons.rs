//! Why something was not measured, not read, or not computed; nothing here is counted.

crate::labels! {
    /// Something that could not be read as its dialect promises.
    pub enum ReadProblem {
        /// The request's body is no JSON document.
        RequestMalformed = "request_malformed",
        /// The request has no rows to predict.
        InstancesMissing = "instances_missing",
        /// The answer is no JSON document.
        ResponseMalformed = "response_malformed",
        /// An event of a streamed answer is no JSON document.
        EventMalformed = "event_malformed",
        /// An event is longer than `event_bytes_max`, and is read all the same; or a tensor is whose data had to be
        /// held, and is not read.
        EventTooLarge = "event_too_large",
        /// The answer came whole without saying how many tokens it has.
        UsageMissing = "usage_missing",
        /// The body has a coding that is unknown or switched off.
        EncodedBody = "encoded_body",
        /// The body is not what its coding promises.
        EncodingMalformed = "encoding_malformed",
        /// The body expands far more than real ones do, as a bomb does.
        DecodedTooDense = "decoded_too_dense",
        /// Decoding the body takes more memory than one body may have.
        DecoderTooLarge = "decoder_too_large",
        /// Other bodies took all the memory that there is for decoding.
        NoRoomToDecode = "no_room_to_decode",
        /// A successful answer is of a content type that the dialect does not have.
        UnexpectedContentType = "unexpected_content_type",
        /// What a model server says about its load is no report.
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
        /// The request speaks no dialect that Driftline knows.
        UnrecognisedPath = "unrecognised_path",
        /// The path is one that a model answers at, but the method is not POST.
        OtherMethod = "other_method",
        /// The configuration declares that this is not for a model.
        DeclaredNone = "declared_none",
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
