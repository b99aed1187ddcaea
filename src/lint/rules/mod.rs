//! The rules, one file each: its first comment is its documentation (`docs/rules.md`), `RULE` the rule.

use super::Rule;

macro_rules! rules {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every rule, in the order of the documentation.
        pub const ALL: &[&Rule] = &[$(&$name::RULE),*];
    };
}

rules! {
    // What a model reads.
    hard_coded_relation
    mart_reads_source
    staging_reads_staging
    rejoined_upstream
    // How its SQL is built.
    unused_cte
    unused_column
    select_star_in_mart
    join_without_condition
    many_to_many_join
    // What is said of it.
    missing_description
    missing_primary_key_test
    undescribed_column
    column_not_in_sql
    phi_without_description
    test_without_severity
    unit_test_without_input
    // Names, folders, what is left over.
    model_name
    model_directory
    duplicate_source
    unused_source
    unused_macro
    unused_var
    unknown_key
    // How it is published and built.
    public_model_without_contract
    exposure_on_private_model
    incremental_without_unique_key
    incremental_without_filter
    always_full_refresh
}
