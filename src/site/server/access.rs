//! [`Access`]: who may read. On the loopback address: whoever names this machine as such. Elsewhere: whoever has the token.
//!
//! A page of another site can make a browser resolve its own name to this machine ("DNS rebinding"). On loopback such
//! requests are seen by their `Host`; elsewhere they lack the cookie, which belongs to the name that the reader opened.

use std::net::SocketAddr;

use super::request::Request;

const COOKIE: &str = "hetl_docs";

/// Who may read.
#[derive(Debug)]
pub(super) struct Access {
    /// The host as it was asked for.
    host: String,
    port: u16,
    /// Needed on hosts that are not this machine alone.
    token: Option<String>,
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    /// The token is right: the reader gets a cookie.
    Welcome {
        cookie: String,
    },
    Refused(u16, &'static str),
}

impl Access {
    pub(super) fn new(host: &str, address: SocketAddr) -> Self {
        let token = (!address.ip().is_loopback()).then(|| uuid::Uuid::new_v4().simple().to_string());
        Self { host: host.to_owned(), port: address.port(), token }
    }

    /// The address to open.
    pub(super) fn address(&self) -> String {
        let host = match self.host.as_str() {
            "127.0.0.1" | "0.0.0.0" | "::" | "[::]" => "localhost",
            host => host,
        };
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        match &self.token {
            Some(token) => format!("http://{host}:{}/?token={token}", self.port),
            None => format!("http://{host}:{}/", self.port),
        }
    }

    pub(super) fn judge(&self, request: &Request) -> Verdict {
        let Some(token) = &self.token else {
            if self.is_own_name(&request.host) {
                return Verdict::Allowed;
            }
            return Verdict::Refused(403, "this server answers to localhost only");
        };
        let value = |pairs: &str, separator: char, name: &str| {
            pairs
                .split(separator)
                .filter_map(|pair| pair.trim().split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        };
        if value(&request.cookie, ';', COOKIE).is_some_and(|given| is_equal(&given, token)) {
            return Verdict::Allowed;
        }
        if value(&request.query, '&', "token").is_some_and(|given| is_equal(&given, token)) {
            return Verdict::Welcome { cookie: format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict") };
        }
        Verdict::Refused(401, "open the address that `hetl docs serve` printed: it has the token")
    }

    /// Whether a `Host` header names this machine and port.
    fn is_own_name(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                (name, port.parse().ok())
            }
            _ => (host, Some(80)),
        };
        let own = self.host.to_ascii_lowercase();
        port == Some(self.port)
            && (matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name == own || name == format!("[{own}]"))
    }
}

/// Takes as long whatever the first difference is.
fn is_equal(given: &str, token: &str) -> bool {
    let differences = given.bytes().zip(token.bytes()).fold(0, |found, (a, b)| found | (a ^ b));
    given.len() == token.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::Access;

    #[test]
    fn only_own_names_are_answered_on_loopback() {
        let access = Access::new("127.0.0.1", "127.0.0.1:8080".parse().unwrap());
        assert_eq!(access.address(), "http://localhost:8080/");
        for own in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(access.is_own_name(own), "{own}");
        }
        for other in
            ["localhost", "localhost:80", "evil.example:8080", "localhost.evil.example:8080", "", "127.0.0.1:80"]
        {
            assert!(!access.is_own_name(other), "{other}");
        }
    }

    #[test]
    fn elsewhere_the_address_has_a_token() {
        let access = Access::new("0.0.0.0", "0.0.0.0:8080".parse().unwrap());
        let address = access.address();
        assert!(address.starts_with("http://localhost:8080/?token=") && address.len() == 61, "{address}");
    }
}
