//! Standard output, standard error and standard input. Every byte that hetl prints goes through here.

use std::io::{BufRead, IsTerminal, Write};

/// Whether a person looks at standard output.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes a line to standard output at once. A closed pipe is not an error: nobody wants to read on.
pub fn print_line(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Writes text as it is to standard output.
pub fn print_raw(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a line to standard error: only what comes before a log can be set up, such as wrong usage.
pub fn print_to_stderr(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Asks a question; an empty answer or no terminal gives `default`.
pub fn ask(question: &str, default: &str) -> String {
    if !is_terminal() || !std::io::stdin().is_terminal() {
        return default.to_owned();
    }
    print_raw(&format!("{question} [{default}]: "));
    let mut answer = String::new();
    match std::io::stdin().lock().read_line(&mut answer) {
        Ok(_) if !answer.trim().is_empty() => answer.trim().to_owned(),
        _ => default.to_owned(),
    }
}
