//! Loads DuckDB's shared library when a database is first opened.
//!
//! Linked in the usual way, the library of 70 MB is relocated at the start of every command, which costs time and memory that `--help`,
//! `ls` and `lint` have no use for. Here whoever first needs it opens it, and its functions are put into the table that DuckDB's bindings
//! call through. All unsafe code of the project is here.

mod functions;

use std::error::Error;
use std::ffi::{CStr, c_char, c_void};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libduckdb_sys::{
    duckdb_ext_api_v1, duckdb_extension_access, duckdb_extension_info, duckdb_library_version,
    duckdb_rs_extension_api_init,
};
use libloading::{Library, library_filename};

/// The versions that the bindings hold for.
const VERSIONS: &str = "v1.5.";

/// Of the library that is loaded; it stays loaded, and the table in its place, until the process ends.
static TABLE: OnceLock<duckdb_ext_api_v1> = OnceLock::new();

/// Why there is no library.
#[derive(Debug, Clone)]
pub struct LoadError {
    /// What the system says of each place that was looked at.
    pub reasons: Vec<String>,
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reasons.join("\n"))
    }
}

impl Error for LoadError {}

/// Makes DuckDB's functions callable; a call of one of them without it panics. The library is looked for once; what came of it is told
/// each time: the library's version, as `v1.5.5`.
pub fn load() -> Result<&'static str, LoadError> {
    static LOADED: OnceLock<Result<String, LoadError>> = OnceLock::new();
    LOADED.get_or_init(open).as_ref().map(String::as_str).map_err(LoadError::clone)
}

fn open() -> Result<String, LoadError> {
    let mut reasons = Vec::new();
    for place in places() {
        // SAFETY: DuckDB's initializers have no demands on who loads it.
        match unsafe { Library::new(&place) } {
            Ok(library) => {
                TABLE.get_or_init(|| functions::of(&library));
                std::mem::forget(library);
                return version()
                    .map_err(|reason| LoadError { reasons: vec![format!("{}: {reason}", place.display())] });
            }
            Err(failure) => reasons.push(failure.source().map_or_else(|| failure.to_string(), ToString::to_string)),
        }
    }
    Err(LoadError { reasons })
}

/// Where the library may be: beside the executable, in `../lib`, in the folder that the build was given, and where the system looks.
fn places() -> Vec<PathBuf> {
    let name = library_filename("duckdb");
    let executable = std::env::current_exe().and_then(|path| path.canonicalize()).ok();
    let beside = executable.as_deref().and_then(Path::parent);
    let built_with = option_env!("DUCKDB_LIB_DIR").map(PathBuf::from);
    let folders = beside.into_iter().flat_map(|folder| [folder.to_owned(), folder.join("../lib")]).chain(built_with);
    folders.map(|folder| folder.join(&name)).chain([PathBuf::from(&name)]).collect()
}

/// Hands the table to the bindings and asks the library for its version.
fn version() -> Result<String, String> {
    let access = duckdb_extension_access { set_error: None, get_database: None, get_api: Some(table) };
    // SAFETY: `table` gives a table that stays in its place, and neither of the other two is called.
    unsafe { duckdb_rs_extension_api_init(std::ptr::null_mut(), &raw const access, "v1.2.0") }?;
    if TABLE.get().is_none_or(|table| table.duckdb_library_version.is_none()) {
        return Err("this is no library of DuckDB".to_owned());
    }
    // SAFETY: the function is there, and its text is constant.
    let version = unsafe { CStr::from_ptr(duckdb_library_version()) }.to_string_lossy().into_owned();
    if version.starts_with(VERSIONS) { Ok(version) } else { Err(format!("this is DuckDB {version}, not {VERSIONS}x")) }
}

extern "C" fn table(_: duckdb_extension_info, _: *const c_char) -> *const c_void {
    TABLE.get().map_or(std::ptr::null(), |table| std::ptr::from_ref(table).cast())
}
