//! Promise 4: what openssl made, we read; what we make, everybody accepts.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use support::{World, openssl, text, try_run};
use trustdir::{
    Authority, AuthorityOptions, Certificate, ErrorKind, Identity, IssueOptions, KeyAlgorithm, KeyDerivation,
    PrivateKey,
};

/// Every form of private key that the guides' commands make on OpenSSL 3, and what people convert them to.
#[test]
fn keys_made_by_openssl_open() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "rsa.pem"], dir);
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec.pem"], dir);
    openssl(&["genpkey", "-algorithm", "ED25519", "-out", "ed.pem"], dir);
    openssl(&["ecparam", "-name", "prime256v1", "-genkey", "-out", "ecparam.pem"], dir);
    openssl(&["rsa", "-in", "rsa.pem", "-traditional", "-out", "pkcs1.pem"], dir);
    openssl(&["ec", "-in", "ec.pem", "-out", "sec1.pem"], dir);
    openssl(&["rsa", "-in", "rsa.pem", "-outform", "DER", "-traditional", "-out", "pkcs1.der"], dir);
    openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", "ec.pem", "-outform", "DER", "-out", "pkcs8.der"], dir);
    for name in ["rsa.pem", "ec.pem", "ed.pem", "ecparam.pem", "pkcs1.pem", "sec1.pem", "pkcs1.der", "pkcs8.der"] {
        let key = PrivateKey::load(dir.join(name), None).unwrap();
        fs::write(dir.join("again.pem"), key.to_pem(None).unwrap().as_bytes()).unwrap();
        let form = if name.ends_with("der") { "DER" } else { "PEM" };
        let ours = openssl(&["pkey", "-in", "again.pem", "-pubout"], dir);
        assert_eq!(ours, openssl(&["pkey", "-in", name, "-inform", form, "-pubout"], dir), "{name}");
    }
}

/// The guides' encrypted keys. A missing passphrase, a wrong one and a damaged file are three errors.
#[test]
fn encrypted_keys_made_by_openssl_open() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let nano = [
        "req",
        "-newkey",
        "rsa:2048",
        "-keyout",
        "nano.pem",
        "-x509",
        "-out",
        "c",
        "-subj",
        "/CN=a",
        "-passout",
        "pass:test",
    ];
    openssl(&nano, dir);
    openssl(&["genrsa", "-des3", "-passout", "pass:test", "-out", "rocket.pem", "2048"], dir);
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", "ec.pem"], dir);
    let forms: &[(&str, &[&str])] = &[
        ("aes128.pem", &["-v2", "aes-128-cbc"]),
        ("aes192.pem", &["-v2", "aes-192-cbc"]),
        ("aes256.pem", &["-v2", "aes-256-cbc"]),
        ("sha1.pem", &["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"]),
        ("sha512.pem", &["-v2", "des3", "-v2prf", "hmacWithSHA512"]),
        ("scrypt.pem", &["-scrypt"]),
        ("pbes1.pem", &["-v1", "PBE-SHA1-3DES"]),
    ];
    for (name, options) in forms {
        openssl(
            &[&["pkcs8", "-topk8", "-in", "ec.pem", "-out", name, "-passout", "pass:test"], *options].concat(),
            dir,
        );
    }
    // The forms of OpenSSL 1.1 and older, of which `genrsa -des3` was the Rocket.Chat guide's.
    let traditional = [
        ("old-des3.pem", "-des3"),
        ("old-aes128.pem", "-aes128"),
        ("old-aes192.pem", "-aes192"),
        ("old-aes256.pem", "-aes256"),
    ];
    for (name, cipher) in traditional {
        openssl(&["ec", "-in", "ec.pem", cipher, "-passout", "pass:test", "-out", name], dir);
        assert!(fs::read_to_string(dir.join(name)).unwrap().contains("DEK-Info"));
    }
    openssl(&["genrsa", "-traditional", "-des3", "-passout", "pass:test", "-out", "rocket-old.pem", "2048"], dir);
    let traditional = traditional.iter().map(|(name, _)| *name);
    for name in ["nano.pem", "rocket.pem", "rocket-old.pem"]
        .into_iter()
        .chain(traditional)
        .chain(forms.iter().map(|(name, _)| *name))
    {
        let path = dir.join(name);
        PrivateKey::load(&path, Some(b"test")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let kind = |passphrase: Option<&[u8]>| {
            let error = PrivateKey::load(&path, passphrase).unwrap_err();
            assert!(error.message().contains(name), "{error}");
            error.kind()
        };
        assert_eq!(kind(None), ErrorKind::PassphraseRequired, "{name}");
        // One wrong passphrase in 256 leaves valid padding, so one try proves little.
        for number in 0..if ["nano.pem", "rocket-old.pem", "pbes1.pem"].contains(&name) { 600 } else { 3 } {
            assert_eq!(kind(Some(format!("wrong{number}").as_bytes())), ErrorKind::WrongPassphrase, "{name}");
        }
        let pem = fs::read_to_string(&path).unwrap();
        fs::write(&path, &pem[..pem.len() / 2]).unwrap();
        assert_eq!(kind(Some(b"test")), ErrorKind::Parse, "{name}");
        let middle = pem.len() / 2;
        fs::write(&path, format!("{}{}", &pem[..middle], &pem[middle + 8..])).unwrap();
        assert!(matches!(kind(Some(b"test")), ErrorKind::Parse | ErrorKind::WrongPassphrase), "{name}");
    }
}

#[test]
fn keys_that_cannot_be_opened_are_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let idea = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: IDEA-CBC,0001020304050607\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    fs::write(dir.join("idea.pem"), idea).unwrap();
    openssl(&["ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", "k1.pem"], dir);
    openssl(&["genpkey", "-algorithm", "ED448", "-out", "ed448.pem"], dir);
    openssl(&["genrsa", "-out", "rsa1024.pem", "1024"], dir);
    openssl(
        &[
            "pkcs8",
            "-topk8",
            "-in",
            "k1.pem",
            "-v2",
            "camellia-256-cbc",
            "-passout",
            "pass:test",
            "-out",
            "camellia.pem",
        ],
        dir,
    );
    openssl(&["genpkey", "-algorithm", "ED25519", "-out", "ed.pem"], dir);
    openssl(
        &["pkcs8", "-topk8", "-in", "ed.pem", "-outform", "DER", "-passout", "pass:test", "-out", "sealed.der"],
        dir,
    );
    openssl(&["req", "-new", "-x509", "-key", "ed.pem", "-subj", "/CN=a", "-out", "c.pem"], dir);
    openssl(&["pkcs12", "-export", "-inkey", "ed.pem", "-in", "c.pem", "-passout", "pass:test", "-out", "a.p12"], dir);
    let sealed = |passphrase| PrivateKey::load(dir.join("sealed.der"), passphrase);
    assert_eq!(sealed(Some(b"test")).unwrap().algorithm(), KeyAlgorithm::Ed25519);
    assert_eq!(sealed(None).unwrap_err().kind(), ErrorKind::PassphraseRequired);
    assert_eq!(sealed(Some(b"wrong")).unwrap_err().kind(), ErrorKind::WrongPassphrase);
    for (name, kind, said) in [
        ("a.p12", ErrorKind::Unsupported, "`trustdir export pem`"),
        ("idea.pem", ErrorKind::Unsupported, "IDEA-CBC"),
        ("k1.pem", ErrorKind::Unsupported, "P-256"),
        ("ed448.pem", ErrorKind::Unsupported, "1.3.101.113"),
        ("rsa1024.pem", ErrorKind::WeakKey, "2048"),
        ("camellia.pem", ErrorKind::Unsupported, "aes-256-cbc"),
    ] {
        let error = PrivateKey::load(dir.join(name), Some(b"test")).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(name) && error.message().contains(said), "{error}");
    }
}

/// The file does not decide how long we compute: here its iteration count is raised in the DER.
#[test]
fn a_key_that_asks_for_excessive_work_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    openssl(&["genpkey", "-algorithm", "ED25519", "-out", "key.pem"], dir);
    let encrypt = ["pkcs8", "-topk8", "-in", "key.pem", "-iter", "65536", "-passout", "pass:test"];
    openssl(&[&encrypt[..], &["-outform", "DER", "-out", "work.der"]].concat(), dir);
    let mut work = fs::read(dir.join("work.der")).unwrap();
    let count = work.windows(5).position(|window| window == [2, 3, 1, 0, 0]).unwrap();
    work[count + 2..count + 5].copy_from_slice(&[0x7f, 0xff, 0xff]);
    fs::write(dir.join("work.der"), work).unwrap();
    let base64 = openssl(&["base64", "-A", "-in", "work.der"], dir);
    let pem = format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{base64}\n-----END ENCRYPTED PRIVATE KEY-----");
    let error = PrivateKey::from_pem(pem.as_bytes(), Some(b"test")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("excessive"), "{error}");
}

/// Keys that we encrypt open with openssl.
#[test]
fn openssl_opens_keys_that_we_encrypt() {
    let dir = tempfile::tempdir().unwrap();
    for algorithm in [
        KeyAlgorithm::EcdsaP256,
        KeyAlgorithm::EcdsaP384,
        KeyAlgorithm::EcdsaP521,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa(2048),
    ] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let secret = Some("päss".as_bytes());
        for (derivation, name) in [(KeyDerivation::Scrypt, "scrypt"), (KeyDerivation::Pbkdf2, "PBKDF2")] {
            fs::write(dir.path().join("key.pem"), key.to_pem_under(derivation, secret).unwrap().as_bytes()).unwrap();
            fs::write(dir.path().join("key.der"), key.to_der(derivation, secret).unwrap().as_slice()).unwrap();
            for (file, form) in [("key.pem", "PEM"), ("key.der", "DER")] {
                let read = ["pkey", "-in", file, "-inform", form, "-passin", "pass:päss", "-check", "-noout"];
                openssl(&read, dir.path());
                assert_eq!(PrivateKey::load(dir.path().join(file), secret).unwrap().spki(), key.spki());
            }
            let inside = openssl(&["asn1parse", "-in", "key.der", "-inform", "DER"], dir.path());
            assert!(inside.contains(name) && inside.contains("aes-256-cbc"), "{inside}");
        }
        assert_eq!(key.to_pem(secret).unwrap().lines().next(), Some("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    }
}

/// Everything issued passes `openssl verify -x509_strict`, under authorities with every sort of key.
#[test]
fn what_we_issue_passes_the_strict_checks_of_openssl() {
    for algorithm in [
        KeyAlgorithm::EcdsaP256,
        KeyAlgorithm::EcdsaP384,
        KeyAlgorithm::EcdsaP521,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa(2048),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let options = AuthorityOptions { key_algorithm: algorithm, ..AuthorityOptions::default() };
        let ca = Authority::create(dir.path().join("pki"), options).unwrap();
        let names = ["nas.home.arpa", "*.nas.home.arpa", "192.168.1.5", "fd00::5", "NAS.home.arpa"];
        for key_algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Rsa(2048)] {
            let options = IssueOptions { key_algorithm: Some(key_algorithm), ..IssueOptions::default() };
            let server = ca.issue_server(&names, &options).unwrap();
            let client = ca.issue_client("alice", &options).unwrap();
            fs::write(dir.path().join("server.pem"), server.chain_pem()).unwrap();
            fs::write(dir.path().join("client.pem"), client.chain_pem()).unwrap();
            let verify = ["verify", "-x509_strict", "-CAfile", "pki/cacert.pem"];
            for name in ["nas.home.arpa", "www.nas.home.arpa"] {
                openssl(
                    &[&verify[..], &["-purpose", "sslserver", "-verify_hostname", name, "server.pem"]].concat(),
                    dir.path(),
                );
            }
            for ip in ["192.168.1.5", "fd00::5"] {
                openssl(
                    &[&verify[..], &["-purpose", "sslserver", "-verify_ip", ip, "server.pem"]].concat(),
                    dir.path(),
                );
            }
            openssl(&[&verify[..], &["-purpose", "sslclient", "client.pem"]].concat(), dir.path());
            assert!(
                !try_run("openssl", &[&verify[..], &["-purpose", "sslclient", "server.pem"]].concat(), dir.path())
                    .status
                    .success()
            );
            let text = openssl(&["x509", "-in", "server.pem", "-noout", "-text"], dir.path());
            assert_eq!(text.matches("DNS:nas.home.arpa").count(), 1, "a name given twice is one name");
            assert!(text.contains("CA:FALSE") && text.contains("Digital Signature"), "{text}");
        }
    }
}

/// `openssl ca` reads the directory: the index and the database of certificates are its own.
#[test]
fn openssl_ca_reads_the_ledger() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default()).load();
    let pki = text(world.ca.dir());
    fs::write(
        world.path("ca.cnf"),
        format!("[ca]\ndefault_ca=d\n[d]\ndatabase={pki}/index.txt\nnew_certs_dir={pki}/newcerts\ncertificate={pki}/cacert.pem\nprivate_key={pki}/private/cakey.pem\ndefault_md=sha256\n"),
    )
    .unwrap();
    let output =
        try_run("openssl", &["ca", "-config", "ca.cnf", "-status", &alice.serial().to_uppercase()], world.dir.path());
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("=Valid (V)"), "{said}");
    assert!(world.ca.dir().join(format!("newcerts/{}.pem", alice.serial().to_uppercase())).exists());
}

/// Subject hashes are those of `openssl x509`, for names as people write them.
#[test]
fn subject_hashes_are_those_of_openssl_x509() {
    let dir = tempfile::tempdir().unwrap();
    for subject in [
        "/CN=rpc.user.1",
        "/C=US/O=My  Nano RPC/OU=MyNanoThing/CN=www.example.com",
        "/CN=Ünï cødé/O=  x ",
        "/DC=com/DC=example/CN=a/CN=b",
        "/O=a+CN=b",
    ] {
        let multi = ["-multivalue-rdn"];
        let arguments = [
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "k",
            "-x509",
            "-utf8",
            "-subj",
            subject,
            "-out",
            "c.pem",
        ];
        openssl(&[&arguments[..], &multi[..]].concat(), dir.path());
        let name = Certificate::load(dir.path().join("c.pem")).unwrap().subject().clone();
        let hash = |option: &str| openssl(&["x509", "-in", "c.pem", "-noout", option], dir.path()).trim().to_owned();
        assert_eq!(name.subject_hash().unwrap().to_string(), hash("-subject_hash"), "{subject}");
        assert_eq!(name.subject_hash_old().to_string(), hash("-subject_hash_old"), "{subject}");
        let printed =
            openssl(&["x509", "-in", "c.pem", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb"], dir.path());
        assert_eq!(format!("subject={name}"), printed.trim());
    }
}

/// A certificate and a key that do not belong together, and a chain with another's certificate, are told apart.
#[test]
fn identities_are_checked() {
    let world = World::new();
    let (alice, bob) = (world.issued("alice", &IssueOptions::default()), world.issued("bob", &IssueOptions::default()));
    let error = Identity::load(&alice.certificate, &bob.key, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyMismatch);
    assert!(error.message().contains("alice.cert.pem") && error.message().contains("CN=alice"), "{error}");
    let chain = alice.load().to_pem() + &bob.load().to_pem();
    fs::write(&alice.certificate, chain).unwrap();
    let error = Identity::load(&alice.certificate, &alice.key, None).unwrap_err();
    assert!(error.message().contains("alice.cert.pem: CN=bob issued nothing in the chain of CN=alice"), "{error}");
}
