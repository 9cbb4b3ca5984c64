//! A table of settings as a type.
//!
//! In: a struct that the table made. Out: its rows, and whether its values hold. Cold path.

use serde::Serialize;
use toml::Table;

use super::check::check;
use super::error::ConfigError;
use super::schema::Section;

/// A table of settings as a type.
pub trait Room: Default + Serialize {
    /// Its rows.
    fn section() -> Section;

    /// Looks at every range and relation.
    ///
    /// # Errors
    /// The first row or relation that does not hold.
    fn check(&self) -> Result<(), ConfigError> {
        let table = Table::try_from(self).map_err(|e| ConfigError(e.to_string()))?;
        check(&Self::section(), &table, "")
    }
}
