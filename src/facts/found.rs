//! Named figures.
//!
//! In: figures as they are found. Out: figures by name, in order. Cold path.

/// The named figures of one coin, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(Vec<(String, f64)>);

impl Facts {
    /// A figure; not a number where there is none.
    pub fn get(&self, name: &str) -> f64 {
        self.0.iter().find(|f| f.0 == name).map_or(f64::NAN, |f| f.1)
    }

    /// All figures in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Adds a figure.
    pub(super) fn add(&mut self, name: &str, value: f64) {
        self.0.push((name.to_owned(), value));
    }
}
