//! The socket to a server: TCP, a local socket, either of them perhaps within TLS.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use rustls::{ClientConnection, StreamOwned};

use super::credentials::Address;
use super::tls::Encryption;

/// Either kind of socket.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Local(UnixStream),
}

/// A socket, perhaps within TLS.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Socket),
    Encrypted(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Stream {
    /// Connects to an address. Reads fail after `timeout` until that is changed.
    pub(super) fn open(address: &Address, timeout: Option<Duration>, keepalive: Option<Duration>) -> io::Result<Self> {
        let socket = Socket::open(address, timeout, keepalive)?;
        let stream = Self::Plain(socket);
        stream.set_timeout(timeout)?;
        Ok(stream)
    }

    /// Asks the server for TLS. Answers the stream as it was, if the server has none.
    pub(super) fn encrypt(self, encryption: &Encryption, host: &str) -> io::Result<(Self, bool)> {
        let mut socket = match self {
            Self::Plain(socket @ Socket::Tcp(_)) => socket,
            other => return Ok((other, false)),
        };
        let mut request = BytesMut::new();
        frontend::ssl_request(&mut request);
        socket.write_all(&request)?;
        // Exactly one byte: what else comes before TLS could be from someone in between.
        let mut answer = [0];
        socket.read_exact(&mut answer)?;
        if answer != *b"S" {
            return Ok((Self::Plain(socket), false));
        }
        let mut stream = StreamOwned::new(encryption.connection(host)?, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok((Self::Encrypted(Box::new(stream)), true))
    }

    /// Whether it is within TLS.
    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Encrypted(_))
    }

    /// How long reads wait; forever if nothing is given.
    pub(super) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self.socket() {
            Socket::Tcp(socket) => socket.set_read_timeout(timeout),
            #[cfg(unix)]
            Socket::Local(socket) => socket.set_read_timeout(timeout),
        }
    }

    /// Whether reads answer at once where there is nothing to read.
    pub(super) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self.socket() {
            Socket::Tcp(socket) => socket.set_nonblocking(nonblocking),
            #[cfg(unix)]
            Socket::Local(socket) => socket.set_nonblocking(nonblocking),
        }
    }

    fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Encrypted(stream) => &stream.sock,
        }
    }
}

impl Socket {
    fn open(address: &Address, timeout: Option<Duration>, keepalive: Option<Duration>) -> io::Result<Self> {
        #[cfg(unix)]
        if let Some(path) = address.socket_path() {
            return UnixStream::connect(path).map(Self::Local);
        }
        let mut last = io::Error::new(io::ErrorKind::NotFound, format!("the host `{}` has no address", address.host));
        for candidate in (address.host.as_str(), address.port).to_socket_addrs()? {
            let opened = match timeout {
                Some(timeout) => TcpStream::connect_timeout(&candidate, timeout),
                None => TcpStream::connect(candidate),
            };
            match opened {
                Ok(socket) => {
                    socket.set_nodelay(true)?;
                    let reference = socket2::SockRef::from(&socket);
                    reference.set_keepalive(true)?;
                    if let Some(idle) = keepalive {
                        reference.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(idle))?;
                    }
                    return Ok(Self::Tcp(socket));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.read(buffer),
            #[cfg(unix)]
            Self::Local(socket) => socket.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.write(bytes),
            #[cfg(unix)]
            Self::Local(socket) => socket.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.flush(),
            #[cfg(unix)]
            Self::Local(socket) => socket.flush(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Encrypted(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Encrypted(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Encrypted(stream) => stream.flush(),
        }
    }
}
