//! The rules: each looks at a tree and names what breaks it, with its place.
//! In: [`Tree`], the tables. Out: [`Finding`]s. Cold path.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::paths::Uses;
use super::planted::{self, Planted};
use super::tables;
use super::tree::{File, Tree};

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    pub line: usize,
    pub text: String,
}

/// A rule. It cannot be written down without a fault that it must find.
pub struct Rule {
    pub name: &'static str,
    pub check: fn(&Tree) -> Vec<Finding>,
    pub first: Planted,
    pub more: &'static [Planted],
}

/// All rules.
pub const RULES: &[Rule] = &[
    Rule {
        name: "rooms use only what the table lets them",
        check: rooms,
        first: planted::TESTS_ON_TOP,
        more: &[planted::GROUPED, planted::BY_SUPER, planted::IN_A_MACRO, planted::NO_ROOM],
    },
    Rule {
        name: "no circle of files",
        check: circles,
        first: planted::PAIR,
        more: &[planted::OVER_A_THIRD, planted::WITH_THE_PARENT, planted::SPLIT_TYPE],
    },
    Rule {
        name: "every file is part of a crate",
        check: declared,
        first: planted::UNDECLARED,
        more: &[],
    },
    Rule {
        name: "files open with what goes in and out, and hot or cold",
        check: headers,
        first: planted::NO_HEADER,
        more: &[],
    },
    Rule {
        name: "no file above 600 lines",
        check: file_lines,
        first: planted::LONG_FILE,
        more: &[],
    },
    Rule {
        name: "no function above 70 lines",
        check: function_lines,
        first: planted::LONG_FUNCTION,
        more: &[],
    },
    Rule {
        name: "no room above its number of lines",
        check: room_lines,
        first: planted::LONG_ROOM,
        more: &[],
    },
    Rule {
        name: "capacities and deadlines stand in limits.rs",
        check: limits,
        first: planted::LIMIT_ELSEWHERE,
        more: &[],
    },
    Rule {
        name: "people read sentences, not debug output",
        check: debug_output,
        first: planted::DEBUG_OUTPUT,
        more: &[planted::DEBUG_IN_DISPLAY],
    },
    Rule {
        name: "every error is a sentence and a std error",
        check: errors,
        first: planted::MUTE_ERROR,
        more: &[],
    },
    Rule {
        name: "settings are no part of state",
        check: settings_in_state,
        first: planted::SETTINGS_IN_STATE,
        more: &[],
    },
    Rule { name: "the field's own words", check: words, first: planted::REFUSED_WORD, more: &[] },
    Rule {
        name: "no tabs, trailing blanks, left-over marks",
        check: marks,
        first: planted::MARKS,
        more: &[],
    },
    Rule {
        name: "every promise names tests that exist",
        check: promises,
        first: planted::PROMISE,
        more: &[],
    },
];

fn found(f: &File, line: usize, text: impl Into<String>) -> Finding {
    Finding { path: f.path.clone(), line, text: text.into() }
}

/// A room may name only the rooms of its row in [`tables::ROOMS`], and itself.
fn rooms(tree: &Tree) -> Vec<Finding> {
    let mut wrong = BTreeSet::new();
    // Exported macros stand at the crate's root, whatever room defines them.
    let macros: BTreeSet<String> = tree.code().flat_map(|(_, f)| exported(f)).collect();
    for named in Uses::new(tree).named {
        let f = &tree.files[named.file];
        let room = f.room();
        // The crate's own file names its face.
        if room.is_empty() {
            continue;
        }
        let Some(used) = room_of(&named.module, &named.segments) else { continue };
        let row = tables::ROOMS.iter().find(|(name, _)| *name == room);
        let allowed = row.map_or("", |(_, allowed)| *allowed);
        if used != room
            && !macros.contains(&used)
            && allowed != "*"
            && !allowed.split(' ').any(|a| a == used)
        {
            wrong.insert(found(f, named.line, format!("{room} uses {used}")));
        }
    }
    wrong.into_iter().collect()
}

fn exported(f: &File) -> impl Iterator<Item = String> {
    f.code.items.iter().filter_map(|item| match item {
        syn::Item::Macro(m) if m.attrs.iter().any(|a| a.path().is_ident("macro_export")) => {
            m.ident.as_ref().map(ToString::to_string)
        }
        _ => None,
    })
}

/// The room a path leads into, by its words alone; none for a path that does not leave the module
/// upwards.
fn room_of(module: &[String], segments: &[String]) -> Option<String> {
    let (first, rest) = segments.split_first()?;
    let mut at: Vec<String> = match first.as_str() {
        "crate" => module[..1].to_vec(),
        "super" => module[..module.len() - 1].to_vec(),
        name if name == tables::PACKAGE => vec![name.to_owned()],
        _ => return None,
    };
    for name in rest {
        if name == "super" {
            at.pop();
        } else {
            at.push(name.clone());
        }
    }
    at.into_iter().nth(1)
}

/// No file uses, directly or over others, a file that uses it. What counts is in [`super::paths`].
fn circles(tree: &Tree) -> Vec<Finding> {
    let uses = Uses::new(tree);
    let mut wrong = Vec::new();
    for circle in uses.circles(tree.files.len()) {
        for (&(from, to), &line) in &uses.edges {
            if circle.contains(&from) && circle.contains(&to) {
                let (from, to) = (&tree.files[from], &tree.files[to]);
                wrong.push(found(from, line, format!("a circle with {}", to.path)));
            }
        }
    }
    wrong
}

fn declared(tree: &Tree) -> Vec<Finding> {
    let all = tree.undeclared.iter().map(|&i| &tree.files[i]);
    all.filter(|f| !tables::BINARIES.contains(&f.path.as_str()))
        .map(|f| found(f, 1, "no file declares this module"))
        .collect()
}

fn headers(tree: &Tree) -> Vec<Finding> {
    let mut wrong = Vec::new();
    for (_, f) in tree.code() {
        if f.room().is_empty() || tables::BINARIES.contains(&f.path.as_str()) {
            continue;
        }
        let head: String = f.text.lines().take_while(|l| l.starts_with("//!")).collect();
        for word in ["In:", "Out:"] {
            if !head.contains(word) {
                wrong.push(found(f, 1, format!("the header does not say `{word}`")));
            }
        }
        let head = head.to_lowercase();
        if !head.contains("hot") && !head.contains("cold") {
            wrong.push(found(f, 1, "the header does not say whether it is hot or cold"));
        }
    }
    wrong
}

fn file_lines(tree: &Tree) -> Vec<Finding> {
    let long = |f: &&File| f.text.lines().count() > tables::FILE_LINES_MAX;
    let says = |f: &File| {
        let lines = f.text.lines().count();
        found(f, lines, format!("{lines} lines, more than {}", tables::FILE_LINES_MAX))
    };
    tree.files.iter().filter(long).map(says).collect()
}

/// From `fn` to the closing brace.
fn function_lines(tree: &Tree) -> Vec<Finding> {
    struct Functions<'a>(&'a File, Vec<Finding>);
    impl Functions<'_> {
        fn measure(&mut self, sig: &syn::Signature, block: &syn::Block) {
            let from = sig.fn_token.span().start().line;
            let lines = block.span().end().line + 1 - from;
            if lines > tables::FUNCTION_LINES_MAX {
                let most = tables::FUNCTION_LINES_MAX;
                let text = format!("`{}` has {lines} lines, more than {most}", sig.ident);
                self.1.push(found(self.0, from, text));
            }
        }
    }
    impl<'a> Visit<'a> for Functions<'_> {
        fn visit_item_fn(&mut self, f: &'a syn::ItemFn) {
            self.measure(&f.sig, &f.block);
            visit::visit_item_fn(self, f);
        }
        fn visit_impl_item_fn(&mut self, f: &'a syn::ImplItemFn) {
            self.measure(&f.sig, &f.block);
            visit::visit_impl_item_fn(self, f);
        }
        fn visit_trait_item_fn(&mut self, f: &'a syn::TraitItemFn) {
            if let Some(block) = &f.default {
                self.measure(&f.sig, block);
            }
            visit::visit_trait_item_fn(self, f);
        }
    }
    let mut wrong = Vec::new();
    for (_, f) in tree.code() {
        let mut functions = Functions(f, Vec::new());
        functions.visit_file(&f.code);
        wrong.append(&mut functions.1);
    }
    wrong
}

/// Lines that are no part of a test, by room.
pub fn lines_of(tree: &Tree, room: &str) -> usize {
    tree.code().filter(|(_, f)| f.room() == room).map(|(_, f)| f.lines().count()).sum()
}

fn room_lines(tree: &Tree) -> Vec<Finding> {
    let mut wrong = Vec::new();
    let rooms: BTreeSet<&str> = tree.code().map(|(_, f)| f.room()).collect();
    for room in rooms {
        if tables::UNCOUNTED.contains(&room) {
            continue;
        }
        let lines = lines_of(tree, room);
        let row = tables::LINES.iter().find(|(name, _)| *name == room);
        let most = row.map_or(0, |&(_, most)| most);
        if lines > most {
            let first = tree.code().map(|(_, f)| f).find(|f| f.room() == room);
            let text = format!("{lines} lines in the room `{room}`, more than {most}");
            wrong.extend(first.map(|f| found(f, 1, text)));
        }
    }
    wrong
}

/// Constants that bound what a run holds or how long it waits, by type or by name.
fn limits(tree: &Tree) -> Vec<Finding> {
    struct Constants<'a>(&'a File, Vec<Finding>);
    impl<'a> Visit<'a> for Constants<'_> {
        fn visit_item_const(&mut self, c: &'a syn::ItemConst) {
            let syn::Type::Path(ty) = &*c.ty else { return };
            let ty = ty.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            let name = c.ident.to_string();
            let bounds = ["_MAX", "_MS", "_NS", "_PER_TURN", "_CAPACITY", "_TIMEOUT", "_DEADLINE"];
            let integer = ["usize", "u64", "u32", "u16", "u8", "i64", "i32"].contains(&&*ty);
            let is_limit =
                ty == "Duration" || (integer && bounds.iter().any(|b| name.ends_with(b)));
            let excused = tables::LIMITS_ELSEWHERE.iter().any(|(path, names, _)| {
                *path == self.0.path && names.split(' ').any(|n| n == name)
            });
            if is_limit && !excused {
                let text = format!("`{name}` bounds a run: it belongs to limits.rs");
                self.1.push(found(self.0, c.ident.span().start().line, text));
            }
        }
    }
    let mut wrong = Vec::new();
    for (_, f) in tree.code() {
        if tables::RUNNING.contains(&f.room()) {
            let mut constants = Constants(f, Vec::new());
            constants.visit_file(&f.code);
            wrong.append(&mut constants.1);
        }
    }
    wrong
}

/// `{:?}` in what a macro formats, outside assertions and `Debug` itself.
fn debug_output(tree: &Tree) -> Vec<Finding> {
    struct Texts<'a>(&'a File, Vec<Finding>);
    impl Texts<'_> {
        fn tokens(&mut self, tokens: TokenStream) {
            for token in tokens {
                match token {
                    TokenTree::Group(g) => self.tokens(g.stream()),
                    TokenTree::Literal(l) => {
                        if let Some(placeholder) = debug_placeholder(&l.to_string()) {
                            let line = l.span().start().line;
                            let text = format!("debug output `{placeholder}` in a text for people");
                            self.1.push(found(self.0, line, text));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    impl<'a> Visit<'a> for Texts<'_> {
        fn visit_macro(&mut self, m: &'a syn::Macro) {
            let name = m.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            let about_the_code = ["assert", "debug_assert", "panic", "unreachable", "todo"];
            if !about_the_code.iter().any(|a| name.starts_with(a)) {
                self.tokens(m.tokens.clone());
            }
        }
        fn visit_item_impl(&mut self, i: &'a syn::ItemImpl) {
            let of = i.trait_.as_ref().and_then(|(p, _)| p.segments.last());
            if of.is_none_or(|s| s.ident != "Debug") {
                visit::visit_item_impl(self, i);
            }
        }
    }
    let mut wrong = Vec::new();
    for (_, f) in tree.code() {
        if !tables::UNSEEN.contains(&f.room()) {
            let mut texts = Texts(f, Vec::new());
            texts.visit_file(&f.code);
            wrong.append(&mut texts.1);
        }
    }
    wrong
}

/// The first `{…?}` of a format string.
fn debug_placeholder(text: &str) -> Option<&str> {
    let text_without = text.starts_with(['"', 'r']).then_some(text)?;
    let mut at = 0;
    while let Some(open) = text_without[at..].find('{').map(|i| at + i) {
        if text_without[open + 1..].starts_with('{') {
            at = open + 2;
            continue;
        }
        let close = open + text_without[open..].find('}')?;
        if text_without[open..close].ends_with('?') {
            return Some(&text_without[open..=close]);
        }
        at = close + 1;
    }
    None
}

/// A type named as an error implements `Display` and `Error` beside its definition.
fn errors(tree: &Tree) -> Vec<Finding> {
    #[derive(Default)]
    struct Errors {
        named: Vec<(String, usize)>,
        implements: BTreeSet<(String, String)>,
    }
    impl Errors {
        /// Notes a type; one that derives `thiserror::Error` has both.
        fn name(&mut self, ident: &syn::Ident, attrs: &[syn::Attribute]) {
            let derives = |a: &syn::Attribute| match &a.meta {
                syn::Meta::List(l) if l.path.is_ident("derive") => {
                    l.tokens.to_string().replace(' ', "").contains("thiserror::Error")
                }
                _ => false,
            };
            if attrs.iter().any(derives) {
                let both = ["Display", "Error"].map(|of| (ident.to_string(), of.to_owned()));
                self.implements.extend(both);
            }
            self.named.push((ident.to_string(), ident.span().start().line));
        }
    }
    impl<'a> Visit<'a> for Errors {
        fn visit_item_struct(&mut self, s: &'a syn::ItemStruct) {
            self.name(&s.ident, &s.attrs);
        }
        fn visit_item_enum(&mut self, e: &'a syn::ItemEnum) {
            self.name(&e.ident, &e.attrs);
        }
        fn visit_item_impl(&mut self, i: &'a syn::ItemImpl) {
            let of = i.trait_.as_ref().and_then(|(p, _)| p.segments.last());
            if let (Some(of), syn::Type::Path(ty)) = (of, &*i.self_ty)
                && let Some(ty) = ty.path.segments.last()
            {
                self.implements.insert((ty.ident.to_string(), of.ident.to_string()));
            }
        }
    }
    let ends =
        ["Error", "Fault", "Failed", "Failure", "Refused", "Refusal", "Malformed", "Violation"];
    let sounds = |n: &str| n.starts_with("Bad") || ends.iter().any(|e| n.ends_with(e));
    let mut wrong = Vec::new();
    for (_, f) in tree.code().filter(|(_, f)| !tables::UNSEEN.contains(&f.room())) {
        let mut errors = Errors::default();
        errors.visit_file(&f.code);
        for (name, line) in errors.named {
            for of in ["Display", "Error"] {
                let has = errors.implements.contains(&(name.clone(), of.to_owned()));
                if !has && sounds(&name) && !tables::NO_ERRORS.contains(&(&f.path, &name)) {
                    wrong.push(found(f, line, format!("`{name}` is an error without `{of}`")));
                }
            }
        }
    }
    wrong
}

/// No type that a checkpoint writes holds a type of settings.
fn settings_in_state(tree: &Tree) -> Vec<Finding> {
    struct Held<'a>(&'a File, Vec<Finding>);
    impl Held<'_> {
        fn fields(&mut self, of: &syn::Ident, fields: &syn::Fields) {
            struct Types(Vec<String>);
            impl<'a> Visit<'a> for Types {
                fn visit_path(&mut self, p: &'a syn::Path) {
                    self.0.extend(p.segments.last().map(|s| s.ident.to_string()));
                    visit::visit_path(self, p);
                }
            }
            for field in fields {
                let mut types = Types(Vec::new());
                types.visit_type(&field.ty);
                let names = types.0.iter().find(|t| is_settings(t));
                let skipped = field.attrs.iter().any(|a| {
                    a.path().is_ident("serde")
                        && a.meta.require_list().is_ok_and(|l| l.tokens.to_string() == "skip")
                });
                if let (Some(ty), false) = (names, skipped) {
                    let line = field.ty.span().start().line;
                    let text = format!("`{of}` is part of a checkpoint and holds `{ty}`");
                    self.1.push(found(self.0, line, text));
                }
            }
        }
    }
    impl<'a> Visit<'a> for Held<'_> {
        fn visit_item_struct(&mut self, s: &'a syn::ItemStruct) {
            if is_serialized(&s.attrs) && !is_settings(&s.ident.to_string()) {
                self.fields(&s.ident, &s.fields);
            }
        }
        fn visit_item_enum(&mut self, e: &'a syn::ItemEnum) {
            if is_serialized(&e.attrs) {
                for v in &e.variants {
                    self.fields(&e.ident, &v.fields);
                }
            }
        }
    }
    let mut wrong = Vec::new();
    for (_, f) in tree.code() {
        let mut held = Held(f, Vec::new());
        held.visit_file(&f.code);
        wrong.append(&mut held.1);
    }
    wrong
}

fn is_settings(name: &str) -> bool {
    name.ends_with("Config") || name.ends_with("Settings")
}

fn is_serialized(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| {
        a.path().is_ident("derive")
            && a.meta.require_list().is_ok_and(|l| {
                let names = l.tokens.to_string();
                names.split(|c: char| !c.is_alphanumeric()).any(|n| n == "Serialize")
            })
    })
}

/// Refused words, in names and comments alike, whole words of a name counted.
fn words(tree: &Tree) -> Vec<Finding> {
    let mut wrong = Vec::new();
    for f in &tree.files {
        for (i, line) in f.text.lines().enumerate() {
            for word in words_of(line) {
                if let Some((_, better)) = tables::WORDS.iter().find(|(w, _)| *w == word) {
                    wrong.push(found(f, i + 1, format!("`{word}`: say {better}")));
                }
            }
        }
    }
    wrong
}

/// Words of a line in small letters; names are taken apart at `_` and at capitals.
pub fn words_of(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut was_small = false;
    for c in line.chars() {
        if !c.is_alphabetic() || (was_small && c.is_uppercase()) {
            out.push(String::new());
        }
        if c.is_alphabetic() {
            let last = out.len() - 1;
            out[last].extend(c.to_lowercase());
        }
        was_small = c.is_lowercase();
    }
    out.retain(|w| !w.is_empty());
    out
}

fn marks(tree: &Tree) -> Vec<Finding> {
    let mut wrong = Vec::new();
    for f in &tree.files {
        for (i, line) in f.text.lines().enumerate() {
            for mark in ["TODO", "FIXME", "XXX", "HACK"] {
                if line.contains(mark) {
                    wrong.push(found(f, i + 1, format!("left-over mark `{mark}`")));
                }
            }
            if line.contains('\t') {
                wrong.push(found(f, i + 1, "a tab"));
            }
            if line.ends_with(' ') {
                wrong.push(found(f, i + 1, "trailing blanks"));
            }
        }
    }
    wrong
}

/// Every test that RELIABILITY.md rests a promise on exists.
fn promises(tree: &Tree) -> Vec<Finding> {
    let is_page = |path: &str| path.ends_with("RELIABILITY.md");
    let sources = || tree.files.iter().map(|f| &f.text).chain(tree.others.iter().map(|(_, t)| t));
    let mut wrong = Vec::new();
    for (path, text) in tree.others.iter().filter(|(path, _)| is_page(path)) {
        for (i, row) in text.lines().enumerate().filter(|(_, l)| l.starts_with("| **")) {
            let mut says = |text| wrong.push(Finding { path: path.clone(), line: i + 1, text });
            let tests = row.trim_end_matches('|').rsplit('|').next().unwrap_or("");
            let tests: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
            if tests.is_empty() {
                says("a promise without a test".to_owned());
            }
            for test in tests {
                let head = format!("fn {test}(");
                if !sources().any(|s| s.contains(&head)) {
                    says(format!("no test `{test}`"));
                }
            }
        }
    }
    wrong
}
