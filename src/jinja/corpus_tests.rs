//! Reads every `.sql` file below the folders named in `HETL_JINJA_CORPUS` (separated by colons): blocks are split, macros and
//! models are rewritten and compiled. Run with `cargo test --lib jinja::corpus -- --ignored --nocapture`.

use std::path::{Path, PathBuf};

use super::{BlockKind, Engine, analyze, split_blocks};

fn sql_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sql_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
}

#[test]
#[ignore = "needs folders of dbt packages in HETL_JINJA_CORPUS"]
fn every_file_of_the_corpus_compiles() {
    let folders = std::env::var("HETL_JINJA_CORPUS").expect("HETL_JINJA_CORPUS is set");
    let mut files = Vec::new();
    folders.split(':').for_each(|folder| sql_files(Path::new(folder), &mut files));
    let engine = Engine::new();
    let mut failures = Vec::new();
    let mut macros = 0;
    let mut bytes = 0;
    let mut analyzing = std::time::Duration::ZERO;
    for path in &files {
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        bytes += text.len();
        let name = path.display().to_string();
        let kinds = [BlockKind::Macro, BlockKind::Test, BlockKind::Materialization];
        let blocks = split_blocks(&text, &kinds);
        failures.extend(blocks.errors.iter().map(|error| format!("{name}: {error}")));
        for block in &blocks.blocks {
            macros += 1;
            let template = format!("{name}#{}", block.range.start);
            engine.add_macro(&template, &block.name, &text[block.range.clone()], None);
            if let Err(error) = engine.check(&format!("macro:{template}.{}", block.name)) {
                failures.push(format!("{name}: macro {}: {error}", block.name));
            }
        }
        let snapshots = split_blocks(&text, &[BlockKind::Snapshot]);
        for block in &snapshots.blocks {
            let template = format!("{name}#{}", block.range.start);
            engine.add_template(&template, &text[block.body.clone()], None);
            if let Err(error) = engine.check(&template) {
                failures.push(format!("{name}: {error}"));
            }
        }
        if !blocks.blocks.is_empty() || !snapshots.blocks.is_empty() {
            continue;
        }
        let start = std::time::Instant::now();
        let analysis = analyze(&text);
        analyzing += start.elapsed();
        if let Err(error) = analysis {
            failures.push(format!("{name}: {error}"));
        }
        engine.add_template(&name, text, None);
        if let Err(error) = engine.check(&name) {
            failures.push(format!("{name}: {error}"));
        }
    }
    println!("{} files, {bytes} bytes, {macros} macros; analysis took {analyzing:?}", files.len());
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
