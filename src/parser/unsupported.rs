//! Files of kinds that dbt runs and hetl does not: Python models. They are named, not passed over.

use super::files::{FileKind, ProjectFile};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};

/// One warning for each such file.
pub(super) fn warn_of_files(files: &[ProjectFile], problems: &mut Diagnostics) {
    for file in files.iter().filter(|file| file.kind == FileKind::Unsupported) {
        let name = super::names::stem(&file.relative_path);
        problems.push(
            Diagnostic::warning(
                Code::UNSUPPORTED,
                format!(
                    "the Python model `{name}` ({}) is left out: Python models are not supported",
                    file.original_path
                ),
            )
            .at(file.span(0..0), "")
            .hint("write it in SQL, or build it with dbt and declare its table as a source"),
        );
    }
}
