//! `/live`: a stream of server-sent events, `runs` after a run and `index` after the site was made anew.

use std::io::{self, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// Looks after which a comment shows that the reader is still there.
const QUIET: u32 = 20;

/// The head of the answer.
pub(super) const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
    X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\
    Connection: close\r\n\r\n";

#[derive(PartialEq)]
struct State {
    index: Option<SystemTime>,
    runs: [Option<SystemTime>; 3],
}

impl State {
    fn of(folder: &Path) -> Self {
        let changed = |name: &str| folder.join(name).metadata().and_then(|file| file.modified()).ok();
        Self {
            index: changed("site/core.json"),
            runs: [changed("run_history.jsonl"), changed("run_results.json"), changed("sources.json")],
        }
    }
}

/// Writes events until the reader is gone.
pub(super) fn stream(folder: &Path, mut stream: &TcpStream) -> io::Result<()> {
    let mut known = State::of(folder);
    stream.write_all(b"retry: 2000\n\n")?;
    for look in 1_u32.. {
        std::thread::sleep(INTERVAL);
        let now = State::of(folder);
        if now != known {
            let event = if now.index == known.index { "runs" } else { "index" };
            stream.write_all(format!("event: {event}\ndata: 1\n\n").as_bytes())?;
            known = now;
        } else if look % QUIET == 0 {
            stream.write_all(b":\n\n")?;
        }
    }
    Ok(())
}
