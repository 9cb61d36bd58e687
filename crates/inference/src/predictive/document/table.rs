//! Which members of a document hold rows, and how, as tables of dialects; they read nothing.

/// Steps of a member's path.
pub(super) const PATH_MAX: usize = 4;
/// Members of one table; further ones never match.
pub(super) const MEMBERS_MAX: usize = 32;

/// The members of a document that mean something.
#[derive(Debug)]
pub struct Table {
    pub members: &'static [Member],
    /// Names of members in a row that is an object. Such a member holds the row's values, as a list or as an object
    /// again.
    pub wrappers: &'static [&'static str],
}

/// A member of a document: where it is, and what it holds.
#[derive(Debug)]
pub struct Member {
    /// Names from the root on; empty for the root itself.
    pub(super) path: &'static [&'static str],
    pub(super) holds: Holds,
}

/// What a member holds. A value of another kind is skipped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holds {
    /// A list of rows. A row is a list by position, an object by name, or a single value, which is a list of one.
    Rows,
    /// One row.
    Row,
    /// One row that is not a list, or a list of rows.
    RowOrRows,
    /// Columns: an object of lists by name, or of single values if there is one row. A list is rows.
    Columns,
    /// Rows or columns as above, or a single value, which is a row.
    Any,
    /// A list with the names of the columns, for rows by position that follow. If one is not a text, there are no
    /// names.
    Names,
    /// A list with the number of rows, and the lengths of their further dimensions.
    Shape,
    /// The values of all rows in one list, after their shape.
    Values,
    /// A list of rows, each of which is a list of pairs, a label and its score. The label with the highest score is the
    /// value at position 0, or of the column `label`, and its score that at position 1, or of the column `score`. A row
    /// that is not a list is a single value.
    Classes,
}

/// A set of members, one bit each.
pub(super) type Members = u32;

impl Member {
    pub const fn at(path: &'static [&'static str], holds: Holds) -> Member {
        Member { path, holds }
    }
}

impl Table {
    /// The table for documents with these members.
    pub const fn of(members: &'static [Member]) -> Table {
        Table { members, wrappers: &[] }
    }

    /// Those of `from` that go through, or end at, the member `key` at this depth.
    pub(super) fn with_key(&self, from: Members, depth: usize, key: &[u8]) -> Members {
        let fits =
            |member: &Member| member.path.get(depth).is_some_and(|step| step.as_bytes() == key);
        self.only(from, fits)
    }

    /// Those of `from` whose path goes on below this depth.
    pub(super) fn below(&self, from: Members, depth: usize) -> Members {
        self.only(from, |member| depth < member.path.len())
    }

    /// What the first one of `from` holds whose path ends at this depth.
    pub(super) fn holds(&self, from: Members, depth: usize) -> Option<Holds> {
        let ending = self.only(from, |member| member.path.len() == depth);
        self.members.get(ending.trailing_zeros() as usize).map(|member| member.holds)
    }

    /// Whether the member of this name in a row holds the row's values.
    pub(super) fn wraps(&self, key: &[u8]) -> bool {
        self.wrappers.iter().any(|wrapper| wrapper.as_bytes() == key)
    }

    fn only(&self, from: Members, fits: impl Fn(&Member) -> bool) -> Members {
        let mut found = 0;
        for (number, member) in self.members.iter().take(MEMBERS_MAX).enumerate() {
            let bit = 1_u32.unbounded_shl(number as u32);
            if from & bit != 0 && fits(member) {
                found |= bit;
            }
        }
        found
    }
}
