//! `unit_tests:` of property files → [`UnitTest`]s with their rows in one form.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::columns::strings;
use super::files::{FileKind, ProjectFile};
use super::names::{fqn_prefix, python_repr, python_str, stem, version_text};
use super::node_config::{ConfigSources, check_enabled, resolve};
use super::parsing::Parsing;
use super::properties::Entry;
use super::references::{self, Reference};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::manifest::{DependsOn, NodeConfig, ResourceType, UnitTest, time_limit};

/// Files that rows may come from, of all packages, by package and name.
pub(super) struct RowFiles<'a> {
    fixtures: HashMap<(&'a str, &'a str), &'a ProjectFile>,
    seeds: HashMap<(&'a str, &'a str), &'a ProjectFile>,
}

impl<'a> RowFiles<'a> {
    /// Two fixtures of one name are an error.
    pub(super) fn new(files: &'a [ProjectFile], problems: &mut Diagnostics) -> Self {
        let mut fixtures: HashMap<(&str, &str), &ProjectFile> = HashMap::new();
        let mut seeds = HashMap::new();
        for file in files {
            let key = (file.package.as_ref(), stem(&file.relative_path));
            if file.kind == FileKind::Seed {
                seeds.insert(key, file);
            } else if file.kind == FileKind::Fixture
                && let Some(first) = fixtures.insert(key, file)
            {
                let message = format!("dbt found two fixtures with the name \"{}\"", stem(&file.relative_path));
                problems.push(
                    Diagnostic::error(Code::DUPLICATE_RESOURCE, message)
                        .note(format!("{} and {}", first.original_path, file.original_path))
                        .hint("names are unique in a package, whatever the folder: rename one of them"),
                );
            }
        }
        Self { fixtures, seeds }
    }

    fn fixture(&self, package: &str, name: &str) -> Option<&ProjectFile> {
        self.fixtures.get(&(package, name)).copied()
    }

    /// The rows of the seed that an input refers to, all values as text.
    fn seed_rows(&self, package: &str, input: &str, span: Span) -> Result<Value, Diagnostic> {
        let problem = |message: String| Diagnostic::error(Code::INVALID_RESOURCE, message).at(span, "in this input");
        let Reference::Ref(call) = references::parse(input, span)? else {
            return Err(problem(format!("the input `{input}` has no rows")));
        };
        let package = call.package.as_deref().unwrap_or(package);
        let file = self.seeds.get(&(package, call.name.as_str())).ok_or_else(|| {
            let names = self.seeds.keys().map(|(_, name)| *name);
            problem(format!(
                "Unable to find seed '{package}.{}' for unit tests: the input `{input}` has no rows",
                call.name
            ))
            .suggest(&call.name, names)
        })?;
        let path = file.root.join(&file.original_path);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| problem(format!("the seed {} cannot be read: {error}", file.original_path)))?;
        csv_rows(text.trim_start_matches('\u{feff}'), span, |value| Some(value.into()))
    }
}

/// One unit test as written; its model and inputs are resolved later.
pub(super) fn unit_test(parsing: &Parsing, entry: &Entry, files: &RowFiles<'_>) -> Result<UnitTest, Diagnostic> {
    let package = entry.file.package.as_ref();
    let model = entry.text("model")?.ok_or_else(|| missing(entry, "model"))?;
    let below = entry.file.original_path.split_once('/').map_or("", |(_, below)| below);
    let mut fqn = fqn_prefix(package, below);
    fqn.extend([model.clone(), entry.name.clone()]);
    let mut given_config = entry.mapping("config")?;
    if let Some(tags) = entry.values.get("tags") {
        given_config.entry("tags").or_insert(json!(strings(Some(tags))));
    }
    let sources = ConfigSources {
        package,
        kind: ResourceType::UnitTest,
        fqn: &fqn,
        properties: Some(&given_config),
        call: &Map::new(),
    };
    let resolved = resolve(parsing.project(), &sources);
    check_enabled(&resolved.config, &entry.name).map_err(|problem| problem.at(entry.span("config"), ""))?;
    if let Err(wrong) = time_limit(&resolved.config) {
        let message = format!("`timeout` under `meta: hetl:` of `{}` {wrong}", entry.name);
        return Err(Diagnostic::error(Code::INVALID_CONFIG, message).at(entry.span("config"), ""));
    }
    let mut given = Vec::new();
    for item in entry.list("given")? {
        given.push(table(entry, item, files, true)?);
    }
    let expect = entry.values.get("expect").ok_or_else(|| missing(entry, "expect"))?;
    let expect = table(entry, expect, files, false)?;
    let overrides = entry.values.get("overrides").filter(|value| !value.is_null()).map(|value| {
        let part = |key: &str| value.get(key).filter(|part| !part.is_null()).cloned().unwrap_or_else(|| json!({}));
        json!({"macros": part("macros"), "vars": part("vars"), "env_vars": part("env_vars")})
    });
    let versions = entry
        .values
        .get("versions")
        .filter(|value| !value.is_null())
        .map(|versions| json!({"include": versions.get("include"), "exclude": versions.get("exclude")}));
    if let Some(versions) = &versions
        && is_list(&versions["include"])
        && is_list(&versions["exclude"])
    {
        let message = format!("unit test `{}` can not both include and exclude versions", entry.name);
        return Err(Diagnostic::error(Code::INVALID_RESOURCE, message).at(entry.span("versions"), "give one of them"));
    }
    let checksum = checksum(&model, versions.as_ref(), &given, &expect, overrides.as_ref());
    Ok(UnitTest {
        unique_id: format!("unit_test.{package}.{model}.{}", entry.name),
        name: entry.name.clone(),
        model,
        package_name: package.to_owned(),
        path: entry.file.relative_path.clone(),
        original_file_path: entry.file.original_path.clone(),
        fqn,
        description: entry.text("description")?.unwrap_or_default(),
        given,
        expect,
        overrides,
        versions,
        version: None,
        config: NodeConfig::new(resolved.config.values().clone()),
        depends_on: DependsOn::default(),
        inputs: Ok(Vec::new()),
        checksum: Some(checksum),
        schema: None,
        created_at: parsing.created_at(),
        span: Some(entry.yaml.span),
    })
}

/// dbt's checksum, of the text that Python shows of the test's parts, so that states of dbt can be compared with.
fn checksum(
    model: &str,
    versions: Option<&Value>,
    given: &[Value],
    expect: &Value,
    overrides: Option<&Value>,
) -> String {
    let object = |class: &str, value: &Value, keys: &[&str]| {
        let parts: Vec<String> = keys
            .iter()
            .map(|key| {
                let shown = match (*key, value[*key].as_str()) {
                    ("format", Some(format)) => {
                        let name = if format == "dict" { "Dict".to_owned() } else { format.to_uppercase() };
                        format!("<UnitTestFormat.{name}: '{format}'>")
                    }
                    _ => python_repr(&value[*key]),
                };
                format!("{key}={shown}")
            })
            .collect();
        format!("{class}({})", parts.join(", "))
    };
    let none = || "None".to_owned();
    let versions = versions.map_or_else(none, |value| object("UnitTestNodeVersions", value, &["include", "exclude"]));
    let inputs: Vec<String> = given
        .iter()
        .map(|input| object("UnitTestInputFixture", input, &["input", "rows", "format", "fixture"]))
        .collect();
    let expect = object("UnitTestOutputFixture", expect, &["rows", "format", "fixture"]);
    let overrides =
        overrides.map_or_else(none, |value| object("UnitTestOverrides", value, &["macros", "vars", "env_vars"]));
    let mut text = format!("{model}-{versions}-[{}]-{expect}-{overrides}", inputs.join(", "));
    for input in given.iter().filter(|input| !input["fixture"].is_null()) {
        text += &format!("-{}", python_str(&input["rows"]));
    }
    super::files::sha256(text.as_bytes()).checksum
}

fn missing(entry: &Entry, key: &str) -> Diagnostic {
    Diagnostic::error(Code::YAML_MISSING_KEY, format!("unit test `{}` has no `{key}`", entry.name))
        .at(entry.yaml.span, format!("`{key}` is missing here"))
}

/// Whether versions are listed here.
fn is_list(versions: &Value) -> bool {
    versions.as_array().is_some_and(|versions| !versions.is_empty())
}

/// An input or the expected rows, with rows as a list of mappings (`dict`, `csv`) or one SQL text.
fn table(entry: &Entry, item: &Value, files: &RowFiles<'_>, is_input: bool) -> Result<Value, Diagnostic> {
    let span = entry.span(if is_input { "given" } else { "expect" });
    let package = entry.file.package.as_ref();
    let problem = |message: String| Diagnostic::error(Code::INVALID_RESOURCE, message).at(span, "in these rows");
    let format = item.get("format").and_then(Value::as_str).unwrap_or("dict");
    let fixture = item.get("fixture").and_then(Value::as_str);
    let text = match fixture {
        Some(name) => Some(files.fixture(package, name).map(|file| file.text.to_string()).ok_or_else(|| {
            problem(format!("File not found for fixture '{name}' in unit tests in {}", entry.file.original_path))
        })?),
        // A rendered text loses the newline at its end.
        None => item.get("rows").and_then(Value::as_str).map(|rows| rows.strip_suffix('\n').unwrap_or(rows).to_owned()),
    };
    let rows = match format {
        "dict" => match item.get("rows") {
            Some(Value::Array(rows)) => Value::Array(rows.clone()),
            None | Some(Value::Null) if is_input && fixture.is_none() => {
                let input = item.get("input").and_then(Value::as_str).unwrap_or_default();
                files.seed_rows(package, input, span)?
            }
            _ => {
                return Err(problem(format!("unit test `{}` has rows that do not match format dict", entry.name))
                    .hint("expected a list of mappings, or `format: csv` or `format: sql` with a text"));
            }
        },
        "csv" => {
            let text = text.ok_or_else(|| {
                problem(format!("unit test `{}` has rows that do not match format csv. Expected string.", entry.name))
            })?;
            csv_rows(&text, span, |value| (!value.is_empty()).then(|| value.into()))?
        }
        "sql" => Value::String(text.ok_or_else(|| {
            problem(format!("unit test `{}` has rows that do not match format sql. Expected string.", entry.name))
        })?),
        other => {
            return Err(problem(format!("`{other}` is not a format of rows")).hint("the formats are dict, csv and sql"));
        }
    };
    let rows = if format == "sql" { rows } else { complete_first_row(rows) };
    let mut out = Map::new();
    if is_input {
        let input =
            item.get("input").and_then(Value::as_str).ok_or_else(|| problem("an input has no `input`".into()))?;
        out.insert("input".into(), Value::from(input));
    }
    out.insert("rows".into(), rows);
    out.insert("format".into(), Value::from(format));
    out.insert("fixture".into(), fixture.map_or(Value::Null, Value::from));
    Ok(Value::Object(out))
}

/// The rows of a CSV text; `value` makes what is in a cell, nothing being null.
fn csv_rows(text: &str, span: Span, value: impl Fn(&str) -> Option<Value>) -> Result<Value, Diagnostic> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::None).flexible(true).from_reader(text.trim().as_bytes());
    let wrong = |error: csv::Error| {
        Diagnostic::error(Code::INVALID_RESOURCE, format!("the rows are not CSV: {error}")).at(span, "in these rows")
    };
    let headers = reader.headers().map_err(wrong)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let row: Map<String, Value> = headers
            .iter()
            .enumerate()
            .map(|(index, name)| (name.to_owned(), record.get(index).and_then(&value).unwrap_or(Value::Null)))
            .collect();
        rows.push(Value::Object(row));
    }
    Ok(Value::Array(rows))
}

/// dbt puts a row without nulls first, so that the types of its columns can be seen.
fn complete_first_row(rows: Value) -> Value {
    let Value::Array(mut rows) = rows else { return rows };
    let complete = |row: &Value| row.as_object().is_some_and(|row| row.values().all(|value| !value.is_null()));
    if let Some(index) = rows.iter().position(complete) {
        let row = rows.remove(index);
        rows.insert(0, row);
    }
    Value::Array(rows)
}

/// Which of a model's versions a unit test with `versions:` applies to.
pub(super) fn applies_to(test: &UnitTest, version: &Value) -> bool {
    let Some(rule) = &test.versions else { return true };
    let listed = |key: &str| match rule.get(key) {
        Some(Value::Array(items)) => items.iter().any(|item| version_text(item) == version_text(version)),
        _ => false,
    };
    if rule.get("include").is_some_and(|value| !value.is_null()) { listed("include") } else { !listed("exclude") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checksum is that of dbt 1.11 for the same test.
    #[test]
    fn checksums_are_those_of_dbt() {
        let table = |input: &str, rows: Value, format: &str| json!({"input": input, "rows": rows, "format": format, "fixture": null});
        let given =
            [table("ref('m', v=1)", json!([{"id": 1}]), "dict"), table("ref('m', version=2)", json!([]), "dict")];
        let expect = json!({"rows": [{"id": 1}], "format": "dict", "fixture": null});
        let known = "4ee376e4bcad63c7aba4c7abba5d2fba613849daf7cedad91a4bd51da0658daf";
        assert_eq!(checksum("b", None, &given, &expect, None), known);
        let given = [
            table("ref('m', v=1)", "select 1 as id".into(), "sql"),
            table("ref('m', version=2)", json!([{"id": "1"}]), "csv"),
        ];
        let expect = json!({"rows": [{"id": "1"}], "format": "csv", "fixture": null});
        let overrides = json!({"macros": {"is_incremental": true}, "vars": {"x": 1}, "env_vars": {}});
        let known = "28a8376193e22003e8d5b4f836778eb23096228f47669d75eeba5fb3fc619708";
        assert_eq!(checksum("b", None, &given, &expect, Some(&overrides)), known);
    }
}
