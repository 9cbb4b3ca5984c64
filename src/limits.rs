//! Every capacity, rate and deadline, each with its reason and the relations between them.
//!
//! In: nothing. Out: constants. Hot path and cold path.

use std::time::Duration;

/// Coins one process quotes: as many as an address may follow with all five streams of each, and more
/// than the venue trades. Memory is reserved for those of the run, about a megabyte each.
pub const COINS_MAX: usize = SUBSCRIPTIONS_MAX / 5;

/// Connections of a run: the venue allows an address ten at a time, and one that was lost may still
/// count while the next one is made.
pub const SOCKETS_MAX: u8 = 8;
/// The same, as a length.
pub const SOCKETS: usize = SOCKETS_MAX as usize;

/// Coins of a connection, where the run has no number of them: it loses no more at once, and subscribes in
/// a second.
pub const SOCKET_COINS: usize = 25;

/// Connections made in a minute: the venue allows an address thirty.
pub const CONNECTS_A_MINUTE: usize = 24;

/// Subscriptions that the venue allows an address, over all its connections.
pub const SUBSCRIPTIONS_MAX: usize = 1_000;

/// Coins that the queues to the logging thread are measured for; with more they are as much longer.
const QUEUE_COINS: usize = 16;

/// The length of a queue to the logging thread for a run of `coins` coins, where `base` is enough for a
/// few.
#[must_use]
pub const fn queue_for(coins: usize, base: usize) -> usize {
    base * coins.div_ceil(QUEUE_COINS)
}

/// Configurations of a sweep with their seeds: a plan names each job, and a ranking holds all their
/// blocks in memory.
pub const SWEEP_CONFIGS_MAX: usize = 100_000;

/// Engines that one pass over a recording feeds: at eight the reading is a tenth of the pass, and
/// memory stays the same however many configurations there are.
pub const SWEEP_ENGINES_MAX: usize = 8;

/// Bytes of a row of foreign history: a block of fills of the busiest kind has 2 MB.
pub const IMPORT_ROW_MAX: usize = 64 << 20;

/// Nanoseconds after which a command says how far it has come.
pub const PROGRESS_AFTER_NS: i64 = 2_000_000_000;

/// Milliseconds between two looks at how far it has come.
pub const PROGRESS_EVERY_MS: u64 = 250;

/// Nanoseconds between two lines of it where there is no terminal.
pub const PROGRESS_LINE_NS: i64 = 10_000_000_000;

/// Values that the view keeps of a trend: some minutes at first; of a longer run every second one goes.
pub const TRENDS_MAX: usize = 1_200;
/// Levels of a side kept from a snapshot: the full book of the venue has 20, the fast one 5.
pub const LEVELS_MAX: usize = 20;

/// Ladder levels per side: a grid of 20. The optimal five-level ladder reaches 97 % of the continuum.
pub const LADDER_MAX: usize = 20;

/// Own orders per coin, live or on their way: both sides of two ladders (one being replaced).
pub const ORDERS_MAX: usize = 80;

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

/// Milliseconds for name, TCP, TLS and upgrade together. Usual are 50 to 500.
pub const CONNECT_MS: u64 = 10_000;

/// Milliseconds to wait for the venue's close frame after ours, when a run ends: round trips take up
/// to 300.
pub const CLOSE_MS: u64 = 500;

/// Milliseconds for one question to the venue's `/info`.
pub const INFO_MS: u64 = 5_000;

/// Longest wait a server may ask for with `Retry-After`, in seconds.
pub const RETRY_AFTER_MAX_S: u32 = 300;

/// Depth of nested JSON. The feed's own messages have 5.
pub const JSON_DEPTH_MAX: usize = 16;

/// Trade ids remembered per coin for removing duplicates: several minutes of the busiest coin.
pub const SEEN_MAX: usize = 8192;

/// Structural characters and values in one JSON message: a full message of trades at the recorded
/// density has 240 thousand; the parser's buffers are made for this many and never grow.
pub const TOKENS_MAX: usize = 1 << 18;

/// Nanoseconds without any message after which the link is taken for dead: the venue's fast book
/// comes every half second and pongs count.
pub const MESSAGE_SILENCE_NS: i64 = 10_000_000_000;

/// Nanoseconds without market data, pongs coming, after which the link is given up: the full book
/// comes every five and a half seconds even if unchanged.
pub const DATA_SILENCE_NS: i64 = 30_000_000_000;

/// Nanoseconds after which a subscription that was not acknowledged counts as refused.
pub const ACK_NS: i64 = 15_000_000_000;

/// Nanoseconds without a message after which a ping asks for one: half of `MESSAGE_SILENCE_NS`.
pub const PING_SILENCE_NS: i64 = 5_000_000_000;

/// Nanoseconds between pings on a talking link; they measure the round trip. The venue closes a
/// link it has sent nothing on for 60 s.
pub const PING_EVERY_NS: i64 = 30_000_000_000;

/// Rejected messages in a minute after which the link is given up: no recording has a single one.
pub const REJECTS_PER_MIN_MAX: u32 = 60;

/// Subscriptions sent at once; the venue closes sockets that subscribe to hundreds in one burst.
pub const SUBSCRIBE_BURST: u32 = 20;

/// Nanoseconds after which one more subscription may be sent: 20 in 100 ms.
pub const SUBSCRIBE_EVERY_NS: i64 = 5_000_000;

/// First reconnect waits up to this many nanoseconds; each further one up to twice as long.
pub const RETRY_FIRST_NS: i64 = 250_000_000;

/// A wait before the next attempt to connect, in nanoseconds, that is said at once.
pub const LONG_WAIT_NS: i64 = 2_000_000_000;

/// Longest wait before an ordinary reconnect, in nanoseconds.
pub const RETRY_MAX_NS: i64 = 20_000_000_000;

/// Shortest wait before any reconnect, in nanoseconds: jitter must not draw a storm.
pub const RETRY_MIN_NS: i64 = 50_000_000;

/// A link that was up and talking for this many nanoseconds resets the waits.
pub const RETRY_RESET_NS: i64 = 30_000_000_000;

/// First wait after the venue refused by policy (close 1008, HTTP 429), in nanoseconds.
pub const REFUSED_FIRST_NS: i64 = 60_000_000_000;

/// Longest wait after the venue refused by policy, in nanoseconds.
pub const REFUSED_MAX_NS: i64 = 600_000_000_000;

/// Age in nanoseconds beyond which a best bid and offer is stale (a block that changes it comes
/// every 0.1 s).
pub const STALE_BBO_NS: i64 = 2_000_000_000;

/// Age in nanoseconds beyond which the fast book is stale (0.54 s apart).
pub const STALE_FAST_NS: i64 = 2_000_000_000;

/// Age in nanoseconds beyond which the full book is stale (5.4 s apart).
pub const STALE_SLOW_NS: i64 = 15_000_000_000;

/// Age in nanoseconds beyond which a context is stale (1 s apart).
pub const STALE_CTX_NS: i64 = 5_000_000_000;

/// Requests of a batch that weigh as much as one more message (venue: 1 + n / 40).
pub const BATCH_WEIGHT: usize = 40;

/// Cancels that an account may send beyond its limit of requests, where twice the limit is not less
/// (venue: min(limit + 100,000, 2 limit)).
pub const CANCELS_EXTRA: u64 = 100_000;

/// Nanoseconds in which one request is taken after the limit is spent (venue: 10 s).
pub const SPENT_EVERY_NS: i64 = 10_000_000_000;

/// By how much the receiver's clock and the venue's may drift apart, parts of a billion: a host
/// without time service is within 100 of a million, a clock that is being adjusted slews by up to 500
/// for a while.
pub const DRIFT_PPB_MAX: i64 = 500_000;

/// Nanoseconds of delays from which on a drift stands out from their noise: in a minute, 200 of a
/// million are 12 ms.
pub const DRIFT_AFTER_NS: i64 = 60_000_000_000;

/// Nanoseconds of which the least delay is kept.
pub const ENVELOPE_STEP_NS: i64 = 5_000_000_000;

/// Points kept, ten minutes: longer than congestions, shorter than the moods of a quartz.
pub const ENVELOPE_POINTS: usize = 120;

/// Latest date of a block, the year 2200: a unit mistaken for another is far beyond.
pub const DATE_MAX_NS: i64 = 7_258_118_400_000_000_000;

/// Nanoseconds that a block may be earlier than any before allowed, at once: the least delay of a
/// network varies by tenths of a second within hours, a recording served faster leaps by more.
pub const BLOCK_AHEAD_NS: i64 = 2_000_000_000;

/// Nanoseconds that a block may be late before it may mean a jump: a link that slow is long silent.
pub const BLOCK_BEHIND_NS: i64 = 60_000_000_000;

/// Nanoseconds from a link's first block on in which earlier ones are believed at once: first
/// snapshots of quiet coins are old.
pub const CLOCK_YOUNG_NS: i64 = 5_000_000_000;

/// How much earlier they may be, in nanoseconds.
pub const CLOCK_YOUNG_AHEAD_NS: i64 = 3_600_000_000_000;

/// Messages in a row that have to agree on a jump of the clocks: two blocks of four coins.
pub const JUMP_MESSAGES: u32 = 20;

/// Nanoseconds that they have to span.
pub const JUMP_AFTER_NS: i64 = 1_000_000_000;

/// The same where blocks are only so late that a congestion may be why: none is as even for so long.
pub const STEP_AFTER_NS: i64 = 30_000_000_000;

/// Nanoseconds that a stamp may go back and be disorder among lines, not a step of the clock.
pub const STAMP_BACK_NS: i64 = 1_000_000_000;

/// Nanoseconds between two stamps of one link from which on blocks have to confirm the second one:
/// twice the silence after which a link is given up.
pub const STAMP_LEAP_NS: i64 = 60_000_000_000;

/// Nanoseconds by which the offset of the clocks has to change to be recorded again.
pub const CLOCK_SAID_NS: u64 = 20_000_000;

/// Hours of a pause that funding is paid for, a month: rates of longer ones are unknown.
pub const FUNDED_HOURS_MAX: i64 = 31 * 24;

/// Nanoseconds of a pause beyond which the points of the grid within it are left out: what is cut
/// out of a recording, or a wrong stamp, costs nothing.
pub const GRID_CUT_NS: i64 = 60_000_000_000;

/// Nanoseconds between two stamps beyond which the time between them is skipped: a week of ticks is six
/// million, a recorder's clock that was set in between may be decades off.
pub const SKIP_NS: i64 = 7 * 24 * 3_600_000_000_000;

/// Stamps of following lines that a stamp is held against where it is far from the one before. Most of
/// so many are right even where a few are not.
pub const STAMPS_AHEAD: usize = 8;

/// Nanoseconds that a stamp may be off its block time and still be taken for the same time in another
/// unit: a thousand times as much is decades.
pub const UNIT_OFF_NS: i64 = 24 * 3_600_000_000_000;

/// Nanoseconds that a recording has to span before what it lacks is held against it.
pub const FIT_SPAN_NS: i64 = 60_000_000_000;

/// Nanoseconds between two best prices, on average, with which a recording is fit for a replay: quotes
/// hold for about as long.
pub const FIT_TOUCH_NS: i64 = 1_000_000_000;

/// Different offsets of receipt to block, in milliseconds, that are kept for their median.
pub const OFFSETS_MAX: usize = 1 << 16;

/// Nanoseconds that a print may be behind the newest print of its message, and be live; in a message
/// of [`HISTORY_PRINTS`], behind the newest block shown, too. In 66,000 live messages the most are
/// 0.51 s and 1.03 s; histories begin 2.2 s and more back. Shorter messages are up to 4.4 s behind.
pub const HISTORY_NS: i64 = 2_000_000_000;

/// Prints of a history, but of a coin that has not had so many.
pub const HISTORY_PRINTS: usize = 30;

/// Prices and sizes are below this many units of 1e-8, ten digits before the point: four prices add up in
/// 63 bits. Sizes on the wire have up to nine digits.
pub const NUMBER_MAX: i64 = 1_000_000_000_000_000_000;

/// Records the queue to the thread that empties it holds (128 bytes each, 4 MiB): at the worst burst of about
/// 20,000 records a second that thread may be kept from a core for a second and a half.
pub const QUEUE_RECORDS: usize = 1 << 15;

/// Edges and ages of fills that a report keeps of a coin, and marks on its page: of more, every two that follow each
/// other are one, so that what a run of months came to is no larger than that of a day.
pub const SAMPLES_MAX: usize = 1 << 13;

/// Changes of a side's obstacle, or of a book's health, that a report keeps of a coin: of more, the states that
/// held longest in a quarter as many columns, more than a page shows.
pub const CHANGES_MAX: usize = 1 << 13;

/// Bytes the raw-frame queue to that thread holds: a minute of the busiest feed, four seconds at ten times its
/// rate.
pub const QUEUE_RAW_BYTES: usize = 8 << 20;

/// Latency laps the queue to the logging thread holds (24 bytes each): a second of the worst burst.
pub const QUEUE_LAPS: usize = 1 << 14;

/// Nanoseconds between two rehearsals of the path while the socket is polled without rest: of 5 µs to
/// 1 ms the one with the shortest times at 350 frames a second.
pub const REHEARSE_NS: u64 = 20_000;

/// Age in nanoseconds up to which a message is rehearsed while those of other streams come: half of what
/// makes trades a history.
pub const REHEARSED_NS: u64 = HISTORY_NS.unsigned_abs() / 2;

/// Records of one message held back until it is decided (144 bytes each); the largest message seen
/// made 580. More go out before the decision is whole.
pub const STAGED_MAX: usize = 1024;

/// Fill of the record queue (percent) at which quoting is suspended: at the worst
/// burst four tenths of a second are left, and a withdrawn ladder publishes little.
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

/// Session nanoseconds of which it is known what was counted of late: ten minutes.
pub const RECENT_NS: i64 = 600_000_000_000;

/// How far the points are apart that it starts from, in nanoseconds.
pub const RECENT_STEP_NS: i64 = 10_000_000_000;

/// Bytes free on the disk of a run below which it is nearly full: journal and recording of 16 coins take
/// some 300 MB an hour.
pub const DISK_LOW: u64 = 1 << 30;

/// Notes of the hot thread that wait to be shown: every stream of every coin given up at once, and some
/// lost links.
pub const NOTES_MAX: usize = SUBSCRIPTIONS_MAX + 48;

/// Time before a venue's list of coins is asked for again: at first, doubled each time, and at most.
pub const LIST_WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// How often the folder of a run is added up and bounded, in nanoseconds.
pub const KEEP_NS: i64 = 10_000_000_000;

/// How often the records of complete segments are looked for that are still on their way to the disk.
pub const PAST_LOOKS: usize = 50;
/// Time between two such looks.
pub const PAST_LOOK: Duration = Duration::from_millis(100);
/// Fills kept in the status, newest last.
pub const STATUS_FILLS: usize = 32;

/// Grid of the engine's own clock, in nanoseconds: what happens without a message happens here.
pub const TICK_NS: i64 = 100_000_000;

/// Most decimals of a size: prices of perpetuals have six less those of the size.
pub const DECIMALS_MAX: u8 = 6;

/// Names of coins that are looked for in a recording: the venue lists some 250 perpetuals and 1,000
/// spot pairs and outcomes.
pub const NAMES_MAX: usize = 2048;

/// Bytes of a coin's name; the longest seen has 16.
pub const COIN_NAME_MAX: usize = 24;
/// Bytes of a line of a recording that says what happened on a connection.
pub const CONTROL_LINE_MAX: usize = 96;
/// Bytes of the line that says that a coin was set aside, or is tried again: 80 without the name.
pub const ASIDE_LINE_MAX: usize = 80 + COIN_NAME_MAX;

/// Bytes of a checkpoint's body: a coin takes half a megabyte, and there is room for twice that.
pub const CHECKPOINT_MAX: usize = COINS_MAX << 20;

/// Bytes of stack of the thread that reads a checkpoint: the state is large and is built by value.
pub const CHECKPOINT_STACK: usize = 64 << 20;

/// Reads of the socket in one round of the hot loop, so that ticks and signals are served under a flood.
pub const READS_PER_TURN: u64 = 16;

/// Longest wait of the hot loop without a look at the clock.
pub const HOT_WAIT: Duration = Duration::from_millis(5);

/// Bytes of the longest message that is rehearsed: a book of both sides has about 3,000.
pub const REHEARSED_MAX: usize = 8 << 10;

/// Records taken out of their ring in one look before the other rings are looked at.
pub const RECORDS_PER_TURN: usize = 4096;

/// Laps taken out of theirs in one look.
pub const LAPS_PER_TURN: usize = 4096;

/// Blocks of a recording that are unpacked ahead of who reads it, and their bytes: half a megabyte, more than
/// any message. Blocks of events are as many.
pub const AHEAD_BLOCKS: usize = 8;
/// See [`AHEAD_BLOCKS`].
pub const AHEAD_BLOCK: usize = 64 << 10;

/// Bytes taken out of the rings that may wait for the disk: at the worst burst of 20,000 records a
/// second with their frames a stall of twenty seconds, at the usual rate of half an hour. None without one.
pub const BACKLOG_BYTES: usize = 64 << 20;

/// Shortest and longest sleep of the thread that empties the rings when there is nothing to take.
pub const WRITER_SLEEP: (Duration, Duration) =
    (Duration::from_micros(50), Duration::from_millis(1));

/// How long the logging thread waits for more before it looks at the clock.
pub const WRITER_WAIT: Duration = Duration::from_millis(2);

/// How often a command looks at the status, at signals and at keys.
pub const LOOK: Duration = Duration::from_millis(50);

/// Bytes of the venue's words that are kept of an error message: its longest sentence and a subscription.
pub const WORDS_MAX: usize = 160;

/// Links lost at the same coin's subscription after which the coin is set aside.
pub const STRIKES_MAX: u8 = 3;

/// Nanoseconds after which a coin set aside is tried again: at first, doubled each time, and at most.
pub const ASIDE_NS: (i64, i64) = (3_600_000_000_000, 86_400_000_000_000);

/// Longest text of a rate, in bytes: the longest seen on the wire has 25.
pub const RATE_TEXT_MAX: usize = 40;

/// Runs of one name under a folder at most.
pub const RUNS_MAX: u32 = 100_000;

/// Connections that metrics and status are served to at once.
pub const CLIENTS_MAX: usize = 8;

/// Milliseconds of such a connection.
pub const CLIENT_MS: u64 = 2_000;

/// Wait after an `accept` that failed: no descriptor is free, say.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Best prices of a coin held back for what the venue did before them, and takes of one block in one
/// frame: a wait of half a second sees about 7, a stall of the socket of five seconds 70.
pub const HELD_BBOS: usize = 128;

/// Snapshots of one kind held back for the same: a wait sees one or two, of a kilobyte each.
pub const HELD_BOOKS: usize = 16;

/// Blocks whose mids are kept for depths of prints that come late: at twelve a second nearly three
/// seconds.
pub const MIDS_MAX: usize = 32;

/// Fills of a coin whose markout is still to come.
pub const PENDING_MAX: usize = 1024;

/// Bytes of an answer to `/info`. The list of all coins has about 30 KB.
pub const INFO_ANSWER_MAX: u64 = 8 << 20;

/// Reads of the socket per call when TLS records bring no text (keys, tickets).
pub const TLS_ROUNDS_MAX: usize = 8;

/// Wishes for links, and links made or given back, that may wait: of each connection one of either.
pub const CONNECT_QUEUE: usize = 2 * SOCKETS;

/// Unsent bytes at which the embedded exchange cuts a slow reader.
pub const VENUE_BACKLOG_MAX: usize = 8 * MESSAGE_MAX;

/// Silence after which it closes a socket, in nanoseconds.
pub const VENUE_IDLE_NS: i64 = 60_000_000_000;

/// Its connections at a time; more are refused.
pub const VENUE_CONNECTIONS_MAX: usize = 64;

/// Its blocks between two looks at the sockets: of 180 coins a block takes 50 ms.
pub const VENUE_BLOCKS_PER_TURN: usize = 8;

/// Market seconds that the exchange makes a second before it serves, over the speed it is to have: with fewer
/// it is said that it may fall behind. At 1.7 (180 coins at ten times the market) a third of the frames came.
pub const VENUE_PACE: f64 = 3.0;

/// Its longest wait without a look at the clocks.
pub const VENUE_WAIT: Duration = Duration::from_millis(100);

const _: () = assert!(RECEIVE_MAX > MESSAGE_MAX);
const _: () = assert!(PING_SILENCE_NS < MESSAGE_SILENCE_NS && MESSAGE_SILENCE_NS < DATA_SILENCE_NS);
const _: () = assert!(PING_EVERY_NS < 60_000_000_000);
const _: () = assert!(1_000_000_000 % TICK_NS == 0);
const _: () = assert!(RETRY_MIN_NS < RETRY_FIRST_NS && RETRY_FIRST_NS < RETRY_MAX_NS);
const _: () = assert!(RETRY_MAX_NS < REFUSED_FIRST_NS && REFUSED_FIRST_NS < REFUSED_MAX_NS);
const _: () = assert!(LADDER_MAX * 2 * 2 <= ORDERS_MAX);
const _: () = assert!(SEEN_MAX.is_power_of_two() && SEEN_MAX >= 4096);
const _: () = assert!(QUEUE_RECORDS.is_power_of_two());
const _: () = assert!(DRAINED_PERCENT < BEHIND_PERCENT && BEHIND_PERCENT < 100);
const _: () = assert!(JOURNAL_BATCH_BYTES.is_multiple_of(128) && JOURNAL_SEGMENT_BYTES >= 256);
const _: () = assert!(QUEUE_RAW_BYTES > MESSAGE_MAX + 12);
const _: () = assert!(COINS_MAX < u8::MAX as usize, "the last number stands for no coin");

/// Blocks that `facts` keeps to tell which prints came after the state of a later block, and to bring
/// block times into order: 80 s at a block each 80 ms. The latest print seen was 1.1 s late.
pub const FACTS_STATES: usize = 1_024;

/// Distances of the shadow ladder: close together where fills are many, to 15 bps, where majors have a
/// handful an hour.
pub const DISTANCES: usize = 17;

/// Quotes of a side of the shadow ladder: the distances, the touch, a tick inside it.
pub const CURVE: usize = DISTANCES + 2;

/// Steps from none to the largest position in the program that quotes go by: ten lots are the default, and
/// with more than thirty-two a step is more than a lot.
pub const INVENTORY_STEPS_MAX: usize = 32;

/// A display of a price older than this says nothing of a shadow quote's queue: full books come every
/// five to six seconds.
pub const SHADOW_SIGHT_NS: i64 = 20_000_000_000;

/// No shadow quote so soon after a hole.
pub const SHADOW_AFTER_HOLE_NS: i64 = 1_000_000_000;

/// Shadow fills of a coin whose mark is still to come: the busiest half minute of the shared recordings
/// has 600.
pub const SHADOW_PENDING_MAX: usize = 4096;

/// Windows of 10 s that wait for marks of half a minute, and those ahead of the newest state: of a
/// longer silence of a coin on a link that is up nothing is learned.
pub const WINDOWS_MAX: usize = 8;

/// Decisions of the shadow ladder on their way: at four a second, sixteen seconds of delay and hold.
pub const DECISIONS_MAX: usize = 64;
