//! The module tree of a crate, and the references between its modules. It reads sources, and never judges them.

use std::{fs, path::Path as File, path::PathBuf};

use anyhow::{Context, Result, bail};

use super::source::{self, Path, Scope};

/// The longest chain of imports that is followed.
const STEPS_MAX: usize = 16;

/// An index into [`Crate::modules`]. The root is 0, and a parent precedes its children.
pub(super) type Id = usize;

/// A crate's module tree.
#[derive(Debug)]
pub(super) struct Crate {
    pub(super) modules: Vec<Module>,
}

/// One module.
#[derive(Debug)]
pub(super) struct Module {
    /// Its own name; empty for the root.
    pub(super) name: String,
    /// `None` for the root.
    pub(super) parent: Option<Id>,
    children: Vec<Id>,
    /// Relative to the workspace.
    pub(super) file: PathBuf,
    scope: Scope,
}

/// A reference from one module to something in another.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Reference {
    pub(super) from: Id,
    pub(super) to: Id,
    pub(super) line: usize,
    /// The path as written.
    pub(super) path: String,
}

/// What a name or a path refers to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Target {
    Module(Id),
    /// An item that the module defines.
    ItemOf(Id),
}

impl Crate {
    /// Reads the crate with the root `file`. Paths in it are relative to `workspace`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or the file of a module is missing.
    pub(super) fn read(workspace: &File, file: &File) -> Result<Crate> {
        let mut found = Crate { modules: Vec::new() };
        let folder = file.parent().context("a source file without a folder")?;
        found.add_file(workspace, file, folder, String::new(), None)?;
        Ok(found)
    }

    fn add_file(
        &mut self,
        workspace: &File,
        file: &File,
        folder: &File,
        name: String,
        parent: Option<Id>,
    ) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let shown = file.strip_prefix(workspace).unwrap_or(file);
        let mut files = Vec::new();
        self.add(source::read(&text), shown, folder, name, parent, &mut files);
        for (parent, folder, name) in files {
            let alone = folder.join(format!("{name}.rs"));
            let inner = folder.join(&name);
            let file = [alone, inner.join("mod.rs")].into_iter().find(|file| file.exists());
            let Some(file) = file else {
                bail!("{}: the file of `mod {name};` is missing", shown.display());
            };
            self.add_file(workspace, &file, &inner, name, Some(parent))?;
        }
        Ok(())
    }

    /// Adds a module and its inline modules. Modules in other files are appended to `files`, with their folders.
    fn add(
        &mut self,
        mut scope: Scope,
        file: &File,
        folder: &File,
        name: String,
        parent: Option<Id>,
        files: &mut Vec<(Id, PathBuf, String)>,
    ) {
        let id = self.modules.len();
        if let Some(parent) = parent {
            self.modules[parent].children.push(id);
        }
        let inline = std::mem::take(&mut scope.inline);
        files.extend(scope.files.iter().map(|name| (id, folder.to_owned(), name.clone())));
        let (file, children) = (file.to_owned(), Vec::new());
        self.modules.push(Module { name, parent, children, file: file.clone(), scope });
        for (name, scope) in inline {
            let folder = folder.join(&name);
            self.add(scope, &file, &folder, name, Some(id), files);
        }
    }

    /// A module's path from the root of the crate.
    pub(super) fn path(&self, id: Id) -> String {
        let names = self.line_of(id).into_iter().map(|id| self.modules[id].name.as_str());
        names.collect::<Vec<_>>().join("::")
    }

    /// The module and its ancestors without the root, outermost first.
    pub(super) fn line_of(&self, id: Id) -> Vec<Id> {
        let mut line: Vec<Id> =
            std::iter::successors(Some(id), |id| self.modules[*id].parent).collect();
        line.pop();
        line.reverse();
        line
    }

    /// All references between different modules, sorted.
    pub(super) fn references(&self) -> Vec<Reference> {
        let mut references = Vec::new();
        for (from, module) in self.modules.iter().enumerate() {
            for (path, line) in &module.scope.references {
                let target = self.resolve(from, path, 0);
                let (line, path) = (*line, path.join("::"));
                references.extend(target.map(|to| Reference { from, to: to.id(), line, path }));
            }
            for (name, line) in &module.scope.mentions {
                let (line, path) = (*line, name.clone());
                let target = self.through_glob(from, name);
                references.extend(target.map(|to| Reference { from, to: to.id(), line, path }));
            }
        }
        references.retain(|reference| reference.from != reference.to);
        references.sort();
        references.dedup_by(|a, b| (a.from, a.to) == (b.from, b.to));
        references
    }

    /// What a single name refers to, if a glob import provides it.
    fn through_glob(&self, from: Id, name: &str) -> Option<Target> {
        let scope = &self.modules[from].scope;
        let is_known = scope.items.contains(name) || scope.names.contains_key(name);
        if is_known { None } else { self.find_in_globs(from, name, 0) }
    }

    /// What a path refers to, if it is in this crate.
    fn resolve(&self, from: Id, path: &Path, steps: usize) -> Option<Target> {
        if STEPS_MAX < steps {
            return None;
        }
        let (first, mut rest) = path.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(from),
            "super" => Target::Module(self.modules[from].parent?),
            name => self.find(from, name, steps)?,
        };
        while let (Target::Module(module), Some((name, after))) = (target, rest.split_first()) {
            target = match name.as_str() {
                "super" => Target::Module(self.modules[module].parent?),
                "self" => target,
                // An unknown name is re-exported from another crate, or made by a macro.
                name => self.find(module, name, steps).unwrap_or(Target::ItemOf(module)),
            };
            rest = after;
        }
        Some(target)
    }

    /// What a name refers to in a module.
    fn find(&self, module: Id, name: &str, steps: usize) -> Option<Target> {
        let Module { children, scope, .. } = &self.modules[module];
        if let Some(child) = children.iter().find(|child| self.modules[**child].name == name) {
            return Some(Target::Module(*child));
        }
        if scope.items.contains(name) {
            return Some(Target::ItemOf(module));
        }
        match scope.names.get(name) {
            // `use name;` imports a crate.
            Some(path) if path.len() == 1 && path[0] == name => None,
            Some(path) => self.resolve(module, path, steps + 1),
            None => self.find_in_globs(module, name, steps),
        }
    }

    fn find_in_globs(&self, module: Id, name: &str, steps: usize) -> Option<Target> {
        self.modules[module].scope.globs.iter().find_map(|glob| {
            match self.resolve(module, glob, steps + 1)? {
                Target::Module(other) if other != module && steps < STEPS_MAX => {
                    self.find(other, name, steps + 1)
                }
                _ => None,
            }
        })
    }
}

impl Target {
    fn id(self) -> Id {
        match self {
            Target::Module(id) | Target::ItemOf(id) => id,
        }
    }
}

#[cfg(test)]
impl Crate {
    /// A crate in one text.
    pub(super) fn of_text(text: &str) -> Crate {
        let mut made = Crate { modules: Vec::new() };
        let (file, folder) = (File::new("lib.rs"), File::new(""));
        let mut files = Vec::new();
        made.add(source::read(text), file, folder, String::new(), None, &mut files);
        assert!(files.is_empty(), "{files:?}");
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// References as `from -> to`; the root is `crate`.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let made = Crate::of_text(text);
        let name = |id| if id == 0 { "crate".to_owned() } else { made.path(id) };
        let shown = made.references().into_iter();
        let shown: Vec<String> =
            shown.map(|it| format!("{} -> {}", name(it.from), name(it.to))).collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn a_path_is_followed_to_the_module_that_defines_what_it_names() {
        check(
            "mod a { pub mod b { pub struct C; } } mod d { use crate::a::b::C; }",
            &["d -> a::b"],
        );
        check("mod a { fn f() { super::b::g() } } mod b { pub fn g() {} }", &["a -> b"]);
        check(
            "mod a { mod x { use super::super::b::G; } } mod b { pub enum G {} }",
            &["a::x -> b"],
        );
    }

    #[test]
    fn what_is_brought_in_elsewhere_is_followed_too() {
        check(
            "pub use a::A; mod a { pub struct A; } mod b { use crate::A; }",
            &["crate -> a", "b -> a"],
        );
        check(
            "pub use a::*; mod a { pub struct A; } mod b { fn f() -> crate::A { } }",
            &["crate -> a", "b -> a"],
        );
        check(
            "use a::A; mod a { pub struct A; } mod b { use super::*; fn f(a: A) {} }",
            &["crate -> a", "b -> crate", "b -> a"],
        );
    }

    #[test]
    fn a_module_that_is_brought_in_is_followed_into() {
        check(
            "mod a { pub mod x { pub fn f() {} } } mod b { use crate::a; fn g() { a::x::f() } }",
            &["b -> a", "b -> a::x"],
        );
    }

    #[test]
    fn other_crates_and_names_of_ones_own_are_no_references() {
        check(
            "mod a { use std::fmt; use serde; enum E { V } fn f() { E::V; fmt::x(); serde::y() } }",
            &[],
        );
    }

    #[test]
    fn imports_in_a_ring_come_to_an_end() {
        check(
            "mod a { pub use super::b::*; } mod b { pub use super::a::*; fn f(x: X) {} }",
            &["a -> b", "b -> a"],
        );
        check(
            "mod a { pub use super::b::X; } mod b { pub use super::a::X; }",
            &["a -> b", "b -> a"],
        );
    }
}
