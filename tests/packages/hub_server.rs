//! A package hub on 127.0.0.1: answers from a map of paths, and counts what it is asked for.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use tar::{Builder, EntryType, Header};

/// What is served, by path; shared with the server's thread.
#[derive(Default)]
struct Shared {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    asked: Mutex<Vec<String>>,
    is_closed: AtomicBool,
    /// Requests that are still answered with 503 first.
    faults: Mutex<u32>,
    /// A path that is not answered while it is set.
    held: Mutex<Option<String>>,
}

/// A server; it stops when it is dropped.
pub(super) struct HubServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    packages: BTreeMap<String, Map<String, Value>>,
}

impl HubServer {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if theirs.is_closed.load(Ordering::SeqCst) {
                    break;
                }
                let theirs = Arc::clone(&theirs);
                std::thread::spawn(move || stream.map(|stream| answer(&theirs, stream)));
            }
        });
        let mut server = Self { address, shared, thread: Some(thread), packages: BTreeMap::new() };
        server.publish();
        server
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Adds a version with its archive; `packages` is what it asks for.
    pub(super) fn add(&mut self, package: &str, version: &str, packages: &Value) {
        let name = package.split('/').nth(1).expect("owner/name");
        let files = [
            ("dbt_project.yml", format!("name: {name}\nversion: {version}\n")),
            ("macros/version.sql", format!("{{% macro {name}_version() %}}{version}{{% endmacro %}}\n")),
        ];
        let members: Vec<Member> = files
            .into_iter()
            .map(|(path, text)| Member::file(&format!("{}-{version}-abc/{path}", package.replace('/', "-")), &text))
            .collect();
        self.add_archive(package, version, packages, archive(&members));
    }

    /// Adds a version with an archive of one's own.
    pub(super) fn add_archive(&mut self, package: &str, version: &str, packages: &Value, archive: Vec<u8>) {
        let path = format!("/archives/{package}/{version}.tar.gz");
        let url = format!("{}{}", self.url(), &path[1..]);
        self.serve(&path, archive);
        let name = package.split('/').nth(1).expect("owner/name");
        let details = json!({
            "id": format!("{package}/{version}"), "name": name, "version": version, "packages": packages,
            "require_dbt_version": [">=1.3.0", "<3.0.0"], "works_with": [],
            "downloads": {"tarball": url, "format": "tgz", "sha1": ""},
        });
        self.packages.entry(package.to_owned()).or_default().insert(version.to_owned(), details);
        self.publish();
    }

    /// Changes what the hub says of a version.
    pub(super) fn change(&mut self, package: &str, version: &str, key: &str, value: Value) {
        self.packages.get_mut(package).expect("it was added")[version][key] = value;
        self.publish();
    }

    pub(super) fn serve(&self, path: &str, content: Vec<u8>) {
        self.shared.files.lock().unwrap().insert(path.to_owned(), content);
    }

    fn publish(&mut self) {
        self.serve("/api/v1/index.json", json!(self.packages.keys().collect::<Vec<_>>()).to_string().into_bytes());
        for (package, versions) in &self.packages {
            let (namespace, name) = package.split_once('/').expect("owner/name");
            let text = json!({"name": name, "namespace": namespace, "versions": versions}).to_string();
            self.serve(&format!("/api/v1/{package}.json"), text.into_bytes());
        }
    }

    /// The next requests are answered with 503.
    pub(super) fn fail_next(&self, count: u32) {
        *self.shared.faults.lock().unwrap() = count;
    }

    /// A path that begins to be answered, and is not, until another is named.
    pub(super) fn hold(&self, path: Option<&str>) {
        *self.shared.held.lock().unwrap() = path.map(str::to_owned);
    }

    /// Paths that were asked for since the last call.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }

    /// Stops answering.
    pub(super) fn stop(&mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

impl Drop for HubServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn answer(shared: &Shared, mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    shared.asked.lock().unwrap().push(path.clone());
    let is_faulty = {
        let mut faults = shared.faults.lock().unwrap();
        let is_faulty = *faults > 0;
        *faults = faults.saturating_sub(1);
        is_faulty
    };
    while shared.held.lock().unwrap().as_ref() == Some(&path) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let found = shared.files.lock().unwrap().get(&path).cloned();
    let (status, body) = match found {
        _ if is_faulty => ("503 Service Unavailable", Vec::new()),
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", Vec::new()),
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}

/// A member of an archive, by whatever name.
pub(super) struct Member {
    path: String,
    kind: EntryType,
    target: String,
    content: String,
}

impl Member {
    pub(super) fn file(path: &str, content: &str) -> Self {
        Self { path: path.into(), kind: EntryType::Regular, target: String::new(), content: content.into() }
    }

    pub(super) fn link(path: &str, target: &str) -> Self {
        Self { path: path.into(), kind: EntryType::Symlink, target: target.into(), content: String::new() }
    }
}

/// A `tar.gz` with these members; nothing is checked.
pub(super) fn archive(members: &[Member]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for member in members {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..member.path.len()].copy_from_slice(member.path.as_bytes());
        header.as_old_mut().linkname[..member.target.len()].copy_from_slice(member.target.as_bytes());
        header.set_entry_type(member.kind);
        header.set_size(member.content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, member.content.as_bytes()).expect("memory can be written");
    }
    builder.into_inner().and_then(GzEncoder::finish).expect("memory can be written")
}
