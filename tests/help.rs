//! The help: it fits a screen, every example in it does what it says, and shells and manuals have it, too.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use support::folder::{Answer, Folder};
use support::server::Server;
use support::{run, text};
use trustdir::Certificate;
use trustdir::config::NanoConfig;

/// The verbs, by the manual pages that are written for them: `clients add`, but not `clients`.
fn verbs(folder: &Folder) -> Vec<String> {
    folder.run("man man1").done().says("wrote man1/trustdir.1");
    let names = fs::read_dir(folder.path().join("man1")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut verbs: Vec<String> = names
        .filter_map(|name| Some(name.to_str()?.strip_prefix("trustdir-")?.strip_suffix(".1")?.replace('-', " ")))
        .collect();
    verbs.sort();
    let groups: Vec<String> = verbs.iter().filter_map(|verb| Some(verb.split_once(' ')?.0.to_owned())).collect();
    verbs.retain(|verb| !groups.contains(verb));
    verbs
}

#[test]
fn it_fits_a_screen() {
    let folder = Folder::new();
    for verb in ["", "ca", "clients", "export", "issue"] {
        for help in ["--help", "-h"] {
            let answer = folder.run(&format!("{verb} {help}")).done();
            assert!(answer.out.lines().count() <= 23, "{verb}\n{}", answer.out);
            let width = if verb.is_empty() { 80 } else { 130 };
            assert!(answer.out.lines().all(|line| line.chars().count() <= width), "{verb}\n{}", answer.out);
        }
    }
    let answer = folder.run("--help").done();
    for verb in verbs(&folder) {
        assert!(answer.out.contains(verb.split(' ').next().unwrap()), "no {verb} in {}", answer.out);
        let answer = folder.run(&format!("{verb} --help")).done();
        answer.says("Usage: trustdir").says("Examples").says("  trustdir ").says("--json");
        assert!(answer.out.lines().count() <= 40, "{verb}\n{}", answer.out);
        assert!(answer.out.lines().all(|line| line.chars().count() <= 130), "{verb}\n{}", answer.out);
    }
}

#[test]
fn a_shell_completes_what_is_there() {
    let folder = Folder::new();
    folder.write("trustdir.bash", folder.run("completions bash").done().out);
    let complete = |words: &str| {
        let script = format!(
            "source trustdir.bash; COMP_WORDS=(trustdir {words} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _trustdir trustdir '' x; echo ${{COMPREPLY[@]}}"
        );
        run("bash", &["-c", &script], folder.path())
    };
    let top = complete("");
    assert!(["clients", "up", "completions", "man"].iter().all(|verb| top.contains(verb)), "{top}");
    assert!(complete("clients").contains("watch"));
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let answer = folder.run(&format!("completions {shell} --json")).done().json();
        assert!(answer["script"].as_str().unwrap().contains("watch") && answer["shell"] == shell);
    }
    folder.run("completions tcsh").code(2);
}

#[test]
fn every_verb_has_a_manual_page() {
    let folder = Folder::new();
    assert!(verbs(&folder).len() > 30);
    let page = fs::read_to_string(folder.path().join("man1/trustdir-clients-add.1")).unwrap();
    for words in [".TH trustdir-clients-add 1", "\\fB\\-\\-subject\\-hash\\fR", "trustdir clients add tls/clients"] {
        assert!(page.contains(words), "no {words} in\n{page}");
    }
    // Another release writes over them.
    folder.run("man man1 --json").done().json();
}

/// What an example needs that its reader has.
struct Reader {
    template: Folder,
    server: Server,
    fingerprint: String,
}

/// What examples write, and is not there before.
const WRITTEN: [(&str, &[&str]); 9] = [
    ("sign", &["nas.cert.pem", "alice.cert.pem"]),
    ("ca init", &["pki"]),
    ("ca import", &["pki"]),
    ("ca intermediate", &["office"]),
    ("export p12", &["alice.p12"]),
    ("export pem", &["alice.cert.pem", "alice.key.pem", "tls"]),
    ("export bundle", &["fullchain.pem"]),
    ("issue client", &["alice.cert.pem", "alice.key.pem"]),
    ("clients add", &["tls"]),
];

/// On a terminal this asks, and elsewhere it is refused.
const ASKS: &str = "trustdir sign nas.csr.pem --ca pki";

/// Programs that examples call besides, and what they do here.
const OTHERS: [(&str, &str); 2] = [("mail", "cat > mail"), ("journalctl", "cat decisions.log")];

impl Reader {
    fn new() -> Self {
        let folder = Folder::new();
        for line in [
            "ca init pki --no-passphrase",
            "ca init root --no-passphrase",
            "ca intermediate office --ca root --no-passphrase",
            "issue server server --ca pki --out tls",
            "issue server nas.home.arpa --ca office --out nas",
            "issue client alice --ca pki --install tls/clients",
            "issue client alice --ca pki --out incoming",
            "issue client bob --ca pki",
            "issue client carol --ca pki",
            "request nas.home.arpa --out requests",
            "request --subject alice --out requests",
            "request --subject CN=rpc.user.1,O=Example --out requests",
            "sign requests/rpc.user.1.csr.pem --ca pki --profile client --yes",
            "export p12 alice.cert.pem alice.key.pem --ca pki/cacert.pem",
            "up --for nano Nano --no-passphrase",
            "up --for pimatic pimatic-app --name home.example.org --no-passphrase",
            "up --for nginx etc/nginx --no-passphrase",
        ] {
            let mut command = folder.trustdir(&line.split_whitespace().collect::<Vec<_>>());
            Answer::from(command.env("TRUSTDIR_P12_PASSWORD", "test").output().unwrap()).done();
        }
        folder.openssl(&[
            "pkey",
            "-in",
            "pki/private/cakey.pem",
            "-aes256",
            "-passout",
            "pass:test",
            "-out",
            "old.key",
        ]);
        for (from, to) in [
            ("pki/cacert.pem", "Rocket.Chat-root.crt"),
            ("old.key", "Rocket.Chat-root.key"),
            ("pki/cacert.pem", "rootCA.pem"),
            ("pki/private/cakey.pem", "rootCA-key.pem"),
            ("nas/nas.home.arpa.cert.pem", "server.cert.pem"),
            ("nas/nas.home.arpa.cert.pem", "fullchain.pem"),
            ("nas/nas.home.arpa.cert.pem", "nas.cert.pem"),
            ("requests/nas.home.arpa.csr.pem", "nas.csr.pem"),
            ("requests/alice.csr.pem", "alice.csr.pem"),
            ("incoming/alice.cert.pem", "incoming/alice.pem"),
            ("incoming/alice.cert.pem", "alice-2027.cert.pem"),
            ("root/cacert.pem", "cacert.pem"),
            ("pki/cacert.pem", "home-ca.pem"),
            ("root/cacert.pem", "work-ca.pem"),
            ("office/cacert.pem", "intermediate.pem"),
        ] {
            fs::copy(folder.path().join(from), folder.path().join(to)).unwrap();
        }
        fs::remove_file(folder.path().join("incoming/alice.key.pem")).unwrap();
        for line in [
            "clients add tls/clients rpc.user.1.cert.pem",
            "clients limit tls/clients alice --service rpc",
            "clients limit tls/clients CN=rpc.user.1,O=Example --service rpc",
        ] {
            folder.run(line).done();
        }
        for pass in ["old", "ca", "server", "alice", "alice.p12"] {
            folder.write(&format!("{pass}.pass"), "test\n");
        }
        folder.write("decisions.log", "{\"reason\":\"ADMITTED\",\"admitted\":true}\n");
        for dir in ["bin", ".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"] {
            fs::create_dir_all(folder.path().join(dir)).unwrap();
        }
        for (program, script) in OTHERS {
            let program = folder.path().join("bin").join(program);
            fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
        }
        let node = NanoConfig::load(folder.path().join("Nano/config-rpc.toml")).unwrap();
        let alice = Certificate::load(folder.path().join("alice.cert.pem")).unwrap().fingerprint().to_string();
        Self { server: Server::start(node.acceptor().unwrap()), fingerprint: alice, template: folder }
    }

    /// A folder for one example.
    fn folder(&self, example: &str) -> Folder {
        let folder = Folder::new();
        run("cp", &["-a", &text(&self.template.path().join(".")), &text(folder.path())], Path::new("/"));
        let verb = example.split_once("trustdir ").unwrap().1;
        for (_, files) in WRITTEN.iter().filter(|(prefix, _)| verb.starts_with(prefix)) {
            run("rm", &[&["-r"], *files].concat(), folder.path());
        }
        folder
    }

    fn command(&self, folder: &Folder, example: &str) -> Command {
        let line = example.split("   (").next().unwrap().replace(" /etc/", " etc/");
        let line = line.replace("home.example.org:443", &format!("localhost:{}", self.server.port));
        let line = line.replace("3f9a6c01d2e4", &self.fingerprint[..12]);
        let program = folder.trustdir(&[]).get_program().to_owned();
        let path = format!(
            "{}:{}:{}",
            text(&folder.path().join("bin")),
            text(Path::new(&program).parent().unwrap()),
            std::env::var("PATH").unwrap()
        );
        let mut command = folder.command("bash");
        command.args(["-euo", "pipefail", "-c", &line]).env("PATH", path).env("HOME", folder.path());
        command.env("TRUSTDIR_CA_PASSPHRASE", "test").env("TRUSTDIR_P12_PASSWORD", "test");
        command.env("TRUSTDIR_PASSPHRASE", "test");
        command
    }

    /// Runs it; says what went wrong, if anything did.
    fn play(&self, folder: &Folder, example: &str) -> Option<String> {
        let mut command = self.command(folder, example);
        if example == ASKS {
            command = self.command(folder, &format!("echo y | script -qec '{example}' /dev/null"));
        }
        // These go on until Ctrl-C.
        if example.starts_with("trustdir clients watch") {
            command = self.command(folder, &format!("exec {example}"));
            let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
            let mut said = String::new();
            BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
            run("kill", &["-s", "INT", &child.id().to_string()], Path::new("/"));
            let status = child.wait().unwrap();
            let good = status.success() && said.contains("Ctrl-C ends it");
            return (!good).then(|| format!("{example}: {said}{status}"));
        }
        let output = command.output().unwrap();
        (!output.status.success()).then(|| format!("{example}: {output:?}"))
    }
}

/// The examples in a verb's help that call the command.
fn examples(verb: &str) -> Vec<String> {
    let help = Folder::new().run(&format!("{verb} --help")).done().out;
    let lines = help.lines().skip_while(|line| !line.starts_with("Examples")).skip(1);
    let lines = lines.take_while(|line| line.starts_with("  ")).map(str::trim);
    lines.filter(|line| line.starts_with("trustdir ") || line.contains("| trustdir ")).map(str::to_owned).collect()
}

#[test]
fn every_example_does_what_it_says() {
    let reader = Reader::new();
    let mut folder = Folder::new();
    let (mut played, mut failed) = (0, Vec::new());
    for verb in verbs(&folder) {
        let own = examples(&verb);
        assert!(own.iter().any(|line| line.contains(&format!("trustdir {verb}"))), "{verb}: {own:?}");
        for example in own {
            // What is taken off hold was put on hold just before.
            if !example.contains("--unhold") {
                folder = reader.folder(&example);
            }
            failed.extend(reader.play(&folder, &example));
            played += 1;
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(played > 75, "{played}");
}

/// What stands in backticks in the row of a verb.
fn documented(verb: &str) -> Vec<&'static str> {
    let page = include_str!("../docs/command.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let row = rows.filter(|(verbs, _)| verbs.split(", ").any(|own| own == format!("`{verb}`"))).map(|(_, keys)| keys);
    row.flat_map(|keys| keys.split('`').skip(1).step_by(2)).collect()
}

/// Every key of every answer is in docs/command.md.
#[test]
fn every_key_is_documented() {
    let reader = Reader::new();
    for verb in verbs(&Folder::new()) {
        let documented = documented(&verb);
        assert!(!documented.is_empty(), "docs/command.md has no row for `{verb}`");
        // It goes on until Ctrl-C, and answers with other objects.
        if verb == "clients watch" {
            continue;
        }
        let call = format!("trustdir {verb} ");
        let simple = |line: &&String| line.starts_with(&call) && !line.contains(" --unhold") && *line != ASKS;
        let Some(example) = examples(&verb).into_iter().find(|line| simple(&line)) else {
            panic!("{verb} has no example by itself")
        };
        let line = example.split(" || ").next().unwrap().split(" > ").next().unwrap();
        let line = line.split("   (").next().unwrap();
        let folder = reader.folder(line);
        let answer: Answer = reader.command(&folder, &format!("{line} --json")).output().unwrap().into();
        for key in answer.done().json().as_object().unwrap().keys() {
            assert!(documented.contains(&key.as_str()), "`{key}` of `{verb}` is not in docs/command.md");
        }
    }
}
