pub(super) mod datetime { use minijinja::Value;
pub(crate) fn parse_date(_: &str) -> Option<Value> { None }
pub(crate) fn parse_time(_: &str) -> Option<Value> { None }
pub(crate) fn parse_datetime(_: &str) -> Option<Value> { None }
pub(crate) fn is_datetime(_: &Value) -> bool { false }
pub(crate) fn is_date(_: &Value) -> bool { false }
pub(crate) fn from_yaml(_: &str) -> Option<Value> { None }
pub(crate) fn from_timestamp(_: jiff::Timestamp) -> Value { Value::UNDEFINED }
}
pub(super) fn modules_value() -> minijinja::Value { minijinja::Value::UNDEFINED }
