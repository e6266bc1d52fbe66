//! Private keys: generate, load whatever OpenSSL wrote, save encrypted, sign.

mod encrypted;
mod legacy;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::{der, file, pem};

#[cfg(feature = "pkcs12")]
pub(crate) use encrypted::is_excessive;

/// The sort and size of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// ECDSA on NIST P-256: what every client takes, and the default.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
    /// ECDSA on NIST P-521: not for browsers.
    EcdsaP521,
    /// Ed25519 (RFC 8032): not for browsers.
    Ed25519,
    /// RSA with a modulus of this many bits.
    Rsa(u32),
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcdsaP256 => f.write_str("P-256"),
            Self::EcdsaP384 => f.write_str("P-384"),
            Self::EcdsaP521 => f.write_str("P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa(bits) => write!(f, "RSA-{bits}"),
        }
    }
}

impl std::str::FromStr for KeyAlgorithm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [
            Self::EcdsaP256,
            Self::EcdsaP384,
            Self::EcdsaP521,
            Self::Ed25519,
            Self::Rsa(2048),
            Self::Rsa(3072),
            Self::Rsa(4096),
        ]
        .into_iter()
        .find(|algorithm| algorithm.to_string().eq_ignore_ascii_case(text))
        .ok_or_else(|| {
            let known = "P-256, P-384, P-521, Ed25519, RSA-2048, RSA-3072 or RSA-4096";
            Error::new(ErrorKind::InvalidArgument, format!("{text:?} is no key algorithm; use {known}"))
        })
    }
}

/// How a passphrase becomes the AES-256 key of an encrypted file (RFC 8018, RFC 7914). Both take about 50 to
/// 100 ms by design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyDerivation {
    /// scrypt with N = 16384, r = 8, p = 1: read by OpenSSL 1.1 and later.
    #[default]
    Scrypt,
    /// PBKDF2 with HMAC-SHA-256 and 600,000 rounds: read by everything that reads PBES2, GnuTLS and Java too.
    Pbkdf2,
}

/// A private key, wiped from memory when its last clone is dropped. Cloning is cheap.
///
/// ```
/// use trustdir::{KeyAlgorithm, PrivateKey};
///
/// let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256)?;
/// let pem = key.to_pem(Some(b"correct horse"))?;
/// assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
/// let again = PrivateKey::from_pem(pem.as_bytes(), Some(b"correct horse"))?;
/// assert_eq!(again.spki(), key.spki());
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone)]
pub struct PrivateKey(Arc<Inner>);

struct Inner {
    pair: Pair,
    algorithm: KeyAlgorithm,
    spki: Vec<u8>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl PrivateKey {
    /// Makes a new key from the system's randomness. RSA takes 0.1 to 2 s, the others under 1 ms.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self> {
        let failed = |_| Error::new(ErrorKind::Io, format!("the system could not make a {algorithm} key"));
        let pair = match algorithm {
            KeyAlgorithm::Ed25519 => Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
            KeyAlgorithm::Rsa(bits) => {
                let size = match bits {
                    2048 => KeySize::Rsa2048,
                    3072 => KeySize::Rsa3072,
                    4096 => KeySize::Rsa4096,
                    _ => {
                        let message = format!("RSA keys have 2048, 3072 or 4096 bits, not {bits}");
                        return Err(Error::new(ErrorKind::InvalidArgument, message));
                    }
                };
                Pair::Rsa(RsaKeyPair::generate(size).map_err(failed)?)
            }
            ecdsa => Pair::Ecdsa(EcdsaKeyPair::generate(curve(ecdsa).1).map_err(failed)?),
        };
        Self::from_pair(pair, algorithm)
    }

    /// Reads the first private key in PEM text: PKCS#8, PKCS#1 or SEC1; plain, or encrypted in any way in
    /// which OpenSSL 1.0 to 3.5 encrypts by default: PBES2, PBE-SHA1-3DES, or the traditional PEM headers.
    ///
    /// A missing passphrase ([`ErrorKind::PassphraseRequired`]), a wrong one
    /// ([`ErrorKind::WrongPassphrase`]) and damaged text ([`ErrorKind::Parse`]) are three different
    /// errors. A passphrase that is not needed is ignored, as OpenSSL does.
    pub fn from_pem(pem: &[u8], passphrase: Option<&[u8]>) -> Result<Self> {
        let blocks = pem::blocks(pem)?;
        let block = blocks.iter().find(|block| block.is_private_key()).ok_or_else(|| {
            let found: Vec<_> = blocks.iter().map(|block| block.label.as_str()).collect();
            let found = if found.is_empty() { "no PEM at all".into() } else { found.join(", ") };
            Error::new(ErrorKind::Parse, format!("there is no private key here, only {found}"))
        })?;
        let traditional = block.headers.iter().any(|(name, value)| name == "Proc-Type" && value.ends_with("ENCRYPTED"));
        if traditional || block.label == "ENCRYPTED PRIVATE KEY" {
            return Self::from_plain_der(&encrypted::open(block, passphrase)?);
        }
        match block.label.as_str() {
            "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => Self::from_plain_der(&block.der),
            other => {
                let message = format!("a {other} is not supported; rewrite it with `openssl pkcs8 -topk8`");
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    /// Reads a key in DER: PKCS#8 (RFC 5208), PKCS#1 (RFC 8017), SEC1 (RFC 5915), or encrypted PKCS#8, with the
    /// errors of [`from_pem`](Self::from_pem).
    pub fn from_der(der: &[u8], passphrase: Option<&[u8]>) -> Result<Self> {
        let mut fields = der::Reader::new(der::single(der, der::SEQUENCE)?.content);
        // EncryptedPrivateKeyInfo begins with an AlgorithmIdentifier, the plain forms with a version.
        if fields.optional(der::SEQUENCE)?.is_some() && fields.peek() == Some(der::OCTET_STRING) {
            return Self::from_plain_der(&encrypted::open_pkcs8(der, passphrase)?);
        }
        Self::from_plain_der(der)
    }

    fn from_plain_der(der: &[u8]) -> Result<Self> {
        let mut fields = der::Reader::new(der::single(der, der::SEQUENCE)?.content);
        let version = fields.expect(der::INTEGER)?;
        match (version.content, fields.peek()) {
            (_, Some(der::SEQUENCE)) => Self::from_pkcs8(der, fields.any()?.content),
            ([1], Some(der::OCTET_STRING)) => Self::from_ec(der),
            (_, Some(der::INTEGER)) => Self::from_rsa(RsaKeyPair::from_der(der), fields.any()?.content),
            _ => Err(Error::new(ErrorKind::Parse, "this is DER, but no private key")),
        }
    }

    /// Loads a key file in PEM or DER.
    ///
    /// ```
    /// let error = trustdir::PrivateKey::load("no-such.key.pem", None).unwrap_err();
    /// assert_eq!(error.kind(), trustdir::ErrorKind::NotFound);
    /// ```
    pub fn load(path: impl AsRef<Path>, passphrase: Option<&[u8]>) -> Result<Self> {
        let bytes = file::read_secret(path.as_ref())?;
        let key =
            if pem::is_pem(&bytes) { Self::from_pem(&bytes, passphrase) } else { Self::from_der(&bytes, passphrase) };
        key.map_err(|error| error.at(path))
    }

    /// PKCS#8 as PEM; with a passphrase encrypted by AES-256-CBC under scrypt, which OpenSSL 1.1 and
    /// later read. Encrypting takes about 50 ms by design.
    pub fn to_pem(&self, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>> {
        self.to_pem_under(KeyDerivation::default(), passphrase)
    }

    /// As [`to_pem`](Self::to_pem), with the derivation that the reader of the file can do.
    ///
    /// ```
    /// use trustdir::{KeyAlgorithm, KeyDerivation, PrivateKey};
    ///
    /// let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256)?;
    /// let pem = key.to_pem_under(KeyDerivation::Pbkdf2, Some(b"correct horse"))?;
    /// assert_eq!(PrivateKey::from_pem(pem.as_bytes(), Some(b"correct horse"))?.spki(), key.spki());
    /// let der = key.to_der(KeyDerivation::Scrypt, Some(b"correct horse"))?;
    /// assert_eq!(PrivateKey::from_der(&der, Some(b"correct horse"))?.spki(), key.spki());
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn to_pem_under(&self, derivation: KeyDerivation, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>> {
        let label = if passphrase.is_some() { "ENCRYPTED PRIVATE KEY" } else { "PRIVATE KEY" };
        Ok(pem::encode(label, &self.to_der(derivation, passphrase)?))
    }

    /// PKCS#8 as DER, encrypted if there is a passphrase.
    pub fn to_der(&self, derivation: KeyDerivation, passphrase: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>> {
        match passphrase {
            None => self.pkcs8(),
            Some(passphrase) => encrypted::seal(&self.pkcs8()?, derivation, passphrase),
        }
    }

    /// The sort and size of the key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.0.algorithm
    }

    /// The public key as DER SubjectPublicKeyInfo (RFC 5280, 4.1).
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// PKCS#8, made when it is asked for: the fewer copies of a secret, the better.
    pub(crate) fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        let failed = |_| Error::new(ErrorKind::Parse, "the key cannot be written as PKCS#8");
        Ok(Zeroizing::new(match &self.0.pair {
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
        }))
    }

    /// The AlgorithmIdentifier (DER) of the signatures that [`sign`](Self::sign) makes.
    pub(crate) fn signature_algorithm(&self) -> &'static [u8] {
        match self.0.algorithm {
            KeyAlgorithm::Ed25519 => ED25519,
            KeyAlgorithm::Rsa(_) => RSA_SHA256,
            ecdsa => curve(ecdsa).2,
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::new(ErrorKind::Io, "the signature could not be made");
        let random = SystemRandom::new();
        Ok(match &self.0.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).map_err(failed)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signed = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signed).map_err(failed)?;
                signed
            }
        })
    }

    fn from_pkcs8(der: &[u8], algorithm: &[u8]) -> Result<Self> {
        match der::Reader::new(algorithm).expect(der::OID)?.content {
            EC_PUBLIC_KEY => Self::from_ec(der),
            RSA_ENCRYPTION | RSA_PSS => Self::from_rsa(RsaKeyPair::from_pkcs8(der), &[]),
            ED25519_KEY => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| damaged())?;
                Self::from_pair(Pair::Ed25519(pair), KeyAlgorithm::Ed25519)
            }
            other if other.starts_with(PKCS7) => {
                let message = "this is a PKCS#12 file; take it apart with `trustdir export pem`, or load it with `Identity::load_pkcs12`";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
            other => {
                let message =
                    format!("a key of algorithm {} is not supported; use P-256, RSA or Ed25519", der::oid_text(other));
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    fn from_ec(der: &[u8]) -> Result<Self> {
        for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384, KeyAlgorithm::EcdsaP521] {
            if let Ok(pair) = EcdsaKeyPair::from_private_key_der(curve(algorithm).1, der) {
                return Self::from_pair(Pair::Ecdsa(pair), algorithm);
            }
        }
        let message = "the EC key is damaged or on a curve other than P-256, P-384 and P-521; make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`";
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    fn from_rsa(pair: Result<RsaKeyPair, aws_lc_rs::error::KeyRejected>, modulus: &[u8]) -> Result<Self> {
        let pair = pair.map_err(|rejected| {
            let short = rejected.to_string().contains("TooSmall") || (1..255).contains(&modulus.len());
            if short {
                Error::new(ErrorKind::WeakKey, "the RSA key has fewer than 2048 bits; make a new one")
            } else {
                damaged()
            }
        })?;
        let bits = u32::try_from(pair.public_modulus_len() * 8).unwrap_or(u32::MAX);
        Self::from_pair(Pair::Rsa(pair), KeyAlgorithm::Rsa(bits))
    }

    fn from_pair(pair: Pair, algorithm: KeyAlgorithm) -> Result<Self> {
        let failed = |_| Error::new(ErrorKind::Parse, "the public key cannot be written");
        let spki: PublicKeyX509Der<'_> = match &pair {
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
        }
        .map_err(failed)?;
        let spki = spki.as_ref().to_vec();
        Ok(Self(Arc::new(Inner { pair, algorithm, spki })))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.0.algorithm)
    }
}

const EC_PUBLIC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
/// The arc of PKCS#7, which a PKCS#12 file begins with (RFC 7292, 4).
const PKCS7: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07";
const RSA_ENCRYPTION: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const RSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const ED25519_KEY: &[u8] = b"\x2b\x65\x70";

// AlgorithmIdentifiers as they stand in a certificate (RFC 3279, 5758, 8410).
const ED25519: &[u8] = b"\x30\x05\x06\x03\x2b\x65\x70";
const RSA_SHA256: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";

type Curve = (&'static [u8], &'static EcdsaSigningAlgorithm, &'static [u8]);

/// The curve's OID, the signing algorithm that goes with it, and that algorithm's identifier.
fn curve(algorithm: KeyAlgorithm) -> Curve {
    match algorithm {
        KeyAlgorithm::EcdsaP384 => (
            b"\x2b\x81\x04\x00\x22",
            &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
            b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03",
        ),
        KeyAlgorithm::EcdsaP521 => (
            b"\x2b\x81\x04\x00\x23",
            &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
            b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04",
        ),
        _ => (
            b"\x2a\x86\x48\xce\x3d\x03\x01\x07",
            &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
            b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
        ),
    }
}

/// What a SubjectPublicKeyInfo holds, or `None` for a sort of key that we do not admit.
pub(crate) fn spki_algorithm(spki: &[u8]) -> Option<KeyAlgorithm> {
    let mut fields = der::Reader::new(der::single(spki, der::SEQUENCE).ok()?.content);
    let mut algorithm = der::Reader::new(fields.expect(der::SEQUENCE).ok()?.content);
    let bits = fields.expect(der::BIT_STRING).ok()?.content;
    match algorithm.expect(der::OID).ok()?.content {
        ED25519_KEY => Some(KeyAlgorithm::Ed25519),
        EC_PUBLIC_KEY => {
            let oid = algorithm.expect(der::OID).ok()?.content;
            [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384, KeyAlgorithm::EcdsaP521]
                .into_iter()
                .find(|algorithm| curve(*algorithm).0 == oid)
        }
        RSA_ENCRYPTION | RSA_PSS => {
            let key = der::single(bits.get(1..)?, der::SEQUENCE).ok()?;
            let modulus = der::Reader::new(key.content).expect(der::INTEGER).ok()?.content;
            let leading = modulus.iter().position(|byte| *byte != 0)?;
            let bits = (modulus.len() - leading) * 8 - modulus[leading].leading_zeros() as usize;
            u32::try_from(bits).ok().map(KeyAlgorithm::Rsa)
        }
        _ => None,
    }
}

fn damaged() -> Error {
    Error::new(ErrorKind::Parse, "the private key is damaged")
}
