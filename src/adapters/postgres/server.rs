//! A server as a profile describes it, and how to get a connection to it.
//!
//! [`Server::connect`] tries each address, and all of them again as often as the profile says if the failure may pass.

use std::io;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::frontend;

use super::advisory_lock::AdvisoryLock;
use super::credentials::{Address, Credentials};
use super::dialect::Dialect;
use super::libpq_files;
use super::stream::Stream;
use super::tls::{Encryption, SslMode};
use super::wire::{BackendKey, Failure, Login, Wire};
use crate::diagnostics::{Code, Diagnostic};

/// How long a cancel request may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// How often the server looks whether its client is still there while it runs a statement.
const CLIENT_CHECK_INTERVAL: &str = "2s";

/// A server and how to log in.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) dialect: &'static Dialect,
    pub(super) credentials: Credentials,
    encryption: OnceLock<Result<Encryption, Diagnostic>>,
    /// The lock of the run, once it is taken.
    pub(super) lock: Mutex<Option<AdvisoryLock>>,
}

/// What a cancel request needs.
#[derive(Debug, Clone)]
pub(super) struct CancelTarget {
    address: Address,
    key: BackendKey,
    is_encrypted: bool,
}

/// Why one attempt failed.
struct Refusal {
    message: String,
    /// Whether another attempt may succeed.
    may_pass: bool,
    /// Whether the server refused who asked, or how.
    is_access: bool,
}

impl Server {
    pub(super) fn new(dialect: &'static Dialect, credentials: Credentials) -> Self {
        Self { dialect, credentials, encryption: OnceLock::new(), lock: Mutex::default() }
    }

    /// An open connection, prepared as the profile says.
    pub(super) fn connect(&self) -> Result<(Wire, CancelTarget), Diagnostic> {
        let mut attempt = 0;
        loop {
            let mut refusals = Vec::new();
            for address in &self.credentials.addresses {
                match self.connect_to(address)? {
                    Ok((wire, is_encrypted)) => {
                        let target = CancelTarget { address: address.clone(), key: wire.key(), is_encrypted };
                        return Ok((wire, target));
                    }
                    Err(refusal) => refusals.push(refusal),
                }
            }
            attempt += 1;
            if attempt > self.credentials.retries || !refusals.iter().any(|refusal| refusal.may_pass) {
                let messages: Vec<_> = refusals.into_iter().map(|refusal| refusal.message).collect();
                return Err(Diagnostic::error(Code::CONNECTION, messages.join("\n")));
            }
            std::thread::sleep(Duration::from_secs(u64::from(attempt * attempt).min(60)));
        }
    }

    /// Whether each statement commits itself.
    pub(super) fn has_no_transactions(&self) -> bool {
        self.credentials.autocommit && self.dialect.autocommit_has_no_transactions
    }

    /// Asks the server to end what a connection runs.
    pub(super) fn cancel(&self, target: &CancelTarget) -> io::Result<()> {
        let mut stream = Stream::open(&target.address, Some(CANCEL_TIMEOUT), None)?;
        if target.is_encrypted
            && let Ok(encryption) = self.encryption()
        {
            (stream, _) = stream.encrypt(encryption, &target.address.host)?;
        }
        let mut request = BytesMut::new();
        frontend::cancel_request(target.key.process_id, target.key.secret_key, &mut request);
        io::Write::write_all(&mut stream, &request)?;
        io::Write::flush(&mut stream)?;
        // The server answers by closing.
        let _ = io::Read::read(&mut stream, &mut [0]);
        Ok(())
    }

    fn encryption(&self) -> Result<&Encryption, Diagnostic> {
        let made = self.encryption.get_or_init(|| {
            let mut files = self.credentials.certificates.clone();
            if files.root.is_none() && self.credentials.ssl_mode >= SslMode::VerifyCa {
                files.root = self.dialect.default_root.map(Into::into);
            }
            Encryption::new(self.credentials.ssl_mode, &files)
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// One attempt at one address; TLS is tried first or last, as the mode says.
    fn connect_to(&self, address: &Address) -> Result<Result<(Wire, bool), Refusal>, Diagnostic> {
        let (first, second) = match self.credentials.ssl_mode {
            _ if address.socket_path().is_some() => (false, None),
            SslMode::Disable => (false, None),
            SslMode::Allow => (false, Some(true)),
            SslMode::Prefer => (true, Some(false)),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (true, None),
        };
        match (self.attempt(address, first)?, second) {
            (Err(refusal), Some(second)) if refusal.is_access => {
                // What the server says to the second way is no better than what it said to the first.
                Ok(self.attempt(address, second)?.map_err(|_| refusal))
            }
            (result, _) => Ok(result),
        }
    }

    fn attempt(&self, address: &Address, encrypted: bool) -> Result<Result<(Wire, bool), Refusal>, Diagnostic> {
        let credentials = &self.credentials;
        let opened = Stream::open(address, credentials.connect_timeout, credentials.keepalives_idle);
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(unreachable(address, &error))),
        };
        if encrypted {
            let encryption = self.encryption()?;
            stream = match stream.encrypt(encryption, &address.host) {
                Ok((_, false)) if credentials.ssl_mode >= SslMode::Require => {
                    let message = format!("{address} failed: server does not support SSL, but SSL was required");
                    return Ok(Err(Refusal { message, may_pass: false, is_access: false }));
                }
                Ok((stream, _)) => stream,
                Err(error) => {
                    let message = format!("{address} failed: SSL error: {error}");
                    return Ok(Err(Refusal { message, may_pass: false, is_access: true }));
                }
            };
        }
        let is_encrypted = stream.is_encrypted();
        let file = || {
            let file = credentials.password_file.as_deref()?;
            libpq_files::password(file, address, &credentials.database, &credentials.user)
        };
        let password = credentials.password.clone().or_else(file);
        let login = Login {
            user: &credentials.user,
            database: &credentials.database,
            password: password.as_deref(),
            parameters: &credentials.startup,
        };
        match Wire::start(stream, &login) {
            Ok(mut wire) => {
                self.prepare(&mut wire)?;
                Ok(Ok((wire, is_encrypted)))
            }
            Err(failure) => Ok(Err(refused(address, &failure))),
        }
    }

    /// Sets what the profile wants set.
    fn prepare(&self, wire: &mut Wire) -> Result<(), Diagnostic> {
        let failed = |what: &str, failure: &Failure, sql: &str| {
            Diagnostic::error(Code::CONNECTION, format!("{what} cannot be set: {}", failure.on(sql).message))
        };
        wire.wait_forever()
            .map_err(|error| Diagnostic::error(Code::CONNECTION, format!("the connection cannot be used: {error}")))?;
        if wire.parameter("DateStyle").is_some_and(|style| !style.starts_with("ISO")) {
            let sql = "set datestyle to 'ISO'";
            wire.query(sql, false).map_err(|failure| failed("the date style", &failure, sql))?;
        }
        if let Some(role) = &self.credentials.role {
            let sql = format!("set role {role}");
            wire.query(&sql, false).map_err(|failure| failed("the `role` of the profile", &failure, &sql))?;
        }
        for (name, value) in &self.credentials.settings {
            let sql = format!("set {name} to {}", super::literal::string(value, self.dialect.backslash_escapes));
            let what = format!("the `{name}` of the profile");
            wire.query(&sql, false).map_err(|failure| failed(&what, &failure, &sql))?;
        }
        if self.dialect.client_check_since.is_some_and(|since| version(wire) >= since) {
            // Not on every system; without it the server notices a lost client when it has something to send.
            let _ = wire.query(&format!("set client_connection_check_interval to '{CLIENT_CHECK_INTERVAL}'"), false);
            if wire.is_lost() {
                return Err(Diagnostic::error(Code::CONNECTION, "the connection was lost as soon as it was made"));
            }
        }
        Ok(())
    }
}

/// As `server_version_num` counts: 150018 is 15.18.
fn version(wire: &Wire) -> u32 {
    let mut numbers = wire.parameter("server_version").unwrap_or_default().split(['.', ' ']);
    let mut next = || numbers.next().and_then(|part| part.parse::<u32>().ok()).unwrap_or_default();
    next() * 10_000 + next()
}

fn unreachable(address: &Address, error: &io::Error) -> Refusal {
    let reason = match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "timeout expired".to_owned(),
        io::ErrorKind::ConnectionRefused => {
            let advice = match address.socket_path() {
                Some(_) => "Is the server running locally and accepting connections on that socket?",
                None => "Is the server running on that host and accepting TCP/IP connections?",
            };
            format!("Connection refused\n\t{advice}")
        }
        _ => error.to_string(),
    };
    Refusal { message: format!("{address} failed: {reason}"), may_pass: true, is_access: false }
}

fn refused(address: &Address, failure: &Failure) -> Refusal {
    match failure {
        Failure::Server(error) => Refusal {
            message: format!("{address} failed: {}:  {}", error.severity, error.text("")),
            // Starting up, shutting down, too many connections.
            may_pass: matches!(error.code.get(..2), Some("57" | "53" | "08")),
            is_access: error.code.starts_with("28"),
        },
        Failure::Lost(error) => match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                Refusal { message: format!("{address} failed: timeout expired"), may_pass: true, is_access: false }
            }
            kind => Refusal {
                message: format!("{address} failed: {error}"),
                may_pass: !matches!(
                    kind,
                    io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput
                ),
                is_access: false,
            },
        },
    }
}
