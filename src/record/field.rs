//! How a field of a record becomes bytes, and a value for exports.
//!
//! In: typed fields. Out: little-endian bytes at running offsets. Hot path for `put`, which is always
//! inlined: its offsets are constants then, and a field is one store.

use std::fmt;

use crate::units::{Mid2, Ns, Px, Side, Sz, decimal};

/// Bytes of an encoded record.
pub const RECORD_BYTES: usize = 128;
/// Bytes before the payload.
pub const HEADER_BYTES: usize = 24;
/// Largest payload.
pub const PAYLOAD_BYTES: usize = RECORD_BYTES - HEADER_BYTES;
/// Levels of a ladder in one record.
pub const LADDER_PART: usize = 5;
/// Terms of a strategy at most: what one record holds.
pub const TERMS_MAX: usize = 12;

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A kind this version does not know.
    #[error("kind {0} is not known to this version")]
    Kind(u8),
    /// A field holds a code this version does not know.
    #[error("a field holds a code not known to this version")]
    Code,
}

/// A field as exports see it. Cold.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer.
    Int(i128),
    /// A float.
    Float(f64),
    /// A fixed-point number with eight decimals.
    Fixed(i64),
    /// Twice a fixed-point price.
    Half(i64),
    /// Nanoseconds since the epoch.
    Time(i64),
    /// A name.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// Several.
    List(Vec<Value>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(x) => x.fmt(f),
            Value::Float(x) => x.fmt(f),
            Value::Fixed(x) => f.write_str(&decimal::format(*x, 0)),
            Value::Half(x) => write!(f, "half of {}", decimal::format(*x, 0)),
            Value::Time(x) => write!(f, "{x} ns"),
            Value::Text(x) => f.write_str(x),
            Value::Bool(x) => x.fmt(f),
            Value::List(list) => {
                for (i, x) in list.iter().enumerate() {
                    write!(f, "{}{x}", if i == 0 { "" } else { " " })?;
                }
                Ok(())
            }
        }
    }
}

/// A type that can stand in a record.
pub trait Field: Sized {
    /// Bytes it takes.
    const SIZE: usize;
    /// Writes it at `at` and gives the offset after it.
    fn put(&self, out: &mut [u8; PAYLOAD_BYTES], at: usize) -> usize;
    /// Reads it at `at`; `None` for a code that is not known.
    fn take(from: &[u8; PAYLOAD_BYTES], at: usize) -> Option<(Self, usize)>;
    /// The value for exports. Cold.
    fn value(&self) -> Value;
}

macro_rules! number {
    ($($ty:ty => $value:expr),* $(,)?) => { $(
        impl Field for $ty {
            const SIZE: usize = size_of::<$ty>();
            #[inline(always)]
            fn put(&self, out: &mut [u8; PAYLOAD_BYTES], at: usize) -> usize {
                if let Some(to) = out[at..].first_chunk_mut() {
                    *to = self.to_le_bytes();
                }
                at + Self::SIZE
            }
            fn take(from: &[u8; PAYLOAD_BYTES], at: usize) -> Option<(Self, usize)> {
                let b = from.get(at..at + Self::SIZE)?.try_into().ok()?;
                Some((<$ty>::from_le_bytes(b), at + Self::SIZE))
            }
            fn value(&self) -> Value {
                let f: fn(&$ty) -> Value = $value;
                f(self)
            }
        }
    )* };
}

number! {
    u8 => |x| Value::Int(i128::from(*x)),
    u16 => |x| Value::Int(i128::from(*x)),
    u32 => |x| Value::Int(i128::from(*x)),
    u64 => |x| Value::Int(i128::from(*x)),
    i64 => |x| Value::Int(i128::from(*x)),
    i128 => |x| Value::Int(*x),
    f64 => |x| Value::Float(*x),
}

macro_rules! wrapped {
    ($($ty:ident, $value:expr);* $(;)?) => { $(
        impl Field for $ty {
            const SIZE: usize = 8;
            #[inline(always)]
            fn put(&self, out: &mut [u8; PAYLOAD_BYTES], at: usize) -> usize {
                self.0.put(out, at)
            }
            fn take(from: &[u8; PAYLOAD_BYTES], at: usize) -> Option<(Self, usize)> {
                let (x, at) = i64::take(from, at)?;
                Some(($ty(x), at))
            }
            fn value(&self) -> Value {
                $value(self.0)
            }
        }
    )* };
}

wrapped! { Px, Value::Fixed; Sz, Value::Fixed; Mid2, Value::Half; Ns, Value::Time; }

impl Field for bool {
    const SIZE: usize = 1;
    #[inline(always)]
    fn put(&self, out: &mut [u8; PAYLOAD_BYTES], at: usize) -> usize {
        u8::from(*self).put(out, at)
    }
    fn take(from: &[u8; PAYLOAD_BYTES], at: usize) -> Option<(Self, usize)> {
        match u8::take(from, at)? {
            (0, at) => Some((false, at)),
            (1, at) => Some((true, at)),
            _ => None,
        }
    }
    fn value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Field for Side {
    const SIZE: usize = 1;
    #[inline(always)]
    fn put(&self, out: &mut [u8; PAYLOAD_BYTES], at: usize) -> usize {
        (*self as u8).put(out, at)
    }
    fn take(from: &[u8; PAYLOAD_BYTES], at: usize) -> Option<(Self, usize)> {
        match u8::take(from, at)? {
            (0, at) => Some((Side::Buy, at)),
            (1, at) => Some((Side::Sell, at)),
            _ => None,
        }
    }
    fn value(&self) -> Value {
        Value::Text(match self {
            Side::Buy => "buy".into(),
            Side::Sell => "sell".into(),
        })
    }
}

impl<const N: usize> Field for [u8; N] {
    const SIZE: usize = N;
    #[inline(always)]
    fn put(&self, out: &mut [u8; PAYLOAD_BYTES], at: usize) -> usize {
        out[at..at + N].copy_from_slice(self);
        at + N
    }
    fn take(from: &[u8; PAYLOAD_BYTES], at: usize) -> Option<(Self, usize)> {
        Some((from.get(at..at + N)?.try_into().ok()?, at + N))
    }
    fn value(&self) -> Value {
        Value::Text(unpadded(self))
    }
}

/// A text as bytes, padded with zeros; what is too long is cut before the character that does not fit.
pub fn padded<const N: usize>(text: &str) -> [u8; N] {
    let end = (0..=N.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let mut out = [0; N];
    out[..end].copy_from_slice(&text.as_bytes()[..end]);
    out
}

/// The text before the zeros that pad it. Cold.
pub fn unpadded(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

macro_rules! list {
    ($($ty:ty),*) => { $(
        impl<const N: usize> Field for [$ty; N] {
            const SIZE: usize = N * <$ty as Field>::SIZE;
            #[inline(always)]
            fn put(&self, out: &mut [u8; PAYLOAD_BYTES], at: usize) -> usize {
                self.iter().fold(at, |at, x| x.put(out, at))
            }
            fn take(from: &[u8; PAYLOAD_BYTES], at: usize) -> Option<(Self, usize)> {
                let mut list = [<$ty>::default(); N];
                let mut at = at;
                for slot in &mut list {
                    let (x, next) = <$ty as Field>::take(from, at)?;
                    *slot = x;
                    at = next;
                }
                Some((list, at))
            }
            fn value(&self) -> Value {
                Value::List(self.iter().map(Field::value).collect())
            }
        }
    )* };
}

list!(Px, Sz, f64, i64, u64);
