//! Lets the executable find the DuckDB library beside itself or in `../lib`, and while developing in the folder it was linked from.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    let (origin, library) = match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => ("$ORIGIN", "libduckdb.so"),
        Ok("macos") => ("@loader_path", "libduckdb.dylib"),
        _ => return,
    };
    let mut paths = vec![origin.to_owned(), format!("{origin}/../lib")];
    if let Ok(folder) = std::env::var("DUCKDB_LIB_DIR") {
        if !Path::new(&folder).join(library).exists() {
            println!(
                "cargo:warning={folder} has no {library}: run scripts/duckdb-library.sh (make does) before linking"
            );
        }
        paths.push(folder);
    }
    for path in paths {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{path}");
    }
}
