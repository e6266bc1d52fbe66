//! What devices and other programs take in: PKCS#12 files, Apple configuration profiles, bundles of PEM, and DER.
//!
//! | who | what | how |
//! |---|---|---|
//! | Windows, macOS, iOS, Android, Java, Firefox | a client's key and certificates | `Identity::to_pkcs12` |
//! | iPhone, iPad, Mac | the authority, and an identity | [`MobileConfig`] |
//! | Android, Windows | the authority | [`save_der`] |
//! | Java | the authorities it trusts | `truststore` |
//! | web servers, proxies | a chain with its issuers | [`full_chain`], [`save_bundle`] |
//! | curl, wget, HAProxy | certificate and key in one file | [`Identity::save_bundle`](crate::Identity::save_bundle) |
//!
//! No file is ever overwritten, and what holds a private key is readable by its owner alone from its creation.
//! PKCS#12 needs the feature `pkcs12`.

#[cfg(feature = "pkcs12")]
mod archive;
mod bundle;
mod mobileconfig;
#[cfg(feature = "pkcs12")]
mod pkcs12;
#[cfg(feature = "pkcs12")]
mod protection;

pub use crate::identity::full_chain;
pub use bundle::{save_bundle, save_der};
pub use mobileconfig::MobileConfig;
#[cfg(feature = "pkcs12")]
pub use pkcs12::{Pkcs12Options, Pkcs12Profile, truststore};
