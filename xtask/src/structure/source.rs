//! Reads one Rust file: the modules in it, and what each defines, imports and refers to. Code under `#[cfg(test)]` and
//! `#[test]` is ignored. It never resolves a path.

mod test_code;

use std::collections::{BTreeMap, BTreeSet};

use self::test_code::without_tests;
use super::tokens::{Kind, Token, tokens};

/// One module, as written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scope {
    /// Names of functions, types, constants and macros; modules are listed separately.
    pub(super) items: BTreeSet<String>,
    /// Names that `use` imports, each with its path.
    pub(super) names: BTreeMap<String, Path>,
    /// Paths of glob imports, without the `*`.
    pub(super) globs: Vec<Path>,
    /// Every path in `use` and in code, with its line.
    pub(super) references: Vec<(Path, usize)>,
    /// Every capitalised name, with its first line: types that a glob import may provide.
    pub(super) mentions: BTreeMap<String, usize>,
    /// Modules declared as `mod name;`.
    pub(super) files: Vec<String>,
    /// Modules declared as `mod name { ... }`.
    pub(super) inline: Vec<(String, Scope)>,
}

/// The segments of a path.
pub(super) type Path = Vec<String>;

/// Reads a file.
pub(super) fn read(text: &str) -> Scope {
    let tokens = without_tests(tokens(text));
    let mut scope = Scope::default();
    Reader { tokens: &tokens, at: 0 }.module(&mut scope);
    scope
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn peek_word(&self, ahead: usize) -> Option<&str> {
        self.peek(ahead)?.word()
    }

    fn is_sign(&self, ahead: usize, sign: char) -> bool {
        self.peek(ahead).is_some_and(|token| token.is_sign(sign))
    }

    fn line(&self) -> usize {
        self.peek(0).map_or(0, |token| token.line)
    }

    /// Reads up to the brace that closes the module, or to the end of the file.
    fn module(&mut self, scope: &mut Scope) {
        let mut depth = 0_usize;
        while let Some(token) = self.peek(0) {
            match &token.kind {
                Kind::Sign('{') => depth += 1,
                Kind::Sign('}') if depth == 0 => return,
                Kind::Sign('}') => depth -= 1,
                Kind::Word(word) => {
                    let word = word.clone();
                    self.word(&word, scope, depth == 0);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Reads an item or a path. `is_outer` is false inside bodies.
    fn word(&mut self, word: &str, scope: &mut Scope, is_outer: bool) {
        match word {
            "use" => self.imports(scope, is_outer),
            "mod" if is_outer && self.peek_word(1).is_some() => self.submodule(scope),
            "macro_rules" if self.is_sign(1, '!') => {
                scope.items.extend(self.peek_word(2).map(str::to_owned));
                self.at += 3;
            }
            "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static"
                if is_outer && self.peek_word(1).is_some() =>
            {
                self.item(scope);
            }
            _ => self.path(scope),
        }
    }

    fn item(&mut self, scope: &mut Scope) {
        self.at += 1;
        // As in `const unsafe fn f` and `static mut X`.
        while matches!(
            self.peek_word(0),
            Some("const" | "unsafe" | "async" | "extern" | "fn" | "mut")
        ) {
            self.at += 1;
        }
        scope.items.extend(self.peek_word(0).map(str::to_owned));
        self.at += 1;
    }

    fn submodule(&mut self, scope: &mut Scope) {
        let name = self.peek_word(1).unwrap_or_default().to_owned();
        self.at += 2;
        if self.is_sign(0, '{') {
            self.at += 1;
            let mut inner = Scope::default();
            self.module(&mut inner);
            scope.inline.push((name, inner));
        } else {
            scope.files.push(name);
        }
        self.at += 1;
    }

    /// Reads a path outside of `use`. A single word is not recorded as a path.
    fn path(&mut self, scope: &mut Scope) {
        let line = self.line();
        let is_first = !self.is_behind(&Kind::Colons) && !self.is_behind(&Kind::Sign('.'));
        let mut path = Path::new();
        while let Some(word) = self.peek_word(0) {
            path.push(word.to_owned());
            self.at += 1;
            let goes_on = self.peek(0).is_some_and(|token| token.kind == Kind::Colons);
            if !goes_on || self.peek_word(1).is_none() {
                break;
            }
            self.at += 1;
        }
        if !is_first {
            return;
        }
        if path[0].starts_with(char::is_uppercase) {
            scope.mentions.entry(path[0].clone()).or_insert(line);
        }
        // `pub(in a::b)` names an ancestor, and refers to nothing in it.
        if 1 < path.len() {
            scope.references.push((path, line));
        }
    }

    fn is_behind(&self, kind: &Kind) -> bool {
        self.at.checked_sub(1).and_then(|before| self.tokens.get(before)).map(|token| &token.kind)
            == Some(kind)
    }

    /// Reads `use ...;`. A `use` inside a body adds references, but no names to the module.
    fn imports(&mut self, scope: &mut Scope, is_outer: bool) {
        self.at += 1;
        // A global path always names another crate.
        let is_global = self.peek(0).is_some_and(|token| token.kind == Kind::Colons);
        let mut inner = Scope::default();
        self.tree(&Path::new(), &mut inner);
        if is_global {
            return;
        }
        scope.references.append(&mut inner.references);
        if is_outer {
            scope.names.append(&mut inner.names);
            scope.globs.append(&mut inner.globs);
        }
    }

    /// Reads one tree of `use`, up to the comma or the closing brace after it.
    fn tree(&mut self, prefix: &Path, found: &mut Scope) {
        let line = self.line();
        let mut path = prefix.clone();
        while let Some(token) = self.peek(0) {
            match &token.kind {
                Kind::Word(word) if word == "as" => {
                    let name = self.peek_word(1).unwrap_or("_").to_owned();
                    self.at += 2;
                    return found.bring(path, name, line);
                }
                Kind::Word(word) => path.push(word.clone()),
                Kind::Colons => {}
                Kind::Sign('*') => {
                    self.at += 1;
                    found.references.push((path.clone(), line));
                    return found.globs.push(path);
                }
                Kind::Sign('{') => return self.group(&path, found),
                _ => break,
            }
            self.at += 1;
        }
        if let Some(name) = path.last().cloned().filter(|_| prefix.len() < path.len()) {
            found.bring(path, name, line);
        }
    }

    fn group(&mut self, prefix: &Path, found: &mut Scope) {
        self.at += 1;
        while self.peek(0).is_some_and(|token| !token.is_sign('}')) {
            self.tree(prefix, found);
            if self.is_sign(0, ',') {
                self.at += 1;
            } else if !self.is_sign(0, '}') {
                return;
            }
        }
        self.at += 1;
    }
}

impl Scope {
    /// Records that a path is imported under a name.
    fn bring(&mut self, mut path: Path, mut name: String, line: usize) {
        // `use a::{self}` imports `a`.
        if 1 < path.len() && path.last().is_some_and(|it| it == "self") {
            path.pop();
            if name == "self" {
                name.clone_from(&path[path.len() - 1]);
            }
        }
        self.references.push((path.clone(), line));
        self.names.insert(name, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The references of a text as `line:path`.
    fn references(text: &str) -> Vec<String> {
        let scope = read(text);
        scope.references.iter().map(|(path, line)| format!("{line}:{}", path.join("::"))).collect()
    }

    #[test]
    fn a_tree_of_use_is_a_reference_for_each_leaf() {
        let text = "use crate::{a, b::{self, C as D, e::*}};\npub use super::f;";
        assert_eq!(
            references(text),
            ["1:crate::a", "1:crate::b", "1:crate::b::C", "1:crate::b::e", "2:super::f"]
        );
        let scope = read(text);
        let names: Vec<String> =
            scope.names.iter().map(|(name, path)| format!("{name}={}", path.join("::"))).collect();
        assert_eq!(names, ["D=crate::b::C", "a=crate::a", "b=crate::b", "f=super::f"]);
        assert_eq!(scope.globs, [["crate", "b", "e"]]);
    }

    #[test]
    fn a_path_in_code_is_a_reference_wherever_it_stands() {
        let text = "fn f(x: super::A) -> b::C<crate::d::E> {\n  self.x::<u8>(); g::h!(i::J::K)\n}";
        assert_eq!(
            references(text),
            ["1:super::A", "1:b::C", "1:crate::d::E", "2:g::h", "2:i::J::K"]
        );
    }

    #[test]
    fn a_use_in_a_body_is_a_reference_and_brings_the_module_nothing() {
        let scope = read("fn f() { use crate::a::B; }");
        assert_eq!(scope.references, [(["crate", "a", "B"].map(str::to_owned).to_vec(), 1)]);
        assert!(scope.names.is_empty());
    }

    #[test]
    fn another_crate_by_its_global_path_is_none_of_ours() {
        assert_eq!(references("use ::std::fmt; fn f() { ::core::mem::drop(1) }"), [""; 0]);
    }

    #[test]
    fn items_and_modules_are_told_apart() {
        let text = "mod a;\npub mod b { pub struct C; fn d() { fn inner() {} } mod e; }\n\
                    pub(crate) const unsafe fn f() {}\nmacro_rules! g { () => {} }\n\
                    static mut H: u8 = 0;\nimpl C { const I: u8 = 0; fn j() {} }";
        let scope = read(text);
        assert_eq!(scope.files, ["a"]);
        assert_eq!(scope.items.iter().collect::<Vec<_>>(), ["H", "f", "g"]);
        let [(name, inner)] = &scope.inline[..] else { panic!("{scope:?}") };
        assert_eq!((name.as_str(), &inner.files[..]), ("b", &["e".to_owned()][..]));
        assert_eq!(inner.items.iter().collect::<Vec<_>>(), ["C", "d"]);
    }

    #[test]
    fn code_for_tests_is_left_out() {
        for text in [
            "#![cfg(test)]\nuse crate::a;",
            "#[cfg(test)]\nmod tests;",
            "#[cfg(test)] use crate::{a, b};",
            "#[cfg(test)] mod tests { use crate::a; fn f() { crate::b::c() } }",
            "#[cfg(test)] #[allow(x)] pub(crate) fn f(a: crate::A) -> u8 { crate::b::c() }",
            "#[test] fn f() { crate::a::b() }",
            "#[tokio::test] async fn f() { crate::a::b() }",
            "#[cfg(all(test, unix))] impl crate::A { fn f() {} }",
            "#[cfg(test)] static A: crate::a::B = crate::a::B {};",
        ] {
            let scope = read(text);
            assert_eq!((scope.references, scope.files), (vec![], vec![]), "{text}");
        }
    }

    #[test]
    fn code_beside_code_for_tests_is_kept() {
        for text in [
            "#[cfg(test)] use crate::{a, b}; use crate::kept;",
            "#[cfg(test)] fn f<A, B>(a: A) {} use crate::kept;",
            "struct S { #[cfg(test)] a: crate::A, b: u8 } use crate::kept;",
            "enum E { #[cfg(test)] A(crate::A) } use crate::kept;",
            "#[cfg(not(test))] use crate::kept;",
            "#[cfg(any(test, unix))] use crate::kept;",
            "#[cfg_attr(not(test), deny(x))] use crate::kept;",
            "#[derive(Debug)] struct S; use crate::kept;",
        ] {
            assert_eq!(references(text), ["1:crate::kept"], "{text}");
        }
    }

    #[test]
    fn names_of_types_are_noted_where_they_are_first_seen() {
        let scope = read("fn f(a: Apple) {\n B::c(Apple); d.Pear() }");
        let mentions: Vec<(&str, usize)> =
            scope.mentions.iter().map(|(name, line)| (name.as_str(), *line)).collect();
        assert_eq!(mentions, [("Apple", 1), ("B", 2)]);
    }
}
