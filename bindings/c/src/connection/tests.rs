//! A real client at the exported functions: admitted, served, removed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::ffi::c_char;
use std::io::{Read as _, Write as _};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tempfile::TempDir;
use trustdir_core::{
    Authority, AuthorityOptions, Certificate, ClientAuth, Identity, IssueOptions, KeyAlgorithm, PrivateKey, TrustDir,
};

use super::*;
use crate::certificate::trustdir_certificate_fingerprint;
use crate::error::trustdir_error_status;
use crate::negotiated::*;
use crate::text;

/// A server that admits alice, and alice, with nothing but memory between them.
struct Pair {
    clients: TrustDir,
    alice: Identity,
    server: Connection,
    client: ClientConnection,
    // Last: deleting it removes alice, which the connection would report.
    _dir: TempDir,
}

/// What the client proves.
enum Shows {
    Alice,
    AliceWithAnotherKey,
    Nothing,
}

impl Pair {
    fn new() -> Self {
        Self::with(ClientAuth::Required, Shows::Alice)
    }

    fn with(auth: ClientAuth, shows: Shows) -> Self {
        let dir = TempDir::new().unwrap();
        let authority = Authority::create(dir.path().join("ca"), AuthorityOptions::default()).unwrap();
        let identity = authority.issue_server(&["localhost"], &IssueOptions::default()).unwrap();
        let alice = authority.issue_client("alice", &IssueOptions::default()).unwrap();
        std::fs::create_dir(dir.path().join("clients")).unwrap();
        let clients = TrustDir::open(dir.path().join("clients")).unwrap();
        clients.install(alice.certificate()).unwrap();
        let builder = tls::Acceptor::builder(identity).trust_dir(clients.clone()).client_auth(auth).alpn(&["http/1.1"]);
        let server = builder.build().unwrap().accept().unwrap().into();
        let key = match shows {
            Shows::Nothing => None,
            Shows::Alice => Some(alice.key().clone()),
            Shows::AliceWithAnotherKey => Some(PrivateKey::generate(KeyAlgorithm::EcdsaP256).unwrap()),
        };
        let client = client(authority.certificate().as_der(), key.as_ref().map(|key| (alice.chain(), key)));
        Self { clients, alice, server, client, _dir: dir }
    }

    /// Moves everything there is to move in both directions; the first failure of the server ends it.
    fn exchange(&mut self) -> Status {
        loop {
            let mut to_server = Vec::new();
            while self.client.wants_write() {
                self.client.write_tls(&mut to_server).unwrap();
            }
            let (data, len) = (to_server.as_ptr(), to_server.len());
            let status = trustdir_connection_read_tls(Some(&mut self.server), data, len, ptr::null_mut());
            let moved = self.deliver();
            if status != Status::Ok || (!moved && to_server.is_empty()) {
                return status;
            }
        }
    }

    /// Moves what the server has to send; says whether there was anything.
    fn deliver(&mut self) -> bool {
        let mut to_client = Vec::new();
        let mut room = [0; 777];
        let mut written = 0;
        let server = &mut self.server;
        while {
            let (room, capacity, error) = (room.as_mut_ptr(), room.len(), ptr::null_mut());
            let status = trustdir_connection_write_tls(Some(&mut *server), room, capacity, &raw mut written, error);
            assert_eq!(status, Status::Ok);
            written > 0
        } {
            to_client.extend_from_slice(&room[..written]);
        }
        let mut rest = &to_client[..];
        while !rest.is_empty() {
            self.client.read_tls(&mut rest).unwrap();
            // An alert is an error here, and the end.
            if self.client.process_new_packets().is_err() {
                break;
            }
        }
        !to_client.is_empty()
    }

    fn read(&mut self) -> (Status, Vec<u8>, Status) {
        let mut room = [0; 100];
        let (mut read, mut error) = (99, ptr::dangling_mut());
        let (data, capacity) = (room.as_mut_ptr(), room.len());
        let server = Some(&mut self.server);
        let status = trustdir_connection_read(server, data, capacity, &raw mut read, &raw mut error);
        let told = trustdir_error_status(handle::taken(error).as_deref());
        (status, room[..read].to_vec(), told)
    }

    fn peek(&mut self) -> (Status, Vec<u8>) {
        let mut piece = Slice { data: ptr::dangling(), len: 99 };
        let status = trustdir_connection_peek(Some(&mut self.server), &raw mut piece, ptr::null_mut());
        (status, slice::bytes(piece.data, piece.len, "piece").unwrap().to_vec())
    }

    fn reason(&self) -> Option<Reason> {
        trustdir_connection_decision(Some(&self.server)).map(Decision::reason)
    }
}

fn client(authority: &[u8], identity: Option<(&[Certificate], &PrivateKey)>) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = chain.iter().map(|one| CertificateDer::from(one.as_der().to_vec())).collect();
            let key = PrivateKeyDer::from_pem_slice(key.to_pem(None).unwrap().as_bytes()).unwrap();
            // Not compared with each other: a thief has the one without the other.
            let pair = CertifiedKey::new(chain, provider.key_provider.load_private_key(key).unwrap());
            config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair)))
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

fn text<'a>(text: *const c_char) -> Option<&'a str> {
    text::optional(text, "text").unwrap()
}

extern "C" fn add_ten(count: *mut c_void) {
    add(count, 10);
}

extern "C" fn add_one(count: *mut c_void) {
    add(count, 1);
}

/// The userdata of these tests is an index, so that reading it needs no pointer.
fn add(count: *mut c_void, amount: u32) {
    COUNTS[count.addr()].fetch_add(amount, Ordering::SeqCst);
}

static COUNTS: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];

fn hook(server: &mut Connection, count: usize) -> Status {
    let userdata = ptr::without_provenance_mut(count);
    trustdir_connection_on_revoked(Some(server), Some(add_ten), userdata, Some(add_one), ptr::null_mut())
}

#[test]
fn an_admitted_client_is_served_and_described() {
    let mut pair = Pair::new();
    assert!(trustdir_connection_is_handshaking(Some(&pair.server)));
    assert!(pair.reason().is_none());
    assert_eq!(pair.exchange(), Status::Ok);
    assert!(!trustdir_connection_is_handshaking(Some(&pair.server)));

    let server = Some(&pair.server);
    assert_eq!(pair.reason(), Some(Reason::Admitted));
    assert_eq!(text(trustdir_connection_version(server)), Some("TLSv1.3"));
    assert!(text(trustdir_connection_cipher_suite(server)).is_some_and(|suite| suite.contains("AES")));
    assert_eq!(text(trustdir_connection_key_exchange(server)), Some("X25519MLKEM768"));
    assert_eq!(text(trustdir_connection_alpn(server)), Some("http/1.1"));
    assert_eq!(text(trustdir_connection_server_name(server)), Some("localhost"));
    assert!(!trustdir_connection_resumed(server));
    assert_eq!(trustdir_connection_wants(server), TRUSTDIR_WANTS_READ);

    assert_eq!(pair.read(), (Status::Again, vec![], Status::Ok));
    pair.client.writer().write_all(b"question").unwrap();
    assert_eq!(pair.exchange(), Status::Ok);
    assert_eq!(trustdir_connection_pending(Some(&pair.server)), 8);
    assert_eq!(pair.read(), (Status::Ok, b"question".to_vec(), Status::Ok));
    let mut written = 0;
    let server = Some(&mut pair.server);
    let status = trustdir_connection_write(server, b"answer".as_ptr(), 6, &raw mut written, ptr::null_mut());
    assert_eq!((status, written), (Status::Ok, 6));
    assert_eq!(pair.exchange(), Status::Ok);
    let mut answer = [0; 6];
    pair.client.reader().read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"answer");

    pair.client.send_close_notify();
    assert_eq!(pair.exchange(), Status::Ok);
    assert_eq!(pair.read(), (Status::Ok, vec![], Status::Ok));
}

/// Both ends compute the same, of which the peer's chain and the end of the handshake are a part.
#[test]
fn what_was_negotiated_is_the_clients_too() {
    let mut pair = Pair::new();
    let mut binding = [0; TRUSTDIR_CHANNEL_BINDING_LEN];
    let (data, room) = (binding.as_mut_ptr(), binding.len());
    let early = trustdir_connection_channel_binding(Some(&pair.server), data, room, ptr::null_mut());
    assert_eq!((early, trustdir_connection_peer_chain_len(Some(&pair.server))), (Status::Tls, 0));
    assert_eq!(pair.exchange(), Status::Ok);

    let server = Some(&pair.server);
    assert_eq!(trustdir_connection_peer_chain_len(server), 1);
    let own = trustdir_certificate_fingerprint(trustdir_connection_peer_certificate(server, 0));
    assert_eq!(text(own), Some(&*pair.alice.certificate().fingerprint().to_string()));
    assert!(trustdir_connection_peer_certificate(server, 1).is_none());

    assert_eq!(trustdir_connection_channel_binding(server, data, room, ptr::null_mut()), Status::Ok);
    let theirs = pair.client.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).unwrap();
    assert_eq!(binding, theirs);
    let short = trustdir_connection_channel_binding(server, data, 31, ptr::null_mut());
    assert_eq!(short, Status::InvalidArgument);
    let (label, none) = (c"EXPORTER-trustdir-test".as_ptr(), ptr::null());
    let status = trustdir_connection_export_keying_material(server, label, none, 0, data, 16, ptr::null_mut());
    assert_eq!(status, Status::Ok);
    let theirs = pair.client.export_keying_material([0; 16], b"EXPORTER-trustdir-test", None).unwrap();
    assert_eq!(binding[..16], theirs);
}

#[test]
fn plaintext_is_shown_where_it_lies_and_taken_in_pieces() {
    let mut pair = Pair::new();
    assert_eq!(pair.exchange(), Status::Ok);
    assert_eq!(pair.peek(), (Status::Again, vec![]));
    pair.client.writer().write_all(b"question").unwrap();
    assert_eq!(pair.exchange(), Status::Ok);
    assert_eq!(pair.peek(), (Status::Ok, b"question".to_vec()));
    assert_eq!(trustdir_connection_consume(Some(&mut pair.server), 5, ptr::null_mut()), Status::Ok);
    assert_eq!(pair.peek(), (Status::Ok, b"ion".to_vec()));
    assert_eq!(trustdir_connection_consume(Some(&mut pair.server), 99, ptr::null_mut()), Status::Ok);

    let pieces = [Slice::from(&b"an"[..]), Slice::EMPTY, Slice::from(&b"swer"[..])];
    let (mut written, server) = (0, Some(&mut pair.server));
    let status = trustdir_connection_write_vectored(server, pieces.as_ptr(), 3, &raw mut written, ptr::null_mut());
    assert_eq!((status, written), (Status::Ok, 6));
    assert_eq!(pair.exchange(), Status::Ok);
    let mut answer = [0; 6];
    pair.client.reader().read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"answer");

    pair.client.send_close_notify();
    assert_eq!(pair.exchange(), Status::Ok);
    assert_eq!(pair.peek(), (Status::Ok, vec![]), "the end");
}

#[test]
fn a_removed_client_is_cut_off_and_the_decision_follows() {
    let mut pair = Pair::new();
    assert_eq!(pair.exchange(), Status::Ok);
    assert_eq!(hook(&mut pair.server, 1), Status::Ok);
    let admitted = trustdir_connection_decision(Some(&pair.server)).map(ptr::from_ref);
    assert_eq!(trustdir_connection_recheck(Some(&mut pair.server), ptr::null_mut()), Status::Ok);
    // As long as it holds, the decision keeps its address.
    assert_eq!(trustdir_connection_decision(Some(&pair.server)).map(ptr::from_ref), admitted);

    pair.clients.remove(&pair.alice.certificate().fingerprint()).unwrap();
    // Perhaps by the thread that watches the directory, which may still be at it.
    let deadline = Instant::now() + Duration::from_secs(5);
    while COUNTS[1].load(Ordering::SeqCst) != 11 && Instant::now() < deadline {
        thread::yield_now();
    }
    assert_eq!(COUNTS[1].load(Ordering::SeqCst), 11);
    // Too late to wait: at once.
    assert_eq!(hook(&mut pair.server, 2), Status::Ok);
    assert_eq!(COUNTS[2].load(Ordering::SeqCst), 11);
    assert_eq!(pair.read(), (Status::Revoked, vec![], Status::Revoked));
    assert_eq!(pair.reason(), Some(Reason::Removed));
    assert_eq!(trustdir_connection_recheck(Some(&mut pair.server), ptr::null_mut()), Status::Revoked);
    assert!(pair.deliver(), "the client is told");
}

#[test]
fn a_hook_that_is_not_called_is_freed_with_the_connection() {
    let mut pair = Pair::new();
    assert_eq!(pair.exchange(), Status::Ok);
    assert_eq!(hook(&mut pair.server, 3), Status::Ok);
    assert_eq!(COUNTS[3].load(Ordering::SeqCst), 0);
    drop(pair);
    assert_eq!(COUNTS[3].load(Ordering::SeqCst), 1);
}

#[test]
fn a_stranger_is_refused_with_a_reason_and_an_alert() {
    let mut pair = Pair::new();
    pair.clients.remove(&pair.alice.certificate().fingerprint()).unwrap();
    let status = pair.exchange();
    assert!(matches!(status, Status::Untrusted | Status::Revoked), "{status:?}");
    assert!(matches!(pair.reason(), Some(Reason::NotInstalled | Reason::Removed)));
    assert!(!pair.client.wants_write() || pair.client.process_new_packets().is_err());
}

#[test]
fn who_shows_nothing_and_who_proves_nothing_has_a_reason() {
    for (auth, shows, status, reason) in [
        (ClientAuth::Optional, Shows::Nothing, Status::Ok, Reason::Anonymous),
        (ClientAuth::Required, Shows::Nothing, Status::NoCertificate, Reason::NoCertificate),
        (ClientAuth::Required, Shows::AliceWithAnotherKey, Status::BadSignature, Reason::BadSignature),
    ] {
        let mut pair = Pair::with(auth, shows);
        assert_eq!((pair.exchange(), pair.reason()), (status, Some(reason)));
    }
}

#[test]
fn a_limit_cuts_an_open_connection_off() {
    let mut pair = Pair::new();
    assert_eq!(pair.exchange(), Status::Ok);
    pair.clients.limit("alice", None, Some(&["elsewhere"])).unwrap();
    assert_eq!(pair.read(), (Status::Revoked, vec![], Status::Revoked));
    assert_eq!(pair.reason(), Some(Reason::Scope));
    pair.clients.unlimit("alice").unwrap();
    assert_eq!(pair.read(), (Status::Revoked, vec![], Status::Revoked), "once and for all");

    let mut pair = Pair::new();
    assert_eq!(pair.exchange(), Status::Ok);
    pair.clients.limit("alice", Some(0), None).unwrap();
    assert_eq!(pair.read(), (Status::Revoked, vec![], Status::Revoked));
    assert_eq!(pair.reason(), Some(Reason::Expired));
    assert!(pair.deliver(), "the client is told");
}

#[test]
fn an_early_end_is_a_truncation() {
    let mut pair = Pair::new();
    assert_eq!(pair.exchange(), Status::Ok);
    assert_eq!(trustdir_connection_received_eof(Some(&mut pair.server), ptr::null_mut()), Status::Ok);
    assert_eq!(pair.read(), (Status::Truncated, vec![], Status::Truncated));
}
