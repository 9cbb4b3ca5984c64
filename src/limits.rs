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

/// Bytes waiting to be sent to the venue: a whole burst of subscriptions, a hundred bytes each.
pub const SEND_MAX: usize = 16 << 10;

/// Bytes of an HTTP head, of a request or of an answer. Usual ones have 200 to 1,000.
pub const HTTP_HEAD_MAX: usize = 8 << 10;

/// Fields of an HTTP head. Usual answers have 5 to 20.
pub const HTTP_HEADERS_MAX: usize = 64;

/// Depth of nested JSON. The feed's own messages have 5.
pub const JSON_DEPTH_MAX: usize = 16;

/// Trade ids remembered per coin for removing duplicates: several minutes of the busiest coin.
pub const SEEN_MAX: usize = 8192;

/// Records the queue to the logging thread holds (128 bytes each, 16 MiB): at the worst recorded
/// burst of about 20,000 records a second, a stall of the disk of six seconds.
pub const QUEUE_RECORDS: usize = 1 << 17;

/// Bytes the raw-frame queue to the logging thread holds: a minute of the busiest feed.
pub const QUEUE_RAW_BYTES: usize = 8 << 20;

/// Grid of the engine's own clock, in nanoseconds: what happens without a message happens here.
pub const TICK_NS: i64 = 100_000_000;

/// Bytes of a coin's name; the longest seen has 16.
pub const COIN_NAME_MAX: usize = 24;

const _: () = assert!(RECEIVE_MAX > MESSAGE_MAX);
const _: () = assert!(LADDER_MAX * 2 * 2 <= ORDERS_MAX);
const _: () = assert!(SEEN_MAX.is_power_of_two() && SEEN_MAX >= 4096);
const _: () = assert!(QUEUE_RECORDS.is_power_of_two());
