//! An event as one line of JSON: `{"info": {…}, "data": {…}}`.

use serde_json::{Map, Value, json};

use crate::events::Event;

/// What is the same in all lines of an invocation.
#[derive(Debug, Clone, Default)]
pub(super) struct LineFacts {
    /// Id of the invocation.
    pub(super) invocation_id: String,
    /// `DBT_ENV_CUSTOM_ENV_*` without their prefix.
    pub(super) extra: Map<String, Value>,
}

/// The line, without a line feed.
pub(super) fn json_line(event: &Event, message: &str, facts: &LineFacts) -> String {
    let kind = event.kind();
    let mut data = serde_json::to_value(event).unwrap_or_else(|_| json!({}));
    if let Some(data) = data.as_object_mut() {
        data.retain(|key, value| key != "node_info" || !value.is_null());
        if let Some(group) = event.group() {
            data.insert("group".into(), group.clone());
        }
    }
    json!({
        "data": data,
        "info": {
            "category": "",
            "code": kind.code,
            "extra": facts.extra,
            "invocation_id": facts.invocation_id,
            "level": kind.level.as_str(),
            "msg": message,
            "name": kind.name,
            "pid": std::process::id(),
            "thread": thread_name(),
            "ts": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
        }
    })
    .to_string()
}

/// The name of the current thread as Python would have it.
pub(super) fn thread_name() -> String {
    match std::thread::current().name() {
        Some("main") | None => "MainThread".to_owned(),
        Some(name) => name.to_owned(),
    }
}
