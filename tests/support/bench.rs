//! A workbench: certificates of every shape, made by `openssl`.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use trustdir::Certificate;

/// A folder in which `openssl` makes certificates.
pub struct Bench(TempDir, Cell<usize>);

/// What a certificate shall be like.
#[derive(Clone)]
pub struct Shape {
    pub subject: &'static str,
    pub days: &'static str,
    pub key: &'static str,
    pub digest: &'static str,
    pub serial: &'static str,
    pub extensions: Vec<(&'static str, &'static str)>,
}

/// A certificate, its key's file, and its own file.
pub struct Made {
    pub certificate: Certificate,
    pub file: PathBuf,
    pub key: PathBuf,
}

impl Shape {
    pub fn root() -> Self {
        Self {
            subject: "/CN=Home CA",
            days: "3650",
            key: "P-256",
            digest: "sha256",
            serial: "0x4f00112233445566778899aabbccddee",
            extensions: vec![
                ("basicConstraints", "critical,CA:TRUE"),
                ("keyUsage", "critical,keyCertSign,cRLSign"),
                ("subjectKeyIdentifier", "hash"),
            ],
        }
    }

    pub fn intermediate() -> Self {
        let root = Self { subject: "/CN=Home CA 2", serial: "0x4f112233445566778899aabbccddeeff", ..Self::root() };
        root.set("authorityKeyIdentifier", "keyid")
    }

    pub fn server() -> Self {
        Self {
            subject: "/CN=nas.home.arpa",
            days: "397",
            key: "P-256",
            digest: "sha256",
            serial: "0x4f2233445566778899aabbccddeeff00",
            extensions: vec![
                ("basicConstraints", "critical,CA:FALSE"),
                ("keyUsage", "critical,digitalSignature"),
                ("extendedKeyUsage", "serverAuth"),
                ("subjectAltName", "DNS:nas.home.arpa"),
                ("subjectKeyIdentifier", "hash"),
                ("authorityKeyIdentifier", "keyid"),
            ],
        }
    }

    pub fn client() -> Self {
        let server = Self { subject: "/CN=alice", ..Self::server() };
        server.set("extendedKeyUsage", "clientAuth").without("subjectAltName")
    }

    pub fn set(mut self, name: &'static str, value: &'static str) -> Self {
        self = self.without(name);
        self.extensions.push((name, value));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.extensions.retain(|(known, _)| *known != name);
        self
    }

    /// As `openssl x509 -req` without `-extfile` makes it.
    pub fn version_1(self) -> Self {
        Self { extensions: Vec::new(), ..self }
    }
}

impl Bench {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap(), Cell::new(0))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn openssl(&self, arguments: &[&str]) -> bool {
        let output = Command::new("openssl").current_dir(self.path()).args(arguments).output().unwrap();
        output.status.success()
    }

    #[track_caller]
    pub fn run(&self, arguments: &str) {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        assert!(self.openssl(&arguments), "openssl {arguments:?}");
    }

    pub fn key(&self, name: &str, algorithm: &str) {
        match algorithm.strip_prefix("rsa:") {
            Some(bits) => self.run(&format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out {name}.key")),
            None if algorithm.starts_with("ed") => self.run(&format!("genpkey -algorithm {algorithm} -out {name}.key")),
            None if algorithm == "pss" => self.run(&format!("genpkey -algorithm RSA-PSS -out {name}.key")),
            None => self.run(&format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{algorithm} -out {name}.key")),
        }
    }

    /// Makes a certificate, signed by the issuer or by itself.
    pub fn make(&self, shape: &Shape, issuer: Option<&Made>) -> Made {
        self.1.set(self.1.get() + 1);
        let name = format!("made{}", self.1.get());
        self.key(&name, shape.key);
        assert!(self.openssl(&[
            "req",
            "-new",
            "-key",
            &format!("{name}.key"),
            "-subj",
            shape.subject,
            "-out",
            &format!("{name}.csr")
        ]));
        let lines: Vec<String> = shape.extensions.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        fs::write(self.path().join("extensions"), lines.concat()).unwrap();
        let (request, file, own, digest) =
            (format!("{name}.csr"), format!("{name}.pem"), format!("{name}.key"), format!("-{}", shape.digest));
        let mut arguments = vec!["x509", "-req", "-in", &request, "-out", &file, "-days", shape.days, &digest];
        arguments.extend(["-set_serial", shape.serial]);
        if !shape.extensions.is_empty() {
            arguments.extend(["-extfile", "extensions"]);
        }
        match issuer {
            Some(issuer) => {
                arguments.extend(["-CA", issuer.file.to_str().unwrap(), "-CAkey", issuer.key.to_str().unwrap()]);
            }
            None => arguments.extend(["-signkey", &own]),
        }
        assert!(self.openssl(&arguments), "openssl {arguments:?}");
        let (file, key) = (self.path().join(file), self.path().join(own));
        Made { certificate: Certificate::load(&file).unwrap(), file, key }
    }

    /// A whole chain, end entity first.
    pub fn chain(&self, shapes: &[Shape]) -> Vec<Made> {
        let mut made: Vec<Made> = Vec::new();
        for shape in shapes.iter().rev() {
            made.insert(0, self.make(shape, made.first()));
        }
        made
    }
}
