//! The certificate that the server shows over HTTPS.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error as RustlsError, ServerConfig, crypto};

/// Reads a certificate chain and its private key, both PEM (RFC 7468), the server's own certificate first.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let unreadable = |flag: &'static str, path: &Path| {
        let path = path.to_owned();
        move |error: PemError| TlsError::Pem { flag, path, error }
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|certificates| certificates.collect::<Result<Vec<_>, _>>())
        .map_err(unreadable("--tls-cert", certificate))?;
    if chain.is_empty() {
        return Err(unreadable("--tls-cert", certificate)(PemError::NoItemsFound));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(unreadable("--tls-key", key))?;
    // Named rather than the process's default, which another crate could change.
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|error| TlsError::Pair(certificate.to_owned(), key.to_owned(), error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Why HTTPS cannot be served. `Display` is a sentence that names the option.
#[derive(Debug)]
pub enum TlsError {
    /// A file cannot be read or holds nothing of what is needed.
    Pem {
        /// The option that named it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: PemError,
    },
    /// Certificate and key do not go together, or are of a kind that is not supported.
    Pair(PathBuf, PathBuf, RustlsError),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem { flag, path, error: PemError::NoItemsFound } => {
                let wanted = if *flag == "--tls-key" { "private key" } else { "certificate" };
                write!(f, "{flag} {}: the file holds no {wanted} in PEM format", path.display())
            }
            Self::Pem { flag, path, error: PemError::Io(error) } => {
                write!(f, "{flag} {}: {error}", path.display())
            }
            Self::Pem { flag, path, error } => {
                write!(f, "{flag} {}: not PEM: {error}", path.display())
            }
            Self::Pair(certificate, key, error) => {
                let (certificate, key) = (certificate.display(), key.display());
                write!(f, "--tls-cert {certificate} and --tls-key {key} cannot be used together: {error}")
            }
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Pem { error, .. } => Some(error),
            Self::Pair(_, _, error) => Some(error),
        }
    }
}
