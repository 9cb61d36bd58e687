//! What one server's protocol for predictions means, as data; a dialect holds tables and no code.

use driftline_wire::fields::FieldTable;

use super::reader::Form;
use crate::{generative::RequestField, media_type::media_type};

/// A dialect: how its requests are recognised, and where its bodies have rows.
#[derive(Debug)]
pub struct Dialect {
    /// By which a configuration declares it.
    pub name: &'static str,
    /// Ends of the request paths that are recognised as this dialect: see
    /// [`Dialect::paths`](crate::dialect::Dialect::paths).
    pub paths: &'static [&'static str],
    /// The forms of a request's body.
    pub request: Forms,
    /// The forms of a successful response's body.
    pub response: Forms,
    /// What tells requests to models that generate, where such models answer at the same paths.
    pub rivals: Option<&'static FieldTable<RequestField>>,
}

/// The forms of a body by its content type.
///
/// A type that is not listed means nothing: clients send JSON as a form (`curl --data`) or as plain text. So bodies of
/// all types are [`Forms::usual`], except for types without rows that can be read.
#[derive(Clone, Copy, Debug)]
pub struct Forms {
    /// Without a content type, or with one that means nothing.
    pub usual: Form,
    /// By media type in lower case, without parameters.
    pub by_type: &'static [(&'static str, Form)],
}

/// Media types whose bodies have no rows that can be read.
const UNREAD: &[&str] = &[
    "application/vnd.amazon.eventstream",
    "application/vnd.apache.parquet",
    "application/x-npy",
    "application/x-parquet",
    "application/x-recordio-protobuf",
    "text/html",
    "text/libsvm",
    "text/x-libsvm",
];
/// How those begin of which there are many.
const UNREAD_TYPES: &[&str] = &["audio/", "image/", "multipart/", "video/"];

impl Dialect {
    /// Whether a request's body names the model, so that its path need not.
    pub const fn names_model_in_body(&self) -> bool {
        matches!(self.request.usual, Form::Messages { .. })
    }
}

impl Forms {
    /// The form of bodies with this content type; `None` if such a body has no rows that can be read.
    pub fn of(&self, content_type: Option<&[u8]>) -> Option<Form> {
        let content_type = content_type.unwrap_or_default();
        let media_type = media_type(content_type);
        let is = |name: &str| name.as_bytes().eq_ignore_ascii_case(media_type);
        let listed = self.by_type.iter().find(|(name, _)| is(name));
        if let Some((_, form)) = listed {
            return Some(form.with_parameters(content_type));
        }
        let begins_with = |name: &str| {
            let start = media_type.get(..name.len());
            start.is_some_and(|start| name.as_bytes().eq_ignore_ascii_case(start))
        };
        let is_unread =
            UNREAD.iter().any(|name| is(name)) || UNREAD_TYPES.iter().any(|name| begins_with(name));
        (!is_unread).then_some(self.usual)
    }
}
