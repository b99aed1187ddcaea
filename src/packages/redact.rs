//! Keeps credentials out of messages: values of secret variables, and user and password within URLs.

use std::sync::LazyLock;

use fancy_regex::Regex;

use crate::config::{Invocation, Secrets};

const HIDDEN: &str = "*****";

static USERINFO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/\s@'\x22]+@").expect("the pattern is fixed and valid")
});

/// The secrets that this process knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Redaction {
    secrets: Secrets,
}

impl Redaction {
    /// The values of `DBT_ENV_SECRET_*`.
    pub(super) fn new(invocation: &Invocation) -> Self {
        Self { secrets: invocation.secrets() }
    }

    /// The text with asterisks in place of secret values.
    pub(super) fn secrets(&self, text: &str) -> String {
        self.secrets.hide(text).into_owned()
    }

    /// The text with asterisks in place of secret values and of user and password in URLs. `git@host` is no secret.
    pub(super) fn text(&self, text: &str) -> String {
        let text = self.secrets(text);
        USERINFO
            .replace_all(&text, |found: &fancy_regex::Captures<'_, _>| {
                let (whole, scheme) = (&found[0], &found[1]);
                if whole.ends_with("//git@") { whole.to_owned() } else { format!("{scheme}{HIDDEN}@") }
            })
            .into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_urls_and_secret_variables_are_hidden() {
        let mut invocation = Invocation::fixed("deps", "/");
        invocation.environment.insert("DBT_ENV_SECRET_TOKEN".into(), "s3cr3t".into());
        let redaction = Redaction::new(&invocation);
        for (text, expected) in [
            ("https://me:abc@host/x.git and https://tok@h/y", "https://*****@host/x.git and https://*****@h/y"),
            ("ssh://git@host/x", "ssh://git@host/x"),
            ("git@github.com:org/repo.git", "git@github.com:org/repo.git"),
            ("fatal: 's3cr3t' is wrong", "fatal: '*****' is wrong"),
            ("https://host/a@b", "https://host/a@b"),
        ] {
            assert_eq!(redaction.text(text), expected);
        }
    }
}
