//! Fetching over HTTP: a few attempts with growing pauses, proxies and certificates from the environment.
//!
//! Main type: [`Http`]. What is fetched, and where it is kept, is not known here.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::config::Invocation;
use crate::events::{Event, Reporter};

/// Pauses after failed attempts, in milliseconds; one attempt more than there are pauses.
const PAUSES: [u64; 4] = [200, 400, 800, 1600];
/// More than any index or archive of a package has, in bytes.
const MOST_BYTES: u64 = 1 << 30;
/// Where the certificates of a company's own authority may be named, in the order of preference.
const CERTIFICATE_VARIABLES: [&str; 3] = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// Why something was not fetched.
#[derive(Debug)]
pub(super) struct Failure {
    /// The status of the answer, if there was one.
    pub(super) status: Option<u16>,
    /// What went wrong, without the URL.
    pub(super) message: String,
}

impl Failure {
    fn is_worth_another_attempt(&self) -> bool {
        self.status.is_none_or(|status| matches!(status, 408 | 425 | 429 | 500..))
    }
}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::StatusCode(status) => {
                Self { status: Some(status), message: format!("the server answered with status {status}") }
            }
            other => Self { status: None, message: other.to_string() },
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { status: None, message: error.to_string() }
    }
}

/// An HTTP client.
pub(super) struct Http<'a> {
    agent: Agent,
    reporter: &'a dyn Reporter,
}

impl<'a> Http<'a> {
    /// A client. `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are honoured by ureq itself.
    pub(super) fn new(invocation: &Invocation, reporter: &'a dyn Reporter) -> Self {
        let mut config = Agent::config_builder()
            .user_agent(concat!("hetl/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_per_read(Some(Duration::from_secs(60)));
        if let Some(certificates) = certificates(invocation) {
            config =
                config.tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build());
        }
        Self { agent: config.build().new_agent(), reporter }
    }

    /// The text at a URL, in UTF-8.
    pub(super) fn text(&self, url: &str) -> Result<String, Failure> {
        self.attempt(|| {
            let mut text = String::new();
            self.body(url)?.read_to_string(&mut text)?;
            Ok(text)
        })
    }

    /// Writes what is at a URL into a file; an unfinished file may be left there if it fails.
    pub(super) fn download(&self, url: &str, to: &Path) -> Result<(), Failure> {
        self.attempt(|| {
            let mut file = File::create(to)?;
            io::copy(&mut self.body(url)?, &mut file)?;
            Ok(file.sync_all()?)
        })
    }

    fn body(&self, url: &str) -> Result<impl Read + use<>, Failure> {
        let body: Body = self.agent.get(url).call()?.into_body();
        Ok(body.into_with_config().limit(MOST_BYTES).reader())
    }

    fn attempt<T>(&self, fetch: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
        for (at, pause) in PAUSES.iter().enumerate() {
            match fetch() {
                Err(failure) if failure.is_worth_another_attempt() => {
                    self.reporter.report(&Event::RetryExternalCall { attempt: at as u32, max: PAUSES.len() as u32 });
                    thread::sleep(Duration::from_millis(*pause));
                }
                done => return done,
            }
        }
        fetch()
    }
}

/// The authorities that the environment names; none means those that are built in.
fn certificates(invocation: &Invocation) -> Option<Vec<Certificate<'static>>> {
    let path = CERTIFICATE_VARIABLES.iter().find_map(|name| invocation.env(name).filter(|path| !path.is_empty()))?;
    let pem = std::fs::read(path).ok()?;
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    (!found.is_empty()).then_some(found)
}
