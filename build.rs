//! Lets the executable find the DuckDB library beside itself or in `../lib`, and while developing in the folder it was linked from.
fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    let Ok(target) = std::env::var("CARGO_CFG_TARGET_OS") else { return };
    let origin = match target.as_str() {
        "linux" => "$ORIGIN",
        "macos" => "@loader_path",
        _ => return,
    };
    let mut paths = vec![origin.to_owned(), format!("{origin}/../lib")];
    if let Ok(folder) = std::env::var("DUCKDB_LIB_DIR") {
        paths.push(folder);
    }
    for path in paths {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{path}");
    }
}
