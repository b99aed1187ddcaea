//! What templates see: `ref`, `source`, `config`, `adapter`, `this`, `graph` and the rest of dbt's context.
//!
//! A [`Session`] is made once an invocation. From it come contexts, each a lazy object that costs nothing until a name is
//! looked up: [`parse_context`] for parsing (`execute` is false; calls of `ref`, `source` and `config` are captured),
//! [`NodeRun::context`] for running, [`yaml_context`] and [`docs_context`] for property files. Nothing here decides in
//! which order nodes run, and nothing here prints.

mod capture;
mod macro_set;
mod parse;
mod run;
mod session;
mod test_arguments;

pub use capture::{Capture, Captured};
pub use macro_set::{MacroEntry, MacroSet, NameMacro};
pub use parse::{ParseNode, docs_context, generate_name, parse_context, yaml_context};
pub use run::{EventTimeRange, NodeRun, RunParts, Worker};
pub use session::{Session, SessionParts};
pub use test_arguments::render_test_arguments;
