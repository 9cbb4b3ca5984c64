//! Why a configuration was refused.
//!
//! In: a sentence. Out: the error. Cold path.

/// Why a configuration was refused: one line that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);
