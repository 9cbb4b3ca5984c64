//! engine
pub mod publish;
