//! The sources as the rules see them: parsed, without their tests, with the module of each file.
//! In: pairs of a path and a text, from the disk or planted by a test.
//! Out: [`Tree`]. Cold path.

use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Item, Meta};

/// A folder of sources and the module that its files are below, `/` between names.
///
/// A second root is a crate of its own, or a folder that the first one takes in by `#[path]`.
pub struct Root {
    pub folder: &'static str,
    pub module: &'static str,
}

/// One source file.
pub struct File {
    /// From the repository's folder, `/` between names.
    pub path: String,
    pub text: String,
    /// The crate and the modules down to this file's own.
    pub module: Vec<String>,
    /// Items, without those under `#[cfg(test)]` and `#[test]`.
    pub code: syn::File,
    /// A file of tests alone: some file declares it, or one above it, under `#[cfg(test)]`.
    pub is_test: bool,
    /// Lines of the items that were left out.
    tests: Vec<RangeInclusive<usize>>,
    /// Modules declared here with a file of their own: path of modules, path of the file if it is
    /// given, whether it is under `#[cfg(test)]`.
    declared: Vec<Declared>,
}

struct Declared {
    module: Vec<String>,
    path: Option<String>,
    is_test: bool,
}

impl File {
    /// Lines that are no part of a test, as (number from one, text).
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let kept = |n: usize| !self.is_test && !self.tests.iter().any(|t| t.contains(&n));
        self.text.lines().enumerate().map(|(i, l)| (i + 1, l)).filter(move |&(n, _)| kept(n))
    }

    /// The first module below the crate, empty for the crate's own file.
    pub fn room(&self) -> &str {
        self.module.get(1).map_or("", String::as_str)
    }
}

/// All files of all roots.
pub struct Tree {
    pub files: Vec<File>,
    /// Files that no file declares as a module.
    pub undeclared: Vec<usize>,
    /// Pages, and files of tests below `tests`: path and text.
    pub others: Vec<(String, String)>,
}

impl Tree {
    /// Reads all files of the roots that exist.
    pub fn load(base: &Path, roots: &[Root]) -> Tree {
        let mut sources = Vec::new();
        for root in roots {
            read(base, &base.join(root.folder), &mut sources);
        }
        read(base, &base.join("tests"), &mut sources);
        let page = "RELIABILITY.md";
        let text = fs::read_to_string(base.join(page)).expect("a page");
        sources.push((page.to_owned(), text));
        Tree::new(sources, roots)
    }

    /// The tree of some sources.
    pub fn new(sources: Vec<(String, String)>, roots: &[Root]) -> Tree {
        let is_source = |(path, _): &(String, String)| root_of(path, roots).is_some();
        let (sources, others): (Vec<_>, Vec<_>) = sources.into_iter().partition(is_source);
        let mut files: Vec<File> =
            sources.into_iter().map(|(path, text)| parse(path, text, roots)).collect();
        let mut declared: Vec<Declared> =
            files.iter_mut().flat_map(|f| std::mem::take(&mut f.declared)).collect();
        // A path moves a file to another module, and what it declares with it.
        let mut at = 0;
        while at < declared.len() {
            let moved = files.iter().position(|f| declared[at].path.as_ref() == Some(&f.path));
            if let Some(i) = moved {
                let to = declared[at].module.clone();
                let from = std::mem::replace(&mut files[i].module, to.clone());
                for d in &mut declared {
                    if d.module.len() > from.len() && d.module.starts_with(&from) {
                        d.module.splice(..from.len(), to.clone());
                    }
                }
            }
            at += 1;
        }
        let known: BTreeSet<&Vec<String>> = declared.iter().map(|d| &d.module).collect();
        let undeclared = (0..files.len())
            .filter(|&i| files[i].module.len() > 1 && !known.contains(&files[i].module))
            .collect();
        for f in &mut files {
            f.is_test = declared.iter().any(|d| d.is_test && f.module.starts_with(&d.module));
        }
        Tree { files, undeclared, others }
    }

    /// Files that hold more than tests.
    pub fn code(&self) -> impl Iterator<Item = (usize, &File)> {
        self.files.iter().enumerate().filter(|(_, f)| !f.is_test)
    }
}

fn read(base: &Path, folder: &Path, out: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(base, &path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(base).expect("below the base").to_string_lossy();
            out.push((name.replace('\\', "/"), fs::read_to_string(&path).expect("readable")));
        }
    }
}

fn parse(path: String, text: String, roots: &[Root]) -> File {
    let mut code = syn::parse_file(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
    let module = module_of(&path, roots);
    let mut strip = Strip { tests: Vec::new(), declared: Vec::new(), at: module.clone() };
    strip.folder_of(&path);
    strip.visit_file_mut(&mut code);
    let Strip { tests, mut declared, .. } = strip;
    let folder = path.rsplit_once('/').map_or("", |(f, _)| f);
    for d in &mut declared {
        d.path = d.path.take().map(|p| joined(folder, &p));
    }
    File { path, text, module, code, is_test: false, tests, declared }
}

/// `folder/path` without its `..`.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

fn root_of<'a>(path: &str, roots: &'a [Root]) -> Option<&'a Root> {
    roots.iter().find(|r| path.strip_prefix(r.folder).is_some_and(|p| p.starts_with('/')))
}

fn module_of(path: &str, roots: &[Root]) -> Vec<String> {
    let root = root_of(path, roots).expect("a file below a root");
    let mut module: Vec<String> = root.module.split('/').map(str::to_owned).collect();
    let below = path[root.folder.len() + 1..].trim_end_matches(".rs");
    module.extend(below.split('/').map(str::to_owned));
    match module.last().map(String::as_str) {
        Some("mod") => drop(module.pop()),
        Some("lib") if below == "lib" => drop(module.pop()),
        // A binary is a crate of its own.
        Some("main") if below == "main" => {
            module.pop();
            module[0].push_str(" binary");
        }
        _ => {}
    }
    module
}

/// Takes tests out of a file and notes what modules it declares.
struct Strip {
    tests: Vec<RangeInclusive<usize>>,
    declared: Vec<Declared>,
    at: Vec<String>,
}

impl Strip {
    /// A binary's own file declares the modules of its folder.
    fn folder_of(&mut self, path: &str) {
        if path.ends_with("/main.rs") {
            self.at[0] = self.at[0].trim_end_matches(" binary").to_owned();
            self.at.truncate(1);
        }
    }

    fn keeps(&mut self, attrs: &[Attribute], whole: &impl Spanned) -> bool {
        let keeps = !is_test(attrs);
        if !keeps {
            let span = whole.span();
            self.tests.push(span.start().line..=span.end().line);
        }
        keeps
    }

    fn items(&mut self, items: &mut Vec<Item>) {
        for item in items.iter() {
            let Item::Mod(m) = item else { continue };
            if m.content.is_none() {
                let mut module = self.at.clone();
                module.push(m.ident.to_string());
                let is_test = is_test(&m.attrs);
                self.declared.push(Declared { module, path: path_of(&m.attrs), is_test });
            }
        }
        items.retain(|item| self.keeps(item_attrs(item), item));
    }
}

impl VisitMut for Strip {
    fn visit_file_mut(&mut self, file: &mut syn::File) {
        self.items(&mut file.items);
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, m: &mut syn::ItemMod) {
        self.at.push(m.ident.to_string());
        if let Some((_, items)) = &mut m.content {
            self.items(items);
        }
        visit_mut::visit_item_mod_mut(self, m);
        self.at.pop();
    }

    fn visit_item_impl_mut(&mut self, i: &mut syn::ItemImpl) {
        i.items.retain(|item| {
            let attrs: &[Attribute] = match item {
                syn::ImplItem::Const(x) => &x.attrs,
                syn::ImplItem::Fn(x) => &x.attrs,
                syn::ImplItem::Type(x) => &x.attrs,
                syn::ImplItem::Macro(x) => &x.attrs,
                _ => &[],
            };
            self.keeps(attrs, item)
        });
        visit_mut::visit_item_impl_mut(self, i);
    }

    fn visit_fields_named_mut(&mut self, fields: &mut syn::FieldsNamed) {
        let named = std::mem::replace(&mut fields.named, Punctuated::new());
        fields.named = named.into_iter().filter(|f| self.keeps(&f.attrs, f)).collect();
        visit_mut::visit_fields_named_mut(self, fields);
    }

    fn visit_expr_struct_mut(&mut self, e: &mut syn::ExprStruct) {
        let fields = std::mem::replace(&mut e.fields, Punctuated::new());
        e.fields = fields.into_iter().filter(|f| self.keeps(&f.attrs, f)).collect();
        visit_mut::visit_expr_struct_mut(self, e);
    }

    fn visit_block_mut(&mut self, b: &mut syn::Block) {
        b.stmts.retain(|stmt| {
            let attrs: &[Attribute] = match stmt {
                syn::Stmt::Local(x) => &x.attrs,
                syn::Stmt::Item(x) => item_attrs(x),
                syn::Stmt::Expr(syn::Expr::Block(x), _) => &x.attrs,
                syn::Stmt::Macro(x) => &x.attrs,
                syn::Stmt::Expr(..) => &[],
            };
            self.keeps(attrs, stmt)
        });
        visit_mut::visit_block_mut(self, b);
    }
}

fn item_attrs(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(x) => &x.attrs,
        Item::Enum(x) => &x.attrs,
        Item::Fn(x) => &x.attrs,
        Item::Impl(x) => &x.attrs,
        Item::Macro(x) => &x.attrs,
        Item::Mod(x) => &x.attrs,
        Item::Static(x) => &x.attrs,
        Item::Struct(x) => &x.attrs,
        Item::Trait(x) => &x.attrs,
        Item::Type(x) => &x.attrs,
        Item::Use(x) => &x.attrs,
        _ => &[],
    }
}

/// `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, …))]`. What `any(test, …)` guards is code: some
/// build that is no test has it.
fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|a| match &a.meta {
        Meta::Path(p) => p.is_ident("test"),
        Meta::List(l) if l.path.is_ident("cfg") => {
            let text = l.tokens.to_string();
            let inner = text.trim().strip_prefix("all").map_or(text.as_str(), |rest| rest.trim());
            inner.trim_matches(|c| c == '(' || c == ')').split(',').any(|p| p.trim() == "test")
        }
        _ => false,
    })
}

fn path_of(attrs: &[Attribute]) -> Option<String> {
    attrs.iter().find_map(|a| match &a.meta {
        Meta::NameValue(v) if v.path.is_ident("path") => match &v.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(s), .. }) => Some(s.value()),
            _ => None,
        },
        _ => None,
    })
}
