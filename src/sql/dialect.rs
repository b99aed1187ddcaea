//! [`Dialect`]: how the SQL of a warehouse is read, as data.

use sqlparser::ast::Ident;
use sqlparser::dialect::PostgreSqlDialect;

use super::grammar::DuckDbGrammar;

/// The rules by which names and columns are found in the SQL of one kind of warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    grammar: Grammar,
    /// Unquoted names become lower case and quoted names mean exactly what they say; else case never counts.
    pub folds_case: bool,
    /// Names given in a select list can be used in the rest of the list, in `where`, `having` and `qualify`.
    pub shares_aliases: bool,
    /// Subqueries in `from` see the relations before them without `lateral`.
    pub is_always_lateral: bool,
    /// `*` begins with the columns of `using`.
    pub using_comes_first: bool,
    /// What follows here is the number of a column of `values` that is not named.
    pub values_prefix: &'static str,
    /// The number of the first of them.
    pub values_start: usize,
    /// A function in `from` that gives one column calls it by its alias.
    pub aliases_name_function_columns: bool,
    /// Columns of a relation that have one name get numbers.
    pub numbers_duplicates: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grammar {
    DuckDb,
    Postgres,
}

impl Dialect {
    /// DuckDB's.
    pub const DUCKDB: Self = Self {
        grammar: Grammar::DuckDb,
        folds_case: false,
        shares_aliases: true,
        is_always_lateral: true,
        using_comes_first: false,
        values_prefix: "col",
        values_start: 0,
        aliases_name_function_columns: false,
        numbers_duplicates: true,
    };

    /// PostgreSQL's, which is nearest to the standard.
    pub const POSTGRES: Self = Self {
        grammar: Grammar::Postgres,
        folds_case: true,
        shares_aliases: false,
        is_always_lateral: false,
        using_comes_first: true,
        values_prefix: "column",
        values_start: 1,
        aliases_name_function_columns: true,
        numbers_duplicates: false,
    };

    pub(super) fn grammar(&self) -> &'static dyn sqlparser::dialect::Dialect {
        match self.grammar {
            Grammar::DuckDb => &DuckDbGrammar,
            Grammar::Postgres => &PostgreSqlDialect {},
        }
    }

    /// Whether this is PostgreSQL's way to name and type expressions; else DuckDB's.
    pub(super) fn is_postgres(&self) -> bool {
        self.grammar == Grammar::Postgres
    }

    /// The name that an identifier means, as the warehouse shows it.
    pub(super) fn name(&self, ident: &Ident) -> String {
        if self.folds_case && ident.quote_style.is_none() { ident.value.to_lowercase() } else { ident.value.clone() }
    }

    /// What a shown name is compared by.
    pub fn key(&self, name: &str) -> String {
        if self.folds_case { name.to_owned() } else { name.to_lowercase() }
    }

    pub(super) fn ident_key(&self, ident: &Ident) -> String {
        self.key(&self.name(ident))
    }
}
