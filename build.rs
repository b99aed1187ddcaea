//! Embeds the built-in macros, and looks after the DuckDB library.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    embed_macros()?;
    hash_source()?;
    search_library();
    Ok(())
}

/// Writes `macro_files.rs`: a list of all SQL files below `src/macros`.
fn embed_macros() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("src/macros");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, "sql", &mut files)?;
    files.sort();
    let mut text = String::from("/// Every embedded file.\npub static FILES: &[MacroFile] = &[\n");
    for file in files {
        let below = file.strip_prefix(&root).map_err(io::Error::other)?;
        let folder = below.iter().next().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let package = if folder == "default" { "dbt".to_owned() } else { format!("dbt_{folder}") };
        let path = Path::new("macros").join(below.strip_prefix(&folder).map_err(io::Error::other)?);
        let _ = writeln!(
            text,
            "    MacroFile {{ package: {package:?}, path: {:?}, text: include_str!({:?}) }},",
            path.display().to_string(),
            file.display().to_string()
        );
    }
    text.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?).join("macro_files.rs"), text)
}

/// Sets `HETL_SOURCE_HASH`, which changes with the source of the program: what one build keeps for later is not read by another.
fn hash_source() -> io::Result<()> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("src");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, "rs", &mut files)?;
    collect(&root, "sql", &mut files)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file)?.hash(&mut hasher);
    }
    println!("cargo:rustc-env=HETL_SOURCE_HASH={:016x}", hasher.finish());
    Ok(())
}

fn collect(folder: &Path, wanted: &str, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, wanted, files)?;
        } else if path.extension().is_some_and(|extension| extension == wanted) {
            files.push(path);
        }
    }
    Ok(())
}

/// Warns of a missing library. Where it is linked and not loaded on demand, the executable looks for it beside itself, in `../lib`, or,
/// while developing, in the folder that it was linked from.
fn search_library() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    let (origin, library) = match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => ("$ORIGIN", "libduckdb.so"),
        Ok("macos") => ("@loader_path", "libduckdb.dylib"),
        _ => return,
    };
    let mut paths = vec![origin.to_owned(), format!("{origin}/../lib")];
    if let Ok(folder) = env::var("DUCKDB_LIB_DIR") {
        if !Path::new(&folder).join(library).exists() {
            println!("cargo:warning={folder} has no {library}: run scripts/duckdb-library.sh (make does)");
        }
        paths.push(folder);
    }
    if env::var_os("CARGO_FEATURE_SHARED").is_some() {
        return;
    }
    for path in paths {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{path}");
    }
}
