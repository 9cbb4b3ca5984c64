//! What each file uses of others: every path, followed to the file that defines what it names.
//! In: [`Tree`]. Out: [`Uses`]: the paths as written, and edges between files. Cold path.
//!
//! What counts as a use of file B by file A, in code that is no test:
//! * an import (`use`, grouped or not) or a path in an expression, a type, a pattern or a macro's
//!   words that begins with `crate`, `super`, `self`, this package's name or a module declared
//!   beside it, and whose item is defined in B. Imports and re-exports between are followed: who
//!   names `crate::feed::Reject` uses the file that defines `Reject`, not `feed/mod.rs`.
//! * a method call on a type that A defines, of a method that only B implements for it
//!   (`impl super::T` in a file below): the two halves of such a type need each other.
//!
//! What does not count: declaring a module (`mod b;`) and re-exporting (`pub use b::T;`), unless
//! the file that re-exports the name also mentions it. A file above that defines what a file
//! below imports, and itself calls that file, is a circle like any other.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, UseTree, Visibility};

use super::tree::Tree;

/// A path as it stands in a file.
pub struct Named {
    pub file: usize,
    pub line: usize,
    pub segments: Vec<String>,
    /// The module the path is written in.
    pub module: Vec<String>,
}

/// All paths, and which file uses which, with the line of the first use.
pub struct Uses {
    pub named: Vec<Named>,
    pub edges: BTreeMap<(usize, usize), usize>,
}

impl Uses {
    pub fn new(tree: &Tree) -> Uses {
        let mut scans: Vec<Scan> = Vec::new();
        for (file, f) in tree.code() {
            let mut scan = Scan { file, module: f.module.clone(), ..Scan::default() };
            scan.visit_file(&f.code);
            scans.push(scan);
        }
        let names = Names::new(&scans);
        let mut edges = BTreeMap::new();
        let mut edge = |from: usize, to: Option<usize>, line: usize| {
            if let Some(to) = to.filter(|&to| to != from) {
                edges.entry((from, to)).or_insert(line);
            }
        };
        for scan in &scans {
            for n in &scan.named {
                edge(n.file, names.file_of(&n.module, &n.segments), n.line);
            }
            for (i, line) in &scan.imports {
                let mentioned =
                    !i.is_public || scan.mentioned.contains(&(i.module.clone(), i.alias.clone()));
                if mentioned {
                    edge(scan.file, names.file_of(&i.module, &i.segments), *line);
                }
            }
        }
        for (from, to, line) in split_types(&scans, &names) {
            edge(from, Some(to), line);
        }
        let mut named: Vec<Named> = Vec::new();
        for scan in scans {
            let of_import = |(i, line): &(Import, usize)| Named {
                file: scan.file,
                line: *line,
                segments: i.segments.clone(),
                module: i.module.clone(),
            };
            named.extend(scan.imports.iter().map(of_import));
            named.extend(scan.named);
        }
        Uses { named, edges }
    }

    /// Groups of files that use each other, directly or over others, smallest first.
    pub fn circles(&self, files: usize) -> Vec<Vec<usize>> {
        let mut next = vec![Vec::new(); files];
        let mut back = vec![Vec::new(); files];
        for &(from, to) in self.edges.keys() {
            next[from].push(to);
            back[to].push(from);
        }
        // Kosaraju: files in the order in which their walks end, then walks against the edges.
        let mut order = Vec::new();
        let mut seen = vec![false; files];
        for at in 0..files {
            walk(at, &next, &mut seen, &mut order);
        }
        let mut seen = vec![false; files];
        let mut circles = Vec::new();
        for &at in order.iter().rev() {
            let mut group = Vec::new();
            walk(at, &back, &mut seen, &mut group);
            if group.len() > 1 {
                group.sort_unstable();
                circles.push(group);
            }
        }
        circles.sort_by_key(|c| (c.len(), c[0]));
        circles
    }
}

fn walk(at: usize, next: &[Vec<usize>], seen: &mut [bool], out: &mut Vec<usize>) {
    if !std::mem::replace(&mut seen[at], true) {
        for &to in &next[at] {
            walk(to, next, seen, out);
        }
        out.push(at);
    }
}

/// A name that a `use` brings into a module.
#[derive(Clone)]
struct Import {
    module: Vec<String>,
    segments: Vec<String>,
    /// Its name here, `*` for all names.
    alias: String,
    is_public: bool,
}

/// What one file says.
#[derive(Default)]
struct Scan {
    file: usize,
    module: Vec<String>,
    named: Vec<Named>,
    imports: Vec<(Import, usize)>,
    /// Items defined, by module.
    defined: Vec<(Vec<String>, String)>,
    modules: Vec<Vec<String>>,
    /// First words of paths, by module.
    mentioned: BTreeSet<(Vec<String>, String)>,
    /// Methods of `impl` blocks without a trait: the type's path and the method.
    methods: Vec<(Vec<String>, Vec<String>, String)>,
    calls: Vec<(String, usize)>,
}

impl Scan {
    fn name(&mut self, segments: Vec<String>, span: Span) {
        self.mentioned.insert((self.module.clone(), segments[0].clone()));
        let (file, module) = (self.file, self.module.clone());
        self.named.push(Named { file, line: span.start().line, segments, module });
    }

    fn import(&mut self, before: &[String], tree: &UseTree, is_public: bool) {
        let with = |name: String| before.iter().cloned().chain([name]).collect::<Vec<_>>();
        let (mut segments, alias, span) = match tree {
            UseTree::Path(p) => {
                return self.import(&with(p.ident.to_string()), &p.tree, is_public);
            }
            UseTree::Group(g) => {
                for t in &g.items {
                    self.import(before, t, is_public);
                }
                return;
            }
            UseTree::Name(n) => (with(n.ident.to_string()), n.ident.to_string(), n.ident.span()),
            UseTree::Rename(r) => (with(r.ident.to_string()), r.rename.to_string(), r.ident.span()),
            UseTree::Glob(g) => (before.to_vec(), "*".to_owned(), g.star_token.spans[0]),
        };
        let mut alias = alias;
        if segments.len() > 1 && segments.last().is_some_and(|s| s == "self") {
            segments.pop();
            if alias == "self" {
                alias.clone_from(&segments[segments.len() - 1]);
            }
        }
        let module = self.module.clone();
        self.imports.push((Import { module, segments, alias, is_public }, span.start().line));
    }

    /// Paths within a macro's words, and items it may define.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut i = 0;
        while i < tokens.len() {
            match &tokens[i] {
                TokenTree::Group(g) => self.tokens(g.stream()),
                TokenTree::Ident(first) => {
                    let word = first.to_string();
                    if let Some(TokenTree::Ident(name)) = tokens.get(i + 1)
                        && DEFINES.contains(&word.as_str())
                    {
                        self.defined.push((self.module.clone(), name.to_string()));
                    }
                    let mut segments = vec![word];
                    i = self.path(&tokens, i + 1, &mut segments, first.span());
                    continue;
                }
                _ => {}
            }
            i += 1;
        }
    }

    /// Follows `::name` from `i` on; the place after the path.
    fn path(&mut self, t: &[TokenTree], mut i: usize, s: &mut Vec<String>, at: Span) -> usize {
        let colon = |i: usize| matches!(t.get(i), Some(TokenTree::Punct(p)) if p.as_char() == ':');
        while colon(i) && colon(i + 1) {
            match t.get(i + 2) {
                Some(TokenTree::Ident(name)) => s.push(name.to_string()),
                Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = g.stream().into_iter().collect();
                    let mut j = 0;
                    while j < inner.len() {
                        let mut grouped = s.clone();
                        if let TokenTree::Ident(name) = &inner[j] {
                            grouped.push(name.to_string());
                            j = self.path(&inner, j + 1, &mut grouped, name.span());
                        } else {
                            j += 1;
                        }
                    }
                    return i + 3;
                }
                _ => break,
            }
            i += 3;
        }
        self.name(s.clone(), at);
        i
    }
}

/// Words before the name of an item.
const DEFINES: &[&str] = &["struct", "enum", "fn", "const", "static", "type", "trait", "union"];

impl<'a> Visit<'a> for Scan {
    fn visit_item(&mut self, item: &'a Item) {
        let name = match item {
            Item::Const(x) => Some(&x.ident),
            Item::Enum(x) => Some(&x.ident),
            Item::Fn(x) => Some(&x.sig.ident),
            Item::Static(x) => Some(&x.ident),
            Item::Struct(x) => Some(&x.ident),
            Item::Trait(x) => Some(&x.ident),
            Item::Type(x) => Some(&x.ident),
            Item::Macro(x) => x.ident.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.defined.push((self.module.clone(), name.to_string()));
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, m: &'a syn::ItemMod) {
        self.module.push(m.ident.to_string());
        if m.content.is_some() {
            self.modules.push(self.module.clone());
        }
        visit::visit_item_mod(self, m);
        self.module.pop();
    }

    fn visit_item_use(&mut self, u: &'a syn::ItemUse) {
        self.import(&[], &u.tree, !matches!(u.vis, Visibility::Inherited));
    }

    fn visit_item_impl(&mut self, i: &'a syn::ItemImpl) {
        if let (None, syn::Type::Path(p)) = (&i.trait_, &*i.self_ty) {
            let of: Vec<String> = p.path.segments.iter().map(|s| s.ident.to_string()).collect();
            for item in &i.items {
                if let syn::ImplItem::Fn(f) = item {
                    let method = f.sig.ident.to_string();
                    self.methods.push((self.module.clone(), of.clone(), method));
                }
            }
        }
        visit::visit_item_impl(self, i);
    }

    fn visit_expr_method_call(&mut self, c: &'a syn::ExprMethodCall) {
        self.calls.push((c.method.to_string(), c.method.span().start().line));
        visit::visit_expr_method_call(self, c);
    }

    fn visit_path(&mut self, p: &'a syn::Path) {
        let segments: Vec<String> = p.segments.iter().map(|s| s.ident.to_string()).collect();
        self.name(segments, p.segments[0].ident.span());
        visit::visit_path(self, p);
    }

    fn visit_macro(&mut self, m: &'a syn::Macro) {
        visit::visit_macro(self, m);
        self.tokens(m.tokens.clone());
    }

    fn visit_visibility(&mut self, _: &'a Visibility) {}

    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}
}

/// Where names lead.
struct Names {
    modules: BTreeMap<Vec<String>, usize>,
    defined: BTreeMap<(Vec<String>, String), usize>,
    imports: BTreeMap<Vec<String>, Vec<Import>>,
    crates: BTreeSet<String>,
}

enum Found {
    Module(Vec<String>),
    Item(usize),
}

impl Names {
    fn new(scans: &[Scan]) -> Names {
        let mut names = Names {
            modules: BTreeMap::new(),
            defined: BTreeMap::new(),
            imports: BTreeMap::new(),
            crates: BTreeSet::new(),
        };
        for s in scans {
            names.crates.insert(s.module[0].clone());
            for module in s.modules.iter().chain([&s.module]) {
                names.modules.insert(module.clone(), s.file);
            }
            for (module, name) in &s.defined {
                names.defined.insert((module.clone(), name.clone()), s.file);
            }
            for (import, _) in &s.imports {
                names.imports.entry(import.module.clone()).or_default().push(import.clone());
            }
        }
        names
    }

    /// The file that defines what a path names, none for paths out of the package.
    fn file_of(&self, module: &[String], segments: &[String]) -> Option<usize> {
        match self.follow(module, segments, 0)? {
            Found::Module(m) => self.modules.get(&m).copied(),
            Found::Item(file) => Some(file),
        }
    }

    fn follow(&self, module: &[String], segments: &[String], depth: u32) -> Option<Found> {
        let (first, rest) = segments.split_first()?;
        let mut at = match first.as_str() {
            "crate" => module[..1].to_vec(),
            "self" => module.to_vec(),
            "super" => module[..module.len() - 1].to_vec(),
            name if self.crates.contains(name) => vec![name.to_owned()],
            name => {
                let mut below = module.to_vec();
                below.push(name.to_owned());
                if !self.modules.contains_key(&below) {
                    return None;
                }
                below
            }
        };
        for name in rest {
            if name == "super" {
                at.pop();
                continue;
            }
            match self.lookup(&at, name, depth) {
                Some(Found::Module(m)) => at = m,
                found => return found.or_else(|| self.modules.get(&at).map(|&f| Found::Item(f))),
            }
        }
        Some(Found::Module(at))
    }

    fn lookup(&self, module: &[String], name: &str, depth: u32) -> Option<Found> {
        let mut below = module.to_vec();
        below.push(name.to_owned());
        if self.modules.contains_key(&below) {
            return Some(Found::Module(below));
        }
        if let Some(&file) = self.defined.get(&(module.to_vec(), name.to_owned())) {
            return Some(Found::Item(file));
        }
        // A name that is re-exported in a ring compiles nowhere; the limit ends a wrong guess.
        if depth > 16 {
            return None;
        }
        let imports = self.imports.get(module).map_or(&[][..], Vec::as_slice);
        let named = imports.iter().find(|i| i.alias == name);
        if let Some(i) = named {
            return self.follow(module, &i.segments, depth + 1);
        }
        imports.iter().filter(|i| i.alias == "*").find_map(|i| {
            match self.follow(module, &i.segments, depth + 1)? {
                Found::Module(m) => self.lookup(&m, name, depth + 1),
                Found::Item(_) => None,
            }
        })
    }
}

/// Calls of a type's methods from the file that defines it to another that implements them.
fn split_types(scans: &[Scan], names: &Names) -> Vec<(usize, usize, usize)> {
    let mut at: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for scan in scans {
        for (_, _, method) in &scan.methods {
            at.entry(method).or_default().insert(scan.file);
        }
    }
    let mut out = Vec::new();
    for scan in scans {
        for (module, of, method) in &scan.methods {
            let Some(Found::Item(home)) = names.lookup_path(module, of) else { continue };
            if home == scan.file || at[method.as_str()].len() > 1 {
                continue;
            }
            let Some(defines) = scans.iter().find(|s| s.file == home) else { continue };
            for (call, line) in &defines.calls {
                if call == method {
                    out.push((home, scan.file, *line));
                }
            }
        }
    }
    out
}

impl Names {
    /// The item that a type's path in an `impl` names, seen from its module.
    fn lookup_path(&self, module: &[String], path: &[String]) -> Option<Found> {
        match path {
            [name] => self.lookup(module, name, 0),
            _ => self.follow(module, path, 0),
        }
    }
}
