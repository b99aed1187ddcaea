//! [`Secrets`]: values that must never be shown or written, and the asterisks in their place.

use std::borrow::Cow;
use std::sync::LazyLock;

use fancy_regex::Regex;
use serde_json::{Map, Value};

use super::template::SECRET_PREFIX;

const HIDDEN: &str = "*****";
/// A word of plain letters that is shorter is not hidden where a profile has it as password: it would be hidden wherever that word is said.
const LONG: usize = 16;
/// Nothing shorter is hidden of a profile.
const SHORTEST: usize = 6;

/// `password=x` in an address or a connection string, and what stands between `//user:` and `@`.
static WITHIN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r#"(?i)(?:(?:password|passwd|pwd|token|secret|key|signature|sig)\s*=\s*['"]?|://[^/@\s:]*:)([^\s;&'"@/]+)"#;
    Regex::new(pattern).expect("the pattern is fixed and valid")
});

/// Values of secret keys in YAML: on a line of their own, or within braces. And what stands before `@` in an address.
static IN_FILE: LazyLock<Regex> = LazyLock::new(|| {
    let key = r#"["']?(?:\b(?:pass|secret|token)|\w*(?:password|passphrase|_token|_secret|secret_|private_key|api_key)\w*)["']?\s*:[ \t]*"#;
    let braced = r#""(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^\s,}"'][^,}\n]*"#;
    let pattern = format!(r#"(?im)^[ \t-]*{key}([^\s#].*)$|{key}({braced})|://([^/@\s"']+)@"#);
    Regex::new(&pattern).expect("the pattern is fixed and valid")
});

/// The text of a file with an asterisk for each byte of a secret that is written in it: so it is shown in messages, whose places stay right.
pub(super) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for found in IN_FILE.captures_iter(text).filter_map(Result::ok) {
        let Some(secret) = (1..=3).find_map(|group| found.get(group)) else { continue };
        // What a template says is no secret itself.
        if secret.as_str().contains("{{") || matches!(secret.as_str().chars().next(), Some('|' | '>' | '{' | '[')) {
            continue;
        }
        shown.push_str(&text[end..secret.start()]);
        shown.push_str(&"*".repeat(secret.as_str().len()));
        end = secret.end();
    }
    shown + &text[end..]
}

/// Secret values in all ways in which outputs write them, the longest first, as one may be part of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    written: Vec<String>,
}

impl Secrets {
    /// These values.
    fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self { written: Vec::new() }.and(values.into_iter().flat_map(ways_of_writing))
    }

    fn and(mut self, written: impl IntoIterator<Item = String>) -> Self {
        self.written.extend(written);
        self.written.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        self.written.dedup();
        self
    }

    /// The values of the variables whose names begin with `DBT_ENV_SECRET_`.
    pub fn among<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let is_secret = |(name, value): &(&str, &str)| {
            name.starts_with(SECRET_PREFIX.trim_end_matches('_')) && !value.trim().is_empty()
        };
        Self::new(variables.into_iter().filter(is_secret).map(|(_, value)| value))
    }

    /// The values of keys of a target that hold passwords and the like, at any depth, and what is secret within addresses. What another key
    /// has as well, such as a user whose password is his name, is no secret.
    pub(super) fn of_target(credentials: &Map<String, Value>) -> Self {
        let mut found = Found::default();
        found.look_at(credentials);
        let is_hidden = |secret: &&str| is_telling(secret) && !found.plain.contains(secret);
        Self::new(found.secret.iter().copied().filter(is_hidden))
    }

    /// Those of both.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        self.and(other.written.iter().cloned())
    }

    /// The text with asterisks in place of secrets.
    pub fn hide<'a>(&self, text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        self.written.iter().fold(text.into(), |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), HIDDEN).into() } else { text }
        })
    }

    /// The same of what stands within lists and mappings of a target's fields; the names of databases, schemas and users are needed as they are.
    pub fn hide_in_fields(&self, fields: &mut Map<String, Value>) {
        fields.values_mut().filter(|value| value.is_object() || value.is_array()).for_each(|value| self.hide_in(value));
    }

    /// The same of all texts within a JSON value.
    pub fn hide_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.hide(std::mem::take(text)).into_owned(),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.hide_in(item)),
            _ => {}
        }
    }
}

/// As it is, and as JSON, SQL and addresses have it.
fn ways_of_writing(secret: &str) -> impl Iterator<Item = String> {
    let json = in_json(secret);
    let percent = secret.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    });
    let sql = secret.replace('\'', "''");
    let python = secret.replace('\\', "\\\\").replace('\'', "\\'");
    let ways = [secret.to_owned(), json, percent, sql, python];
    // Each of them can stand within JSON, which can stand within JSON.
    ways.into_iter().flat_map(|way| {
        let once = in_json(&way);
        let twice = in_json(&once);
        [way, once, twice]
    })
}

fn in_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[derive(Default)]
struct Found<'a> {
    secret: Vec<&'a str>,
    plain: Vec<&'a str>,
}

impl<'a> Found<'a> {
    fn look_at(&mut self, map: &'a Map<String, Value>) {
        for (key, value) in map {
            match value {
                Value::String(text) if is_secret_key(key) => self.secret.push(text),
                Value::String(text) => {
                    self.plain.push(text);
                    let within = WITHIN.captures_iter(text).filter_map(|found| Some(found.ok()?.get(1)?.as_str()));
                    self.secret.extend(within);
                }
                Value::Object(inner) => self.look_at(inner),
                Value::Array(items) => items.iter().filter_map(Value::as_object).for_each(|inner| self.look_at(inner)),
                _ => {}
            }
        }
    }
}

/// Whether a text tells enough to be looked for everywhere.
fn is_telling(secret: &str) -> bool {
    let is_word = secret.chars().all(|letter| letter.is_ascii_lowercase());
    secret.len() >= if is_word { LONG } else { SHORTEST }
}

/// Whether a key of a profile holds a secret.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.to_lowercase();
    matches!(key.as_str(), "pass" | "secret" | "token")
        || ["password", "passphrase", "_token", "_secret", "secret_", "private_key", "api_key"]
            .iter()
            .any(|part| key.contains(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_secret_variables_are_hidden_and_longer_ones_first() {
        let secrets =
            Secrets::among([("DBT_ENV_SECRET_A", "abc"), ("DBT_ENV_SECRET_B", "abcdef"), ("HOME", "/home/me")]);
        assert_eq!(secrets.hide("abcdef abc /home/me"), "***** ***** /home/me");
    }

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let secrets = Secrets::among([("DBT_ENV_SECRET_A", "a\"b'c d")]);
        let ways = ["a\"b'c d", r#"{"x": "a\"b'c d"}"#, "set x = 'a\"b''c d'", "https://x?y=a%22b%27c%20d"];
        for way in ways {
            let hidden = secrets.hide(way);
            assert!(hidden.contains("*****") && !hidden.contains('b'), "{hidden}");
        }
        let mut value = json!({"vars": ["a\"b'c d", 1]});
        secrets.hide_in(&mut value);
        assert_eq!(value, json!({"vars": ["*****", 1]}));
    }

    #[test]
    fn a_file_is_shown_without_the_secrets_in_it() {
        let text = "dev: {user: me, password: gh'34, sslpassword: \"x, y\", port: 1}\nprod:\n  pass: a, b}c\n  token: \"{{ env_var('T') }}\"\n  \
                    path: https://me:hush@h/x\n  secrets:\n    - secret: z\n";
        let shown = "dev: {user: me, password: *****, sslpassword: ******, port: 1}\nprod:\n  pass: ******\n  token: \"{{ env_var('T') }}\"\n  \
                     path: https://*******@h/x\n  secrets:\n    - secret: *\n";
        assert_eq!(masked(text), shown);
    }

    #[test]
    fn secrets_of_a_target_are_found_and_plain_words_stay() {
        let target = json!({
            "user": "reporting_1", "password": "reporting_1", "secrets": [{"type": "s3", "secret": "s3cr3t!"}], "token": "postgres",
            "attach": [{"path": "postgres:host=h password=gh34kk user=me"}, {"path": "https://me:hu-sh8@h/x"}],
        });
        let secrets = Secrets::of_target(target.as_object().expect("an object"));
        let text = "reporting_1 s3cr3t! postgres password=gh34kk https://me:hu-sh8@h/x";
        assert_eq!(secrets.hide(text), "reporting_1 ***** postgres password=***** https://me:*****@h/x");
    }
}
