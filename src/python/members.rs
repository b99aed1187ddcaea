//! Names that every template has, whatever it is rendered for.

use std::collections::HashMap;

use minijinja::{Error, Value};

use super::arguments::function;
use super::{collections, json_yaml, modules};

/// `modules`, and the functions that need nothing but their arguments, by name.
pub(crate) fn members() -> HashMap<&'static str, Value> {
    type Body = fn(&[Value]) -> Result<Value, Error>;
    let functions: [(&'static str, Body); 10] = [
        ("fromjson", json_yaml::fromjson),
        ("tojson", json_yaml::tojson),
        ("fromyaml", json_yaml::fromyaml),
        ("toyaml", json_yaml::toyaml),
        ("set", collections::set),
        ("set_strict", collections::set_strict),
        ("zip", collections::zip),
        ("zip_strict", collections::zip_strict),
        ("local_md5", collections::local_md5),
        ("diff_of_two_dicts", collections::diff_of_two_dicts),
    ];
    let functions = functions.into_iter().map(|(name, body)| (name, function(name, move |_, args| body(args))));
    std::iter::once(("modules", modules::modules_value())).chain(functions).collect()
}
