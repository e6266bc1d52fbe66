/*
 * trustdir: access control for TLS services by a directory of certificates, with the private
 * certificate authority that makes them.
 *
 * Generated from the Rust sources; do not edit.
 *
 * CONVENTIONS
 *
 * Results. A function that can fail returns a trustdir_status and takes a trustdir_error ** as its
 * last argument, which may be NULL. The variable it points to is always written: with an error
 * object when the call fails, with NULL when it succeeds or returns TRUSTDIR_STATUS_AGAIN. Free an
 * earlier error before passing its variable again. There is no errno and no last error per thread.
 *
 * Ownership. What a function hands out through T **out is yours: free it with trustdir_T_free,
 * which takes NULL. The variable is NULL when the call fails, whatever it held before. What comes
 * back as const T *, const char * or trustdir_slice is borrowed from the function's first argument,
 * until that is freed or, for a connection, removals or a policy, until the next call that takes it
 * without const.
 * Nothing you pass in is consumed, and everything may be freed in any order: objects keep alive
 * what they need. (The userdata of trustdir_connection_on_revoked, the builders' set_key_log and
 * trustdir_acceptor_builder_on_decision is the one exception, and they say so.)
 *
 * Arguments. Text is NUL-terminated UTF-8; on Unix, paths may be any bytes. Data is a pointer and a
 * length: NULL with length 0 is empty, NULL with another length is TRUSTDIR_STATUS_NULL_ARGUMENT.
 * A passphrase is bytes; NULL with length 0 means that there is none. Every other pointer must not
 * be NULL unless its function says so; TRUSTDIR_STATUS_NULL_ARGUMENT names the argument. Functions
 * without a status answer NULL, 0 or false to NULL. Enumerations are passed as int32_t, and a
 * number that is none of their values is TRUSTDIR_STATUS_INVALID_ARGUMENT.
 *
 * Options. A const trustdir_X_options * may be NULL, which stands for the defaults. Later versions
 * may add settings to an X_options, and a function that takes one need not change for them.
 *
 * Text handed out is UTF-8 (paths: any bytes), NUL-terminated, and never cut: a NUL inside, as only
 * a hostile certificate has, is written as \x00.
 *
 * Threads. Every type says whether it may be used from several threads at once or by one thread at
 * a time; "used" does not include freeing, which must come last.
 *
 * Panics. A defect in the library does not end the program or unwind into it: the call returns
 * TRUSTDIR_STATUS_PANIC (or NULL, 0, false) after a report on standard error.
 *
 * Memory. Where the system has none left, the process is aborted, as Rust programs are.
 *
 * Stability. Until version 1.0, the shared library's name (libtrustdir.so.0.MINOR) changes with
 * every incompatible change. All objects are opaque, and numbers are never given another meaning.
 */


#ifndef TRUSTDIR_H
#define TRUSTDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of this header. */
#define TRUSTDIR_VERSION_MAJOR 0
#define TRUSTDIR_VERSION_MINOR 1
#define TRUSTDIR_VERSION_PATCH 0
#define TRUSTDIR_VERSION_NUMBER 0x00000100

/* On functions whose result must not be ignored. */
#ifndef TRUSTDIR_MUST_USE
#if defined(__cplusplus) && __cplusplus >= 201703L
#define TRUSTDIR_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define TRUSTDIR_MUST_USE __attribute__((warn_unused_result))
#else
#define TRUSTDIR_MUST_USE
#endif
#endif


/**
 * In trustdir_connection_wants: give it what arrives from the peer, with trustdir_connection_read_tls.
 */
#define TRUSTDIR_WANTS_READ 1

/**
 * In trustdir_connection_wants: send the peer what trustdir_connection_write_tls hands out.
 */
#define TRUSTDIR_WANTS_WRITE 2

/**
 * How many bytes trustdir_connection_channel_binding gives.
 */
#define TRUSTDIR_CHANNEL_BINDING_LEN 32

/**
 * The result of every function that can fail. Numbers are grouped by ten (the caller's mistakes, the system, reading
 * files, trust, TLS, flow) and never change their meaning; later versions may add some, so treat an unknown number as
 * a failure.
 */
enum trustdir_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    TRUSTDIR_STATUS_OK = 0,
    /**
     * A pointer that must not be NULL is NULL. The message names the argument.
     */
    TRUSTDIR_STATUS_NULL_ARGUMENT = 1,
    /**
     * An argument has a value that the function does not take.
     */
    TRUSTDIR_STATUS_INVALID_ARGUMENT = 2,
    /**
     * A defect in this library, caught before it could end the program. Free the objects that were given to the call.
     */
    TRUSTDIR_STATUS_PANIC = 3,
    /**
     * The system refused: permissions, disk, a file that is not a file.
     */
    TRUSTDIR_STATUS_IO = 10,
    /**
     * There is no such file, entry or authority.
     */
    TRUSTDIR_STATUS_NOT_FOUND = 11,
    /**
     * There is one already, and it is not overwritten.
     */
    TRUSTDIR_STATUS_ALREADY_EXISTS = 12,
    /**
     * The contents are damaged or not what was expected.
     */
    TRUSTDIR_STATUS_PARSE = 20,
    /**
     * Understood, but not supported.
     */
    TRUSTDIR_STATUS_UNSUPPORTED = 21,
    /**
     * The passphrase does not open the key.
     */
    TRUSTDIR_STATUS_WRONG_PASSPHRASE = 22,
    /**
     * The key does not belong to the certificate.
     */
    TRUSTDIR_STATUS_KEY_MISMATCH = 23,
    /**
     * The key is encrypted and no passphrase was given.
     */
    TRUSTDIR_STATUS_PASSPHRASE_REQUIRED = 24,
    /**
     * The certificate is not one that is trusted here.
     */
    TRUSTDIR_STATUS_UNTRUSTED = 30,
    /**
     * The certificate's validity has ended.
     */
    TRUSTDIR_STATUS_EXPIRED = 31,
    /**
     * The certificate's validity has not begun.
     */
    TRUSTDIR_STATUS_NOT_YET_VALID = 32,
    /**
     * The certificate was not issued for this use.
     */
    TRUSTDIR_STATUS_WRONG_PURPOSE = 33,
    /**
     * The certificate is for another name.
     */
    TRUSTDIR_STATUS_NAME_MISMATCH = 34,
    /**
     * A signature does not verify.
     */
    TRUSTDIR_STATUS_BAD_SIGNATURE = 35,
    /**
     * The certificate's entry has been removed from the directory.
     */
    TRUSTDIR_STATUS_REVOKED = 36,
    /**
     * The peer sent no certificate.
     */
    TRUSTDIR_STATUS_NO_CERTIFICATE = 37,
    /**
     * The key is too weak.
     */
    TRUSTDIR_STATUS_WEAK_KEY = 38,
    /**
     * The peer broke the TLS protocol, or does not speak TLS.
     */
    TRUSTDIR_STATUS_TLS = 40,
    /**
     * The peer sent a TLS alert.
     */
    TRUSTDIR_STATUS_ALERT = 41,
    /**
     * The connection is closed.
     */
    TRUSTDIR_STATUS_CLOSED = 42,
    /**
     * The transport ended without the closing message of TLS: the end of the data may be missing.
     */
    TRUSTDIR_STATUS_TRUNCATED = 43,
    /**
     * The peer took too long.
     */
    TRUSTDIR_STATUS_TIMED_OUT = 44,
    /**
     * Not an error: nothing can be done until more bytes have moved. No error object is made.
     */
    TRUSTDIR_STATUS_AGAIN = 50,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_status trustdir_status;
#else
typedef int32_t trustdir_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How an issued certificate stands. Later versions may add numbers; trust none that is unknown.
 */
enum trustdir_issued_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Not known.
     */
    TRUSTDIR_ISSUED_STATUS_UNKNOWN = 0,
    /**
     * Neither revoked nor over.
     */
    TRUSTDIR_ISSUED_STATUS_VALID = 1,
    /**
     * Its validity is over.
     */
    TRUSTDIR_ISSUED_STATUS_EXPIRED = 2,
    /**
     * Revoked.
     */
    TRUSTDIR_ISSUED_STATUS_REVOKED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_issued_status trustdir_issued_status;
#else
typedef int32_t trustdir_issued_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a certificate was revoked, with the numbers of RFC 5280, 5.3.1.
 */
enum trustdir_revocation_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * No reason is given.
     */
    TRUSTDIR_REVOCATION_REASON_UNSPECIFIED = 0,
    /**
     * Somebody else may have the private key.
     */
    TRUSTDIR_REVOCATION_REASON_KEY_COMPROMISE = 1,
    /**
     * Somebody else may have the authority's private key.
     */
    TRUSTDIR_REVOCATION_REASON_CA_COMPROMISE = 2,
    /**
     * The subject's name or relation has changed.
     */
    TRUSTDIR_REVOCATION_REASON_AFFILIATION_CHANGED = 3,
    /**
     * Another certificate has taken its place.
     */
    TRUSTDIR_REVOCATION_REASON_SUPERSEDED = 4,
    /**
     * It is needed no more.
     */
    TRUSTDIR_REVOCATION_REASON_CESSATION_OF_OPERATION = 5,
    /**
     * On hold: the one reason that can be taken back.
     */
    TRUSTDIR_REVOCATION_REASON_CERTIFICATE_HOLD = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_revocation_reason trustdir_revocation_reason;
#else
typedef int32_t trustdir_revocation_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much a finding matters. Later versions may add numbers.
 */
enum trustdir_severity
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Not known.
     */
    TRUSTDIR_SEVERITY_UNKNOWN = 0,
    /**
     * Some client refuses outright, and is named.
     */
    TRUSTDIR_SEVERITY_REFUSED = 1,
    /**
     * Nobody refuses, and yet it is wrong or soon will be.
     */
    TRUSTDIR_SEVERITY_WARNING = 2,
    /**
     * Worth knowing.
     */
    TRUSTDIR_SEVERITY_NOTE = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_severity trustdir_severity;
#else
typedef int32_t trustdir_severity;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a peer was admitted (below 10) or refused. Later versions may add numbers; treat an unknown one as a refusal.
 */
enum trustdir_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Admitted: exactly this certificate is an entry of the directory.
     */
    TRUSTDIR_REASON_ADMITTED = 0,
    /**
     * Admitted without a certificate, because the acceptor does not ask for one or makes it optional.
     */
    TRUSTDIR_REASON_ANONYMOUS = 1,
    /**
     * Refused: the peer sent no certificate.
     */
    TRUSTDIR_REASON_NO_CERTIFICATE = 10,
    /**
     * Refused: no entry holds this certificate.
     */
    TRUSTDIR_REASON_NOT_INSTALLED = 11,
    /**
     * Refused: its entry was there and has been removed.
     */
    TRUSTDIR_REASON_REMOVED = 12,
    /**
     * Refused: signed by an installed certificate, which gives no right to admit others.
     */
    TRUSTDIR_REASON_MINTED_BY_PIN = 13,
    /**
     * Refused: another certificate of the same subject is an entry. Renewed? Install the new one.
     */
    TRUSTDIR_REASON_SAME_NAME_OTHER_KEY = 14,
    /**
     * Refused: not a certificate that can be read.
     */
    TRUSTDIR_REASON_MALFORMED = 15,
    /**
     * Refused: its validity has ended, or the limit that the directory sets to it has been passed.
     */
    TRUSTDIR_REASON_EXPIRED = 20,
    /**
     * Refused: its validity has not begun.
     */
    TRUSTDIR_REASON_NOT_YET_VALID = 21,
    /**
     * Refused: not issued for what the peer is, a client or a server.
     */
    TRUSTDIR_REASON_WRONG_PURPOSE = 22,
    /**
     * Refused: its key is too weak.
     */
    TRUSTDIR_REASON_WEAK_KEY = 23,
    /**
     * Refused: the peer's signature does not verify.
     */
    TRUSTDIR_REASON_BAD_SIGNATURE = 24,
    /**
     * Refused: its entry is limited to other services, or the directory's limits cannot be read.
     */
    TRUSTDIR_REASON_SCOPE = 25,
    /**
     * Refused: no authority vouches for it.
     */
    TRUSTDIR_REASON_UNTRUSTED_ISSUER = 30,
    /**
     * Refused: an authority has revoked it, or an intermediate one above it.
     */
    TRUSTDIR_REASON_REVOKED_BY_CRL = 31,
    /**
     * Refused: an authority's revocation list is out of date.
     */
    TRUSTDIR_REASON_STALE_CRL = 32,
    /**
     * Refused: the server's certificate does not bear the name that was connected to.
     */
    TRUSTDIR_REASON_NAME_MISMATCH = 33,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_reason trustdir_reason;
#else
typedef int32_t trustdir_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether clients show a certificate.
 */
enum trustdir_client_auth
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * They are not asked for one.
     */
    TRUSTDIR_CLIENT_AUTH_OFF = 0,
    /**
     * They may come without one; one that is sent must be admitted by the directory.
     */
    TRUSTDIR_CLIENT_AUTH_OPTIONAL = 1,
    /**
     * Only clients whose certificate the directory admits.
     */
    TRUSTDIR_CLIENT_AUTH_REQUIRED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_client_auth trustdir_client_auth;
#else
typedef int32_t trustdir_client_auth;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which kind of key to generate.
 */
enum trustdir_key_type
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * ECDSA on the curve P-256: the usual choice.
     */
    TRUSTDIR_KEY_TYPE_P256 = 1,
    /**
     * ECDSA on the curve P-384.
     */
    TRUSTDIR_KEY_TYPE_P384 = 2,
    /**
     * ECDSA on the curve P-521.
     */
    TRUSTDIR_KEY_TYPE_P521 = 3,
    /**
     * Ed25519. Web browsers do not take it.
     */
    TRUSTDIR_KEY_TYPE_ED25519 = 4,
    /**
     * RSA with 2048 bits.
     */
    TRUSTDIR_KEY_TYPE_RSA2048 = 5,
    /**
     * RSA with 3072 bits.
     */
    TRUSTDIR_KEY_TYPE_RSA3072 = 6,
    /**
     * RSA with 4096 bits: up to two seconds to generate.
     */
    TRUSTDIR_KEY_TYPE_RSA4096 = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_key_type trustdir_key_type;
#else
typedef int32_t trustdir_key_type;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a passphrase becomes the AES-256 key of an encrypted file. Both take a noticeable time, on purpose.
 */
enum trustdir_key_derivation
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * scrypt: read by OpenSSL 1.1 and later. The usual choice.
     */
    TRUSTDIR_KEY_DERIVATION_SCRYPT = 1,
    /**
     * PBKDF2 with HMAC-SHA-256: read by everything that reads encrypted PKCS#8, GnuTLS and Java too.
     */
    TRUSTDIR_KEY_DERIVATION_PBKDF2 = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_key_derivation trustdir_key_derivation;
#else
typedef int32_t trustdir_key_derivation;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which files of a directory are entries.
 */
enum trustdir_entry_names
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Every file that holds a certificate.
     */
    TRUSTDIR_ENTRY_NAMES_ANY = 0,
    /**
     * Only files and links named by the subject hash ("89abcdef.0"), as OpenSSL reads a directory.
     */
    TRUSTDIR_ENTRY_NAMES_SUBJECT_HASH = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_entry_names trustdir_entry_names;
#else
typedef int32_t trustdir_entry_names;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What becomes of clients whose authority's revocation list is out of date. An authority without any list has revoked
 * nobody.
 */
enum trustdir_stale_crls
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * They are refused until there is a new list.
     */
    TRUSTDIR_STALE_CRLS_REFUSE = 0,
    /**
     * They are admitted, unless the old list revokes them.
     */
    TRUSTDIR_STALE_CRLS_ADMIT = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_stale_crls trustdir_stale_crls;
#else
typedef int32_t trustdir_stale_crls;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What becomes of open connections when the entry that admitted them goes. New handshakes are refused either way.
 */
enum trustdir_on_removal
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * They are closed: not one more byte is read or written.
     */
    TRUSTDIR_ON_REMOVAL_CLOSE = 0,
    /**
     * They go on until either side ends them, and trustdir_connection_is_revoked says so.
     */
    TRUSTDIR_ON_REMOVAL_FINISH = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_on_removal trustdir_on_removal;
#else
typedef int32_t trustdir_on_removal;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A version of the TLS protocol.
 */
enum trustdir_tls_version
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * TLS 1.2.
     */
    TRUSTDIR_TLS_VERSION_TLS12 = 12,
    /**
     * TLS 1.3.
     */
    TRUSTDIR_TLS_VERSION_TLS13 = 13,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_tls_version trustdir_tls_version;
#else
typedef int32_t trustdir_tls_version;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How clients are answered that open http:// on an https port. They are refused in each case.
 */
enum trustdir_plain_http
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * By a TLS alert, as whatever else is not TLS.
     */
    TRUSTDIR_PLAIN_HTTP_ALERT = 0,
    /**
     * By a plain "400 Bad Request" that says why.
     */
    TRUSTDIR_PLAIN_HTTP_BAD_REQUEST = 1,
    /**
     * By a redirection (308) to the same path under another address.
     */
    TRUSTDIR_PLAIN_HTTP_REDIRECT = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_plain_http trustdir_plain_http;
#else
typedef int32_t trustdir_plain_http;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a certificate is for.
 */
enum trustdir_profile
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * TLS services.
     */
    TRUSTDIR_PROFILE_SERVER = 1,
    /**
     * TLS clients.
     */
    TRUSTDIR_PROFILE_CLIENT = 2,
    /**
     * Services that are clients of each other.
     */
    TRUSTDIR_PROFILE_BOTH = 3,
    /**
     * Signs other certificates. To judge by only: authorities are made by trustdir_authority_create and
     * trustdir_authority_create_intermediate.
     */
    TRUSTDIR_PROFILE_AUTHORITY = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_profile trustdir_profile;
#else
typedef int32_t trustdir_profile;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a PKCS#12 file is protected.
 */
enum trustdir_pkcs12_profile
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * AES-256 under PBKDF2, as OpenSSL 3 writes: for current Windows and Java, and everything that uses OpenSSL 1.1
     * or later.
     */
    TRUSTDIR_PKCS12_PROFILE_MODERN = 1,
    /**
     * Triple DES and SHA-1: for Apple's devices and older Windows and Java. It protects little: choose a password that
     * cannot be guessed, and delete the file when it is installed.
     */
    TRUSTDIR_PKCS12_PROFILE_COMPAT = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_pkcs12_profile trustdir_pkcs12_profile;
#else
typedef int32_t trustdir_pkcs12_profile;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Makes the server side of TLS connections. Yours: free it with trustdir_acceptor_free; its connections live on. It
 * may be used from several threads at once.
 */
typedef struct trustdir_acceptor trustdir_acceptor;

/**
 * Collects the settings of an acceptor. Yours: free it with trustdir_acceptor_builder_free. One thread at a time. A
 * setter that fails changes nothing, so check its status.
 */
typedef struct trustdir_acceptor_builder trustdir_acceptor_builder;

/**
 * A private certificate authority that lives in a directory of its own. Yours: free it with trustdir_authority_free.
 * It may be used from several threads at once, and from several processes.
 */
typedef struct trustdir_authority trustdir_authority;

/**
 * A directory of trust anchors: whoever has a certificate from one of these authorities is admitted, unless a
 * revocation list in the directory revokes it. That is much wider than a trustdir_directory, whose entries admit only
 * themselves. An authority that is unfit (expired, not made to sign certificates, with an unknown critical extension
 * or a weak key) vouches for nobody, and a broken list refuses the clients of its authority. Yours: free it with
 * trustdir_authority_directory_free; what was built with it keeps it alive. It may be used from several threads at
 * once. A thread of the library watches the directory until the last handle to it is gone.
 */
typedef struct trustdir_authority_directory trustdir_authority_directory;

/**
 * How a directory of authorities is opened. Where NULL is passed for it, and for what is not set, the defaults are
 * right for directories that trustdir makes. Yours: free it with trustdir_authority_directory_options_free; it may be
 * used for several directories. One thread at a time. A setter that fails changes nothing, so check its status.
 */
typedef struct trustdir_authority_directory_options trustdir_authority_directory_options;

/**
 * How to make an authority. Where NULL is passed for it, and for what is not set, the defaults are right for a home or
 * a team. Yours: free it with trustdir_authority_options_free; it may be used for several authorities. One thread at
 * a time. A setter that fails changes nothing, so check its status.
 */
typedef struct trustdir_authority_options trustdir_authority_options;

/**
 * Bytes or text made for you, such as a private key in PEM. Yours: free it with trustdir_buffer_free, which also
 * wipes it. One thread at a time.
 */
typedef struct trustdir_buffer trustdir_buffer;

/**
 * A certificate. From `trustdir_certificate **out` it is yours: free it with trustdir_certificate_free. As a
 * `const trustdir_certificate *` returned by a function it is borrowed from that function's first argument; clone it
 * to keep it. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_certificate trustdir_certificate;

/**
 * The certificates of a bundle, in its order. Yours: free it with trustdir_certificates_free. It never changes and may
 * be used from several threads at once.
 */
typedef struct trustdir_certificates trustdir_certificates;

/**
 * One end of a TLS connection, of an acceptor or of a connector. It never touches a socket: you move ciphertext
 * between it and the peer (trustdir_connection_read_tls, trustdir_connection_write_tls) and plaintext between it and
 * the program (trustdir_connection_read, trustdir_connection_write). No plaintext moves before the peer is admitted.
 * In TLS 1.3 a client's handshake is over before the server judges its certificate: a refusal comes as
 * TRUSTDIR_STATUS_ALERT to one of the client's next reads. Yours: free it with trustdir_connection_free. One thread at
 * a time.
 */
typedef struct trustdir_connection trustdir_connection;

/**
 * Makes the client side of TLS connections. Yours: free it with trustdir_connector_free; its connections live on. It
 * may be used from several threads at once.
 */
typedef struct trustdir_connector trustdir_connector;

/**
 * Collects the settings of a connector. It trusts whom it is told to and nobody else: the system's authorities do not
 * count. A server is trusted as a pin, when its certificate is exactly this one, whatever its shape and under any
 * name; or by an authority that vouches for it, when its certificate bears the name that is connected to, too. Yours:
 * free it with trustdir_connector_builder_free. One thread at a time. A setter that fails changes nothing, so check
 * its status.
 */
typedef struct trustdir_connector_builder trustdir_connector_builder;

/**
 * What an acceptor has done since it was built, reloads included, or a connector. Each number was exact when it was
 * read; together they are not of one moment, since connections go on meanwhile. Every connection has one outcome: its
 * handshake was full or resumed and the peer admitted, it was refused, it failed, or it is still going on. Yours: free
 * it with trustdir_counters_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_counters trustdir_counters;

/**
 * The revocation lists in a directory of authorities at one moment, sorted by file. Yours: free it with
 * trustdir_crls_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_crls trustdir_crls;

/**
 * Whether a peer - a client, or a server that is called - is admitted, and why. From `trustdir_decision **out` it is
 * yours: free it with trustdir_decision_free. From other functions it is borrowed from their
 * first argument. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_decision trustdir_decision;

/**
 * A directory whose certificates are the clients to admit, each admitting exactly itself. Yours: free it with
 * trustdir_directory_free; what was built with it keeps it alive. It may be used from several threads at once. A
 * thread of the library watches the directory until the last handle to it is gone.
 */
typedef struct trustdir_directory trustdir_directory;

/**
 * How a directory is opened. Where NULL is passed for it, and for what is not set, the defaults are right for
 * directories that trustdir makes. Yours: free it with trustdir_directory_options_free; it may be used for several
 * directories. One thread at a time. A setter that fails changes nothing, so check its status.
 */
typedef struct trustdir_directory_options trustdir_directory_options;

/**
 * What a directory held at one moment: its entries, and the files that have problems, both sorted by file name.
 * Yours: free it with trustdir_entries_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_entries trustdir_entries;

/**
 * Why a call failed. Yours: free it with trustdir_error_free. One thread at a time.
 */
typedef struct trustdir_error trustdir_error;

/**
 * The faults that a lint found, who refuses because of them, and what to do. Yours: free it with
 * trustdir_findings_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_findings trustdir_findings;

/**
 * A certificate chain, end entity first, and the private key that belongs to it. Yours: free it with
 * trustdir_identity_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_identity trustdir_identity;

/**
 * A chain file and a key file that are replaced while a service runs, with the passphrase of the key. No order of
 * replacing them, by renaming or in place, gives a key with another's certificate: until both files are there,
 * trustdir_identity_files_reload_if_changed fails, and the identity that was loaded before stays good. Rename files
 * into place where you can: of a chain that is being written in place, the first certificates are a shorter chain
 * until the next look. Yours: free it with trustdir_identity_files_free. One thread at a time.
 */
typedef struct trustdir_identity_files trustdir_identity_files;

/**
 * What became of a certificate that was to be installed. Yours: free it with trustdir_installed_free. It never changes
 * and may be used from several threads at once.
 */
typedef struct trustdir_installed trustdir_installed;

/**
 * How to issue, sign or renew. Where NULL is passed for it, and for what is not set, the defaults are right for most.
 * Yours: free it with trustdir_issue_options_free; it may be used for several certificates. One thread at a time. A
 * setter that fails changes nothing, so check its status.
 */
typedef struct trustdir_issue_options trustdir_issue_options;

/**
 * What an authority had issued at one moment, in the order in which it did. Yours: free it with trustdir_issued_free.
 * It never changes and may be used from several threads at once.
 */
typedef struct trustdir_issued trustdir_issued;

/**
 * A private key, wiped from memory when it is freed. Yours: free it with trustdir_key_free. It never changes and may
 * be used from several threads at once.
 */
typedef struct trustdir_key trustdir_key;

/**
 * The limits of a directory at one moment, in the order of its trustdir.toml. Yours: free it with
 * trustdir_limits_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_limits trustdir_limits;

/**
 * How to judge. Where NULL is passed for it, and for what is not set, the profile is guessed and the time is the
 * system's. Yours: free it with trustdir_lint_options_free; it may be used several times. One thread at a time. A
 * setter that fails changes nothing, so check its status.
 */
typedef struct trustdir_lint_options trustdir_lint_options;

/**
 * An Apple configuration profile (.mobileconfig): authorities to trust and identities to show, which an iPhone, an
 * iPad or a Mac installs in one step. Installed again after a renewal it replaces itself. A web server hands it out as
 * application/x-apple-aspen-config. Yours: free it with trustdir_mobile_config_free. One thread at a time.
 */
typedef struct trustdir_mobile_config trustdir_mobile_config;

/**
 * For which names an authority and those below it may issue (RFC 5280, 4.2.1.10): of each sort that is permitted
 * something, only names in one of the permitted subtrees; and no names in any of the excluded ones. Yours: free it
 * with trustdir_name_constraints_free. One thread at a time.
 */
typedef struct trustdir_name_constraints trustdir_name_constraints;

/**
 * The TLS settings of a Nano node, as its guide has them: the section [secure] of config-rpc.toml, or config-tls.toml.
 * Yours: free it with trustdir_nano_config_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_nano_config trustdir_nano_config;

/**
 * What keeps a client out of a directory and what lets one in unawares, problems first. Yours: free it with
 * trustdir_notices_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_notices trustdir_notices;

/**
 * The open connections of an acceptor or connector as they were at one moment, oldest first. Yours: free it with
 * trustdir_open_connections_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_open_connections trustdir_open_connections;

/**
 * How to write a PKCS#12 file. Where NULL is passed for it, and for what is not set, the defaults are used. Yours:
 * free it with trustdir_pkcs12_options_free; it may be used for several files. One thread at a time. A setter that
 * fails changes nothing, so check its status.
 */
typedef struct trustdir_pkcs12_options trustdir_pkcs12_options;

/**
 * Whom a service admits: for the hosts of an acceptor that have a policy of their own, and for services whose TLS is
 * another library's. Yours: free it with trustdir_policy_free. One thread at a time. A setter that fails changes
 * nothing, so check its status.
 */
typedef struct trustdir_policy trustdir_policy;

/**
 * A page for Prometheus about several services of one process, each with labels that no other has: the format has the
 * numbers of one name stand together, so pages cannot be put one behind another. Yours: free it with
 * trustdir_prometheus_page_free. One thread at a time.
 */
typedef struct trustdir_prometheus_page trustdir_prometheus_page;

/**
 * What a rehash is going to do. Yours: free it with trustdir_rehash_plan_free. One thread at a time. Until it is
 * carried out or freed, whoever writes to the directory by way of trustdir waits, so do not install in between.
 */
typedef struct trustdir_rehash_plan trustdir_rehash_plan;

/**
 * What a rehash changes. From `trustdir_rehashed **out` it is yours: free it with trustdir_rehashed_free. From
 * trustdir_rehash_plan_rehashed it is borrowed. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_rehashed trustdir_rehashed;

/**
 * The entries of a directory that go while connections stand on them, in the order in which that is noticed: one
 * removal an entry, however many connections it had. Whichever thread notices adds them. 1,024 of them wait; what is
 * noticed beyond that is not listed, and trustdir_removals_missed says so. Yours: free it with trustdir_removals_free.
 * It does not keep the directory open. One thread at a time, which may be any.
 */
typedef struct trustdir_removals trustdir_removals;

/**
 * A request for a certificate (PKCS#10), its signature checked: whoever made it has the private key. What it asks for
 * is shown, not granted. Yours: free it with trustdir_request_free. It never changes and may be used from several
 * threads at once.
 */
typedef struct trustdir_request trustdir_request;

/**
 * Bytes borrowed from an object: `data` is followed by no terminator, and is NULL when `len` is 0.
 */
typedef struct {
    /**
     * The first byte, or NULL.
     */
    const uint8_t *data;
    /**
     * How many bytes there are.
     */
    size_t len;
} trustdir_slice;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library at run time, as "0.1.0". Static text.
 */
const char *trustdir_version(void);

/**
 * The version of the library at run time, as 0x00MMmmpp; compare it with TRUSTDIR_VERSION_NUMBER, which is the
 * version of the header at compile time.
 */
uint32_t trustdir_version_number(void);

/**
 * One line of static text for a status; never NULL, also for unknown numbers. The error object says more.
 */
const char *trustdir_status_message(int32_t status);

/**
 * The status that the failed call returned; TRUSTDIR_STATUS_OK for NULL.
 */
trustdir_status trustdir_error_status(const trustdir_error *error);

/**
 * One line for people: which file, which subject, what is wrong and what to do about it. Borrowed from the error.
 * Never NULL; empty for NULL.
 */
const char *trustdir_error_message(const trustdir_error *error);

/**
 * The file or directory that the error is about, or NULL. Borrowed from the error.
 */
const char *trustdir_error_path(const trustdir_error *error);

/**
 * The subject of the certificate that the error is about (RFC 4514 text), or NULL. Borrowed from the error.
 */
const char *trustdir_error_subject(const trustdir_error *error);

/**
 * The refusal that the error is, in all its parts, or NULL. Borrowed from the error.
 */
const trustdir_decision *trustdir_error_decision(const trustdir_error *error);

/**
 * Frees the error and everything borrowed from it. NULL is fine.
 */
void trustdir_error_free(trustdir_error *error);

/**
 * The bytes, always followed by a NUL that trustdir_buffer_len does not count, so that text can be used as a string.
 * Borrowed from the buffer. NULL for NULL.
 */
const uint8_t *trustdir_buffer_data(const trustdir_buffer *buffer);

/**
 * The number of bytes, without the NUL after them; 0 for NULL.
 */
size_t trustdir_buffer_len(const trustdir_buffer *buffer);

/**
 * Wipes and frees the buffer. NULL is fine.
 */
void trustdir_buffer_free(trustdir_buffer *buffer);

/**
 * Generates a key. `key_type` is a trustdir_key_type; an unknown number is TRUSTDIR_STATUS_INVALID_ARGUMENT.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_key_generate(int32_t key_type,
                                      trustdir_key **out,
                                      trustdir_error **error);

/**
 * Reads a key from PEM: PKCS#8, PKCS#1 or SEC1, encrypted (PKCS#8) or not. The passphrase is NULL with length 0 when
 * there is none. Fails with TRUSTDIR_STATUS_PASSPHRASE_REQUIRED, TRUSTDIR_STATUS_WRONG_PASSPHRASE,
 * TRUSTDIR_STATUS_PARSE or TRUSTDIR_STATUS_UNSUPPORTED.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_key_from_pem(const uint8_t *pem,
                                      size_t len,
                                      const uint8_t *passphrase,
                                      size_t passphrase_len,
                                      trustdir_key **out,
                                      trustdir_error **error);

/**
 * Reads a key in DER, as trustdir_key_from_pem does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_key_from_der(const uint8_t *der,
                                      size_t len,
                                      const uint8_t *passphrase,
                                      size_t passphrase_len,
                                      trustdir_key **out,
                                      trustdir_error **error);

/**
 * Reads a key from a PEM or DER file, as trustdir_key_from_pem does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_key_load(const char *path,
                                  const uint8_t *passphrase,
                                  size_t passphrase_len,
                                  trustdir_key **out,
                                  trustdir_error **error);

/**
 * Writes the key as PKCS#8 PEM, encrypted when a passphrase is given (which takes a noticeable time, on purpose).
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_key_to_pem(const trustdir_key *key,
                                    const uint8_t *passphrase,
                                    size_t passphrase_len,
                                    trustdir_buffer **out,
                                    trustdir_error **error);

/**
 * As trustdir_key_to_pem, with the derivation that the reader of the file can do: a trustdir_key_derivation.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_key_to_pem_under(const trustdir_key *key,
                                          int32_t derivation,
                                          const uint8_t *passphrase,
                                          size_t passphrase_len,
                                          trustdir_buffer **out,
                                          trustdir_error **error);

/**
 * As trustdir_key_to_pem_under, in DER.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_key_to_der(const trustdir_key *key,
                                    int32_t derivation,
                                    const uint8_t *passphrase,
                                    size_t passphrase_len,
                                    trustdir_buffer **out,
                                    trustdir_error **error);

/**
 * The public key as DER SubjectPublicKeyInfo. Borrowed from the key. Empty for NULL.
 */
trustdir_slice trustdir_key_spki(const trustdir_key *key);

/**
 * What kind of key it is, as "P-256", "Ed25519" or "RSA-2048". Borrowed from the key. NULL for NULL.
 */
const char *trustdir_key_algorithm(const trustdir_key *key);

/**
 * Wipes and frees the key. NULL is fine.
 */
void trustdir_key_free(trustdir_key *key);

/**
 * Starts with no constraints.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_name_constraints_new(trustdir_name_constraints **out,
                                              trustdir_error **error);

/**
 * Starts with what a home or a small network needs, and nothing of the rest of the Internet: home.arpa, internal,
 * local, localhost, and the private, link-local and loopback addresses. Permit names of your own besides, such as a
 * dynamic DNS name.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_name_constraints_home(trustdir_name_constraints **out,
                                               trustdir_error **error);

/**
 * Permits a subtree: "home.arpa" or "DNS:home.arpa" (that name and all below it), "IP:192.168.0.0/16", and
 * "email:a@b.example", "email:b.example" (every mailbox at that host) or "email:.b.example" (at hosts below it).
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_name_constraints_permit(trustdir_name_constraints *constraints,
                                                 const char *subtree,
                                                 trustdir_error **error);

/**
 * Excludes a subtree, as trustdir_name_constraints_permit takes it; this counts more than what is permitted.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_name_constraints_exclude(trustdir_name_constraints *constraints,
                                                  const char *subtree,
                                                  trustdir_error **error);

/**
 * Whether a certificate with this name, as trustdir_request_create takes it, may be issued: the answer goes to `out`.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_name_constraints_allow(const trustdir_name_constraints *constraints,
                                                const char *name,
                                                bool *out,
                                                trustdir_error **error);

/**
 * The number of permitted subtrees; 0 for NULL.
 */
size_t trustdir_name_constraints_permitted_len(const trustdir_name_constraints *constraints);

/**
 * A permitted subtree, as "DNS:home.arpa". Borrowed from the constraints. NULL past the end and for NULL.
 */
const char *trustdir_name_constraints_permitted(const trustdir_name_constraints *constraints,
                                                size_t index);

/**
 * The number of excluded subtrees; 0 for NULL.
 */
size_t trustdir_name_constraints_excluded_len(const trustdir_name_constraints *constraints);

/**
 * An excluded subtree. Borrowed from the constraints. NULL past the end and for NULL.
 */
const char *trustdir_name_constraints_excluded(const trustdir_name_constraints *constraints,
                                               size_t index);

/**
 * Frees the constraints and everything borrowed from them. NULL is fine.
 */
void trustdir_name_constraints_free(trustdir_name_constraints *constraints);

/**
 * Reads the first certificate in PEM text; anything before it is ignored.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificate_from_pem(const uint8_t *pem,
                                              size_t len,
                                              trustdir_certificate **out,
                                              trustdir_error **error);

/**
 * Reads a certificate in DER.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificate_from_der(const uint8_t *der,
                                              size_t len,
                                              trustdir_certificate **out,
                                              trustdir_error **error);

/**
 * Reads a certificate from a PEM or DER file.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificate_load(const char *path,
                                          trustdir_certificate **out,
                                          trustdir_error **error);

/**
 * Reads the first certificate of a file's bytes, PEM or DER.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificate_from_bytes(const uint8_t *bytes,
                                                size_t len,
                                                trustdir_certificate **out,
                                                trustdir_error **error);

/**
 * Another handle to the same certificate, which lives on its own. Cheap: the certificate is shared.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificate_clone(const trustdir_certificate *certificate,
                                           trustdir_certificate **out,
                                           trustdir_error **error);

/**
 * The certificate in DER, byte for byte as it was signed. Borrowed from the certificate. Empty for NULL.
 */
trustdir_slice trustdir_certificate_der(const trustdir_certificate *certificate);

/**
 * The certificate in PEM. Borrowed from the certificate. NULL for NULL.
 */
const char *trustdir_certificate_pem(const trustdir_certificate *certificate);

/**
 * The subject as RFC 4514 text, control characters escaped. Borrowed from the certificate. NULL for NULL.
 */
const char *trustdir_certificate_subject(const trustdir_certificate *certificate);

/**
 * The issuer as RFC 4514 text, control characters escaped. Borrowed from the certificate. NULL for NULL.
 */
const char *trustdir_certificate_issuer(const trustdir_certificate *certificate);

/**
 * The serial number in lower-case hexadecimal. Borrowed from the certificate. NULL for NULL.
 */
const char *trustdir_certificate_serial(const trustdir_certificate *certificate);

/**
 * The SHA-256 of the DER, as 64 lower-case hexadecimal digits. Borrowed from the certificate. NULL for NULL.
 */
const char *trustdir_certificate_fingerprint(const trustdir_certificate *certificate);

/**
 * The start of its validity, in seconds since 1970-01-01 UTC; 0 for NULL.
 */
int64_t trustdir_certificate_not_before(const trustdir_certificate *certificate);

/**
 * The end of its validity, in seconds since 1970-01-01 UTC; 0 for NULL.
 */
int64_t trustdir_certificate_not_after(const trustdir_certificate *certificate);

/**
 * The X.509 version, 1 to 3; 0 for NULL.
 */
uint8_t trustdir_certificate_version(const trustdir_certificate *certificate);

/**
 * The public key as DER SubjectPublicKeyInfo. Borrowed from the certificate. Empty for NULL.
 */
trustdir_slice trustdir_certificate_spki(const trustdir_certificate *certificate);

/**
 * The sort of its public key, as trustdir_key_algorithm has it. Borrowed from the certificate. NULL for what trustdir
 * does not admit, and for NULL.
 */
const char *trustdir_certificate_key_algorithm(const trustdir_certificate *certificate);

/**
 * Whether the issuer's key made its signature; false for NULL. Names, dates and powers are not looked at.
 */
bool trustdir_certificate_is_signed_by(const trustdir_certificate *certificate,
                                       const trustdir_certificate *issuer);

/**
 * The number of names that it is valid for; 0 for NULL.
 */
size_t trustdir_certificate_names_len(const trustdir_certificate *certificate);

/**
 * A name that it is valid for, as "DNS:a.example" or "IP:10.0.0.1". Borrowed from the certificate. NULL past the end
 * and for NULL.
 */
const char *trustdir_certificate_name(const trustdir_certificate *certificate,
                                      size_t index);

/**
 * The number of purposes that it has; 0 for NULL.
 */
size_t trustdir_certificate_purposes_len(const trustdir_certificate *certificate);

/**
 * What it is for: "authority", "server", "client", and "anything" when it does not say. Borrowed from the certificate.
 * NULL past the end and for NULL.
 */
const char *trustdir_certificate_purpose(const trustdir_certificate *certificate,
                                         size_t index);

/**
 * Whether it says to be an authority's; false for NULL.
 */
bool trustdir_certificate_is_authority(const trustdir_certificate *certificate);

/**
 * Whether it says to be issued by itself; false for NULL.
 */
bool trustdir_certificate_is_self_issued(const trustdir_certificate *certificate);

/**
 * Whether it limits how many authorities may follow below it; false for NULL. The limit goes to `path_length`, which
 * may be NULL.
 */
bool trustdir_certificate_path_length(const trustdir_certificate *certificate,
                                      uint32_t *path_length);

/**
 * For which names an authority and those below it may issue: nothing permitted and nothing excluded when it is not
 * limited. Fails with TRUSTDIR_STATUS_PARSE when that part of the certificate is broken.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificate_name_constraints(const trustdir_certificate *certificate,
                                                      trustdir_name_constraints **out,
                                                      trustdir_error **error);

/**
 * The hash of the subject by which OpenSSL 1.0 and later names files in a directory ("%08x.0"). Fails for a name that
 * OpenSSL refuses to hash; `*out` is then 0.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificate_subject_hash(const trustdir_certificate *certificate,
                                                  uint32_t *out,
                                                  trustdir_error **error);

/**
 * The hash of the subject by which OpenSSL before 1.0 named files in a directory.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificate_subject_hash_old(const trustdir_certificate *certificate,
                                                      uint32_t *out,
                                                      trustdir_error **error);

/**
 * Frees the certificate and everything borrowed from it. NULL is fine. Not for borrowed certificates.
 */
void trustdir_certificate_free(trustdir_certificate *certificate);

/**
 * Reads every certificate in PEM text; what else is in it is passed over. Text without one gives none.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificates_from_pem(const uint8_t *pem,
                                               size_t len,
                                               trustdir_certificates **out,
                                               trustdir_error **error);

/**
 * Reads every certificate of a PEM file, or the one of a DER file. Fails with TRUSTDIR_STATUS_PARSE when there is none.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_certificates_load(const char *path,
                                           trustdir_certificates **out,
                                           trustdir_error **error);

/**
 * The number of certificates; 0 for NULL.
 */
size_t trustdir_certificates_len(const trustdir_certificates *certificates);

/**
 * One of them. Borrowed from the certificates. NULL past the end and for NULL.
 */
const trustdir_certificate *trustdir_certificates_certificate(const trustdir_certificates *certificates,
                                                              size_t index);

/**
 * Frees the certificates. NULL is fine.
 */
void trustdir_certificates_free(trustdir_certificates *certificates);

/**
 * Puts a key and the certificates of its chain, `count` of them, together, as trustdir_identity_from_pem does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_new(const trustdir_certificate *const *chain,
                                      size_t count,
                                      const trustdir_key *key,
                                      trustdir_identity **out,
                                      trustdir_error **error);

/**
 * Puts a key and the certificates of its chain, both in PEM, together. The certificates may be in any order: the key's
 * own becomes the first, followed by its issuers; of several for one key the one that is valid now and ends last is
 * taken. The passphrase is NULL with length 0 when the key is not encrypted. Fails with TRUSTDIR_STATUS_KEY_MISMATCH
 * when no certificate is the key's, with TRUSTDIR_STATUS_INVALID_ARGUMENT when one has no part in the chain, and as
 * trustdir_key_from_pem does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_from_pem(const uint8_t *chain,
                                           size_t chain_len,
                                           const uint8_t *key,
                                           size_t key_len,
                                           const uint8_t *passphrase,
                                           size_t passphrase_len,
                                           trustdir_identity **out,
                                           trustdir_error **error);

/**
 * Loads a chain and a key from their files, as trustdir_identity_from_pem does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_load(const char *certificate_path,
                                       const char *key_path,
                                       const uint8_t *passphrase,
                                       size_t passphrase_len,
                                       trustdir_identity **out,
                                       trustdir_error **error);

/**
 * Writes the chain and the key to new files, the key readable by its owner only and encrypted when a passphrase is
 * given. An existing file is never overwritten: TRUSTDIR_STATUS_ALREADY_EXISTS.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_save(const trustdir_identity *identity,
                                       const char *certificate_path,
                                       const char *key_path,
                                       const uint8_t *passphrase,
                                       size_t passphrase_len,
                                       trustdir_error **error);

/**
 * A certificate of the chain; index 0 is the end entity. Borrowed from the identity. NULL past the end and for NULL.
 */
const trustdir_certificate *trustdir_identity_certificate(const trustdir_identity *identity,
                                                          size_t index);

/**
 * The number of certificates in the chain; 0 for NULL.
 */
size_t trustdir_identity_chain_len(const trustdir_identity *identity);

/**
 * The chain in PEM, end entity first. Borrowed from the identity. NULL for NULL.
 */
const char *trustdir_identity_chain_pem(const trustdir_identity *identity);

/**
 * The private key, as a handle of your own: free it with trustdir_key_free.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_key(const trustdir_identity *identity,
                                      trustdir_key **out,
                                      trustdir_error **error);

/**
 * Writes the private key as PKCS#8 PEM, encrypted when a passphrase is given.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_key_pem(const trustdir_identity *identity,
                                          const uint8_t *passphrase,
                                          size_t passphrase_len,
                                          trustdir_buffer **out,
                                          trustdir_error **error);

/**
 * Wipes and frees the identity and everything borrowed from it. NULL is fine.
 */
void trustdir_identity_free(trustdir_identity *identity);

/**
 * Names the files, which may be one that holds both, in PEM; nothing is read yet. The passphrase is copied.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_files_new(const char *certificate_path,
                                            const char *key_path,
                                            const uint8_t *passphrase,
                                            size_t passphrase_len,
                                            trustdir_identity_files **out,
                                            trustdir_error **error);

/**
 * Loads them, as trustdir_identity_load does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_files_load(trustdir_identity_files *files,
                                             trustdir_identity **out,
                                             trustdir_error **error);

/**
 * Loads them when they give another identity than before, or one again after an error; else `*out` is NULL and the
 * status TRUSTDIR_STATUS_OK. Without a change this costs a look or two at each file. An error is told once for each
 * change. Every call reads the files again after TRUSTDIR_STATUS_IO, and as long as a further change could hide behind
 * the clock of the file system: 0.1 s from the last one, 3 s where times have no fraction.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_files_reload_if_changed(trustdir_identity_files *files,
                                                          trustdir_identity **out,
                                                          trustdir_error **error);

/**
 * The path of the chain's file. Borrowed from the files. NULL for NULL.
 */
const char *trustdir_identity_files_certificate_path(const trustdir_identity_files *files);

/**
 * The path of the key's file. Borrowed from the files. NULL for NULL.
 */
const char *trustdir_identity_files_key_path(const trustdir_identity_files *files);

/**
 * Wipes the passphrase and frees the handle; the files stay, and so does what was loaded. NULL is fine.
 */
void trustdir_identity_files_free(trustdir_identity_files *files);

/**
 * Makes a request for the key, signed with it. `subject` is RFC 4514 text, or just a common name. `names` are the
 * names to ask for, `count` of them: DNS names and IP addresses, or "DNS:...", "IP:...", "email:..." and "URI:...".
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_request_create(const trustdir_key *key,
                                        const char *subject,
                                        const char *const *names,
                                        size_t count,
                                        trustdir_request **out,
                                        trustdir_error **error);

/**
 * Reads the first request in PEM text; anything before it is ignored. Fails with TRUSTDIR_STATUS_BAD_SIGNATURE when
 * it was altered, and with TRUSTDIR_STATUS_UNSUPPORTED or TRUSTDIR_STATUS_WEAK_KEY for what no certificate is given to.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_request_from_pem(const uint8_t *pem,
                                          size_t len,
                                          trustdir_request **out,
                                          trustdir_error **error);

/**
 * Reads a request in DER, as trustdir_request_from_pem does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_request_from_der(const uint8_t *der,
                                          size_t len,
                                          trustdir_request **out,
                                          trustdir_error **error);

/**
 * Reads a request from a PEM or DER file, as trustdir_request_from_pem does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_request_load(const char *path,
                                      trustdir_request **out,
                                      trustdir_error **error);

/**
 * The request in DER. Borrowed from the request. Empty for NULL.
 */
trustdir_slice trustdir_request_der(const trustdir_request *request);

/**
 * The request in PEM. Borrowed from the request. NULL for NULL.
 */
const char *trustdir_request_pem(const trustdir_request *request);

/**
 * Whom it names, as RFC 4514 text, control characters escaped. Borrowed from the request. NULL for NULL.
 */
const char *trustdir_request_subject(const trustdir_request *request);

/**
 * The public key as DER SubjectPublicKeyInfo. Borrowed from the request. Empty for NULL.
 */
trustdir_slice trustdir_request_spki(const trustdir_request *request);

/**
 * The sort of its public key, as trustdir_key_algorithm has it. Borrowed from the request. NULL for what trustdir does
 * not admit, and for NULL.
 */
const char *trustdir_request_key_algorithm(const trustdir_request *request);

/**
 * The number of names that it asks for; 0 for NULL.
 */
size_t trustdir_request_names_len(const trustdir_request *request);

/**
 * A name that it asks for, as "DNS:a.example" or "IP:10.0.0.1". Borrowed from the request. NULL past the end and for
 * NULL.
 */
const char *trustdir_request_name(const trustdir_request *request,
                                  size_t index);

/**
 * Whether it asks to be an authority, which is never granted; false for NULL.
 */
bool trustdir_request_asks_for_authority(const trustdir_request *request);

/**
 * How many other things it asks for that are not looked at; 0 for NULL.
 */
size_t trustdir_request_ignored_len(const trustdir_request *request);

/**
 * One of them, as "extension 1.2.3.4". Borrowed from the request. NULL past the end and for NULL.
 */
const char *trustdir_request_ignored(const trustdir_request *request, size_t index);

/**
 * Frees the request and everything borrowed from it. NULL is fine.
 */
void trustdir_request_free(trustdir_request *request);

/**
 * Starts with the defaults.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_options_new(trustdir_authority_options **out,
                                               trustdir_error **error);

/**
 * The authority's name: RFC 4514 text with a common name, or just a common name. The default has a random part, so
 * that no two authorities share it.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_options_set_name(trustdir_authority_options *options,
                                                    const char *name,
                                                    trustdir_error **error);

/**
 * The validity in days; 0 for the default, which is ten years and never longer than the issuer's.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_options_set_days(trustdir_authority_options *options,
                                                    uint32_t days,
                                                    trustdir_error **error);

/**
 * Has the authority's key stored encrypted. NULL with length 0, the default, stores it readable by its owner only.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_options_set_passphrase(trustdir_authority_options *options,
                                                          const uint8_t *passphrase,
                                                          size_t passphrase_len,
                                                          trustdir_error **error);

/**
 * The authority's own key: a trustdir_key_type. The default is TRUSTDIR_KEY_TYPE_P256.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_options_set_key_type(trustdir_authority_options *options,
                                                        int32_t key_type,
                                                        trustdir_error **error);

/**
 * How many authorities may follow below it. The default is no limit for a root, and none at all below an
 * intermediate one.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_options_set_path_length(trustdir_authority_options *options,
                                                           uint8_t path_length,
                                                           trustdir_error **error);

/**
 * For which names it may issue, copied; the default is for any.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_options_set_constraints(trustdir_authority_options *options,
                                                           const trustdir_name_constraints *constraints,
                                                           trustdir_error **error);

/**
 * Frees the options and wipes their passphrase. NULL is fine.
 */
void trustdir_authority_options_free(trustdir_authority_options *options);

/**
 * Makes an authority in `dir`, which is created when it is missing. `options` may be NULL. Fails with
 * TRUSTDIR_STATUS_ALREADY_EXISTS when there is something in `dir`, and then changes nothing.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_create(const char *dir,
                                          const trustdir_authority_options *options,
                                          trustdir_authority **out,
                                          trustdir_error **error);

/**
 * Makes an authority below this one, in a directory of its own, as trustdir_authority_create does. What it issues
 * carries its certificate along; clients go on to trust the root.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_create_intermediate(const trustdir_authority *authority,
                                                       const char *dir,
                                                       const trustdir_authority_options *options,
                                                       trustdir_authority **out,
                                                       trustdir_error **error);

/**
 * Takes over an authority that something else made, into a new directory: its certificate, those above it, and its
 * key, stored encrypted when a passphrase is given. What it issued before is not known here.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_import(const char *dir,
                                          const trustdir_identity *identity,
                                          const uint8_t *passphrase,
                                          size_t passphrase_len,
                                          trustdir_authority **out,
                                          trustdir_error **error);

/**
 * Opens the authority in `dir`: one of ours or of `openssl ca`, or what pimatic's ssl-setup, easy-rsa, mkcert, minica
 * or the Rocket.Chat guide made. The passphrase is NULL with length 0 when its key is not encrypted. Fails with
 * TRUSTDIR_STATUS_NOT_FOUND, TRUSTDIR_STATUS_PASSPHRASE_REQUIRED or TRUSTDIR_STATUS_WRONG_PASSPHRASE.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_open(const char *dir,
                                        const uint8_t *passphrase,
                                        size_t passphrase_len,
                                        trustdir_authority **out,
                                        trustdir_error **error);

/**
 * Opens it without its key, for everything but signing: to list, to show, to revoke. What needs the key then fails
 * with TRUSTDIR_STATUS_INVALID_ARGUMENT.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_open_without_key(const char *dir,
                                                    trustdir_authority **out,
                                                    trustdir_error **error);

/**
 * Renews the authority's own certificate: same name, key and limits, so that what it issued stays valid. `issuer` is
 * the authority above it, and NULL for a root. `days` is the validity, 0 for the default. The renewed authority goes
 * to `out`; this handle goes on with the old certificate, which is kept in the directory too.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_renew_authority(const trustdir_authority *authority,
                                                   const trustdir_authority *issuer,
                                                   uint32_t days,
                                                   trustdir_authority **out,
                                                   trustdir_error **error);

/**
 * The authority's own certificate. Borrowed from the authority. NULL for NULL.
 */
const trustdir_certificate *trustdir_authority_certificate(const trustdir_authority *authority);

/**
 * The number of certificates in its chain: its own and those of the authorities above it, as far as they are known.
 * 0 for NULL.
 */
size_t trustdir_authority_chain_len(const trustdir_authority *authority);

/**
 * A certificate of the chain; index 0 is its own. Borrowed from the authority. NULL past the end and for NULL.
 */
const trustdir_certificate *trustdir_authority_chain(const trustdir_authority *authority,
                                                     size_t index);

/**
 * What clients of its servers import: the last certificate of the chain. Borrowed from the authority. NULL for NULL.
 */
const trustdir_certificate *trustdir_authority_trust_anchor(const trustdir_authority *authority);

/**
 * The file with the trust anchor. Borrowed from the authority. NULL for NULL.
 */
const char *trustdir_authority_trust_anchor_path(const trustdir_authority *authority);

/**
 * The file with its own certificate. Borrowed from the authority. NULL for NULL.
 */
const char *trustdir_authority_certificate_path(const trustdir_authority *authority);

/**
 * Its directory. Borrowed from the authority. NULL for NULL.
 */
const char *trustdir_authority_dir(const trustdir_authority *authority);

/**
 * Frees the authority and what is borrowed from it, and wipes its key from memory. Its directory stays. NULL is fine.
 */
void trustdir_authority_free(trustdir_authority *authority);

/**
 * Starts with the defaults.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_issue_options_new(trustdir_issue_options **out,
                                           trustdir_error **error);

/**
 * The validity in days, from now or from its start; 0 for the default, which is 397, or for a renewal as long as the
 * old certificate's, and never longer than the authority's.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_issue_options_set_days(trustdir_issue_options *options,
                                                uint32_t days,
                                                trustdir_error **error);

/**
 * The start of the validity, in seconds since 1970-01-01 UTC. The default is an hour ago, since clocks differ.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_issue_options_set_not_before(trustdir_issue_options *options,
                                                      int64_t unix_time,
                                                      trustdir_error **error);

/**
 * The end of the validity, in seconds since 1970-01-01 UTC, instead of days.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_issue_options_set_not_after(trustdir_issue_options *options,
                                                     int64_t unix_time,
                                                     trustdir_error **error);

/**
 * The key to make: a trustdir_key_type. The default is TRUSTDIR_KEY_TYPE_P256, or for a renewal what the old key is.
 * Of no effect where the key is there already.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_issue_options_set_key_type(trustdir_issue_options *options,
                                                    int32_t key_type,
                                                    trustdir_error **error);

/**
 * Frees the options. NULL is fine.
 */
void trustdir_issue_options_free(trustdir_issue_options *options);

/**
 * Issues an identity for a server. `names` are its DNS names and IP addresses, `count` of them and at least one; the
 * first also becomes the common name. `options` may be NULL. Fails with TRUSTDIR_STATUS_NAME_MISMATCH for a name that
 * the authority's constraints do not allow.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_issue_server(const trustdir_authority *authority,
                                                const char *const *names,
                                                size_t count,
                                                const trustdir_issue_options *options,
                                                trustdir_identity **out,
                                                trustdir_error **error);

/**
 * As trustdir_authority_issue_server, for a service that is a client of others too.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_issue_both(const trustdir_authority *authority,
                                              const char *const *names,
                                              size_t count,
                                              const trustdir_issue_options *options,
                                              trustdir_identity **out,
                                              trustdir_error **error);

/**
 * Issues an identity for a client, with `name` as its common name. `names` are further names that it bears, `count`
 * of them, as trustdir_request_create takes them, such as its e-mail address; mostly NULL with count 0. `options` may
 * be NULL. It admits nobody until its certificate is installed in a directory.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_issue_client(const trustdir_authority *authority,
                                                const char *name,
                                                const char *const *names,
                                                size_t count,
                                                const trustdir_issue_options *options,
                                                trustdir_identity **out,
                                                trustdir_error **error);

/**
 * Issues an identity with a subject and names that no profile demands. `profile` is a trustdir_profile, `subject` is
 * RFC 4514 text or just a common name, and `names` are as trustdir_request_create takes them. `options` may be NULL.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_issue(const trustdir_authority *authority,
                                         int32_t profile,
                                         const char *subject,
                                         const char *const *names,
                                         size_t count,
                                         const trustdir_issue_options *options,
                                         trustdir_identity **out,
                                         trustdir_error **error);

/**
 * Signs a request: its key and its subject, byte for byte. `profile` is a trustdir_profile. `names` are the names to
 * grant, `count` of them, as trustdir_request_create takes them. NULL with count 0 grants a server the DNS names and
 * IP addresses that were asked for, or its common name when no name was; and a client none. `options` may be NULL.
 * `notes`, which may be NULL, receives text: what was asked for and not granted, or granted otherwise, a line each,
 * empty when there is nothing to say. Fails with TRUSTDIR_STATUS_INVALID_ARGUMENT when a server would get no name.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_sign(const trustdir_authority *authority,
                                        const trustdir_request *request,
                                        int32_t profile,
                                        const char *const *names,
                                        size_t count,
                                        const trustdir_issue_options *options,
                                        trustdir_buffer **notes,
                                        trustdir_certificate **out,
                                        trustdir_error **error);

/**
 * Renews a certificate that this authority issued, for the same key, so that only the certificate's file changes:
 * same subject and names, a new serial number. `profile` is a trustdir_profile, or 0 for what the old one says.
 * `options` may be NULL. `notes`, which may be NULL, receives text: what the old one lacked or had that is not issued
 * here, a line each. Fails with TRUSTDIR_STATUS_REVOKED for a revoked certificate.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_renew(const trustdir_authority *authority,
                                         const trustdir_certificate *certificate,
                                         int32_t profile,
                                         const trustdir_issue_options *options,
                                         trustdir_buffer **notes,
                                         trustdir_certificate **out,
                                         trustdir_error **error);

/**
 * As trustdir_authority_renew, with a new key.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_renew_with_new_key(const trustdir_authority *authority,
                                                      const trustdir_certificate *certificate,
                                                      int32_t profile,
                                                      const trustdir_issue_options *options,
                                                      trustdir_buffer **notes,
                                                      trustdir_identity **out,
                                                      trustdir_error **error);

/**
 * Lists everything that the authority has issued.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_issued(const trustdir_authority *authority,
                                          trustdir_issued **out,
                                          trustdir_error **error);

/**
 * Lists the issued certificates that are meant by `name`, the newest last: a common name, a subject in RFC 4514 text,
 * a DNS name or another of its names, a serial number, or a fingerprint. None is TRUSTDIR_STATUS_OK as well.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_find(const trustdir_authority *authority,
                                        const char *name,
                                        trustdir_issued **out,
                                        trustdir_error **error);

/**
 * Lists what needs to be renewed: certificates whose validity ends within this many days, or has ended within as many,
 * and that are neither revoked nor followed by a later one of the same subject, names and purpose.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_expiring(const trustdir_authority *authority,
                                            uint32_t days,
                                            trustdir_issued **out,
                                            trustdir_error **error);

/**
 * The number of certificates in the list; 0 for NULL.
 */
size_t trustdir_issued_len(const trustdir_issued *issued);

/**
 * The serial number in lower-case hexadecimal, as a certificate has it. Borrowed from the list. NULL past the end and for NULL.
 */
const char *trustdir_issued_serial(const trustdir_issued *issued,
                                   size_t index);

/**
 * The subject as RFC 4514 text, or as the index has it ("/CN=alice") when the certificate was not kept. Borrowed from
 * the list. NULL past the end and for NULL.
 */
const char *trustdir_issued_subject(const trustdir_issued *issued,
                                    size_t index);

/**
 * The end of the validity, in seconds since 1970-01-01 UTC; 0 past the end and for NULL.
 */
int64_t trustdir_issued_not_after(const trustdir_issued *issued, size_t index);

/**
 * How it stands. TRUSTDIR_ISSUED_STATUS_UNKNOWN past the end and for NULL.
 */
trustdir_issued_status trustdir_issued_standing(const trustdir_issued *issued, size_t index);

/**
 * When it was revoked, in seconds since 1970-01-01 UTC; 0 when it is not, past the end and for NULL.
 */
int64_t trustdir_issued_revoked_at(const trustdir_issued *issued,
                                   size_t index);

/**
 * Why it was revoked. TRUSTDIR_REVOCATION_REASON_UNSPECIFIED when it is not, past the end and for NULL.
 */
trustdir_revocation_reason trustdir_issued_revocation_reason(const trustdir_issued *issued,
                                                             size_t index);

/**
 * The certificate. Borrowed from the list. NULL when the authority did not keep it, past the end and for NULL.
 */
const trustdir_certificate *trustdir_issued_certificate(const trustdir_issued *issued,
                                                        size_t index);

/**
 * The path where the authority keeps the certificate. Borrowed from the list. NULL past the end and for NULL.
 */
const char *trustdir_issued_file(const trustdir_issued *issued,
                                 size_t index);

/**
 * Frees the list and everything borrowed from it. NULL is fine.
 */
void trustdir_issued_free(trustdir_issued *issued);

/**
 * The name of a status, for logs: "VALID", "EXPIRED", "REVOKED"; "UNKNOWN" for unknown numbers. Static text, never
 * NULL.
 */
const char *trustdir_issued_status_text(int32_t status);

/**
 * The name of a reason, as `openssl ca` writes it: "keyCompromise", "superseded" and so on; "unspecified" for unknown
 * numbers. Static text, never NULL.
 */
const char *trustdir_revocation_reason_text(int32_t reason);

/**
 * Revokes a certificate that this authority issued. `reason` is a trustdir_revocation_reason. Those who read its list
 * refuse it from the next list on; a directory needs no list: remove the entry. Final, but for
 * TRUSTDIR_REVOCATION_REASON_CERTIFICATE_HOLD: a second time is TRUSTDIR_STATUS_ALREADY_EXISTS.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_revoke(const trustdir_authority *authority,
                                          const trustdir_certificate *certificate,
                                          int32_t reason,
                                          trustdir_error **error);

/**
 * Takes a certificate off hold.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_unhold(const trustdir_authority *authority,
                                          const trustdir_certificate *certificate,
                                          trustdir_error **error);

/**
 * Writes the list of everything revoked (a CRL), good for this many days, as crl.pem in the authority's directory.
 * Its path goes to `list`, which may be NULL when you do not need it; it is yours, free it with trustdir_buffer_free.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_crl(const trustdir_authority *authority,
                                       uint32_t days,
                                       trustdir_buffer **list,
                                       trustdir_error **error);

/**
 * Puts the newest list into `dir`, a directory of trust anchors, under the name by which OpenSSL finds it
 * ("89abcdef.r0"), in place of this authority's older one. Its path goes to `list`, as with trustdir_authority_crl.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_install_crl(const trustdir_authority *authority,
                                               const char *dir,
                                               trustdir_buffer **list,
                                               trustdir_error **error);

/**
 * Starts with the defaults.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_pkcs12_options_new(trustdir_pkcs12_options **out,
                                            trustdir_error **error);

/**
 * How it is protected: a trustdir_pkcs12_profile. The default is TRUSTDIR_PKCS12_PROFILE_MODERN.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_pkcs12_options_set_profile(trustdir_pkcs12_options *options,
                                                    int32_t profile,
                                                    trustdir_error **error);

/**
 * The name that devices show. The default is the common name.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_pkcs12_options_set_name(trustdir_pkcs12_options *options,
                                                 const char *name,
                                                 trustdir_error **error);

/**
 * Adds a certificate to carry besides the chain: phones want the authority's.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_pkcs12_options_add_authority(trustdir_pkcs12_options *options,
                                                      const trustdir_certificate *authority,
                                                      trustdir_error **error);

/**
 * Frees the options. NULL is fine.
 */
void trustdir_pkcs12_options_free(trustdir_pkcs12_options *options);

/**
 * Writes the key, its chain and the authorities of `options` as a PKCS#12 file, encrypted with `password`. PKCS#12 has
 * passwords as text; an empty one is TRUSTDIR_STATUS_INVALID_ARGUMENT. `options` may be NULL.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_to_pkcs12(const trustdir_identity *identity,
                                            const char *password,
                                            const trustdir_pkcs12_options *options,
                                            trustdir_buffer **out,
                                            trustdir_error **error);

/**
 * Writes it to a new file, readable by its owner only. An existing file is never overwritten:
 * TRUSTDIR_STATUS_ALREADY_EXISTS.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_save_pkcs12(const trustdir_identity *identity,
                                              const char *path,
                                              const char *password,
                                              const trustdir_pkcs12_options *options,
                                              trustdir_error **error);

/**
 * Reads a PKCS#12 file that holds one private key, as OpenSSL, Windows and Java write it; `password` is empty when it
 * has none. Certificates that are not in the key's chain are left out. Fails with TRUSTDIR_STATUS_WRONG_PASSPHRASE,
 * TRUSTDIR_STATUS_KEY_MISMATCH, TRUSTDIR_STATUS_PARSE or TRUSTDIR_STATUS_UNSUPPORTED.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_from_pkcs12(const uint8_t *pkcs12,
                                              size_t len,
                                              const char *password,
                                              trustdir_identity **out,
                                              trustdir_error **error);

/**
 * Loads a PKCS#12 file, as trustdir_identity_from_pkcs12 does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_load_pkcs12(const char *path,
                                              const char *password,
                                              trustdir_identity **out,
                                              trustdir_error **error);

/**
 * The identity with its chain completed from `pool`, `count` certificates of authorities, up to and with the
 * self-signed one: what web servers and proxies send. The rest of the pool is left out.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_with_issuers(const trustdir_identity *identity,
                                               const trustdir_certificate *const *pool,
                                               size_t count,
                                               trustdir_identity **out,
                                               trustdir_error **error);

/**
 * Writes the chain and then the key, encrypted when a passphrase is given, in one PEM: what curl and HAProxy read.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_to_bundle(const trustdir_identity *identity,
                                            const uint8_t *passphrase,
                                            size_t passphrase_len,
                                            trustdir_buffer **out,
                                            trustdir_error **error);

/**
 * Writes it to a new file, readable by its owner only. An existing file is never overwritten:
 * TRUSTDIR_STATUS_ALREADY_EXISTS.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_identity_save_bundle(const trustdir_identity *identity,
                                              const char *path,
                                              const uint8_t *passphrase,
                                              size_t passphrase_len,
                                              trustdir_error **error);

/**
 * Writes the chain that begins with a certificate as PEM, completed from `pool`, `count` certificates of authorities,
 * up to and with the self-signed one: what web servers and proxies take for a signed request.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_export_full_chain(const trustdir_certificate *certificate,
                                           const trustdir_certificate *const *pool,
                                           size_t count,
                                           trustdir_buffer **out,
                                           trustdir_error **error);

/**
 * Writes certificates, `count` of them, as PEM one after another to a new file: a chain, or several authorities. What
 * occurs twice is written once. An existing file is never overwritten: TRUSTDIR_STATUS_ALREADY_EXISTS.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_export_save_bundle(const trustdir_certificate *const *certificates,
                                            size_t count,
                                            const char *path,
                                            trustdir_error **error);

/**
 * Writes a certificate as DER to a new file: the .crt that Android and Windows install. An existing file is never
 * overwritten: TRUSTDIR_STATUS_ALREADY_EXISTS.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_export_save_der(const trustdir_certificate *certificate,
                                         const char *path,
                                         trustdir_error **error);

/**
 * Makes a PKCS#12 file of certificates alone, `count` of them and at least one, marked as trusted: the value of Java's
 * javax.net.ssl.trustStore. Nothing in it is secret, but Java wants a password; "changeit" is customary. `profile` is
 * a trustdir_pkcs12_profile.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_export_truststore(const trustdir_certificate *const *certificates,
                                           size_t count,
                                           const char *password,
                                           int32_t profile,
                                           trustdir_buffer **out,
                                           trustdir_error **error);

/**
 * Starts an empty profile under the name that the device shows.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_mobile_config_new(const char *name,
                                           trustdir_mobile_config **out,
                                           trustdir_error **error);

/**
 * Adds a certificate to trust: a self-signed one as a root, any other as an intermediate one. On an iPhone or iPad its
 * owner switches it on afterwards, under Settings, General, About, Certificate Trust Settings.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_mobile_config_add_authority(trustdir_mobile_config *profile,
                                                     const trustdir_certificate *authority,
                                                     trustdir_error **error);

/**
 * Adds a client's key and chain as a PKCS#12 file in the form that Apple reads. The device asks for the password,
 * unless `embed` puts it beside the key: then whoever reads the profile has the key. A failure adds nothing.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_mobile_config_add_identity(trustdir_mobile_config *profile,
                                                    const trustdir_identity *identity,
                                                    const char *password,
                                                    bool embed,
                                                    trustdir_error **error);

/**
 * Writes the profile as an XML property list.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_mobile_config_to_xml(const trustdir_mobile_config *profile,
                                              trustdir_buffer **out,
                                              trustdir_error **error);

/**
 * Writes it to a new file, readable by its owner only when it holds a key. An existing file is never overwritten:
 * TRUSTDIR_STATUS_ALREADY_EXISTS.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_mobile_config_save(const trustdir_mobile_config *profile,
                                            const char *path,
                                            trustdir_error **error);

/**
 * Frees the profile and wipes the keys in it. NULL is fine.
 */
void trustdir_mobile_config_free(trustdir_mobile_config *profile);

/**
 * Starts with the defaults.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_lint_options_new(trustdir_lint_options **out,
                                          trustdir_error **error);

/**
 * What the certificate is used for: a trustdir_profile, or 0 for what the certificate says.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_lint_options_set_profile(trustdir_lint_options *options,
                                                  int32_t profile,
                                                  trustdir_error **error);

/**
 * The time to judge at, in seconds since 1970-01-01 UTC.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_lint_options_set_time(trustdir_lint_options *options,
                                               int64_t unix_time,
                                               trustdir_error **error);

/**
 * Frees the options. NULL is fine.
 */
void trustdir_lint_options_free(trustdir_lint_options *options);

/**
 * Checks a file (PEM or DER: certificates, a chain, requests, private keys) or a folder with all that is below it,
 * such as the directory of an authority. What cannot be read is a finding and no error; only a path that cannot be
 * looked at at all is one. `options` may be NULL.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_lint_path(const char *path,
                                   const trustdir_lint_options *options,
                                   trustdir_findings **out,
                                   trustdir_error **error);

/**
 * Checks one certificate by itself. `options` may be NULL.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_lint_certificate(const trustdir_certificate *certificate,
                                          const trustdir_lint_options *options,
                                          trustdir_findings **out,
                                          trustdir_error **error);

/**
 * Checks a chain as a service sends it, `count` certificates, end entity first; its root may be left out. The profile
 * is the end entity's. `options` may be NULL.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_lint_chain(const trustdir_certificate *const *chain,
                                    size_t count,
                                    const trustdir_lint_options *options,
                                    trustdir_findings **out,
                                    trustdir_error **error);

/**
 * Checks what peers refuse when this identity is shown to them, the gravest first, as a server's or a client's also if
 * it says CA:TRUE. An issuer that is not in its chain is a note, since it may be a root, which peers must have.
 * `options` may be NULL.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_lint_identity(const trustdir_identity *identity,
                                       const trustdir_lint_options *options,
                                       trustdir_findings **out,
                                       trustdir_error **error);

/**
 * Checks a request: what a certificate would be refused for if it were issued as asked. `options` may be NULL.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_lint_request(const trustdir_request *request,
                                      const trustdir_lint_options *options,
                                      trustdir_findings **out,
                                      trustdir_error **error);

/**
 * The number of findings; 0 for NULL.
 */
size_t trustdir_findings_len(const trustdir_findings *findings);

/**
 * How much it matters. TRUSTDIR_SEVERITY_UNKNOWN past the end and for NULL.
 */
trustdir_severity trustdir_findings_severity(const trustdir_findings *findings, size_t index);

/**
 * The code of the rule that is broken, such as "NO_SAN". Later versions may add rules. Borrowed from the findings.
 * NULL past the end and for NULL.
 */
const char *trustdir_findings_rule(const trustdir_findings *findings,
                                   size_t index);

/**
 * What is wrong, in one line. Borrowed from the findings. NULL past the end and for NULL.
 */
const char *trustdir_findings_message(const trustdir_findings *findings, size_t index);

/**
 * What to do, in one line. Borrowed from the findings. NULL past the end and for NULL.
 */
const char *trustdir_findings_remedy(const trustdir_findings *findings, size_t index);

/**
 * How many refuse because of it: some when it is TRUSTDIR_SEVERITY_REFUSED, else none. 0 past the end and for NULL.
 */
size_t trustdir_findings_refused_by_len(const trustdir_findings *findings,
                                        size_t index);

/**
 * The code of one who refuses, such as "APPLE" or "OPENSSL". Later versions may add some. Borrowed from the findings.
 * NULL past the end and for NULL.
 */
const char *trustdir_findings_refused_by(const trustdir_findings *findings,
                                         size_t index,
                                         size_t client);

/**
 * The subject of the certificate or request (RFC 4514 text). Borrowed from the findings. NULL when it has none, past
 * the end and for NULL.
 */
const char *trustdir_findings_subject(const trustdir_findings *findings,
                                      size_t index);

/**
 * The path of the file that it is in. Borrowed from the findings. NULL where no file was looked at, past the end and
 * for NULL.
 */
const char *trustdir_findings_path(const trustdir_findings *findings,
                                   size_t index);

/**
 * Frees the findings and everything borrowed from them. NULL is fine.
 */
void trustdir_findings_free(trustdir_findings *findings);

/**
 * The name of a severity: "REFUSED", "WARNING", "NOTE"; "UNKNOWN" for unknown numbers. Static text, never NULL.
 */
const char *trustdir_severity_text(int32_t severity);

/**
 * Starts with the defaults.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_options_new(trustdir_directory_options **out,
                                               trustdir_error **error);

/**
 * Which files are entries: a trustdir_entry_names. The default is TRUSTDIR_ENTRY_NAMES_ANY.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_options_set_entry_names(trustdir_directory_options *options,
                                                           int32_t entry_names,
                                                           trustdir_error **error);

/**
 * Whether a thread of the library watches for changes; the default is that one does. Without it removals are seen at
 * the next decision all the same, and so are new files; idle connections are closed, and an entry written over another
 * one in place is seen, no sooner than trustdir_directory_refresh.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_options_set_watch(trustdir_directory_options *options,
                                                     bool watch,
                                                     trustdir_error **error);

/**
 * Whether the directory is made when it does not exist; the default is that this fails.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_options_set_create(trustdir_directory_options *options,
                                                      bool create,
                                                      trustdir_error **error);

/**
 * Frees the options, not what was opened with them. NULL is fine.
 */
void trustdir_directory_options_free(trustdir_directory_options *options);

/**
 * Opens a directory, which must exist; an empty one admits nobody. `entry_names` is a trustdir_entry_names.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_open(const char *path,
                                        int32_t entry_names,
                                        trustdir_directory **out,
                                        trustdir_error **error);

/**
 * Opens a directory, which must exist unless `options` say otherwise; an empty one admits nobody. `options` may be
 * NULL.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_open_with(const char *path,
                                             const trustdir_directory_options *options,
                                             trustdir_directory **out,
                                             trustdir_error **error);

/**
 * As trustdir_directory_open_with, for large directories: `progress(done, total, userdata)` hears how many files of
 * how many have been read, now and then, during this call only. It is called from several threads, also at once, must
 * return quickly and must not throw or jump out. `userdata` may be NULL; it stays yours.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_open_with_progress(const char *path,
                                                      const trustdir_directory_options *options,
                                                      void (*progress)(size_t done,
                                                                       size_t total,
                                                                       void *userdata),
                                                      void *userdata,
                                                      trustdir_directory **out,
                                                      trustdir_error **error);

/**
 * Another handle to the same open directory, which lives on its own. Cheap.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_clone(const trustdir_directory *directory,
                                         trustdir_directory **out,
                                         trustdir_error **error);

/**
 * The path that the directory was opened with. Borrowed from the directory. NULL for NULL.
 */
const char *trustdir_directory_path(const trustdir_directory *directory);

/**
 * Admits a client: writes its certificate into the directory. One that is there already is left as it is. The path
 * of its file goes to `entry`, which may be NULL when you do not need it; it is yours, free it with
 * trustdir_buffer_free. trustdir_directory_install_certificate says more.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_install(const trustdir_directory *directory,
                                           const trustdir_certificate *certificate,
                                           trustdir_buffer **entry,
                                           trustdir_error **error);

/**
 * Refuses a client from now on: removes every file and link that holds its certificate, and closes its open
 * connections. `which` is a file name in the directory, a fingerprint (or at least 8 digits of its start), a common
 * name or a subject in RFC 4514 text. The number of files removed goes to `removed`, which may be NULL. Fails with
 * TRUSTDIR_STATUS_NOT_FOUND when nothing fits and TRUSTDIR_STATUS_INVALID_ARGUMENT when several certificates do, and
 * then removes nothing.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_remove(const trustdir_directory *directory,
                                          const char *which,
                                          size_t *removed,
                                          trustdir_error **error);

/**
 * Looks at the directory now, instead of when the watching thread reports a change, and has idle connections of
 * removed clients closed. Never needed for correctness: every decision looks at the files itself.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_refresh(const trustdir_directory *directory,
                                           trustdir_error **error);

/**
 * A number that grows whenever the set of entries changes; 0 for NULL.
 */
uint64_t trustdir_directory_generation(const trustdir_directory *directory);

/**
 * Reads the directory again and lists its entries and the files that have problems, as they are now.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_list(const trustdir_directory *directory,
                                        trustdir_entries **out,
                                        trustdir_error **error);

/**
 * The entries that `which` names: a file's name, else a fingerprint or eight digits or more of its beginning, else a
 * common name or a whole subject as RFC 4514 text. None is TRUSTDIR_STATUS_OK as well. Files that have problems are not
 * listed.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_find(const trustdir_directory *directory,
                                        const char *which,
                                        trustdir_entries **out,
                                        trustdir_error **error);

/**
 * Whether the certificate is an entry at this moment; that its client is admitted is more, see
 * trustdir_directory_decide. false for NULL.
 */
bool trustdir_directory_contains(const trustdir_directory *directory,
                                 const trustdir_certificate *certificate);

/**
 * Decides about a client certificate in DER at a time in seconds since 1970-01-01 UTC. A refusal is TRUSTDIR_STATUS_OK
 * as well: ask the decision. A certificate that cannot be read is refused. The decision is that of a service without a
 * name: see trustdir_directory_decide_for.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_decide(const trustdir_directory *directory,
                                          const uint8_t *der,
                                          size_t len,
                                          int64_t unix_time,
                                          trustdir_decision **out,
                                          trustdir_error **error);

/**
 * As trustdir_directory_decide, for the service of this name: an entry that is limited to services is admitted by
 * those alone.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_decide_for(const trustdir_directory *directory,
                                              const char *service,
                                              const uint8_t *der,
                                              size_t len,
                                              int64_t unix_time,
                                              trustdir_decision **out,
                                              trustdir_error **error);

/**
 * Frees the handle; the directory itself stays. NULL is fine.
 */
void trustdir_directory_free(trustdir_directory *directory);

/**
 * As trustdir_directory_install, and says what became of the certificate: what will be refused all the same (expired,
 * of the wrong purpose, with a weak key, ...) is installed, with a warning.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_install_certificate(const trustdir_directory *directory,
                                                       const trustdir_certificate *certificate,
                                                       trustdir_installed **out,
                                                       trustdir_error **error);

/**
 * Installs the first certificate in PEM text or DER, as trustdir_directory_install_certificate does. What stands
 * beside it, a private key or the rest of a chain, is not installed; a private key alone is TRUSTDIR_STATUS_PARSE.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_install_bytes(const trustdir_directory *directory,
                                                 const uint8_t *data,
                                                 size_t len,
                                                 trustdir_installed **out,
                                                 trustdir_error **error);

/**
 * Installs the first certificate of a file, as trustdir_directory_install_bytes does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_install_file(const trustdir_directory *directory,
                                                const char *path,
                                                trustdir_installed **out,
                                                trustdir_error **error);

/**
 * Installs a certificate in place of another one, whose connections are closed. There is no moment at which neither is
 * installed. `old` says which goes, as for trustdir_directory_remove. Fails as installing and removing do.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_replace(const trustdir_directory *directory,
                                           const char *old,
                                           const trustdir_certificate *certificate,
                                           trustdir_installed **out,
                                           trustdir_error **error);

/**
 * The path of the entry's file, which may have been there already. Borrowed from the installed. NULL for NULL.
 */
const char *trustdir_installed_file(const trustdir_installed *installed);

/**
 * The entry's certificate. Borrowed from the installed. NULL for NULL.
 */
const trustdir_certificate *trustdir_installed_certificate(const trustdir_installed *installed);

/**
 * Whether it was written now, and not there already; false for NULL.
 */
bool trustdir_installed_is_new(const trustdir_installed *installed);

/**
 * The refusal that awaits the client all the same, were it to come now. Borrowed from the installed. NULL when there
 * is none, and for NULL.
 */
const trustdir_decision *trustdir_installed_warning(const trustdir_installed *installed);

/**
 * The number of files and links that went because the certificate replaces another one; one that was written over in
 * place is not among them. 0 for NULL.
 */
size_t trustdir_installed_removed_len(const trustdir_installed *installed);

/**
 * The path of a file or link that went. Borrowed from the installed. NULL past the end and for NULL.
 */
const char *trustdir_installed_removed(const trustdir_installed *installed,
                                       size_t index);

/**
 * Frees this record and everything borrowed from it; the entry stays. NULL is fine.
 */
void trustdir_installed_free(trustdir_installed *installed);

/**
 * The number of entries; 0 for NULL.
 */
size_t trustdir_entries_len(const trustdir_entries *entries);

/**
 * The path of an entry's file. Borrowed from the entries. NULL past the end and for NULL.
 */
const char *trustdir_entries_file(const trustdir_entries *entries, size_t index);

/**
 * Where the entry's file leads if it is a symbolic link, as written in the link. Borrowed from the entries. NULL when it
 * is none, past the end and for NULL.
 */
const char *trustdir_entries_link_target(const trustdir_entries *entries,
                                         size_t index);

/**
 * The certificate of an entry. Borrowed from the entries. NULL past the end and for NULL.
 */
const trustdir_certificate *trustdir_entries_certificate(const trustdir_entries *entries,
                                                         size_t index);

/**
 * The number of problems; 0 for NULL.
 */
size_t trustdir_entries_problems_len(const trustdir_entries *entries);

/**
 * A problem in one line: the file, what is wrong with it and what to do. Borrowed from the entries. NULL past the
 * end and for NULL.
 */
const char *trustdir_entries_problem(const trustdir_entries *entries,
                                     size_t index);

/**
 * Frees the entries and everything borrowed from them. NULL is fine.
 */
void trustdir_entries_free(trustdir_entries *entries);

/**
 * Limits a client without a new certificate. `which` is as for trustdir_directory_remove and names one certificate.
 * `valid_until` is the last second at which it is admitted, in seconds since 1970-01-01 UTC, or INT64_MAX for no end;
 * `services` are the names of the `count` services that admit it (see trustdir_acceptor_builder_set_service), none for
 * all of them. Neither is TRUSTDIR_STATUS_INVALID_ARGUMENT. Takes the place of what this wrote for the certificate
 * before; other limits in the directory's trustdir.toml stay and count too, comments in it are lost.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_limit(const trustdir_directory *directory,
                                         const char *which,
                                         int64_t valid_until,
                                         const char *const *services,
                                         size_t count,
                                         trustdir_error **error);

/**
 * Takes limits off: those of the certificate that `which` names, and those that say `which` themselves: a file name, a
 * fingerprint or a subject. How many goes to `taken`, which may be NULL. None is TRUSTDIR_STATUS_NOT_FOUND.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_unlimit(const trustdir_directory *directory,
                                           const char *which,
                                           size_t *taken,
                                           trustdir_error **error);

/**
 * Lists the limits. A trustdir.toml that cannot be read fails, and refuses everybody until it is repaired; without one
 * there are no limits.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_limits(const trustdir_directory *directory,
                                          trustdir_limits **out,
                                          trustdir_error **error);

/**
 * The number of limits; 0 for NULL.
 */
size_t trustdir_limits_len(const trustdir_limits *limits);

/**
 * By what a limit names its entries: "sha256", "file" or "subject". Borrowed from the limits. NULL past the end and for
 * NULL.
 */
const char *trustdir_limits_key(const trustdir_limits *limits,
                                size_t index);

/**
 * The fingerprint, the file's name or the subject. Borrowed from the limits. NULL past the end and for NULL.
 */
const char *trustdir_limits_value(const trustdir_limits *limits,
                                  size_t index);

/**
 * The last second at which the entries are admitted, in seconds since 1970-01-01 UTC; INT64_MAX when the limit sets no
 * end. 0 past the end of the list and for NULL.
 */
int64_t trustdir_limits_valid_until(const trustdir_limits *limits,
                                    size_t index);

/**
 * Whether a limit names services: then its entries are admitted by these alone, by none if there are 0. False past the
 * end and for NULL.
 */
bool trustdir_limits_has_services(const trustdir_limits *limits,
                                  size_t index);

/**
 * The number of services that a limit names; 0 past the end and for NULL.
 */
size_t trustdir_limits_services_len(const trustdir_limits *limits, size_t index);

/**
 * A service that a limit names. Borrowed from the limits. NULL past the end and for NULL.
 */
const char *trustdir_limits_service(const trustdir_limits *limits, size_t index, size_t service);

/**
 * The number of files whose entries a limit fits; 0 may be a misspelt limit. 0 past the end and for NULL.
 */
size_t trustdir_limits_files_len(const trustdir_limits *limits,
                                 size_t index);

/**
 * The path of a file whose entries a limit fits. Borrowed from the limits. NULL past the end and for NULL.
 */
const char *trustdir_limits_file(const trustdir_limits *limits,
                                 size_t index,
                                 size_t file);

/**
 * Frees the limits and everything borrowed from them. NULL is fine.
 */
void trustdir_limits_free(trustdir_limits *limits);

/**
 * Looks for everything that keeps a client out or lets one in unawares. Problems are files that cannot be read or that
 * hold private keys, certificates that are refused now and, where only subject hashes count, files that admit nobody.
 * The others are certificates that would be authorities under OpenSSL, and clients whose admission depends on which
 * file names count.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_check(const trustdir_directory *directory,
                                         trustdir_notices **out,
                                         trustdir_error **error);

/**
 * The number of notices; 0 for NULL.
 */
size_t trustdir_notices_len(const trustdir_notices *notices);

/**
 * What a notice is about: "FILE", "PRIVATE_KEY", "ENTRY_NAMES", "AUTHORITY" or, for an entry that is refused now, the
 * name of the reason, as trustdir_reason_text has it. Later versions may add kinds. Borrowed from the notices. NULL
 * past the end and for NULL.
 */
const char *trustdir_notices_kind(const trustdir_notices *notices,
                                  size_t index);

/**
 * Whether somebody has to do something; else it is only good to know. False past the end and for NULL.
 */
bool trustdir_notices_is_problem(const trustdir_notices *notices,
                                 size_t index);

/**
 * The path of the file that it is about. Borrowed from the notices. NULL past the end and for NULL.
 */
const char *trustdir_notices_file(const trustdir_notices *notices, size_t index);

/**
 * What is the matter with the file and what to do, in one line; text from certificates is escaped. Borrowed from the
 * notices. NULL past the end and for NULL.
 */
const char *trustdir_notices_message(const trustdir_notices *notices,
                                     size_t index);

/**
 * The certificate. Borrowed from the notices. NULL when none was read, past the end and for NULL.
 */
const trustdir_certificate *trustdir_notices_certificate(const trustdir_notices *notices,
                                                         size_t index);

/**
 * Frees the notices and everything borrowed from them. NULL is fine.
 */
void trustdir_notices_free(trustdir_notices *notices);

/**
 * Whether the directory is as a rehash leaves it, but for what is left; false for NULL.
 */
bool trustdir_rehashed_is_unchanged(const trustdir_rehashed *rehashed);

/**
 * The number of links that are made; 0 for NULL.
 */
size_t trustdir_rehashed_linked_len(const trustdir_rehashed *rehashed);

/**
 * The path of a link that is made. Borrowed from the rehashed. NULL past the end and for NULL.
 */
const char *trustdir_rehashed_linked(const trustdir_rehashed *rehashed, size_t index);

/**
 * The path of the file that such a link leads to. Borrowed from the rehashed. NULL past the end and for NULL.
 */
const char *trustdir_rehashed_linked_to(const trustdir_rehashed *rehashed,
                                        size_t index);

/**
 * The number of files and links that get another number or hash; 0 for NULL.
 */
size_t trustdir_rehashed_renamed_len(const trustdir_rehashed *rehashed);

/**
 * The old path of a file or link that is renamed. Borrowed from the rehashed. NULL past the end and for NULL.
 */
const char *trustdir_rehashed_renamed(const trustdir_rehashed *rehashed,
                                      size_t index);

/**
 * Its new path. Borrowed from the rehashed. NULL past the end and for NULL.
 */
const char *trustdir_rehashed_renamed_to(const trustdir_rehashed *rehashed, size_t index);

/**
 * The number of links that go, because they lead nowhere, or where another one leads; 0 for NULL.
 */
size_t trustdir_rehashed_removed_len(const trustdir_rehashed *rehashed);

/**
 * The path of a link that goes. Borrowed from the rehashed. NULL past the end and for NULL.
 */
const char *trustdir_rehashed_removed(const trustdir_rehashed *rehashed, size_t index);

/**
 * The number of files that stay as they are though they are not as they should be; 0 for NULL.
 */
size_t trustdir_rehashed_left_len(const trustdir_rehashed *rehashed);

/**
 * What stays, and why, in one line: the file, what is wrong with it and what to do. Borrowed from the rehashed. NULL
 * past the end and for NULL.
 */
const char *trustdir_rehashed_left(const trustdir_rehashed *rehashed,
                                   size_t index);

/**
 * The number of files whose clients are admitted from then on where only subject hashes count
 * (TRUSTDIR_ENTRY_NAMES_SUBJECT_HASH and OpenSSL), and were not before; 0 for NULL.
 */
size_t trustdir_rehashed_newly_admitted_len(const trustdir_rehashed *rehashed);

/**
 * The path of such a file. Borrowed from the rehashed. NULL past the end and for NULL.
 */
const char *trustdir_rehashed_newly_admitted_file(const trustdir_rehashed *rehashed, size_t index);

/**
 * The certificate in such a file. Borrowed from the rehashed. NULL past the end and for NULL.
 */
const trustdir_certificate *trustdir_rehashed_newly_admitted_certificate(const trustdir_rehashed *rehashed,
                                                                         size_t index);

/**
 * Frees this record and everything borrowed from it. NULL is fine. Not for what is borrowed from a plan.
 */
void trustdir_rehashed_free(trustdir_rehashed *rehashed);

/**
 * Makes the directory one in which OpenSSL finds every certificate and revocation list by its hash, as `openssl
 * rehash` does, but closes gaps and never removes a file that is no link. What was changed goes to `out`. It can admit
 * clients where only subject hashes count: trustdir_directory_plan_rehash says whom. It may be killed at any moment:
 * whoever was found before is found then, too.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_rehash(const trustdir_directory *directory,
                                          trustdir_rehashed **out,
                                          trustdir_error **error);

/**
 * Says what trustdir_directory_rehash would do, and can do it.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_plan_rehash(const trustdir_directory *directory,
                                               trustdir_rehash_plan **out,
                                               trustdir_error **error);

/**
 * What is going to be changed, or was when the plan has been carried out. Borrowed from the plan until it is freed.
 * NULL for NULL.
 */
const trustdir_rehashed *trustdir_rehash_plan_rehashed(const trustdir_rehash_plan *plan);

/**
 * Changes it, once: a second time is TRUSTDIR_STATUS_INVALID_ARGUMENT, also after a failure. Fails, and leaves the
 * rest as it is, when somebody else changes the directory without its lock.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_rehash_plan_carry_out(trustdir_rehash_plan *plan,
                                               trustdir_error **error);

/**
 * Frees the plan and everything borrowed from it, and changes nothing. NULL is fine.
 */
void trustdir_rehash_plan_free(trustdir_rehash_plan *plan);

/**
 * Starts to list the removals of a directory. Each call begins a list of its own. Fails when the process may open no
 * more descriptors.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_removals(const trustdir_directory *directory,
                                            trustdir_removals **out,
                                            trustdir_error **error);

/**
 * A descriptor that is readable exactly while a removal waits, for poll, epoll or an event loop. Never read from it or
 * close it: it is closed with the removals, so take it out of the loop before. -1 where there are none (not Unix), and
 * for NULL.
 */
int32_t trustdir_removals_fd(const trustdir_removals *removals);

/**
 * Takes the next removal, for trustdir_removals_fingerprint and trustdir_removals_file, and says whether there was
 * one. Never waits: false means that there is none now. For each, call trustdir_connection_recheck for the connections
 * of that client, each in its own thread; trustdir_acceptor_connections names them. False for NULL.
 */
bool trustdir_removals_next(trustdir_removals *removals);

/**
 * The SHA-256 of the certificate that was the entry, as 64 lower-case hexadecimal digits. Borrowed from the removals
 * until the next call of trustdir_removals_next. NULL before the first one, when that said false, and for NULL.
 */
const char *trustdir_removals_fingerprint(const trustdir_removals *removals);

/**
 * The path of the file that carried it last, as the fingerprint.
 */
const char *trustdir_removals_file(const trustdir_removals *removals);

/**
 * Whether removals were not listed, because too many waited, since this was last asked: then recheck every connection.
 * False for NULL.
 */
bool trustdir_removals_missed(trustdir_removals *removals);

/**
 * Frees the removals and everything borrowed from them, and closes the descriptor. NULL is fine.
 */
void trustdir_removals_free(trustdir_removals *removals);

/**
 * Starts with the defaults.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_options_new(trustdir_authority_directory_options **out,
                                                         trustdir_error **error);

/**
 * Which files are entries: a trustdir_entry_names. Under TRUSTDIR_ENTRY_NAMES_SUBJECT_HASH revocation lists are read
 * from names such as "89abcdef.r0", whatever the number, under TRUSTDIR_ENTRY_NAMES_ANY, the default, from every file.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_options_set_entry_names(trustdir_authority_directory_options *options,
                                                                     int32_t entry_names,
                                                                     trustdir_error **error);

/**
 * Whether a thread of the library watches for changes, as trustdir_directory_options_set_watch.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_options_set_watch(trustdir_authority_directory_options *options,
                                                               bool watch,
                                                               trustdir_error **error);

/**
 * Whether the directory is made when it does not exist; the default is that this fails.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_options_set_create(trustdir_authority_directory_options *options,
                                                                bool create,
                                                                trustdir_error **error);

/**
 * What becomes of clients whose authority's list is out of date: a trustdir_stale_crls. The default is
 * TRUSTDIR_STALE_CRLS_REFUSE.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_options_set_stale_crls(trustdir_authority_directory_options *options,
                                                                    int32_t stale_crls,
                                                                    trustdir_error **error);

/**
 * Frees the options, not what was opened with them. NULL is fine.
 */
void trustdir_authority_directory_options_free(trustdir_authority_directory_options *options);

/**
 * Opens a directory of authorities, which must exist unless `options` say otherwise; an empty one vouches for nobody.
 * `options` may be NULL.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_open(const char *path,
                                                  const trustdir_authority_directory_options *options,
                                                  trustdir_authority_directory **out,
                                                  trustdir_error **error);

/**
 * Another handle to the same open directory, which lives on its own. Cheap.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_clone(const trustdir_authority_directory *directory,
                                                   trustdir_authority_directory **out,
                                                   trustdir_error **error);

/**
 * The directory as one of certificates: to install, remove, list and find authorities. Its decisions are about the
 * authorities' own certificates. Borrowed from the directory of authorities; clone it to keep it. NULL for NULL.
 */
const trustdir_directory *trustdir_authority_directory_directory(const trustdir_authority_directory *directory);

/**
 * Lists the authorities, and as problems every file that is neither an authority that vouches nor a list that counts,
 * as they are now. Lists that are out of date are among the problems.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_list(const trustdir_authority_directory *directory,
                                                  trustdir_entries **out,
                                                  trustdir_error **error);

/**
 * Decides about the certificates that a client sent, `count` of them in DER, its own first, at a time in seconds since
 * 1970-01-01 UTC. A refusal is TRUSTDIR_STATUS_OK as well: ask the decision. What cannot be read is refused.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_decide(const trustdir_authority_directory *directory,
                                                    const trustdir_slice *chain,
                                                    size_t count,
                                                    int64_t unix_time,
                                                    trustdir_decision **out,
                                                    trustdir_error **error);

/**
 * Writes a revocation list, given in PEM or DER, under the name by which OpenSSL finds it: in place of this
 * authority's older one there, or beside those of other authorities with the same hash. Its path goes to `path`, which
 * may be NULL when you do not need it; it is yours, free it with trustdir_buffer_free. A list that would lock clients
 * out is refused: TRUSTDIR_STATUS_EXPIRED when it is out of date, TRUSTDIR_STATUS_ALREADY_EXISTS when a newer one is
 * here, TRUSTDIR_STATUS_BAD_SIGNATURE when the authority of its name is here and has not signed it.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_install_crl(const trustdir_authority_directory *directory,
                                                         const uint8_t *list,
                                                         size_t len,
                                                         trustdir_buffer **path,
                                                         trustdir_error **error);

/**
 * Brings everything in line with the directory now and closes connections that are no longer vouched for. Needed only
 * by hosts that have switched the watching thread off.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_refresh(const trustdir_authority_directory *directory,
                                                     trustdir_error **error);

/**
 * Frees the handle; the directory itself stays. NULL is fine.
 */
void trustdir_authority_directory_free(trustdir_authority_directory *directory);

/**
 * Lists every revocation list in the directory that can be used.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_directory_crls(const trustdir_authority_directory *directory,
                                                  trustdir_crls **out,
                                                  trustdir_error **error);

/**
 * The number of lists; 0 for NULL.
 */
size_t trustdir_crls_len(const trustdir_crls *crls);

/**
 * The path of a list's file. Borrowed from the crls. NULL past the end and for NULL.
 */
const char *trustdir_crls_file(const trustdir_crls *crls, size_t index);

/**
 * The authority that says it has signed it, as RFC 4514 text, control characters escaped. Borrowed from the crls. NULL
 * past the end and for NULL.
 */
const char *trustdir_crls_issuer(const trustdir_crls *crls,
                                 size_t index);

/**
 * When it was made, in seconds since 1970-01-01 UTC; 0 past the end and for NULL.
 */
int64_t trustdir_crls_this_update(const trustdir_crls *crls, size_t index);

/**
 * When the next one is due, in seconds since 1970-01-01 UTC: it is out of date from then on. 0 past the end and for
 * NULL.
 */
int64_t trustdir_crls_next_update(const trustdir_crls *crls,
                                  size_t index);

/**
 * Its number in lower-case hexadecimal, two digits a byte (RFC 5280, 5.2.3). Borrowed from the crls. NULL when it has
 * none, past the end and for NULL.
 */
const char *trustdir_crls_number(const trustdir_crls *crls,
                                 size_t index);

/**
 * How many certificates it revokes; 0 past the end and for NULL.
 */
size_t trustdir_crls_revoked(const trustdir_crls *crls, size_t index);

/**
 * Frees the crls and everything borrowed from them. NULL is fine.
 */
void trustdir_crls_free(trustdir_crls *crls);

/**
 * The name of a reason, for logs: "ADMITTED", "NOT_INSTALLED" and so on; "UNKNOWN" for unknown numbers. Static text,
 * never NULL.
 */
const char *trustdir_reason_text(int32_t reason);

/**
 * Whether the peer is admitted; false for NULL.
 */
bool trustdir_decision_is_admitted(const trustdir_decision *decision);

/**
 * Why. TRUSTDIR_REASON_NO_CERTIFICATE, which admits nobody, for NULL.
 */
trustdir_reason trustdir_decision_reason(const trustdir_decision *decision);

/**
 * One line for the log: who, what was decided, and why. Borrowed from the decision. NULL for NULL.
 */
const char *trustdir_decision_message(const trustdir_decision *decision);

/**
 * The subject of the peer's certificate as escaped RFC 4514 text, cut after 256 characters: a stranger chooses it.
 * Borrowed from the decision. NULL when there is no readable certificate, and for NULL.
 */
const char *trustdir_decision_subject(const trustdir_decision *decision);

/**
 * The issuer of the peer's certificate, as the subject.
 */
const char *trustdir_decision_issuer(const trustdir_decision *decision);

/**
 * The serial number of the peer's certificate in lower-case hexadecimal, cut after 64 digits; else as the subject.
 */
const char *trustdir_decision_serial(const trustdir_decision *decision);

/**
 * The SHA-256 of the peer's certificate as 64 lower-case hexadecimal digits, as the subject.
 */
const char *trustdir_decision_fingerprint(const trustdir_decision *decision);

/**
 * The path of the entry that admitted the peer, or that the refusal is about. Borrowed from the decision. NULL when
 * there is none, and for NULL.
 */
const char *trustdir_decision_entry(const trustdir_decision *decision);

/**
 * The moment that was decided for, in seconds since 1970-01-01 UTC; 0 for NULL.
 */
int64_t trustdir_decision_time(const trustdir_decision *decision);

/**
 * The name of the service that decided. Borrowed from the decision. NULL when it has none, and for NULL.
 */
const char *trustdir_decision_service(const trustdir_decision *decision);

/**
 * The whole record as one line of JSON, with control and direction characters escaped. Its keys are "reason",
 * "admitted", "message", "subject", "issuer", "serial", "sha256", "file", "time" (RFC 3339) and "service"; what there is
 * none of is null. Later versions may add keys. Borrowed from the decision. NULL for NULL.
 */
const char *trustdir_decision_json(const trustdir_decision *decision);

/**
 * The peer's certificate. Borrowed from the decision. NULL when there is no readable one, and for NULL.
 */
const trustdir_certificate *trustdir_decision_certificate(const trustdir_decision *decision);

/**
 * Frees the decision and everything borrowed from it. NULL is fine. Not for borrowed decisions.
 */
void trustdir_decision_free(trustdir_decision *decision);

/**
 * Starts with no directory: whoever shows a certificate is refused. `client_auth` is a trustdir_client_auth.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_policy_new(int32_t client_auth,
                                    trustdir_policy **out,
                                    trustdir_error **error);

/**
 * The directory that decides about clients. The policy keeps it alive, so the handle may be freed.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_policy_set_directory(trustdir_policy *policy,
                                              const trustdir_directory *directory,
                                              trustdir_error **error);

/**
 * The directory of authorities whose clients are admitted, besides those of the directory of clients, which is asked
 * first and has the last word on its entries. Kept alive as that is.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_policy_set_authorities(trustdir_policy *policy,
                                                const trustdir_authority_directory *authorities,
                                                trustdir_error **error);

/**
 * The service's name: an entry that is limited to services (see trustdir_directory_limit) is admitted by those alone,
 * and by none without a name.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_policy_set_service(trustdir_policy *policy,
                                            const char *service,
                                            trustdir_error **error);

/**
 * Whether clients show a certificate: a trustdir_client_auth. TRUSTDIR_CLIENT_AUTH_OFF for NULL.
 */
trustdir_client_auth trustdir_policy_client_auth(const trustdir_policy *policy);

/**
 * The directory that decides about clients, as a handle of your own: free it with trustdir_directory_free. `*out` is
 * NULL, and the status TRUSTDIR_STATUS_OK, when there is none.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_policy_directory(const trustdir_policy *policy,
                                          trustdir_directory **out,
                                          trustdir_error **error);

/**
 * The directory of authorities whose clients are admitted, as trustdir_policy_directory: free it with
 * trustdir_authority_directory_free.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_policy_authorities(const trustdir_policy *policy,
                                            trustdir_authority_directory **out,
                                            trustdir_error **error);

/**
 * The service's name. Borrowed from the policy, until it is changed. NULL when it has none, and for NULL.
 */
const char *trustdir_policy_service(const trustdir_policy *policy);

/**
 * Decides about the certificates that a client sent, as a handshake would: `count` of them in DER, its own first, at a
 * time in seconds since 1970-01-01 UTC. A refusal is TRUSTDIR_STATUS_OK as well: ask the decision.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_policy_decide(const trustdir_policy *policy,
                                       const trustdir_slice *chain,
                                       size_t count,
                                       int64_t unix_time,
                                       trustdir_decision **out,
                                       trustdir_error **error);

/**
 * Frees the policy, not what was made with it. NULL is fine.
 */
void trustdir_policy_free(trustdir_policy *policy);

/**
 * Reads a configuration file. What it says is checked here; the files that it names are read by
 * trustdir_nano_config_acceptor and trustdir_nano_config_builder.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_nano_config_load(const char *path,
                                          trustdir_nano_config **out,
                                          trustdir_error **error);

/**
 * Whether HTTPS is switched on (`enable`, later `enable_https`); false for NULL.
 */
bool trustdir_nano_config_enabled(const trustdir_nano_config *config);

/**
 * Whether secure WebSockets are switched on (`enable_wss`); false for NULL.
 */
bool trustdir_nano_config_wss_enabled(const trustdir_nano_config *config);

/**
 * Whether the file asks for verbose logging; false for NULL.
 */
bool trustdir_nano_config_verbose_logging(const trustdir_nano_config *config);

/**
 * The address to listen on. Borrowed from the configuration. NULL when it is not set, and for NULL.
 */
const char *trustdir_nano_config_address(const trustdir_nano_config *config);

/**
 * The port to listen on; 0 when it is not set, and for NULL.
 */
uint16_t trustdir_nano_config_port(const trustdir_nano_config *config);

/**
 * The file of the service's certificate chain. Borrowed from the configuration. Empty when it is not set; NULL for NULL.
 */
const char *trustdir_nano_config_certificate_path(const trustdir_nano_config *config);

/**
 * The file of the service's private key. Borrowed from the configuration. Empty when it is not set; NULL for NULL.
 */
const char *trustdir_nano_config_key_path(const trustdir_nano_config *config);

/**
 * The directory of clients' certificates. Borrowed from the configuration. NULL when clients need none, and for NULL.
 */
const char *trustdir_nano_config_clients_path(const trustdir_nano_config *config);

/**
 * One line for the log: what this configuration enforces. Borrowed from the configuration. NULL for NULL.
 */
const char *trustdir_nano_config_policy(const trustdir_nano_config *config);

/**
 * The number of notes, which are things to tell the operator about the file; 0 for NULL.
 */
size_t trustdir_nano_config_notes_len(const trustdir_nano_config *config);

/**
 * A note in one line. Borrowed from the configuration. NULL past the end and for NULL.
 */
const char *trustdir_nano_config_note(const trustdir_nano_config *config, size_t index);

/**
 * Loads the files that the configuration names and makes the acceptor that it describes. Any failure means that the
 * service must not listen. TRUSTDIR_STATUS_UNSUPPORTED when TLS is not switched on.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_nano_config_acceptor(const trustdir_nano_config *config,
                                              trustdir_acceptor **out,
                                              trustdir_error **error);

/**
 * Loads the files that the configuration names and gives the settings of the acceptor that it describes, as
 * trustdir_nano_config_acceptor does: for trustdir_acceptor_reload, once the configuration has been loaded again.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_nano_config_builder(const trustdir_nano_config *config,
                                             trustdir_acceptor_builder **out,
                                             trustdir_error **error);

/**
 * The files of the service's identity, with the passphrase: for a service that takes a renewed certificate without
 * being told to, by trustdir_identity_files_reload_if_changed. Nothing is read yet. A path that is not set is
 * TRUSTDIR_STATUS_INVALID_ARGUMENT.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_nano_config_identity_files(const trustdir_nano_config *config,
                                                    trustdir_identity_files **out,
                                                    trustdir_error **error);

/**
 * Frees the configuration and everything borrowed from it. NULL is fine.
 */
void trustdir_nano_config_free(trustdir_nano_config *config);

/**
 * Starts with the server's identity, which is copied into the builder.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_new(const trustdir_identity *identity,
                                              trustdir_acceptor_builder **out,
                                              trustdir_error **error);

/**
 * One more identity, which is copied. A client is shown the one whose certificate carries the name that it asks for
 * (SNI) exactly, else one that carries it as a wildcard, else the first; among several, one whose signatures it can
 * verify.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_add_identity(trustdir_acceptor_builder *builder,
                                                       const trustdir_identity *identity,
                                                       trustdir_error **error);

/**
 * These identities, `count` of them and at least one, instead of those so far, the first one for clients that ask for
 * no other's name: for a builder that is kept, when they have been renewed. They are copied.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_identities(trustdir_acceptor_builder *builder,
                                                         const trustdir_identity *const *identities,
                                                         size_t count,
                                                         trustdir_error **error);

/**
 * Whom the host of this name admits, instead of whom the other settings do; "*.example.org" stands for all names with
 * one label more. Check the request's host against trustdir_connection_server_name: the policy is that of the name
 * that the handshake was made with. The policy is copied.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_policy_for(trustdir_acceptor_builder *builder,
                                                         const char *host,
                                                         const trustdir_policy *policy,
                                                         trustdir_error **error);

/**
 * Whether clients show a certificate. `client_auth` is a trustdir_client_auth. The default is
 * TRUSTDIR_CLIENT_AUTH_REQUIRED with a directory (of clients or of authorities), and TRUSTDIR_CLIENT_AUTH_OFF without;
 * what contradicts the directory fails in trustdir_acceptor_builder_build.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_client_auth(trustdir_acceptor_builder *builder,
                                                          int32_t client_auth,
                                                          trustdir_error **error);

/**
 * The directory that decides about clients. The builder, its acceptors and their connections keep it alive, so the
 * handle may be freed.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_directory(trustdir_acceptor_builder *builder,
                                                        const trustdir_directory *directory,
                                                        trustdir_error **error);

/**
 * The directory of authorities whose clients are admitted, besides those of the directory of clients, which is asked
 * first and has the last word on its entries. Kept alive as that is.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_authorities(trustdir_acceptor_builder *builder,
                                                          const trustdir_authority_directory *authorities,
                                                          trustdir_error **error);

/**
 * What becomes of open connections when the entry that admitted them goes: a trustdir_on_removal. The default is
 * TRUSTDIR_ON_REMOVAL_CLOSE.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_on_removal(trustdir_acceptor_builder *builder,
                                                         int32_t on_removal,
                                                         trustdir_error **error);

/**
 * Has each decision told by `tell(decision, userdata)`, once: about each handshake that comes to one, and again when
 * the client of an open connection is admitted no more. Handshakes that fail undecided are not told. It is called by
 * the thread that works on the connection, by several at once if there are several, with no lock held and after the
 * counters have it; it may use the acceptor, should be quick, and must not throw, jump out or use the connection. The
 * decision is gone when it returns. `userdata` and `userdata_free` are as in trustdir_acceptor_builder_set_key_log.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_on_decision(trustdir_acceptor_builder *builder,
                                                      void (*tell)(const trustdir_decision *decision,
                                                                   void *userdata),
                                                      void *userdata,
                                                      void (*userdata_free)(void *userdata),
                                                      trustdir_error **error);

/**
 * The service's name: an entry that is limited to services (see trustdir_directory_limit) is admitted by those alone,
 * and by none without a name.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_service(trustdir_acceptor_builder *builder,
                                                      const char *service,
                                                      trustdir_error **error);

/**
 * The lowest and the highest version of TLS to accept, each a trustdir_tls_version. The default is both.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_versions(trustdir_acceptor_builder *builder,
                                                       int32_t min,
                                                       int32_t max,
                                                       trustdir_error **error);

/**
 * The application protocols to offer (ALPN), such as "http/1.1", the preferred one first; `count` of them.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_alpn(trustdir_acceptor_builder *builder,
                                                   const char *const *protocols,
                                                   size_t count,
                                                   trustdir_error **error);

/**
 * How clients are answered that open http:// on this https port: a trustdir_plain_http. `redirect_to` is the address
 * that TRUSTDIR_PLAIN_HTTP_REDIRECT needs, such as "https://rpc.example.org:7076", and NULL with the others. The default
 * is TRUSTDIR_PLAIN_HTTP_ALERT.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_plain_http(trustdir_acceptor_builder *builder,
                                                         int32_t answer,
                                                         const char *redirect_to,
                                                         trustdir_error **error);

/**
 * How long a handshake may take, in milliseconds; 30,000 by default. See trustdir_connection_deadline.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_handshake_timeout(trustdir_acceptor_builder *builder,
                                                                uint64_t milliseconds,
                                                                trustdir_error **error);

/**
 * How many bytes of ciphertext a client may send before it is decided about; 64 KiB by default.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_handshake_bytes(trustdir_acceptor_builder *builder,
                                                              size_t bytes,
                                                              trustdir_error **error);

/**
 * How many certificates a client may send; 10 by default.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_max_chain(trustdir_acceptor_builder *builder,
                                                        size_t certificates,
                                                        trustdir_error **error);

/**
 * How many tiny records (under 64 bytes of payload; key updates are such) a client may send a second, twice as many at
 * once, and one more for each answer; 10,000 by default, at least 10, and 0 for any number.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_max_tiny_records(trustdir_acceptor_builder *builder,
                                                               uint32_t per_second,
                                                               trustdir_error **error);

/**
 * The largest TLS record to send in bytes, from 32 to 16,389, with its header of five and without what its encryption
 * adds (24 at most); as large as TLS allows by default.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_max_fragment_size(trustdir_acceptor_builder *builder,
                                                                size_t bytes,
                                                                trustdir_error **error);

/**
 * Has each session's secrets told by `log(line, userdata)`, a line in the format of SSLKEYLOGFILE without its end:
 * whoever has them reads and alters all that is sent. For debugging only; nothing but this call switches it on. It is
 * called from each thread that works on a connection, at once if there are several, and must not throw, jump out or
 * use a connection. The line is gone when it returns. `userdata` may be NULL. `userdata_free(userdata)`, unless NULL, is
 * called exactly once: when the builder, what it built or reloaded and the connections of that are all freed or have
 * taken another one, or when this call fails.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_set_key_log(trustdir_acceptor_builder *builder,
                                                      void (*log)(const char *line, void *userdata),
                                                      void *userdata,
                                                      void (*userdata_free)(void *userdata),
                                                      trustdir_error **error);

/**
 * Checks the settings and makes an acceptor. The builder stays yours and may build again. Any failure means that the
 * service must not listen.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_builder_build(const trustdir_acceptor_builder *builder,
                                                trustdir_acceptor **out,
                                                trustdir_error **error);

/**
 * Frees the builder, not what it built. NULL is fine.
 */
void trustdir_acceptor_builder_free(trustdir_acceptor_builder *builder);

/**
 * Another handle to the same acceptor, which lives on its own. Cheap.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_clone(const trustdir_acceptor *acceptor,
                                        trustdir_acceptor **out,
                                        trustdir_error **error);

/**
 * Makes the TLS side of one connection that the service has accepted. It does no input or output of its own.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_accept(const trustdir_acceptor *acceptor,
                                         trustdir_connection **out,
                                         trustdir_error **error);

/**
 * Takes the settings of a builder for all handshakes that begin from now on: renewed identities, other policies,
 * limits, versions and so on. Connections and handshakes that have begun keep what they have, and sessions are resumed
 * by whom the new settings admit. When this fails nothing changes. All settings are the builder's: one without a
 * directory asks no client for a certificate.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_reload(const trustdir_acceptor *acceptor,
                                         const trustdir_acceptor_builder *builder,
                                         trustdir_error **error);

/**
 * Whom the acceptor admits at this moment to the host of this name (SNI), as a policy that is yours: free it with
 * trustdir_policy_free.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_policy_for(const trustdir_acceptor *acceptor,
                                             const char *host,
                                             trustdir_policy **out,
                                             trustdir_error **error);

/**
 * Decides about the certificates that a client sent, as a handshake would: `count` of them in DER, its own first, at a
 * time in seconds since 1970-01-01 UTC. A refusal is TRUSTDIR_STATUS_OK as well: ask the decision. For a host with a
 * policy of its own use trustdir_acceptor_policy_for and trustdir_policy_decide.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_decide(const trustdir_acceptor *acceptor,
                                         const trustdir_slice *chain,
                                         size_t count,
                                         int64_t unix_time,
                                         trustdir_decision **out,
                                         trustdir_error **error);

/**
 * Frees the handle; connections made by it live on. NULL is fine.
 */
void trustdir_acceptor_free(trustdir_acceptor *acceptor);

/**
 * Starts with nobody to trust, no identity, and TLS 1.2 and 1.3.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_new(trustdir_connector_builder **out,
                                               trustdir_error **error);

/**
 * One more authority that vouches for servers, which is copied. A certificate that is none is refused by
 * trustdir_connector_builder_build: pin it instead.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_add_authority(trustdir_connector_builder *builder,
                                                         const trustdir_certificate *certificate,
                                                         trustdir_error **error);

/**
 * The directory of authorities that vouch for servers, with their revocation lists. It is looked at in every decision,
 * and open connections end when they are no longer vouched for. It takes the place of every
 * trustdir_connector_builder_add_authority, by which its lists could be got round: both is
 * TRUSTDIR_STATUS_INVALID_ARGUMENT in trustdir_connector_builder_build. The builder, its connectors and their
 * connections keep it alive, so the handle may be freed.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_authorities(trustdir_connector_builder *builder,
                                                           const trustdir_authority_directory *authorities,
                                                           trustdir_error **error);

/**
 * One more certificate that a server is trusted by, which is copied. Of several pins any may answer under any name;
 * where that matters give each server a connector.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_add_pin(trustdir_connector_builder *builder,
                                                   const trustdir_certificate *certificate,
                                                   trustdir_error **error);

/**
 * The directory of certificates that servers are trusted by: pins that may come and go. Once one is removed new
 * handshakes with its server are refused, resumed ones too, and open connections end with TRUSTDIR_STATUS_REVOKED. An
 * entry that is limited to services (see trustdir_directory_limit) is refused here. Kept alive as the authorities are.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_directory(trustdir_connector_builder *builder,
                                                         const trustdir_directory *directory,
                                                         trustdir_error **error);

/**
 * What is shown to servers that ask who calls; it is copied. Without one they are told that there is no certificate.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_identity(trustdir_connector_builder *builder,
                                                        const trustdir_identity *identity,
                                                        trustdir_error **error);

/**
 * The lowest and the highest version of TLS to speak, each a trustdir_tls_version. The default is both.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_versions(trustdir_connector_builder *builder,
                                                        int32_t min,
                                                        int32_t max,
                                                        trustdir_error **error);

/**
 * The application protocols to offer (ALPN), such as "http/1.1", the preferred one first; `count` of them.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_alpn(trustdir_connector_builder *builder,
                                                    const char *const *protocols,
                                                    size_t count,
                                                    trustdir_error **error);

/**
 * How long a handshake may take, in milliseconds; 30,000 by default. See trustdir_connection_deadline.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_handshake_timeout(trustdir_connector_builder *builder,
                                                                 uint64_t milliseconds,
                                                                 trustdir_error **error);

/**
 * How many bytes of ciphertext a server may send before it is decided about; 64 KiB by default.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_handshake_bytes(trustdir_connector_builder *builder,
                                                               size_t bytes,
                                                               trustdir_error **error);

/**
 * How many certificates a server may send; 10 by default.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_max_chain(trustdir_connector_builder *builder,
                                                         size_t certificates,
                                                         trustdir_error **error);

/**
 * The largest TLS record to send in bytes, from 32 to 16,389, with its header of five and without what its encryption
 * adds (24 at most); as large as TLS allows by default.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_max_fragment_size(trustdir_connector_builder *builder,
                                                                 size_t bytes,
                                                                 trustdir_error **error);

/**
 * Has each session's secrets told by `log(line, userdata)`, as trustdir_acceptor_builder_set_key_log does, with the
 * same rules for `log`, `userdata` and `userdata_free`.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_set_key_log(trustdir_connector_builder *builder,
                                                       void (*log)(const char *line, void *userdata),
                                                       void *userdata,
                                                       void (*userdata_free)(void *userdata),
                                                       trustdir_error **error);

/**
 * Checks the settings and makes a connector. The builder stays yours and may build again. It needs somebody to trust:
 * an authority, a pin or a directory of them.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_builder_build(const trustdir_connector_builder *builder,
                                                 trustdir_connector **out,
                                                 trustdir_error **error);

/**
 * Frees the builder, not what it built. NULL is fine.
 */
void trustdir_connector_builder_free(trustdir_connector_builder *builder);

/**
 * Another handle to the same connector, which lives on its own. Cheap.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_clone(const trustdir_connector *connector,
                                         trustdir_connector **out,
                                         trustdir_error **error);

/**
 * Makes the TLS side of a connection to this host: a DNS name, whose international letters may be given as such, or a
 * bare IP address; what is neither is TRUSTDIR_STATUS_INVALID_ARGUMENT. It does no input or output of its own: connect
 * a socket, and send what trustdir_connection_write_tls hands out first. The time for the handshake runs from now.
 * Where an authority vouches for the server its certificate must bear this name (TRUSTDIR_STATUS_NAME_MISMATCH).
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_connect(const trustdir_connector *connector,
                                           const char *host,
                                           trustdir_connection **out,
                                           trustdir_error **error);

/**
 * Frees the handle; connections made by it live on. NULL is fine.
 */
void trustdir_connector_free(trustdir_connector *connector);

/**
 * Reads what an acceptor has done so far. Takes no lock.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_counters(const trustdir_acceptor *acceptor,
                                           trustdir_counters **out,
                                           trustdir_error **error);

/**
 * Reads what a connector has done so far: a server counts as a client does for an acceptor. Takes no lock.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_counters(const trustdir_connector *connector,
                                            trustdir_counters **out,
                                            trustdir_error **error);

/**
 * Connections that were accepted; by a connector, begun. 0 for NULL.
 */
uint64_t trustdir_counters_accepted(const trustdir_counters *counters);

/**
 * Connections that there are now: accepted and not freed yet. 0 for NULL.
 */
uint64_t trustdir_counters_open(const trustdir_counters *counters);

/**
 * Those among the open ones whose peer is admitted. 0 for NULL.
 */
uint64_t trustdir_counters_admitted(const trustdir_counters *counters);

/**
 * Full handshakes whose peer was admitted. 0 for NULL.
 */
uint64_t trustdir_counters_full(const trustdir_counters *counters);

/**
 * Resumed handshakes whose peer was admitted. 0 for NULL.
 */
uint64_t trustdir_counters_resumed(const trustdir_counters *counters);

/**
 * Bytes taken from the transports. 0 for NULL.
 */
uint64_t trustdir_counters_ciphertext_in(const trustdir_counters *counters);

/**
 * Bytes given to the transports. 0 for NULL.
 */
uint64_t trustdir_counters_ciphertext_out(const trustdir_counters *counters);

/**
 * Bytes read from peers, decrypted. 0 for NULL.
 */
uint64_t trustdir_counters_plaintext_in(const trustdir_counters *counters);

/**
 * Bytes taken for peers, to be encrypted. 0 for NULL.
 */
uint64_t trustdir_counters_plaintext_out(const trustdir_counters *counters);

/**
 * Reloads that took effect. 0 for a connector, which has none, and for NULL.
 */
uint64_t trustdir_counters_reloads(const trustdir_counters *counters);

/**
 * Reloads that failed and changed nothing. 0 for NULL.
 */
uint64_t trustdir_counters_failed_reloads(const trustdir_counters *counters);

/**
 * Handshakes that were refused for this reason, a trustdir_reason; 0 for other numbers and for NULL.
 */
uint64_t trustdir_counters_refusals(const trustdir_counters *counters,
                                    int32_t reason);

/**
 * Open connections whose peer ceased to be admitted for this reason, a trustdir_reason: its entry went, or a limit was
 * passed. Under TRUSTDIR_ON_REMOVAL_FINISH they may have gone on. 0 for other numbers and for NULL.
 */
uint64_t trustdir_counters_revocations(const trustdir_counters *counters,
                                       int32_t reason);

/**
 * Handshakes that failed with this status before anybody was decided about: TRUSTDIR_STATUS_TLS, ALERT, TIMED_OUT,
 * TRUNCATED, or CLOSED when the connection was freed. 0 for other numbers and for NULL.
 */
uint64_t trustdir_counters_failures(const trustdir_counters *counters,
                                    int32_t status);

/**
 * All of it for Prometheus: text exposition format 0.0.4, to be served as "text/plain; version=0.0.4". The labels have
 * few values, all of them present from the start; nothing in them comes from a peer. For several services of one process
 * see trustdir_prometheus_page. Borrowed from the counters. NULL for NULL.
 */
const char *trustdir_counters_prometheus(const trustdir_counters *counters);

/**
 * Frees the numbers and the text borrowed from them. NULL is fine.
 */
void trustdir_counters_free(trustdir_counters *counters);

/**
 * Starts an empty page.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_prometheus_page_new(trustdir_prometheus_page **out,
                                             trustdir_error **error);

/**
 * Puts the numbers of one service on the page, each with `count` labels: names such as "service", and their values.
 * All is copied. Fails with TRUSTDIR_STATUS_INVALID_ARGUMENT, and leaves the page as it was, for labels that another
 * service on it has, and for a name that is none in the format, comes twice, or is there already ("kind", "reason",
 * "direction", "result").
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_prometheus_page_add(trustdir_prometheus_page *page,
                                             const trustdir_counters *counters,
                                             const char *const *names,
                                             const char *const *values,
                                             size_t count,
                                             trustdir_error **error);

/**
 * Writes the page: text exposition format 0.0.4, to be served as "text/plain; version=0.0.4".
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_prometheus_page_text(const trustdir_prometheus_page *page,
                                              trustdir_buffer **out,
                                              trustdir_error **error);

/**
 * Frees the page. NULL is fine.
 */
void trustdir_prometheus_page_free(trustdir_prometheus_page *page);

/**
 * Takes bytes that arrived from the peer, all of them, and processes them. A failure ends the connection: send what
 * trustdir_connection_write_tls still hands out (the alert that tells the peer), then close. A peer that is refused
 * gives the status of the reason, such as TRUSTDIR_STATUS_UNTRUSTED or TRUSTDIR_STATUS_EXPIRED, and
 * trustdir_connection_decision says more.
 *
 * Feed while trustdir_connection_wants has TRUSTDIR_WANTS_READ: memory grows with what is fed while plaintext waits to be
 * read. While 64 KiB wait behind it nothing more is taken, TRUSTDIR_STATUS_INVALID_ARGUMENT, and the connection goes on.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_read_tls(trustdir_connection *connection,
                                             const uint8_t *data,
                                             size_t len,
                                             trustdir_error **error);

/**
 * Hands out bytes to send to the peer, at most `capacity`, and sets `*written` to their number. Call it until that
 * is 0.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_write_tls(trustdir_connection *connection,
                                              uint8_t *data,
                                              size_t capacity,
                                              size_t *written,
                                              trustdir_error **error);

/**
 * Reads plaintext from the peer, at most `capacity` bytes (not 0), and sets `*read` to their number.
 * TRUSTDIR_STATUS_OK with 0 bytes is the end: the peer closed properly. TRUSTDIR_STATUS_AGAIN: nothing has arrived
 * yet, which makes no error object. TRUSTDIR_STATUS_TRUNCATED: the transport ended without a proper close.
 * TRUSTDIR_STATUS_REVOKED: the peer's entry has been removed, vouches for it no more or admits it no more within its
 * limits, as trustdir_connection_decision says; send what trustdir_connection_write_tls still hands out, then close.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_read(trustdir_connection *connection,
                                         uint8_t *data,
                                         size_t capacity,
                                         size_t *read,
                                         trustdir_error **error);

/**
 * trustdir_connection_read_tls and trustdir_connection_read in one, with fewer copies: takes bytes that arrived from the
 * peer, `len` of them, and sets `*taken` to how many; what it did not take, for want of room, is to be given again, and
 * before trustdir_connection_received_eof. The rest is as in trustdir_connection_read; a failure takes all, but nothing
 * when an argument is wrong.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_receive(trustdir_connection *connection,
                                            const uint8_t *received,
                                            size_t len,
                                            size_t *taken,
                                            uint8_t *data,
                                            size_t capacity,
                                            size_t *read,
                                            trustdir_error **error);

/**
 * Shows plaintext from the peer where it lies, without a copy: what can be had in one piece, borrowed until the next
 * call that takes the connection without const. Say with trustdir_connection_consume how much of it is done with.
 * TRUSTDIR_STATUS_OK with an empty piece is the end; all else is as in trustdir_connection_read.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_peek(trustdir_connection *connection,
                                         trustdir_slice *piece,
                                         trustdir_error **error);

/**
 * Drops so many bytes of the plaintext that trustdir_connection_peek has shown.
 */
trustdir_status trustdir_connection_consume(trustdir_connection *connection,
                                            size_t count,
                                            trustdir_error **error);

/**
 * Takes plaintext for the peer and sets `*written` to the number of bytes taken, which may be fewer than `len`.
 * TRUSTDIR_STATUS_AGAIN, without an error object: none now, because the handshake is not finished or the bytes in
 * trustdir_connection_write_tls have to be sent first.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_write(trustdir_connection *connection,
                                          const uint8_t *data,
                                          size_t len,
                                          size_t *written,
                                          trustdir_error **error);

/**
 * As trustdir_connection_write, of `count` pieces one after another, which need not be put together before.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_write_vectored(trustdir_connection *connection,
                                                   const trustdir_slice *pieces,
                                                   size_t count,
                                                   size_t *written,
                                                   trustdir_error **error);

/**
 * The number of plaintext bytes that trustdir_connection_read has ready, at least 1 when it has an end to report; 0
 * for NULL.
 */
size_t trustdir_connection_pending(const trustdir_connection *connection);

/**
 * What the connection waits for: TRUSTDIR_WANTS_READ, TRUSTDIR_WANTS_WRITE, both or neither; 0 for NULL.
 */
uint32_t trustdir_connection_wants(const trustdir_connection *connection);

/**
 * Whether the handshake is still on; false for NULL.
 */
bool trustdir_connection_is_handshaking(const trustdir_connection *connection);

/**
 * How many milliseconds are left for the handshake, rounded up, as poll takes it; 0 when the time is over: then call
 * trustdir_connection_expire. -1 when the handshake is over, and for NULL.
 */
int64_t trustdir_connection_deadline(const trustdir_connection *connection);

/**
 * Ends a handshake whose time is over, with TRUSTDIR_STATUS_TIMED_OUT; one whose time is not goes on. A connection that
 * has ended answers as it did then.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_expire(trustdir_connection *connection,
                                           trustdir_error **error);

/**
 * Tells the peer that nothing more will be sent. Send what trustdir_connection_write_tls hands out, then give the
 * peer a moment to close before closing the transport: otherwise data on its way may be lost.
 */
trustdir_status trustdir_connection_close_notify(trustdir_connection *connection,
                                                 trustdir_error **error);

/**
 * Tells the connection that the transport has ended. trustdir_connection_read then reports the proper end or the
 * truncation.
 */
trustdir_status trustdir_connection_received_eof(trustdir_connection *connection,
                                                 trustdir_error **error);

/**
 * Looks whether the peer's entry is still there. TRUSTDIR_STATUS_REVOKED when it is not: send what
 * trustdir_connection_write_tls hands out, then close. Under TRUSTDIR_ON_REMOVAL_FINISH it flags the connection only.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_recheck(trustdir_connection *connection,
                                            trustdir_error **error);

/**
 * Has `hook(userdata)` called once when the peer's entry is removed, at once when it already is: the place to wake
 * whoever waits on the socket, who then calls trustdir_connection_recheck. It may be called from any thread, must
 * return quickly, must not throw, jump out or use the connection. It is not called for a peer that is refused or has
 * no certificate. `userdata` may be NULL. `userdata_free(userdata)`, unless NULL,
 * is called exactly once: after the hook, when the hook cannot come any more, when another one takes its place, when
 * the connection is freed, or when this call fails. The hook may still be running in another thread when
 * trustdir_connection_free returns, so release what it uses in `userdata_free` and nowhere else.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_on_revoked(trustdir_connection *connection,
                                               void (*hook)(void *userdata),
                                               void *userdata,
                                               void (*userdata_free)(void *userdata),
                                               trustdir_error **error);

/**
 * The decision about the peer. Borrowed from the connection until the next call that may change it. NULL until the
 * peer has been decided about, and for NULL.
 */
const trustdir_decision *trustdir_connection_decision(const trustdir_connection *connection);

/**
 * A number that no other connection of its acceptor or connector has, as in trustdir_acceptor_connections; 0, which is
 * also the first one's, for NULL.
 */
uint64_t trustdir_connection_id(const trustdir_connection *connection);

/**
 * Whether the peer was admitted and its entry has gone since: exact at this moment. False for NULL.
 */
bool trustdir_connection_is_revoked(const trustdir_connection *connection);

/**
 * Frees the connection and everything borrowed from it. Nothing is sent. NULL is fine.
 */
void trustdir_connection_free(trustdir_connection *connection);

/**
 * The version of TLS, "TLSv1.2" or "TLSv1.3". Static text. NULL until it is agreed on, and for NULL.
 */
const char *trustdir_connection_version(const trustdir_connection *connection);

/**
 * The name of the cipher suite. Borrowed from the connection. NULL until it is agreed on, and for NULL.
 */
const char *trustdir_connection_cipher_suite(const trustdir_connection *connection);

/**
 * The key exchange's IANA name, such as "X25519MLKEM768". Borrowed from the connection. NULL until it is agreed on, and
 * for NULL.
 */
const char *trustdir_connection_key_exchange(const trustdir_connection *connection);

/**
 * The application protocol (ALPN). Borrowed from the connection. NULL when none is agreed on, and for NULL.
 */
const char *trustdir_connection_alpn(const trustdir_connection *connection);

/**
 * The host name that the client asked for (SNI). Borrowed from the connection. NULL when it named none, and for NULL.
 */
const char *trustdir_connection_server_name(const trustdir_connection *connection);

/**
 * Whether the client resumed an earlier session (it was decided about all the same); false for NULL.
 */
bool trustdir_connection_resumed(const trustdir_connection *connection);

/**
 * The number of certificates that the peer has sent; in a resumed session, in the one that began it. 0 before the
 * handshake is over, and for NULL.
 */
size_t trustdir_connection_peer_chain_len(const trustdir_connection *connection);

/**
 * A certificate that the peer has sent; 0 is its own. Borrowed from the connection. NULL past the end and for NULL.
 */
const trustdir_certificate *trustdir_connection_peer_certificate(const trustdir_connection *connection,
                                                                 size_t index);

/**
 * Fills `len` bytes with key material that both ends can compute and nobody else (RFC 8446, 7.5; RFC 5705). NULL with
 * length 0 means that there is no context, which TLS 1.2 tells from an empty one. TRUSTDIR_STATUS_TLS before the
 * handshake is over.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_export_keying_material(const trustdir_connection *connection,
                                                           const char *label,
                                                           const uint8_t *context,
                                                           size_t context_len,
                                                           uint8_t *data,
                                                           size_t len,
                                                           trustdir_error **error);

/**
 * What binds a log-in to this connection: "tls-exporter" (RFC 9266), TRUSTDIR_CHANNEL_BINDING_LEN bytes, for which
 * `capacity` must have room. TRUSTDIR_STATUS_TLS before the handshake is over.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_channel_binding(const trustdir_connection *connection,
                                                    uint8_t *data,
                                                    size_t capacity,
                                                    trustdir_error **error);

/**
 * Lists the open connections that stand on an entry, those whose entry has gone among them: from the admission until
 * the connection is freed or refuses to go on. Looks at each entry that may have changed, so it is
 * exact at this moment.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_acceptor_connections(const trustdir_acceptor *acceptor,
                                              trustdir_open_connections **out,
                                              trustdir_error **error);

/**
 * Lists the open connections of a connector that stand on an entry, as trustdir_acceptor_connections does.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connector_connections(const trustdir_connector *connector,
                                               trustdir_open_connections **out,
                                               trustdir_error **error);

/**
 * The number of connections; 0 for NULL.
 */
size_t trustdir_open_connections_len(const trustdir_open_connections *connections);

/**
 * A connection's number, which trustdir_connection_id gives, too; 0, which is also the first one's, past the end and
 * for NULL.
 */
uint64_t trustdir_open_connections_id(const trustdir_open_connections *connections,
                                      size_t index);

/**
 * The peer's certificate. Borrowed from the open connections. NULL past the end and for NULL.
 */
const trustdir_certificate *trustdir_open_connections_certificate(const trustdir_open_connections *connections,
                                                                  size_t index);

/**
 * The path of the file that admitted the peer. Borrowed from the open connections. NULL past the end and for NULL.
 */
const char *trustdir_open_connections_entry(const trustdir_open_connections *connections,
                                            size_t index);

/**
 * When the peer was admitted, in seconds since 1970-01-01 UTC; 0 past the end and for NULL.
 */
int64_t trustdir_open_connections_since(const trustdir_open_connections *connections, size_t index);

/**
 * Whether the entry has gone since; false past the end and for NULL.
 */
bool trustdir_open_connections_is_revoked(const trustdir_open_connections *connections,
                                          size_t index);

/**
 * Frees the list and everything borrowed from it; the connections stay open. NULL is fine.
 */
void trustdir_open_connections_free(trustdir_open_connections *connections);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TRUSTDIR_H */
