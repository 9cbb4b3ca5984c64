//! What the rules go by: who may use whom, how long things get, what words stay out.
//! In: nothing. Out: tables. Cold path.

use super::tree::Root;

pub const PACKAGE: &str = "papermaker";

/// Folders of sources.
pub const ROOTS: &[Root] = &[
    Root { folder: "src", module: "papermaker" },
    Root { folder: "perf/lab", module: "papermaker/lab" },
    Root { folder: "fuzz/laws", module: "papermaker/laws" },
];

/// First files of binaries, which no other file declares.
pub const BINARIES: &[&str] = &["src/main.rs", "perf/lab/main.rs"];

/// Lines a file may have.
pub const FILE_LINES_MAX: usize = 600;
/// Lines a function may have, from `fn` to its closing brace.
pub const FUNCTION_LINES_MAX: usize = 70;

/// For each room, the rooms that its code may name; `*` for all.
pub const ROOMS: &[(&str, &str)] = &[
    ("limits", ""),
    ("units", "limits"),
    ("math", "limits"),
    ("mem", "units limits"),
    ("event", "units limits"),
    ("record", "event units limits"),
    ("settings", ""),
    ("ws", "mem limits"),
    ("feed", "settings event mem units limits"),
    ("book", "settings event record units limits"),
    ("sim", "settings book event units limits math"),
    ("learn", "settings event record units math limits mem"),
    ("quote", "settings learn event record units math limits"),
    ("engine", "settings book sim learn quote event record units math limits mem"),
    ("journal", "record units limits"),
    ("facts", "event math units limits"),
    ("folder", "feed event journal record units limits"),
    ("telemetry", "limits record units"),
    ("venue", "settings units math limits ws record event"),
    ("sys", "ws limits units"),
    (
        "app",
        "settings limits units math mem event record ws feed facts book sim learn quote engine journal telemetry venue sys folder report",
    ),
    ("report", "folder journal record units limits math telemetry"),
    (
        "bench",
        "app limits units math event record ws feed book sim quote engine journal telemetry venue sys folder",
    ),
    ("truth", "venue sim learn event units limits math sys"),
    ("audit", "venue truth book sim event record units limits math sys"),
    ("import", "feed folder units limits"),
    (
        "python",
        "app cli engine feed folder journal learn limits quote record report sim sweep sys units",
    ),
    ("sweep", "app engine feed folder journal record report units limits"),
    ("ops", "folder app telemetry record units limits sys"),
    ("view", "ops app telemetry record units limits"),
    (
        "cli",
        "settings ops view app engine sim quote truth audit bench report sweep import journal record units venue sys telemetry limits feed facts folder",
    ),
    ("rooms", "*"),
    ("laws", "*"),
    ("lab", "*"),
];

/// Rooms that are counted nowhere: the crate's own file, opened names, tests' laws, the
/// laboratory.
pub const UNCOUNTED: &[&str] = &["", "rooms", "laws", "lab"];

/// Most lines of each room, tests not counted. A number falls with the room; one that rises says
/// beside it what users got for it.
pub const LINES: &[(&str, usize)] = &[
    // One place where signals become what the engine is given; one recording through many engines, many
    // recordings as one run. What a recording shows of its market.
    // A profile for each strategy to compare with. What dropped segments came to, so that a bounded run keeps
    // its sums, is verified and goes on. Results of a replay without records. Results over seeds, paired,
    // on as many threads as cores. Coins set aside are tried again; ended runs share the disk bound.
    // Coins over several connections, each of which is lost and made by itself. A file of a recording that is
    // missing is a hole, and what came before it is verified.
    // A recording that was cut says so in report and page.
    // A disk that stands still costs no record.
    // The newest message of every stream is rehearsed. A replay reads frames on another thread: a sixth less time.
    // Comparisons on recordings with pauses: of the time that was recorded.
    // A table of fills makes room for the next one.
    // Comparisons in every world of the embedded exchange.
    // A run that goes on shows its coins at once.
    ("app", 6_561),
    // Fill models in worlds of agents, by world, scenario, size, latency and share of takers among makers.
    ("audit", 321),
    // On the wire the market's time passes as fast as its frames come.
    ("bench", 1_174),
    ("book", 461),
    // Coins of other kinds, too many coins and odd lines are named; sizes' decimals by hand; builders'
    // dexes; the venue's words where it refuses a stream; what is assumed of the way to the venue, the
    // result at half and twice of it; recordings that are not fit are refused. Sweeps, imports, several
    // recordings, how far a command has come. Stylised facts of a recording against bands; recordings of
    // a simulated market without waiting; the truth of such a market, also behind a run. No output over a
    // file that is there; more slips of the hand named. Fill models in worlds like real markets, cell by cell.
    // The command line inside Python, and how to use that. One line that starts and restarts a service, and
    // waits for the venue's list of coins. Seeds of replays and comparisons, with paired intervals.
    // Help pages, the analysis's own protocol, completions, a signal in the middle of every command.
    // What is verified before a file that is missing; runs killed before their first link give way.
    // Comparisons as pages; comparisons, audits and sweeps that are interrupted say what is known.
    // Outputs are named for what they hold; slips that passed are refused; truth that is interrupted.
    // A run that goes on shows its coins at once. A first link that brought nothing is said to be lost.
    ("cli", 7_485),
    // Executors of one's own; predictions count while orders are in the book; holes close horizons; the
    // budget of requests of an account; what each fill came to, as the account has it; the shadow ladder
    // and a strategy that hears of its curve.
    // Nothing is decided while both sides stand. As many coins as an address may follow.
    // Matching a ladder of many levels stops where levels are too far.
    // Coins take turns in a second: no tick is long. The market in the venue's order, for any executor.
    // A reason not to quote stands: a sixth less for a market that does not pay.
    // What requests are saved up does not hang on how often it is asked for.
    ("engine", 2_441),
    // What came too late to be taken in its place is counted; what shadow quotes met, and their
    // prices, which own quotes share; those of a side at once, for a third of the instructions.
    ("event", 443),
    // A stream that the venue refuses is given up and said in its words, not paid with the link; one map
    // between the two clocks; what an import says of itself.
    // Which streams are followed is a setting; a coin set aside is tried again.
    // As many coins as an address may follow, over several connections. A run that stood still replays alike.
    // A clock that was set forward by seconds is found.
    // Trades that come late behind the best prices are trades.
    // A link after an outage is not given up as silent.
    ("feed", 3_851),
    // The stylised facts of any recording, with the bands of four kinds of coins.
    ("facts", 1_260),
    // Recordings of others: what is odd loses itself, what is none is named with what helps;
    // what a recording is fit for. Bytes counted while they are read, files by their hash.
    // One helper that makes every output of a command. A reading that is ended from outside. What other
    // seeds came to.
    // One bound for all runs of a folder, latencies included; paths that are no text.
    // Nothing half-made stays where a command is interrupted. Files of a recording that are missing are named.
    // Readers of one market that end at one time.
    // An output has an ending of its kind, and is named once.
    // Recordings are unpacked on a thread of their own.
    // Pipes, and recordings in which time goes back, are named.
    ("folder", 2_741),
    // History of the venue's archive, of a node, of tardis.dev, of hftbacktest's collector.
    ("import", 1_161),
    // Digests over sixteen records at once.
    ("journal", 1_499),
    // What quoting would earn at every distance, with intervals that hold, a verdict, and how good forecasts
    // of fills are, by the distance an order could last be moved to. A switch for all of it.
    // A tenth fewer instructions: intervals where they are shown, what stood counted once a window.
    ("learn", 2_364),
    // Bounds of what recordings of others may cost; room for what waits for the venue's order.
    // Sweeps, imports, progress; the shadow ladder.
    // What a report keeps of obstacles; how fast the exchange must be.
    // The length of a history, by which late trades are told from it.
    ("limits", 528),
    // Draws by name: orders of one's own and faults of the feed change nothing but by consequence.
    // Tables of the quantiles that intervals take.
    ("math", 790),
    ("mem", 195),
    // The clock against the venue's, in `doctor`; the verdict as a metric. Every trouble has a cause in health.
    // Sockets of folders with long paths. Metrics of each connection.
    // A disk that stands still has a cause of its own.
    ("ops", 1_538),
    // A strategy that quotes where the tape pays, and those to compare with. A grid of up to twenty levels a
    // side. The original with every component that its analysis
    // names.
    // Price steps of many levels are looked up once.
    // A reason not to quote says how long it stands.
    ("quote", 2_525),
    // How long a budget of requests lasts, in words; the maker fee of each coin; edges, the curve, the
    // verdict and their words.
    // Whether a budget is nearly spent.
    // Hours of data that an answer needs, in words.
    ("record", 1_603),
    // Days. Edges that are the account's, with what was lost before a fill; the curve.
    // What was learned of quotes beside what is true of them. Tables for Python. Several runs as one answer.
    // Value before money, over seeds; policies in pairs.
    // The answer in sentences, one table of figures for text, JSON and page, where a market comes from.
    // Several runs as page and CSV.
    // The page of a comparison; runs of unlike markets apart. Fills of months in the memory of a day's.
    // Obstacles and ages in bounded room, with exact times.
    // Figures an hour and intervals of recordings with pauses: of the time that was recorded.
    ("report", 5_756),
    ("settings", 1_064),
    // Executors of one's own: the seam and the paper executor; fills in the venue's order, in whatever
    // order messages come.
    // Latency by action with the link's own ping, whole lots, sums that overflow nothing.
    // Shadow quotes at every distance, whatever is quoted.
    // A queue in which what is held back does not move: a third fewer instructions for it. Shadow quotes as
    // sets: half of theirs. A switch for the brackets.
    // Late prints that shorten no queue twice, delays drawn by what an action answers, changes of orders that
    // are gone counted on no more.
    // One hold for executor and shadow ladder; what a book shows is read straight from it: a tenth fewer
    // instructions for a grid of twenty.
    ("sim", 4_830),
    // Plans, jobs, tables, rankings of sweeps.
    // The Python package: runs as tables that others read in place, strategies in Python, also among those
    // of a sweep.
    ("python", 1_185),
    // A ranking of what is done of a sweep.
    // A recording counts once.
    ("sweep", 1_039),
    ("sys", 1_855),
    // What was counted of late, from the start on.
    // Binary messages are counted.
    ("telemetry", 564),
    // What quotes and orders really meet in a simulated market, with errors.
    ("truth", 1_074),
    // Lines that no terminal breaks.
    // Price steps of many prices.
    ("units", 622),
    // Markets of agents that look like real ones, recordings of them with the real feed's delays.
    // The same delays in sockets; faults of the feed by name.
    // A world of SOL, coins that move together, what happened in each block.
    // Orders of an experiment that are really in the book; a machine that is too slow is named.
    // Takers of BTC go through several prices, and orders fill by prints as often as on recordings.
    ("venue", 4_752),
    // All coins together and how they went, a coin alone, help, a question before the end.
    ("view", 809),
    ("ws", 1_381),
];

/// Types that sound like an error and are none: what a venue's message says, what a fake disk is
/// told to do.
pub const NO_ERRORS: &[(&str, &str)] =
    &[("src/feed/outcome.rs", "VenueError"), ("fuzz/laws/disk.rs", "Fault")];

/// Rooms whose texts no person reads.
pub const UNSEEN: &[&str] = &["laws"];

/// Rooms that hold things and wait while a run goes on.
pub const RUNNING: &[&str] = &[
    "mem",
    "ws",
    "feed",
    "book",
    "sim",
    "engine",
    "journal",
    "telemetry",
    "venue",
    "sys",
    "folder",
    "app",
    "ops",
    "cli",
];

/// Constants that look like limits of a run and are none: file, names, why.
pub const LIMITS_ELSEWHERE: &[(&str, &str, &str)] = &[
    ("src/app/events.rs", "ITEM_MAX", "follows from the file's layout"),
    ("src/app/live.rs", "ASIDE_LINE_MAX", "length of a line of our own"),
    ("src/feed/meta.rs", "NEAREST_MAX", "names that a message suggests"),
    ("src/folder/recording.rs", "STAMP_MAX", "digits of a number"),
    ("src/mem/seen.rs", "CAPACITY_MAX", "bits of an entry"),
    ("src/sim/latency.rs", "POINTS_MAX DELAY_MAX", "range of a setting"),
    ("src/sim/models/rates.rs", "SAMPLES_MAX", "memory of an estimator"),
    ("src/sim/models/skellam.rs", "DRAWN_MAX", "where the model goes over to its mean"),
    ("fuzz/laws/cst.rs", "EVERY_NS WATCH_NS", "law of an experiment"),
    ("src/venue/flow.rs", "PRINTS_SOFT_MAX", "law of a simulated market"),
    ("src/venue/makers.rs", "REACH_MAX", "law of a simulated market"),
    ("src/venue/market.rs", "EPOCH_MS", "start of a simulated market"),
    ("src/ws/frame.rs", "HEADER_MAX CONTROL_MAX", "RFC 6455"),
];

/// Refused words and better ones.
pub const WORDS: &[(&str, &str)] = &[
    ("told", "given, shown or known"),
    ("untold", "unobserved"),
    ("settle", "evaluate, flush or reconcile"),
    ("settled", "evaluated or flushed"),
    ("recall", "restore"),
    ("glance", "prefetch"),
    ("teach", "notify or train"),
    ("teaches", "notifies or trains"),
    ("taught", "trained"),
    ("pupil", "listener"),
    ("anew", "again or from the start"),
    ("heed", "obey or follow"),
    ("owed", "pending or unreported"),
    ("owes", "has pending"),
    ("farewell", "close or close_notify"),
    ("begun", "started"),
    ("unlearns", "evicts or forgets"),
];
