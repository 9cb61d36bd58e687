//! Compiles the paths of a [`FieldTable`](super::FieldTable) to its tree; it runs in the compiler and is in no module
//! that is built.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tables are constants, so this runs in the compiler, where a panic is an error message"
)]

use super::table::{HEAD_BYTES, Node, NodeId, PASSED, PATTERN, STEPS_MAX};

/// Nodes, and fields, of one table: each has a number of one byte, and the last number means none.
const NODES_MAX: usize = u8::MAX as usize;
/// Bytes of all keys of one table that are longer than a head.
const KEYS_BYTES_MAX: usize = 4096;

/// A table of fields, for constants and statics.
///
/// ```
/// use driftline_wire::{field_table, fields::FieldTable};
///
/// static USAGE: FieldTable<u8> = field_table![("usage.input", 1), ("usage.output", 2)];
/// ```
///
/// A path that cannot be read does not compile:
///
/// ```compile_fail
/// use driftline_wire::{field_table, fields::FieldTable};
///
/// static USAGE: FieldTable<u8> = field_table![("usage..input", 1)];
/// ```
///
/// Nor does one with an empty key or stray brackets, or of more than [`STEPS_MAX`](crate::fields::STEPS_MAX) steps.
/// Paths and slots that are constants already make a table by `field_table!(in PATHS, SLOTS)`, and rows that several
/// tables share by `field_table!(Slot: ROWS, MORE)`, each a `&[(&str, Slot)]`.
#[macro_export]
macro_rules! field_table {
    (in $paths:expr, $slots:expr) => {{
        const COMPILED: $crate::fields::Compiled = $crate::fields::Compiled::of($paths);
        const NODES: [$crate::fields::Node; COMPILED.nodes()] = COMPILED.nodes_of();
        const KEYS: [u8; COMPILED.key_bytes()] = COMPILED.keys_of();
        const ORDER: [u8; COMPILED.fields()] = COMPILED.order_of();
        $crate::fields::FieldTable {
            tree: $crate::fields::Tree::new(&NODES, &KEYS, COMPILED.has_patterns()),
            slots: &$crate::fields::ordered::<_, { COMPILED.fields() }>($slots, &ORDER),
        }
    }};
    ($(($path:expr, $slot:expr)),* $(,)?) => {
        $crate::field_table!(in &[$($path),*], &[$($slot),*])
    };
    ($slot:ty: $($rows:expr),+ $(,)?) => {{
        const ROWS: &[&[(&str, $slot)]] = &[$($rows),+];
        const PATHS: [&str; $crate::fields::rows(ROWS)] = $crate::fields::paths_of(ROWS);
        const SLOTS: [$slot; $crate::fields::rows(ROWS)] = $crate::fields::slots_of(ROWS);
        $crate::field_table!(in &PATHS, &SLOTS)
    }};
}

/// A table that is compiled, in more room than it needs. It exists in the compiler only.
#[doc(hidden)]
#[derive(Debug)]
pub struct Compiled {
    nodes: [Node; NODES_MAX],
    node_count: usize,
    keys: [u8; KEYS_BYTES_MAX],
    key_bytes: usize,
    order: [u8; NODES_MAX],
    field_count: usize,
    has_patterns: bool,
}

/// How many rows several lists of them have together.
#[doc(hidden)]
#[must_use]
pub const fn rows<T>(lists: &[&[(&str, T)]]) -> usize {
    let (mut count, mut list) = (0, 0);
    while list < lists.len() {
        count += lists[list].len();
        list += 1;
    }
    count
}

/// The paths of all rows.
#[doc(hidden)]
#[must_use]
pub const fn paths_of<const COUNT: usize, T: Copy>(
    lists: &[&[(&'static str, T)]],
) -> [&'static str; COUNT] {
    let mut paths = [""; COUNT];
    let mut at = 0;
    while at < COUNT {
        paths[at] = row(lists, at).0;
        at += 1;
    }
    paths
}

/// The slots of all rows, of which there is at least one.
#[doc(hidden)]
#[must_use]
pub const fn slots_of<const COUNT: usize, T: Copy>(lists: &[&[(&'static str, T)]]) -> [T; COUNT] {
    let mut slots = [row(lists, 0).1; COUNT];
    let mut at = 0;
    while at < COUNT {
        slots[at] = row(lists, at).1;
        at += 1;
    }
    slots
}

/// The slots in the order of the nodes at which their fields end.
#[doc(hidden)]
#[must_use]
pub const fn ordered<T: Copy, const COUNT: usize>(slots: &[T], order: &[u8]) -> [T; COUNT] {
    let Some(ordered) = slots.first_chunk() else { panic!("no field is given twice") };
    let mut ordered = *ordered;
    let mut at = 0;
    while at < COUNT {
        ordered[at] = slots[order[at] as usize];
        at += 1;
    }
    ordered
}

const fn row<T: Copy>(lists: &[&[(&'static str, T)]], mut at: usize) -> (&'static str, T) {
    let mut list = 0;
    while lists[list].len() <= at {
        at -= lists[list].len();
        list += 1;
    }
    lists[list][at]
}

impl Compiled {
    /// Compiles the paths of a table.
    ///
    /// # Panics
    ///
    /// While compiling, if one of the paths is empty, too long or not a path, or if all of them are too much.
    #[must_use]
    pub const fn of(paths: &[&str]) -> Compiled {
        assert!(paths.len() < NODES_MAX, "a table has 254 fields at most");
        let mut compiled = Compiled {
            nodes: [Node::EMPTY; NODES_MAX],
            node_count: 1,
            keys: [0; KEYS_BYTES_MAX],
            key_bytes: 0,
            order: [0; NODES_MAX],
            field_count: 0,
            has_patterns: false,
        };
        let mut ends = [NodeId::ROOT; NODES_MAX];
        let mut field = 0;
        while field < paths.len() {
            let path = paths[field].as_bytes();
            ends[field] = match path {
                [b'!', path @ ..] => {
                    let end = compiled.end_of(path);
                    compiled.nodes[end.0 as usize].key |= PASSED;
                    NodeId::NONE
                }
                _ => compiled.end_of(path.split_at(before_equals(path)).0),
            };
            field += 1;
        }
        let mut field = 0;
        while field < paths.len() {
            let path = paths[field].as_bytes();
            let end = before_equals(path);
            if end < path.len() {
                let like = compiled.end_of(path.split_at(end + 1).1);
                let at = ends[field].0 as usize;
                assert!(compiled.nodes[at].child.0 == NodeId::NONE.0, "it has paths of its own");
                compiled.nodes[at].child = compiled.nodes[like.0 as usize].child;
            }
            field += 1;
        }
        compiled.group(&ends, paths.len());
        compiled
    }

    /// Whether any path has a pattern.
    #[must_use]
    pub const fn has_patterns(&self) -> bool {
        self.has_patterns
    }

    /// How many nodes the tree has.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.node_count
    }

    /// How many bytes the keys take that are kept: longer than a head, or patterns.
    #[must_use]
    pub const fn key_bytes(&self) -> usize {
        self.key_bytes
    }

    /// How many fields the table has.
    #[must_use]
    pub const fn fields(&self) -> usize {
        self.field_count
    }

    /// The nodes, of which there are `COUNT`.
    #[must_use]
    pub const fn nodes_of<const COUNT: usize>(&self) -> [Node; COUNT] {
        let mut nodes = [Node::EMPTY; COUNT];
        let mut at = 0;
        while at < COUNT {
            nodes[at] = self.nodes[at];
            at += 1;
        }
        nodes
    }

    /// The keys, one after the other, in `COUNT` bytes.
    #[must_use]
    pub const fn keys_of<const COUNT: usize>(&self) -> [u8; COUNT] {
        first(&self.keys)
    }

    /// The numbers of the `COUNT` fields, in the order of the nodes.
    #[must_use]
    pub const fn order_of<const COUNT: usize>(&self) -> [u8; COUNT] {
        first(&self.order)
    }

    /// The node that a path leads to, made if there is none.
    const fn end_of(&mut self, path: &[u8]) -> NodeId {
        let mut node = NodeId::ROOT;
        let (mut at, mut steps) = (0, 0);
        loop {
            assert!(steps < STEPS_MAX, "a path has 16 steps at most");
            steps += 1;
            let start = at;
            if at < path.len() && path[at] == b'[' {
                assert!(at + 1 < path.len() && path[at + 1] == b']', "`[` is followed by `]`");
                node = self.child_of(node, &[]);
                at += 2;
            } else {
                while at < path.len() && path[at] != b'.' && path[at] != b'[' {
                    assert!(path[at] != b']', "`]` follows `[`");
                    at += 1;
                }
                assert!(start < at, "a key is not empty");
                node = self.child_of(node, path.split_at(at).0.split_at(start).1);
            }
            if at == path.len() {
                return node;
            }
            if path[at] == b'.' {
                at += 1;
                assert!(at < path.len() && path[at] != b'[', "`.` is followed by a key");
            } else {
                assert!(path[at] == b'[', "a key follows `.`");
            }
        }
    }

    /// The node that this key leads to from `parent`, made if there is none. An empty key is `[]`.
    const fn child_of(&mut self, parent: NodeId, key: &[u8]) -> NodeId {
        let mut last = NodeId::NONE;
        let mut at = self.nodes[parent.0 as usize].child;
        while at.0 != NodeId::NONE.0 {
            if self.has_key(at, key) {
                return at;
            }
            last = at;
            at = self.nodes[at.0 as usize].sibling;
        }
        let new = self.push(key);
        if last.0 == NodeId::NONE.0 {
            self.nodes[parent.0 as usize].child = new;
        } else {
            self.nodes[last.0 as usize].sibling = new;
        }
        new
    }

    const fn has_key(&self, id: NodeId, key: &[u8]) -> bool {
        let node = self.nodes[id.0 as usize];
        let is_pattern = node.key & PATTERN != 0;
        let (word, is_word) = word(key);
        if is_pattern != is_word || node.key_bytes as usize != word.len() || node.head != head(word)
        {
            return false;
        }
        let mut at = HEAD_BYTES;
        while at < word.len() {
            if self.keys[(node.key & !(PATTERN | PASSED)) as usize + at] != word[at] {
                return false;
            }
            at += 1;
        }
        true
    }

    const fn push(&mut self, key: &[u8]) -> NodeId {
        assert!(key.len() <= u8::MAX as usize, "a key has 255 bytes at most");
        assert!(
            self.node_count < NODES_MAX,
            "all paths of a table have 254 different steps at most"
        );
        let id = NodeId(self.node_count as u8);
        let (key, is_pattern) = word(key);
        self.has_patterns |= is_pattern;
        let kept: &[u8] = if is_pattern || HEAD_BYTES < key.len() { key } else { &[] };
        self.nodes[self.node_count] = Node {
            head: head(key),
            key: self.keep(kept) as u16 | if is_pattern { PATTERN } else { 0 },
            key_bytes: key.len() as u8,
            ..Node::EMPTY
        };
        self.node_count += 1;
        id
    }

    /// Where a key lies among those that are kept: within others, if it is a part of them.
    const fn keep(&mut self, key: &[u8]) -> usize {
        let mut start = 0;
        while start + key.len() <= self.key_bytes {
            let mut same = 0;
            while same < key.len() && self.keys[start + same] == key[same] {
                same += 1;
            }
            if same == key.len() {
                return start;
            }
            start += 1;
        }
        let start = self.key_bytes;
        let mut at = 0;
        while at < key.len() {
            assert!(start + at < KEYS_BYTES_MAX, "long keys of a table have 4096 bytes at most");
            self.keys[start + at] = key[at];
            at += 1;
        }
        self.key_bytes += key.len();
        start
    }

    /// Orders the fields by the nodes at which they end, those of one node as they came.
    const fn group(&mut self, ends: &[NodeId; NODES_MAX], fields: usize) {
        let mut node = 0;
        while node < self.node_count {
            self.nodes[node].fields_start = self.field_count as u8;
            let mut field = 0;
            while field < fields {
                if ends[field].0 as usize == node {
                    self.order[self.field_count] = field as u8;
                    self.field_count += 1;
                }
                field += 1;
            }
            self.nodes[node].fields_end = self.field_count as u8;
            node += 1;
        }
    }
}

/// What a key of a path is to contain, or is, and whether it is a pattern.
const fn word(key: &[u8]) -> (&[u8], bool) {
    match key {
        [b'*'] => (&[], true),
        [b'*', word @ .., b'*'] => (word, true),
        _ => (key, false),
    }
}

/// Where a path ends that has what another one has, or all of it.
const fn before_equals(path: &[u8]) -> usize {
    let mut at = 0;
    while at < path.len() && path[at] != b'=' {
        at += 1;
    }
    at
}

const fn head(key: &[u8]) -> u64 {
    let mut head = 0;
    let mut at = 0;
    while at < key.len() && at < HEAD_BYTES {
        head |= (key[at] as u64) << (8 * at);
        at += 1;
    }
    head
}

const fn first<const COUNT: usize>(bytes: &[u8]) -> [u8; COUNT] {
    let mut first = [0; COUNT];
    let mut at = 0;
    while at < COUNT {
        first[at] = bytes[at];
        at += 1;
    }
    first
}
