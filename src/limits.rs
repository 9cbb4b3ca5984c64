//! Every capacity, rate and deadline, each with its reason and the relations between them.
//!
//! In: nothing. Out: constants. Hot path and cold path.

/// Coins one process quotes. Ten connections and 1,000 subscriptions per address would allow
/// more; sixteen keep the engine's state in a few megabytes.
pub const COINS_MAX: usize = 16;

/// Levels of a side kept from a snapshot: the full book of the venue has 20, the fast one 5.
pub const LEVELS_MAX: usize = 20;

/// Ladder levels per side. The optimal five-level ladder reaches 97 % of the continuum.
pub const LADDER_MAX: usize = 8;

/// Own orders per coin, live or on their way: both sides of two ladders (one being replaced).
pub const ORDERS_MAX: usize = 64;

/// Prints in one trades frame. The largest seen is 185.
pub const PRINTS_MAX: usize = 4096;

/// Bytes of one WebSocket message. The largest seen is 50 KB.
pub const MESSAGE_MAX: usize = 1 << 20;

/// Bytes of the socket's receive buffer: one largest message with its header, and room to read on.
pub const RECEIVE_MAX: usize = MESSAGE_MAX + (64 << 10);

/// Fragments of one message: an endless run of empty continuations must not hold a message open.
pub const FRAGMENTS_MAX: u32 = 256;

/// Depth of nested JSON. The feed's own messages have 5.
pub const JSON_DEPTH_MAX: usize = 16;

/// Trade ids remembered per coin for removing duplicates: several minutes of the busiest coin.
pub const SEEN_MAX: usize = 8192;

/// Records the queue to the logging thread holds (128 bytes each, 16 MiB): at the worst recorded
/// burst of about 20,000 records a second, a stall of the disk of six seconds.
pub const QUEUE_RECORDS: usize = 1 << 17;

/// Bytes the raw-frame queue to the logging thread holds: a minute of the busiest feed.
pub const QUEUE_RAW_BYTES: usize = 8 << 20;

/// Latency laps the queue to the logging thread holds (20 bytes each): a second of the worst burst.
pub const QUEUE_LAPS: usize = 1 << 14;

/// Part of the record queue (percent) from which on the engine is told to withdraw: at the worst
/// burst a second and a half is left, and a withdrawn ladder publishes little.
pub const BEHIND_PERCENT: usize = 75;

/// Part of the record queue (percent) below which the engine may quote again.
pub const DRAINED_PERCENT: usize = 25;

/// Bytes of one write to the journal, at most: the page cache takes this much whole even when the
/// process is killed in the middle.
pub const JOURNAL_BATCH_BYTES: usize = 64 << 10;

/// Bytes of a journal segment: half a million records.
pub const JOURNAL_SEGMENT_BYTES: u64 = 64 << 20;

/// Longest time a written record waits for `fdatasync`, in nanoseconds.
pub const JOURNAL_SYNC_NS: i64 = 250_000_000;

/// Longest time a raw frame waits in the compressor, in nanoseconds: what a killed process loses.
pub const RAW_FLUSH_NS: i64 = 1_000_000_000;

/// Length of an interval in the latency log, in nanoseconds.
pub const LATENCY_LOG_NS: i64 = 10_000_000_000;

/// How often readers of the status see a new one, in nanoseconds.
pub const STATUS_NS: i64 = 100_000_000;

/// Fills kept in the status, newest last.
pub const STATUS_FILLS: usize = 32;

/// Grid of the engine's own clock, in nanoseconds: what happens without a message happens here.
pub const TICK_NS: i64 = 100_000_000;

/// Bytes of a coin's name; the longest seen has 16.
pub const COIN_NAME_MAX: usize = 24;

const _: () = assert!(RECEIVE_MAX > MESSAGE_MAX);
const _: () = assert!(LADDER_MAX * 2 * 2 <= ORDERS_MAX);
const _: () = assert!(SEEN_MAX.is_power_of_two() && SEEN_MAX >= 4096);
const _: () = assert!(QUEUE_RECORDS.is_power_of_two());
const _: () = assert!(DRAINED_PERCENT < BEHIND_PERCENT && BEHIND_PERCENT < 100);
const _: () = assert!(JOURNAL_BATCH_BYTES.is_multiple_of(128) && JOURNAL_SEGMENT_BYTES >= 256);
const _: () = assert!(QUEUE_RAW_BYTES > MESSAGE_MAX + 12);
