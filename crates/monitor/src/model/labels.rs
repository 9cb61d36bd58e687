//! The labels of a column: whose it is, and what it is called.

/// Whose column it is, and what it is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColumnLabels<'a> {
    pub(crate) model: &'a str,
    /// Empty if the profile names none.
    pub(crate) version: &'a str,
    pub(crate) role: Role,
    pub(crate) name: &'a str,
}

impl<'a> ColumnLabels<'a> {
    /// The label values of what a column has one of.
    pub(crate) const fn values(&self) -> [&'a str; 4] {
        [self.model, self.version, self.role.name(), self.name]
    }

    /// The same, and another one.
    pub(crate) const fn with(&self, last: &'a str) -> [&'a str; 5] {
        [self.model, self.version, self.role.name(), self.name, last]
    }
}

/// Which side of the model a column is on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Feature,
    Prediction,
}

impl Role {
    /// The label value.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Role::Feature => "feature",
            Role::Prediction => "prediction",
        }
    }
}
