//! Files of kinds that dbt runs and hetl does not: Python models and user-defined functions. They are named, not passed over.

use super::files::{FileKind, ProjectFile};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};

/// One warning for each such file.
pub(super) fn warn_of_files(files: &[ProjectFile], problems: &mut Diagnostics) {
    for file in files.iter().filter(|file| file.kind == FileKind::Unsupported) {
        let name = super::names::stem(&file.relative_path);
        let (what, hint) = if is_python_model(file) {
            ("Python model", "write it in SQL, or build it with dbt and declare its table as a source")
        } else {
            ("user-defined function", "make the function in an `on-run-start` hook")
        };
        problems.push(
            Diagnostic::warning(
                Code::UNSUPPORTED,
                format!("the {what} `{name}` ({}) is left out: {what}s are not supported", file.original_path),
            )
            .at(file.span(0..0), "")
            .hint(hint),
        );
    }
}

fn is_python_model(file: &ProjectFile) -> bool {
    std::path::Path::new(&file.original_path).extension().is_some_and(|extension| extension == "py")
        && !file.original_path.starts_with("functions/")
}
