//! The few questions of HTTP/1 that a monitor asks, and their answers.
//!
//! In: bytes of a request. Out: an [`Answer`], or "more bytes are needed". Cold path, sans-io.
//!
//! 1. One request a connection; what follows its head is ignored.
//! 2. Whatever comes in gets a status that fits: 400 what is no HTTP, 404 another path, 405
//!    another method, 431 a head that is too large.

use super::{health, metrics};
use crate::limits::{HTTP_HEAD_MAX, HTTP_HEADERS_MAX};
use crate::ops::snapshot::Snapshot;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Media type of the body.
    pub media_type: &'static str,
    /// Body.
    pub body: String,
    /// Whether the body is to be sent: not to a `HEAD`.
    pub with_body: bool,
}

const PLAIN: &str = "text/plain; charset=utf-8";

const INDEX: &str = "papermaker\n\n/metrics  Prometheus text format\n/healthz  200 ok, 503 degraded \
                     with reasons\n/status   newest state as JSON, for `papermaker top`\n";

impl Answer {
    /// An answer of plain text.
    pub fn plain(status: u16, body: impl Into<String>) -> Answer {
        Answer { status, media_type: PLAIN, body: body.into(), with_body: true }
    }

    /// The bytes to send.
    pub fn bytes(&self) -> Vec<u8> {
        let allow = if self.status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
        let mut out = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{allow}Cache-Control: \
             no-store\r\nConnection: close\r\n\r\n",
            self.status,
            reason(self.status),
            self.media_type,
            self.body.len(),
        );
        if self.with_body {
            out.push_str(&self.body);
        }
        out.into_bytes()
    }
}

/// Answers the request in `bytes`; `None` while its head is incomplete.
pub fn answer(bytes: &[u8], snapshot: impl FnOnce() -> Snapshot) -> Option<Answer> {
    let mut fields = [httparse::EMPTY_HEADER; HTTP_HEADERS_MAX];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) if bytes.len() < HTTP_HEAD_MAX => return None,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Some(Answer::plain(431, "the head of the request is too large\n"));
        }
        Err(e) => return Some(Answer::plain(400, format!("no HTTP request: {e}\n"))),
    }
    let (method, target) = (request.method.unwrap_or(""), request.path.unwrap_or(""));
    let path = target.split('?').next().unwrap_or("");
    let mut answer = match (method, path) {
        ("GET" | "HEAD", "/metrics") => Answer {
            media_type: metrics::MEDIA_TYPE,
            ..Answer::plain(200, metrics::text(&snapshot()))
        },
        ("GET" | "HEAD", "/healthz") => {
            let verdict = health::judge(&snapshot());
            Answer::plain(if verdict.is_ok() { 200 } else { 503 }, verdict.text())
        }
        ("GET" | "HEAD", "/status") => {
            Answer { media_type: "application/json", ..Answer::plain(200, snapshot().write()) }
        }
        ("GET" | "HEAD", "/") => Answer::plain(200, INDEX),
        ("GET" | "HEAD", _) => Answer::plain(404, format!("nothing at this path\n\n{INDEX}")),
        _ => Answer::plain(405, "only GET and HEAD\n"),
    };
    answer.with_body = method != "HEAD";
    Some(answer)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(text: &str) -> Option<Answer> {
        answer(text.as_bytes(), Snapshot::default)
    }

    fn status(text: &str) -> u16 {
        ask(text).expect("an answer").status
    }

    #[test]
    fn every_request_gets_the_status_that_fits() {
        assert_eq!(status("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
        assert_eq!(status("GET /metrics?x=1 HTTP/1.0\r\n\r\n"), 200);
        assert_eq!(status("GET /status HTTP/1.1\r\n\r\n"), 200);
        assert_eq!(status("GET /healthz HTTP/1.1\r\n\r\n"), 200);
        assert_eq!(status("GET /metric HTTP/1.1\r\n\r\n"), 404);
        assert_eq!(status("GET http://a/metrics HTTP/1.1\r\n\r\n"), 404);
        assert_eq!(status("POST /metrics HTTP/1.1\r\n\r\n"), 405);
        assert_eq!(status("\u{1}\u{2} nonsense\r\n\r\n"), 400);
        assert_eq!(status("GET /metrics HTTP/9\r\n\r\n"), 400);
        assert_eq!(status(&format!("GET / HTTP/1.1\r\nA: {}", "b".repeat(HTTP_HEAD_MAX))), 431);
        let many: String = (0..=HTTP_HEADERS_MAX).map(|i| format!("H{i}: x\r\n")).collect();
        assert_eq!(status(&format!("GET / HTTP/1.1\r\n{many}\r\n")), 431);
    }

    #[test]
    fn an_incomplete_head_waits_wherever_it_is_cut() {
        let whole = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for cut in 0..whole.len() {
            assert_eq!(ask(&whole[..cut]), None, "{cut}");
        }
        assert!(ask(whole).is_some());
    }

    #[test]
    fn a_head_request_gets_the_length_and_no_body() {
        let a = ask("HEAD / HTTP/1.1\r\n\r\n").expect("an answer");
        let text = String::from_utf8(a.bytes()).expect("text");
        assert!(text.ends_with("\r\n\r\n"));
        assert!(text.contains(&format!("Content-Length: {}\r\n", INDEX.len())));
        let refused = ask("PUT / HTTP/1.1\r\n\r\n").expect("an answer").bytes();
        assert!(String::from_utf8_lossy(&refused).contains("Allow: GET, HEAD\r\n"));
    }

    #[test]
    fn a_degraded_run_answers_503() {
        let ended = || {
            let mut s = Snapshot::default();
            s.status.ended = true;
            s
        };
        let a = answer(b"GET /healthz HTTP/1.1\r\n\r\n", ended).expect("an answer");
        assert_eq!((a.status, a.body.as_str()), (503, "degraded: the run has ended\n"));
    }
}
