//! Tables of paths, compiled to trees while the crate that has them compiles; they know nothing of a document.
//!
//! A tree has a node for each step of each path, and one for several paths that begin alike. So a key is compared once
//! with each key that any path has at its place, and a table takes no more room than its paths need.

use core::ops::Range;

use crate::json::Text;

/// Steps of one path: keys and `[]`.
pub const STEPS_MAX: usize = 16;
/// Bytes in a head. A shorter key is its head.
pub(super) const HEAD_BYTES: usize = 8;
/// A pattern looks at this much of a key.
const PATTERN_KEY_BYTES_MAX: usize = 64;

/// Which values are wanted, by their paths, and what the caller calls each. Made by
/// [`field_table!`](crate::field_table).
#[derive(Debug)]
pub struct FieldTable<T: 'static> {
    #[doc(hidden)]
    pub tree: Tree,
    /// Those of each node together.
    #[doc(hidden)]
    pub slots: &'static [T],
}

/// The paths of a table. Its fields have numbers, those of each node one after the other.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Tree {
    /// The root of documents comes first.
    nodes: &'static [Node],
    /// The keys that are longer than a head, one after the other.
    keys: &'static [u8],
    has_patterns: bool,
}

/// A place in documents that some path leads to. Numbers of nodes and fields are positions in the table.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The first bytes of the key that leads here.
    pub(super) head: u64,
    /// Where the key lies among those that are kept, and what it is: [`PATTERN`], [`PASSED`].
    pub(super) key: u16,
    /// 0 for `[]` and `*`; no key of a path is empty.
    pub(super) key_bytes: u8,
    /// The first of the nodes within this one, which are a list.
    pub(super) child: NodeId,
    /// The next node within the same one.
    pub(super) sibling: NodeId,
    /// The fields that end here.
    pub(super) fields_start: u8,
    pub(super) fields_end: u8,
}

/// A bit of [`Node::key`]: any key leads here that contains this one and leads nowhere else.
pub(super) const PATTERN: u16 = 1 << 15;
/// Likewise: what stands here passes, though a pattern would match its key.
pub(super) const PASSED: u16 = 1 << 14;

/// The number of a node, or [`NodeId::NONE`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NodeId(pub(super) u8);

impl NodeId {
    /// The document itself.
    pub(super) const ROOT: NodeId = NodeId(0);
    /// No path leads here.
    pub(super) const NONE: NodeId = NodeId(u8::MAX);
}

/// A key of a document, ready to be compared with many nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    head: u64,
    text: Text<'a>,
}

impl<'a> Key<'a> {
    #[inline]
    pub(super) fn of(text: Text<'a>) -> Key<'a> {
        let head = match text.bytes.first_chunk::<HEAD_BYTES>() {
            Some(head) => u64::from_le_bytes(*head),
            None => text.bytes.iter().rev().fold(0, |head, &byte| head << 8 | u64::from(byte)),
        };
        Key { head, text }
    }
}

impl<T> Clone for FieldTable<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for FieldTable<T> {}

impl<T> FieldTable<T> {
    /// A table that wants nothing.
    pub const EMPTY: FieldTable<T> = FieldTable {
        tree: Tree { nodes: &[Node::EMPTY], keys: &[], has_patterns: false },
        slots: &[],
    };
}

impl Tree {
    /// The parts that [`field_table!`](crate::field_table) compiled.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(nodes: &'static [Node], keys: &'static [u8], has_patterns: bool) -> Tree {
        Tree { nodes, keys, has_patterns }
    }

    /// The numbers of the fields that end at `node`, in the order of the table.
    #[inline]
    pub(super) fn ending(&self, node: NodeId) -> Range<u8> {
        self.node(node).map_or(0..0, |node| node.fields_start..node.fields_end)
    }

    /// Where this key of an object at `node` leads.
    #[inline]
    pub(super) fn member(&self, node: NodeId, key: Key<'_>) -> NodeId {
        let is_it = |child: &Node| {
            child.head == key.head
                && u64::from(child.key_bytes) == key.text.length
                && child.key_bytes != 0
                && (usize::from(child.key_bytes) <= HEAD_BYTES
                    || same(self.key(child), key.text.bytes))
                && !child.is(PATTERN)
        };
        let mut at = self.node(node).map_or(NodeId::NONE, |node| node.child);
        while let Some(child) = self.node(at) {
            if is_it(child) {
                return if child.is(PASSED) { NodeId::NONE } else { at };
            }
            at = child.sibling;
        }
        if self.has_patterns { self.pattern(node, key.text) } else { NodeId::NONE }
    }

    /// Where a key leads that is none of those at `node`.
    #[inline(never)]
    fn pattern(&self, node: NodeId, key: Text<'_>) -> NodeId {
        let key = key.bytes.get(..PATTERN_KEY_BYTES_MAX).unwrap_or(key.bytes);
        self.child(node, |child| {
            let word = self.key(child);
            let is_in = || key.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
            child.is(PATTERN) && (word.is_empty() || is_in())
        })
    }

    /// Where the elements of an array at `node` lie.
    #[inline]
    pub(super) fn element(&self, node: NodeId) -> NodeId {
        self.child(node, Node::is_element)
    }

    /// The node itself, if any key of an object there leads on.
    #[inline]
    pub(super) fn object(&self, node: NodeId) -> NodeId {
        match self.child(node, |child| !child.is_element()) {
            NodeId::NONE => NodeId::NONE,
            _ => node,
        }
    }

    #[inline]
    fn child(&self, node: NodeId, is_it: impl Fn(&Node) -> bool) -> NodeId {
        let mut at = self.node(node).map_or(NodeId::NONE, |node| node.child);
        while let Some(child) = self.node(at) {
            if is_it(child) {
                return at;
            }
            at = child.sibling;
        }
        NodeId::NONE
    }

    #[inline]
    fn node(&self, id: NodeId) -> Option<&'static Node> {
        self.nodes.get(usize::from(id.0))
    }

    fn key(&self, node: &Node) -> &'static [u8] {
        let start = usize::from(node.key & !(PATTERN | PASSED));
        let end = start.wrapping_add(usize::from(node.key_bytes));
        self.keys.get(start..end).unwrap_or_default()
    }
}

/// Whether two keys of one length, longer than a head, are the same: word by word, which is much quicker than byte by
/// byte, as a module without its own routines for memory compares.
#[inline(never)]
fn same(one: &[u8], other: &[u8]) -> bool {
    let words = one.chunks_exact(HEAD_BYTES).zip(other.chunks_exact(HEAD_BYTES));
    let mut words = words
        .map(|(one, other)| (one.first_chunk::<HEAD_BYTES>(), other.first_chunk::<HEAD_BYTES>()));
    words.all(|(one, other)| one == other)
        && one.last_chunk::<HEAD_BYTES>() == other.last_chunk::<HEAD_BYTES>()
}

impl Node {
    pub(super) const EMPTY: Node = Node {
        head: 0,
        key: 0,
        key_bytes: 0,
        child: NodeId::NONE,
        sibling: NodeId::NONE,
        fields_start: 0,
        fields_end: 0,
    };

    #[inline]
    fn is(&self, bit: u16) -> bool {
        self.key & bit != 0
    }

    #[inline]
    fn is_element(&self) -> bool {
        self.key_bytes == 0 && !self.is(PATTERN)
    }
}
