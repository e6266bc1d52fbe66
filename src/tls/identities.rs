//! The service's own identities, and which of them a client is shown.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, SignatureScheme};

use super::host_name::HostName;
use crate::identity::Identity;

/// Chosen by the name that the client asks for, then by the signatures that it can verify; the first is the default.
#[derive(Debug)]
pub(super) struct Identities(Vec<Served>);

#[derive(Debug)]
struct Served {
    names: Vec<HostName>,
    key: Arc<CertifiedKey>,
}

impl Identities {
    pub(super) fn new(identities: &[Identity], provider: &CryptoProvider) -> Result<Self, Error> {
        let served = identities.iter().map(|identity| {
            Ok(Served { names: HostName::all_of(identity.certificate()), key: certified(identity, provider)? })
        });
        served.collect::<Result<_, _>>().map(Self)
    }

    fn choose(&self, asked: Option<&str>, schemes: &[SignatureScheme]) -> Option<&Served> {
        let fits = |served: &Served| {
            let names = served.names.iter();
            asked.map_or(0, |asked| names.map(|name| name.fits(asked)).max().unwrap_or_default())
        };
        let best = self.0.iter().map(fits).max()?;
        let mut fitting = self.0.iter().filter(|served| fits(served) == best);
        let usable = |served: &&Served| served.key.key.choose_scheme(schemes).is_some();
        fitting.clone().find(usable).or_else(|| fitting.next())
    }
}

impl ResolvesServerCert for Identities {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(hello.server_name(), hello.signature_schemes()).map(|served| served.key.clone())
    }
}

/// `Identity` has compared certificate and key, so that rustls need not parse the certificate: it would refuse X.509 v1.
pub(super) fn certified(identity: &Identity, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, Error> {
    let chain =
        identity.chain().iter().map(|certificate| CertificateDer::from(certificate.as_der().to_vec())).collect();
    let key = identity.key().pkcs8().map_err(|error| Error::General(error.to_string()))?;
    let key = provider.key_provider.load_private_key(PrivatePkcs8KeyDer::from(key.to_vec()).into())?;
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}
