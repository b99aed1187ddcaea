//! Values that must never be written.

/// The values of `DBT_ENV_SECRET_*` variables, replaced by asterisks wherever they would appear.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    values: Vec<String>,
}

impl Secrets {
    /// The secrets among these environment variables.
    pub fn among<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut values: Vec<String> = variables
            .into_iter()
            .filter(|(name, value)| name.starts_with("DBT_ENV_SECRET") && !value.trim().is_empty())
            .map(|(_, value)| value.to_owned())
            .collect();
        // A longer secret may contain a shorter one; hide the longer first.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self { values }
    }

    /// The text without secrets.
    pub fn scrub(&self, text: String) -> String {
        self.values.iter().fold(text, |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), "*****") } else { text }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    #[test]
    fn only_secret_variables_are_hidden_and_longer_ones_first() {
        let secrets =
            Secrets::among([("DBT_ENV_SECRET_A", "abc"), ("DBT_ENV_SECRET_B", "abcdef"), ("HOME", "/home/me")]);
        assert_eq!(secrets.scrub("abcdef abc /home/me".into()), "***** ***** /home/me");
    }
}
