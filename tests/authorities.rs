//! Clients that an authority vouches for, over TLS 1.2 and 1.3 with `openssl s_client`: what an authority's removal
//! or a revocation list takes away is gone for new handshakes, for resumed ones and for open connections.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use rustls::version;
use support::chains::{AUTHORITY, CLIENT, Chains};
use support::client::{BOTH, SClient, Tls, once};
use support::server::{Server, What};
use support::wire::{Sessions, Wire, client};
use support::{ClientFiles, DEADLINE, World};
use trustdir::tls::Acceptor;
use trustdir::{
    AuthorityDir, AuthorityDirOptions, Certificate, ClientAuth, EntryNames, Identity, IssueOptions, Policy, Reason,
    RevocationReason, TrustDir,
};

/// A world whose service admits what its own authority has issued.
struct Service {
    world: World,
    authorities: AuthorityDir,
    server: Server,
}

impl Service {
    fn start() -> Self {
        Self::with(AuthorityDirOptions::default())
    }

    fn with(options: AuthorityDirOptions) -> Self {
        let world = World::new();
        let options = AuthorityDirOptions { create: true, ..options };
        let authorities = AuthorityDir::open_with(world.path("authorities"), options).unwrap();
        authorities.directory().install(world.ca.certificate()).unwrap();
        Self::of(world, authorities)
    }

    fn of(world: World, authorities: AuthorityDir) -> Self {
        let acceptor = Acceptor::builder(world.server.clone()).authorities(authorities.clone()).build().unwrap();
        Self { world, authorities, server: Server::start(acceptor) }
    }

    fn once(&self, tls: Tls, client: &ClientFiles, session: Option<(&str, &Path)>) -> Result<(), String> {
        once(&self.world, &self.server.address(), tls, Some(client), session)
    }

    fn connect(&self, tls: Tls, client: &ClientFiles, more: &[&str]) -> SClient {
        let mut open = SClient::connect(&self.world, &self.server.address(), tls, Some(client), more);
        assert_eq!(open.echo("one").as_deref(), Some("one"));
        open
    }

    fn anchor(&self) -> std::path::PathBuf {
        self.authorities.directory().list().unwrap()[0].file().to_owned()
    }

    /// Revokes, and puts the new list into the directory as an operator would.
    fn revoke(&self, client: &ClientFiles) {
        self.world.ca.revoke(&client.load(), RevocationReason::KeyCompromise).unwrap();
        self.world.ca.crl(30).unwrap();
        self.world.ca.install_crl(self.authorities.directory().path()).unwrap();
    }

    #[track_caller]
    fn is_refused(&self, tls: Tls, client: &ClientFiles, session: Option<(&str, &Path)>, reason: Reason, alert: &str) {
        let mark = self.server.mark();
        let errors = self.once(tls, client, session).unwrap_err();
        assert!(errors.contains(alert), "{errors}");
        let event = self.server.wait_from(mark, |event| event.what == What::Refused);
        assert_eq!(event.reason, Some(reason), "{event:?}");
        assert!(self.server.events()[mark..].iter().all(|event| event.what != What::Data));
    }
}

/// Alice resumes sessions and has an idle connection open; then `change` takes her admission away, and all three
/// end; what `restore` brings back is admitted again. Bob goes on where the change is about her alone.
fn exact(change: impl Fn(&Service, &ClientFiles), reason: Reason, alert: &str, restore: impl Fn(&Service)) {
    for tls in BOTH {
        for more in [&[][..], &["-no_ticket"]] {
            let service = Service::start();
            let issued = |name| service.world.issued(name, &IssueOptions::default());
            let (alice, bob) = (issued("alice"), issued("bob"));
            let session = service.world.path("session");
            let keep = |client| {
                let out = session.to_str().unwrap();
                service.connect(tls, client, &[more, &["-sess_out", out]].concat()).close();
            };
            keep(&alice);
            let mark = service.server.mark();
            service.once(tls, &alice, Some(("-sess_in", &session))).unwrap();
            let admitted = service.server.wait_from(mark, |event| event.what == What::Admitted);
            assert!(admitted.resumed, "{tls:?} {more:?}");
            assert_eq!(admitted.entry, Some(service.anchor()));
            keep(&alice);
            let (open, mut other) = (service.connect(tls, &alice, &[]), service.connect(tls, &bob, &[]));

            let mark = service.server.mark();
            change(&service, &alice);
            service.is_refused(tls, &alice, None, reason, alert);
            service.is_refused(tls, &alice, Some(("-sess_in", &session)), reason, alert);
            // Idle, told nothing and asked nothing.
            open.end();
            let closed = service.server.wait_from(mark, |event| {
                let ended = event.what == What::Closed && event.reason != Some(Reason::Admitted);
                ended && event.subject.as_deref() == Some("CN=alice")
            });
            let expected = if reason == Reason::UntrustedIssuer { Reason::Removed } else { reason };
            assert_eq!(closed.reason, Some(expected), "{closed:?}");
            if reason == Reason::RevokedByCrl {
                assert_eq!(other.echo("two").as_deref(), Some("two"));
            } else {
                other.end();
            }
            restore(&service);
            service.once(tls, &alice, None).unwrap();
            service.once(tls, &bob, None).unwrap();
        }
    }
}

#[test]
fn an_authority_is_removed() {
    let away = |service: &Service, _: &ClientFiles| {
        fs::rename(service.anchor(), service.world.path("away")).unwrap();
    };
    let back = |service: &Service| {
        service.authorities.directory().install(service.world.ca.certificate()).unwrap();
    };
    exact(away, Reason::UntrustedIssuer, "unknown ca", back);
}

#[test]
fn an_authority_is_overwritten_in_place() {
    let over = |service: &Service, _: &ClientFiles| {
        let other = service.world.self_signed("other");
        fs::write(service.anchor(), fs::read(other.certificate).unwrap()).unwrap();
    };
    let back = |service: &Service| {
        let file = service.anchor();
        fs::write(file, service.world.ca.certificate().to_pem()).unwrap();
    };
    exact(over, Reason::UntrustedIssuer, "unknown ca", back);
}

#[test]
fn the_directory_is_replaced() {
    let away = |service: &Service, _: &ClientFiles| {
        fs::rename(service.authorities.directory().path(), service.world.path("away")).unwrap();
    };
    let back = |service: &Service| {
        fs::rename(service.world.path("away"), service.authorities.directory().path()).unwrap();
    };
    exact(away, Reason::UntrustedIssuer, "unknown ca", back);
}

#[test]
fn a_list_is_put_while_running() {
    let restore = |service: &Service| {
        let list = service.authorities.crls()[0].file().to_owned();
        fs::remove_file(list).unwrap();
    };
    exact(Service::revoke, Reason::RevokedByCrl, "certificate revoked", restore);
}

#[test]
fn a_list_is_replaced_while_running() {
    let hold = |service: &Service, alice: &ClientFiles| {
        // An empty list first, so that the file is there and another one takes its place.
        service.world.ca.crl(30).unwrap();
        service.world.ca.install_crl(service.authorities.directory().path()).unwrap();
        service.once(Tls::V13, alice, None).unwrap();
        service.world.ca.revoke(&alice.load(), RevocationReason::CertificateHold).unwrap();
        service.world.ca.crl(30).unwrap();
        service.world.ca.install_crl(service.authorities.directory().path()).unwrap();
    };
    let unhold = |service: &Service| {
        let alice = Certificate::load(service.world.path("alice.cert.pem")).unwrap();
        service.world.ca.unhold(&alice).unwrap();
        service.world.ca.crl(30).unwrap();
        service.world.ca.install_crl(service.authorities.directory().path()).unwrap();
    };
    exact(hold, Reason::RevokedByCrl, "certificate revoked", unhold);
}

/// A link to the list that the authority itself replaces: whatever the directory is read like, it is followed.
#[test]
fn a_list_behind_a_link_is_followed() {
    for entry_names in [EntryNames::Any, EntryNames::SubjectHash] {
        let service = Service::with(AuthorityDirOptions { entry_names, ..Default::default() });
        let alice = service.world.issued("alice", &IssueOptions::default());
        let link = service.anchor().with_extension("r3");
        std::os::unix::fs::symlink(service.world.ca.crl(30).unwrap(), link).unwrap();
        let open = service.connect(Tls::V13, &alice, &[]);
        service.world.ca.revoke(&alice.load(), RevocationReason::KeyCompromise).unwrap();
        service.world.ca.crl(30).unwrap();
        open.end();
        service.is_refused(Tls::V13, &alice, None, Reason::RevokedByCrl, "certificate revoked");
        assert_eq!(service.authorities.problems().unwrap(), []);
    }
}

#[test]
fn an_authority_in_between_comes_from_the_client_and_is_revoked() {
    for tls in BOTH {
        let chains = Chains::new();
        chains.make("root", None, AUTHORITY);
        chains.make("between", Some("root"), AUTHORITY);
        chains.make("alice", Some("between"), CLIENT);
        let service = Service::of(World::new(), chains.trust(&["root"]));
        let (alone, alice) = (chains.client("alice", None), chains.client("alice", Some("between")));
        service.is_refused(tls, &alone, None, Reason::UntrustedIssuer, "unknown ca");
        // A resumed session brings the authority in between with it.
        let session = service.world.path("session");
        service.once(tls, &alice, Some(("-sess_out", &session))).unwrap();
        let mark = service.server.mark();
        service.once(tls, &alice, Some(("-sess_in", &session))).unwrap();
        assert!(service.server.wait_from(mark, |event| event.what == What::Admitted).resumed);
        let open = service.connect(tls, &alice, &[]);
        chains.install_crl("root", &["between"], 0);
        open.end();
        service.is_refused(tls, &alice, None, Reason::RevokedByCrl, "certificate revoked");
        service.is_refused(tls, &alice, Some(("-sess_in", &session)), Reason::RevokedByCrl, "certificate revoked");
    }
}

/// What is refused without a connection is refused with one, with the alert that fits.
#[test]
fn strangers_and_limits_are_told_by_the_alert() {
    let chains = Chains::new();
    chains.make("root", None, &format!("{AUTHORITY}\nnameConstraints=critical,permitted;DNS:example.com"));
    chains.make("short", Some("root"), "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign");
    chains.make("lower", Some("short"), AUTHORITY);
    chains.make("deep", Some("lower"), CLIENT);
    chains.make("outside", Some("root"), &format!("{CLIENT}\nsubjectAltName=DNS:example.net"));
    chains.make("server", Some("root"), "extendedKeyUsage=serverAuth");
    chains.make("inside", Some("root"), &format!("{CLIENT}\nsubjectAltName=DNS:alice.example.com"));
    let both =
        fs::read(chains.path("lower.pem")).unwrap().into_iter().chain(fs::read(chains.path("short.pem")).unwrap());
    fs::write(chains.path("both.pem"), both.collect::<Vec<_>>()).unwrap();
    let service = Service::of(World::new(), chains.trust(&["root"]));
    for tls in BOTH {
        service.once(tls, &chains.client("inside", None), None).unwrap();
        for (client, between, reason, alert) in [
            ("deep", Some("both"), Reason::UntrustedIssuer, "unknown ca"),
            ("outside", None, Reason::UntrustedIssuer, "unknown ca"),
            ("server", None, Reason::WrongPurpose, "unsupported certificate"),
        ] {
            service.is_refused(tls, &chains.client(client, between), None, reason, alert);
        }
        let stranger = service.world.self_signed("stranger");
        service.is_refused(tls, &stranger, None, Reason::UntrustedIssuer, "unknown ca");
    }
}

/// A pin is asked first, and has the last word about itself.
#[test]
fn clients_come_before_authorities() {
    let world = World::new();
    let options = AuthorityDirOptions { create: true, ..Default::default() };
    let authorities = AuthorityDir::open_with(world.path("authorities"), options).unwrap();
    authorities.directory().install(world.ca.certificate()).unwrap();
    let clients = world.trust_dir(EntryNames::Any);
    let policy = Policy::new(ClientAuth::Required).with_clients(clients.clone()).with_authorities(authorities);
    let decide = |client: &ClientFiles, now| policy.decide(&[client.load().as_der()], now);

    let alice = world.issued("alice", &IssueOptions::default());
    let (now, later) = (alice.load().not_before(), alice.load().not_after() + 1);
    assert!(decide(&alice, now).message().contains("vouches for it"));
    let pin = clients.install(&alice.load()).unwrap();
    assert_eq!(decide(&alice, now).entry(), Some(pin.file()));
    assert_eq!(decide(&alice, later).entry(), Some(pin.file()), "its own faults are its own");
    assert_eq!(decide(&alice, later).reason(), Reason::Expired);
    clients.remove(&alice.load().fingerprint()).unwrap();
    assert!(decide(&alice, now).message().contains("vouches for it"), "the authority still does");

    // What the directory of clients knows of a stranger is said where the authorities know nothing.
    let pinned = world.self_signed("pinned");
    assert_eq!(decide(&pinned, now).reason(), Reason::UntrustedIssuer);
    clients.install(&pinned.load()).unwrap();
    assert_eq!(decide(&world.minted("minted", &pinned), now).reason(), Reason::MintedByPin);
    clients.remove(&pinned.load().fingerprint()).unwrap();
    assert_eq!(decide(&pinned, now).reason(), Reason::Removed);
}

/// Without a watcher every byte is decided about, and `refresh` ends what is idle.
#[test]
fn without_events_the_next_byte_is_refused() {
    for tls in BOTH {
        let service = Service::with(AuthorityDirOptions { watch: false, ..Default::default() });
        let issued = |name| service.world.issued(name, &IssueOptions::default());
        let (alice, bob) = (issued("alice"), issued("bob"));
        let (mut busy, idle) = (service.connect(tls, &alice, &[]), service.connect(tls, &alice, &[]));
        let mut other = service.connect(tls, &bob, &[]);
        service.revoke(&alice);
        let mark = service.server.mark();
        assert_eq!(busy.echo("two"), None);
        assert!(service.server.events()[mark..].iter().all(|event| event.what != What::Data));
        service.authorities.refresh().unwrap();
        idle.end();
        assert_eq!(other.echo("two").as_deref(), Some("two"));
    }
}

/// A new list that does not name a client leaves its connection alone, with and without the authority renewed.
#[test]
fn what_changes_for_others_disturbs_nobody() {
    let service = Service::start();
    let alice = service.world.issued("alice", &IssueOptions::default());
    let bob = service.world.issued("bob", &IssueOptions::default());
    let mut open = service.connect(Tls::V13, &alice, &[]);
    service.revoke(&bob);
    assert_eq!(open.echo("two").as_deref(), Some("two"));
    // The anchor under another name.
    fs::rename(service.anchor(), service.authorities.directory().path().join("renamed.pem")).unwrap();
    assert_eq!(open.echo("three").as_deref(), Some("three"));
    let session = service.world.path("session");
    service.once(Tls::V13, &alice, Some(("-sess_out", &session))).unwrap();
    // The session is of another edition of the directory: a full handshake, which succeeds.
    service.revoke(&service.world.issued("carol", &IssueOptions::default()));
    let mark = service.server.mark();
    service.once(Tls::V13, &alice, Some(("-sess_in", &session))).unwrap();
    assert!(!service.server.wait_from(mark, |event| event.what == What::Admitted).resumed);
    open.close();
}

#[test]
fn an_acceptor_takes_either_directory() {
    let world = World::new();
    let options = AuthorityDirOptions { create: true, ..Default::default() };
    let authorities = AuthorityDir::open_with(world.path("authorities"), options).unwrap();
    let builder = Acceptor::builder(world.server.clone()).authorities(authorities);
    assert_eq!(builder.build().unwrap().policy().client_auth(), ClientAuth::Required);
    builder.clone().client_auth(ClientAuth::Off).build().unwrap_err();
    let clients = TrustDir::open(&world.clients).unwrap();
    let both = builder.trust_dir(clients).client_auth(ClientAuth::Optional).build().unwrap();
    assert!(both.policy().clients().is_some() && both.policy().authorities().is_some());
}

/// What limits an authority's entry limits whom it vouches for, at once.
#[test]
fn limits_of_an_authority_are_those_of_its_clients() {
    let service = Service::start();
    let alice = service.world.issued("alice", &IssueOptions::default());
    let session = service.world.path("session");
    for tls in BOTH {
        service.once(tls, &alice, Some(("-sess_out", &session))).unwrap();
        let mut open = service.connect(tls, &alice, &[]);
        let authority = service.authorities.directory();
        let which = authority.list().unwrap()[0].certificate().fingerprint().to_string();
        authority.limit(&which, None, Some(&["admin"])).unwrap();
        service.is_refused(tls, &alice, None, Reason::Scope, "access denied");
        service.is_refused(tls, &alice, Some(("-sess_in", &session)), Reason::Scope, "access denied");
        assert_eq!(open.echo("two"), None);
        let vouched = Policy::new(ClientAuth::Required).with_authorities(service.authorities.clone());
        let certificate = alice.load();
        let now = certificate.not_before();
        let decide = |policy: &Policy| policy.decide(&[certificate.as_der()], now).reason();
        assert_eq!((decide(&vouched), decide(&vouched.with_service("admin"))), (Reason::Scope, Reason::Admitted));
        authority.unlimit(&which).unwrap();
        service.once(tls, &alice, None).unwrap();
    }
}

/// One directory may hold clients and authorities at once. Whoever reads it may notice that a client has gone: the hook
/// of its connection then asks the same directory, which nobody may have locked.
#[test]
fn a_hook_may_ask_the_directory_that_noticed() {
    let world = World::new();
    let options = AuthorityDirOptions { create: true, watch: false, ..AuthorityDirOptions::default() };
    let authorities = AuthorityDir::open_with(world.path("both"), options).unwrap();
    authorities.directory().install(world.ca.certificate()).unwrap();
    let identities: Vec<_> = (0..40)
        .map(|number| world.ca.issue_client(&format!("c{number:02}"), &IssueOptions::default()).unwrap())
        .collect();
    let builder = Acceptor::builder(world.server.clone()).trust_dir(authorities.directory().clone());
    let acceptor = builder.authorities(authorities.clone()).build().unwrap();
    // The last that is read after the directory was listed: that takes a while, and anything may happen meanwhile.
    let alice = client(&world.ca, &identities[39], &version::TLS13, Sessions::None);
    let bob = identities[0].certificate().clone();
    let ask = move |authorities: &AuthorityDir| authorities.decide(&[bob.as_der()], bob.not_before()).is_admitted();
    let done = Arc::new(AtomicBool::new(false));
    // It hangs if a lock is held: then nobody waits for it.
    let reader = thread::spawn({
        let (authorities, ask, done) = (authorities.clone(), ask.clone(), done.clone());
        move || {
            while !done.load(Ordering::Relaxed) {
                ask(&authorities);
            }
        }
    });
    let (sender, asked) = channel();
    for _ in 0..50 {
        let file =
            |identity: &Identity| authorities.directory().path().join(identity.certificate().subject().to_string());
        identities.iter().for_each(|identity| fs::write(file(identity), identity.certificate().to_pem()).unwrap());
        let mut wire = Wire::new(&alice, &acceptor);
        wire.establish().unwrap();
        let (authorities, ask, sender) = (authorities.clone(), ask.clone(), sender.clone());
        wire.server.on_revoked(Box::new(move || sender.send(ask(&authorities)).unwrap()));
        fs::remove_file(file(&identities[39])).unwrap();
        assert!(asked.recv_timeout(DEADLINE).expect("the hook hangs"));
    }
    done.store(true, Ordering::Relaxed);
    reader.join().unwrap();
}
