//! What one server's protocol for predictions means, as data; a dialect holds tables and no code.

use super::reader::Form;
use crate::inference::generative::Pattern;

/// A dialect: how its requests are recognised, and where the rows of its bodies stand.
#[derive(Debug)]
pub struct Dialect {
    /// By which a configuration declares it.
    pub name: &'static str,
    /// Ends of the request paths that speak it, by themselves and undeclared.
    pub paths: &'static [Pattern],
    /// The forms of a request's body.
    pub request: Forms,
    /// The forms of a successful response's body.
    pub response: Forms,
}

/// The forms of a body by its content type.
///
/// A type that is not listed means nothing: clients send JSON as a form (`curl --data`) or as plain text. So all of them
/// are [`Forms::usual`], but for types that say that there are no rows to be read.
#[derive(Clone, Copy, Debug)]
pub struct Forms {
    /// Without a content type, or with one that says nothing.
    pub usual: Form,
    /// By media type in lower case, without parameters.
    pub by_type: &'static [(&'static str, Form)],
}

/// Whom a request's path asks; percent-encoding is left as it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Target<'p> {
    pub model: Option<&'p [u8]>,
    /// The version, or the label that stands for one.
    pub version: Option<&'p [u8]>,
}

/// What a request's path tells by itself.
#[derive(Clone, Copy, Debug)]
pub struct Recognised<'p> {
    pub dialect: &'static Dialect,
    pub target: Target<'p>,
}

/// Media types whose bodies have no rows that could be read, be they whole types (`image/`) or single ones.
const UNREAD: &[&str] = &[
    "application/vnd.amazon.eventstream",
    "application/vnd.apache.parquet",
    "application/x-npy",
    "application/x-parquet",
    "application/x-recordio-protobuf",
    "audio/",
    "image/",
    "multipart/",
    "text/html",
    "text/libsvm",
    "text/x-libsvm",
    "video/",
];

impl Dialect {
    /// Whether a request's body names the model, so that its path need not.
    pub const fn names_model_in_body(&self) -> bool {
        matches!(self.request.usual, Form::Messages { .. })
    }

    /// Whom a request to `path` asks, if the path is one of this dialect; its query says nothing.
    pub fn target<'p>(&self, path: &'p [u8]) -> Option<Target<'p>> {
        self.best(path).map(|(_, target)| target)
    }

    /// How particular the best fitting path is, and what it says.
    fn best<'p>(&self, path: &'p [u8]) -> Option<(usize, Target<'p>)> {
        let path = path.split(|&byte| byte == b'?').next().unwrap_or(path);
        let fitting = self.paths.iter().filter_map(|pattern| {
            let found = pattern.find(path)?;
            Some((pattern.weight(), Target { model: found.model, version: found.version }))
        });
        fitting.max_by_key(|(weight, _)| *weight)
    }
}

impl Forms {
    /// The form that a content type says; `None` if such a body has no rows that could be read.
    pub fn of(&self, content_type: Option<&[u8]>) -> Option<Form> {
        let content_type = content_type.unwrap_or_default();
        let media_type = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
        let media_type = media_type.trim_ascii();
        let listed =
            self.by_type.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(media_type));
        if let Some((_, form)) = listed {
            return Some(form.with_parameters(content_type));
        }
        let is_unread = UNREAD.iter().any(|name| {
            let start = media_type.get(..name.len()).unwrap_or_default();
            let is_whole = start.len() == media_type.len() || name.ends_with('/');
            is_whole && name.as_bytes().eq_ignore_ascii_case(start)
        });
        (!is_unread).then_some(self.usual)
    }
}

/// The dialect that requests to `path` speak; `None` if it is none of `dialects`. The one with the longest fitting path
/// is taken, and the first one of several.
pub fn recognise<'p>(dialects: &[&'static Dialect], path: &'p [u8]) -> Option<Recognised<'p>> {
    let mut best: Option<(usize, Recognised<'p>)> = None;
    for dialect in dialects {
        let Some((weight, target)) = dialect.best(path) else { continue };
        if best.as_ref().is_none_or(|&(heaviest, _)| heaviest < weight) {
            best = Some((weight, Recognised { dialect, target }));
        }
    }
    best.map(|(_, recognised)| recognised)
}
