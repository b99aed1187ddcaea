//! The server of the site: a small HTTP/1.1 server on the standard library, for one reader or a few.
//!
//! It answers GET and HEAD, for the files of the site and nothing else, to requests that name it by a name of its own
//! ([`access`]: host names, tokens). `/live` is a stream that says when a new run or a new index is there. It never writes.

mod access;
mod live;
mod request;
mod response;
mod target_files;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use access::{Access, Verdict};
use request::{Method, Request};
use response::Response;
use target_files::TargetFiles;

/// Connections that are served at once; more are told to come back.
const MOST_CONNECTIONS: usize = 64;
/// How long a connection may say nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    access: Access,
    files: TargetFiles,
    connections: AtomicUsize,
}

impl Server {
    /// Listens on a host and a port (0: any that is free) for requests for the site in a target folder. On a host that is not
    /// this machine alone, readers need the token that is in [`Server::address`].
    pub fn bind(host: &str, port: u16, target: PathBuf) -> io::Result<Self> {
        let listener = TcpListener::bind((host.trim_start_matches('[').trim_end_matches(']'), port))?;
        let access = Access::new(host, listener.local_addr()?);
        let shared = Shared { access, files: TargetFiles::new(target), connections: AtomicUsize::new(0) };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// The address to open in a browser, with the token where one is needed.
    pub fn address(&self) -> String {
        self.shared.access.address()
    }

    /// Serves until the process ends.
    pub fn serve(&self) {
        for stream in self.listener.incoming() {
            let Ok(stream) = stream else { continue };
            let shared = Arc::clone(&self.shared);
            if shared.connections.fetch_add(1, Ordering::SeqCst) >= MOST_CONNECTIONS {
                let _ = Response::text(503, "too many connections").send(&stream, true);
                shared.connections.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            std::thread::spawn(move || {
                // A reader that went away is no problem of ours.
                let _ = shared.answer(&stream);
                shared.connections.fetch_sub(1, Ordering::SeqCst);
            });
        }
    }
}

/// Reads what is left of a request that was not read to its end: else the answer would be lost with the connection.
fn finish(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut rest = [0; 4096];
    for _ in 0..64 {
        if stream.read(&mut rest)? == 0 {
            break;
        }
    }
    Ok(())
}

impl Shared {
    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let request = match Request::read(stream) {
            Ok(request) => request,
            Err(problem) => {
                Response::text(problem.status, problem.message).send(stream, true)?;
                return finish(stream);
            }
        };
        let with_body = request.method == Method::Get;
        let response = match self.access.judge(&request) {
            Verdict::Refused(status, why) => Response::text(status, why),
            Verdict::Welcome { cookie } => Response::redirect("/").with_header("Set-Cookie", cookie),
            Verdict::Allowed if request.path == "/live" => return self.live(stream, with_body),
            Verdict::Allowed => self.files.response(&request.path),
        };
        response.send(stream, with_body)
    }

    /// Tells of new runs and new indexes until the reader goes away.
    fn live(&self, mut stream: &TcpStream, with_body: bool) -> io::Result<()> {
        stream.write_all(live::HEAD.as_bytes())?;
        if !with_body {
            return Ok(());
        }
        live::stream(self.files.folder(), stream)
    }
}
