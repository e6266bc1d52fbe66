//! Authorities that other people's programs make, laid out as `openssl ca` has them.

use std::fs;
use std::path::Path;

use super::{openssl, try_run};

/// How to make one with `openssl req -x509`.
pub struct AuthorityShape {
    pub name: &'static str,
    /// What `-newkey` takes, and options for its signature.
    pub key: &'static [&'static str],
    pub subject: &'static str,
    /// The sort of strings in the subject: `string_mask` of `openssl req`.
    pub strings: &'static str,
    /// Lines of x509v3_config(5); none makes version 1.
    pub extensions: &'static str,
    pub passphrase: Option<&'static str>,
    /// Signed by a root of its own instead of by itself.
    pub intermediate: bool,
}

const FULL: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
                    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid";

/// What the configuration that comes with OpenSSL 3 gives to `req -x509`: no keyUsage.
const PLAIN: &str =
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always,issuer\nbasicConstraints=critical,CA:TRUE";

const P256: AuthorityShape = AuthorityShape {
    name: "P-256",
    key: &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    subject: "/O=Example/CN=Foreign CA",
    strings: "utf8only",
    extensions: FULL,
    passphrase: None,
    intermediate: false,
};

const P384: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];

/// The Rocket.Chat guide's root.
pub const ROCKET_CHAT: AuthorityShape = AuthorityShape {
    name: "Rocket.Chat",
    key: &["rsa:4096", "-sha256"],
    subject: "/C=AU/ST=Some-State/O=Internet Widgits Pty Ltd/CN=Rocket.Chat",
    extensions: PLAIN,
    passphrase: Some("test"),
    ..P256
};

/// What pimatic's `ssl-setup` makes, at every installation under the same name.
pub const PIMATIC: AuthorityShape = AuthorityShape {
    name: "pimatic",
    key: &["rsa:4096", "-sha256"],
    subject: "/C=DE/ST=Germany/L=pimatic city/O=pimatic.org/OU=pimatic.org/CN=pimatic.org",
    extensions: "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always,issuer:always\nbasicConstraints=CA:TRUE",
    passphrase: Some("test"),
    ..P256
};

/// Authorities that sign requests.
pub const USABLE: &[AuthorityShape] = &[
    P256,
    AuthorityShape { name: "P-384", key: P384, ..P256 },
    AuthorityShape { name: "P-521", key: &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], ..P256 },
    AuthorityShape { name: "Ed25519", key: &["ed25519"], ..P256 },
    AuthorityShape { name: "RSA-2048", key: &["rsa:2048"], ..P256 },
    AuthorityShape {
        name: "RSA-PSS signature",
        key: &["rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"],
        ..P256
    },
    AuthorityShape { name: "emailAddress", subject: "/CN=Foreign CA/emailAddress=ca@example.com", ..P256 },
    AuthorityShape { name: "UTF-8", subject: "/O=Größe & Söhne/CN=Строка 公司 😀", ..P256 },
    AuthorityShape { name: "BMPString", subject: "/O=Größe/CN=Foreign CA", strings: "MASK:0x800", ..P256 },
    AuthorityShape { name: "T61String", subject: "/O=Größe/CN=Foreign CA", strings: "MASK:0x4", ..P256 },
    AuthorityShape { name: "repeated DC and OU", subject: "/DC=com/DC=example/OU=a/OU=b/CN=Foreign CA", ..P256 },
    AuthorityShape { name: "multi-valued RDN", subject: "/O=Example+OU=Unit/CN=Foreign CA", ..P256 },
    AuthorityShape { name: "no keyUsage", extensions: PLAIN, ..P256 },
    AuthorityShape {
        name: "no key identifiers",
        extensions: "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n\
                     subjectKeyIdentifier=none\nauthorityKeyIdentifier=none",
        ..P256
    },
    AuthorityShape {
        name: "pathlen 0",
        extensions: "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
                     subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid",
        ..P256
    },
    AuthorityShape {
        name: "easy-rsa",
        key: &["rsa:2048", "-sha256"],
        subject: "/CN=Easy-RSA CA",
        extensions: "basicConstraints=CA:TRUE\nsubjectKeyIdentifier=hash\n\
                     authorityKeyIdentifier=keyid:always,issuer:always\nkeyUsage=cRLSign,keyCertSign",
        ..P256
    },
    AuthorityShape {
        name: "mkcert",
        key: &["rsa:3072"],
        subject: "/O=mkcert development CA/OU=me@laptop/CN=mkcert me@laptop",
        extensions: "keyUsage=critical,keyCertSign\nbasicConstraints=critical,CA:TRUE,pathlen:0\n\
                     subjectKeyIdentifier=hash\nauthorityKeyIdentifier=none",
        ..P256
    },
    AuthorityShape {
        name: "minica",
        key: P384,
        subject: "/CN=minica root ca 3f2a1b",
        extensions: "keyUsage=critical,digitalSignature,keyCertSign\nextendedKeyUsage=serverAuth,clientAuth\n\
                     basicConstraints=critical,CA:TRUE,pathlen:0\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid",
        ..P256
    },
    AuthorityShape { name: "intermediate", subject: "/CN=Intermediate CA", intermediate: true, ..P256 },
    AuthorityShape { name: "version 1", extensions: "", ..P256 },
    ROCKET_CHAT,
    PIMATIC,
];

/// Authorities that are not opened, and what is said of them.
pub const REFUSED: &[(AuthorityShape, &str)] = &[
    (AuthorityShape { name: "CA:FALSE", extensions: "basicConstraints=CA:FALSE", ..P256 }, "basicConstraints"),
    (AuthorityShape { name: "secp256k1", key: &["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], ..P256 }, "P-256"),
    (AuthorityShape { name: "Ed448", key: &["ed448"], ..P256 }, "1.3.101.113"),
    (AuthorityShape { name: "RSA-1024", key: &["rsa:1024"], ..P256 }, "2048"),
];

impl AuthorityShape {
    /// Makes it in `dir`: the layout that `openssl ca` works in, and ours.
    pub fn make(&self, dir: &Path) {
        for part in ["private", "newcerts"] {
            fs::create_dir_all(dir.join(part)).unwrap();
        }
        for (name, text) in [("index.txt", ""), ("index.txt.attr", "unique_subject = no\n"), ("serial", "1000\n")] {
            fs::write(dir.join(name), text).unwrap();
        }
        let sections = [("extensions", self.extensions), ("root", FULL)];
        let sections = sections.map(|(name, lines)| format!("[{name}]\n{lines}\n")).concat();
        let config =
            format!("[req]\ndistinguished_name=empty\nstring_mask={}\nutf8=yes\n[empty]\n{sections}", self.strings);
        fs::write(dir.join("req.cnf"), config).unwrap();

        let request = ["req", "-x509", "-config", "req.cnf", "-days", "3650", "-multivalue-rdn", "-newkey"];
        if self.intermediate {
            let root =
                ["-nodes", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root", "-extensions", "root"];
            openssl(&[&request, P256.key, &root].concat(), dir);
        }
        let passphrase = self.passphrase.map(|passphrase| format!("pass:{passphrase}"));
        let mut more = passphrase.as_ref().map_or(vec!["-nodes"], |passphrase| vec!["-passout", passphrase]);
        if self.intermediate {
            more.extend(["-CA", "root.pem", "-CAkey", "root.key"]);
        }
        if !self.extensions.is_empty() {
            more.extend(["-extensions", "extensions"]);
        } else if String::from_utf8_lossy(&try_run("openssl", &["req", "-help"], dir).stderr).contains("-x509v1") {
            // Later OpenSSLs add extensions of their own.
            more.push("-x509v1");
        }
        let files = ["-keyout", "private/cakey.pem", "-out", "cacert.pem", "-subj", self.subject];
        openssl(&[&request, self.key, &files, &more].concat(), dir);
    }
}
