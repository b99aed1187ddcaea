//! `modules`: the parts of Python's standard library that dbt gives to templates, and pytz.

pub(crate) mod datetime;
mod itertools;
mod pytz;
mod re;

use minijinja::Value;

use super::values::dict;

/// `modules`.
pub(crate) fn modules_value() -> Value {
    dict([
        ("datetime", datetime::module()),
        ("pytz", pytz::module()),
        ("re", re::module()),
        ("itertools", itertools::module()),
    ])
}
