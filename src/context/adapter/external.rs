//! Files that models write: the options of `copy … to`, and where to read them from.

use minijinja::{Error, Value};

use crate::context::arguments::{bind, required, text};
use crate::jinja::{Dict, items_of, to_text};

fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension)
}

/// `adapter.external_write_options(write_location, rendered_options)`: completes the options and writes them as SQL.
pub(super) fn write_options(args: &[Value]) -> Result<Value, Error> {
    let [location, options] = bind("external_write_options", ["write_location", "rendered_options"], args)?;
    let location = text("external_write_options", "write_location", location)?;
    let options = required("external_write_options", "rendered_options", options)?;
    let mut pairs: Vec<(String, String)> = items_of(&options)?
        .iter()
        .map(|key| Ok((to_text(key), to_text(&options.get_item(key)?))))
        .collect::<Result<_, Error>>()?;
    complete(&location, &mut pairs);
    if let Some(dict) = options.downcast_object_ref::<Dict>() {
        for (key, value) in &pairs {
            dict.insert(key.as_str(), value.as_str());
        }
    }
    let written: Vec<String> = pairs
        .iter()
        .map(|(key, value)| {
            let is_text = matches!(key.to_lowercase().as_str(), "delimiter" | "quote" | "escape" | "null");
            if is_text && !value.starts_with('\'') { format!("{key} '{value}'") } else { format!("{key} {value}") }
        })
        .collect();
    Ok(Value::from(written.join(", ")))
}

/// Adds what the location tells: format, compression, a header for CSV, brackets around several partition columns.
fn complete(location: &str, pairs: &mut Vec<(String, String)>) {
    let has = |pairs: &[(String, String)], name: &str| pairs.iter().any(|(key, _)| key == name);
    if !has(pairs, "format") {
        let last = extension(location).map(str::to_lowercase);
        let compression = match last.as_deref() {
            Some("gz") => Some("gzip"),
            Some("zst") => Some("zstd"),
            _ => None,
        };
        let inner = match compression {
            Some(_) => location.rsplit_once('.').and_then(|(rest, _)| extension(rest)).map(str::to_lowercase),
            None => last,
        };
        match inner {
            Some(format) => {
                pairs.push(("format".into(), format));
                if let Some(compression) = compression.filter(|_| !has(pairs, "compression")) {
                    pairs.push(("compression".into(), compression.into()));
                }
            }
            None if has(pairs, "delimiter") => pairs.push(("format".into(), "csv".into())),
            None => pairs.push(("format".into(), "parquet".into())),
        }
    }
    let is_csv = pairs.iter().any(|(key, value)| key == "format" && value == "csv");
    if is_csv && !has(pairs, "header") {
        pairs.push(("header".into(), "1".into()));
    }
    if let Some((_, columns)) = pairs.iter_mut().find(|(key, _)| key == "partition_by")
        && columns.contains(',')
        && !columns.starts_with('(')
    {
        *columns = format!("({columns})");
    }
}

/// `adapter.external_read_location(write_location, rendered_options)`: a glob where a folder of files was written.
pub(super) fn read_location(args: &[Value]) -> Result<Value, Error> {
    let [location, options] = bind("external_read_location", ["write_location", "rendered_options"], args)?;
    let location = text("external_read_location", "write_location", location)?;
    let options = required("external_read_location", "rendered_options", options)?;
    let option = |name: &str| options.get_item(&Value::from(name)).ok().filter(Value::is_true).map(|v| to_text(&v));
    let partition_by = option("partition_by");
    if partition_by.is_none() && option("per_thread_output").is_none() {
        return Ok(Value::from(location));
    }
    let mut parts = vec![location, "*".to_owned()];
    if let Some(columns) = partition_by {
        parts.extend(columns.split(',').map(|_| "*".to_owned()));
    }
    Ok(Value::from(format!("{}.{}", parts.join("/"), option("format").unwrap_or_else(|| "parquet".into()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(location: &str, given: &[(&str, &str)]) -> Vec<String> {
        let mut pairs = given.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        complete(location, &mut pairs);
        pairs.into_iter().map(|(key, value)| format!("{key} {value}")).collect()
    }

    #[test]
    fn the_location_tells_format_and_compression() {
        assert_eq!(completed("out/a.csv.gz", &[]), ["format csv", "compression gzip", "header 1"]);
        assert_eq!(completed("out/a", &[]), ["format parquet"]);
        assert_eq!(completed("out/a", &[("partition_by", "x,y")]), ["partition_by (x,y)", "format parquet"]);
    }
}
