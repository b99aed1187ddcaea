//! PostgreSQL's protocol, version 3, spoken by a client over one socket.
//!
//! [`Wire`] logs in, sends statements and reads what comes back until the server is ready again. Statements go by the simple protocol, as
//! psycopg2 sends them: several in one text, results as text. It does not decide when to reconnect and knows nothing of transactions but
//! what the server says of them.

use std::io::{self, Read, Write};

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{self, ChannelBinding, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, DataRowBody, Message, RowDescriptionBody};
use postgres_protocol::message::frontend;

use super::server_error::ServerError;
use super::stream::Stream;
use super::value;
use crate::adapters::Cell;

/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// Bytes of `COPY` that are sent at once.
pub(super) const COPY_CHUNK: usize = 64 * 1024;

/// Why a statement has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server refused it.
    Server(Box<ServerError>),
    /// The connection is gone, or what came is not the protocol.
    Lost(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    /// The type's number in `pg_type`.
    pub(super) oid: u32,
}

/// What the last statement of a text gave.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Columns; none if the statement returns no rows.
    pub(super) fields: Vec<Field>,
    /// Rows; none unless they were asked for.
    pub(super) rows: Vec<Vec<Cell>>,
    /// The command tag: `SELECT 5`.
    pub(super) tag: String,
}

/// How to log in.
#[derive(Debug)]
pub(super) struct Login<'a> {
    pub(super) user: &'a str,
    pub(super) database: &'a str,
    pub(super) password: Option<&'a str>,
    /// Further parameters of the startup message.
    pub(super) parameters: &'a [(String, String)],
}

/// Number and secret of the server's process: what a cancel request names.
#[derive(Debug, Clone, Copy)]
pub(super) struct BackendKey {
    pub(super) process_id: i32,
    pub(super) secret_key: i32,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    incoming: BytesMut,
    outgoing: BytesMut,
    key: BackendKey,
    /// What the server said of itself: `server_version`, `DateStyle` …
    parameters: Vec<(String, String)>,
    /// `I` outside of a transaction, `T` in one, `E` in a failed one.
    status: u8,
    is_lost: bool,
}

impl Wire {
    /// Logs in over a stream.
    pub(super) fn start(stream: Stream, login: &Login<'_>) -> Result<Self, Failure> {
        let mut wire = Self {
            stream,
            incoming: BytesMut::with_capacity(CHUNK),
            outgoing: BytesMut::new(),
            key: BackendKey { process_id: 0, secret_key: 0 },
            parameters: Vec::new(),
            status: b'I',
            is_lost: false,
        };
        let own = [("user", login.user), ("database", login.database), ("client_encoding", "UTF8")];
        let further = login.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        frontend::startup_message(own.into_iter().chain(further), &mut wire.outgoing)?;
        wire.flush()?;
        wire.authenticate(login)?;
        loop {
            match wire.receive()? {
                Message::BackendKeyData(key) => {
                    wire.key = BackendKey { process_id: key.process_id(), secret_key: key.secret_key() };
                }
                Message::ReadyForQuery(ready) => {
                    wire.status = ready.status();
                    return Ok(wire);
                }
                _ => {}
            }
        }
    }

    /// What a cancel request needs.
    pub(super) fn key(&self) -> BackendKey {
        self.key
    }

    /// Whether the server has a transaction open, failed or not.
    pub(super) fn in_transaction(&self) -> bool {
        !self.is_lost && self.status != b'I'
    }

    /// Whether the transaction can only be rolled back.
    pub(super) fn is_in_failed_transaction(&self) -> bool {
        self.status == b'E'
    }

    /// Whether the connection is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// What the server said of itself.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Lets reads wait as long as it takes, as statements do.
    pub(super) fn wait_forever(&self) -> io::Result<()> {
        self.stream.set_timeout(None)
    }

    /// Runs statements and gives the answer to the last.
    pub(super) fn query(&mut self, sql: &str, fetch: bool) -> Result<Answer, Failure> {
        frontend::query(sql, &mut self.outgoing)?;
        self.flush()?;
        self.answer(fetch)
    }

    /// The columns that a query would return, without running it.
    pub(super) fn describe(&mut self, sql: &str) -> Result<Vec<Field>, Failure> {
        frontend::parse("", sql, std::iter::empty(), &mut self.outgoing)?;
        frontend::describe(b'S', "", &mut self.outgoing)?;
        frontend::sync(&mut self.outgoing);
        self.flush()?;
        Ok(self.answer(false)?.fields)
    }

    /// Runs a `COPY … FROM STDIN` with what `fill` writes; if that fails, nothing is copied.
    pub(super) fn copy_in(
        &mut self,
        sql: &str,
        fill: impl FnOnce(&mut CopyWriter<'_>) -> io::Result<()>,
    ) -> Result<Answer, Failure> {
        frontend::query(sql, &mut self.outgoing)?;
        self.flush()?;
        loop {
            match self.receive() {
                Ok(Message::CopyInResponse(_)) => break,
                Ok(_) => {}
                Err(failure) => return Err(self.settle(failure)),
            }
        }
        let mut writer = CopyWriter { wire: self, buffer: Vec::with_capacity(COPY_CHUNK + 1024) };
        let filled = fill(&mut writer).and_then(|()| writer.send());
        match &filled {
            Ok(()) => frontend::copy_done(&mut self.outgoing),
            // The server may have refused a row already, and then its reason is the better one.
            Err(error) => frontend::copy_fail(&error.to_string(), &mut self.outgoing)?,
        }
        self.flush()?;
        self.answer(false)
    }

    /// Looks whether the server has ended an idle connection; nothing is sent.
    pub(super) fn is_alive(&mut self) -> bool {
        if self.is_lost {
            return false;
        }
        let alive = self.poll();
        self.is_lost = !alive;
        alive
    }

    fn poll(&mut self) -> bool {
        if self.stream.set_nonblocking(true).is_err() {
            return false;
        }
        let mut chunk = [0; 1024];
        let read = self.stream.read(&mut chunk);
        let is_blocking = self.stream.set_nonblocking(false).is_ok();
        let is_open = match read {
            Ok(0) => false,
            Ok(length) => {
                self.incoming.extend_from_slice(&chunk[..length]);
                // Between statements only notices and parameters come, and the news that the server goes away.
                loop {
                    match Message::parse(&mut self.incoming) {
                        Ok(Some(Message::ErrorResponse(_))) | Err(_) => break false,
                        Ok(Some(_)) => {}
                        Ok(None) => break true,
                    }
                }
            }
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        is_open && is_blocking
    }

    fn authenticate(&mut self, login: &Login<'_>) -> Result<(), Failure> {
        let password = || {
            let missing = || io::Error::new(io::ErrorKind::PermissionDenied, "fe_sendauth: no password supplied");
            login.password.map(str::as_bytes).ok_or_else(missing)
        };
        loop {
            match self.receive()? {
                Message::AuthenticationOk => return Ok(()),
                Message::AuthenticationCleartextPassword => {
                    frontend::password_message(password()?, &mut self.outgoing)?;
                }
                Message::AuthenticationMd5Password(body) => {
                    let hash = md5_hash(login.user.as_bytes(), password()?, body.salt());
                    frontend::password_message(hash.as_bytes(), &mut self.outgoing)?;
                }
                Message::AuthenticationSasl(body) => {
                    self.authenticate_by_scram(&body, password()?)?;
                    continue;
                }
                _ => {
                    return Err(unsupported("the server asks for a way to log in that is not supported").into());
                }
            }
            self.flush()?;
        }
    }

    fn authenticate_by_scram(&mut self, body: &AuthenticationSaslBody, password: &[u8]) -> Result<(), Failure> {
        if !body.mechanisms().any(|mechanism| Ok(mechanism == sasl::SCRAM_SHA_256))? {
            return Err(unsupported("the server offers no way of SASL that is supported (SCRAM-SHA-256 is)").into());
        }
        let mut scram = ScramSha256::new(password, ChannelBinding::unsupported());
        frontend::sasl_initial_response(sasl::SCRAM_SHA_256, scram.message(), &mut self.outgoing)?;
        self.flush()?;
        loop {
            match self.receive()? {
                Message::AuthenticationSaslContinue(body) => {
                    scram.update(body.data())?;
                    frontend::sasl_response(scram.message(), &mut self.outgoing)?;
                    self.flush()?;
                }
                Message::AuthenticationSaslFinal(body) => return Ok(scram.finish(body.data())?),
                _ => return Err(unsupported("an answer that is not part of SCRAM").into()),
            }
        }
    }

    /// Reads until the server is ready again. The first error is the answer; what came before it is dropped.
    fn answer(&mut self, fetch: bool) -> Result<Answer, Failure> {
        let mut answer = Answer::default();
        let mut result = Ok(());
        loop {
            match self.receive() {
                Ok(Message::RowDescription(body)) => {
                    answer = Answer { fields: fields(&body)?, ..Answer::default() };
                }
                Ok(Message::DataRow(body)) if fetch && result.is_ok() => {
                    answer.rows.push(cells(&body, &answer.fields)?);
                }
                Ok(Message::CommandComplete(body)) => {
                    let tag = body.tag()?.to_owned();
                    // Only of the last statement is anything told.
                    if answer.tag.is_empty() {
                        answer.tag = tag;
                    } else {
                        answer = Answer { tag, ..Answer::default() };
                    }
                }
                Ok(Message::CopyInResponse(_)) => {
                    frontend::copy_fail("COPY FROM STDIN has no input here", &mut self.outgoing)?;
                    self.flush()?;
                }
                Ok(Message::ReadyForQuery(ready)) => {
                    self.status = ready.status();
                    return result.map(|()| answer);
                }
                Ok(_) => {}
                Err(Failure::Server(error)) if !error.is_fatal() => {
                    if result.is_ok() {
                        result = Err(Failure::Server(error));
                    }
                }
                Err(failure) => {
                    self.is_lost = true;
                    return Err(failure);
                }
            }
        }
    }

    /// After an error, reads until the server is ready again.
    fn settle(&mut self, failure: Failure) -> Failure {
        match &failure {
            Failure::Server(error) if !error.is_fatal() => match self.answer(false) {
                Err(Failure::Lost(_)) | Ok(_) => failure,
                Err(later) => later,
            },
            _ => {
                self.is_lost = true;
                failure
            }
        }
    }

    /// The next message that is not an aside of the server.
    fn receive(&mut self) -> Result<Message, Failure> {
        loop {
            while let Some(message) = Message::parse(&mut self.incoming).inspect_err(|_| self.is_lost = true)? {
                match message {
                    Message::NoticeResponse(_) | Message::NotificationResponse(_) => {}
                    Message::ParameterStatus(body) => {
                        let (name, value) = (body.name()?.to_owned(), body.value()?.to_owned());
                        self.parameters.retain(|(known, _)| *known != name);
                        self.parameters.push((name, value));
                    }
                    Message::ErrorResponse(body) => {
                        return Err(Failure::Server(Box::new(ServerError::read(&body)?)));
                    }
                    message => return Ok(message),
                }
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let start = self.incoming.len();
        self.incoming.resize(start + CHUNK, 0);
        let read = loop {
            match self.stream.read(&mut self.incoming[start..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.incoming.truncate(start + read.as_ref().map_or(0, |length| *length));
        let read = match read {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "server closed the connection unexpectedly")),
            other => other,
        };
        read.map(drop).inspect_err(|_| self.is_lost = true)
    }

    fn flush(&mut self) -> io::Result<()> {
        let sent = self.stream.write_all(&self.outgoing).and_then(|()| self.stream.flush());
        self.outgoing.clear();
        sent.inspect_err(|_| self.is_lost = true)
    }
}

/// The server is told, so that it does not log a lost client.
impl Drop for Wire {
    fn drop(&mut self) {
        if !self.is_lost {
            self.outgoing.clear();
            frontend::terminate(&mut self.outgoing);
            // It is of no use to know that a farewell was not heard.
            let _ = self.flush();
        }
    }
}

/// Takes the bytes of a `COPY`.
pub(super) struct CopyWriter<'w> {
    wire: &'w mut Wire,
    buffer: Vec<u8>,
}

impl CopyWriter<'_> {
    /// Where the next bytes are appended; [`Self::send_full`] is to be called after each row.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Sends what there is if it is worth a message.
    pub(super) fn send_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= COPY_CHUNK { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            frontend::CopyData::new(self.buffer.as_slice())?.write(&mut self.wire.outgoing);
            self.buffer.clear();
            self.wire.flush()?;
        }
        Ok(())
    }
}

fn unsupported(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, message)
}

fn fields(body: &RowDescriptionBody) -> io::Result<Vec<Field>> {
    body.fields().map(|field| Ok(Field { name: field.name().to_owned(), oid: field.type_oid() })).collect()
}

fn cells(body: &DataRowBody, fields: &[Field]) -> io::Result<Vec<Cell>> {
    let mut row = Vec::with_capacity(fields.len());
    let mut ranges = body.ranges();
    let mut types = fields.iter();
    while let Some(range) = ranges.next()? {
        let oid = types.next().map_or(0, |field| field.oid);
        row.push(range.map_or(Cell::Null, |range| value::cell(oid, &String::from_utf8_lossy(&body.buffer()[range]))));
    }
    Ok(row)
}
