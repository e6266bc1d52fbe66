//! Chains and revocation lists that `openssl` makes, with whatever faults are asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls_pki_types::{CertificateDer, UnixTime};
use tempfile::TempDir;
use trustdir::{AuthorityDir, AuthorityDirOptions, Certificate};
use webpki::{CertRevocationList, EndEntityCert, KeyUsage, OwnedCertRevocationList, RevocationOptionsBuilder};

use super::{ClientFiles, openssl, text};

/// What an authority should say.
pub const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
                             subjectKeyIdentifier=hash";
/// What a client's certificate should say.
pub const CLIENT: &str = "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth";

const P256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub const RSA_1024: &[&str] = &["rsa:1024"];

/// A folder of certificates `NAME.pem`, keys `NAME.key` and a directory of authorities.
pub struct Chains(pub TempDir);

impl Chains {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("authorities")).unwrap();
        fs::write(dir.path().join("empty.cnf"), "[req]\ndistinguished_name=empty\n[empty]\n").unwrap();
        Self(dir)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn load(&self, name: &str) -> Certificate {
        Certificate::load(self.path(&format!("{name}.pem"))).unwrap()
    }

    /// Makes a certificate of 30 days, signed by `issuer` or by itself.
    pub fn make(&self, name: &str, issuer: Option<&str>, extensions: &str) {
        self.make_with(name, issuer, extensions, P256, 30);
    }

    pub fn make_with(&self, name: &str, issuer: Option<&str>, extensions: &str, key: &[&str], days: u32) {
        let (own_key, request, out) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let subject = format!("/CN={}", name.split('@').next().unwrap());
        let new = ["req", "-config", "empty.cnf", "-nodes", "-subj", &subject, "-keyout", &own_key, "-out", &request];
        openssl(&[&new[..], &["-newkey"], key].concat(), self.0.path());
        fs::write(self.path(&format!("{name}.ext")), extensions).unwrap();
        let (days, file) = (days.to_string(), format!("{name}.ext"));
        let sign = ["x509", "-req", "-in", &request, "-out", &out, "-days", &days, "-extfile", &file];
        let (ca, ca_key) = issuer.map(|issuer| (format!("{issuer}.pem"), format!("{issuer}.key"))).unwrap_or_default();
        let by = if issuer.is_some() {
            vec!["-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial"]
        } else {
            vec!["-signkey", &own_key]
        };
        openssl(&[&sign[..], &by].concat(), self.0.path());
    }

    /// Makes a list by `issuer` in `file`, from and to these days from now.
    pub fn crl(&self, issuer: &str, revoked: &[&str], days: (i64, i64), file: &str) {
        let index: String = revoked.iter().fold(String::new(), |index, name| {
            let serial = self.load(name).serial().to_uppercase();
            index + &format!("R\t401231235959Z\t260101000000Z\t{serial}\tunknown\t/CN={name}\n")
        });
        fs::write(self.path("index.txt"), index).unwrap();
        fs::write(self.path("crlnumber"), "01\n").unwrap();
        let config = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n\
                      default_crl_days=30\ncrl_extensions=x\n[x]\n";
        let key_id = self.load(issuer).purposes() == ["authority"];
        let key_id = if key_id { "authorityKeyIdentifier=keyid\n" } else { "" };
        fs::write(self.path("ca.cnf"), config.to_owned() + key_id).unwrap();
        let (certificate, key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        let (from, to) = (openssl_time(days.0), openssl_time(days.1));
        let arguments = ["ca", "-config", "ca.cnf", "-gencrl", "-cert", &certificate, "-keyfile", &key, "-out", file];
        openssl(&[&arguments[..], &["-crl_lastupdate", &from, "-crl_nextupdate", &to]].concat(), self.0.path());
    }

    /// Makes a list from yesterday to tomorrow under the name by which OpenSSL finds it; its number is chosen.
    pub fn install_crl(&self, issuer: &str, revoked: &[&str], number: u32) -> PathBuf {
        self.crl(issuer, revoked, (-1, 1), "new.crl");
        let path = self.path(&format!("authorities/{}.r{number}", self.hash(issuer)));
        fs::rename(self.path("new.crl"), &path).unwrap();
        path
    }

    pub fn hash(&self, name: &str) -> String {
        self.load(name).subject().subject_hash().unwrap().to_string()
    }

    /// Puts certificates into the directory of authorities.
    pub fn trust(&self, names: &[&str]) -> AuthorityDir {
        for name in names {
            let file = format!("{name}.pem");
            fs::copy(self.path(&file), self.path("authorities").join(&file)).unwrap();
        }
        self.open(AuthorityDirOptions::default())
    }

    pub fn open(&self, options: AuthorityDirOptions) -> AuthorityDir {
        AuthorityDir::open_with(self.path("authorities"), options).unwrap()
    }

    /// The chain as a client sends it.
    pub fn sent(&self, names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| self.load(name).as_der().to_vec()).collect()
    }

    /// The files of a client that sends one authority behind its own certificate.
    pub fn client(&self, name: &str, between: Option<&str>) -> ClientFiles {
        let file = |name: &str, end: &str| self.path(&format!("{name}.{end}"));
        ClientFiles {
            certificate: file(name, "pem"),
            key: file(name, "key"),
            chain: between.map(|between| file(between, "pem")),
        }
    }

    /// What rustls-webpki alone says, with one anchor and perhaps a list.
    pub fn webpki(&self, anchor: &str, sent: &[&str], now: i64, list: Option<&Path>) -> Result<(), webpki::Error> {
        let anchor = CertificateDer::from(self.load(anchor).as_der().to_vec());
        let anchors = [webpki::anchor_from_trusted_cert(&anchor)?];
        let sent: Vec<CertificateDer<'_>> = self.sent(sent).into_iter().map(CertificateDer::from).collect();
        let time = UnixTime::since_unix_epoch(Duration::from_secs(now as u64));
        let list = list.map(|list| {
            let der = openssl(&["crl", "-in", &text(list), "-outform", "DER", "-out", "list.der"], self.0.path());
            assert_eq!(der, "");
            let der = fs::read(self.path("list.der")).unwrap();
            CertRevocationList::from(OwnedCertRevocationList::from_der(&der).unwrap())
        });
        let lists: Vec<&CertRevocationList<'_>> = list.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(RevocationOptionsBuilder::build);
        let (algorithms, usage) = (webpki::ALL_VERIFICATION_ALGS, KeyUsage::client_auth());
        let own = EndEntityCert::try_from(&sent[0])?;
        own.verify_for_usage(algorithms, &anchors, &sent[1..], time, usage, revocation, None).map(drop)
    }
}

/// Now, and days from now, in Unix seconds.
pub fn days_from_now(days: i64) -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 + days * 24 * 60 * 60
}

fn openssl_time(days: i64) -> String {
    let time = time::OffsetDateTime::from_unix_timestamp(days_from_now(days)).unwrap();
    let (date, clock) = (time.date(), time.time());
    let date = format!("{:04}{:02}{:02}", date.year(), u8::from(date.month()), date.day());
    format!("{date}{:02}{:02}{:02}Z", clock.hour(), clock.minute(), clock.second())
}
