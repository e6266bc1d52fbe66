//! PKCS#12 (RFC 7292), written: a key and its certificates in the one file that every device takes in.

use std::path::Path;

use aws_lc_rs::digest;
use p12_keystore::{
    Certificate as Bag, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey, PrivateKeyChain,
};

use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};
use crate::identity::Identity;

/// How a PKCS#12 file is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pkcs12Profile {
    /// AES-256 under PBKDF2 with SHA-256, and a SHA-256 MAC: as OpenSSL 3 writes, with 100,000 rounds. For current
    /// Windows, Java (8u301 and later) and everything that uses OpenSSL 1.1 or later.
    #[default]
    Modern,
    /// Triple DES and a SHA-1 MAC with 10,000 rounds: for Apple's devices and for older Windows and Java. It protects
    /// little: choose a password that cannot be guessed, and delete the file when it is installed.
    Compat,
}

/// How [`Identity::to_pkcs12`] writes the file.
#[derive(Clone, Debug, Default)]
pub struct Pkcs12Options {
    /// How it is protected.
    pub profile: Pkcs12Profile,
    /// The name that devices show (friendlyName, and Java's alias); the common name when there is none.
    pub name: Option<String>,
    /// Certificates to carry besides the chain: phones want the authority's.
    pub authorities: Vec<Certificate>,
}

impl Identity {
    /// The key, its chain and `options.authorities` as a PKCS#12 file, encrypted with `password`.
    ///
    /// The key is tied to its certificate by the localKeyID that OpenSSL chooses, the SHA-1 of the certificate.
    /// Encrypting takes about 50 ms by design.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`] for a password that is empty, which devices refuse, or for a password or
    /// name that is not within the characters of PKCS#12 (a BMPString: no emoji).
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// use trustdir::export::Pkcs12Options;
    /// use trustdir::{Authority, Identity};
    ///
    /// let ca = Authority::create(dir.path().join("pki"), Default::default())?;
    /// let alice = ca.issue_client("alice", &Default::default())?;
    /// let options = Pkcs12Options { authorities: vec![ca.certificate().clone()], ..Default::default() };
    /// let p12 = alice.to_pkcs12("correct horse", &options)?;
    /// assert_eq!(Identity::from_pkcs12(&p12, "correct horse")?.certificate(), alice.certificate());
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn to_pkcs12(&self, password: &str, options: &Pkcs12Options) -> Result<Vec<u8>> {
        let name = match &options.name {
            Some(name) => {
                check_text(name, "name")?;
                name.clone()
            }
            None => alias(self.certificate()),
        };
        let more = options.authorities.iter().filter(|authority| !self.chain().contains(authority));
        let certificates = self.chain().iter().chain(more).map(bag).collect::<Result<Vec<_>>>()?;
        let key = PrivateKey::from_der(&self.key().pkcs8()?).map_err(failed)?;
        let id = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.certificate().as_der());
        let mut store = KeyStore::new();
        let chain = PrivateKeyChain::new(id.as_ref(), key, certificates);
        store.add_entry(&name, KeyStoreEntry::PrivateKeyChain(chain));
        write(&store, password, options.profile)
    }

    /// Writes [`to_pkcs12`](Self::to_pkcs12) into a new file (0600). An existing file is
    /// [`ErrorKind::AlreadyExists`].
    pub fn save_pkcs12(&self, path: impl AsRef<Path>, password: &str, options: &Pkcs12Options) -> Result<()> {
        file::create(path.as_ref(), &self.to_pkcs12(password, options)?, Mode::Private)
    }
}

/// A PKCS#12 file of certificates alone, marked as trusted in the way of Java's `keytool`: the value of
/// `javax.net.ssl.trustStore`. Nothing in it is secret, but Java wants a password; `changeit` is customary.
pub fn truststore(certificates: &[Certificate], password: &str, profile: Pkcs12Profile) -> Result<Vec<u8>> {
    if certificates.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, "a truststore needs at least one certificate"));
    }
    let mut store = KeyStore::new();
    for certificate in certificates {
        let mut name = alias(certificate);
        if store.entry(&name).is_some() {
            name = format!("{name} {}", certificate.fingerprint());
        }
        store.add_entry(&name, KeyStoreEntry::Certificate(bag(certificate)?));
    }
    write(&store, password, profile)
}

/// PKCS#12 has passwords and names as BMPString (RFC 7292, B.1), and a NUL ends them.
pub(super) fn check_text(text: &str, what: &str) -> Result<()> {
    if text.chars().all(in_bmp) {
        return Ok(());
    }
    let message = format!("the {what} has a character that PKCS#12 cannot carry, such as an emoji; choose another");
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

fn in_bmp(c: char) -> bool {
    c != '\0' && u32::from(c) <= 0xffff
}

/// What the certificate is called if nobody has said.
fn alias(certificate: &Certificate) -> String {
    let name = certificate.subject().common_name().unwrap_or_else(|| certificate.subject().to_string());
    name.chars().map(|c| if in_bmp(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

fn bag(certificate: &Certificate) -> Result<Bag> {
    Bag::from_der(certificate.as_der()).map_err(failed)
}

fn write(store: &KeyStore, password: &str, profile: Pkcs12Profile) -> Result<Vec<u8>> {
    if password.is_empty() {
        let message = "an empty password protects nothing and devices refuse it; choose one";
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    check_text(password, "password")?;
    let (encryption, mac, rounds) = match profile {
        Pkcs12Profile::Modern => (EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256, 100_000),
        Pkcs12Profile::Compat => (EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc, MacAlgorithm::HmacSha1, 10_000),
    };
    let writer = store.writer(password).encryption_algorithm(encryption).encryption_iterations(rounds);
    writer.mac_algorithm(mac).mac_iterations(rounds).write().map_err(failed)
}

fn failed(error: p12_keystore::error::Error) -> Error {
    Error::new(ErrorKind::Parse, format!("the PKCS#12 file cannot be made: {error}"))
}
