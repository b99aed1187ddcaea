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

/// Asks a question on standard output and reads the answer, a line of standard input, until there is one; an empty one means
/// `default`, where there is a default. None at the end of the input.
pub fn ask(question: &str, default: Option<&str>) -> Option<String> {
    loop {
        match default {
            Some(default) => print_raw(&format!("{question} [{default}]: ")),
            None => print_raw(&format!("{question}: ")),
        }
        let mut answer = String::new();
        if !matches!(std::io::stdin().lock().read_line(&mut answer), Ok(1..)) {
            print_raw("\n");
            return None;
        }
        match (answer.trim(), default) {
            ("", None) => {}
            ("", Some(default)) => return Some(default.to_owned()),
            (answer, _) => return Some(answer.to_owned()),
        }
    }
}

/// The same, where a terminal does not show what is typed.
pub fn ask_secret(question: &str) -> Option<String> {
    let show_typing = |how: &str| {
        if std::io::stdin().is_terminal() {
            let _ = std::process::Command::new("stty").arg(how).status();
        }
    };
    show_typing("-echo");
    let answer = ask(question, None);
    show_typing("echo");
    print_raw("\n");
    answer
}
