//! Raw requests to a server that runs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use super::Server;

struct Running {
    port: u16,
    address: String,
    folder: tempfile::TempDir,
}

fn start(host: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    let write = |path: &Path, text: &str| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(&target.join("index.html"), "<p>the page</p>");
    write(&target.join("site/core.json"), "{}");
    write(&target.join("assets/a.png"), "image");
    write(&target.join("compiled/secret.sql"), "select 1");
    write(&target.join(".hidden.json"), "hidden");
    write(&folder.path().join("profiles.yml"), "password: x");
    write(&folder.path().join("out.png"), "outside");
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path().join("out.png"), target.join("assets/link.png")).unwrap();
    let server = Server::bind(host, 0, target).unwrap();
    let port = server.listener.local_addr().unwrap().port();
    let address = server.address();
    std::thread::spawn(move || server.serve());
    Running { port, address, folder }
}

impl Running {
    fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(request.replace("PORT", &self.port.to_string()).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n"))
    }
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn the_page_is_served_with_headers_that_keep_it_safe() {
    let server = start("127.0.0.1");
    let answer = server.get("/");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("<p>the page</p>"), "{answer}");
    for header in [
        "Content-Type: text/html; charset=utf-8",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
    ] {
        assert!(answer.contains(header), "{header}: {answer}");
    }
    assert_eq!(status(&server.get("/site/core.json")), "200");
    assert_eq!(status(&server.get("/assets/a.png")), "200");
    let head = server.send("HEAD / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n");
    assert!(head.contains("Content-Length: 15\r\n") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn no_path_leads_out_of_the_site() {
    let server = start("127.0.0.1");
    for path in [
        "/../profiles.yml",
        "/%2e%2e/profiles.yml",
        "/site/../../profiles.yml",
        "/site/..%2f..%2fprofiles.yml",
        "/..%5cprofiles.yml",
        "/assets/../../out.png",
        "/assets/%2e%2e/%2e%2e/out.png",
        "//out.png",
        "/assets/link.png",
        "/compiled/secret.sql",
        "/.hidden.json",
        "/site/",
        "/site",
        "/a.png%00.json",
    ] {
        assert_eq!(status(&server.get(path)), "404", "{path}");
    }
    let absolute = format!("/{}", server.folder.path().join("out.png").display());
    assert_eq!(status(&server.get(&absolute)), "404");
}

#[test]
fn only_reading_is_allowed_and_only_under_the_own_name() {
    let server = start("127.0.0.1");
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"] {
        let answer = server.send(&format!("{method} / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("Allow: GET, HEAD\r\n"), "{answer}");
    }
    for host in ["evil.example", "evil.example:PORT", "localhost:1", "localhost.evil.example:PORT", "[::2]:PORT"] {
        let answer = server.send(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(status(&answer), "403", "{host}");
    }
    assert_eq!(status(&server.send("GET / HTTP/1.1\r\n\r\n")), "400");
    assert_eq!(status(&server.send("nonsense\r\n\r\n")), "400");
    assert_eq!(status(&server.send(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(20_000)))), "431");
}

#[test]
fn other_hosts_need_the_token() {
    let server = start("0.0.0.0");
    let token = server.address.split("token=").nth(1).unwrap().to_owned();
    assert_eq!(status(&server.get("/")), "401");
    assert_eq!(status(&server.get("/?token=wrong")), "401");
    let welcome = server.get(&format!("/?token={token}"));
    assert_eq!(status(&welcome), "303");
    assert!(welcome.contains(&format!("Set-Cookie: hetl_docs={token}; Path=/; HttpOnly; SameSite=Strict\r\n")));
    let with = |cookie: &str| {
        server.send(&format!("GET / HTTP/1.1\r\nHost: any.example\r\nCookie: a=b; hetl_docs={cookie}\r\n\r\n"))
    };
    assert_eq!(status(&with(&token)), "200");
    assert_eq!(status(&with("")), "401");
}

#[test]
fn a_new_run_is_told() {
    let server = start("127.0.0.1");
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.write_all(format!("GET /live HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", server.port).as_bytes()).unwrap();
    let mut heard = String::new();
    let mut buffer = [0; 512];
    while !heard.contains("retry") {
        let count = stream.read(&mut buffer).unwrap();
        heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    std::fs::write(server.folder.path().join("target/run_history.jsonl"), "\n").unwrap();
    while !heard.contains("event: runs") {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
}
