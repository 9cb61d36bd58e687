//! Which paths and content types say what.

use std::{format, str};

use super::DIALECTS;
use crate::{
    predictive::{
        csv::{Header, Record},
        reader::Form,
    },
    recognition::Recogniser,
};

#[track_caller]
fn check(path: &str, expected: Option<(&str, Option<&str>, Option<&str>)>) {
    let recogniser = Recogniser::default();
    let found = recogniser.recognise(path.as_bytes(), None).ok();
    let found = found.filter(|found| found.dialect.predicts());
    let found = found.as_ref().map(|found| {
        // Nothing names the model if it has no name.
        let model = found.model.as_ref().filter(|model| !model.is_empty());
        let [model, version] = [model, found.version.as_ref()]
            .map(|name| name.map(|name| str::from_utf8(name).unwrap()));
        (found.dialect.name(), model, version)
    });
    assert_eq!(found, expected, "{path}");
}

#[test]
fn kserve_names_the_model_before_the_method() {
    let rain = Some(("kserve_v1", Some("rain"), None));
    for method in ["predict", "classify", "regress"] {
        check(&format!("/v1/models/rain:{method}"), rain);
        check(&format!("/serving/v1/models/rain:{method}?x=1"), rain);
        let version = Some(("kserve_v1", Some("rain"), Some("3")));
        check(&format!("/v1/models/rain/versions/3:{method}"), version);
        let label = Some(("kserve_v1", Some("rain"), Some("stable")));
        check(&format!("/v1/models/rain/labels/stable:{method}"), label);
    }
    check("/v1/models/a:b:predict", Some(("kserve_v1", Some("a:b"), None)));
    check("/v1/models/rain", None);
    check("/v1/models/rain:explain", None);
    check("/v1/models/:predict", None);
    check("/v1/models/rain/versions/:predict", None);
    check("/v2/models/rain:predict", None);
    check("/", None);
}

#[test]
fn vertex_names_an_endpoint_or_a_model_of_a_publisher() {
    let location = "/v1/projects/p/locations/europe-west4";
    for method in ["predict", "rawPredict"] {
        let endpoint = format!("{location}/endpoints/123:{method}");
        check(&endpoint, Some(("kserve_v1", Some("123"), None)));
    }
    let model = Some(("kserve_v1", Some("text-embedding-005"), None));
    check(&format!("{location}/publishers/google/models/text-embedding-005:predict"), model);
    check(&format!("{location}/endpoints/123:directPredict"), None);
}

#[test]
fn torchserve_names_the_model_at_the_end() {
    check("/predictions/rain", Some(("torchserve", Some("rain"), None)));
    check("/a/predictions/rain/", Some(("torchserve", Some("rain"), None)));
    check("/predictions/rain/2.0?x", Some(("torchserve", Some("rain"), Some("2.0"))));
    check("/predictions", Some(("cog", None, None)));
    check("/forms/7/predictions/", Some(("cog", None, None)));
    check("/predictions/rain/2.0/more", None);
    check("/score", Some(("azure_ml", None, None)));
}

#[test]
fn seldon_names_the_deployment_or_leaves_it_to_the_host() {
    check("/api/v1.0/predictions", Some(("seldon_v1", None, None)));
    check("/api/v0.1/predictions", Some(("seldon_v1", None, None)));
    let rain = Some(("seldon_v1", Some("rain"), None));
    check("/seldon/models/rain/api/v1.0/predictions", rain);
    check("/seldon/models/rain/api/v0.1/predictions", rain);
    check("/seldon/rain/api/v1.0/predictions", rain);
    check("/api/v1.0/feedback", None);
    check("/api/v1.0/explanations", None);
}

#[test]
fn the_open_inference_protocol_names_the_model_in_the_path_or_in_the_message() {
    let rain = Some(("v2_rest", Some("rain"), None));
    check("/v2/models/rain/infer", rain);
    check("/serving/v2/models/rain/infer?x=1", rain);
    check("/v2/models/rain/versions/3/infer", Some(("v2_rest", Some("rain"), Some("3"))));
    check("/inference.GRPCInferenceService/ModelInfer", Some(("v2_grpc", None, None)));
    check("/inference.GRPCInferenceService/ModelStreamInfer", Some(("v2_grpc_stream", None, None)));
    check("/v2/models/rain/generate", None);
    check("/v2/models/rain/ready", None);
    check("/v2/models/infer", None);
    check("/inference.GRPCInferenceService/ModelReady", None);
}

#[test]
fn invocations_are_those_of_a_named_endpoint_or_of_any() {
    check("/endpoints/rain/invocations", Some(("sagemaker", Some("rain"), None)));
    check("/invocations", Some(("invocations", None, None)));
    check("/mlflow/rain/invocations", Some(("invocations", None, None)));
    check("/endpoints/rain/invocations-response-stream", Some(("sagemaker", Some("rain"), None)));
    let databricks = Some(("invocations", Some("rain"), None));
    check("/serving-endpoints/rain/invocations", databricks);
    check("/ping", None);
}

/// The form of a request, as people read it.
#[track_caller]
fn check_type(dialect: &str, content_type: Option<&str>, expected: &str) {
    let dialect = DIALECTS.iter().find(|known| known.name == dialect).unwrap();
    let found = match dialect.request.of(content_type.map(str::as_bytes)) {
        None => "unread",
        Some(Form::Document(_)) => "document",
        Some(Form::Lines(_)) => "lines",
        Some(Form::Csv(Header::Present, Record::Row)) => "csv with names",
        Some(Form::Csv(Header::Absent, Record::Row)) => "csv",
        Some(Form::Csv(Header::Unknown, Record::Row)) => "csv with names or without",
        Some(Form::Csv(_, Record::RowOrRows)) => "csv of answers",
        Some(Form::Tensors { .. }) => "tensors",
        Some(Form::Messages { .. }) => "messages",
    };
    assert_eq!(found, expected, "{} {content_type:?}", dialect.name);
}

#[test]
fn a_content_type_says_the_form() {
    check_type("mlflow", Some("text/csv"), "csv with names");
    check_type("mlflow", Some("Text/CSV; charset=utf-8"), "csv with names");
    check_type("mlflow", Some("text/csv; header=absent"), "csv");
    check_type("sagemaker", Some("text/csv"), "csv");
    check_type("sagemaker", Some("text/csv;charset=utf-8; Header=Present"), "csv with names");
    check_type("sagemaker", Some("application/jsonlines"), "lines");
    check_type("invocations", Some("text/csv"), "csv with names or without");
    check_type("kserve_v1", Some("application/json"), "document");
    check_type("v2_rest", Some("application/octet-stream"), "tensors");
    check_type("v2_grpc", Some("application/grpc+proto"), "messages");
}

#[test]
fn a_content_type_that_says_nothing_is_the_usual_form() {
    for content_type in [
        None,
        Some(""),
        Some("application/x-www-form-urlencoded"),
        Some("text/plain"),
        Some("application/octet-stream"),
        Some("application/json; charset=utf-8"),
        Some("imagery"),
    ] {
        check_type("kserve_v1", content_type, "document");
    }
}

#[test]
fn a_content_type_without_rows_is_not_read() {
    for content_type in [
        "text/libsvm",
        "Application/X-Recordio-Protobuf",
        "application/x-npy; a=b",
        "image/png",
        "multipart/form-data; boundary=x",
    ] {
        check_type("sagemaker", Some(content_type), "unread");
    }
}
