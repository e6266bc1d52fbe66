//! The rules by name.

use std::fmt;

/// Names each rule once: its variant, its code, and what it says.
macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+) => {
        /// What is asked of a certificate, a request, a chain or a key. New rules may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// The rule's code in JSON and in other languages, such as `NO_SAN`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    };
}

rules! {
    /// What is there cannot be read as a certificate, a request or a private key.
    Unreadable = "UNREADABLE",
    /// An end entity is X.509 v3; `openssl x509 -req` without `-extfile` made v1 before OpenSSL 3.2.
    Version1 = "VERSION_1",
    /// RSA keys have at least 2048 bits (Apple, support article 103769).
    WeakKey = "WEAK_KEY",
    /// A sort of key that some clients do not know: Ed25519, P-521, RSA-PSS and rarer ones.
    UnusualKey = "UNUSUAL_KEY",
    /// Signatures are made over SHA-2, not over SHA-1 or MD5.
    WeakSignature = "WEAK_SIGNATURE",
    /// A signature algorithm that some clients do not know.
    UnusualSignature = "UNUSUAL_SIGNATURE",
    /// Serial numbers are positive (RFC 5280, 4.1.2.2).
    SerialNotPositive = "SERIAL_NOT_POSITIVE",
    /// Serial numbers have at least 64 bits, so that they do not repeat and cannot be foretold.
    SerialShort = "SERIAL_SHORT",
    /// Serial numbers have at most 20 bytes (RFC 5280, 4.1.2.2).
    SerialLong = "SERIAL_LONG",
    /// An issuer gives each serial number once (RFC 5280, 4.1.2.2).
    DuplicateSerial = "DUPLICATE_SERIAL",
    /// A critical extension that is not known is a reason to refuse (RFC 5280, 4.2).
    UnknownCriticalExtension = "UNKNOWN_CRITICAL_EXTENSION",
    /// The validity is over.
    Expired = "EXPIRED",
    /// The validity has not begun.
    NotYetValid = "NOT_YET_VALID",
    /// The validity ends within 30 days, or within the last third of a shorter one.
    ExpiresSoon = "EXPIRES_SOON",
    /// Servers' certificates live at most 825 days, under private authorities too (Apple, 103769).
    ValidityOver825Days = "VALIDITY_OVER_825_DAYS",
    /// Nothing in the certificate or request says what it is for; the profile was guessed.
    PurposeUnsaid = "PURPOSE_UNSAID",
    /// An end entity does not say CA:TRUE, as `openssl req -x509` writes.
    CaAsEndEntity = "CA_AS_END_ENTITY",
    /// A server's certificate has an extended key usage (Apple, 103769).
    NoEku = "NO_EKU",
    /// An extended key usage names what the certificate is used for (RFC 5280, 4.2.1.12).
    WrongEku = "WRONG_EKU",
    /// A key usage that is there allows digital signatures (RFC 5280, 4.2.1.3).
    NoDigitalSignature = "NO_DIGITAL_SIGNATURE",
    /// Only authorities have the key usage keyCertSign (RFC 5280, 4.2.1.3).
    CertSignWithoutCa = "CERT_SIGN_WITHOUT_CA",
    /// What an authority issues names the authority's key (RFC 5280, 4.2.1.1).
    NoAki = "NO_AKI",
    /// Issuers have names, and so have subjects unless a critical SAN stands for them (RFC 5280, 4.1.2).
    EmptyName = "EMPTY_NAME",
    /// A server's DNS names and IP addresses are in the SAN; common names do not count (RFC 9525).
    NoSan = "NO_SAN",
    /// An IP address that stands in the common name only matches for nobody.
    IpInCnOnly = "IP_IN_CN_ONLY",
    /// A host name that stands in the common name and not in the SAN does not match.
    NameInCnOnly = "NAME_IN_CN_ONLY",
    /// An IP address is written as such, not as a DNS name (RFC 5280, 4.2.1.6).
    IpAsDns = "IP_AS_DNS",
    /// What stands as a DNS name is one.
    BadDnsName = "BAD_DNS_NAME",
    /// A wildcard is the whole first label, with at least two labels behind it (RFC 9525, 6.3).
    Wildcard = "WILDCARD",
    /// What signs certificates says CA:TRUE (RFC 5280, 4.2.1.9).
    NotAnAuthority = "NOT_AN_AUTHORITY",
    /// An authority's basicConstraints is critical (RFC 5280, 4.2.1.9).
    BasicConstraintsNotCritical = "BASIC_CONSTRAINTS_NOT_CRITICAL",
    /// An authority has the key usage keyCertSign (RFC 5280, 4.2.1.3).
    NoKeyUsageCertSign = "NO_KEY_USAGE_CERT_SIGN",
    /// An authority has a subject key identifier (RFC 5280, 4.2.1.2).
    NoSki = "NO_SKI",
    /// An authority that devices import has a common name.
    NoCommonName = "NO_COMMON_NAME",
    /// A chain begins with the end entity; each certificate is followed by its issuer's (RFC 5246, 7.4.2).
    ChainOrder = "CHAIN_ORDER",
    /// Every issuer but the root is in the chain.
    ChainMissingIssuer = "CHAIN_MISSING_ISSUER",
    /// The issuer's key has made the signature.
    ChainSignature = "CHAIN_SIGNATURE",
    /// The authority key identifier is the issuer's subject key identifier.
    AkiMismatch = "AKI_MISMATCH",
    /// An issuer with an extended key usage names every purpose of what is below it.
    IssuerEku = "ISSUER_EKU",
    /// There are no more authorities below an issuer than its path length allows (RFC 5280, 4.2.1.9).
    PathLength = "PATH_LENGTH",
    /// The names lie within the issuers' name constraints (RFC 5280, 4.2.1.10).
    NameConstraints = "NAME_CONSTRAINTS",
    /// A certificate ends no later than its issuer's.
    OutlivesIssuer = "OUTLIVES_ISSUER",
    /// A request does not ask for CA:TRUE.
    RequestAsksAuthority = "REQUEST_ASKS_AUTHORITY",
    /// A request is signed by its own key.
    BadSignature = "BAD_SIGNATURE",
    /// Nobody but its owner reads a private key.
    KeyReadable = "KEY_READABLE",
    /// A certificate and the key beside it belong together.
    KeyMismatch = "KEY_MISMATCH",
    /// Diffie-Hellman parameters have at least 2048 bits.
    WeakDhParameters = "WEAK_DH_PARAMETERS",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
