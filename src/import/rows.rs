//! The lines of a file, plain or compressed, with their numbers.
//!
//! In: a path. Out: lines. Cold path.
//!
//! 1. A stream that ends early is an error of its last row: half an hour is no hour. Where a file may be
//!    cut, its whole lines are taken.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;

use super::ImportError;
use crate::folder::recording::{Meter, Metered};
use crate::limits::IMPORT_ROW_MAX;

/// Bytes read at once.
const READ: usize = 256 << 10;

/// The lines of a file.
pub(super) struct Rows {
    path: PathBuf,
    source: Box<dyn BufRead + Send>,
    row: u64,
    line: Vec<u8>,
    /// Whether it may end in the middle, and whether it did.
    may_be_cut: bool,
    cut: bool,
}

impl Rows {
    /// Opens a file, by its first bytes gzip, lz4 or plain; `meter` counts what is read of it.
    pub(super) fn open(path: &Path, meter: &Meter) -> Result<Rows, ImportError> {
        let refused = |e: io::Error| ImportError::new(path, 0, e.to_string());
        let file = File::open(path).map_err(refused)?;
        if file.metadata().is_ok_and(|m| m.is_dir()) {
            return Err(ImportError::new(path, 0, "it is a folder: name the files in it"));
        }
        let mut source = BufReader::with_capacity(READ, Metered::new(file, meter.clone()));
        let head = source.fill_buf().map_err(refused)?;
        let source: Box<dyn Read + Send> = match head {
            [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(source)),
            [0x04, 0x22, 0x4d, 0x18, ..] => Box::new(FrameDecoder::new(source)),
            _ => Box::new(source),
        };
        let source = Box::new(BufReader::with_capacity(READ, source));
        let path = path.to_path_buf();
        Ok(Rows { path, source, row: 0, line: Vec::new(), may_be_cut: false, cut: false })
    }

    /// From here on an end in the middle is an end.
    pub(super) fn may_be_cut(&mut self) {
        self.may_be_cut = true;
    }

    /// Whether it ended in the middle; said once.
    pub(super) fn take_cut(&mut self) -> bool {
        std::mem::take(&mut self.cut)
    }

    /// The next line that is not empty.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, ImportError> {
        loop {
            self.line.clear();
            self.row += 1;
            let most = IMPORT_ROW_MAX as u64 + 1;
            let read = (&mut self.source).take(most).read_until(b'\n', &mut self.line);
            let n = match read {
                Err(_) if self.may_be_cut => {
                    self.cut = true;
                    return Ok(None);
                }
                read => read.map_err(|e| self.broken(&e))?,
            };
            if n == 0 {
                return Ok(None);
            }
            if n > IMPORT_ROW_MAX {
                return Err(self.error(format!("a row of more than {IMPORT_ROW_MAX} bytes")));
            }
            if self.may_be_cut && !self.line.ends_with(b"\n") && !self.line.ends_with(b"}") {
                self.cut = true;
                return Ok(None);
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some(self.line.trim_ascii()))
    }

    /// The line that was read last.
    pub(super) fn line(&self) -> &[u8] {
        self.line.trim_ascii()
    }

    /// That something is wrong with the row at hand.
    pub(super) fn error(&self, what: impl Into<String>) -> ImportError {
        ImportError::new(&self.path, self.row, what)
    }

    fn broken(&self, e: &io::Error) -> ImportError {
        self.error(match e.kind() {
            io::ErrorKind::UnexpectedEof => {
                "the compressed file ends early: it was cut, fetch it again".to_owned()
            }
            _ => format!("the compressed file is damaged ({e}): fetch it again"),
        })
    }
}
