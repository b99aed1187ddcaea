//! [`Fact`]: what a run tells of a node or of itself; [`Entry`]: a fact in its place of the chain.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::adapters::Cell;

/// What became of one node in a run, or of the run as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fact {
    /// The invocation.
    pub run_id: String,
    /// The command: `build`.
    pub command: String,
    /// The node's unique id; none for the run as a whole.
    pub node: Option<String>,
    /// dbt's word; of a run [`Fact::STARTED`], then `success`, `error` or [`Fact::KILLED`].
    pub status: String,
    /// Whether others see it; none for what is nothing that others could see.
    pub published: Option<bool>,
    /// SHA-256 of the SQL that was compiled.
    pub statement_hash: Option<String>,
    /// Rows that the warehouse says were written, or that a test found; of a run, its nodes.
    pub rows: Option<i64>,
    /// The commit that the project's working tree stands on.
    pub git_commit: Option<String>,
    /// Begin, RFC 3339, UTC.
    pub started_at: String,
    /// End, RFC 3339, UTC; empty where there is none or it is not known.
    pub ended_at: String,
}

impl Fact {
    /// The status of a run that begins.
    pub const STARTED: &str = "started";
    /// The status of a run that began and never told its end, as the next run finds.
    pub const KILLED: &str = "killed";
}

/// A fact at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From 1, without gaps.
    pub position: i64,
    /// What is told.
    pub fact: Fact,
    /// The hash of the entry before it; empty for the first.
    pub previous_hash: String,
    /// The hash of all this.
    pub hash: String,
}

impl Entry {
    /// The entry after another one, or the first.
    pub fn after(previous: Option<(i64, &str)>, fact: Fact) -> Self {
        let (position, previous_hash) = previous.map_or((1, String::new()), |(last, hash)| (last + 1, hash.to_owned()));
        let entry = Self { position, fact, previous_hash, hash: String::new() };
        Self { hash: entry.computed_hash(), ..entry }
    }

    /// What its hash must be: lower-case hex digits of SHA-256 over the compact JSON list of its fields in their order.
    pub fn computed_hash(&self) -> String {
        let fact = &self.fact;
        let fields = json!([
            self.position,
            fact.run_id,
            fact.command,
            fact.node,
            fact.status,
            fact.published,
            fact.statement_hash,
            fact.rows,
            fact.git_commit,
            fact.started_at,
            fact.ended_at,
            self.previous_hash
        ]);
        hex::encode(Sha256::digest(fields.to_string()))
    }

    /// The columns of the table with their types, in order.
    pub(super) const COLUMNS: [(&'static str, &'static str); 13] = [
        ("position", "bigint"),
        ("run_id", "varchar(256)"),
        ("command", "varchar(256)"),
        ("node", "varchar(1024)"),
        ("status", "varchar(256)"),
        ("published", "boolean"),
        ("statement_hash", "varchar(256)"),
        ("row_count", "bigint"),
        ("git_commit", "varchar(256)"),
        ("started_at", "varchar(256)"),
        ("ended_at", "varchar(256)"),
        ("previous_hash", "varchar(256)"),
        ("hash", "varchar(256)"),
    ];

    /// Its values as SQL, in the order of the columns.
    pub(super) fn values(&self) -> String {
        let fact = &self.fact;
        let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let optional = |value: Option<&String>| value.map_or_else(|| "null".to_owned(), |value| text(value));
        let written = [
            self.position.to_string(),
            text(&fact.run_id),
            text(&fact.command),
            optional(fact.node.as_ref()),
            text(&fact.status),
            fact.published.map_or("null".to_owned(), |published| published.to_string()),
            optional(fact.statement_hash.as_ref()),
            fact.rows.map_or("null".to_owned(), |rows| rows.to_string()),
            optional(fact.git_commit.as_ref()),
            text(&fact.started_at),
            text(&fact.ended_at),
            text(&self.previous_hash),
            text(&self.hash),
        ];
        format!("({})", written.join(", "))
    }

    /// An entry of the table's row.
    pub(super) fn read(row: &[Cell]) -> Self {
        let text = |at: usize| row[at].as_text().unwrap_or_default().to_owned();
        let optional = |at: usize| row[at].as_text().map(str::to_owned);
        let number = |at: usize| row[at].as_int().and_then(|number| i64::try_from(number).ok());
        let fact = Fact {
            run_id: text(1),
            command: text(2),
            node: optional(3),
            status: text(4),
            published: if let Cell::Bool(published) = row[5] { Some(published) } else { None },
            statement_hash: optional(6),
            rows: number(7),
            git_commit: optional(8),
            started_at: text(9),
            ended_at: text(10),
        };
        Self { position: number(0).unwrap_or_default(), fact, previous_hash: text(11), hash: text(12) }
    }

    /// As JSON, by the names of the columns.
    pub fn to_json(&self) -> Value {
        let fact = &self.fact;
        json!({
            "position": self.position,
            "run_id": fact.run_id,
            "command": fact.command,
            "node": fact.node,
            "status": fact.status,
            "published": fact.published,
            "statement_hash": fact.statement_hash,
            "row_count": fact.rows,
            "git_commit": fact.git_commit,
            "started_at": fact.started_at,
            "ended_at": fact.ended_at,
            "hash": self.hash,
        })
    }
}
