//! What clients hear that open `http://` on an https port.

use crate::error::{Error, ErrorKind, Result, escape};

/// How a client is answered that speaks HTTP without TLS. It is refused in each case.
///
/// ```
/// use trustdir::tls::PlainHttp;
///
/// assert!(PlainHttp::redirect("https://rpc.example.org:7076").is_ok());
/// assert!(PlainHttp::redirect("rpc.example.org").is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainHttp(Answer);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Answer {
    #[default]
    Alert,
    BadRequest,
    Redirect(String),
}

/// The longest request head that is waited for.
const LONGEST: usize = 8 * 1024;

const METHODS: [&[u8]; 9] =
    [b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"TRACE ", b"CONNECT "];

/// What is to be done with the first bytes of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    /// It may speak TLS.
    Other,
    /// It may speak HTTP; there is more to come.
    Unfinished,
    /// It speaks HTTP, and this is the answer.
    Http(Vec<u8>),
}

impl PlainHttp {
    /// A TLS alert, as for whatever else is not TLS.
    pub fn alert() -> Self {
        Self(Answer::Alert)
    }

    /// A plain `400 Bad Request` that says why.
    pub fn bad_request() -> Self {
        Self(Answer::BadRequest)
    }

    /// A redirection (308) to the same path under this address, such as `https://rpc.example.org:7076`.
    pub fn redirect(to: &str) -> Result<Self> {
        let host = to.strip_prefix("https://").unwrap_or_default();
        if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/') {
            let message = format!("{} is no address to redirect to; give one such as https://host:port", escape(to));
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(Self(Answer::Redirect(to.to_owned())))
    }

    /// Looks at what a client has sent so far.
    pub(super) fn greet(&self, received: &[u8]) -> Greeting {
        let begins = |method: &&[u8]| received.iter().zip(*method).all(|(a, b)| a == b);
        if self.0 == Answer::Alert || received.is_empty() || !METHODS.iter().any(begins) {
            return Greeting::Other;
        }
        // A close with unread bytes would make the answer vanish.
        let whole = received.windows(4).any(|end| end == b"\r\n\r\n");
        if !whole && received.len() < LONGEST {
            return Greeting::Unfinished;
        }
        Greeting::Http(match &self.0 {
            Answer::Redirect(to) => {
                let target = target(received);
                answer("308 Permanent Redirect", &format!("Location: {to}{target}\r\n"), "This port speaks HTTPS.\n")
            }
            _ => answer("400 Bad Request", "", "This port speaks HTTPS: open it with https://, not http://.\n"),
        })
    }
}

/// The path of a request, if it can be repeated in a header.
fn target(request: &[u8]) -> &str {
    let mut words = request.split(|byte| matches!(byte, b' ' | b'\r' | b'\n'));
    let target = words.nth(1).and_then(|target| std::str::from_utf8(target).ok()).unwrap_or_default();
    let plain = target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { target } else { "/" }
}

fn answer(status: &str, header: &str, text: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\n{header}Content-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_in_pieces() {
        let redirect = PlainHttp::redirect("https://a:1").unwrap();
        let request = b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
        for end in 1..request.len() {
            assert_eq!(redirect.greet(&request[..end]), Greeting::Unfinished);
        }
        let Greeting::Http(answer) = redirect.greet(request) else { panic!() };
        assert!(String::from_utf8(answer).unwrap().contains("\r\nLocation: https://a:1/a?b=c\r\n"));
        for tls in [&b"\x16\x03\x01"[..], b"", b"G\x16", b"SSH-2.0-x\r\n\r\n", b"get / HTTP/1.1\r\n\r\n"] {
            assert_eq!(redirect.greet(tls), Greeting::Other);
        }
        assert_eq!(PlainHttp::alert().greet(request), Greeting::Other);
    }

    /// A line break in the target would add headers to the answer.
    #[test]
    fn only_a_plain_path_is_repeated() {
        for request in ["GET http://evil/ HTTP/1.1", "GET", "GET /\u{e4} HTTP/1.1", "GET \r\nSet-Cookie: /"] {
            assert_eq!(target(request.as_bytes()), "/", "{request}");
        }
        let endless = [b"GET /".to_vec(), vec![b'a'; LONGEST]].concat();
        assert!(matches!(PlainHttp::bad_request().greet(&endless), Greeting::Http(_)));
    }
}
