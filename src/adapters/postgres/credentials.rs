//! A target of a profile, as dbt-postgres and libpq read it.
//!
//! [`Credentials`] holds what was checked. What the profile leaves open comes from the service file and the environment, as in libpq;
//! passwords are looked for in the password file when a connection is made.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::dialect::Dialect;
use super::libpq_files;
use super::tls::{CertificateFiles, SslMode};
use crate::adapters::registry::Surroundings;
use crate::diagnostics::{Code, Diagnostic};

/// A server, of which there may be several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Name, number, or the folder of a local socket.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// The file of a local socket.
    pub(super) fn socket_path(&self) -> Option<PathBuf> {
        self.host.starts_with('/').then(|| Path::new(&self.host).join(format!(".s.PGSQL.{}", self.port)))
    }
}

/// As libpq names it in messages.
impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.socket_path() {
            Some(path) => write!(f, "connection to server on socket \"{}\"", path.display()),
            None => write!(f, "connection to server at \"{}\", port {}", self.host, self.port),
        }
    }
}

/// Everything that a target says of a server.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) addresses: Vec<Address>,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) database: String,
    pub(super) schema: String,
    /// Nothing means to wait forever.
    pub(super) connect_timeout: Option<Duration>,
    pub(super) keepalives_idle: Option<Duration>,
    /// How often connecting is tried again.
    pub(super) retries: u32,
    pub(super) role: Option<String>,
    pub(super) ssl_mode: SslMode,
    pub(super) certificates: CertificateFiles,
    /// Each statement commits itself.
    pub(super) autocommit: bool,
    /// Parameters of the session that go with the startup message.
    pub(super) startup: Vec<(String, String)>,
    /// Parameters that are set once the session is there.
    pub(super) settings: Vec<(String, String)>,
    pub(super) password_file: Option<PathBuf>,
    /// What Jinja's `target` shows, in dbt's order.
    pub(super) shown: Map<String, Value>,
}

/// A profile error.
pub(super) fn invalid(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::INVALID_PROFILE, message)
}

/// The profile's keys, then libpq's service and environment.
struct Sources<'a> {
    target: &'a Map<String, Value>,
    service: Vec<(String, String)>,
    surroundings: &'a Surroundings,
}

impl Sources<'_> {
    /// A value under a key of the profile, else as libpq finds its option `name`.
    fn find(&self, key: &str, name: &str, variable: &str) -> Result<Option<String>, Diagnostic> {
        if let Some(own) = text(self.target, key)?.filter(|own| !own.is_empty()) {
            return Ok(Some(own));
        }
        let service = self.service.iter().find(|(option, _)| option == name).map(|(_, value)| value.clone());
        Ok(service.or_else(|| self.surroundings.variable(variable).map(str::to_owned)))
    }

    fn required(&self, key: &str, name: &str, variable: &str) -> Result<String, Diagnostic> {
        self.find(key, name, variable)?.ok_or_else(|| {
            invalid(format!("the target has no `{key}`")).hint(format!("add `{key}:` to the target, or set {variable}"))
        })
    }
}

impl Credentials {
    /// Reads and checks a target.
    pub(super) fn parse(
        target: &Map<String, Value>,
        dialect: &Dialect,
        surroundings: &Surroundings,
    ) -> Result<Self, Diagnostic> {
        let type_name = dialect.type_name;
        if let Some(key) = target.keys().find(|key| !dialect.keys().any(|known| known == key.as_str())) {
            return Err(
                invalid(format!("a target of type `{type_name}` does not know `{key}`")).suggest(key, dialect.keys())
            );
        }
        (dialect.check)(target)?;
        let service = libpq_files::service(surroundings)?;
        let sources = Sources { target, service, surroundings };
        let database_key = if target.contains_key("database") { "database" } else { "dbname" };
        let schema = text(target, "schema")?.filter(|schema| !schema.is_empty());
        let ssl_mode = SslMode::parse(&sources.find("sslmode", "sslmode", "PGSSLMODE")?.unwrap_or_default())?;
        let mut credentials = Self {
            addresses: addresses(&sources, dialect.default_port)?,
            user: sources.required("user", "user", "PGUSER")?,
            password: password(&sources)?,
            database: sources.required(database_key, "dbname", "PGDATABASE")?,
            schema: schema.ok_or_else(|| invalid("the target has no `schema`"))?,
            connect_timeout: connect_timeout(&sources, dialect.default_connect_timeout)?,
            keepalives_idle: seconds(target, "keepalives_idle")?.filter(|idle| !idle.is_zero()),
            retries: number(target, "retries")?.unwrap_or(1).clamp(0, 100) as u32,
            role: text(target, "role")?.filter(|role| !role.is_empty()),
            certificates: certificates(&sources, ssl_mode)?,
            ssl_mode,
            autocommit: flag(target, "autocommit")?.unwrap_or(dialect.default_autocommit),
            startup: startup(&sources)?,
            settings: settings(target)?,
            password_file: libpq_files::password_file(surroundings),
            shown: Map::new(),
        };
        credentials.shown = credentials.shown_fields(target, dialect);
        Ok(credentials)
    }

    fn shown_fields(&self, target: &Map<String, Value>, dialect: &Dialect) -> Map<String, Value> {
        let field = |key: &str| match key {
            "host" => self.addresses.iter().map(|address| address.host.as_str()).collect::<Vec<_>>().join(",").into(),
            "port" => self.addresses.first().map_or(dialect.default_port, |address| address.port).into(),
            "user" => self.user.clone().into(),
            "database" | "dbname" => self.database.clone().into(),
            "schema" => self.schema.clone().into(),
            "retries" => self.retries.into(),
            "autocommit" => self.autocommit.into(),
            "connect_timeout" => self.connect_timeout.map_or(0, |timeout| timeout.as_secs()).into(),
            "keepalives_idle" => self.keepalives_idle.map_or(0, |idle| idle.as_secs()).into(),
            other => {
                let default = dialect.shown_defaults.iter().find(|(key, _)| *key == other);
                let default = default.map_or(Value::Null, |(_, value)| Value::from(*value));
                target.get(other).cloned().unwrap_or(default)
            }
        };
        dialect.shown.iter().map(|key| ((*key).to_owned(), field(key))).collect()
    }
}

/// Several hosts are separated by commas; so are their ports, unless one is for all.
fn addresses(sources: &Sources<'_>, default_port: u16) -> Result<Vec<Address>, Diagnostic> {
    let hosts = sources.required("host", "host", "PGHOST")?;
    let ports = sources.find("port", "port", "PGPORT")?.unwrap_or_else(|| default_port.to_string());
    let ports = ports.split(',').map(|port| {
        let port = port.trim();
        if port.is_empty() { Ok(default_port) } else { port.parse::<u16>().map_err(|_| port.to_owned()) }
    });
    let ports = ports.collect::<Result<Vec<_>, _>>().map_err(|port| {
        invalid(format!("`port` in the profile is not the number of a port: `{port}`")).hint("ports are 1 to 65535")
    })?;
    let hosts: Vec<&str> = hosts.split(',').map(str::trim).collect();
    if ports.len() != 1 && ports.len() != hosts.len() {
        return Err(invalid(format!("`port` names {} ports for {} hosts", ports.len(), hosts.len())));
    }
    let port = |at: usize| if ports.len() == 1 { ports[0] } else { ports[at] };
    let address = |(at, host): (usize, &str)| Address {
        host: if host.is_empty() { "localhost".to_owned() } else { host.to_owned() },
        port: port(at),
    };
    Ok(hosts.into_iter().enumerate().map(address).collect())
}

fn password(sources: &Sources<'_>) -> Result<Option<String>, Diagnostic> {
    let key = if sources.target.contains_key("pass") { "pass" } else { "password" };
    sources.find(key, "password", "PGPASSWORD")
}

/// dbt asks for ten seconds; zero means to wait forever, and libpq waits two at least.
fn connect_timeout(sources: &Sources<'_>, default: u64) -> Result<Option<Duration>, Diagnostic> {
    let given = seconds(sources.target, "connect_timeout")?.unwrap_or(Duration::from_secs(default));
    Ok((!given.is_zero()).then(|| given.max(Duration::from_secs(2))))
}

fn certificates(sources: &Sources<'_>, mode: SslMode) -> Result<CertificateFiles, Diagnostic> {
    if mode == SslMode::Disable {
        return Ok(CertificateFiles::default());
    }
    let home = sources.surroundings.home.as_deref();
    let file = |key: &str, variable: &str, default: &str| -> Result<Option<PathBuf>, Diagnostic> {
        let given = sources.find(key, key, variable)?;
        let given = given
            .map(|path| if path == "system" { path.into() } else { libpq_files::expand(&path, sources.surroundings) });
        let default = || home.map(|home| home.join(".postgresql").join(default)).filter(|path| path.exists());
        Ok(given.or_else(default))
    };
    Ok(CertificateFiles {
        root: file("sslrootcert", "PGSSLROOTCERT", "root.crt")?,
        certificate: file("sslcert", "PGSSLCERT", "postgresql.crt")?,
        key: file("sslkey", "PGSSLKEY", "postgresql.key")?,
    })
}

fn startup(sources: &Sources<'_>) -> Result<Vec<(String, String)>, Diagnostic> {
    let name = match sources.target.get("application_name") {
        // Written as empty or null, it is libpq's.
        Some(_) => sources.find("application_name", "application_name", "PGAPPNAME")?,
        None => Some("dbt".to_owned()),
    };
    let mut startup: Vec<_> = name.map(|name| ("application_name".to_owned(), name)).into_iter().collect();
    let search_path = text(sources.target, "search_path")?.filter(|path| !path.is_empty());
    let options = match search_path {
        Some(path) => Some(format!("-c search_path={}", path.replace(' ', "\\ "))),
        None => sources.find("options", "options", "PGOPTIONS")?,
    };
    startup.extend(options.map(|options| ("options".to_owned(), options)));
    for (variable, parameter) in [("PGTZ", "TimeZone"), ("PGGEQO", "geqo")] {
        startup.extend(sources.surroundings.variable(variable).map(|value| (parameter.to_owned(), value.to_owned())));
    }
    Ok(startup)
}

/// Limits that the server keeps: numbers are milliseconds, or PostgreSQL's own units are written out (`30s`).
fn settings(target: &Map<String, Value>) -> Result<Vec<(String, String)>, Diagnostic> {
    let mut settings = Vec::new();
    for key in ["statement_timeout", "lock_timeout"] {
        settings.extend(text(target, key)?.filter(|value| !value.is_empty()).map(|value| (key.to_owned(), value)));
    }
    Ok(settings)
}

pub(super) fn text(target: &Map<String, Value>, key: &str) -> Result<Option<String>, Diagnostic> {
    match target.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(invalid(format!("`{key}` in the profile is not text"))),
    }
}

fn number(target: &Map<String, Value>, key: &str) -> Result<Option<u64>, Diagnostic> {
    let not_a_number = |_| invalid(format!("`{key}` in the profile is not a whole number"));
    text(target, key)?.map(|value| value.trim().parse().map_err(not_a_number)).transpose()
}

fn seconds(target: &Map<String, Value>, key: &str) -> Result<Option<Duration>, Diagnostic> {
    Ok(number(target, key)?.map(Duration::from_secs))
}

fn flag(target: &Map<String, Value>, key: &str) -> Result<Option<bool>, Diagnostic> {
    match target.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(said)) => Ok(Some(*said)),
        Some(Value::String(text)) => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(Some(true)),
            "false" | "no" | "off" | "0" => Ok(Some(false)),
            _ => Err(invalid(format!("`{key}` in the profile is neither true nor false"))),
        },
        Some(_) => Err(invalid(format!("`{key}` in the profile is neither true nor false"))),
    }
}
