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
 * until that is freed or, for a connection, until the next call that takes it without const.
 * Nothing you pass in is consumed, and everything may be freed in any order: objects keep alive
 * what they need. (The userdata of trustdir_connection_on_revoked is the one exception, and says
 * so.)
 *
 * Arguments. Text is NUL-terminated UTF-8; on Unix, paths may be any bytes. Data is a pointer and a
 * length: NULL with length 0 is empty, NULL with another length is TRUSTDIR_STATUS_NULL_ARGUMENT.
 * A passphrase is bytes; NULL with length 0 means that there is none. Every other pointer must not
 * be NULL unless its function says so; TRUSTDIR_STATUS_NULL_ARGUMENT names the argument. Functions
 * without a status answer NULL, 0 or false to NULL. Enumerations are passed as int32_t, and a
 * number that is none of their values is TRUSTDIR_STATUS_INVALID_ARGUMENT.
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
     * The client sent no certificate.
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
 * Why a client was admitted (below 10) or refused. Later versions may add numbers; treat an unknown one as a refusal.
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
     * Refused: the client sent no certificate.
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
     * Refused: its validity has ended.
     */
    TRUSTDIR_REASON_EXPIRED = 20,
    /**
     * Refused: its validity has not begun.
     */
    TRUSTDIR_REASON_NOT_YET_VALID = 21,
    /**
     * Refused: not issued for TLS clients.
     */
    TRUSTDIR_REASON_WRONG_PURPOSE = 22,
    /**
     * Refused: its key is too weak.
     */
    TRUSTDIR_REASON_WEAK_KEY = 23,
    /**
     * Refused: the client's signature does not verify.
     */
    TRUSTDIR_REASON_BAD_SIGNATURE = 24,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_reason trustdir_reason;
#else
typedef int32_t trustdir_reason;
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
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum trustdir_profile trustdir_profile;
#else
typedef int32_t trustdir_profile;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Makes the server side of TLS connections. Yours: free it with trustdir_acceptor_free; its connections live on. It
 * never changes and may be used from several threads at once.
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
 * The server side of one TLS connection. It never touches a socket: you move ciphertext between it and the peer
 * (trustdir_connection_read_tls, trustdir_connection_write_tls) and plaintext between it and the service
 * (trustdir_connection_read, trustdir_connection_write). No plaintext moves before the client is admitted. Yours: free
 * it with trustdir_connection_free. One thread at a time.
 */
typedef struct trustdir_connection trustdir_connection;

/**
 * Whether a client is admitted, and why. From `trustdir_decision **out` it is yours: free it with
 * trustdir_decision_free. From trustdir_connection_decision it is borrowed. It never changes and may be used from
 * several threads at once.
 */
typedef struct trustdir_decision trustdir_decision;

/**
 * A directory whose certificates are the clients to admit, each admitting exactly itself. Yours: free it with
 * trustdir_directory_free; what was built with it keeps it alive. It may be used from several threads at once. A
 * thread of the library watches the directory until the last handle to it is gone.
 */
typedef struct trustdir_directory trustdir_directory;

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
 * A certificate chain, end entity first, and the private key that belongs to it. Yours: free it with
 * trustdir_identity_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_identity trustdir_identity;

/**
 * A private key, wiped from memory when it is freed. Yours: free it with trustdir_key_free. It never changes and may
 * be used from several threads at once.
 */
typedef struct trustdir_key trustdir_key;

/**
 * The TLS settings of a Nano node, as its guide has them: the section [secure] of config-rpc.toml, or config-tls.toml.
 * Yours: free it with trustdir_nano_config_free. It never changes and may be used from several threads at once.
 */
typedef struct trustdir_nano_config trustdir_nano_config;

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
 * Reads a key from a file, as trustdir_key_from_pem does.
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
 * What kind of key it is, as "P-256", "Ed25519" or "RSA-2048". Borrowed from the key. NULL for NULL.
 */
const char *trustdir_key_algorithm(const trustdir_key *key);

/**
 * Wipes and frees the key. NULL is fine.
 */
void trustdir_key_free(trustdir_key *key);

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
 * Puts a chain and a key, both in PEM, together. The passphrase is NULL with length 0 when the key is not encrypted.
 * Fails with TRUSTDIR_STATUS_KEY_MISMATCH when the key is another's, and as trustdir_key_from_pem does.
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
 * Makes an authority in `dir`, which is created when it is missing. `name` is its subject in RFC 4514 text, or NULL
 * for a default; `days` is its validity, 0 for the default. With a passphrase its key is stored encrypted. Fails with
 * TRUSTDIR_STATUS_ALREADY_EXISTS when there is an authority in `dir`, and then changes nothing.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_create(const char *dir,
                                          const char *name,
                                          uint32_t days,
                                          const uint8_t *passphrase,
                                          size_t passphrase_len,
                                          trustdir_authority **out,
                                          trustdir_error **error);

/**
 * Opens the authority in `dir`. The passphrase is NULL with length 0 when its key is not encrypted. Fails with
 * TRUSTDIR_STATUS_NOT_FOUND, TRUSTDIR_STATUS_PASSPHRASE_REQUIRED or TRUSTDIR_STATUS_WRONG_PASSPHRASE.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_open(const char *dir,
                                        const uint8_t *passphrase,
                                        size_t passphrase_len,
                                        trustdir_authority **out,
                                        trustdir_error **error);

/**
 * The authority's own certificate. Borrowed from the authority. NULL for NULL.
 */
const trustdir_certificate *trustdir_authority_certificate(const trustdir_authority *authority);

/**
 * Issues an identity for a server. `names` are its DNS names and IP addresses, `count` of them and at least one; the
 * first also becomes the common name. `days` is the validity, 0 for the default.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_issue_server(const trustdir_authority *authority,
                                                const char *const *names,
                                                size_t count,
                                                uint32_t days,
                                                trustdir_identity **out,
                                                trustdir_error **error);

/**
 * Issues an identity for a client, with `name` as its common name. `days` is the validity, 0 for the default. It
 * admits nobody until its certificate is installed in a directory.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_issue_client(const trustdir_authority *authority,
                                                const char *name,
                                                uint32_t days,
                                                trustdir_identity **out,
                                                trustdir_error **error);

/**
 * Signs a request: its key and its subject, byte for byte. `profile` is a trustdir_profile. `names` are the names to
 * grant, `count` of them, as trustdir_request_create takes them. NULL with count 0 grants a server the DNS names and
 * IP addresses that were asked for, or its common name when no name was; and a client none. `days` is the validity, 0
 * for the default. `notes`, which may be NULL, receives text: what was asked for and not granted, or granted
 * otherwise, a line each, empty when there is nothing to say. Fails with TRUSTDIR_STATUS_INVALID_ARGUMENT when a
 * server would get no name.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_authority_sign(const trustdir_authority *authority,
                                        const trustdir_request *request,
                                        int32_t profile,
                                        const char *const *names,
                                        size_t count,
                                        uint32_t days,
                                        trustdir_buffer **notes,
                                        trustdir_certificate **out,
                                        trustdir_error **error);

/**
 * Frees the authority and what is borrowed from it, and wipes its key from memory. Its directory stays. NULL is fine.
 */
void trustdir_authority_free(trustdir_authority *authority);

/**
 * Opens a directory, which must exist; an empty one admits nobody. `entry_names` is a trustdir_entry_names.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_open(const char *path,
                                        int32_t entry_names,
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
 * trustdir_buffer_free.
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
 * Decides about a client certificate in DER at a time in seconds since 1970-01-01 UTC. A refusal is
 * TRUSTDIR_STATUS_OK as well: ask the decision. A certificate that cannot be read is refused.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_directory_decide(const trustdir_directory *directory,
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
 * The number of entries; 0 for NULL.
 */
size_t trustdir_entries_len(const trustdir_entries *entries);

/**
 * The path of an entry's file. Borrowed from the entries. NULL past the end and for NULL.
 */
const char *trustdir_entries_file(const trustdir_entries *entries, size_t index);

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
 * The name of a reason, for logs: "ADMITTED", "NOT_INSTALLED" and so on; "UNKNOWN" for unknown numbers. Static text,
 * never NULL.
 */
const char *trustdir_reason_text(int32_t reason);

/**
 * Whether the client is admitted; false for NULL.
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
 * The subject of the client's certificate (RFC 4514 text). Borrowed from the decision. NULL when there is no readable
 * certificate, and for NULL.
 */
const char *trustdir_decision_subject(const trustdir_decision *decision);

/**
 * The issuer of the client's certificate, as the subject.
 */
const char *trustdir_decision_issuer(const trustdir_decision *decision);

/**
 * The serial number of the client's certificate in lower-case hexadecimal, as the subject.
 */
const char *trustdir_decision_serial(const trustdir_decision *decision);

/**
 * The SHA-256 of the client's certificate as 64 lower-case hexadecimal digits, as the subject.
 */
const char *trustdir_decision_fingerprint(const trustdir_decision *decision);

/**
 * The path of the entry that admitted the client, or that the refusal is about. Borrowed from the decision. NULL when
 * there is none, and for NULL.
 */
const char *trustdir_decision_entry(const trustdir_decision *decision);

/**
 * The client's certificate. Borrowed from the decision. NULL when there is no readable one, and for NULL.
 */
const trustdir_certificate *trustdir_decision_certificate(const trustdir_decision *decision);

/**
 * Frees the decision and everything borrowed from it. NULL is fine. Not for borrowed decisions.
 */
void trustdir_decision_free(trustdir_decision *decision);

/**
 * Reads a configuration file. What it says is checked here; the files that it names are read by
 * trustdir_nano_config_acceptor.
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
 * Whether clients show a certificate. `client_auth` is a trustdir_client_auth. The default is
 * TRUSTDIR_CLIENT_AUTH_REQUIRED with a directory, and TRUSTDIR_CLIENT_AUTH_OFF without; what contradicts the
 * directory fails in trustdir_acceptor_builder_build.
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
 * Frees the handle; connections made by it live on. NULL is fine.
 */
void trustdir_acceptor_free(trustdir_acceptor *acceptor);

/**
 * Takes bytes that arrived from the peer, all of them, and processes them. A failure ends the connection: send what
 * trustdir_connection_write_tls still hands out (the alert that tells the peer), then close. A client that is refused
 * gives the status of the reason, such as TRUSTDIR_STATUS_UNTRUSTED or TRUSTDIR_STATUS_EXPIRED, and
 * trustdir_connection_decision says more.
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
 * Reads plaintext from the client, at most `capacity` bytes (not 0), and sets `*read` to their number.
 * TRUSTDIR_STATUS_OK with 0 bytes is the end: the client closed properly. TRUSTDIR_STATUS_AGAIN: nothing has arrived
 * yet, which makes no error object. TRUSTDIR_STATUS_TRUNCATED: the transport ended without a proper close.
 * TRUSTDIR_STATUS_REVOKED: the client's entry has been removed; send what trustdir_connection_write_tls still hands
 * out, then close.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_read(trustdir_connection *connection,
                                         uint8_t *data,
                                         size_t capacity,
                                         size_t *read,
                                         trustdir_error **error);

/**
 * Takes plaintext for the client and sets `*written` to the number of bytes taken, which may be fewer than `len`.
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
 * Looks whether the client's entry is still there. TRUSTDIR_STATUS_REVOKED when it is not: send what
 * trustdir_connection_write_tls hands out, then close.
 */
TRUSTDIR_MUST_USE
trustdir_status trustdir_connection_recheck(trustdir_connection *connection,
                                            trustdir_error **error);

/**
 * Has `hook(userdata)` called once when the client's entry is removed, at once when it already is: the place to wake
 * whoever waits on the socket, who then calls trustdir_connection_recheck. It may be called from any thread, must
 * return quickly, must not throw, jump out or use the connection. It is not called for a client that is refused or has
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
 * The decision about the client. Borrowed from the connection until the next call that may change it. NULL until the
 * client has been decided about, and for NULL.
 */
const trustdir_decision *trustdir_connection_decision(const trustdir_connection *connection);

/**
 * The version of TLS, "TLSv1.2" or "TLSv1.3". Static text. NULL until it is agreed on, and for NULL.
 */
const char *trustdir_connection_version(const trustdir_connection *connection);

/**
 * The name of the cipher suite. Borrowed from the connection. NULL until it is agreed on, and for NULL.
 */
const char *trustdir_connection_cipher_suite(const trustdir_connection *connection);

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
 * Frees the connection and everything borrowed from it. Nothing is sent. NULL is fine.
 */
void trustdir_connection_free(trustdir_connection *connection);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TRUSTDIR_H */
