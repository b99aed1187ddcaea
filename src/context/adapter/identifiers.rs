//! Names of relations and databases, as far as the warehouse allows them.

use md5::{Digest, Md5};
use minijinja::{Error, State, Value};

use crate::adapters::Adapter;
use crate::context::arguments::{bind, text};
use crate::context::raise::{compilation, raise};
use crate::context::scope::Scope;
use crate::context::values::nothing;
use crate::diagnostics::{Code, Diagnostic};

/// The greatest length of a relation's name in bytes, if the warehouse has one.
pub(in crate::context) fn limit(state: &State<'_, '_>) -> Option<usize> {
    super::adapter_of(state)?.identifier_limit()
}

/// `adapter.identifier_with_suffix(identifier, suffix)`: both, as far as the warehouse's limit allows. A name that must be cut gets
/// a hash of the whole, so that two long names that begin alike stay apart.
pub(super) fn with_suffix(scope: &Scope, args: &[Value]) -> Result<Value, Error> {
    let [identifier, suffix] = bind("identifier_with_suffix", ["identifier", "suffix"], args)?;
    let identifier = text("identifier_with_suffix", "identifier", identifier)?;
    let suffix = text("identifier_with_suffix", "suffix", suffix)?;
    let adapter = scope.session.adapter().as_ref();
    suffixed_identifier(adapter, &identifier, &suffix).map(Value::from).ok_or_else(|| {
        let limit = adapter.identifier_limit().unwrap_or_default();
        compilation(format!("Relation suffix is too long ({} bytes). Maximum length is {limit} bytes.", suffix.len()))
    })
}

/// A name with a suffix, as far as the warehouse's limit allows; nothing if not even the suffix fits.
pub fn suffixed_identifier(adapter: &dyn Adapter, identifier: &str, suffix: &str) -> Option<String> {
    match adapter.identifier_limit() {
        Some(limit) => shortened(identifier, suffix, limit),
        None => Some(format!("{identifier}{suffix}")),
    }
}

/// `identifier` and `suffix` in at most `limit` bytes; nothing if not even the suffix and a hash fit.
fn shortened(identifier: &str, suffix: &str, limit: usize) -> Option<String> {
    const HASH: usize = 8;
    if identifier.len() + suffix.len() <= limit {
        return Some(format!("{identifier}{suffix}"));
    }
    let room = limit.checked_sub(suffix.len() + HASH + 1)?;
    let end = (0..=room.min(identifier.len())).rev().find(|at| identifier.is_char_boundary(*at))?;
    let hash = hex::encode(Md5::digest(identifier.as_bytes()));
    Some(format!("{}_{}{suffix}", &identifier[..end], &hash[..HASH]))
}

/// `adapter.verify_database(database)`: refuses another database than the target's where statements cannot reach it.
pub(super) fn verify_database(scope: &Scope, args: &[Value]) -> Result<Value, Error> {
    let database = super::one_text("verify_database", "database", args)?;
    let adapter = scope.session.adapter();
    let (wanted, own) = (database.trim_matches('"'), adapter.database());
    if adapter.reaches_other_databases() || wanted.to_lowercase() == own.to_lowercase() {
        return Ok(nothing());
    }
    Err(raise(
        Diagnostic::error(
            Code::UNSUPPORTED,
            format!("Cross-db references not allowed in {} ({wanted} vs {own})", adapter.type_name()),
        )
        .hint("a session sees one database only: leave `database` out, or use a foreign data wrapper"),
    ))
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn short_names_are_kept() {
        assert_eq!(shortened("orders", "__dbt_tmp", 63).as_deref(), Some("orders__dbt_tmp"));
    }

    #[test]
    fn long_names_that_begin_alike_stay_apart() {
        let name = "a".repeat(60);
        let [one, two] = ["1", "2"].map(|end| shortened(&format!("{name}{end}"), "__dbt_backup", 63).unwrap());
        assert_ne!(one, two);
        assert_eq!((one.len(), two.ends_with("__dbt_backup")), (63, true));
    }

    #[test]
    fn characters_are_not_cut_in_two() {
        let cut = shortened(&"é".repeat(31), "__dbt_tmp", 63).unwrap();
        assert!(cut.len() <= 63 && cut.starts_with("éé"), "{cut}");
        assert_eq!(shortened("a", &"x".repeat(60), 63).as_deref(), Some(format!("a{}", "x".repeat(60)).as_str()));
        assert_eq!(shortened("abcd", &"x".repeat(62), 63), None);
    }
}
