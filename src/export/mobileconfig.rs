//! Apple configuration profiles (`.mobileconfig`): what an iPhone, an iPad or a Mac installs in one step.
//!
//! The keys are those of Apple's Device Management reference, "Configuration Profiles": TopLevel,
//! CertificateRoot, CertificatePKCS1 and CertificatePKCS12.

use std::fmt::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::certificate::{Certificate, Fingerprint};
use crate::error::{Result, escape};
use crate::file::{self, Mode};

/// A configuration profile: authorities to trust and, with the feature `pkcs12`, identities to show.
///
/// Identifiers are made from what is in it, so a profile that is installed again replaces itself, also when its
/// authority or identity was renewed in between. It is not signed; the device says so and installs it all the
/// same. On an iPhone or iPad an authority counts in TLS only after its owner has switched it on, under
/// Settings, General, About, Certificate Trust Settings; the profile's description says so.
///
/// A web server hands it out as `application/x-apple-aspen-config`.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// use trustdir::Authority;
/// use trustdir::export::MobileConfig;
///
/// let ca = Authority::create(dir.join("pki"), Default::default())?;
/// MobileConfig::new("Home").with_authority(ca.certificate()).save(dir.join("home.mobileconfig"))?;
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone)]
pub struct MobileConfig {
    name: String,
    payloads: Vec<Payload>,
}

/// One thing that is installed.
#[derive(Clone)]
struct Payload {
    kind: &'static str,
    file: &'static str,
    name: String,
    description: &'static str,
    content: Zeroizing<Vec<u8>>,
    password: Option<Zeroizing<String>>,
    /// Changes when the certificate does.
    uuid: String,
    /// Outlasts a renewal.
    lasting: Vec<u8>,
}

const ROOT: &str = "com.apple.security.root";
const INTERMEDIATE: &str = "com.apple.security.pkcs1";
#[cfg(feature = "pkcs12")]
const IDENTITY: &str = "com.apple.security.pkcs12";

impl MobileConfig {
    /// An empty profile under the name that the device shows.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), payloads: Vec::new() }
    }

    /// Adds a certificate to trust: a self-signed one as a root, any other as an intermediate one.
    #[must_use]
    pub fn with_authority(mut self, authority: &Certificate) -> Self {
        let root = authority.is_self_issued();
        self.payloads.push(Payload {
            kind: if root { ROOT } else { INTERMEDIATE },
            file: "authority.cer",
            name: name(authority),
            description: "Trusts the services whose certificates this authority has signed",
            content: Zeroizing::new(authority.as_der().to_vec()),
            password: None,
            uuid: uuid(&[b"authority", authority.as_der()]),
            lasting: authority.spki().to_vec(),
        });
        self
    }

    /// Adds a client's key and chain as a PKCS#12 file in the form that Apple reads
    /// ([`Compat`](super::Pkcs12Profile::Compat)). The device asks for the password, unless `embed` puts it beside the
    /// key: then whoever reads the profile has the key.
    ///
    /// Fails as [`to_pkcs12`](crate::Identity::to_pkcs12) does, and with
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a password to embed that XML cannot carry.
    #[cfg(feature = "pkcs12")]
    pub fn with_identity(mut self, identity: &crate::Identity, password: &str, embed: bool) -> Result<Self> {
        use super::pkcs12::{Pkcs12Options, Pkcs12Profile};
        use crate::error::{Error, ErrorKind};

        if embed && password.chars().any(|c| !in_xml(c)) {
            let message = "the password has a character that a profile cannot carry; choose another";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let certificate = identity.certificate();
        let options = Pkcs12Options { profile: Pkcs12Profile::Compat, ..Pkcs12Options::default() };
        self.payloads.push(Payload {
            kind: IDENTITY,
            file: "identity.p12",
            name: name(certificate),
            description: "Shows services who you are",
            content: Zeroizing::new(identity.to_pkcs12(password, &options)?),
            password: embed.then(|| Zeroizing::new(password.to_owned())),
            uuid: uuid(&[b"identity", certificate.as_der()]),
            lasting: certificate.subject().as_der().to_vec(),
        });
        Ok(self)
    }

    /// The profile as an XML property list.
    pub fn to_xml(&self) -> Zeroizing<String> {
        let lasting: Vec<_> = self.payloads.iter().map(|payload| payload.lasting.as_slice()).collect();
        let current: Vec<_> = self.payloads.iter().map(|payload| payload.uuid.as_bytes()).collect();
        // Full size at once: a buffer that grows leaves copies of a password behind.
        let size: usize = self.payloads.iter().map(|payload| payload.content.len() * 2 + 4096).sum();
        let mut xml = Zeroizing::new(String::with_capacity(size + 4096));
        xml.push_str(HEAD);
        for payload in &self.payloads {
            payload.write(&mut xml);
        }
        xml.push_str("\t</array>\n");
        text(&mut xml, 1, "PayloadDescription", DESCRIPTION);
        text(&mut xml, 1, "PayloadDisplayName", &self.name);
        text(&mut xml, 1, "PayloadIdentifier", &format!("trustdir.{}", uuid(&lasting)));
        text(&mut xml, 1, "PayloadType", "Configuration");
        text(&mut xml, 1, "PayloadUUID", &uuid(&current));
        xml.push_str(FOOT);
        xml
    }

    /// Writes the profile into a new file, readable by its owner alone if it holds a key (0600, else 0644). An existing
    /// file is [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let authorities = self.payloads.iter().all(|payload| [ROOT, INTERMEDIATE].contains(&payload.kind));
        let mode = if authorities { Mode::Public } else { Mode::Private };
        file::create(path.as_ref(), self.to_xml().as_bytes(), mode)
    }
}

impl fmt::Debug for MobileConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MobileConfig({:?}, {} payloads)", self.name, self.payloads.len())
    }
}

impl Payload {
    fn write(&self, xml: &mut String) {
        xml.push_str("\t\t<dict>\n");
        if let Some(password) = &self.password {
            text(xml, 3, "Password", password);
        }
        text(xml, 3, "PayloadCertificateFileName", self.file);
        xml.push_str("\t\t\t<key>PayloadContent</key>\n\t\t\t<data>");
        STANDARD.encode_string(&*self.content, xml);
        xml.push_str("</data>\n");
        text(xml, 3, "PayloadDescription", self.description);
        text(xml, 3, "PayloadDisplayName", &self.name);
        text(xml, 3, "PayloadIdentifier", &format!("{}.{}", self.kind, uuid(&[&self.lasting])));
        text(xml, 3, "PayloadType", self.kind);
        text(xml, 3, "PayloadUUID", &self.uuid);
        xml.push_str("\t\t\t<key>PayloadVersion</key>\n\t\t\t<integer>1</integer>\n\t\t</dict>\n");
    }
}

const DESCRIPTION: &str = "On an iPhone or iPad, switch the authority on afterwards: \
    Settings, General, About, Certificate Trust Settings.";

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
"#;

const FOOT: &str = "\t<key>PayloadVersion</key>\n\t<integer>1</integer>\n</dict>\n</plist>\n";

/// Writes a key and its string, one to a line.
fn text(xml: &mut String, depth: usize, key: &str, value: &str) {
    let indent = &"\t\t\t"[..depth];
    // Writing to a String does not fail.
    let _ = write!(xml, "{indent}<key>{key}</key>\n{indent}<string>");
    for c in value.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            c if in_xml(c) => xml.push(c),
            _ => xml.push(char::REPLACEMENT_CHARACTER),
        }
    }
    xml.push_str("</string>\n");
}

/// What an XML 1.0 parser gives back as it stood, and on one line.
fn in_xml(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// What the device calls a certificate. iOS lists none without a name.
fn name(certificate: &Certificate) -> String {
    let subject = certificate.subject();
    escape(&subject.common_name().filter(|name| !name.is_empty()).unwrap_or_else(|| subject.to_string()))
}

/// A UUID of version 8 (RFC 9562, 5.8) from the SHA-256 of the parts and their lengths.
fn uuid(parts: &[&[u8]]) -> String {
    let framed: Vec<u8> = parts.iter().flat_map(|part| [&part.len().to_be_bytes(), *part].concat()).collect();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Fingerprint::of(&framed).0[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_of_version_8_and_depend_on_every_boundary() {
        let one = uuid(&[b"ab", b"c"]);
        assert_eq!((one.len(), &one[14..15], &one), (36, "8", &uuid(&[b"ab", b"c"])));
        assert!(matches!(&one[19..20], "8" | "9" | "A" | "B"), "{one}");
        assert_ne!(one, uuid(&[b"a", b"bc"]));
    }

    #[test]
    fn a_strangers_name_stays_text() {
        let mut xml = String::new();
        text(&mut xml, 1, "K", "</string>&\u{1}");
        assert_eq!(xml, "\t<key>K</key>\n\t<string>&lt;/string&gt;&amp;\u{fffd}</string>\n");
    }
}
