//! What a table of settings says of itself: rows, what their values must be, relations.
//!
//! In: what the macros [`settings!`](super) write. Out: a tree of [`Section`]s. Cold path.

use std::ops::RangeInclusive;

use serde::Serialize;
use toml::{Table, Value};

/// A table of settings.
#[derive(Clone, Debug)]
pub struct Section {
    /// What it is about.
    pub about: String,
    /// Its rows in order.
    pub rows: Vec<Row>,
    /// What must hold between rows.
    pub relations: Vec<Relation>,
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Row {
    /// Key in its table.
    pub key: &'static str,
    /// What it is.
    pub about: String,
    /// Unit of its numbers, or empty.
    pub unit: &'static str,
    /// What its value must be.
    pub rule: Rule,
    /// Whether it may be left out; else it always has a value.
    pub optional: bool,
}

/// What a value must be.
#[derive(Clone, Debug)]
pub enum Rule {
    /// True or false.
    Switch,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// One of these whole numbers.
    OneOf(&'static [i64]),
    /// A number from the first to the second.
    Number(f64, f64),
    /// So many numbers, each in its range.
    Numbers(Vec<(f64, f64)>),
    /// One of these names; with each its sentence.
    Choice(Vec<(&'static str, String)>),
    /// Something that a predicate knows.
    Form(Form),
    /// A table.
    Section(Section),
    /// One of several tables, chosen by the key `kind`.
    Kinds(Vec<Variant>),
}

/// A value that only a predicate can judge.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// What it must be, after "it must be".
    pub text: &'static str,
    /// Whether a value is that.
    pub holds: fn(&Value) -> bool,
    /// Values at the ends of what is allowed, as TOML.
    pub inside: &'static [&'static str],
    /// Values just beyond, as TOML.
    pub beyond: &'static [&'static str],
}

/// One of several tables that a row can be.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Value of its `kind`.
    pub name: &'static str,
    /// Its rows.
    pub section: Section,
    /// Its default, `kind` included.
    pub default: Table,
}

impl Variant {
    /// A value of the enum as a table.
    pub fn table<T: Serialize>(value: &T) -> Table {
        Table::try_from(value).unwrap_or_default()
    }
}

/// What must hold between rows of one table.
#[derive(Clone, Copy, Debug)]
pub struct Relation {
    /// The rows it is between.
    pub keys: &'static [&'static str],
    /// What must hold.
    pub text: &'static str,
    /// Whether it holds in a table whose values are all inside their ranges.
    pub holds: fn(&Table) -> bool,
}

/// A type that a row can have.
pub trait Setting {
    /// What has to be said of its range; `()` where every value is allowed.
    type Limits;
    /// Whether it may be left out.
    const OPTIONAL: bool = false;
    /// What a value must be.
    fn rule(limits: Self::Limits) -> Rule;
}

/// A setting that is chosen by name.
pub trait Choice: Copy + PartialEq + 'static {
    /// Names, values and sentences, in the order of the enum.
    const LIST: &'static [(&'static str, Self, &'static [&'static str])];

    /// The name in the configuration.
    fn name(self) -> &'static str {
        Self::LIST.iter().find(|(_, value, _)| *value == self).map_or("", |(name, _, _)| *name)
    }

    /// The value of a name.
    ///
    /// # Errors
    /// A sentence with the names there are.
    fn of_name(text: &str) -> Result<Self, String> {
        let found = Self::LIST.iter().find(|(name, ..)| *name == text);
        found.map(|(_, value, _)| *value).ok_or_else(|| {
            let names: Vec<&str> = Self::LIST.iter().map(|(name, ..)| *name).collect();
            format!("no `{text}`; there are {}", names.join(", "))
        })
    }

    /// What a value must be: one of the names.
    fn rule_of_names() -> Rule {
        Rule::Choice(Self::LIST.iter().map(|(name, _, doc)| (*name, sentence(doc))).collect())
    }
}

impl Setting for bool {
    type Limits = ();
    fn rule((): ()) -> Rule {
        Rule::Switch
    }
}

/// The range of a whole number.
#[derive(Clone, Copy, Debug)]
pub enum Whole {
    /// From one to another.
    Range(i64, i64),
    /// One of a few.
    OneOf(&'static [i64]),
}

impl From<RangeInclusive<i64>> for Whole {
    fn from(r: RangeInclusive<i64>) -> Whole {
        Whole::Range(*r.start(), *r.end())
    }
}

impl From<&'static [i64]> for Whole {
    fn from(list: &'static [i64]) -> Whole {
        Whole::OneOf(list)
    }
}

macro_rules! whole {
    ($($ty:ty),*) => { $(
        impl Setting for $ty {
            type Limits = Whole;
            fn rule(limits: Whole) -> Rule {
                match limits {
                    Whole::Range(least, most) => Rule::Whole(least, most),
                    Whole::OneOf(list) => Rule::OneOf(list),
                }
            }
        }
    )* };
}

whole!(u8, u32, u64, usize, i64);

impl Setting for Option<i64> {
    type Limits = Whole;
    const OPTIONAL: bool = true;
    fn rule(limits: Whole) -> Rule {
        i64::rule(limits)
    }
}

/// The range of one number, or of each of several.
#[derive(Clone, Debug)]
pub struct Numbers<const N: usize>([(f64, f64); N]);

impl<const N: usize> From<RangeInclusive<f64>> for Numbers<N> {
    fn from(r: RangeInclusive<f64>) -> Numbers<N> {
        Numbers([(*r.start(), *r.end()); N])
    }
}

impl<const N: usize> From<[RangeInclusive<f64>; N]> for Numbers<N> {
    fn from(list: [RangeInclusive<f64>; N]) -> Numbers<N> {
        Numbers(list.map(|r| (*r.start(), *r.end())))
    }
}

impl Setting for f64 {
    type Limits = Numbers<1>;
    fn rule(Numbers([(least, most)]): Numbers<1>) -> Rule {
        Rule::Number(least, most)
    }
}

impl<const N: usize> Setting for [f64; N] {
    type Limits = Numbers<N>;
    fn rule(limits: Numbers<N>) -> Rule {
        Rule::Numbers(limits.0.to_vec())
    }
}

impl Setting for String {
    type Limits = Rule;
    fn rule(limits: Rule) -> Rule {
        limits
    }
}

impl Setting for Vec<String> {
    type Limits = Rule;
    fn rule(limits: Rule) -> Rule {
        limits
    }
}

impl From<Form> for Rule {
    fn from(form: Form) -> Rule {
        Rule::Form(form)
    }
}

/// Doc lines as one text.
pub fn sentence(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|l| l.trim()).filter(|l| !l.is_empty()).collect();
    lines.join(" ")
}

/// Whether each number is above the one before.
pub fn rising(list: &[f64]) -> bool {
    list.windows(2).all(|w| w[0] < w[1])
}

/// A row with its path, its default, and what must be set for it to exist.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Path from the root.
    pub path: String,
    /// The row.
    pub row: Row,
    /// Its default; none where it may be left out.
    pub default: Option<Value>,
    /// The row of the choice that it hangs on, and the name there; none for most.
    pub needs: Option<(String, &'static str)>,
}

impl Section {
    /// The row of a key.
    pub fn row(&self, key: &str) -> Option<&Row> {
        self.rows.iter().find(|r| r.key == key)
    }

    /// All rows that hold a value, with paths below `path` and the values of `table`.
    pub fn leaves(&self, path: &str, table: &Table) -> Vec<Leaf> {
        let mut out = Vec::new();
        for row in &self.rows {
            let here = join(path, row.key);
            let at = table.get(row.key);
            match (&row.rule, at) {
                (Rule::Section(s), Some(Value::Table(t))) => out.extend(s.leaves(&here, t)),
                (Rule::Kinds(variants), Some(Value::Table(t))) => {
                    out.extend(kinds(variants, t, &here));
                }
                _ => out.push(Leaf {
                    path: here,
                    row: row.clone(),
                    default: at.cloned(),
                    needs: None,
                }),
            }
        }
        out
    }
}

/// The row `kind`, and those of every variant.
fn kinds(variants: &[Variant], table: &Table, path: &str) -> Vec<Leaf> {
    let kind = join(path, "kind");
    let mut out = vec![Leaf {
        path: kind.clone(),
        row: kind_row(variants),
        default: table.get("kind").cloned(),
        needs: None,
    }];
    for v in variants {
        let is_default = table.get("kind").and_then(Value::as_str) == Some(v.name);
        let from = if is_default { table } else { &v.default };
        for mut leaf in v.section.leaves(path, from) {
            leaf.needs = Some((kind.clone(), v.name));
            out.push(leaf);
        }
    }
    out
}

/// The row that chooses between tables.
pub(super) fn kind_row(variants: &[Variant]) -> Row {
    Row {
        key: "kind",
        about: "Which of its forms it has.".into(),
        unit: "",
        rule: Rule::Choice(variants.iter().map(|v| (v.name, v.section.about.clone())).collect()),
        optional: false,
    }
}

/// A key below a path.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
