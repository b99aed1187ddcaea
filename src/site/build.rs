//! [`Site`]: the files of the site, made at once from everything that is known of a project.

use std::collections::HashMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::column_lineage::ColumnLineage;
use super::columns::{Catalog, Column, columns};
use super::core_file::core_file;
use super::resource::{Resource, resources};
use super::search_file::search_file;
use super::{assets, base64, details, runs_file};
use crate::adapters::CatalogRow;
use crate::artifacts::PastRun;
use crate::manifest::{CompiledNodes, Manifest};

/// Bytes of pages that stand in one file, about.
const SHARD: usize = 256 * 1024;

/// What the site is made from.
pub struct SiteParts<'a> {
    /// The project.
    pub manifest: &'a Manifest,
    /// Compiled SQL, as far as it is known.
    pub compiled: &'a CompiledNodes,
    /// What the warehouse says: one row a column.
    pub catalog: &'a [CatalogRow],
    /// What columns are made of, as far as it is known.
    pub lineage: &'a ColumnLineage,
    /// Packages whose macros are hetl's own, and have no pages.
    pub built_in: &'a [&'a str],
    /// Earlier runs, oldest first.
    pub history: &'a [PastRun],
    /// `sources.json`, if there is one.
    pub sources: Option<&'a Value>,
    /// When the site is made.
    pub generated_at: jiff::Timestamp,
}

/// A file of the site.
#[derive(Debug, Clone)]
pub struct SiteFile {
    /// Its name below `site/`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The documentation site of a project.
#[derive(Debug, Clone)]
pub struct Site {
    files: Vec<SiteFile>,
    title: String,
}

impl Site {
    /// Makes the index.
    pub fn build(parts: &SiteParts<'_>) -> Self {
        let resources = resources(parts.manifest, parts.built_in);
        let places: HashMap<&str, usize> =
            resources.iter().enumerate().map(|(at, resource)| (resource.id, at)).collect();
        let catalog = Catalog::new(parts.catalog);
        let columns: Vec<Vec<Column<'_>>> =
            resources.par_iter().map(|resource| columns(resource, &catalog, parts.lineage)).collect();
        let pages: Vec<String> = resources
            .par_iter()
            .zip(&columns)
            .map(|(resource, columns)| details::page(parts, resource, columns, &catalog, &places).to_string())
            .collect();
        let mut hash = Sha256::new();
        pages.iter().for_each(|page| hash.update(page));
        hash.update(crate::manifest::utc(parts.generated_at));
        let build = hex::encode(&hash.finalize()[..8]);

        let starts = starts(&pages);
        let counts: Vec<(usize, usize)> = columns
            .iter()
            .map(|columns| {
                (columns.len(), columns.iter().filter(|column| !column.description().trim().is_empty()).count())
            })
            .collect();
        let mut core = core_file(parts, &resources, &places, &counts, &starts, &build);
        let lineage = lineage(parts.lineage, &resources, &places);
        core["lineage"] = json!(!lineage.is_empty());
        let mut files = vec![
            SiteFile { name: "core.json".into(), bytes: core.to_string().into_bytes() },
            SiteFile {
                name: "search.json".into(),
                bytes: search_file(&resources, &columns, &build).to_string().into(),
            },
            SiteFile {
                name: "runs.json".into(),
                bytes: runs_file(parts.history, parts.sources).to_string().into_bytes(),
            },
        ];
        for (number, start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(pages.len());
            let text = format!("{{\"build\":\"{build}\",\"pages\":[{}]}}", pages[*start..end].join(","));
            files.push(SiteFile { name: format!("pages-{number}.json"), bytes: text.into_bytes() });
            if !lineage.is_empty() {
                let text = json!({"build": build, "lineage": &lineage[*start..end]}).to_string();
                files.push(SiteFile { name: format!("lineage-{number}.json"), bytes: text.into_bytes() });
            }
        }
        Self { files, title: parts.manifest.project_name.clone() }
    }

    /// The files that a server or a web host serves below `site/`: the index, the script and the styles.
    pub fn files(&self) -> Vec<SiteFile> {
        let assets = [("app.js", assets::script()), ("app.css", assets::STYLE.to_owned())];
        let assets = assets.map(|(name, text)| SiteFile { name: name.into(), bytes: text.into_bytes() });
        self.files.iter().cloned().chain(assets).collect()
    }

    /// The page that loads them: `index.html`, beside `site/`.
    pub fn page(&self) -> String {
        assets::page(&self.title)
    }

    /// Everything in one HTML file that needs no server.
    pub fn in_one_file(&self) -> String {
        let files: Vec<String> = self
            .files
            .par_iter()
            .map(|file| {
                let name = file.name.trim_end_matches(".json");
                format!(
                    "<script type=\"text/plain\" data-file=\"{name}\">{}</script>\n",
                    base64::encode(&gzip(&file.bytes))
                )
            })
            .collect();
        assets::page_in_one_file(&self.title, &files.concat())
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    // Writing to memory does not fail.
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

/// The first page of each shard.
fn starts(pages: &[String]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut size = 0;
    for (at, page) in pages.iter().enumerate() {
        if size > 0 && size + page.len() > SHARD {
            starts.push(at);
            size = 0;
        }
        size += page.len();
    }
    starts
}

/// Per resource: column → what it is made of (`u`), what is made of it (`d`), why it is not known (`why`). Empty if nothing
/// is known at all.
fn lineage(lineage: &ColumnLineage, resources: &[Resource<'_>], places: &HashMap<&str, usize>) -> Vec<Value> {
    if lineage.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Map<String, Value>> = vec![Map::new(); resources.len()];
    let mut add = |at: usize, column: &str, key: &str, value: Value| {
        let entry = found[at].entry(column.to_lowercase()).or_insert_with(|| json!({}));
        match entry.get_mut(key).and_then(Value::as_array_mut) {
            Some(list) => list.push(value),
            None => entry[key] = json!([value]),
        }
    };
    for (at, resource) in resources.iter().enumerate() {
        for column in lineage.get(resource.id).into_iter().flatten() {
            for origin in &column.from {
                if let Some(from) = places.get(origin.unique_id.as_str()) {
                    add(at, &column.column, "u", json!([from, origin.column, origin.link.as_str()]));
                    add(*from, &origin.column, "d", json!([at, column.column, origin.link.as_str()]));
                }
            }
            if let Some(why) = &column.unknown {
                add(at, &column.column, "why", json!(why));
            }
        }
    }
    found.into_iter().map(Value::Object).collect()
}
