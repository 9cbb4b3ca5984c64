//! Where a run connects to: the venue, any look-alike, or the embedded exchange; for how long.
//!
//! In: options that `run` and `record` share. Out: an address, a clock, coins. Cold path.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rustls::ClientConfig;

use super::common::{Asked, coin_name, twice};
use super::exit::{Failure, Result};
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::feed::meta::{self, Universe};
use crate::limits::{COINS_MAX, INFO_MS, LIST_WAIT, VENUE_PACE};
use crate::settings::Choice as _;
use crate::sys::clock::{SessionClock, wall};
use crate::sys::pin::Pin;
use crate::sys::url::Url;
use crate::sys::{info, tls};
use crate::units::Ns;
use crate::venue::config::Named;
use crate::venue::serve::{Exchange, Handle, Service, StartError};

/// The venue's public feed.
pub(super) const HYPERLIQUID: &str = "wss://api.hyperliquid.xyz/ws";
/// In place of names of coins: all that the venue trades.
const ALL: &str = "all";
/// Market seconds per second of a run on the embedded exchange.
const SPEED: u32 = 10;
/// Market seconds of a run on the embedded exchange when none are given: a minute at [`SPEED`].
const LENGTH_S: i64 = 600;

/// Where to connect, for how long.
#[derive(Debug, Default, Args)]
pub(super) struct Where {
    /// `embedded`, `hyperliquid`, or a `ws://` or `wss://` address. Default: embedded for `run`,
    /// hyperliquid for `record`.
    #[arg(long, value_name = "VENUE")]
    venue: Option<String>,
    /// Coins, comma separated, at most 200, or `all` that the venue trades; `dex:COIN` of a builder's
    /// dex, `COIN:DECIMALS` where the venue gives no list. Default: those of the embedded exchange, else
    /// ETH.
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = coin_name)]
    coin: Vec<String>,
    /// How long, in market time: `90s`, `10m`, `2h`. Default: 10m on the embedded exchange, else
    /// until Ctrl-C.
    #[arg(long = "for", value_name = "TIME", allow_hyphen_values = true)]
    length: Option<String>,
    /// Market seconds per second on the embedded exchange, 1 to 50; default 10.
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = speed)]
    speed: Option<u32>,
    /// Which market the coins of the embedded exchange have; default: `exchange.world`.
    #[arg(long)]
    world: Option<Named>,
    /// PEM file with a certificate to trust besides the public ones.
    #[arg(long, value_name = "PEM")]
    ca: Option<PathBuf>,
    /// Core of the hot thread: `auto`, `off` or a number.
    #[arg(long, value_name = "CORE", default_value = "auto")]
    pin: Pin,
    /// Poll the socket without rest instead of waiting for it; takes a core for itself. Meanwhile
    /// the path is rehearsed on a copy, which keeps it in the processor's caches.
    #[arg(long)]
    pub busy_poll: bool,
}

/// A place to connect to.
pub(super) struct Place {
    pub url: Url,
    pub tls: Arc<ClientConfig>,
    pub clock: SessionClock,
    pub length_ns: Option<i64>,
    pub pin: Pin,
    pub exchange: Option<Handle>,
    /// The world of the embedded exchange.
    pub world: Option<Named>,
    /// For the names of folders and files.
    pub stem: &'static str,
}

impl Where {
    /// The venue as it was named.
    pub(super) fn named<'a>(&'a self, default: &'a str) -> &'a str {
        self.venue.as_deref().unwrap_or(default)
    }

    /// The coins that are named; those that cannot be are left out.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.coin.iter().filter_map(|c| Asked::parse(c).ok()).collect()
    }

    /// Whether all coins of the venue are asked for.
    fn wants_all(&self) -> bool {
        self.coin.iter().any(|c| c == ALL)
    }

    /// Looks at the options and starts the embedded exchange, where it is the venue.
    pub(super) fn place<C: Components>(
        &self,
        config: &mut ConfigOf<C>,
        default: &str,
    ) -> Result<Place> {
        let tls = tls::client(self.ca.as_deref())
            .map_err(|e| Failure::usage(format!("--ca: {e}; it takes a PEM file")))?;
        let length = self.length.as_deref().map(parse_length).transpose()?;
        if self.coin.len() > COINS_MAX {
            return Err(Failure::usage(format!("--coin: at most {COINS_MAX} at a time")));
        }
        if self.wants_all() && self.coin.len() > 1 {
            return Err(Failure::usage("--coin all: it stands alone"));
        }
        twice("--coin", &self.coin)?;
        let venue = self.named(default);
        if venue == "embedded" {
            return self.embedded(config, tls, length);
        }
        if self.speed.is_some() || self.world.is_some() {
            let text = "--speed and --world are for the embedded exchange only";
            return Err(Failure::usage(text));
        }
        let (text, stem) = match venue {
            "hyperliquid" => (HYPERLIQUID, "hyperliquid"),
            other => (other, "live"),
        };
        let url = text.parse::<Url>().map_err(|e| {
            Failure::usage(format!("--venue {venue}: {e}; use embedded, hyperliquid or ws(s)://…"))
        })?;
        let (clock, pin) = (SessionClock::start(1), self.pin);
        Ok(Place { url, tls, clock, length_ns: length, pin, exchange: None, world: None, stem })
    }

    fn embedded<C: Components>(
        &self,
        config: &mut ConfigOf<C>,
        tls: Arc<ClientConfig>,
        length: Option<i64>,
    ) -> Result<Place> {
        if !self.coin.is_empty() && !self.wants_all() {
            config.exchange.coins.clone_from(&self.coin);
        }
        // It has any coin that is asked for, but none of a name that ends like decimals of sizes.
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let odd = |c: &&String| c.rsplit_once(':').is_some_and(|(_, end)| is_number(end));
        if let Some(name) = config.exchange.coins.iter().find(odd) {
            return Err(unlisted(name, &meta::Unlisted::Unknown { nearest: Default::default() }));
        }
        config.exchange.world = self.world.unwrap_or(config.exchange.world);
        let speed = self.speed.unwrap_or(SPEED);
        let exchange = exchange(config, ([127, 0, 0, 1], 0).into(), speed)?;
        // Both clocks run at the same speed from the same instant.
        let clock = SessionClock::start_at(wall(), speed);
        let url = format!("ws://{}/ws", exchange.addr())
            .parse()
            .map_err(|e| Failure::internal(format!("own address: {e}")))?;
        let length_ns = Some(length.unwrap_or(LENGTH_S * Ns::SEC));
        let pin = self.pin;
        let (world, stem) = (Some(config.exchange.world), "embedded");
        Ok(Place { url, tls, clock, length_ns, pin, exchange: Some(exchange), world, stem })
    }

    /// Names and size decimals from the venue's own lists, a builder's coins (`dex:COIN`) from that
    /// dex's; where there is no list, from `NAME:DECIMALS` or the built-in table. What there is to say
    /// about it comes second.
    pub(super) fn coins<C: Components>(
        &self,
        config: &ConfigOf<C>,
        place: &Place,
    ) -> Result<(Vec<CoinSpec>, Option<String>)> {
        if self.wants_all() && place.exchange.is_none() {
            return all(place).map(|coins| (coins, None));
        }
        let wanted = match (&self.coin[..], &place.exchange) {
            (_, Some(_)) => config.exchange.coins.clone(),
            ([], None) => vec!["ETH".to_owned()],
            (names, _) => names.to_vec(),
        };
        let wanted = wanted.iter().map(|w| Asked::parse(w)).collect::<Result<Vec<_>, _>>()?;
        let mut lists: Vec<(&str, Result<Universe, String>)> = Vec::new();
        let mut notes: Vec<String> = Vec::new();
        let mut coins = Vec::new();
        for asked in &wanted {
            let dex = asked.name.split_once(':').map_or("", |(dex, _)| dex);
            if !lists.iter().any(|(d, _)| *d == dex) {
                // Where decimals can be had otherwise, a run does not wait for the list.
                let waits = asked.decimals.is_none() && place.stem == "hyperliquid";
                lists.push((dex, listed(place, dex, waits)));
            }
            let list = lists.iter().find(|(d, _)| *d == dex).map(|(_, list)| list);
            match list {
                Some(Ok(universe)) => {
                    coins.push(universe.find(&asked.name).map_err(|e| unlisted(&asked.name, &e))?);
                }
                Some(Err(why)) => {
                    let (coin, how) = unlisted_coin(asked, why, place.stem == "live")?;
                    coins.push(coin);
                    let note = format!("no list of coins from the venue ({why}); {how}");
                    if !notes.contains(&note) {
                        notes.push(note);
                    }
                }
                None => {}
            }
        }
        Ok((coins, (!notes.is_empty()).then(|| notes.join("; "))))
    }
}

/// All coins that the venue trades.
fn all(place: &Place) -> Result<Vec<CoinSpec>> {
    let wrong = |why: String| Failure::venue(format!("--coin all: {why}"));
    let list = listed(place, "", place.stem == "hyperliquid");
    let list = list.map_err(|why| wrong(format!("no list of coins from the venue ({why})")))?;
    let coins = list.traded();
    match coins.len() {
        0 => Err(wrong("the venue trades none".into())),
        n if n > COINS_MAX => {
            Err(wrong(format!("the venue trades {n}, at most {COINS_MAX} at a time: name them")))
        }
        _ => Ok(coins),
    }
}

/// A coin of a venue without a list: decimals by hand, or built in where it is a look-alike.
fn unlisted_coin(asked: &Asked, why: &str, alike: bool) -> Result<(CoinSpec, &'static str)> {
    let name = &asked.name;
    if let Some(decimals) = asked.decimals {
        let coin = CoinSpec::new(name, decimals)
            .map_err(|e| Failure::usage(format!("--coin {name}:{decimals}: {e}")))?;
        return Ok((coin, "decimals as given"));
    }
    let known = meta::fallback().find(name).ok().filter(|_| alike);
    known.map(|coin| (coin, "using the built-in")).ok_or_else(|| {
        let text = format!(
            "no list of coins from the venue ({why}); give the decimals of its sizes, as in --coin \
             {name}:2"
        );
        Failure::venue(text)
    })
}

/// The list of coins of a dex, or why there is none. `waits`: it is asked for until it comes or the time
/// asked for is over.
fn listed(place: &Place, dex: &str, waits: bool) -> Result<Universe, String> {
    let began = place.clock.now();
    let mut wait = LIST_WAIT.0;
    loop {
        let text = info::meta(&place.url, Arc::clone(&place.tls), INFO_MS, dex).map(|a| a.text);
        // What is wrong with the address or the certificates does not pass.
        let passes = text.as_ref().err().is_some_and(info::InfoError::may_pass);
        let text = text.map_err(|e| e.to_string());
        let found = text.and_then(|t| meta::parse(t.as_bytes()).map_err(|e| e.to_string()));
        let over = place.length_ns.is_some_and(|l| place.clock.now().since(began) >= l);
        let why = match &found {
            Err(why) if waits && passes && !over => why,
            _ => return found,
        };
        super::tell(format!(
            "papermaker: no list of coins from the venue ({why}); asking again in {} s, Ctrl-C ends",
            wait.as_secs()
        ));
        std::thread::sleep(wait);
        wait = (wait * 2).min(LIST_WAIT.1);
    }
}

fn unlisted(name: &str, e: &meta::Unlisted) -> Failure {
    let text = match e {
        meta::Unlisted::Delisted => format!("{name} is no longer traded"),
        meta::Unlisted::Unknown { nearest } if nearest.is_empty() => {
            format!("the venue has no coin `{name}`; names are case-sensitive")
        }
        meta::Unlisted::Unknown { nearest } => {
            let near: Vec<&str> = nearest.iter().map(|n| n.as_str()).collect();
            format!("the venue has no coin `{name}`; did you mean {}?", near.join(", "))
        }
    };
    Failure::venue(text)
}

/// Starts the embedded exchange.
pub(super) fn exchange<C: Components>(
    config: &ConfigOf<C>,
    addr: std::net::SocketAddr,
    speed: u32,
) -> Result<Handle> {
    let service = Service { addr, speed: f64::from(speed), clock: wall };
    let started = Exchange::start(&config.exchange, service).map_err(|e| match e {
        StartError::Io(e) => {
            Failure::venue(format!("the embedded exchange cannot listen at {addr}: {e}"))
        }
        StartError::Speed => {
            Failure::usage("the embedded exchange: its speed must be a positive number")
        }
        StartError::Config(e) => Failure::usage(format!("[exchange]: {e}")),
    })?;
    if started.pace() < VENUE_PACE * service.speed {
        let (coins, pace) = (config.exchange.coins.len(), started.pace());
        let world = config.exchange.world.name();
        super::tell(format!(
            "papermaker: the market may fall behind: of {coins} coins of the world {world} this machine \
             makes {pace:.1} seconds a second, and {speed} are asked for; fewer coins, a lower --speed or \
             --world simple help"
        ));
    }
    Ok(started)
}

/// A speed of the embedded exchange within its range.
pub(super) fn speed(text: &str) -> Result<u32, &'static str> {
    text.parse().ok().filter(|n| (1..=50).contains(n)).ok_or("it must be 1 to 50")
}

/// `90s`, `10m`, `2h` in nanoseconds.
pub(super) fn parse_length(text: &str) -> Result<i64> {
    let whole = humantime::parse_duration(text).ok().filter(|d| d.subsec_nanos() == 0);
    let ns = whole.and_then(|d| i64::try_from(d.as_nanos()).ok()).filter(|ns| *ns > 0);
    ns.ok_or_else(|| Failure::usage(format!("--for {text}: write it as 90s, 10m or 2h")))
}
