//! The layout's rules as tests: who may use whom, that no files stand in a circle, how files open,
//! how long things get, where limits stand, what people read.
//!
//! In: the sources of the product, the laboratory and the laws. Out: what breaks a rule, with its
//! place. Cold path.
//!
//! 1. A rule looks at items, not at lines: a parser reads every file, and tests are taken out.
//! 2. A rule is a function of sources, so that each is proven by faults that are planted: it must
//!    find those, at their lines, and nothing else.

mod paths;
mod planted;
mod rules;
mod tables;
mod tree;

use std::path::Path;

use rules::{Finding, RULES};
use tree::Tree;

fn base() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_rule_holds() {
    let tree = Tree::load(base(), tables::ROOTS);
    assert!(tree.files.len() > 100, "the sources were not found");
    let mut wrong = String::new();
    for rule in RULES {
        let found = (rule.check)(&tree);
        if !found.is_empty() {
            wrong.push_str(&format!("\n{}:\n", rule.name));
        }
        for Finding { path, line, text } in found {
            wrong.push_str(&format!("  {path}:{line}: {text}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_rule_finds_the_faults_planted_for_it() {
    for rule in RULES {
        for planted in [&rule.first].into_iter().chain(rule.more) {
            let sources = (planted.sources)().into_iter().map(|(p, t)| (p.to_owned(), t));
            let mut found = (rule.check)(&Tree::new(sources.collect(), tables::ROOTS));
            found.sort();
            let finds = planted.finds.iter().map(|&(path, line, text)| {
                let text = planted::filled(text);
                Finding { path: path.to_owned(), line, text }
            });
            let finds: Vec<Finding> = finds.collect();
            assert_eq!(found, finds, "\nrule: {}\nplanted: {}", rule.name, planted.name);
        }
    }
}
