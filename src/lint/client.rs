//! Who refuses.

use std::fmt;

/// A program or library that judges certificates: as a client those of servers, as a server those of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Client {
    /// Android and its apps.
    Android,
    /// iOS, iPadOS and macOS.
    Apple,
    /// Chrome and what is built on it.
    Chrome,
    /// Firefox.
    Firefox,
    /// Programs in Go.
    Go,
    /// OpenSSL 3 at security level 2, as Debian and Ubuntu set it; curl, nginx, Node and many more.
    OpenSsl,
    /// Python from 3.13 on, whose default context is strict, and whatever else sets `-x509_strict`.
    Python,
    /// Programs with rustls and webpki.
    Rustls,
}

impl Client {
    /// Every client.
    pub const ALL: [Self; 8] =
        [Self::Android, Self::Apple, Self::Chrome, Self::Firefox, Self::Go, Self::OpenSsl, Self::Python, Self::Rustls];

    /// The client's code in JSON and in other languages, such as `OPENSSL`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Android => "ANDROID",
            Self::Apple => "APPLE",
            Self::Chrome => "CHROME",
            Self::Firefox => "FIREFOX",
            Self::Go => "GO",
            Self::OpenSsl => "OPENSSL",
            Self::Python => "PYTHON",
            Self::Rustls => "RUSTLS",
        }
    }
}

/// Its name for people.
impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Android => "Android",
            Self::Apple => "Apple",
            Self::Chrome => "Chrome",
            Self::Firefox => "Firefox",
            Self::Go => "Go",
            Self::OpenSsl => "OpenSSL",
            Self::Python => "Python 3.13",
            Self::Rustls => "rustls",
        })
    }
}

pub(super) const ALL: &[Client] = &Client::ALL;

/// rustls takes a root's name, key and name constraints, and looks at nothing else in it (RFC 5280, 6.2).
pub(super) const ALL_BUT_RUSTLS: &[Client] =
    &[Client::Android, Client::Apple, Client::Chrome, Client::Firefox, Client::Go, Client::OpenSsl, Client::Python];

/// Who does not look for a host in the common name.
pub(super) const SAN_ONLY: &[Client] =
    &[Client::Android, Client::Apple, Client::Chrome, Client::Firefox, Client::Go, Client::Rustls];

/// Whose servers judge clients' certificates.
pub(super) const SERVERS: &[Client] = &[Client::Go, Client::OpenSsl, Client::Python, Client::Rustls];

pub(super) const OPENSSL: &[Client] = &[Client::OpenSsl, Client::Python];

/// Who refuses RSA of 1024 to 2047 bits.
pub(super) const WEAK_KEY: &[Client] = &[Client::Apple, Client::OpenSsl, Client::Python, Client::Rustls];
