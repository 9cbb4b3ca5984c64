//! Bytes that one thread makes a little ahead of another one, which reads them: a recording that is
//! unpacked, events that are read from frames.
//!
//! In: a source, or what is written. Out: the same bytes and errors. Cold path.
//!
//! The thread ends with its source, or once nobody reads any more.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::limits::{AHEAD_BLOCK, AHEAD_BLOCKS};

/// The reading end.
#[derive(Debug)]
pub struct Ahead {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    /// Bytes of it that were read.
    from: usize,
}

/// The writing end: what was written is to be read from the next flush on.
#[derive(Debug)]
pub struct Pipe {
    to: SyncSender<io::Result<Vec<u8>>>,
    block: Vec<u8>,
}

impl Ahead {
    /// Both ends.
    pub fn pipe() -> (Pipe, Ahead) {
        let (to, blocks) = sync_channel(AHEAD_BLOCKS);
        (Pipe { to, block: Vec::new() }, Ahead { blocks, block: Vec::new(), from: 0 })
    }

    /// Begins to read `source`.
    ///
    /// # Errors
    /// As the system refuses a thread.
    pub(super) fn of(source: impl Read + Send + 'static) -> io::Result<Ahead> {
        let (Pipe { to, .. }, ahead) = Ahead::pipe();
        thread::Builder::new().name("unpack".into()).spawn(move || unpack(source, &to))?;
        Ok(ahead)
    }
}

fn unpack(mut source: impl Read, to: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let (mut block, mut n) = (vec![0; AHEAD_BLOCK], 0);
        let stop = loop {
            match source.read(&mut block[n..]) {
                Ok(0) => break Ok(n == block.len()),
                Ok(more) => n += more,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => break Err(e),
            }
        };
        block.truncate(n);
        if to.send(Ok(block)).is_err() {
            return;
        }
        match stop {
            Ok(true) => {}
            Ok(false) => return,
            // There may be more behind it, as behind a file that is missing.
            Err(e) => {
                if to.send(Err(e)).is_err() {
                    return;
                }
            }
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.from == self.block.len() {
            let Ok(block) = self.blocks.recv() else { return Ok(0) };
            (self.block, self.from) = (block?, 0);
        }
        let n = out.len().min(self.block.len() - self.from);
        out[..n].copy_from_slice(&self.block[self.from..self.from + n]);
        self.from += n;
        Ok(n)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let block = std::mem::take(&mut self.block);
        self.to.send(Ok(block)).map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives pieces of unequal size, then an error.
    struct Pieces(Vec<u8>, usize);

    impl Read for Pieces {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let left = &self.0[self.1..];
            if left.is_empty() {
                return Err(io::Error::other("torn"));
            }
            let n = left.len().min(out.len()).min(1 + self.1 % 1_000);
            out[..n].copy_from_slice(&left[..n]);
            self.1 += n;
            Ok(n)
        }
    }

    #[test]
    fn the_same_bytes_come_and_then_the_same_error() {
        let bytes: Vec<u8> = (0..3 * AHEAD_BLOCK + 17).map(|i| i.to_le_bytes()[0]).collect();
        let mut ahead = Ahead::of(Pieces(bytes.clone(), 0)).expect("a thread");
        let mut got = Vec::new();
        let end = ahead.read_to_end(&mut got).map_err(|e| e.to_string());
        assert_eq!((end, got == bytes), (Err("torn".into()), true));
        let mut whole = Ahead::of(io::Cursor::new(bytes.clone())).expect("a thread");
        got.clear();
        whole.read_to_end(&mut got).expect("whole");
        assert!(got == bytes);
        // Nobody reads on: the thread ends, though the source does not.
        drop(Ahead::of(io::repeat(1)).expect("a thread"));
    }
}
