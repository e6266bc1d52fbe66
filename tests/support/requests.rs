//! Requests that `openssl req` makes.

use std::fs;
use std::path::{Path, PathBuf};

use trustdir::ErrorKind;

use super::openssl;

/// How to make one, and what becomes of it.
pub struct RequestShape {
    pub name: &'static str,
    /// What `-newkey` takes, and options for its signature.
    pub key: &'static [&'static str],
    pub subject: &'static str,
    /// The sort of strings in the subject: `string_mask` of `openssl req`.
    pub strings: &'static str,
    /// Lines of x509v3_config(5).
    pub extensions: &'static str,
    /// Lines of attributes of the request itself; the subject is then `CN=a.example`.
    pub attributes: &'static str,
    /// How it is written.
    pub form: &'static [&'static str],
    /// What happens to the file afterwards.
    pub alter: fn(Vec<u8>) -> Vec<u8>,
    pub outcome: Outcome,
}

/// What becomes of a request.
#[derive(Clone, Copy)]
pub enum Outcome {
    /// It is signed for these names, with a note for each of these words and no other.
    Signed { names: &'static [&'static str], notes: &'static [&'static str] },
    /// It is not read, with these words.
    Unreadable(ErrorKind, &'static str),
    /// It is read and not signed, with these words.
    Refused(ErrorKind, &'static str),
}

use Outcome::{Refused, Signed, Unreadable};

const P256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];
const P521: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"];
const RSA: &[&str] = &["rsa:2048"];

const PLAIN: RequestShape = RequestShape {
    name: "P-256 with SHA-256",
    key: P256,
    subject: "/CN=a.example",
    strings: "utf8only",
    extensions: "subjectAltName=DNS:a.example",
    attributes: "",
    form: &[],
    alter: |bytes| bytes,
    outcome: granted(&[]),
};

/// Signed for the one name of [`PLAIN`].
const fn granted(notes: &'static [&'static str]) -> Outcome {
    Signed { names: &["DNS:a.example"], notes }
}

pub const SHAPES: &[RequestShape] = &[
    // Keys and digests: the digest says nothing about the key.
    PLAIN,
    RequestShape { name: "P-256 with SHA-384", key: &[P256[0], P256[1], P256[2], "-sha384"], ..PLAIN },
    RequestShape { name: "P-256 with SHA-512", key: &[P256[0], P256[1], P256[2], "-sha512"], ..PLAIN },
    RequestShape { name: "P-384 with SHA-256", key: P384, ..PLAIN },
    RequestShape { name: "P-384 with SHA-384", key: &[P384[0], P384[1], P384[2], "-sha384"], ..PLAIN },
    RequestShape { name: "P-521 with SHA-256", key: P521, ..PLAIN },
    RequestShape { name: "P-521 with SHA-512", key: &[P521[0], P521[1], P521[2], "-sha512"], ..PLAIN },
    RequestShape { name: "Ed25519", key: &["ed25519"], ..PLAIN },
    RequestShape { name: "RSA-2048", key: RSA, ..PLAIN },
    RequestShape { name: "RSA-2048 with SHA-512", key: &["rsa:2048", "-sha512"], ..PLAIN },
    RequestShape {
        name: "RSA-PSS signature",
        key: &["rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"],
        ..PLAIN
    },
    // Names in the SAN: hosts are granted, what else is asked for is told.
    RequestShape {
        name: "SAN of hosts",
        extensions: "subjectAltName=DNS:a.example,DNS:b.example,IP:10.0.0.1,IP:fd00::1",
        outcome: Signed { names: &["DNS:a.example", "DNS:b.example", "IP:10.0.0.1", "IP:fd00::1"], notes: &[] },
        ..PLAIN
    },
    RequestShape { name: "SAN in capitals", extensions: "subjectAltName=DNS:A.Example", ..PLAIN },
    RequestShape {
        name: "SAN with a wildcard",
        extensions: "subjectAltName=DNS:*.a.example",
        outcome: Signed { names: &["DNS:*.a.example"], notes: &["every host"] },
        ..PLAIN
    },
    RequestShape {
        name: "SAN of an address alone",
        subject: "/CN=nas",
        extensions: "subjectAltName=IP:192.168.1.7",
        outcome: Signed { names: &["IP:192.168.1.7"], notes: &[] },
        ..PLAIN
    },
    RequestShape {
        name: "SAN email",
        extensions: "subjectAltName=DNS:a.example,email:a@b.example",
        outcome: granted(&["email:a@b.example was asked for"]),
        ..PLAIN
    },
    RequestShape {
        name: "SAN URI",
        extensions: "subjectAltName=DNS:a.example,URI:https://a.example/",
        outcome: granted(&["URI:https://a.example/ was asked for"]),
        ..PLAIN
    },
    RequestShape {
        name: "SAN otherName",
        extensions: "subjectAltName=DNS:a.example,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@b.example",
        outcome: granted(&["a name of sort 0"]),
        ..PLAIN
    },
    RequestShape {
        name: "SAN dirName",
        extensions: "subjectAltName=DNS:a.example,dirName:directory\n[directory]\nCN=b.example",
        outcome: granted(&["a name of sort 4"]),
        ..PLAIN
    },
    RequestShape {
        name: "SAN registeredID",
        extensions: "subjectAltName=DNS:a.example,RID:1.2.3.4",
        outcome: granted(&["a name of sort 8"]),
        ..PLAIN
    },
    // The common name counts when no name is asked for.
    RequestShape {
        name: "common name alone",
        extensions: "",
        outcome: granted(&["the common name is granted"]),
        ..PLAIN
    },
    RequestShape {
        name: "common name of an address",
        subject: "/CN=192.168.1.7",
        extensions: "",
        outcome: Signed { names: &["IP:192.168.1.7"], notes: &["the common name is granted"] },
        ..PLAIN
    },
    // Subjects, which are copied as they are.
    RequestShape { name: "emailAddress", subject: "/CN=a.example/emailAddress=a@b.example", ..PLAIN },
    RequestShape { name: "UTF-8 subject", subject: "/CN=a.example/O=Größe 公司 😀", ..PLAIN },
    RequestShape { name: "BMPString subject", subject: "/CN=a.example/O=Größe", strings: "MASK:0x800", ..PLAIN },
    RequestShape { name: "T61String subject", subject: "/CN=a.example/O=Größe", strings: "MASK:0x4", ..PLAIN },
    RequestShape {
        name: "UniversalString subject", subject: "/CN=a.example/O=Größe", strings: "MASK:0x100", ..PLAIN
    },
    RequestShape { name: "PrintableString subject", strings: "nombstr", ..PLAIN },
    RequestShape { name: "multi-valued RDN", subject: "/O=x+OU=y/CN=a.example", ..PLAIN },
    RequestShape { name: "repeated DC and OU", subject: "/DC=com/DC=example/OU=a/OU=b/CN=a.example", ..PLAIN },
    RequestShape { name: "empty subject", subject: "/", ..PLAIN },
    // Extensions and attributes: nothing is granted because it was asked for.
    RequestShape {
        name: "usages and constraints",
        extensions: "subjectAltName=DNS:a.example\nbasicConstraints=CA:FALSE\n\
                     keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth",
        ..PLAIN
    },
    RequestShape {
        name: "CA:TRUE",
        extensions: "subjectAltName=DNS:a.example\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign",
        outcome: granted(&["CA:TRUE"]),
        ..PLAIN
    },
    RequestShape {
        name: "subjectKeyIdentifier",
        extensions: "subjectAltName=DNS:a.example\nsubjectKeyIdentifier=hash",
        outcome: granted(&["2.5.29.14"]),
        ..PLAIN
    },
    RequestShape {
        name: "unknown extension",
        extensions: "subjectAltName=DNS:a.example\n1.2.3.4=ASN1:UTF8String:x",
        outcome: granted(&["1.2.3.4"]),
        ..PLAIN
    },
    RequestShape {
        name: "unknown critical extension",
        extensions: "subjectAltName=DNS:a.example\n1.2.3.4=critical,ASN1:NULL",
        outcome: granted(&["1.2.3.4"]),
        ..PLAIN
    },
    RequestShape {
        name: "TLS feature",
        extensions: "subjectAltName=DNS:a.example\ntlsfeature=status_request",
        outcome: granted(&["1.3.6.1.5.5.7.1.24"]),
        ..PLAIN
    },
    RequestShape {
        name: "private extended key usage",
        extensions: "subjectAltName=DNS:a.example\nextendedKeyUsage=serverAuth,1.3.6.1.4.1.311.10.3.4",
        ..PLAIN
    },
    RequestShape {
        name: "challengePassword and unstructuredName",
        attributes: "challengePassword=secret1\nunstructuredName=x",
        outcome: granted(&["1.2.840.113549.1.9.7", "1.2.840.113549.1.9.2"]),
        ..PLAIN
    },
    // Files.
    RequestShape { name: "text before the PEM", form: &["-text"], ..PLAIN },
    RequestShape { name: "NEW CERTIFICATE REQUEST", form: &["-newhdr"], ..PLAIN },
    RequestShape { name: "DER", form: &["-outform", "DER"], ..PLAIN },
    RequestShape {
        name: "CRLF",
        alter: |bytes| String::from_utf8(bytes).unwrap().replace('\n', "\r\n").into_bytes(),
        ..PLAIN
    },
    // What is refused, by name.
    RequestShape {
        name: "RSA-1024",
        key: &["rsa:1024"],
        outcome: Unreadable(ErrorKind::WeakKey, "1024 bits"),
        ..PLAIN
    },
    RequestShape {
        name: "RSA with SHA-1",
        key: &["rsa:2048", "-sha1"],
        outcome: Unreadable(ErrorKind::Unsupported, "RSA with SHA-1"),
        ..PLAIN
    },
    RequestShape {
        name: "ECDSA with SHA-1",
        key: &[P256[0], P256[1], P256[2], "-sha1"],
        outcome: Unreadable(ErrorKind::Unsupported, "ECDSA with SHA-1"),
        ..PLAIN
    },
    RequestShape {
        name: "RSA with MD5",
        key: &["rsa:2048", "-md5"],
        outcome: Unreadable(ErrorKind::Unsupported, "RSA with MD5"),
        ..PLAIN
    },
    RequestShape {
        name: "RSA-PSS with another salt",
        key: &["rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"],
        outcome: Unreadable(ErrorKind::Unsupported, "RSA-PSS with unusual parameters"),
        ..PLAIN
    },
    RequestShape {
        name: "key for RSA-PSS alone",
        key: &["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-sigopt", "rsa_pss_saltlen:32"],
        outcome: Unreadable(ErrorKind::Unsupported, "RSA-PSS alone"),
        ..PLAIN
    },
    RequestShape {
        name: "Ed448",
        key: &["ed448"],
        outcome: Unreadable(ErrorKind::Unsupported, "neither RSA nor on P-256"),
        ..PLAIN
    },
    RequestShape {
        name: "secp256k1",
        key: &["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
        outcome: Unreadable(ErrorKind::Unsupported, "neither RSA nor on P-256"),
        ..PLAIN
    },
    RequestShape {
        name: "altered after it was signed",
        form: &["-outform", "DER"],
        alter: |mut der| {
            let at = der.windows(9).position(|window| window == b"a.example").unwrap();
            der[at] = b'b';
            der
        },
        outcome: Unreadable(ErrorKind::BadSignature, "damaged or was altered"),
        ..PLAIN
    },
    RequestShape {
        name: "cut off",
        form: &["-outform", "DER"],
        alter: |der| der[..der.len() - 1].to_vec(),
        outcome: Unreadable(ErrorKind::Parse, ""),
        ..PLAIN
    },
    RequestShape {
        name: "no host",
        extensions: "subjectAltName=email:a@b.example",
        outcome: Refused(ErrorKind::InvalidArgument, "names no host"),
        ..PLAIN
    },
    RequestShape {
        name: "common name that is no host",
        subject: "/CN=My Laptop",
        extensions: "",
        outcome: Refused(ErrorKind::InvalidArgument, "neither a DNS name nor an IP address"),
        ..PLAIN
    },
    RequestShape {
        name: "SAN that is no host",
        extensions: "subjectAltName=DNS:a..example",
        outcome: Refused(ErrorKind::InvalidArgument, "neither a DNS name nor an IP address"),
        ..PLAIN
    },
];

impl RequestShape {
    /// Makes it in `dir` and returns its file.
    pub fn make(&self, dir: &Path) -> PathBuf {
        let (given, prompt) = if self.attributes.is_empty() { ("", "yes") } else { ("CN=a.example", "no") };
        let config = format!(
            "[req]\ndistinguished_name=subject\nstring_mask={}\nutf8=yes\nprompt={prompt}\nattributes=attributes\n\
             req_extensions=extensions\n[subject]\n{given}\n[attributes]\n{}\n[extensions]\n{}\n",
            self.strings, self.attributes, self.extensions
        );
        fs::write(dir.join("req.cnf"), config).unwrap();
        let fixed = ["req", "-config", "req.cnf", "-multivalue-rdn", "-nodes", "-keyout", "req.key", "-out", "req"];
        let subject: &[&str] = if self.attributes.is_empty() { &["-subj", self.subject] } else { &[] };
        openssl(&[&fixed[..], &["-newkey"], self.key, subject, self.form].concat(), dir);
        let file = dir.join(format!("{}.csr", self.name.replace(' ', "-")));
        fs::write(&file, (self.alter)(fs::read(dir.join("req")).unwrap())).unwrap();
        file
    }
}
