//! The built-in macros, embedded in the executable: one folder a package (`default` is dbt's `dbt`, `duckdb` its
//! `dbt_duckdb`). SQL and Jinja only; the parser reads them as it reads those of any package.

/// One embedded file of macros.
#[derive(Debug, Clone, Copy)]
pub struct MacroFile {
    /// Package, under which its macros can be called.
    pub package: &'static str,
    /// Path below the package's root.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/macro_files.rs"));
