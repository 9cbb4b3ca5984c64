//! app
pub mod folder;
pub mod publish;
pub mod recording;
pub mod status;
pub mod writer;
