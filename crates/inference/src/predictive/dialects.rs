//! All dialects of models that predict, one file each; a file holds tables and no code.

mod azure_ml;
mod cog;
mod feedback;
mod invocations;
mod json;
mod kserve_v1;
mod mlflow;
mod sagemaker;
mod seldon_v1;
#[cfg(test)]
mod tests;
mod torchserve;
mod v2_grpc;
mod v2_rest;

pub(crate) use self::feedback::FEEDBACK_FORMS;

use super::dialect::Dialect;

/// Every dialect.
pub const DIALECTS: &[&Dialect] = &[
    &kserve_v1::DIALECT,
    &seldon_v1::DIALECT,
    &sagemaker::DIALECT,
    &mlflow::DIALECT,
    &invocations::DIALECT,
    &json::DIALECT,
    &v2_rest::DIALECT,
    &v2_grpc::DIALECT,
    &v2_grpc::STREAM,
    &torchserve::DIALECT,
    &cog::DIALECT,
    &azure_ml::DIALECT,
];
