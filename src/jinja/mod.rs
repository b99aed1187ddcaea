//! The template language: Jinja2 as dbt uses it, on minijinja with a source rewrite. Knows nothing of dbt's nodes.
//!
//! - [`Engine`] holds templates by name and renders them; one for all threads of an invocation.
//! - [`Engine::add_macro`] gives a callable value for a macro, which a context hands out under the macro's names.
//! - [`split_blocks`] splits files into macros, tests, snapshots and docs; [`analyze`] finds calls without rendering.
//! - [`List`], [`Dict`] and [`Set`] are Python's containers; [`from_json`] and [`to_json`] convert.
//!
//! Rules for objects of other rooms that templates see:
//! - `ObjectRepr::Plain` with `get_value` for attributes and `call_method`/`call`; `ObjectRepr::Map` would make them mappings
//!   (`is mapping`, iteration over keys). Being plain they are true and callable to the tests of Jinja.
//! - They take part in operators by answering the methods `__add__`, `__radd__`, `__sub__`, `__rsub__`, `__mul__`, `__rmul__`,
//!   `__truediv__`, `__floordiv__`, `__mod__`, `__pow__`, `__neg__` (an unknown method means "not supported"), in comparisons by
//!   `Object::custom_cmp`.
//! - Data that templates may change must be made with [`from_json`], [`List`], [`Dict`] or [`Set`]; minijinja's own maps and
//!   vectors are fixed.
//! - Looking a name up in the root context must be free of effects: a macro binds all the names it reads when it is loaded.
//! - A callback fails with [`raise`] to keep its own diagnostic; place and call stack are added.

mod as_written;
mod blocks;
mod builtins;
#[cfg(test)]
mod corpus_tests;
mod engine;
#[cfg(test)]
mod engine_tests;
mod error;
mod expression;
mod extract;
mod lexer;
mod macros;
mod native;
mod parser;
mod printf;
#[cfg(test)]
mod replay_tests;
mod rewrite;
mod store;
mod syntax;
mod trace;
mod values;

pub use as_written::{is_plain, keywords_as_written};
pub use blocks::{Argument, Block, BlockKind, Blocks, split_blocks};
pub use engine::{Engine, Rendered, Undefined, has_tags};
pub use error::{JinjaError, raise};
pub use extract::{Analysis, Call, CallArgument, Unknown, analyze, parameters};
pub use macros::{MacroRef, call_macro, callable_undefined, running_macros};
pub use native::literal;
pub use store::Origin;
pub use syntax::SyntaxError;
pub use trace::{Piece, PieceKind, Slice, Trace};
pub use values::{
    Decimal, Dict, List, Set, from_json, items_of, number_of, pairs_of, repr, split_args, to_json, to_text, type_name,
};
