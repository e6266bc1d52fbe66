//! Limits of entries: until when and for which services, in `trustdir.toml`; removing and widening them needs no
//! reissue, no restart and no signal.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::thread;

use support::client::{BOTH, SClient, once};
use support::server::{Server, What};
use support::{World, text};
use trustdir::tls::Acceptor;
use trustdir::{Certificate, ClientAuth, EntryNames, ErrorKind, IssueOptions, Policy, Reason, TrustDir};

const FAR: i64 = 4_102_444_800;

/// A directory with alice and bob, who may do as they like.
struct Two {
    world: World,
    clients: TrustDir,
    alice: Certificate,
    bob: Certificate,
}

impl Two {
    fn new() -> Self {
        let world = World::new();
        let clients = world.trust_dir(EntryNames::Any);
        let [alice, bob] = ["alice", "bob"].map(|name| world.issued(name, &IssueOptions::default()).load());
        clients.install(&alice).unwrap();
        clients.install(&bob).unwrap();
        Self { world, clients, alice, bob }
    }

    fn write(&self, text: &str) {
        fs::write(self.world.clients.join("trustdir.toml"), text).unwrap();
    }

    /// What the service decides about alice and bob at this moment of theirs.
    fn decide_at(&self, service: Option<&str>, now: i64) -> [Reason; 2] {
        let policy = Policy::new(ClientAuth::Required).with_clients(self.clients.clone());
        let policy = service.map_or(policy.clone(), |service| policy.with_service(service));
        [&self.alice, &self.bob].map(|client| policy.decide(&[client.as_der()], now).reason())
    }

    fn decide(&self, service: Option<&str>) -> [Reason; 2] {
        self.decide_at(service, self.alice.not_before().max(self.bob.not_before()))
    }
}

const BOTH_ADMITTED: [Reason; 2] = [Reason::Admitted; 2];
const NOT_ALICE: [Reason; 2] = [Reason::Scope, Reason::Admitted];
const NOBODY: [Reason; 2] = [Reason::Scope; 2];

#[test]
fn a_limit_is_for_a_certificate_a_file_or_a_subject() {
    let two = Two::new();
    assert_eq!(two.decide(None), BOTH_ADMITTED);
    // A second file with the certificate: a limit of either holds, whichever a decision happens to find.
    fs::write(two.world.clients.join("alice.pem"), two.alice.to_pem()).unwrap();
    for which in [
        format!("sha256 = \"{}\"", two.alice.fingerprint()),
        "file = \"alice.pem\"".to_owned(),
        "subject = \"CN=alice\"".to_owned(),
        "subject = \"cn=ALICE\"".to_owned(),
    ] {
        two.write(&format!("[[limit]]\n{which}\nservices = [\"rpc\"]\n"));
        assert_eq!(two.decide(Some("rpc")), BOTH_ADMITTED, "{which}");
        assert_eq!(two.decide(Some("admin")), NOT_ALICE, "{which}");
        assert_eq!(two.decide(None), NOT_ALICE, "{which}");
        assert_eq!(two.clients.decide(two.alice.as_der(), two.alice.not_before()).reason(), Reason::Scope);
        let [limit] = &two.clients.limits().unwrap()[..] else { panic!("one limit") };
        assert!(!limit.files().is_empty(), "{limit:?}");
    }
    two.write("[[limit]]\nsubject = \"CN=carol\"\nservices = []\n");
    assert_eq!(two.decide(None), BOTH_ADMITTED);
    assert_eq!(two.clients.limits().unwrap()[0].files(), [""; 0].map(std::path::PathBuf::from));
    assert!(two.clients.problems().unwrap().is_empty(), "the limits are no entry");
}

#[test]
fn limits_count_together() {
    let two = Two::new();
    let now = two.alice.not_before();
    let until = |moment: i64| format!("valid_until = {}", rfc3339(moment));
    two.write(&format!(
        "[[limit]]\nsubject = \"CN=alice\"\n{}\nservices = [\"rpc\", \"admin\"]\n\
         [[limit]]\nsha256 = \"{}\"\n{}\n\
         [[limit]]\nsubject = \"CN=alice\"\nservices = [\"admin\", \"backup\"]\n",
        until(now + 60),
        two.alice.fingerprint(),
        until(now + 30),
    ));
    let of_alice = |service, at| two.decide_at(service, at)[0];
    assert_eq!(of_alice(Some("admin"), now + 30), Reason::Admitted);
    assert_eq!(of_alice(Some("admin"), now + 31), Reason::Expired);
    assert_eq!(of_alice(Some("rpc"), now), Reason::Scope);
    assert_eq!(of_alice(Some("backup"), now), Reason::Scope);
    let decision = two.clients.decide(two.alice.as_der(), now + 31);
    let end = rfc3339(now + 30);
    assert!(
        decision.message().contains(&end) && decision.message().contains("trustdir.toml"),
        "{}",
        decision.message()
    );
    let decision = two.clients.decide(two.alice.as_der(), now);
    assert!(decision.message().contains("services admin"), "{}", decision.message());
    assert!(decision.message().contains("CN=alice") && decision.entry().is_some(), "{}", decision.message());
}

fn rfc3339(moment: i64) -> String {
    support::run("date", &["-u", "-d", &format!("@{moment}"), "+%Y-%m-%dT%H:%M:%SZ"], "/".as_ref()).trim().to_owned()
}

/// Whatever stands where the limits should: everybody is refused, it is said why, and repairing it suffices.
#[test]
fn what_cannot_be_read_admits_nobody() {
    let two = Two::new();
    let file = two.world.clients.join("trustdir.toml");
    let elsewhere = two.world.path("limits.toml");
    let file = &file;
    let write = |text: &'static [u8]| move || fs::write(file, text).unwrap();
    let faults: [(&str, &dyn Fn()); 8] = [
        ("empty", &write(b"")),
        ("line 2", &write(b"[[limit]]\nservices = [\"rpc\"\n")),
        ("line 1", &write(b"[[limit]]\nservices = [\"rpc\"]\n")),
        ("limit", &write(b"# all gone\n")),
        ("UTF-8", &write(b"[[limit]]\nfile = \"\xff\"\n")),
        ("a directory", &|| fs::create_dir(file).unwrap()),
        ("", &|| symlink(&elsewhere, file).unwrap()),
        ("not a regular file", &|| drop(support::run("mkfifo", &[&text(file)], "/".as_ref()))),
    ];
    for (says, make) in faults {
        make();
        assert_eq!(two.decide(None), NOBODY, "{says}");
        assert_eq!(two.decide(Some("rpc")), NOBODY, "{says}");
        let decision = two.clients.decide(two.alice.as_der(), two.alice.not_before());
        assert!(
            decision.message().contains(&text(file)) && decision.message().contains(says),
            "{}",
            decision.message()
        );
        let problems = two.clients.problems().unwrap();
        let [problem] = &problems[..] else { panic!("one problem, not {problems:?}") };
        assert_eq!(problem.file(), file);
        assert!(problem.message().contains(says) && problem.message().contains("everybody"), "{problem:?}");
        let error = TrustDir::open(&two.world.clients).unwrap_err();
        assert!(error.to_string().contains(says) && error.path() == Some(file.as_path()), "{error}");
        assert!(two.clients.limit("alice", Some(FAR), None).is_err(), "a limit nobody can read is not written over");
        if file.symlink_metadata().unwrap().is_dir() {
            fs::remove_dir(file).unwrap();
        } else {
            fs::remove_file(file).unwrap();
        }
        two.write("[[limit]]\nfile = \"nobody\"\nservices = []\n");
        assert_eq!(two.decide(None), BOTH_ADMITTED, "after {says}");
        fs::remove_file(file).unwrap();
        assert_eq!(two.decide(None), BOTH_ADMITTED);
        assert!(two.clients.problems().unwrap().is_empty());
    }
}

#[test]
fn limits_are_written_listed_and_taken_off() {
    let two = Two::new();
    two.write("# by hand\n[[limit]]\nfile = \"gone.pem\"\nservices = [\"rpc\"]\n[[limit]]\nsubject = \"CN=bob\"\nservices = [\"rpc\"]\n");
    let limit = two.clients.limit("alice", Some(FAR), Some(&["rpc", "admin"])).unwrap();
    assert_eq!((limit.of().key(), limit.of().to_string()), ("sha256", two.alice.fingerprint().to_string()));
    assert_eq!((limit.valid_until(), limit.services().unwrap().len(), limit.files().len()), (Some(FAR), 2, 1));
    // Again: in its place, and the others stay.
    two.clients.limit(&two.alice.fingerprint().to_string(), None, Some(&["admin"])).unwrap();
    let limits = two.clients.limits().unwrap();
    let shown: Vec<_> =
        limits.iter().map(|limit| (limit.of().key(), limit.files().len(), limit.valid_until())).collect();
    assert_eq!(shown, [("file", 0, None), ("subject", 1, None), ("sha256", 1, None)]);
    assert_eq!(two.decide(Some("admin")), [Reason::Admitted, Reason::Scope]);

    let kind = |result: trustdir::Result<trustdir::Limit>| result.unwrap_err().kind();
    assert_eq!(kind(two.clients.limit("alice", None, None)), ErrorKind::InvalidArgument);
    assert_eq!(kind(two.clients.limit("alice", None, Some(&["a\nb"]))), ErrorKind::InvalidArgument);
    assert_eq!(kind(two.clients.limit("alice", Some(i64::MAX), None)), ErrorKind::InvalidArgument);
    assert_eq!(kind(two.clients.limit("nobody", Some(FAR), None)), ErrorKind::NotFound);
    assert_eq!(two.clients.limits().unwrap(), limits);

    assert_eq!(two.clients.unlimit("nobody").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(two.clients.unlimit("gone.pem").unwrap().len(), 1);
    assert_eq!(two.clients.unlimit("alice").unwrap().len(), 1);
    assert_eq!(two.decide(Some("rpc")), BOTH_ADMITTED);
    assert_eq!(two.decide(None), [Reason::Admitted, Reason::Scope]);
    assert_eq!(two.clients.unlimit("CN=Bob").unwrap()[0].files().len(), 1);
    assert_eq!(two.decide(None), BOTH_ADMITTED);
    assert_eq!(two.clients.limits().unwrap(), []);
    assert!(TrustDir::open(&two.world.clients).is_ok(), "a file without limits is one that can be read");
}

#[test]
fn writers_lose_none_of_each_others_limits() {
    let two = Two::new();
    let clients: Vec<_> = (0..8).map(|n| two.world.issued(&format!("c{n}"), &IssueOptions::default()).load()).collect();
    for client in &clients {
        two.clients.install(client).unwrap();
    }
    thread::scope(|scope| {
        for client in &clients {
            // Each through a directory of its own, as processes are.
            let directory = two.world.trust_dir(EntryNames::Any);
            scope.spawn(move || {
                for until in FAR..FAR + 5 {
                    directory.limit(&client.fingerprint().to_string(), Some(until), None).unwrap();
                }
            });
        }
    });
    let limits = two.clients.limits().unwrap();
    assert_eq!(limits.len(), clients.len());
    assert!(limits.iter().all(|limit| limit.valid_until() == Some(FAR + 4) && limit.files().len() == 1));
}

/// Full and resumed handshakes and open connections, in both versions.
#[test]
fn connections_and_sessions_keep_to_their_limits() {
    for tls in BOTH {
        let world = World::new();
        let alice = world.issued("alice", &IssueOptions::default());
        let directory = world.trust_dir(EntryNames::SubjectHash);
        directory.install(&alice.load()).unwrap();
        directory.limit("CN=alice", None, Some(&["rpc"])).unwrap();
        let acceptor = Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).service("rpc");
        let server = Server::start(acceptor.build().unwrap());
        let address = server.address();
        let session = world.path("session");
        let resume = Some(("-sess_in", session.as_path()));
        once(&world, &address, tls, Some(&alice), Some(("-sess_out", &session))).unwrap();
        let mark = server.mark();
        once(&world, &address, tls, Some(&alice), resume).unwrap();
        assert!(server.wait_from(mark, |event| event.what == What::Admitted).resumed, "{tls:?}");
        once(&world, &address, tls, Some(&alice), Some(("-sess_out", &session))).unwrap();
        let mut open = SClient::connect(&world, &address, tls, Some(&alice), &[]);
        assert_eq!(open.echo("one").as_deref(), Some("one"));

        // By the subject, which a session does not tell: the entry does.
        let limits = world.clients.join("trustdir.toml");
        fs::write(&limits, "[[limit]]\nsubject = \"CN=alice\"\nservices = [\"admin\"]\n").unwrap();
        let mark = server.mark();
        assert_eq!(open.echo("two"), None, "{tls:?}");
        let closed = server.wait_from(mark, |event| event.what == What::Closed);
        assert_eq!(closed.reason, Some(Reason::Scope), "{closed:?}");
        open.end();
        for session in [None, resume] {
            let mark = server.mark();
            let errors = once(&world, &address, tls, Some(&alice), session).unwrap_err();
            let event = server.wait_from(mark, |event| event.what == What::Refused);
            assert_eq!(event.reason, Some(Reason::Scope), "{event:?}");
            assert!(errors.contains("access denied"), "{tls:?}: {errors}");
            assert!(!server.events()[mark..].iter().any(|event| event.what == What::Data));
        }
        // And repaired, the same session resumes.
        fs::write(&limits, "[[limit]]\nsubject = \"CN=alice\"\nservices = [\"rpc\", \"admin\"]\n").unwrap();
        let mark = server.mark();
        once(&world, &address, tls, Some(&alice), resume).unwrap();
        assert!(
            server.wait_from(mark, |event| event.what == What::Admitted).resumed || tls == support::client::Tls::V13
        );
    }
}

#[test]
fn a_connection_ends_when_its_time_is_over() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&alice.load()).unwrap();
    let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap());
    for tls in BOTH {
        directory.limit("alice", Some(FAR), None).unwrap();
        let mut open = SClient::connect(&world, &server.address(), tls, Some(&alice), &[]);
        assert_eq!(open.echo("one").as_deref(), Some("one"));
        let mark = server.mark();
        let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 1;
        directory.limit("alice", Some(soon.cast_signed()), None).unwrap();
        while open.echo("more").is_some() {}
        let closed = server.wait_from(mark, |event| event.what == What::Closed);
        assert_eq!(closed.reason, Some(Reason::Expired), "{closed:?}");
        assert!(closed.message.contains("was limited until"), "{closed:?}");
        let errors = once(&world, &server.address(), tls, Some(&alice), None).unwrap_err();
        assert!(errors.contains("certificate expired"), "{errors}");
    }
}

/// Numbers move when a neighbour goes: a limit of a number would come to limit another client.
#[test]
fn a_number_is_no_name_for_a_limit() {
    let two = Two::new();
    let hashed = format!("{}.0", two.alice.subject().subject_hash().unwrap());
    two.write(&format!("[[limit]]\nfile = \"{hashed}\"\nservices = []\n"));
    assert_eq!(two.decide(None), NOBODY);
    let problems = two.clients.problems().unwrap();
    assert!(problems[0].message().contains("numbers move when others go; name the entry by sha256"), "{problems:?}");
}

/// A client's limits stay when its certificate is renewed.
#[test]
fn limits_pass_to_the_certificate_that_replaces_another() {
    let two = Two::new();
    two.clients.limit(&two.alice.fingerprint().to_string(), None, Some(&["rpc"])).unwrap();
    let renewed = two.world.ca.issue_client("alice", &Default::default()).unwrap();
    two.clients.replace(&two.alice.fingerprint(), renewed.certificate()).unwrap();
    let decide = |service| {
        let policy = Policy::new(ClientAuth::Required).with_clients(two.clients.clone()).with_service(service);
        policy.decide(&[renewed.certificate().as_der()], renewed.certificate().not_before()).reason()
    };
    assert_eq!((decide("rpc"), decide("admin")), (Reason::Admitted, Reason::Scope));
}
