//! A TCP proxy whose connections can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// Passes bytes on to a server, until it is told to cut.
pub(super) struct Proxy {
    pub(super) port: u16,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub(super) fn to(host: &str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let own = listener.local_addr().expect("it has an address").port();
        let open: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let (kept, host) = (Arc::clone(&open), host.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect((host.as_str(), port)) else { continue };
                let both = [&client, &server].map(|stream| stream.try_clone().expect("a socket can be shared"));
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend(both);
                let [back_from, back_to] = [&server, &client].map(|stream| stream.try_clone().expect("as above"));
                std::thread::spawn(move || pass(client, server));
                std::thread::spawn(move || pass(back_from, back_to));
            }
        });
        Self { port: own, open }
    }

    /// Ends every connection that is open now.
    pub(super) fn cut(&self) {
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
