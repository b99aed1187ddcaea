//! [`Response`]: status, headers that every answer has, and a body.

use std::io::{self, Write};
use std::net::TcpStream;

/// Headers that every answer has: nothing runs but the site's own script, nothing is asked of others, and no other page may
/// show this one.
const SAFETY: &str = "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: DENY\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Cache-Control: no-store\r\n\
    Connection: close\r\n";

/// An answer.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    content_type: &'static str,
    headers: String,
    pub(super) body: Vec<u8>,
}

impl Response {
    pub(super) fn new(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: 200, content_type, headers: String::new(), body }
    }

    /// A line of text for people.
    pub(super) fn text(status: u16, message: &str) -> Self {
        let headers = if status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
        let body = format!("{message}\n").into_bytes();
        Self { status, content_type: "text/plain; charset=utf-8", headers: headers.to_owned(), body }
    }

    pub(super) fn redirect(to: &str) -> Self {
        Self { status: 303, ..Self::text(303, "this way") }.with_header("Location", to.to_owned())
    }

    pub(super) fn with_header(mut self, name: &str, value: String) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// Sends it; of `HEAD` only the head.
    pub(super) fn send(&self, mut stream: &TcpStream, with_body: bool) -> io::Result<()> {
        let head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{SAFETY}{}\r\n",
            self.status,
            reason(self.status),
            self.content_type,
            self.body.len(),
            self.headers
        );
        stream.write_all(head.as_bytes())?;
        if with_body {
            stream.write_all(&self.body)?;
        }
        stream.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        303 => "See Other",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    }
}
