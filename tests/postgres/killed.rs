//! `kill -9` at random moments of a build: each relation is wholly old or wholly new, and the next run cleans up.
//!
//! `HETL_TEST_KILLS` says how often (5 times if it does not).

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Project, ask_number, wait_until};

/// Rows of each table.
const ROWS: i128 = 20_000;

const FILES: &[(&str, &str)] = &[
    ("seeds/codes.csv", "code,name\n1,one\n2,two\n3,three\n"),
    (
        "models/staged.sql",
        "{{ config(materialized='view') }}\nselect g as id, {{ var('run') }} as run, md5(g::text) as hash \
         from generate_series(1, 20000) g",
    ),
    (
        "models/plain.sql",
        "{{ config(materialized='table', indexes=[{'columns': ['id'], 'unique': true}]) }}\nselect * from {{ ref('staged') }}",
    ),
    ("models/further.sql", "{{ config(materialized='table') }}\nselect p.* from {{ ref('plain') }} p"),
    (
        "models/replaced.sql",
        "{{ config(materialized='incremental', unique_key='id', incremental_strategy='delete+insert') }}\n\
         select * from {{ ref('staged') }}",
    ),
    (
        "snapshots/kept.sql",
        "{% snapshot kept %}{{ config(unique_key='id', strategy='check', check_cols=['run']) }}\n\
         select * from {{ ref('plain') }} where id <= 500{% endsnapshot %}",
    ),
];

/// Tables that have the rows of one run each.
const WHOLE: &[&str] = &["plain", "further", "replaced"];

/// Numbers that are spread evenly enough (xorshift); each run of the test has others.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Everything that exists has the rows of one run, whole.
fn check_whole(project: &Project, when: &str) {
    let mut session = project.session();
    let existing = project.relations(&mut *session);
    for table in WHOLE.iter().filter(|table| existing.iter().any(|name| name == *table)) {
        let name = format!("{}.{table}", project.schema);
        assert_eq!(ask_number(&mut *session, &format!("select count(*) from {name}")), ROWS, "{table} {when}");
        assert_eq!(ask_number(&mut *session, &format!("select count(distinct run) from {name}")), 1, "{table} {when}");
    }
    for (table, rows) in [("codes", 3), ("kept", 500)] {
        let current = if table == "kept" { " where dbt_valid_to is null" } else { "" };
        let sql = format!("select count(*) from {}.{table}{current}", project.schema);
        assert_eq!(ask_number(&mut *session, &sql), rows, "{table} {when}");
    }
}

#[test]
fn a_build_that_is_killed_at_any_moment_breaks_nothing() {
    let kills: u64 = std::env::var("HETL_TEST_KILLS").map_or(5, |number| number.parse().expect("a number"));
    let Some(project) = Project::new(FILES, &json!({})) else { return };
    let begin = Instant::now();
    project.succeed(&["build", "--vars", "{run: 0}"]);
    let whole_build = begin.elapsed();
    let mut session = project.session();
    let expected = project.relations(&mut *session);
    let indexes = format!("select count(*) from pg_indexes where schemaname = '{}'", project.schema);
    let expected_indexes = ask_number(&mut *session, &indexes);
    let mut random = Random(Instant::now().elapsed().as_nanos() as u64 ^ u64::from(std::process::id()) << 17 | 1);
    let mut ended_before = 0;
    for kill in 1..=kills {
        let vars = format!("{{run: {kill}}}");
        let mut child = project.start(&["build", "--vars", &vars]);
        let delay = Duration::from_micros(random.below(whole_build.as_micros().max(1) as u64));
        std::thread::sleep(delay);
        ended_before += u64::from(child.try_wait().expect("its state").is_some());
        let _ = child.kill();
        child.wait().expect("it ends");
        let when = format!("after kill {kill}, {delay:?} after the start");
        // What the killed run had sent, the server may still be about to finish or roll back.
        let gone = format!("select count(*) from pg_stat_activity where application_name = '{}'", project.schema);
        wait_until("the server notices", || ask_number(&mut *session, &gone) == 0);
        check_whole(&project, &when);
        project.succeed(&["build", "--vars", &vars]);
        check_whole(&project, &format!("{when} and a plain run"));
        assert_eq!(project.relations(&mut *session), expected, "{when} and a plain run");
        assert_eq!(ask_number(&mut *session, &indexes), expected_indexes, "{when} and a plain run");
    }
    println!("{kills} kills within {whole_build:?}, {ended_before} after the end");
    assert!(ended_before < kills.max(2), "no build was killed before its end");
}
