//! TLS as libpq does it: who is trusted depends on `sslmode`.
//!
//! [`Encryption`] is made once from the profile's files. Modes up to `require` encrypt without asking whom they speak to, unless root
//! certificates are given; `verify-ca` wants a certificate that they signed, `verify-full` also the server's name in it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::credentials::invalid;
use crate::diagnostics::Diagnostic;

/// `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl SslMode {
    /// By libpq's name.
    pub(super) fn parse(name: &str) -> Result<Self, Diagnostic> {
        Ok(match name {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "" | "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            other => {
                let known = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
                return Err(invalid(format!("`sslmode` of the profile cannot be `{other}`"))
                    .note(format!("it can be: {}", known.join(", ")))
                    .suggest(other, known));
            }
        })
    }
}

/// Files with certificates and keys.
#[derive(Debug, Clone, Default)]
pub(super) struct CertificateFiles {
    /// `sslrootcert`; `system` means the roots that browsers trust.
    pub(super) root: Option<PathBuf>,
    /// `sslcert`.
    pub(super) certificate: Option<PathBuf>,
    /// `sslkey`.
    pub(super) key: Option<PathBuf>,
}

/// How connections are encrypted.
#[derive(Debug, Clone)]
pub(super) struct Encryption {
    config: Arc<ClientConfig>,
}

impl Encryption {
    /// Reads the files that a mode needs.
    pub(super) fn new(mode: SslMode, files: &CertificateFiles) -> Result<Self, Diagnostic> {
        let provider = Arc::new(ring::default_provider());
        let trust = Trust::of(mode, files, &provider)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| invalid(format!("TLS cannot be used: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trust));
        let config = match (&files.certificate, &files.key) {
            (Some(certificate), Some(key)) => {
                check_access(key)?;
                let chain = certificates(certificate, "sslcert")?;
                let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable("sslkey", key, &error))?;
                builder
                    .with_client_auth_cert(chain, private)
                    .map_err(|error| unreadable("sslcert", certificate, &error))?
            }
            (Some(_), None) => {
                return Err(invalid("`sslcert` of the profile needs its private key").hint("name it as `sslkey`"));
            }
            _ => builder.with_no_client_auth(),
        };
        Ok(Self { config: Arc::new(config) })
    }

    /// The TLS side of a new connection to a host.
    pub(super) fn connection(&self, host: &str) -> io::Result<ClientConnection> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, format!("`{host}` in TLS: {error}")))?;
        ClientConnection::new(Arc::clone(&self.config), name).map_err(io::Error::other)
    }
}

/// libpq does not use a key that others can read.
fn check_access(key: &Path) -> Result<(), Diagnostic> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(key).map_err(|error| unreadable("sslkey", key, &error))?;
        // Root's own keys may be readable by a group, so that a service can use them.
        let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
        if metadata.mode() & forbidden != 0 {
            return Err(invalid(format!(
                "others can read the private key {} (`sslkey` of the profile)",
                key.display()
            ))
            .hint("take their access away: `chmod 0600`"));
        }
    }
    Ok(())
}

fn unreadable(option: &str, path: &Path, error: &dyn std::fmt::Display) -> Diagnostic {
    invalid(format!("cannot read {} (`{option}` of the profile): {error}", path.display()))
}

fn certificates(path: &Path, option: &str) -> Result<Vec<CertificateDer<'static>>, Diagnostic> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| unreadable(option, path, &error))?;
    if found.is_empty() {
        return Err(unreadable(option, path, &"there is no certificate in it"));
    }
    Ok(found)
}

/// Whom a client believes.
#[derive(Debug)]
struct Trust {
    /// What checks certificates; nothing if any will do.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    /// The certificates of the root file themselves: a server may present one of them.
    roots: Vec<CertificateDer<'static>>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl Trust {
    fn of(mode: SslMode, files: &CertificateFiles, provider: &Arc<CryptoProvider>) -> Result<Self, Diagnostic> {
        let mut trust = Self {
            verifier: None,
            roots: Vec::new(),
            checks_name: mode == SslMode::VerifyFull,
            provider: Arc::clone(provider),
        };
        let mut store = RootCertStore::empty();
        match files.root.as_deref() {
            Some(path) if path == Path::new("system") => {
                trust.checks_name = true;
                store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
            Some(path) => {
                trust.roots = certificates(path, "sslrootcert")?;
                for root in &trust.roots {
                    store.add(root.clone()).map_err(|error| unreadable("sslrootcert", path, &error))?;
                }
            }
            None if mode >= SslMode::VerifyCa => {
                return Err(invalid(
                    "`sslmode` of the profile asks for a check of the server, but there are no root certificates",
                )
                .hint(
                    "name their file as `sslrootcert`, put it at ~/.postgresql/root.crt, or use `sslrootcert: system`",
                ));
            }
            None => return Ok(trust),
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider)).build();
        trust.verifier = Some(verifier.map_err(|error| invalid(format!("`sslrootcert` of the profile: {error}")))?);
        Ok(trust)
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(verifier) = &self.verifier else { return Ok(ServerCertVerified::assertion()) };
        match verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The chain was checked before the name.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            // A certificate that signed itself, and is trusted by itself. Its dates were checked before this.
            Err(Error::InvalidCertificate(CertificateError::Other(other)))
                if other.to_string().contains("CaUsedAsEndEntity")
                    && self.roots.iter().any(|root| root == end_entity) =>
            {
                if self.checks_name {
                    rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.verifier.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.verifier.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
