//! Soundness on `project/`: it is built, then one column of one relation that its models stand on is changed, all models below are
//! made again from their compiled SQL, and every column that changes must be reached by the lineage of the whole project.
//!
//! Takes seconds to set up, so it is asked for: `HETL_SOUNDNESS=500 cargo nextest run --run-ignored only project_soundness`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::soundness::Dice;

const CATALOG: &str = "health_platform";

/// A project that was built, in a database of its own that can be changed.
struct Built {
    database: duckdb::Connection,
    manifest: Value,
    lineage: Value,
    /// Unique ids of relations that are taken as they are.
    bases: Vec<String>,
    /// Unique ids of those that are made from them, in order.
    made: Vec<String>,
}

fn hetl(folder: &Path, arguments: &[&str]) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_hetl")).args(arguments).arg("--quiet").current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() && entry.file_name() != "target" {
            copy(&entry.path(), &target);
        } else if entry.path().is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Built {
    fn new(folder: &Path) -> Self {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("project"), folder);
        hetl(folder, &["build"]);
        // The form of incremental models that makes the whole table.
        hetl(folder, &["compile", "--full-refresh"]);
        hetl(folder, &["lineage", "--full-refresh"]);
        let database = crate::database::open(":memory:").unwrap();
        let file = folder.join("health_platform.duckdb");
        database
            .execute_batch(&format!("attach '{}' as built (read_only); attach ':memory:' as {CATALOG}", file.display()))
            .unwrap();
        let manifest = read(&folder.join("target/manifest.json"));
        let lineage = read(&folder.join("target/lineage.json"));
        let mut built = Self { database, manifest, lineage, bases: Vec::new(), made: Vec::new() };
        // The lineage has upstream nodes first.
        let ids: Vec<String> = built.lineage["nodes"].as_object().unwrap().keys().cloned().collect();
        for id in ids.into_iter().filter(|id| !built.manifest["nodes"][id].is_null()) {
            let node = built.manifest["nodes"][&id].clone();
            let reads_files = node["depends_on"]["nodes"]
                .as_array()
                .is_some_and(|reads| reads.iter().any(|read| read.as_str().unwrap().starts_with("source.")));
            if node["config"]["materialized"] == "ephemeral" {
                continue;
            }
            let schema = node["schema"].as_str().unwrap();
            built.database.execute_batch(&format!("create schema if not exists {CATALOG}.\"{schema}\"")).unwrap();
            if node["resource_type"] == "model" && !reads_files {
                built.make(&id);
                built.made.push(id);
            } else {
                let source = format!("built.\"{schema}\".\"{}\"", node["alias"].as_str().unwrap());
                built
                    .database
                    .execute_batch(&format!("create table {} as from {source}", built.relation(&id)))
                    .unwrap();
                built.bases.push(id);
            }
        }
        built
    }

    fn relation(&self, id: &str) -> String {
        let node = &self.manifest["nodes"][id];
        format!("{CATALOG}.\"{}\".\"{}\"", node["schema"].as_str().unwrap(), node["alias"].as_str().unwrap())
    }

    fn make(&self, id: &str) {
        let code = self.manifest["nodes"][id]["compiled_code"].as_str().unwrap();
        let sql = format!("create or replace table {} as {code}", self.relation(id));
        self.database.execute_batch(&sql).unwrap_or_else(|problem| panic!("{id}: {problem}"));
    }

    fn columns(&self, id: &str) -> Vec<(String, String)> {
        let sql = format!("select column_name, column_type from (describe {})", self.relation(id));
        let mut statement = self.database.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// What is made from a relation, in order; nothing else reads it.
    fn below(&self, id: &str) -> Vec<String> {
        let mut found = BTreeSet::from([id]);
        for (id, _) in self.lineage["nodes"].as_object().unwrap() {
            let reads = self.manifest["nodes"][id]["depends_on"]["nodes"].as_array();
            if reads.is_some_and(|reads| reads.iter().any(|read| found.contains(read.as_str().unwrap()))) {
                found.insert(id);
            }
        }
        self.made.iter().filter(|made| found.contains(made.as_str())).cloned().collect()
    }

    /// A hash of each column's values in order of the values.
    fn contents(&self, ids: &[String]) -> BTreeMap<(String, String), String> {
        let mut found = BTreeMap::new();
        for id in ids {
            let columns = self.columns(id);
            let hashes: Vec<String> = columns
                .iter()
                .map(|(name, _)| format!("md5(coalesce(string_agg(\"{name}\"::varchar, ',' order by \"{name}\"::varchar), '') || count(\"{name}\") || '/' || count(*))"))
                .collect();
            let sql = format!("select {} from {}", hashes.join(", "), self.relation(id));
            let mut statement = self.database.prepare(&sql).unwrap();
            let mut rows = statement.query([]).unwrap();
            let row = rows.next().unwrap().unwrap();
            for (at, (name, _)) in columns.into_iter().enumerate() {
                found.insert((id.clone(), name), row.get(at).unwrap());
            }
        }
        found
    }

    /// What may change with a column, by the file that hetl wrote.
    fn reached(&self, node: &str, column: &str) -> BTreeSet<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut reached = BTreeSet::from([(node.to_owned(), column.to_owned())]);
        let mut rows: BTreeSet<String> = BTreeSet::new();
        for (id, node) in self.lineage["nodes"].as_object().unwrap() {
            let from = |edge: &Value| (text(&edge["node"]), text(&edge["column"]));
            let rows_change = list(&node["reads"]).iter().any(|read| rows.contains(read.as_str().unwrap()))
                || list(&node["influences"]).iter().any(|edge| reached.contains(&from(edge)));
            if rows_change {
                rows.insert(id.clone());
            }
            for column in list(&node["columns"]) {
                if rows_change || list(&column["sources"]).iter().any(|edge| reached.contains(&from(edge))) {
                    reached.insert((id.clone(), text(&column["name"])));
                }
            }
        }
        reached
    }
}

/// A change of a column of that type.
fn change(dice: &mut Dice, relation: &str, column: &str, data_type: &str) -> String {
    let number = 1 + dice.roll(9);
    let value = match (data_type, dice.roll(3)) {
        (_, 0) => "null".to_owned(),
        ("VARCHAR", 1) => format!("{column} || 'x'"),
        ("DATE" | "TIMESTAMP", 1) => format!("{column} + interval {number} day"),
        ("INTEGER" | "BIGINT" | "DOUBLE" | "HUGEINT", 1) => format!("{column} + {number}"),
        _ => format!(
            "(select o.{column} from {relation} as o where o.{column} is not null order by hash(o.{column}::varchar || '{number}') limit 1)"
        ),
    };
    format!("update {relation} set {column} = {value} where hash(rowid + {number}) % {} = 0", dice.pick(&[1, 3, 20]))
}

#[test]
#[ignore = "builds the whole of project/"]
fn what_changes_in_the_project_is_reached() {
    let wanted: usize = std::env::var("HETL_SOUNDNESS").ok().and_then(|count| count.parse().ok()).unwrap_or(20);
    let folder = tempfile::tempdir().unwrap();
    let built = Built::new(folder.path());
    let before = built.contents(&built.made);
    built.made.iter().for_each(|id| built.make(id));
    assert_eq!(before, built.contents(&built.made), "the same data must give the same tables");
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let (mut perturbations, mut changes, mut reachable, mut possible) = (0, 0, 0, 0);
    while perturbations < wanted {
        let id = dice.pick(&built.bases).clone();
        let relation = built.relation(&id);
        let (column, data_type) = dice.pick(&built.columns(&id)).clone();
        built.database.execute_batch(&format!("create or replace temp table kept as from {relation}")).unwrap();
        let changed =
            built.database.execute_batch(&change(&mut dice, &relation, &format!("\"{column}\""), &data_type)).is_ok();
        if changed {
            let reached = built.reached(&id, &column);
            // Values that a model cannot read make no table: nothing can be compared then.
            let below = built.below(&id);
            let rebuilt = below.iter().all(|id| {
                let code = built.manifest["nodes"][id]["compiled_code"].as_str().unwrap();
                built
                    .database
                    .execute_batch(&format!("create or replace table {} as {code}", built.relation(id)))
                    .is_ok()
            });
            if rebuilt {
                for (place, hash) in built.contents(&below) {
                    if before.get(&place) != Some(&hash) {
                        changes += 1;
                        assert!(
                            reached.contains(&place),
                            "{place:?} changes with {id}.{column}, which does not reach it"
                        );
                    }
                }
                reachable += reached.len();
                possible += before.len();
                perturbations += 1;
            }
        }
        built.database.execute_batch(&format!("create or replace table {relation} as from kept")).unwrap();
        // What was made of the change must not be left for the next round.
        built.below(&id).iter().for_each(|id| built.make(id));
    }
    assert!(changes > perturbations, "only {changes} columns changed in {perturbations} perturbations");
    assert!(reachable * 4 < possible, "almost everything is reached by everything");
    eprintln!("{perturbations} perturbations, {changes} columns changed, none missed");
}
