//! A scripted server of the venue's feed, plain or with TLS, one script a connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use papermaker::rooms::sys::clock::wall;
use papermaker::rooms::units::Ns;
use papermaker::rooms::venue::config::{Config, Regime};
use papermaker::rooms::venue::market::Market;
use papermaker::rooms::ws::server::{self, Request};

/// A certificate for `localhost` that signs itself, as PEM, and a server's TLS by it.
pub fn localhost() -> (String, Arc<rustls::ServerConfig>) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a sound name");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let cert = params.self_signed(&key).expect("a certificate");
    let der = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], der)
        .expect("a certificate");
    (cert.pem(), Arc::new(config))
}

/// What a connection does after its upgrade.
#[derive(Clone, Debug)]
pub enum Script {
    /// Sends blocks of the market until the client goes or the server stops.
    Feed,
    /// Sends blocks for so long, then these bytes, then waits for the client to go.
    Then(Duration, Vec<u8>),
    /// Sends blocks for so long, then half a frame, then resets the connection.
    Reset(Duration),
    /// Sends blocks; after so long its clock is so many milliseconds ahead.
    Jump(Duration, i64),
    /// Answers the request for the upgrade with these bytes and hangs up.
    Answer(Vec<u8>),
    /// Answers no subscription and sends nothing.
    Mute,
    /// Sends blocks; to a subscription whose text holds this it says no, or nothing at all.
    Without(&'static str, bool),
}

pub struct Server {
    pub addr: SocketAddr,
    stop: Arc<AtomicBool>,
    served: Arc<AtomicUsize>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Upgraded connections whose script has begun.
    pub fn served(&self) -> usize {
        self.served.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.addr);
        if let Some(t) = self.thread.take() {
            let _ = t.join();
        }
    }
}

trait Stream: Read + Write {
    fn tcp(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Stream for rustls::StreamOwned<rustls::ServerConnection, TcpStream> {
    fn tcp(&self) -> &TcpStream {
        &self.sock
    }
}

/// Serves one coin, BTC; the last script is repeated.
pub fn serve(scripts: Vec<Script>, tls: Option<Arc<rustls::ServerConfig>>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("bound");
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let served = Arc::new(AtomicUsize::new(0));
    let begun = Arc::clone(&served);
    let thread = std::thread::spawn(move || {
        let ms = wall().0 / Ns::MS;
        let law = Config { epoch_ms: Some(ms), ..Config::stationary("BTC", Regime::Volatile) };
        let mut market = Market::new(&law, 1).expect("a sound configuration");
        let mut done = 0;
        for tcp in listener.incoming() {
            if theirs.load(Ordering::Relaxed) {
                return;
            }
            let Ok(tcp) = tcp else { continue };
            tcp.set_nodelay(true).expect("set");
            let script = &scripts[done.min(scripts.len() - 1)];
            let upgraded = match &tls {
                None => connection(tcp, &mut market, script, (&theirs, &begun)),
                Some(config) => {
                    let conn = rustls::ServerConnection::new(Arc::clone(config)).expect("a server");
                    let stream = rustls::StreamOwned::new(conn, tcp);
                    connection(stream, &mut market, script, (&theirs, &begun))
                }
            };
            done += usize::from(upgraded == Some(true));
        }
    });
    Server { addr, stop, served, thread: Some(thread) }
}

fn nanos(d: Duration) -> i64 {
    i64::try_from(d.as_nanos()).expect("short")
}

/// The text with `by` milliseconds added to every block time.
pub fn later(text: &str, by: i64) -> String {
    let mut out = String::new();
    let mut parts = text.split("\"time\":");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let time: i64 = part[..digits].parse().expect("a time");
        out.push_str(&format!("\"time\":{}{}", time + by, &part[digits..]));
    }
    out
}

/// Answers the subscriptions to all streams, as the script says.
fn subscribe(market: &mut Market, script: &Script, out: &mut Vec<u8>) {
    for stream in [
        r#""type":"bbo""#,
        r#""type":"l2Book","fast":true"#,
        r#""type":"l2Book""#,
        r#""type":"trades""#,
        r#""type":"activeAssetCtx""#,
    ] {
        let ask = format!(r#"{{"method":"subscribe","subscription":{{{stream},"coin":"BTC"}}}}"#);
        match script {
            Script::Without(no, says) if stream.contains(no) => {
                if *says {
                    let ask = ask.replace('"', "\\\"");
                    let no =
                        format!(r#"{{"channel":"error","data":"Invalid subscription {ask}"}}"#);
                    server::text(out, &no);
                }
            }
            Script::Mute => {}
            _ => market.say(&ask).frames.iter().for_each(|f| server::text(out, f)),
        }
    }
}

/// Serves a connection; `Some(true)` if it was upgraded.
fn connection(
    mut stream: impl Stream,
    market: &mut Market,
    script: &Script,
    (stop, served): (&AtomicBool, &AtomicUsize),
) -> Option<bool> {
    let (mut bytes, mut buf) = (Vec::new(), [0; 4096]);
    let accept = loop {
        let n = stream.read(&mut buf).ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&buf[..n]);
        match server::request(&bytes).ok()? {
            None => {}
            Some((Request::Upgrade { accept, .. }, _)) => break accept,
            Some((Request::Plain { .. }, _)) => {
                let no = server::response((404, "Not Found"), "text/plain", b"");
                let _ = stream.write_all(&no).and_then(|()| stream.flush());
                return Some(false);
            }
        }
    };
    if let Script::Answer(bytes) = script {
        let _ = stream.write_all(bytes).and_then(|()| stream.flush());
        return Some(true);
    }
    let mut out = server::switching_protocols(&accept);
    market.reconnect();
    subscribe(market, script, &mut out);
    served.fetch_add(1, Ordering::Relaxed);
    let begun = wall();
    let length = match script {
        Script::Feed | Script::Jump(..) | Script::Without(..) => i64::MAX,
        Script::Answer(_) | Script::Mute => 0,
        Script::Then(d, _) | Script::Reset(d) => nanos(*d),
    };
    while wall().since(begun) < length && !stop.load(Ordering::Relaxed) {
        let block = market.next_block();
        while block.time > wall() && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(2));
        }
        for frame in &block.frames {
            match script {
                Script::Jump(at, ms) if wall().since(begun) > nanos(*at) => {
                    server::text(&mut out, &later(frame, *ms));
                }
                _ => server::text(&mut out, frame),
            }
        }
        if stream.write_all(&out).and_then(|()| stream.flush()).is_err() {
            return Some(true);
        }
        out.clear();
    }
    match script {
        Script::Feed | Script::Jump(..) | Script::Without(..) | Script::Answer(_) => {}
        Script::Mute => {
            let _ = stream.write_all(&out).and_then(|()| stream.flush());
            while !stop.load(Ordering::Relaxed) && stream.read(&mut buf).is_ok_and(|n| n > 0) {}
        }
        Script::Then(_, bytes) => {
            let _ = stream.write_all(bytes).and_then(|()| stream.flush());
            stream.tcp().set_read_timeout(Some(Duration::from_secs(3))).expect("set");
            while stream.read(&mut buf).is_ok_and(|n| n > 0) {}
        }
        Script::Reset(_) => {
            server::text(&mut out, r#"{"channel":"bbo","data":{"coin":"BTC"}}"#);
            let _ = stream.write_all(&out[..out.len() / 2]).and_then(|()| stream.flush());
            // The client's subscriptions were never read: closing now resets the connection.
        }
    }
    Some(true)
}
