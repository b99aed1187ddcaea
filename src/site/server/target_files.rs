//! [`TargetFiles`]: which files of the target folder a reader may have, and as what.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::runs_file::runs_file;
use super::response::Response;
use crate::artifacts::{read_run_history, read_sources};

/// The files of a target folder that belong to the site.
#[derive(Debug)]
pub(super) struct TargetFiles {
    folder: PathBuf,
}

impl TargetFiles {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The answer to a request for a path.
    pub(super) fn response(&self, path: &str) -> Response {
        if path == "/site/runs.json" {
            // Newer than the index: as the artifacts are now.
            let history = read_run_history(&self.folder).unwrap_or_default();
            let sources = read_sources(&self.folder).unwrap_or_default();
            let mut runs = runs_file(&history, sources.as_ref());
            // The page listens at `/live` then.
            runs["live"] = serde_json::json!(true);
            return Response::new("application/json", runs.to_string().into_bytes());
        }
        let found = self.file(path).and_then(|(content_type, file)| Some((content_type, fs::read(file).ok()?)));
        match found {
            Some((content_type, bytes)) => Response::new(content_type, bytes),
            None => Response::text(404, "there is no such page"),
        }
    }

    /// The file of a path, if it is one of the site: the page, what is in `site/`, the artifacts, images.
    fn file(&self, path: &str) -> Option<(&'static str, PathBuf)> {
        let below = if path == "/" { "index.html" } else { path.strip_prefix('/')? };
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && !part.contains(['\\', ':'])
                && !part.chars().any(char::is_control)
        };
        if !below.split('/').all(is_plain) {
            return None;
        }
        let extension = below.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase())?;
        let content_type = match extension.as_str() {
            "html" if below == "index.html" => "text/html; charset=utf-8",
            "js" if below == "site/app.js" => "text/javascript; charset=utf-8",
            "css" if below == "site/app.css" => "text/css; charset=utf-8",
            "json" if below.starts_with("site/") || matches!(below, "manifest.json" | "catalog.json") => {
                "application/json"
            }
            "png" => "image/png",
            "jpg" | "jpeg" => "image/jpeg",
            "gif" => "image/gif",
            "webp" => "image/webp",
            "svg" => "image/svg+xml",
            _ => return None,
        };
        // A link in the folder may not lead out of it.
        let folder = self.folder.canonicalize().ok()?;
        let file = folder.join(below).canonicalize().ok()?;
        (file.starts_with(&folder) && file.is_file()).then_some((content_type, file))
    }
}
