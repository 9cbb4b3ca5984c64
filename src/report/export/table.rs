//! Records as rows: which table a kind goes to, and its columns with their units.
//!
//! In: records. Out: typed cells in the order of the table's columns. Cold path.
//!
//! 1. The columns of a kind follow from the alphabet: a record made of zero bytes shows its fields.
//! 2. Whatever is an integer of the engine is exported exactly: prices and sizes as a float for
//!    arithmetic and as integer `*_e8`, money as decimal with 17 places `*_usd`.
//! 3. Times are UTC; the epoch stands for "none".

use crate::record::{
    Body, NO_COIN, RECORD_BYTES, REGIMES, Record, StrategyNames, TERMS_MAX, Value,
};
use crate::report::money::units;
use crate::units::{Cash, Mid2, Px};

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Signed.
    Int(i64),
    /// Unsigned.
    UInt(u64),
    /// Double precision.
    Float(f64),
    /// Text.
    Text(String),
    /// Truth value.
    Bool(bool),
    /// Nanoseconds since the epoch.
    Time(i64),
    /// Units of 1e-17 USD.
    Money(i128),
    /// Doubles in order.
    List(Vec<f64>),
}

/// A row: the cells of its columns with their names, which end in the unit.
pub type Cells = Vec<(String, Cell)>;

/// A table: all records of one kind.
#[derive(Clone, Debug)]
pub struct Table {
    /// Name, also of its file.
    pub name: &'static str,
    /// Number of the record kind.
    pub record: u8,
    /// Columns: the row of a record of zeros.
    pub columns: Cells,
}

/// Tables by record kind, in the order of the alphabet; the terms' columns are the strategy's.
pub fn tables(names: &StrategyNames) -> Vec<Table> {
    (0..=u8::MAX).filter_map(|kind| table(kind, names)).collect()
}

fn table(kind: u8, names: &StrategyNames) -> Option<Table> {
    let mut bytes = [0u8; RECORD_BYTES];
    bytes[4] = kind;
    let zero = Record::decode(&bytes).ok()?;
    let columns = cells(&zero, "", names);
    Some(Table { name: zero.body.table(), record: kind, columns })
}

/// What the rows of a run's records need besides: names.
#[derive(Debug, Default)]
pub struct Rows {
    /// The strategy, and what its terms mean.
    pub names: StrategyNames,
    /// As the records say before.
    pub(super) coins: Vec<String>,
}

impl Rows {
    /// The row of the next record; `None` where its kind is not wanted.
    pub fn take(&mut self, r: &Record, wanted: bool) -> Option<Cells> {
        let i = r.coin.index();
        if let Body::Coin(c) = &r.body {
            self.coins.resize(self.coins.len().max(i + 1), String::new());
            self.coins[i] = c.text();
        }
        wanted.then(|| cells(r, self.coins.get(i).map_or("", String::as_str), &self.names))
    }
}

fn cells(r: &Record, coin: &str, names: &StrategyNames) -> Cells {
    let coin = if r.coin == NO_COIN { "" } else { coin };
    let mut out = vec![
        ("seq".to_owned(), Cell::UInt(r.seq)),
        ("at_utc".to_owned(), Cell::Time(r.at.0)),
        ("coin".to_owned(), Cell::Text(coin.to_owned())),
    ];
    if let Body::Terms(t) = &r.body {
        out.push(("mid_usd".to_owned(), Cell::Float(t.mid)));
        let terms = t.value.iter().zip(term_columns(names));
        out.extend(terms.map(|(x, column)| (column, Cell::Float(*x))));
        return out;
    }
    for (field, value) in r.body.fields() {
        put(&r.body, field, value, &mut out);
    }
    out
}

/// Columns of the terms as the strategy names them; by number where its records are missing.
fn term_columns(names: &StrategyNames) -> Vec<String> {
    match names.columns() {
        [] => (1..=TERMS_MAX).map(|i| format!("term{i}")).collect(),
        columns => columns.to_vec(),
    }
}

/// Names of the places of a list.
fn places(field: &str, n: usize) -> Vec<String> {
    match field {
        "ages" => ["age_bbo", "age_fast_book", "age_full_book", "age_any"].map(String::from).into(),
        "p" | "kappa" | "rate" => REGIMES.iter().map(|r| format!("{field}_{r}")).collect(),
        _ => (1..=n).map(|i| format!("{field}{i}")).collect(),
    }
}

fn put(body: &Body, field: &str, value: Value, out: &mut Cells) {
    match value {
        Value::List(list) => {
            for (name, v) in places(field, list.len()).iter().zip(list) {
                put(body, name, v, out);
            }
        }
        Value::Bool(b) => out.push((field.to_owned(), Cell::Bool(b))),
        Value::Text(t) => out.push((field.to_owned(), Cell::Text(t))),
        Value::Time(ns) => out.push((format!("{field}_utc"), Cell::Time(ns))),
        Value::Fixed(e8) => {
            let unit = if is_size(field) { "coin" } else { "usd" };
            out.push((format!("{field}_{unit}"), Cell::Float(Px(e8).to_f64())));
            out.push((format!("{field}_e8"), Cell::Int(e8)));
        }
        Value::Half(twice) => {
            let usd = Mid2(twice).to_f64();
            out.push((format!("{field}_usd"), Cell::Float(usd)));
            out.push((format!("{field}_half_e8"), Cell::Int(twice)));
        }
        Value::Float(x) => out.push((format!("{field}{}", unit_of(body, field)), Cell::Float(x))),
        Value::Int(n) => put_int(body, field, n, out),
    }
}

fn put_int(body: &Body, field: &str, n: i128, out: &mut Cells) {
    let int = |n: i128| Cell::Int(i64::try_from(n).unwrap_or(i64::MAX));
    match (body, field) {
        (Body::Account(_), "spread" | "adverse" | "inventory" | "fees" | "funding") => {
            out.push((format!("{field}_usd"), Cell::Money(units(Cash(n)))));
        }
        (Body::Fill(_), "fee_e8") => {
            let usd = Px(i64::try_from(n).unwrap_or(i64::MAX)).to_f64();
            out.push(("fee_usd".to_owned(), Cell::Float(usd)));
            out.push((field.to_owned(), int(n)));
        }
        (Body::Latch(_), _) => out.push((format!("{field}_e8"), int(n))),
        (_, f) if ["span", "lag"].contains(&f) || f.ends_with("age") || f.starts_with("age_") => {
            out.push((format!("{field}_ns"), int(n)));
        }
        _ => {
            let n = u64::try_from(n).unwrap_or(0);
            out.push((field.to_owned(), Cell::UInt(n)));
        }
    }
}

fn is_size(field: &str) -> bool {
    let stem = field.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(stem, "sz" | "open" | "ahead" | "bid_sz" | "ask_sz" | "position")
}

/// The unit a float's name does not say.
fn unit_of(body: &Body, field: &str) -> &'static str {
    match (body, field) {
        (Body::Estimates(_), "sigma_bps") => "_per_sqrt_s",
        (_, f) if f.starts_with("kappa") => "_per_unit",
        (_, f) if f.starts_with("rate") => "_per_s",
        (Body::Score(_), f) if f.starts_with("gain") => "_nats",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_table_and_every_name_is_used_once() {
        let all = tables(&StrategyNames::default());
        assert_eq!(all.len(), 27);
        for t in &all {
            let mut names: Vec<&str> = t.columns.iter().map(|c| c.0.as_str()).collect();
            names.sort_unstable();
            let n = names.len();
            names.dedup();
            assert_eq!(names.len(), n, "{}: a column twice", t.name);
        }
        let mut names: Vec<&str> = all.iter().map(|t| t.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 27);
    }

    #[test]
    fn columns_say_their_units() {
        let all = tables(&StrategyNames::default());
        let names = |table: &str| -> Vec<String> {
            let t = all.iter().find(|t| t.name == table).expect("a table");
            t.columns.iter().map(|c| c.0.clone()).collect()
        };
        let fills = names("fills");
        for want in
            ["sight_age_ns", "px_usd", "px_e8", "sz_coin", "sz_e8", "age_ns", "time_utc", "fee_usd"]
        {
            assert!(fills.iter().any(|n| n == want), "{want} in {fills:?}");
        }
        assert!(names("quotes").contains(&"px5_e8".to_owned()));
        assert!(names("regimes").contains(&"p_cascade".to_owned()));
        assert!(names("estimates").contains(&"kappa_lo_per_unit".to_owned()));
        assert!(names("accounts").contains(&"adverse_usd".to_owned()));
    }
}
