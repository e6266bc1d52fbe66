//! Ours through the C interface, called as a C program calls it.

use std::ffi::{CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::ptr;

// For its symbols.
use trustdir_capi as _;

use super::Scene;
use crate::handshake::{Service, Session};

type Object = *mut c_void;

// As in `trustdir.h`.
unsafe extern "C" {
    fn trustdir_identity_load(
        certificate: *const c_char,
        key: *const c_char,
        passphrase: *const u8,
        passphrase_len: usize,
        out: *mut Object,
        error: *mut Object,
    ) -> i32;
    fn trustdir_identity_free(identity: Object);
    fn trustdir_directory_open_with(path: *const c_char, options: Object, out: *mut Object, error: *mut Object) -> i32;
    fn trustdir_directory_free(directory: Object);
    fn trustdir_authority_directory_open(
        path: *const c_char,
        options: Object,
        out: *mut Object,
        error: *mut Object,
    ) -> i32;
    fn trustdir_authority_directory_free(authority_directory: Object);
    fn trustdir_acceptor_builder_new(identity: Object, out: *mut Object, error: *mut Object) -> i32;
    fn trustdir_acceptor_builder_set_directory(builder: Object, directory: Object, error: *mut Object) -> i32;
    fn trustdir_acceptor_builder_set_authorities(builder: Object, authorities: Object, error: *mut Object) -> i32;
    fn trustdir_acceptor_builder_build(builder: Object, out: *mut Object, error: *mut Object) -> i32;
    fn trustdir_acceptor_builder_free(acceptor_builder: Object);
    fn trustdir_acceptor_accept(acceptor: Object, out: *mut Object, error: *mut Object) -> i32;
    fn trustdir_acceptor_free(acceptor: Object);
    fn trustdir_connection_read_tls(connection: Object, data: *const u8, len: usize, error: *mut Object) -> i32;
    fn trustdir_connection_write_tls(
        connection: Object,
        data: *mut u8,
        capacity: usize,
        written: *mut usize,
        error: *mut Object,
    ) -> i32;
    fn trustdir_connection_read(
        connection: Object,
        data: *mut u8,
        capacity: usize,
        read: *mut usize,
        error: *mut Object,
    ) -> i32;
    fn trustdir_connection_receive(
        connection: Object,
        received: *const u8,
        len: usize,
        taken: *mut usize,
        data: *mut u8,
        capacity: usize,
        read: *mut usize,
        error: *mut Object,
    ) -> i32;
    fn trustdir_connection_write(
        connection: Object,
        data: *const u8,
        len: usize,
        written: *mut usize,
        error: *mut Object,
    ) -> i32;
    fn trustdir_connection_free(connection: Object);
}

struct Acceptor(Object);

struct Connection(Object);

type Open = unsafe extern "C" fn(*const c_char, Object, *mut Object, *mut Object) -> i32;
type Set = unsafe extern "C" fn(Object, Object, *mut Object) -> i32;
type Free = unsafe extern "C" fn(Object);

/// Ours, with a directory of clients.
pub(super) fn pins(scene: &Scene) -> Box<dyn Service> {
    acceptor(
        scene,
        "clients",
        (trustdir_directory_open_with, trustdir_acceptor_builder_set_directory, trustdir_directory_free),
    )
}

/// Ours, with a directory of authorities.
pub(super) fn authorities(scene: &Scene) -> Box<dyn Service> {
    acceptor(
        scene,
        "authorities",
        (
            trustdir_authority_directory_open,
            trustdir_acceptor_builder_set_authorities,
            trustdir_authority_directory_free,
        ),
    )
}

fn acceptor(scene: &Scene, directory: &str, (open, set, free): (Open, Set, Free)) -> Box<dyn Service> {
    let path = |name: &str| CString::new(scene.path(name).as_os_str().as_bytes()).expect("a path");
    let (certificate, key, path) = (path("server.pem"), path("server.key"), path(directory));
    // SAFETY: what the header asks for: C strings, NULL for defaults, and handles that are freed once.
    unsafe {
        let load = trustdir_identity_load;
        let identity = made(|out, error| load(certificate.as_ptr(), key.as_ptr(), ptr::null(), 0, out, error));
        let directory = made(|out, error| open(path.as_ptr(), ptr::null_mut(), out, error));
        let builder = made(|out, error| trustdir_acceptor_builder_new(identity, out, error));
        done(|error| set(builder, directory, error));
        let acceptor = made(|out, error| trustdir_acceptor_builder_build(builder, out, error));
        trustdir_acceptor_builder_free(builder);
        free(directory);
        trustdir_identity_free(identity);
        Box::new(Acceptor(acceptor))
    }
}

fn made(call: impl FnOnce(*mut Object, *mut Object) -> i32) -> Object {
    let mut out = ptr::null_mut();
    done(|error| call(&raw mut out, error));
    out
}

fn done(call: impl FnOnce(*mut Object) -> i32) {
    assert_eq!(call(ptr::null_mut()), 0, "a status that is not TRUSTDIR_STATUS_OK");
}

impl Service for Acceptor {
    fn accept(&self) -> Box<dyn Session> {
        // SAFETY: the acceptor is good until it is dropped.
        Box::new(Connection(made(|out, error| unsafe { trustdir_acceptor_accept(self.0, out, error) })))
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        // SAFETY: once.
        unsafe { trustdir_acceptor_free(self.0) };
    }
}

impl Session for Connection {
    fn feed(&mut self, ciphertext: &[u8]) {
        // SAFETY: here and below, the connection is good until it is dropped, and pointers and lengths belong together.
        done(|error| unsafe { trustdir_connection_read_tls(self.0, ciphertext.as_ptr(), ciphertext.len(), error) });
    }

    fn drain(&mut self, ciphertext: &mut [u8]) -> usize {
        let (data, capacity, mut written) = (ciphertext.as_mut_ptr(), ciphertext.len(), 0);
        done(|error| unsafe { trustdir_connection_write_tls(self.0, data, capacity, &raw mut written, error) });
        written
    }

    fn send(&mut self, plaintext: &[u8]) {
        let (data, len, mut written) = (plaintext.as_ptr(), plaintext.len(), 0);
        done(|error| unsafe { trustdir_connection_write(self.0, data, len, &raw mut written, error) });
        assert_eq!(written, len);
    }

    fn exchange(&mut self, mut ciphertext: &[u8], mut plaintext: &mut [u8]) {
        while !plaintext.is_empty() {
            let (data, len, mut taken) = (ciphertext.as_ptr(), ciphertext.len(), 0);
            let (room, capacity, mut read) = (plaintext.as_mut_ptr(), plaintext.len(), 0);
            done(|error| unsafe {
                trustdir_connection_receive(self.0, data, len, &raw mut taken, room, capacity, &raw mut read, error)
            });
            (ciphertext, plaintext) = (&ciphertext[taken..], &mut plaintext[read..]);
        }
    }

    fn receive(&mut self, mut plaintext: &mut [u8]) {
        while !plaintext.is_empty() {
            let (data, capacity, mut read) = (plaintext.as_mut_ptr(), plaintext.len(), 0);
            done(|error| unsafe { trustdir_connection_read(self.0, data, capacity, &raw mut read, error) });
            plaintext = &mut plaintext[read..];
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: once.
        unsafe { trustdir_connection_free(self.0) };
    }
}
