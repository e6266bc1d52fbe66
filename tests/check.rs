//! `trustdir check`: every pitfall of the guides that can be seen from outside is found, and what mends it is said.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use support::folder::{Answer, Folder};
use support::server::Server;
use trustdir::config::NanoConfig;

/// The programs that get a snippet.
const PROXIES: [&str; 8] =
    ["nginx", "apache", "caddy", "haproxy", "traefik", "home-assistant", "mosquitto", "postgresql"];

/// Said of every chain whose root is not sent along.
const ROOT_NOTE: &str = "CHAIN_MISSING_ISSUER";

/// The kinds of what was found.
#[track_caller]
fn found(answer: &Answer) -> (Vec<String>, Vec<String>) {
    let json = answer.json();
    let kind = |it: &Value| it["kind"].as_str().unwrap().to_owned();
    let kinds = |list: &Value| list.as_array().unwrap().iter().map(kind).filter(|kind| kind != ROOT_NOTE).collect();
    (kinds(&json["problems"]), kinds(&json["notes"]))
}

/// The problems that are found, which are none or end with exit code 1.
#[track_caller]
fn problems(folder: &Folder, what: &str) -> Vec<String> {
    let answer = folder.args(&["check", "--json", what]);
    let (problems, _) = found(&answer);
    assert_eq!(answer.code, i32::from(!problems.is_empty()), "{}", answer.out);
    problems
}

fn edit(folder: &Folder, file: &str, from: &str, to: &str) {
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

fn chmod(folder: &Folder, file: &str, mode: u32) {
    fs::set_permissions(folder.path().join(file), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_was_set_up_has_no_problems() {
    let folder = Folder::with_authority();
    for service in ["pimatic", "nano"] {
        folder.run(&format!("up --for {service} {service} --ca pki")).done();
    }
    for service in PROXIES {
        for mutual in ["", "--mutual-tls"] {
            folder.run(&format!("up --for {service} {service} --ca pki {mutual}")).done();
            let checked = folder.run(&format!("check {service} --json")).done().json();
            let looked =
                |end: &str| checked["checked"].as_array().unwrap().iter().any(|it| it.as_str().unwrap().ends_with(end));
            assert!(looked("server.crt") && looked("server.key"), "{checked}");
            assert_eq!(looked("pki/cacert.pem"), !mutual.is_empty(), "{service} {mutual}: {checked}");
        }
    }
    folder.run("up plain --no-passphrase").done();
    folder.run("check pimatic nano nginx apache plain pki").done().says(": 0 problems, ");
    folder.run("check nothing").code(1);
    folder.write("cacert.conf", "what\n");
    folder.run("check --json cacert.conf").code(1).error("UNSUPPORTED");
}

#[test]
fn pitfalls_of_pimatic() {
    let folder = Folder::with_authority();
    folder.run("up --for pimatic app --ca pki").done();
    let (key, certificate, root) =
        ("app/ca/pimatic-ssl/private/privkey.pem", "app/ca/pimatic-ssl/public/cert.pem", "app/ca/certs/cacert.crt");
    let [good_key, good_certificate, good_root] =
        [key, certificate, root].map(|file| fs::read(folder.path().join(file)).unwrap());

    edit(&folder, "app/config.json", "\"hostname\": \"\"", "\"hostname\": \"home.example.org\"");
    assert_eq!(problems(&folder, "app/config.json"), ["HOSTNAME"]);
    edit(&folder, "app/config.json", "home.example.org", "");
    // The script "succeeds" with an empty certificate.
    folder.write(certificate, "");
    let answer = folder.run("check app").code(1);
    answer.says("problem: app/ca/pimatic-ssl/public/cert.pem: ").says("`trustdir up --for pimatic app` makes it anew");
    folder.write(certificate, &good_certificate);
    chmod(&folder, key, 0o644);
    assert_eq!(problems(&folder, "app"), ["KEY_READABLE"]);
    chmod(&folder, key, 0o600);
    folder.run("issue server localhost --ca pki --out other").done();
    fs::copy(folder.path().join("other/localhost.key.pem"), folder.path().join(key)).unwrap();
    assert_eq!(problems(&folder, "app"), ["KEY_MISMATCH"]);
    folder.write(key, &good_key);
    // A second run of the script makes another authority.
    folder.run("ca init again --no-passphrase").done();
    folder.run("export crt again/cacert.pem --out again.crt").done();
    fs::copy(folder.path().join("again.crt"), folder.path().join(root)).unwrap();
    assert_eq!(problems(&folder, "app"), ["UNKNOWN_ISSUER"]);
    fs::copy(folder.path().join("pki/cacert.pem"), folder.path().join(root)).unwrap();
    assert_eq!(problems(&folder, "app"), ["ENCODING"]);
    folder.write(root, &good_root);
    assert!(problems(&folder, "app").is_empty());

    // What the script itself makes: no SAN, ten years, and X.509 v1 before OpenSSL 3.2.
    let request = ["req", "-new", "-key", key, "-subj", "/O=pimatic.org/CN=home.example.org", "-out", "home.csr"];
    folder.openssl(&request);
    let sign = ["x509", "-req", "-sha512", "-days", "3650", "-CA", "pki/cacert.pem", "-CAkey", "pki/private/cakey.pem"];
    folder.openssl(&[&sign[..], &["-set_serial", "2", "-in", "home.csr", "-out", certificate]].concat());
    let guides = problems(&folder, "app");
    for kind in ["NO_SAN", "VALIDITY_OVER_825_DAYS"] {
        assert!(guides.iter().any(|found| found == kind), "no {kind} in {guides:?}");
    }
    // What is found is mended by what is said.
    folder.run("up --for pimatic app --ca pki").done();
    assert!(problems(&folder, "app").is_empty());
}

#[test]
fn pitfalls_of_a_node() {
    let folder = Folder::with_authority();
    let config = "node/config-rpc.toml";
    folder.run("up --for nano node --ca pki").done();
    let good = fs::read_to_string(folder.path().join(config)).unwrap();
    folder.openssl(&["dhparam", "-dsaparam", "-out", "node/tls/dh1024.pem", "1024"]);
    edit(&folder, config, "ffdhe2048.pem", "dh1024.pem");
    folder
        .run("check node")
        .code(1)
        .says("of 1024 bits")
        .says("serves everybody")
        .says("`trustdir up --for nano node`");
    edit(&folder, config, "dh1024.pem", "missing.pem");
    assert_eq!(problems(&folder, config), ["DH_PARAMETERS"]);
    folder
        .write(config, good.lines().filter(|line| !line.contains("client_certs_path")).collect::<Vec<_>>().join("\n"));
    assert_eq!(problems(&folder, "node"), ["CLIENT_AUTH"]);
    folder.write(config, good.replace("[secure]\n", "[secure]\nserver_key_passphrase = \"test\"\n"));
    assert_eq!(problems(&folder, "node"), ["PASSPHRASE_READABLE"]);
    chmod(&folder, config, 0o600);
    assert!(problems(&folder, "node").is_empty());
    folder.write(config, &good);
    folder.write("node/config-tls.toml", "enable_https = false\n");
    assert_eq!(problems(&folder, "node"), ["CONFIG"]);
    fs::remove_file(folder.path().join("node/config-tls.toml")).unwrap();

    // The directory: a plain copy admits nobody, and a pin with CA:TRUE could mint clients under OpenSSL.
    folder.guide_client("rpcuser1", "/CN=rpc.user.1");
    folder.run("clients add --subject-hash node/tls/clients rpcuser1.cert.pem").done();
    let answer = folder.run("check node --json").done();
    assert!(found(&answer).1.contains(&"AUTHORITY".to_owned()), "{}", answer.out);
    folder.run("issue client alice --ca pki").done();
    fs::copy(folder.path().join("alice.cert.pem"), folder.path().join("node/tls/clients/alice.pem")).unwrap();
    assert_eq!(problems(&folder, "node"), ["ENTRY_NAMES"]);
    assert!(problems(&folder, "node/tls/clients").is_empty(), "under any name it is an entry");
    fs::remove_dir_all(folder.path().join("node/tls/clients")).unwrap();
    assert_eq!(problems(&folder, "node"), ["NOT_FOUND"]);
}

const SERVER: &str = "events {}
http {
    include mime.types*; # nothing
    server { listen 80; return 301 https://$host${request_uri}; }
    include sites/*.conf;
}
";

#[test]
fn pitfalls_of_nginx() {
    let folder = Folder::with_authority();
    folder.run("issue server chat.home.arpa --ca pki --out nginx/tls").done();
    folder.run("issue client alice --ca pki").done();
    fs::create_dir(folder.path().join("nginx/sites")).unwrap();
    folder.write("nginx/nginx.conf", SERVER);
    let site = |more: &str| {
        folder.write(
            "nginx/sites/chat.conf",
            format!(
                "server {{ listen 443 ssl; server_name chat.home.arpa _;
                ssl_certificate \"tls/chat.home.arpa.cert.pem\"; ssl_certificate_key 'tls/chat.home.arpa.key.pem';
                {more} }}"
            ),
        );
    };
    let headers = "proxy_set_header Upgrade $http_upgrade; proxy_set_header X-Forwarded-Proto https;";
    let (anchor, leaf) = ("ssl_client_certificate ../pki/cacert.pem;", "ssl_client_certificate ../alice.cert.pem;");
    let all = |more: &str| {
        site(more);
        let answer = folder.run("check nginx --json");
        let (mut problems, notes) = found(&answer);
        problems.extend(notes);
        problems
    };
    assert!(all(&format!("location / {{ {headers} proxy_pass http://127.0.0.1:3000; }}")).is_empty());
    for (more, kinds) in [
        ("ssl_protocols TLSv1 TLSv1.1 TLSv1.2;", &["PROTOCOL"][..]),
        ("ssl_protocols TLSv1.2;", &["PROTOCOL"]),
        ("server_name chat.home.arpa other.home.arpa;", &["NAME_MISMATCH"]),
        ("location / { proxy_pass http://127.0.0.1:3000; }", &["WEBSOCKET", "FORWARDED"]),
        (
            &format!("{headers} location / {{ proxy_set_header A b; proxy_pass http://u; }}"),
            &["WEBSOCKET", "FORWARDED"],
        ),
        (&format!("{headers} location / {{ proxy_pass http://u; }}"), &[]),
        (&format!("http2 on; {headers} location / {{ proxy_pass http://u; }}"), &["WEBSOCKET"]),
        (
            "proxy_set_header Upgrade x; proxy_set_header X-Forwarded-Proto http; location / { proxy_pass http://u; }",
            &["FORWARDED"],
        ),
        (&format!("ssl_verify_client on; {anchor}"), &["AUTHORITY", "NO_CRL", "RESUMPTION"]),
        (&format!("ssl_verify_client on; ssl_session_tickets off; {leaf}"), &["NOT_AN_AUTHORITY", "NO_CRL"]),
        // As Rocket.Chat's guide has it: in one location only.
        (
            &format!(
                "ssl_verify_client optional; {anchor} location /a {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} }}"
            ),
            &["CLIENT_AUTH", "AUTHORITY", "NO_CRL", "RESUMPTION"],
        ),
        ("ssl_verify_client on;", &["CLIENT_AUTH", "NO_CRL", "RESUMPTION"]),
    ] {
        assert_eq!(all(more), kinds, "{more}");
    }
    site("location / {");
    folder.run("check nginx").code(1).says("problem: nginx/sites/chat.conf: ").says("see `nginx -t`");
    folder.write("loop.conf", "http { include loop.conf; }");
    assert_eq!(problems(&folder, "loop.conf"), ["PARSE"]);
    // What cannot be read hides nothing else.
    site("ssl_protocols TLSv1;");
    assert_eq!(found(&folder.run("check --json loop.conf nginx")).0, ["PARSE", "PROTOCOL"]);
}

#[test]
fn pitfalls_of_apache() {
    let folder = Folder::with_authority();
    folder.run("issue server chat.home.arpa --ca pki --out apache/tls").done();
    fs::create_dir(folder.path().join("apache/sites")).unwrap();
    folder.write(
        "apache/apache2.conf",
        "# all\nSSLProtocol all -SSLv3 \\\n -TLSv1 -TLSv1.1\nIncludeOptional sites/*.conf\n",
    );
    for (more, kinds) in [
        ("", &[][..]),
        ("SSLProtocol -all +TLSv1", &["PROTOCOL"]),
        ("ServerAlias other.home.arpa", &["NAME_MISMATCH"]),
        ("SSLVerifyClient require\nSSLCACertificateFile ../pki/cacert.pem", &["AUTHORITY", "NO_CRL"]),
        ("SSLVerifyClient optional\nSSLCACertificatePath clients", &["CLIENT_AUTH", "AUTHORITY", "NO_CRL"]),
        ("SSLCertificateKeyFile missing", &["NOT_FOUND"]),
    ] {
        let host = format!(
            "<VirtualHost *:80>\nServerName a.b\n</VirtualHost>\n<VirtualHost *:443>\n ServerName chat.home.arpa:443\n SSLEngine On\n \
             SSLCertificateFile \"tls/chat.home.arpa.cert.pem\"\n SSLCertificateKeyFile tls/chat.home.arpa.key.pem\n {more}\n</VirtualHost>\n"
        );
        folder.write("apache/sites/chat.conf", host);
        let (mut problems, notes) = found(&folder.run("check apache --json"));
        problems.extend(notes);
        assert_eq!(problems, kinds, "{more}");
    }
    folder.write("apache/sites/loop.conf", "Include sites/*.conf\n");
    assert_eq!(problems(&folder, "apache"), ["PARSE"]);
}

#[test]
fn a_service_that_runs() {
    let folder = Folder::with_authority();
    folder.run("up --for nano node --ca pki").done();
    let acceptor = NanoConfig::load(folder.path().join("node/config-rpc.toml")).unwrap().acceptor().unwrap();
    let server = Server::start(acceptor);
    let answer = folder.run(&format!("check localhost:{}", server.port)).done();
    answer.says("it asks clients for a certificate").says("clients must have CN=trustdir CA");
    let answer = folder.run(&format!("check --json [::ffff:127.0.0.1]:{}", server.port)).code(1);
    assert_eq!(found(&answer).0, ["NAME_MISMATCH"]);
    // One that refuses TLS, and one that is not there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || drop(closed.accept().unwrap()));
    for _ in 0..2 {
        assert_eq!(problems(&folder, &format!("localhost:{port}")), ["IO"]);
    }
    thread.join().unwrap();
}

/// Whoever may write there needs nobody's leave.
#[test]
fn who_may_write_into_a_directory_of_clients_is_told() {
    let folder = Folder::with_authority();
    folder.run("up --for nano node --ca pki").done();
    folder.run("issue client alice --ca pki --out alice --install node/tls/clients").done();
    assert!(problems(&folder, "node").is_empty());
    let entry = fs::read_dir(folder.path().join("node/tls/clients")).unwrap().next().unwrap().unwrap().path();
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o666)).unwrap();
    chmod(&folder, "node/tls/clients", 0o777);
    assert_eq!(problems(&folder, "node"), ["WRITABLE", "WRITABLE"]);
    assert_eq!(problems(&folder, "node/tls/clients"), ["WRITABLE", "WRITABLE"]);
    folder.run("check node").code(1).says("; `chmod o-w ");
}

/// Whoever reads the authority's key needs nobody's leave either.
#[test]
fn a_key_that_everybody_reads_is_found_and_closed() {
    let folder = Folder::new();
    for (service, authority, key) in [
        ("nano", "nano/pki", "nano/tls/server.key.pem"),
        ("pimatic", "pimatic/ca/authority", "pimatic/ca/pimatic-ssl/private/privkey.pem"),
        ("nginx", "nginx/pki", "nginx/tls/server.key"),
    ] {
        let up = format!("up --for {service} {service}");
        folder.run(&format!("{up} --no-passphrase")).done();
        assert!(problems(&folder, service).is_empty());
        let keys = [format!("{authority}/private/cakey.pem"), key.to_owned()];
        for key in &keys {
            chmod(&folder, key, 0o644);
            let answer = folder.run(&format!("check {service}")).code(1);
            let mends = |line: &str| line.contains("; `chmod 600 ") && line.ends_with(&format!("{key}`"));
            assert!(answer.out.lines().any(mends), "{}", answer.out);
        }
        assert_eq!(problems(&folder, authority), ["KEY_READABLE"]);
        let answer = folder.run(&format!("{up} --json")).done().json();
        assert_eq!(answer["closed"].as_array().unwrap().len(), 2, "{answer}");
        assert_eq!(keys.each_ref().map(|key| folder.mode(key)), [0o640, 0o640]);
        assert!(problems(&folder, service).is_empty());
        folder.run(&up).done().says("everything is as it should be");
        // What was copied is another key's matter.
        let next = answer["next"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|line| line.as_str()?.split_once(" may have been copied"));
        let commands: Vec<&str> = next.filter_map(|(_, line)| Some(line.split_once("for a new one: ")?.1)).collect();
        let [of_service, of_authority] = commands[..] else { panic!("{answer}") };
        let old = keys.each_ref().map(|key| fs::read(folder.path().join(key)).unwrap());
        let (aside, again) = of_service.split_once(" && ").unwrap();
        support::run("sh", &["-c", aside], folder.path());
        folder.run(again.strip_prefix("trustdir ").unwrap()).done();
        assert_ne!(fs::read(folder.path().join(key)).unwrap(), old[1]);
        let (begin, again) = of_authority.split_once(" && ").unwrap();
        folder.run(&format!("{} --no-passphrase", begin.strip_prefix("trustdir ").unwrap())).done();
        folder.run(again.strip_prefix("trustdir ").unwrap()).done();
        assert_ne!(fs::read(folder.path().join(format!("{authority}.new/private/cakey.pem"))).unwrap(), old[0]);
        assert!(problems(&folder, service).is_empty());
    }
}

/// What has expired comes with the command that gives it another term.
#[test]
fn every_problem_names_what_mends_it() {
    let folder = Folder::with_authority();
    let validity = "--not-before 2020-01-01T00:00:00Z --not-after 2020-02-01T00:00:00Z";
    folder.run(&format!("issue server nas.home.arpa --ca pki --out old {validity}")).done();
    let old = |part: &str| folder.path().join(format!("old/nas.home.arpa.{part}.pem"));
    for (service, certificate, key) in [
        ("nano", "tls/server.cert.pem", "tls/server.key.pem"),
        ("pimatic", "ca/pimatic-ssl/public/cert.pem", "ca/pimatic-ssl/private/privkey.pem"),
        ("nginx", "tls/server.crt", "tls/server.key"),
        ("caddy", "tls/server.crt", "tls/server.key"),
        ("mosquitto", "tls/server.crt", "tls/server.key"),
    ] {
        folder.run(&format!("up --for {service} {service} --ca pki --name nas.home.arpa")).done();
        fs::copy(old("cert"), folder.path().join(service).join(certificate)).unwrap();
        fs::copy(old("key"), folder.path().join(service).join(key)).unwrap();
        let answer = folder.run(&format!("check {service}")).code(1);
        answer.says("it expired on 2020-02-01").says(&format!("`trustdir up --for {service} {service}` renews it"));
        folder.run(&format!("up --for {service} {service} --ca pki")).done();
        assert!(problems(&folder, service).is_empty());
    }
    // Where others have written the configuration.
    folder.run(&format!("issue server nas.home.arpa --ca pki --out web {validity}")).done();
    folder.write(
        "web/nginx.conf",
        "server { listen 443 ssl; ssl_certificate nas.home.arpa.cert.pem; ssl_certificate_key nas.home.arpa.key.pem; }",
    );
    folder.run("check web").code(1).says("; `trustdir renew web/nas.home.arpa.cert.pem --ca CA` renews it");
    folder.run("renew web/nas.home.arpa.cert.pem --ca pki").done();
    folder.run("check web").done();
    // A client: the command takes its file's name.
    folder.run(&format!("issue client alice --ca pki --out old {validity} --install clients")).done();
    folder.run("issue client alice --ca pki").done();
    let answer = folder.run("check clients").code(1);
    let command = answer.out.split('`').nth(1).unwrap().replace("RENEWED", "alice.cert.pem");
    folder.run(command.strip_prefix("trustdir ").unwrap()).done();
    folder.run("clients limit clients alice --until 1000000000").done();
    let answer = folder.run("check clients").code(1);
    folder.run(answer.out.split('`').nth(1).unwrap().strip_prefix("trustdir ").unwrap()).done();
    folder.run("check clients").done();
    fs::create_dir(folder.path().join("empty")).unwrap();
    folder.run("check empty").code(1).complains("the directory is empty");
}

/// The other programs' configurations, as people write them.
#[test]
fn pitfalls_of_other_programs() {
    let folder = Folder::with_authority();
    folder.run("issue server nas.home.arpa --ca pki --out x").done();
    let [certificate, key] = ["cert", "key"].map(|part| format!("nas.home.arpa.{part}.pem"));
    let both = fs::read_to_string(folder.path().join("x").join(&certificate)).unwrap()
        + &fs::read_to_string(folder.path().join("x").join(&key)).unwrap();
    folder.write("x/both.pem", &both);
    folder.write("x/open.pem", both);
    chmod(&folder, "x/both.pem", 0o600);
    chmod(&folder, "x/open.pem", 0o644);
    let (ca, clients) = ("../pki/cacert.pem", ["AUTHORITY", "NO_CRL"]);
    let caddy = |more: &str| {
        format!(
            "{{\n admin off\n}}\nhttps://nas.home.arpa:8443 {{\n tls {certificate} {key} {{\n client_auth {{\n {more}\n }}\n }}\n}}\n"
        )
    };
    let mosquitto = format!("# mine\nlistener 8883\ncertfile {certificate}\nkeyfile {key}\ncafile {ca}\n");
    let postgres =
        format!("ssl = on # yes\nssl_cert_file '{certificate}'\nssl_key_file = '{key}'\nssl_ca_file='{ca}'\n");
    let traefik = format!(
        "tls:\n  certificates:\n    - certFile: {certificate}\n      keyFile: {key}\n  options:\n    default:\n      clientAuth:\n        caFiles:\n          - \"{ca}\"\n        clientAuthType: "
    );
    for (file, text, kinds) in [
        ("mosquitto.conf", mosquitto.clone(), &["AUTHORITY", "CLIENT_AUTH", "NO_CRL"][..]),
        ("mosquitto.conf", format!("{mosquitto}require_certificate true\n"), &clients),
        ("mosquitto.conf", format!("{mosquitto}require_certificate true\ncrlfile x\n"), &["AUTHORITY"]),
        ("mosquitto.conf", mosquitto.replace(&key, "none.pem"), &["NOT_FOUND", "AUTHORITY", "CLIENT_AUTH", "NO_CRL"]),
        ("postgresql.conf", postgres.clone(), &clients),
        (
            "postgresql.conf",
            format!("{postgres}ssl_min_protocol_version = 'TLSv1'\n"),
            &["PROTOCOL", "AUTHORITY", "NO_CRL"],
        ),
        ("postgresql.conf", format!("{postgres}ssl = off\n"), &["DISABLED", "AUTHORITY", "NO_CRL"]),
        ("postgresql.conf", postgres.replace("ssl = on # yes\n", ""), &["DISABLED", "AUTHORITY", "NO_CRL"]),
        ("postgresql.conf", format!("{postgres}ssl = No\n"), &["DISABLED", "AUTHORITY", "NO_CRL"]),
        ("postgresql.conf", format!("ssl_cert_file = 'gone.pem'\n{postgres}"), &clients),
        ("postgresql.conf", format!("{postgres}ssl_cert_file = 'gone.pem'\n"), &["NOT_FOUND", "AUTHORITY", "NO_CRL"]),
        ("postgresql.conf", "ssl = on\nssl_cert_file = 'gone.pem'\n".to_owned(), &["NOT_FOUND"]),
        ("postgresql.conf", format!("ssl = on\nssl_cert_file = '{certificate}'\n"), &["NOT_FOUND"]),
        ("postgresql.conf", "ssl = on\nssl_key_file = 'server.key'\n".to_owned(), &["NOT_FOUND"]),
        ("mosquitto.conf", format!("listener 8883\ncertfile {certificate}\n"), &["NO_KEY"]),
        ("mosquitto.conf", format!("listener 8883\nkeyfile {key}\n"), &["NO_CERTIFICATE"]),
        ("nginx.conf", format!("server {{ listen 443 ssl; ssl_certificate {certificate}; }}\n"), &["NO_KEY"]),
        ("configuration.yaml", format!("http:\n  ssl_certificate: {certificate}\n"), &["PARSE"]),
        ("configuration.yaml", "http:\n  ssl_certificate: both.pem\n".to_owned(), &[]),
        ("configuration.yaml", "http:\n  ssl_certificate: open.pem\n".to_owned(), &["KEY_READABLE"]),
        ("traefik.yaml", format!("{traefik}RequireAndVerifyClientCert\n"), &["AUTHORITY"]),
        ("traefik.yaml", format!("{traefik}VerifyClientCertIfGiven\n"), &["CLIENT_AUTH", "AUTHORITY"]),
        ("configuration.yaml", format!("http:\n  ssl_certificate: {certificate}\n  ssl_key: \"{key}\"\n"), &[]),
        ("haproxy.cfg", "frontend f\n bind :80\n bind :443 ssl crt both.pem\n".to_owned(), &[]),
        (
            "haproxy.cfg",
            format!("frontend f\n bind :443 ssl crt both.pem ca-file {ca} verify required no-tls-tickets\n"),
            &clients,
        ),
        (
            "haproxy.cfg",
            format!("frontend f\n bind :443 ssl crt both.pem ca-file {ca} verify optional crl-file c\n"),
            &["CLIENT_AUTH", "AUTHORITY", "RESUMPTION"],
        ),
        (
            "haproxy.cfg",
            "frontend f\n bind :443 ssl\n bind :1 ssl crt both.pem ssl-min-ver TLSv1.0\n".to_owned(),
            &["NO_CERTIFICATE", "PROTOCOL"],
        ),
        (
            "haproxy.cfg",
            format!("frontend f\n bind :443 ssl crt both.pem ca-file {ca} crl-file c no-tls-tickets\n"),
            &["CLIENT_AUTH", "AUTHORITY"],
        ),
        ("haproxy.cfg", "frontend f\n bind :443 ssl crt open.pem\n".to_owned(), &["KEY_READABLE"]),
        ("haproxy.cfg", format!("frontend f\n bind :443 ssl crt {certificate}\n"), &["NOT_FOUND"]),
        ("haproxy.cfg", "frontend f\n bind :80\n".to_owned(), &["DISABLED"]),
        ("Caddyfile", caddy("mode require_and_verify"), &[]),
        (
            "Caddyfile",
            caddy(&format!("mode verify_if_given\n trusted_ca_cert_file {ca}")),
            &["CLIENT_AUTH", "AUTHORITY", "NO_CRL"],
        ),
        ("Caddyfile", caddy("").replace("nas.home.arpa:", "other.home.arpa:"), &["NAME_MISMATCH"]),
        ("Caddyfile", "nas.home.arpa {\n}\n".to_owned(), &["DISABLED"]),
        ("Caddyfile", format!("nas.home.arpa:8443\ntls {certificate} {key} {{\n}}\n"), &[]),
        ("Caddyfile", format!("other.home.arpa\nlog\ntls {certificate} {key}\n"), &["NAME_MISMATCH"]),
        (
            "Caddyfile",
            format!("other.home.arpa,\nnas.home.arpa {{\n tls {certificate} {key}\n}}\n"),
            &["NAME_MISMATCH"],
        ),
    ] {
        folder.write(&format!("x/{file}"), &text);
        let (mut all, notes) = found(&folder.run(&format!("check x/{file} --json")));
        all.extend(notes);
        all.sort();
        let mut wanted = kinds.to_vec();
        wanted.sort_unstable();
        assert_eq!(all, wanted, "{file}\n{text}");
        fs::remove_file(folder.path().join("x").join(file)).unwrap();
    }
}
