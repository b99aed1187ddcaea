//! The reporter of a command: terminal and log file.

use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::{Map, Value};

use super::json_line::{LineFacts, json_line, thread_name};
use super::log_file::LogFile;
use super::progress::Progress;
use super::{Style, output, wording};
use crate::config::Secrets;
use crate::diagnostics::{Diagnostic, SourceMap, render};
use crate::events::{Event, Level, Reporter};

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Time and message.
    #[default]
    Text,
    /// Time, level, thread and message.
    Debug,
    /// One JSON object a line.
    Json,
}

impl std::str::FromStr for LogFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().as_str() {
            "text" | "default" => Ok(Self::Text),
            "debug" => Ok(Self::Debug),
            "json" => Ok(Self::Json),
            _ => Err(format!("`{name}` is not a log format; use text, json, debug or default")),
        }
    }
}

/// What is written where.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// Format on standard output.
    pub format: LogFormat,
    /// Least level on standard output; none for nothing at all, not even what a command is asked for.
    pub level: Option<Level>,
    /// Whether standard output has colours; none lets the terminal decide.
    pub colors: Option<bool>,
    /// Where the dots of a progress line end.
    pub width: usize,
    /// Format of the log file.
    pub file_format: LogFormat,
    /// Least level in the log file.
    pub file_level: Level,
    /// Folder of the log file; none for no file.
    pub folder: Option<PathBuf>,
    /// Size in bytes above which a new log file is begun; 0 for never.
    pub file_max_bytes: u64,
    /// Whether a live display may be used where there is a terminal.
    pub live: bool,
    /// Id of the invocation.
    pub invocation_id: String,
    /// `DBT_ENV_CUSTOM_ENV_*` without their prefix.
    pub extra: Map<String, Value>,
    /// What must not be written.
    pub secrets: Secrets,
    /// Whether problems are also written as annotations of GitHub Actions, and the folder of the project below the
    /// repository's root: empty, or with a slash at its end.
    pub annotations: Option<String>,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: Some(Level::Info),
            colors: None,
            width: 80,
            file_format: LogFormat::Debug,
            file_level: Level::Debug,
            folder: None,
            file_max_bytes: 10 * 1024 * 1024,
            live: true,
            invocation_id: String::new(),
            extra: Map::new(),
            secrets: Secrets::default(),
            annotations: None,
        }
    }
}

/// Writes events to standard output and the log file.
pub struct Console {
    settings: LogSettings,
    style: Style,
    facts: LineFacts,
    file: Option<LogFile>,
    progress: Option<Progress>,
    // Lines of several threads must not mix, and JSON lines appear in the order in which they are numbered.
    writing: Mutex<()>,
}

impl Console {
    /// A text with secrets masked, as in all that is printed.
    pub fn without_secrets(&self, text: String) -> String {
        self.settings.secrets.hide(text).into_owned()
    }

    /// Opens the log file, and looks whether a person is watching.
    pub fn new(settings: LogSettings) -> Self {
        let terminal = output::is_terminal();
        let colors = settings.colors.unwrap_or(terminal) && settings.format != LogFormat::Json;
        let progress =
            (terminal && settings.live && settings.format == LogFormat::Text && settings.level == Some(Level::Info))
                .then(Progress::new);
        let file = settings.folder.as_ref().and_then(|folder| LogFile::open(folder, settings.file_max_bytes));
        Self {
            style: Style { colors, width: settings.width },
            facts: LineFacts { invocation_id: settings.invocation_id.clone(), extra: settings.extra.clone() },
            file,
            progress,
            writing: Mutex::new(()),
            settings,
        }
    }

    /// Writes a problem as an annotation, where these are wanted.
    pub fn annotate(&self, problem: &Diagnostic, sources: &SourceMap) {
        let Some(folder) = &self.settings.annotations else { return };
        let line = self.settings.secrets.hide(render::github(problem, sources, folder));
        let _turn = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &self.progress {
            Some(progress) => progress.around(|| output::print_line(&line)),
            None => output::print_line(&line),
        }
    }

    /// The style of standard output.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Writes all that was said to the log file; lines of the terminal are there already.
    pub fn flush(&self) {
        if let Some(file) = &self.file {
            file.flush();
        }
    }

    fn is_for_terminal(&self, event: &Event) -> bool {
        self.settings.level.is_some_and(|least| event.kind().level >= least || event.is_output())
    }

    fn to_terminal(&self, event: &Event) {
        let words = wording::message(event, self.style);
        let line = match self.settings.format {
            LogFormat::Json => json_line(event, &words, &self.facts),
            LogFormat::Debug => debug_line(event, &words, &self.facts.invocation_id),
            LogFormat::Text if event.is_output() => words,
            LogFormat::Text => format!("{}  {words}", jiff::Timestamp::now().strftime("%H:%M:%S")),
        };
        let line = self.settings.secrets.hide(line);
        match &self.progress {
            Some(_) if Progress::shows(event) => {}
            Some(progress) => progress.around(|| output::print_line(&line)),
            None => output::print_line(&line),
        }
    }

    fn to_file(&self, event: &Event) {
        let Some(file) = &self.file else { return };
        if event.kind().level < self.settings.file_level || is_about_cleaning(event) {
            return;
        }
        let words = wording::message(event, Style { colors: false, width: self.settings.width });
        let line = match self.settings.file_format {
            LogFormat::Json => json_line(event, &words, &self.facts),
            LogFormat::Debug => debug_line(event, &words, &self.facts.invocation_id),
            LogFormat::Text => format!("{}  {words}", jiff::Timestamp::now().strftime("%H:%M:%S")),
        };
        let line = self.settings.secrets.hide(line);
        file.write(&line);
    }
}

impl Reporter for Console {
    fn report(&self, event: &Event) {
        self.to_file(event);
        let is_for_terminal = self.is_for_terminal(event);
        if !is_for_terminal && self.progress.is_none() {
            return;
        }
        let _turn = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(progress) = &self.progress {
            progress.follow(event);
        }
        if is_for_terminal {
            self.to_terminal(event);
        }
    }
}

/// `clean` may just have removed the folder of the log.
fn is_about_cleaning(event: &Event) -> bool {
    matches!(event.kind().code, "Z012" | "Z013" | "Z014" | "Z015")
}

fn debug_line(event: &Event, words: &str, invocation_id: &str) -> String {
    let kind = event.kind();
    let time = jiff::Zoned::now().strftime("%H:%M:%S.%6f").to_string();
    let start = match event {
        Event::MainReportVersion { .. } => {
            let rule = "=".repeat(30);
            format!("\n\n{rule} {time} | {invocation_id} {rule}\n")
        }
        _ => String::new(),
    };
    let thread: String = thread_name().chars().take(10).collect();
    format!("{start}{time} [{:<5}] [{thread:<10}]: {words}", kind.level.as_str())
}
