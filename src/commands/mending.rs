//! [`FileMending`]: what `lint --fix` and `format` would make of one file, for the language server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::format;
use super::linting::Linting;
use crate::lint::sql::{ConfigFiles, Ignored, Linters, Mender, Renderer, fix, is_sql};
use crate::lsp::Mending;
use crate::sql::Dialect;

/// Mends files of a project as it was when it was read, for as long as somebody wants.
pub(super) struct FileMending {
    root: PathBuf,
    renderer: Renderer,
    linters: Arc<Linters>,
    configs: ConfigFiles,
    ignored: Ignored,
    dialect: Dialect,
}

impl FileMending {
    pub(super) fn new(linting: Linting<'_>) -> Self {
        let dialect = linting.project.session.adapter().dialect();
        let root = linting.opening.config.project.root.clone();
        let Linting { renderer, linters, configs, ignored, .. } = linting;
        Self { root, renderer, linters, configs, ignored, dialect }
    }

    /// The text of a file (absolute) after mending; none if nothing is mended, or it is not a file of which SQL is looked at.
    pub(super) fn mended(&self, file: &Path, text: &str, what: &Mending) -> Option<String> {
        if !is_sql(file) || self.ignored.contains(file) {
            return None;
        }
        let path = file.strip_prefix(&self.root).ok()?.to_string_lossy().replace('\\', "/");
        let settings = self.configs.of_folder(file.parent().unwrap_or(file)).with_directives(text);
        let settings = match what {
            Mending::All => settings,
            Mending::Layout => settings.only(format::RULES),
            Mending::Rule(rule) => settings.only(&[rule]),
        };
        let mender = Mender { renderer: &self.renderer, linters: &self.linters, dialect: self.dialect, path: &path };
        let outcome = fix(&mender, text, &settings).ok()?;
        (!outcome.text.is_empty() && outcome.text != text).then_some(outcome.text)
    }
}
