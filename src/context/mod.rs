//! What templates see: `ref`, `source`, `config`, `adapter`, `this`, `graph` and the rest of dbt's context.
//!
//! A [`Session`] is made once an invocation. From it come contexts, each a lazy object that costs nothing until a name is
//! looked up: [`parse_context`] for parsing (`execute` is false; calls of `ref`, `source` and `config` are captured),
//! [`NodeRun::context`] for running, [`yaml_context`] and [`docs_context`] for property files. Nothing here decides in
//! which order nodes run, and nothing here prints.

mod adapter;
mod batch;
mod capture;
mod column;
mod config;
mod contract;
mod doc;
mod env_var;
mod exceptions;
mod flags;
mod foreign_keys;
mod foreseen;
mod graph;
mod halt;
mod index_changes;
mod log;
mod macro_set;
mod model;
mod parse;
mod print_table;
mod reference;
mod relation;
mod render;
mod results;
mod run;
mod runtime_config;
mod scope;
mod seed;
mod session;
mod shared;
mod source;
mod table;
mod test_arguments;
mod transaction;
mod user_function;
mod var;

// Named as if they stood here: nearly every file binds arguments and makes values.
use crate::python::{arguments, json_yaml, modules, raise, values};

pub use adapter::suffixed_identifier;
pub use capture::{Capture, Captured};
pub use config::merge_config_call;
pub use doc::find_doc;
pub use foreseen::ForeseenCount;
pub use halt::{Halt, Halted};
pub use macro_set::{MacroEntry, MacroSet, NameMacro};
pub use model::{node_relation, source_relation as relation_of_source};
pub use parse::{Named, ParseNode, docs_context, generate_name, macro_context, parse_context, yaml_context};
pub use relation::information_schema;
pub use results::StatementResult;
pub use run::{EventTimeRange, NodeRun, Overrides, RunOptions, RunParts, Worker, deferred_relations, published_text};
pub use seed::{seed_file, seed_line};
pub use session::{Session, SessionParts, THREADS};
pub use table::{TableLimits, drawn_table, json_of_cell};
pub use test_arguments::render_test_arguments;
pub use transaction::{Audit, Transaction};
