//! What is exported is what other programs take in, and what they pack is read: `openssl pkcs12` and Java's `keytool`
//! on the other side of PKCS#12, Python's plistlib on that of an Apple profile.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use support::{openssl, run, try_run};
use tempfile::TempDir;
use trustdir::export::{self, MobileConfig, Pkcs12Options, Pkcs12Profile};
use trustdir::{Certificate, ErrorKind, Identity, KeyAlgorithm, PrivateKey};

/// A root, an intermediate authority and alice, made by openssl in one folder, alice's also as `alice.p12` (`test`).
struct Lab(TempDir);

impl Lab {
    fn new() -> Self {
        let lab = Self(tempfile::tempdir().unwrap());
        let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let request = |name: &str, more: &[&str]| {
            let (key, subject) = (format!("{name}.key"), format!("/O=Lab & <Co>/CN={name}"));
            lab.openssl(&[&["req"], &ec[..], &["-keyout", &key, "-subj", &subject], more].concat());
        };
        request("root", &["-x509", "-days", "30", "-out", "root.pem"]);
        fs::write(lab.path().join("ca.ext"), "basicConstraints=critical,CA:TRUE").unwrap();
        for (name, by, more) in [("middle", "root", &["-extfile", "ca.ext"][..]), ("alice", "middle", &[])] {
            request(name, &["-out", "request.pem"]);
            let (ca, key, out) = (format!("{by}.pem"), format!("{by}.key"), format!("{name}.pem"));
            let sign = ["x509", "-req", "-in", "request.pem", "-CA", &ca, "-CAkey", &key, "-out", &out, "-days", "30"];
            lab.openssl(&[&sign[..], more].concat());
        }
        lab
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn openssl(&self, arguments: &[&str]) -> String {
        openssl(arguments, self.path())
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::load(self.path().join(format!("{name}.pem"))).unwrap()
    }

    fn alice(&self) -> Identity {
        Identity::load(self.path().join("alice.pem"), self.path().join("alice.key"), None).unwrap()
    }

    /// `openssl pkcs12 -export` of alice with the two authorities, root first, under the password `test`.
    fn pack(&self, more: &[&str]) -> Vec<u8> {
        let authorities = [self.certificate("root").to_pem(), self.certificate("middle").to_pem()].concat();
        fs::write(self.path().join("authorities.pem"), authorities).unwrap();
        let pack = "pkcs12 -export -in alice.pem -inkey alice.key -certfile authorities.pem -out theirs.p12";
        let pack: Vec<_> = pack.split(' ').chain(["-passout", "pass:test"]).collect();
        self.openssl(&[&pack, more].concat());
        fs::read(self.path().join("theirs.p12")).unwrap()
    }

    #[track_caller]
    fn refused(&self, bytes: &[u8], kind: ErrorKind, words: &str) {
        let error = Identity::from_pkcs12(bytes, "test").unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(words), "{error}");
    }
}

#[test]
fn openssl_reads_ours() {
    let lab = Lab::new();
    let ca = trustdir::Authority::create(lab.path().join("pki"), Default::default()).unwrap();
    let password = "naïve ✓ word";
    for (profile, schemes) in [
        (Pkcs12Profile::Modern, ["MAC: sha256, Iteration 100000", "PBES2, PBKDF2, AES-256-CBC, Iteration 100000"]),
        (Pkcs12Profile::Compat, ["MAC: sha1, Iteration 10000", "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000"]),
    ] {
        for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa(2048)] {
            let issue = trustdir::IssueOptions { key_algorithm: Some(algorithm), ..Default::default() };
            let identity = ca.issue_client("bob", &issue).unwrap();
            let authorities = vec![ca.certificate().clone(), lab.certificate("root")];
            let options = Pkcs12Options { profile, name: Some("Bob's phone".into()), authorities };
            let file = lab.path().join(format!("{profile:?}-{algorithm}.p12"));
            identity.save_pkcs12(&file, password, &options).unwrap();

            let (pass, file_text) = (format!("pass:{password}"), file.to_str().unwrap());
            let said =
                try_run("openssl", &["pkcs12", "-in", file_text, "-passin", &pass, "-info", "-nodes"], lab.path());
            let (text, info) = (String::from_utf8(said.stdout).unwrap(), String::from_utf8(said.stderr).unwrap());
            assert!(schemes.iter().all(|scheme| info.contains(scheme)), "{info}");
            let carried = Certificate::all_from_pem(text.as_bytes()).unwrap();
            assert_eq!(carried, [identity.certificate(), ca.certificate(), &lab.certificate("root")].map(Clone::clone));
            assert_eq!(PrivateKey::from_pem(text.as_bytes(), None).unwrap().spki(), identity.key().spki());

            fs::write(lab.path().join("bob.pem"), identity.certificate().to_pem()).unwrap();
            let sha1 = lab.openssl(&["x509", "-in", "bob.pem", "-noout", "-fingerprint", "-sha1"]);
            let id = sha1.trim().split_once('=').unwrap().1.replace(':', " ");
            assert_eq!(text.matches(&format!("localKeyID: {id}")).count(), 2, "of the certificate and the key\n{text}");
            assert_eq!(text.matches("friendlyName: Bob's phone").count(), 1, "{text}");

            let again = Identity::load_pkcs12(&file, password).unwrap();
            assert_eq!(again.chain(), [identity.certificate().clone(), ca.certificate().clone()]);
        }
    }
}

#[test]
fn we_read_what_openssl_packs() {
    let lab = Lab::new();
    let chain = [lab.certificate("alice"), lab.certificate("middle"), lab.certificate("root")];
    for variant in [
        "",
        "-legacy",
        "-descert",
        "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1",
        "-certpbe AES-128-CBC -keypbe AES-256-CBC -macalg sha512",
        "-certpbe NONE -keypbe NONE",
        "-certpbe NONE -nomac",
        "-nomac",
        "-twopass-is-one -nomaciter",
        "-noiter -nomaciter",
        "-iter 50000",
        "-name alice -caname root -caname middle -LMK",
    ] {
        let variant: Vec<_> = variant.split_whitespace().filter(|word| *word != "-twopass-is-one").collect();
        let identity =
            Identity::from_pkcs12(&lab.pack(&variant), "test").unwrap_or_else(|e| panic!("{variant:?}: {e}"));
        assert_eq!(identity.chain(), chain, "{variant:?}");
        assert_eq!(identity.key().spki(), chain[0].spki(), "{variant:?}");
    }
    assert_eq!(Identity::from_pkcs12(&lab.pack(&["-passout", "pass:"]), "").unwrap().chain(), chain);
}

#[test]
fn a_wrong_password_is_nothing_else() {
    let lab = Lab::new();
    for variant in ["", "-legacy", "-nomac", "-nomac -legacy", "-certpbe NONE -nomac"] {
        let packed = lab.pack(&variant.split_whitespace().collect::<Vec<_>>());
        for wrong in ["", "Test", "naïve", "test "] {
            let error = Identity::from_pkcs12(&packed, wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WrongPassphrase, "{variant} {wrong:?}: {error}");
        }
    }
    let error = Identity::load_pkcs12(lab.path().join("theirs.p12"), "wrong").unwrap_err();
    assert!(error.message().contains("theirs.p12: the password does not open"), "{error}");
}

#[test]
fn what_is_no_identity_is_refused_by_name() {
    let lab = Lab::new();
    let packed = lab.pack(&[]);
    lab.refused(&packed[..packed.len() - 1], ErrorKind::Parse, "truncated");
    lab.refused(b"", ErrorKind::Parse, "no PKCS#12");
    lab.refused(b"\xfe\xed\xfe\xed\0\0\0\x02", ErrorKind::Parse, "no PKCS#12");
    lab.refused(lab.certificate("alice").as_der(), ErrorKind::Parse, "no PKCS#12");
    lab.refused(lab.certificate("alice").to_pem().as_bytes(), ErrorKind::Parse, "PEM");
    let indefinite = [b"\x30\x80", &packed[4..], b"\0\0"].concat();
    lab.refused(&indefinite, ErrorKind::Unsupported, "BER");

    lab.refused(&lab.pack(&["-nokeys"]), ErrorKind::Parse, "no private key");
    lab.openssl(&["pkcs12", "-export", "-inkey", "alice.key", "-nocerts", "-passout", "pass:test", "-out", "key.p12"]);
    lab.refused(&fs::read(lab.path().join("key.p12")).unwrap(), ErrorKind::Parse, "only a key");
    for (scheme, name) in [("RC2-128", "128-bit RC2"), ("RC4-128", "128-bit RC4"), ("2DES", "two-key triple DES")] {
        let scheme = format!("PBE-SHA1-{scheme}");
        lab.refused(&lab.pack(&["-legacy", "-certpbe", &scheme]), ErrorKind::Unsupported, name);
    }
    lab.refused(&lab.pack(&["-certpbe", "camellia-256-cbc"]), ErrorKind::Unsupported, "PBES2");
    lab.refused(&lab.pack(&["-macalg", "sha3-256"]), ErrorKind::Unsupported, "openssl pkcs12");
}

/// Every byte in turn, with and without a MAC: never a panic, and under a MAC never another identity.
#[test]
fn damage_is_an_error() {
    let lab = Lab::new();
    for mac in ["-nomaciter", "-nomac"] {
        let packed = lab.pack(&["-certpbe", "NONE", "-keypbe", "NONE", mac]);
        let whole = Identity::from_pkcs12(&packed, "test").unwrap();
        for at in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 1 << (at % 8);
            if let Ok(identity) = Identity::from_pkcs12(&damaged, "test") {
                let same = identity.chain() == whole.chain() && identity.key().spki() == whole.key().spki();
                assert!(same || mac == "-nomac", "byte {at}");
            }
        }
    }
}

/// Two keys in one file, and a key beside another's certificate: only other programs make such files.
#[test]
fn a_file_with_other_contents_is_refused() {
    use p12_keystore as other;
    let lab = Lab::new();
    let chain = |key: &str, certificate: &str| {
        let key = lab.openssl(&[
            "pkcs8",
            "-topk8",
            "-nocrypt",
            "-in",
            &format!("{key}.key"),
            "-out",
            "pkcs8.der",
            "-outform",
            "DER",
        ]);
        assert_eq!(key, "");
        let key = other::PrivateKey::from_der(&fs::read(lab.path().join("pkcs8.der")).unwrap()).unwrap();
        let certificate = other::Certificate::from_der(lab.certificate(certificate).as_der()).unwrap();
        other::KeyStoreEntry::PrivateKeyChain(other::PrivateKeyChain::new(&b"1"[..], key, [certificate]))
    };
    let mut store = other::KeyStore::new();
    store.add_entry("alice", chain("alice", "middle"));
    lab.refused(&store.writer("test").write().unwrap(), ErrorKind::KeyMismatch, "belongs to its private key");
    store.add_entry("middle", chain("middle", "middle"));
    lab.refused(&store.writer("test").write().unwrap(), ErrorKind::Unsupported, "2 private keys");
}

/// A count that is patched into any part is refused before any work: 8,388,607 rounds take longer than the test may.
#[test]
fn a_strangers_file_does_not_decide_how_long_we_compute() {
    let lab = Lab::new();
    for variant in ["-iter 65536", "-iter 65536 -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES"] {
        let packed = lab.pack(&variant.split(' ').collect::<Vec<_>>());
        let counts: Vec<_> =
            (0..packed.len() - 5).filter(|at| packed[*at..].starts_with(b"\x02\x03\x01\0\0")).collect();
        assert_eq!(counts.len(), 2, "of the certificates and of the key");
        for at in counts {
            let mut patched = packed.clone();
            patched[at + 2..at + 5].copy_from_slice(b"\x7f\xff\xff");
            lab.refused(&patched, ErrorKind::Unsupported, "excessive amount of work");
            patched[at + 2] = 0xff; // negative
            lab.refused(&patched, ErrorKind::Unsupported, "rewrite it");
        }
    }
    let mut packed = lab.pack(&[]);
    let end = packed.len();
    assert!(packed.ends_with(b"\x02\x02\x08\0"), "the rounds of the MAC come last");
    let mac = (0..end).find(|at| packed[*at] == 0x30 && at + 2 + usize::from(packed[at + 1]) == end).unwrap();
    packed[mac + 1] += 1; // one byte more in the MAC, and in the whole
    let length = u16::from_be_bytes([packed[2], packed[3]]) + 1;
    packed[2..4].copy_from_slice(&length.to_be_bytes());
    packed.splice(end - 4.., *b"\x02\x03\x7f\xff\xff");
    lab.refused(&packed, ErrorKind::Unsupported, "excessive amount of work");
    // Many keys, each within the limit: what matters is their sum.
    let part = lab.pack(&["-certpbe", "NONE", "-nomac"]);
    assert!(Identity::from_pkcs12(&part, "test").is_ok());
    assert!(Identity::from_pkcs12(&many_parts(&part), "test").unwrap_err().message().contains("excessive"));
}

/// A PKCS#12 file without a MAC whose content is repeated 20 times.
fn many_parts(pfx: &[u8]) -> Vec<u8> {
    let element = |tag: u8, content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        let length = &length[length.iter().position(|byte| *byte != 0).unwrap()..];
        [&[tag, 0x80 | length.len() as u8][..], length, content].concat()
    };
    let data = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    let first = pfx.windows(data.len()).position(|window| window == data).unwrap();
    let second = first + 1 + pfx[first + 1..].windows(data.len()).position(|window| window == data).unwrap();
    // The AuthenticatedSafe's content begins at the SEQUENCE before the second OID: 30 82 xx xx.
    let content = element(0x30, &pfx[second - 4..].repeat(20));
    let safe = [&data[..], &element(0xa0, &element(0x04, &content))].concat();
    element(0x30, &[b"\x02\x01\x03", &element(0x30, &safe)[..]].concat())
}

#[test]
fn passwords_and_names_are_those_that_others_can_type() {
    let lab = Lab::new();
    let alice = lab.alice();
    let named = |name: &str| Pkcs12Options { name: Some(name.into()), ..Pkcs12Options::default() };
    for (password, name, words) in [
        ("", "alice", "empty password"),
        ("pass🔑", "alice", "the password"),
        ("a\0b", "alice", "the password"),
        ("x", "a🔑", "the name"),
    ] {
        let error = alice.to_pkcs12(password, &named(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.message().contains(words) && !error.message().contains('🔑'), "{error}");
    }
    assert_eq!(Identity::from_pkcs12(b"", "🔑").unwrap_err().kind(), ErrorKind::InvalidArgument);
    // A name that the certificate brings along is no reason to fail.
    let ca = trustdir::Authority::create(lab.path().join("pki"), Default::default()).unwrap();
    let identity = ca.issue_client("bob 🔑", &Default::default()).unwrap();
    let p12 = identity.to_pkcs12("test", &Pkcs12Options::default()).unwrap();
    assert_eq!(Identity::from_pkcs12(&p12, "test").unwrap().certificate(), identity.certificate());
}

#[test]
#[ignore = "needs keytool, of a Java that is too large to set up for it"]
fn keytool_lists_the_authorities_of_a_truststore() {
    let lab = Lab::new();
    let authorities = [lab.certificate("root"), lab.certificate("middle")];
    for profile in [Pkcs12Profile::Modern, Pkcs12Profile::Compat] {
        let store = export::truststore(&authorities, "changeit", profile).unwrap();
        fs::write(lab.path().join("trust.p12"), store).unwrap();
        let listed = run("keytool", &["-list", "-keystore", "trust.p12", "-storepass", "changeit"], lab.path());
        assert_eq!(listed.matches("trustedCertEntry").count(), 2, "{listed}");
    }
}

#[test]
fn a_truststore_holds_authorities_alone() {
    let lab = Lab::new();
    let authorities = [lab.certificate("root"), lab.certificate("middle"), lab.certificate("root")];
    for profile in [Pkcs12Profile::Modern, Pkcs12Profile::Compat] {
        let store = export::truststore(&authorities[..2], "changeit", profile).unwrap();
        fs::write(lab.path().join("trust.p12"), store).unwrap();
        let listed = lab.openssl(&["pkcs12", "-in", "trust.p12", "-passin", "pass:changeit", "-nokeys"]);
        assert_eq!(Certificate::all_from_pem(listed.as_bytes()).unwrap().len(), 2, "{listed}");
    }
    assert_eq!(
        export::truststore(&[], "changeit", Pkcs12Profile::Modern).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    // Two authorities of one name are two entries.
    let twins: Vec<_> = ["a", "b"]
        .map(|dir| {
            let name = Some(trustdir::DistinguishedName::from_common_name("Twin"));
            let options = trustdir::AuthorityOptions { name, ..Default::default() };
            trustdir::Authority::create(lab.path().join(dir), options).unwrap().certificate().clone()
        })
        .into();
    fs::write(lab.path().join("twins.p12"), export::truststore(&twins, "changeit", Pkcs12Profile::Modern).unwrap())
        .unwrap();
    let listed = lab.openssl(&["pkcs12", "-in", "twins.p12", "-passin", "pass:changeit", "-nokeys"]);
    assert_eq!(Certificate::all_from_pem(listed.as_bytes()).unwrap().len(), 2, "{listed}");
}

/// The property list as Python reads it, bytes as hexadecimal.
fn plist(xml: &str, dir: &Path) -> serde_json::Value {
    fs::write(dir.join("profile.xml"), xml).unwrap();
    let script =
        "import json, plistlib; print(json.dumps(plistlib.load(open('profile.xml', 'rb')), default=bytes.hex))";
    serde_json::from_str(&run("python3", &["-c", script], dir)).unwrap()
}

#[test]
fn an_apple_profile_carries_the_exact_certificates() {
    let lab = Lab::new();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (root, middle) = (lab.certificate("root"), lab.certificate("middle"));
    let profile = || MobileConfig::new("Tom & <Jerry>\u{1}").with_authority(&root).with_authority(&middle);
    let read = plist(&profile().to_xml(), lab.path());
    assert_eq!(read["PayloadType"], "Configuration");
    assert_eq!(read["PayloadDisplayName"], "Tom & <Jerry>\u{fffd}");
    assert_eq!(read["PayloadVersion"], 1);
    for (at, kind, certificate, name) in
        [(0, "com.apple.security.root", &root, "root"), (1, "com.apple.security.pkcs1", &middle, "middle")]
    {
        let payload = &read["PayloadContent"][at];
        assert_eq!((&payload["PayloadType"], &payload["PayloadDisplayName"]), (&kind.into(), &name.into()));
        assert_eq!(payload["PayloadContent"], hex(certificate.as_der()));
        assert_eq!(payload["Password"], serde_json::Value::Null);
    }
    assert_eq!(*profile().to_xml(), *profile().to_xml(), "it replaces itself when it is installed again");
    let other = plist(&MobileConfig::new("Home").with_authority(&root).to_xml(), lab.path());
    assert_ne!(other["PayloadIdentifier"], read["PayloadIdentifier"]);
    assert_eq!(other["PayloadContent"][0]["PayloadUUID"], read["PayloadContent"][0]["PayloadUUID"]);
    profile().save(lab.path().join("ca.mobileconfig")).unwrap();
    assert_eq!(mode(&lab.path().join("ca.mobileconfig")), 0o644);
}

#[test]
fn an_apple_profile_carries_an_identity_and_its_password_only_if_asked() {
    let lab = Lab::new();
    let alice = lab.alice();
    let profile = |embed| MobileConfig::new("Home").with_identity(&alice, "a<b&c>'\"d", embed).unwrap();
    let (asks, knows) = (plist(&profile(false).to_xml(), lab.path()), plist(&profile(true).to_xml(), lab.path()));
    assert_eq!(asks["PayloadContent"][0]["Password"], serde_json::Value::Null);
    assert_eq!(knows["PayloadContent"][0]["Password"], "a<b&c>'\"d");
    let payload = &asks["PayloadContent"][0];
    assert_eq!(payload["PayloadType"], "com.apple.security.pkcs12");
    let p12 = payload["PayloadContent"].as_str().unwrap();
    let p12: Vec<u8> = (0..p12.len()).step_by(2).map(|at| u8::from_str_radix(&p12[at..at + 2], 16).unwrap()).collect();
    assert_eq!(Identity::from_pkcs12(&p12, "a<b&c>'\"d").unwrap().certificate(), alice.certificate());
    assert_eq!(asks["PayloadUUID"], knows["PayloadUUID"], "although the encryption differs each time");
    let error = MobileConfig::new("Home").with_identity(&alice, "a\tb", true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);

    let file = lab.path().join("alice.mobileconfig");
    profile(false).save(&file).unwrap();
    assert_eq!(mode(&file), 0o600);
    assert_eq!(profile(false).save(&file).unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[test]
fn bundles_are_in_order_and_private_when_they_hold_a_key() {
    let lab = Lab::new();
    let (alice, middle, root) = (lab.certificate("alice"), lab.certificate("middle"), lab.certificate("root"));
    let chain = export::full_chain(&alice, &[root.clone(), alice.clone(), middle.clone()]);
    assert_eq!(chain, [alice.clone(), middle.clone(), root.clone()]);
    assert_eq!(export::full_chain(&alice, std::slice::from_ref(&root)), std::slice::from_ref(&alice));
    let identity = lab.alice().with_issuers(&[root.clone(), middle.clone()]).unwrap();
    assert_eq!(identity.chain(), chain);

    let at = |name: &str| lab.path().join(name);
    export::save_bundle(&[chain.clone(), chain.clone()].concat(), at("full.pem")).unwrap();
    assert_eq!(Certificate::load_all(at("full.pem")).unwrap(), chain);
    lab.openssl(&["verify", "-CAfile", "root.pem", "-untrusted", "full.pem", "full.pem"]);
    export::save_der(&root, at("root.crt")).unwrap();
    assert_eq!(fs::read(at("root.crt")).unwrap(), root.as_der());
    lab.openssl(&["x509", "-inform", "DER", "-in", "root.crt", "-noout"]);
    identity.save_bundle(at("alice-all.pem"), None).unwrap();
    identity.save_bundle(at("alice-sealed.pem"), Some(b"test")).unwrap();
    let public = lab.openssl(&["pkey", "-in", "alice.key", "-pubout"]);
    assert_eq!(lab.openssl(&["pkey", "-in", "alice-all.pem", "-pubout"]), public);
    assert_eq!(lab.openssl(&["pkey", "-in", "alice-sealed.pem", "-passin", "pass:test", "-pubout"]), public);
    let again = Identity::load(at("alice-sealed.pem"), at("alice-sealed.pem"), Some(b"test")).unwrap();
    assert_eq!(again.chain(), chain);

    for (name, bits) in
        [("full.pem", 0o644), ("root.crt", 0o644), ("alice-all.pem", 0o600), ("alice-sealed.pem", 0o600)]
    {
        assert_eq!(mode(&at(name)), bits, "{name}");
        let before = fs::read(at(name)).unwrap();
        for error in [
            export::save_bundle(&chain, at(name)).unwrap_err(),
            export::save_der(&root, at(name)).unwrap_err(),
            identity.save_bundle(at(name), None).unwrap_err(),
            identity.save_pkcs12(at(name), "test", &Pkcs12Options::default()).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        }
        assert_eq!(fs::read(at(name)).unwrap(), before);
    }
}

/// Of two authorities of one name, the one that signed is the issuer.
#[test]
fn a_renewed_authority_does_not_take_anothers_place() {
    let lab = Lab::new();
    let old = lab.certificate("middle");
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "new.key"];
    lab.openssl(&[&["req", "-x509", "-out", "new.pem", "-subj", "/O=Lab & <Co>/CN=middle"], &ec[..]].concat());
    let new = lab.certificate("new");
    assert_eq!(new.subject(), old.subject());
    let alice = lab.certificate("alice");
    assert_eq!(export::full_chain(&alice, &[new, old.clone()]), [alice, old]);
}

fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().unwrap().permissions().mode() & 0o777
}
