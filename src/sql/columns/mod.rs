//! From a query to its columns: which columns of which tables each is made of, how, and what else decides on the rows.
//!
//! `query` walks `with`, set operations and `order by`; `select` one `select`; `from` what stands after `from`; `expression` and
//! `function` values. All of them work on [`flow::Flow`]s in [`scope::Scope`]s. The rule in all of this: what is not certain is
//! *unknown* with a reason, and an edge that is given is true.

mod analyzer;
mod expression;
mod flow;
mod from;
mod function;
mod join;
mod naming;
mod output;
mod pivot;
mod query;
mod scope;
mod select;
mod star;
mod star_expression;
mod table_function;
mod types;

pub(super) use analyzer::analyze;
pub(super) use from::name_of_factor;
pub use output::{
    Edge, EdgeKind, Influence, InfluenceKind, InputTable, MissingColumn, OutputColumn, QueryColumns, TableColumn,
    TableName, Tables,
};
