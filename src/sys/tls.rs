//! Whom to trust: the well-known roots, and certificates the operator names.
//!
//! In: an optional PEM file (`--ca`). Out: a client configuration for rustls. Cold path, at start.
//!
//! 1. Certificates named by the operator are added to the well-known roots, not put in their place.
//! 2. A server that presents exactly a named certificate is accepted by that alone: name, dates and
//!    issuer are not asked, as for a host key; it still has to prove that it holds the key.
//! 3. TLS 1.2 and 1.3, crypto by ring.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Why there is no configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("the certificate file: {0}")]
    Unreadable(std::io::ErrorKind),
    /// The file has no `BEGIN CERTIFICATE`, or a damaged one.
    #[error("the certificate file holds no readable PEM certificate")]
    NoCertificate,
    /// rustls declines, with its text.
    #[error("{0}")]
    Tls(String),
}

/// A configuration that trusts the well-known roots and the certificates in the file `ca`.
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub fn client(ca: Option<&Path>) -> Result<Arc<ClientConfig>, TrustError> {
    match ca {
        None => client_with(b""),
        Some(path) => {
            let pem = std::fs::read(path).map_err(|e| TrustError::Unreadable(e.kind()))?;
            if pem.is_empty() {
                return Err(TrustError::NoCertificate);
            }
            client_with(&pem)
        }
    }
}

/// As [`client`], from the text of a PEM file; empty for the well-known roots alone.
///
/// # Errors
/// [`TrustError::NoCertificate`] if the text is neither empty nor holds a certificate.
pub fn client_with(pem: &[u8]) -> Result<Arc<ClientConfig>, TrustError> {
    let named: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| TrustError::NoCertificate)?;
    if named.is_empty() && !pem.is_empty() {
        return Err(TrustError::NoCertificate);
    }
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(named.iter().cloned());
    let provider = provider();
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|e| TrustError::Tls(e.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| TrustError::Tls(e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { chain, named }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Random bytes from the operating system, for nonces and seeds; zero if it has none.
pub fn entropy<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A masking key or nonce that is not random is a lesser evil than not running at all.
    let _ = rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes);
    bytes
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The usual verifier, with exceptions for named certificates.
#[derive(Debug)]
struct Verifier {
    chain: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.named.iter().any(|c| c == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_a_certificate_are_named() {
        assert!(client(None).is_ok());
        let missing = client(Some(Path::new("/nonexistent/ca.pem"))).unwrap_err();
        assert_eq!(missing, TrustError::Unreadable(std::io::ErrorKind::NotFound));
        assert_eq!(client(Some(Path::new("/dev/null"))).unwrap_err(), TrustError::NoCertificate);
        for text in ["junk", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"] {
            assert_eq!(client_with(text.as_bytes()).unwrap_err(), TrustError::NoCertificate);
        }
    }

    #[test]
    fn entropy_differs() {
        assert_ne!(entropy::<16>(), entropy::<16>());
    }
}
