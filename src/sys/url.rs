//! WebSocket addresses: `ws://host:port/path` and `wss://host:port/path`.
//!
//! In: text of the operator. Out: a [`Url`], or what is wrong with it. Cold path, at start.
//!
//! 1. Strict: no user information, no fragment, no spaces, no other scheme.
//! 2. An address parsed, shown and parsed again is the same.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// A checked address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    secure: bool,
    host: String,
    port: u16,
    path: String,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It does not begin with `ws://` or `wss://`.
    #[error("an address begins with ws:// or wss://")]
    Scheme,
    /// It contains a user name or password.
    #[error("user names and passwords in an address are not supported")]
    UserInfo,
    /// The host is missing or has characters that hosts have not.
    #[error("the host is missing or has characters that hosts have not")]
    Host,
    /// The brackets do not hold an IPv6 address, or one stands without brackets.
    #[error("an IPv6 address stands in brackets, as in ws://[::1]:9001/ws")]
    Ipv6,
    /// The port is not a number from 1 to 65,535.
    #[error("the port is a number from 1 to 65535")]
    Port,
    /// The path has spaces, control or non-ASCII characters, or a fragment.
    #[error("the path may have neither spaces nor a # nor other than ASCII")]
    Path,
}

impl Url {
    /// Whether the connection is by TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Name or address, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Port, that of the scheme if none was given.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, beginning with `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// As it belongs into the `Host` field: IPv6 in brackets, a port only if not the usual one.
    pub fn host_field(&self) -> String {
        let v6 = self.host.contains(':');
        let (open, shut) = if v6 { ("[", "]") } else { ("", "") };
        if self.port == default_port(self.secure) {
            format!("{open}{}{shut}", self.host)
        } else {
            format!("{open}{}{shut}:{}", self.host, self.port)
        }
    }

    /// The HTTP address of `path` (beginning with `/`) at the same host and port.
    pub fn http(&self, path: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.host_field())
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Url, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let secure = if scheme.eq_ignore_ascii_case("wss") {
            true
        } else if scheme.eq_ignore_ascii_case("ws") {
            false
        } else {
            return Err(UrlError::Scheme);
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        if !path.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
            return Err(UrlError::Path);
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (host, port) = if let Some(v6) = authority.strip_prefix('[') {
            let (host, after) = v6.split_once(']').ok_or(UrlError::Ipv6)?;
            let address: Ipv6Addr = host.parse().map_err(|_| UrlError::Ipv6)?;
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':').ok_or(UrlError::Port)?),
            };
            (address.to_string(), port)
        } else {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            if port.is_some_and(|p| p.contains(':')) {
                return Err(UrlError::Ipv6);
            }
            if !is_host(host) {
                return Err(UrlError::Host);
            }
            (host.to_ascii_lowercase(), port)
        };
        let port = match port {
            None => default_port(secure),
            Some(digits) => parse_port(digits).ok_or(UrlError::Port)?,
        };
        Ok(Url { secure, host, port, path })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.host_field(), self.path)
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

fn is_host(host: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    host.len() <= 253 && name.split('.').all(label)
}

fn parse_port(digits: &str) -> Option<u16> {
    if digits.is_empty() || digits.len() > 5 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|&p| p != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_addresses() {
        let table = [
            ("wss://api.hyperliquid.xyz/ws", true, "api.hyperliquid.xyz", 443, "/ws"),
            ("ws://127.0.0.1:9001", false, "127.0.0.1", 9001, "/"),
            ("WS://LocalHost/a?b=c", false, "localhost", 80, "/a?b=c"),
            ("ws://[::1]:9001/ws", false, "::1", 9001, "/ws"),
            ("wss://[2001:DB8::1]", true, "2001:db8::1", 443, "/"),
            ("ws://h?x", false, "h", 80, "/?x"),
            ("ws://h:65535/", false, "h", 65535, "/"),
        ];
        for (text, secure, host, port, path) in table {
            let url: Url = text.parse().unwrap();
            assert_eq!(
                (url.is_secure(), url.host(), url.port(), url.path()),
                (secure, host, port, path),
                "{text}"
            );
            assert_eq!(url.to_string().parse(), Ok(url));
        }
        let url: Url = "ws://[::1]:9001/ws".parse().unwrap();
        assert_eq!(url.host_field(), "[::1]:9001");
        assert_eq!(url.http("/info"), "http://[::1]:9001/info");
        let url: Url = "wss://h:443/ws".parse().unwrap();
        assert_eq!((url.host_field(), url.http("/info")), ("h".into(), "https://h/info".into()));
    }

    #[test]
    fn bad_addresses() {
        let table = [
            ("", UrlError::Scheme),
            ("localhost:9001", UrlError::Scheme),
            ("http://h/", UrlError::Scheme),
            ("ws:/h", UrlError::Scheme),
            ("ws://u:p@h/", UrlError::UserInfo),
            ("ws://", UrlError::Host),
            ("ws:///ws", UrlError::Host),
            ("ws://a..b/", UrlError::Host),
            ("ws://a b/", UrlError::Host),
            ("ws://[h]/", UrlError::Ipv6),
            ("ws://[::1/", UrlError::Ipv6),
            ("ws://::1/", UrlError::Ipv6),
            ("ws://[::1]9001/", UrlError::Port),
            ("ws://h:/", UrlError::Port),
            ("ws://h:0/", UrlError::Port),
            ("ws://h:65536/", UrlError::Port),
            ("ws://h:+80/", UrlError::Port),
            ("ws://h/a b", UrlError::Path),
            ("ws://h/\r\nX: y", UrlError::Path),
            ("ws://h/#f", UrlError::Path),
            ("ws://h/é", UrlError::Path),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Url>(), Err(expected), "{text}");
            assert!(!expected.to_string().is_empty());
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_parses_to_the_same(text in "(ws|wss|x)://[\\[\\]a:0-9@._/?#-]{0,20}") {
            if let Ok(url) = text.parse::<Url>() {
                prop_assert_eq!(url.to_string().parse(), Ok(url));
            }
        }
    }
}
