//! The name of a table or view.

use std::fmt;

/// What a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationType {
    /// A table.
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A CTE of an ephemeral model.
    Cte,
    /// A file or table outside the warehouse.
    External,
    /// A function.
    Function,
}

impl RelationType {
    /// dbt's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized_view",
            Self::Cte => "cte",
            Self::External => "external",
            Self::Function => "function",
        }
    }

    /// The type of a name that dbt uses.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "table" => Self::Table,
            "view" => Self::View,
            "materialized_view" | "materializedview" => Self::MaterializedView,
            "cte" => Self::Cte,
            "external" => Self::External,
            "function" => Self::Function,
            _ => return None,
        })
    }
}

/// One of the three parts of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationPart {
    /// Database (catalog).
    Database,
    /// Schema.
    Schema,
    /// Table or view.
    Identifier,
}

/// A value for each part of a name: quoting, inclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RelationParts<T> {
    /// For the database.
    pub database: T,
    /// For the schema.
    pub schema: T,
    /// For the identifier.
    pub identifier: T,
}

/// The name of a table or view, with how it is to be written. Immutable, as dbt's relations are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// Database.
    pub database: Option<String>,
    /// Schema.
    pub schema: Option<String>,
    /// Name.
    pub identifier: Option<String>,
    /// What it is, where that is known.
    pub relation_type: Option<RelationType>,
    /// Which parts are quoted.
    pub quoting: RelationParts<bool>,
    /// Which parts are written.
    pub include: RelationParts<bool>,
    /// Written instead of the name: a file that is read in place, or an event-time filter around it.
    pub replacement: Option<String>,
    /// Rows are limited to this number when it is selected from (`--empty`).
    pub limit: Option<u64>,
    /// An event-time filter: the condition that rows must meet.
    pub filter: Option<String>,
    /// Whether the query around a limited or filtered name gets a name of its own, which some warehouses need.
    pub names_subqueries: bool,
}

impl Relation {
    /// A relation by name, quoted and written whole.
    pub fn new(database: Option<&str>, schema: Option<&str>, identifier: Option<&str>) -> Self {
        let all = RelationParts { database: true, schema: true, identifier: true };
        Self {
            database: database.map(str::to_owned),
            schema: schema.map(str::to_owned),
            identifier: identifier.map(str::to_owned),
            relation_type: None,
            quoting: all,
            include: all,
            replacement: None,
            limit: None,
            filter: None,
            names_subqueries: false,
        }
    }

    /// The same with another quoting.
    #[must_use]
    pub fn with_quoting(mut self, quoting: RelationParts<bool>) -> Self {
        self.quoting = quoting;
        self
    }

    /// The same as a relation of this type.
    #[must_use]
    pub fn with_type(mut self, relation_type: Option<RelationType>) -> Self {
        self.relation_type = relation_type;
        self
    }

    /// The same with some parts of the name replaced.
    #[must_use]
    pub fn with_parts(mut self, parts: RelationParts<Option<&str>>) -> Self {
        for (own, new) in [
            (&mut self.database, parts.database),
            (&mut self.schema, parts.schema),
            (&mut self.identifier, parts.identifier),
        ] {
            if let Some(new) = new {
                *own = Some(new.to_owned());
            }
        }
        self
    }

    /// The same, of which only some parts are written.
    #[must_use]
    pub fn with_include(mut self, include: RelationParts<bool>) -> Self {
        self.include = include;
        self
    }

    /// The schema alone, as `create schema` names it.
    #[must_use]
    pub fn without_identifier(mut self) -> Self {
        self.include.identifier = false;
        self.replacement = None;
        self
    }

    /// The same, read from elsewhere: a file, a query.
    #[must_use]
    pub fn with_replacement(mut self, replacement: impl Into<String>) -> Self {
        self.replacement = Some(replacement.into());
        self
    }

    /// Whether it is this relation by name; parts that are not given match any. Without regard to case.
    pub fn matches(&self, database: Option<&str>, schema: Option<&str>, identifier: Option<&str>) -> bool {
        let same = |own: &Option<String>, asked: Option<&str>| match (own, asked) {
            (_, None) => true,
            (Some(own), Some(asked)) => own.to_lowercase() == asked.to_lowercase(),
            (None, Some(_)) => false,
        };
        same(&self.database, database) && same(&self.schema, schema) && same(&self.identifier, identifier)
    }

    /// One part of the name.
    pub fn part(&self, part: RelationPart) -> Option<&str> {
        match part {
            RelationPart::Database => self.database.as_deref(),
            RelationPart::Schema => self.schema.as_deref(),
            RelationPart::Identifier => self.identifier.as_deref(),
        }
    }

    /// The name alone, without limit or filter.
    pub fn render_name(&self) -> String {
        if let Some(text) = &self.replacement {
            return text.clone();
        }
        let mut parts = Vec::with_capacity(3);
        for (part, include, quote) in [
            (&self.database, self.include.database, self.quoting.database),
            (&self.schema, self.include.schema, self.quoting.schema),
            (&self.identifier, self.include.identifier, self.quoting.identifier),
        ] {
            if let (Some(name), true) = (part, include) {
                parts.push(if quote { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.clone() });
            }
        }
        parts.join(".")
    }
}

/// As it is written in SQL.
impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.render_name();
        let alias = |prefix: &str| match &self.identifier {
            Some(name) if self.names_subqueries && name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                format!(" {prefix}_{name}")
            }
            Some(name) if self.names_subqueries => format!(" \"{prefix}_{}\"", name.replace('"', "\"\"")),
            _ => String::new(),
        };
        let limited = match self.limit {
            None => name,
            Some(0) => format!("(select * from {name} where false limit 0){}", alias("_dbt_limit_subq")),
            Some(limit) => format!("(select * from {name} limit {limit}){}", alias("_dbt_limit_subq")),
        };
        match &self.filter {
            None => f.write_str(&limited),
            Some(filter) => write!(f, "(select * from {limited} where {filter}){}", alias("_dbt_et_filter_subq")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation() -> Relation {
        Relation::new(Some("db"), Some("Main"), Some("a\"b"))
    }

    #[test]
    fn names_are_quoted_as_told() {
        assert_eq!(relation().to_string(), "\"db\".\"Main\".\"a\"\"b\"");
        let bare = RelationParts { database: false, schema: false, identifier: true };
        assert_eq!(
            relation()
                .with_quoting(bare)
                .with_include(RelationParts { database: false, ..relation().include })
                .to_string(),
            "Main.\"a\"\"b\""
        );
        assert_eq!(relation().without_identifier().to_string(), "\"db\".\"Main\"");
    }

    #[test]
    fn limits_and_filters_wrap_the_name() {
        let limited = Relation { limit: Some(0), ..relation() }.with_replacement("'x.csv'");
        assert_eq!(limited.to_string(), "(select * from 'x.csv' where false limit 0)");
        assert_eq!(limited.render_name(), "'x.csv'");
        let named = Relation { limit: Some(0), names_subqueries: true, ..relation() };
        assert!(named.to_string().ends_with("limit 0) \"_dbt_limit_subq_a\"\"b\""), "{named}");
    }

    #[test]
    fn matching_ignores_case_and_missing_parts() {
        assert!(relation().matches(None, Some("MAIN"), None));
        assert!(!relation().matches(Some("other"), None, None));
    }
}
