//! Questions to the venue's `/info`: one POST, one answer, over HTTP or HTTPS.
//!
//! In: the address of the WebSocket. Out: the answer, or why there is none. Cold path, at start.
//!
//! 1. Connections are opened by [`dial`](super::dial), so certificates are judged and errors named
//!    as for the WebSocket.
//! 2. The answer has at most [`INFO_ANSWER_MAX`] bytes; the whole exchange one deadline.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use rustls::ClientConfig;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

use super::clock::Deadline;
use super::dial::{ConnectError, Dialer, Stage, Stream};
use super::url::Url;
use crate::limits::INFO_ANSWER_MAX;
use crate::units::Ns;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InfoError {
    /// There is no connection.
    #[error(transparent)]
    Connect(ConnectError),
    /// The server answered with another status than 200.
    #[error("/info: status {0}{advice}", advice = advice(*.0))]
    Status(u16),
    /// The answer is not well-formed, too long or not UTF-8, with the text of the HTTP client.
    #[error("/info: {0}")]
    Answer(String),
}

impl InfoError {
    /// Whether it may pass by waiting.
    pub fn may_pass(&self) -> bool {
        match self {
            InfoError::Connect(e) => e.may_pass(),
            InfoError::Status(code) => matches!(code, 408 | 425 | 429 | 500..=599),
            InfoError::Answer(_) => false,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// When the server says that it answered (header `Date`), to the second it was cut to.
    pub date: Option<Ns>,
}

/// The answer to `{"type":"meta"}`: coins and their rules, the venue's own or those of a
/// builder's `dex` (HIP-3), whose coins are named `dex:COIN`.
///
/// # Errors
/// Why there is none.
pub fn meta(
    url: &Url,
    tls: Arc<ClientConfig>,
    deadline_ms: u64,
    dex: &str,
) -> Result<Answer, InfoError> {
    let question = match dex {
        "" => r#"{"type":"meta"}"#.to_owned(),
        dex => format!(r#"{{"type":"meta","dex":"{dex}"}}"#),
    };
    ask(url, tls, deadline_ms, &question)
}

/// POSTs `question` (JSON) to `/info` at the host and port of `url`.
///
/// # Errors
/// Why there is no answer.
pub fn ask(
    url: &Url,
    tls: Arc<ClientConfig>,
    deadline_ms: u64,
    question: &str,
) -> Result<Answer, InfoError> {
    let stream =
        Dialer::new(tls).open(url, Deadline::after_ms(deadline_ms)).map_err(InfoError::Connect)?;
    let config = Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("papermaker/", env!("CARGO_PKG_VERSION")))
        .build();
    let agent = ureq::Agent::with_parts(config, Given(Mutex::new(Some(stream))), Nowhere);
    let mut answer = agent
        .post(url.http("/info"))
        .header("Content-Type", "application/json")
        .header("Connection", "close")
        .send(question)
        .map_err(InfoError::from_ureq)?;
    if answer.status() != 200 {
        return Err(InfoError::Status(answer.status().as_u16()));
    }
    let date = answer.headers().get("date").and_then(|h| h.to_str().ok()).and_then(dated);
    let body = answer.body_mut().with_config().limit(INFO_ANSWER_MAX).read_to_string();
    Ok(Answer { text: body.map_err(InfoError::from_ureq)?, date })
}

/// A date of HTTP as time.
fn dated(text: &str) -> Option<Ns> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok().map(Ns)
}

impl InfoError {
    fn from_ureq(error: ureq::Error) -> InfoError {
        match error {
            ureq::Error::Io(e) => InfoError::Connect(ConnectError::from_io(&e, Stage::Http)),
            ureq::Error::ConnectionFailed => InfoError::Connect(ConnectError::Closed(Stage::Http)),
            other => InfoError::Answer(other.to_string()),
        }
    }
}

fn advice(status: u16) -> &'static str {
    if status == 429 { ", too many questions; wait a minute" } else { "; check host and port" }
}

/// Hands the HTTP client the connection that is already open.
#[derive(Debug)]
struct Given(Mutex<Option<Stream>>);

/// Looks nothing up.
#[derive(Debug)]
struct Nowhere;

/// The open connection as the HTTP client wants it.
#[derive(Debug)]
struct Pipe {
    stream: Stream,
    buffers: LazyBuffers,
}

impl Resolver for Nowhere {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut out = self.empty();
        out.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1));
        Ok(out)
    }
}

impl Connector for Given {
    type Out = Pipe;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Pipe>, ureq::Error> {
        let stream = self.0.lock().ok().and_then(|mut s| s.take());
        let stream = stream.ok_or(ureq::Error::ConnectionFailed)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(Pipe { stream, buffers }))
    }
}

impl Transport for Pipe {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.write_all(&self.buffers.output()[..amount])?;
        self.stream.flush()?;
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let n = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(n);
        Ok(n > 0)
    }

    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        self.stream.tls.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::loopback::*;
    use crate::sys::tls;
    use crate::ws::server::{self, Request};

    /// Reads one plain request and answers it.
    fn answer_info(stream: &mut (impl Read + Write), answer: &[u8]) -> Request {
        let mut bytes = Vec::new();
        let mut buf = [0; 1024];
        loop {
            let n = stream.read(&mut buf).unwrap();
            bytes.extend_from_slice(&buf[..n]);
            if let Some((request, _)) = server::request(&bytes).unwrap() {
                stream.write_all(answer).unwrap();
                stream.flush().unwrap();
                return request;
            }
        }
    }

    #[test]
    fn info_over_http_and_https() {
        let body = r#"{"universe":[]}"#;
        let certified = self_signed("localhost", true);
        let tls = tls::client_with(certified.pem.as_bytes()).unwrap();
        let whole = server::response((200, "OK"), "application/json", body.as_bytes());
        let chunked = format!(
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}\r\na\r\n{}\r\n0\r\n\r\n",
            &body[..5],
            &body[5..]
        );
        for (dex, question, answer, date) in [
            ("", r#"{"type":"meta"}"#, whole.clone(), None),
            (
                "xyz",
                r#"{"type":"meta","dex":"xyz"}"#,
                chunked.into_bytes(),
                Some(Ns(784_111_777_000_000_000)),
            ),
        ] {
            let (url, served) = server("ws", move |mut tcp| answer_info(&mut tcp, &answer));
            let got = meta(&url, Arc::clone(&tls), LONG_MS, dex).unwrap();
            assert_eq!((&got.text[..], got.date), (body, date));
            let Request::Plain { method, path, body, .. } = served.join().unwrap() else {
                panic!("a post");
            };
            assert_eq!((&method[..], &path[..], &body[..]), ("POST", "/info", question.as_bytes()));
        }
        let (url, served) = tls_server(&certified, move |mut s| answer_info(&mut s, &whole));
        assert_eq!(meta(&url, Arc::clone(&tls), LONG_MS, "").unwrap().text, body);
        served.join().unwrap();

        let refused = server::response((500, "Oops"), "text/plain", b"no");
        let (url, served) = server("ws", move |mut tcp| answer_info(&mut tcp, &refused));
        assert_eq!(meta(&url, Arc::clone(&tls), LONG_MS, ""), Err(InfoError::Status(500)));
        served.join().unwrap();

        let (url, served) = server("ws", |mut tcp| answer_info(&mut tcp, b"HTTP/1.1 20"));
        let error = meta(&url, Arc::clone(&tls), LONG_MS, "").unwrap_err();
        assert!(!error.to_string().is_empty());
        served.join().unwrap();

        let (url, served) =
            server("ws", |mut tcp| while tcp.read(&mut [0; 9]).is_ok_and(|n| n > 0) {});
        let error = meta(&url, tls, SHORT_MS, "").unwrap_err();
        assert_eq!(error, InfoError::Connect(ConnectError::Timeout(Stage::Http)));
        served.join().unwrap();
    }
}
