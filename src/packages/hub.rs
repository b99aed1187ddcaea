//! The hub: its index of packages, and for each package the versions with their archives and dependencies.
//!
//! Main type: [`Hub`]. Each answer is asked for once. Which version to take is not decided here.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::http::{Failure, Http};
use super::redact::Redaction;
use crate::config::Invocation;
use crate::diagnostics::{Code, Diagnostic};
use crate::events::{Event, Reporter};

const DEFAULT_URL: &str = "https://hub.getdbt.com/";

/// What the hub knows of one version.
#[derive(Debug, Clone)]
pub(super) struct HubVersion {
    /// The project's name.
    pub(super) name: String,
    /// Where its archive is.
    pub(super) tarball: String,
    /// What it asks for, as the hub writes it.
    pub(super) packages: Value,
    /// Ranges of dbt versions.
    pub(super) require_dbt_version: Vec<String>,
}

/// What the hub knows of a package: versions by number.
#[derive(Debug)]
pub(super) struct HubPackage {
    pub(super) versions: BTreeMap<String, HubVersion>,
    /// The package that has taken its place.
    pub(super) moved_to: Option<String>,
}

/// A hub.
pub(super) struct Hub<'a> {
    url: String,
    http: &'a Http<'a>,
    redaction: &'a Redaction,
    reporter: &'a dyn Reporter,
    index: OnceCell<BTreeSet<String>>,
    packages: RefCell<BTreeMap<String, Rc<HubPackage>>>,
}

impl<'a> Hub<'a> {
    /// dbt's hub, or the one that `DBT_PACKAGE_HUB_URL` names.
    pub(super) fn new(
        invocation: &Invocation,
        http: &'a Http<'a>,
        redaction: &'a Redaction,
        reporter: &'a dyn Reporter,
    ) -> Self {
        let named = invocation.env("DBT_PACKAGE_HUB_URL").filter(|url| !url.is_empty());
        let url = format!("{}/", named.unwrap_or(DEFAULT_URL).trim_end_matches('/'));
        Self { url, http, redaction, reporter, index: OnceCell::new(), packages: RefCell::default() }
    }

    /// Its address, ending in a slash.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Whether a package is in the index.
    pub(super) fn lists(&self, package: &str) -> Result<bool, Diagnostic> {
        if let Some(index) = self.index.get() {
            return Ok(index.contains(package));
        }
        let url = format!("{}api/v1/index.json", self.url);
        let shown = self.redaction.text(&url);
        self.reporter.report(&Event::RegistryIndexProgressGETRequest { url: shown.clone() });
        let text = self.http.text(&url).map_err(|failure| self.unreachable(&url, &failure))?;
        self.reporter.report(&Event::RegistryIndexProgressGETResponse { url: shown, resp_code: 200 });
        let index: BTreeSet<String> = serde_json::from_str(&text)
            .map_err(|_| self.nonsense(&url, "it is not a list of packages' names".into()))?;
        Ok(self.index.get_or_init(|| index).contains(package))
    }

    /// All versions of a package; nothing if the hub does not have it.
    pub(super) fn package(&self, package: &str) -> Result<Option<Rc<HubPackage>>, Diagnostic> {
        if let Some(known) = self.packages.borrow().get(package) {
            return Ok(Some(Rc::clone(known)));
        }
        let url = format!("{}api/v1/{}.json", self.url, encoded(package));
        let shown = self.redaction.text(&url);
        self.reporter.report(&Event::RegistryProgressGETRequest { url: shown.clone() });
        let answer = self.http.text(&url);
        let resp_code = answer.as_ref().map_or_else(|failure| failure.status.unwrap_or_default(), |_| 200);
        self.reporter.report(&Event::RegistryProgressGETResponse { url: shown, resp_code });
        let text = match answer {
            Ok(text) => text,
            Err(Failure { status: Some(404), .. }) => return Ok(None),
            Err(failure) => return Err(self.unreachable(&url, &failure)),
        };
        let read = read(package, &text).map_err(|problem| self.nonsense(&url, problem))?;
        let known = Rc::new(read);
        self.packages.borrow_mut().insert(package.to_owned(), Rc::clone(&known));
        Ok(Some(known))
    }

    fn unreachable(&self, url: &str, failure: &Failure) -> Diagnostic {
        let message = self.redaction.text(&failure.message);
        Diagnostic::error(Code::PACKAGE, format!("the package hub cannot be reached: {message}"))
            .note(format!("asked for {}", self.redaction.text(url)))
            .hint("without a network, name a mirror in DBT_PACKAGE_HUB_URL, or a proxy in HTTPS_PROXY")
    }

    fn nonsense(&self, url: &str, problem: String) -> Diagnostic {
        Diagnostic::error(Code::PACKAGE, format!("the package hub's answer cannot be used: {problem}"))
            .note(format!("asked for {}", self.redaction.text(url)))
            .hint("is this the address of a hub? See DBT_PACKAGE_HUB_URL")
    }
}

/// A package's name as a path: what a name cannot have is escaped, and `..` is no way up.
fn encoded(package: &str) -> String {
    let part = |part: &str| {
        let is_dots = part.bytes().all(|byte| byte == b'.');
        part.bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => char::from(byte).to_string(),
                b'.' if !is_dots => ".".to_owned(),
                _ => format!("%{byte:02X}"),
            })
            .collect::<String>()
    };
    package.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn read(package: &str, text: &str) -> Result<HubPackage, String> {
    let json: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let name = json.get("name").and_then(Value::as_str).ok_or("it has no name")?;
    let listed = json.get("versions").and_then(Value::as_object).ok_or("it lists no versions")?;
    let mut versions = BTreeMap::new();
    for (number, version) in listed {
        let text = |key: &str| version.get(key).and_then(Value::as_str).map(str::to_owned);
        let tarball = version.pointer("/downloads/tarball").and_then(Value::as_str);
        let tarball = tarball.ok_or_else(|| format!("version {number} has no archive"))?;
        versions.insert(
            number.clone(),
            HubVersion {
                name: text("name").ok_or_else(|| format!("version {number} has no name"))?,
                tarball: tarball.to_owned(),
                packages: version.get("packages").cloned().unwrap_or_default(),
                require_dbt_version: match version.get("require_dbt_version") {
                    Some(Value::String(range)) => vec![range.clone()],
                    Some(Value::Array(ranges)) => {
                        ranges.iter().filter_map(|range| range.as_str().map(str::to_owned)).collect()
                    }
                    _ => Vec::new(),
                },
            },
        );
    }
    let redirect = |key: &str| json.get(key).and_then(Value::as_str).filter(|name| !name.is_empty());
    let (owner, new_name) = (redirect("redirectnamespace"), redirect("redirectname"));
    let own = package.split('/').next().unwrap_or_default();
    let moved_to = (owner.is_some() || new_name.is_some()).then(|| {
        let owner = owner.or_else(|| json.get("namespace").and_then(Value::as_str)).unwrap_or(own);
        format!("{owner}/{}", new_name.unwrap_or(name))
    });
    Ok(HubPackage { versions, moved_to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_redirects_are_noticed() {
        let text = r#"{"name": "old", "namespace": "org", "redirectname": "new", "redirectnamespace": null, "versions": {
            "1.0.0": {"name": "old", "packages": [], "downloads": {"tarball": "https://h/x.tgz"}, "require_dbt_version": [">=1.0.0"]}}}"#;
        let package = read("org/old", text).unwrap();
        assert_eq!(package.moved_to.as_deref(), Some("org/new"));
        assert_eq!(package.versions["1.0.0"].require_dbt_version, [">=1.0.0"]);
        for wrong in ["[]", "x", "{}", r#"{"name": "a"}"#, r#"{"name": "a", "versions": {"1.0.0": {"name": "a"}}}"#] {
            assert!(read("org/a", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_cannot_lead_elsewhere() {
        assert_eq!(encoded("dbt-labs/dbt_utils"), "dbt-labs/dbt_utils");
        assert_eq!(encoded("../a b?c"), "%2E%2E/a%20b%3Fc");
    }
}
