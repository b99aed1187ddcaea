//! `meta: {hetl: {timeout: …}}`: how long a node may take.

use std::time::Duration;

use serde_json::Value;

use super::NodeConfig;
use crate::config::duration;

/// The limit of a node: seconds as a number, or text such as `90s`, `10m`, `1h 30m`. None where there is none, or it is 0.
/// An error says what is wrong with the value.
pub fn time_limit(config: &NodeConfig) -> Result<Option<Duration>, String> {
    let Some(value) = config.get("meta").and_then(|meta| meta.get("hetl")?.get("timeout")) else { return Ok(None) };
    let limit = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => duration(&number.to_string()),
        Value::String(text) => duration(text),
        _ => None,
    };
    let limit =
        limit.ok_or_else(|| format!("must be a number of seconds or a duration such as '10m', and is {value}"))?;
    Ok((!limit.is_zero()).then_some(limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn limit(value: &Value) -> Result<Option<Duration>, String> {
        let config = json!({"meta": {"hetl": {"timeout": value}}});
        time_limit(&NodeConfig::new(config.as_object().cloned().unwrap_or_default()))
    }

    #[test]
    fn seconds_and_words_are_limits() {
        assert_eq!(limit(&json!(1.5)), Ok(Some(Duration::from_millis(1500))));
        assert_eq!(limit(&json!("30")), Ok(Some(Duration::from_secs(30))));
        assert_eq!(limit(&json!("10m")), Ok(Some(Duration::from_secs(600))));
        assert_eq!(limit(&json!("1h 30m")), Ok(Some(Duration::from_secs(5400))));
        assert_eq!(limit(&json!(0)), Ok(None));
        assert_eq!(limit(&json!(null)), Ok(None));
        assert_eq!(time_limit(&NodeConfig::default()), Ok(None));
    }

    #[test]
    fn anything_else_is_refused() {
        for value in [json!("soon"), json!(-1), json!([1]), json!(true)] {
            assert!(limit(&value).expect_err("it is no limit").contains("such as '10m'"), "{value}");
        }
    }
}
