//! The answer to a test's query, where it is known before the test asks.

use crate::adapters::{AdapterResponse, Cell, Table};

const BEFORE: &str = "select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (";
const AFTER: &str = ") dbt_internal_test";

/// How many rows the compiled SQL of a test gives.
#[derive(Debug, Clone)]
pub struct ForeseenCount {
    /// The number of rows.
    pub rows: i64,
    /// What the warehouse said when it counted them.
    pub response: AdapterResponse,
}

impl ForeseenCount {
    /// The answer to `asked`, if it does nothing but count the rows of `compiled` and compare their number with none: dbt's
    /// `get_test_sql` with its default configs.
    pub(super) fn answer(&self, asked: &str, compiled: &str) -> Option<(AdapterResponse, Table)> {
        let compiled = compiled.trim();
        let (before, rest) = asked.split_at_checked(asked.find(compiled)?)?;
        let after = &rest[compiled.len()..];
        let is = |text: &str, wanted: &str| text.split_whitespace().eq(wanted.split_whitespace());
        if !is(before, BEFORE) || !is(after, AFTER) {
            return None;
        }
        let columns = [("failures", "bigint"), ("should_warn", "boolean"), ("should_error", "boolean")];
        let columns = columns.map(|(name, r#type)| (name.to_owned(), r#type.to_owned()));
        let is_any = Cell::Bool(self.rows != 0);
        let row = vec![Cell::Int(i128::from(self.rows)), is_any.clone(), is_any];
        Some((self.response.clone(), Table::new(columns.into(), vec![row])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_count_is_answered() {
        let count = ForeseenCount { rows: 2, response: AdapterResponse::default() };
        let asked = |before: &str, after: &str| format!("\n{before}\nselect id from t\n\n{after}\n");
        let (_, table) = count.answer(&asked(BEFORE, AFTER), "select id from t\n").expect("it only counts");
        assert_eq!(table.rows(), [[Cell::Int(2), Cell::Bool(true), Cell::Bool(true)]]);
        for (before, after) in [
            (BEFORE.replace("!= 0 as should_warn", "> 1 as should_warn").as_str(), AFTER),
            (BEFORE.replace("count(*) as failures", "sum(id) as failures").as_str(), AFTER),
            (BEFORE, "limit 1 ) dbt_internal_test"),
            (&format!("set x = 1; {BEFORE}"), AFTER),
        ] {
            assert!(count.answer(&asked(before, after), "select id from t").is_none(), "{before} {after}");
        }
    }
}
