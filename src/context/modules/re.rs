pub(super) fn module() -> minijinja::Value {
    minijinja::Value::UNDEFINED
}
