//! The TLS configuration of an origin's client: the trusted authorities and the client certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;

use crate::upstream::Reach;

/// The TLS configuration. The error says what is wrong.
pub(super) fn config(reach: &Reach) -> Result<ClientConfig, String> {
    let wrong = |error: rustls::Error| format!("TLS: {error}");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let authorities = match &reach.ca_file {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    let verifier = Verifier::new_with_extra_roots(authorities, Arc::clone(&provider));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier.map_err(wrong)?));
    match &reach.identity_file {
        None => Ok(config.with_no_client_auth()),
        Some(path) => {
            let key = PrivateKeyDer::from_pem_file(path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            config.with_client_auth_cert(certificates(path)?, key).map_err(wrong)
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error| format!("{}: {error}", path.display());
    let found = CertificateDer::pem_file_iter(path).map_err(wrong)?;
    found.collect::<Result<_, _>>().map_err(wrong)
}
