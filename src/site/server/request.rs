//! [`Request`]: the head of an HTTP request, read with limits.

use std::io::Read;
use std::net::TcpStream;

/// The longest head that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// What may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
}

/// A request that is understood.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// The path, percent-decoded, from its first `/`.
    pub(super) path: String,
    /// What follows `?`.
    pub(super) query: String,
    /// `Host`, in lower case.
    pub(super) host: String,
    /// `Cookie`.
    pub(super) cookie: String,
}

/// Why a request is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: u16,
    pub(super) message: &'static str,
}

const MALFORMED: Problem = Problem { status: 400, message: "this request is not HTTP as it should be" };

impl Request {
    /// Reads the head. A body is not read: no method that is allowed has one.
    pub(super) fn read(mut stream: &TcpStream) -> Result<Self, Problem> {
        let mut head = Vec::new();
        let mut buffer = [0; 2048];
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            if head.len() > LONGEST {
                return Err(Problem { status: 431, message: "the head of this request is too long" });
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return Err(Problem { status: 408, message: "the request did not end" }),
                Ok(count) => head.extend_from_slice(&buffer[..count]),
            }
        }
        let head = std::str::from_utf8(&head).map_err(|_| MALFORMED)?;
        Self::parse(head.split("\r\n\r\n").next().unwrap_or_default())
    }

    fn parse(head: &str) -> Result<Self, Problem> {
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (first.next(), first.next(), first.next(), first.next())
        else {
            return Err(MALFORMED);
        };
        if !matches!(version, "HTTP/1.1" | "HTTP/1.0") || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(MALFORMED);
        }
        let method = match method {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            _ => return Err(Problem { status: 405, message: "only GET and HEAD are answered" }),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !path.starts_with('/') {
            return Err(MALFORMED);
        }
        let path = percent_decoded(path).ok_or(MALFORMED)?;
        let (mut host, mut cookie) = (None, String::new());
        for line in lines {
            let (name, value) = line.split_once(':').ok_or(MALFORMED)?;
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "host" if host.is_some() => return Err(MALFORMED),
                "host" => host = Some(value.to_ascii_lowercase()),
                "cookie" => value.clone_into(&mut cookie),
                _ => {}
            }
        }
        let host = host.ok_or(Problem { status: 400, message: "the request has no Host" })?;
        Ok(Self { method, path, query: query.to_owned(), host, cookie })
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{Method, Request};

    fn status(head: &str) -> u16 {
        Request::parse(head).map_or_else(|problem| problem.status, |_| 200)
    }

    #[test]
    fn a_request_is_read() {
        let request =
            Request::parse("HEAD /site/a%20b.json?x=1 HTTP/1.1\r\nHost: LocalHost:8080\r\nCookie: a=b").unwrap();
        assert_eq!(request.method, Method::Head);
        assert_eq!((request.path.as_str(), request.query.as_str()), ("/site/a b.json", "x=1"));
        assert_eq!((request.host.as_str(), request.cookie.as_str()), ("localhost:8080", "a=b"));
    }

    #[test]
    fn others_are_refused() {
        assert_eq!(status("POST / HTTP/1.1\r\nHost: a"), 405);
        assert_eq!(status("GET / HTTP/1.1"), 400);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\nHost: b"), 400);
        assert_eq!(status("GET http://a/ HTTP/1.1\r\nHost: a"), 400);
        assert_eq!(status("GET /%zz HTTP/1.1\r\nHost: a"), 400);
        assert_eq!(status("GET /%ff HTTP/1.1\r\nHost: a"), 400);
        assert_eq!(status("GET / HTTP/2\r\nHost: a"), 400);
        assert_eq!(status("GET  / HTTP/1.1\r\nHost: a"), 400);
    }
}
