/* The C interface as a program uses it: an authority, a server and its clients, a directory, decisions, and a
 * connection. Prints "N passed, M failed" as its last line; exits 0 only when nothing failed. Clean under valgrind. */
#include "check.h"

#include <pthread.h>
#include <time.h>

static void versions(void)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", TRUSTDIR_VERSION_MAJOR, TRUSTDIR_VERSION_MINOR, TRUSTDIR_VERSION_PATCH);
    TEXT(trustdir_version(), text);
    CHECK(trustdir_version_number() == TRUSTDIR_VERSION_NUMBER);
    TEXT(trustdir_status_message(TRUSTDIR_STATUS_OK), "success");
    CHECK(trustdir_status_message(-7) != NULL);
    TEXT(trustdir_reason_text(TRUSTDIR_REASON_NOT_INSTALLED), "NOT_INSTALLED");
    TEXT(trustdir_reason_text(9999), "UNKNOWN");
}

static void keys(void)
{
    trustdir_key *key, *again;
    trustdir_buffer *pem;
    OK(trustdir_key_generate(TRUSTDIR_KEY_TYPE_P256, &key, &error));
    TEXT(trustdir_key_algorithm(key), "P-256");
    OK(trustdir_key_to_pem(key, BYTES("secret"), &pem, &error));
    CHECK(strstr((const char *)trustdir_buffer_data(pem), "BEGIN ENCRYPTED PRIVATE KEY") != NULL);
    CHECK(strlen((const char *)trustdir_buffer_data(pem)) == trustdir_buffer_len(pem));

    const uint8_t *data = trustdir_buffer_data(pem);
    size_t len = trustdir_buffer_len(pem);
    OK(trustdir_key_from_pem(data, len, BYTES("secret"), &again, &error));
    TEXT(trustdir_key_algorithm(again), "P-256");
    trustdir_key_free(again);
    again = key;
    STATUS(TRUSTDIR_STATUS_WRONG_PASSPHRASE, trustdir_key_from_pem(data, len, BYTES("Secret"), &again, &error));
    CHECK(again == NULL);
    STATUS(TRUSTDIR_STATUS_PASSPHRASE_REQUIRED, trustdir_key_from_pem(data, len, NO_PASSPHRASE, &again, &error));
    STATUS(TRUSTDIR_STATUS_NULL_ARGUMENT, trustdir_key_from_pem(NULL, len, NO_PASSPHRASE, &again, &error));
    STATUS(TRUSTDIR_STATUS_NULL_ARGUMENT, trustdir_key_from_pem(data, len, NULL, 6, &again, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_key_generate(99, &again, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_key_generate(-1, &again, &error));

    write_file(in_root("damaged.pem"), "-----BEGIN PRIVATE KEY-----\nMIIBVQIB\n-----END PRIVATE KEY-----\n");
    CHECK(trustdir_key_load(in_root("damaged.pem"), NO_PASSPHRASE, &again, &error) == TRUSTDIR_STATUS_PARSE);
    TEXT(trustdir_error_path(error), in_root("damaged.pem"));
    CHECK(strstr(trustdir_error_message(error), "damaged.pem") != NULL);
    CHECK(strchr(trustdir_error_message(error), '\n') == NULL);
    trustdir_error_free(error);
    error = NULL;
    CHECK(trustdir_key_load(in_root("missing.pem"), NO_PASSPHRASE, &again, NULL) == TRUSTDIR_STATUS_NOT_FOUND);

    trustdir_buffer_free(pem);
    trustdir_key_free(key);
}

static trustdir_authority *make_authority(void)
{
    trustdir_authority *authority, *other;
    trustdir_authority_options *options;
    OK(trustdir_authority_options_new(&options, &error));
    OK(trustdir_authority_options_set_name(options, "CN=C test,O=trustdir", &error));
    OK(trustdir_authority_options_set_days(options, 30, &error));
    OK(trustdir_authority_options_set_passphrase(options, BYTES("ca secret"), &error));
    OK(trustdir_authority_create(in_root("ca"), options, &authority, &error));
    STATUS(TRUSTDIR_STATUS_ALREADY_EXISTS, trustdir_authority_create(in_root("ca"), NULL, &other, &error));
    trustdir_authority_options_free(options);
    STATUS(TRUSTDIR_STATUS_WRONG_PASSPHRASE, trustdir_authority_open(in_root("ca"), BYTES("wrong"), &other, &error));
    STATUS(TRUSTDIR_STATUS_PASSPHRASE_REQUIRED, trustdir_authority_open(in_root("ca"), NO_PASSPHRASE, &other, &error));
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_authority_open(in_root("no-ca"), NO_PASSPHRASE, &other, &error));
    OK(trustdir_authority_open(in_root("ca"), BYTES("ca secret"), &other, &error));
    TEXT(trustdir_certificate_fingerprint(trustdir_authority_certificate(other)),
         trustdir_certificate_fingerprint(trustdir_authority_certificate(authority)));
    trustdir_authority_free(other);
    return authority;
}

static bool lasts(const trustdir_certificate *certificate, int64_t days)
{
    int64_t lifetime = trustdir_certificate_not_after(certificate) - trustdir_certificate_not_before(certificate);
    return lifetime >= days * 86400 && lifetime < (days + 2) * 86400;
}

static trustdir_identity *make_server(const trustdir_authority *authority)
{
    const char *names[] = {"localhost", "127.0.0.1"};
    trustdir_identity *server, *loaded;
    trustdir_issue_options *week;
    OK(trustdir_issue_options_new(&week, &error));
    OK(trustdir_issue_options_set_days(week, 7, &error));
    OK(trustdir_authority_issue_server(authority, names, 2, week, &server, &error));
    trustdir_issue_options_free(week);
    CHECK(trustdir_identity_chain_len(server) >= 1);
    CHECK(trustdir_identity_certificate(server, 99) == NULL);
    const trustdir_certificate *certificate = trustdir_identity_certificate(server, 0);
    CHECK(strstr(trustdir_certificate_subject(certificate), "CN=localhost") != NULL);
    TEXT(trustdir_certificate_issuer(certificate),
         trustdir_certificate_subject(trustdir_authority_certificate(authority)));
    CHECK(lasts(certificate, 7));

    OK(trustdir_identity_save(server, in_root("server.pem"), in_root("server.key"), BYTES("s"), &error));
    STATUS(TRUSTDIR_STATUS_ALREADY_EXISTS,
           trustdir_identity_save(server, in_root("server.pem"), in_root("server.key"), BYTES("s"), &error));
    struct stat info;
    CHECK(stat(in_root("server.key"), &info) == 0 && (info.st_mode & 0777) == 0600);
    OK(trustdir_identity_load(in_root("server.pem"), in_root("server.key"), BYTES("s"), &loaded, &error));
    trustdir_identity_free(loaded);
    STATUS(TRUSTDIR_STATUS_WRONG_PASSPHRASE,
           trustdir_identity_load(in_root("server.pem"), in_root("server.key"), BYTES("t"), &loaded, &error));

    trustdir_key *key;
    trustdir_buffer *pem;
    OK(trustdir_key_generate(TRUSTDIR_KEY_TYPE_ED25519, &key, &error));
    OK(trustdir_key_to_pem(key, NO_PASSPHRASE, &pem, &error));
    STATUS(TRUSTDIR_STATUS_KEY_MISMATCH,
           trustdir_identity_from_pem(BYTES(trustdir_certificate_pem(certificate)), trustdir_buffer_data(pem),
                                      trustdir_buffer_len(pem), NO_PASSPHRASE, &loaded, &error));
    trustdir_buffer_free(pem);
    trustdir_key_free(key);

    OK(trustdir_identity_key_pem(server, NO_PASSPHRASE, &pem, &error));
    OK(trustdir_identity_from_pem(BYTES(trustdir_certificate_pem(certificate)), trustdir_buffer_data(pem),
                                  trustdir_buffer_len(pem), NO_PASSPHRASE, &loaded, &error));
    trustdir_buffer_free(pem);
    trustdir_identity_free(loaded);

    STATUS(TRUSTDIR_STATUS_NULL_ARGUMENT, trustdir_authority_issue_server(authority, NULL, 1, NULL, &loaded, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_authority_issue_server(authority, NULL, 0, NULL, &loaded, &error));
    return server;
}

static void certificates(const trustdir_certificate *certificate)
{
    trustdir_certificate *copy, *parsed;
    OK(trustdir_certificate_clone(certificate, &copy, &error));
    trustdir_slice der = trustdir_certificate_der(copy);
    OK(trustdir_certificate_from_der(der.data, der.len, &parsed, &error));
    TEXT(trustdir_certificate_fingerprint(parsed), trustdir_certificate_fingerprint(certificate));
    CHECK(strlen(trustdir_certificate_fingerprint(parsed)) == 64);
    trustdir_certificate_free(parsed);
    OK(trustdir_certificate_from_pem(BYTES(trustdir_certificate_pem(copy)), &parsed, &error));
    TEXT(trustdir_certificate_serial(parsed), trustdir_certificate_serial(certificate));
    trustdir_certificate_free(parsed);
    write_file(in_root("one.pem"), trustdir_certificate_pem(copy));
    OK(trustdir_certificate_load(in_root("one.pem"), &parsed, &error));
    uint32_t hash = 0, old_hash = 0;
    OK(trustdir_certificate_subject_hash(parsed, &hash, &error));
    OK(trustdir_certificate_subject_hash_old(parsed, &old_hash, &error));
    CHECK(hash != 0 && old_hash != 0 && hash != old_hash);
    trustdir_certificate_free(parsed);

    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_certificate_from_der(der.data, der.len - 1, &parsed, &error));
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_certificate_from_der(NULL, 0, &parsed, &error));
    CHECK(parsed == NULL);
    trustdir_certificate_free(copy);
}

static trustdir_reason decide(const trustdir_directory *directory, const trustdir_certificate *certificate,
                              int64_t now)
{
    trustdir_decision *decision;
    trustdir_slice der = trustdir_certificate_der(certificate);
    OK(trustdir_directory_decide(directory, der.data, der.len, now, &decision, &error));
    trustdir_reason reason = trustdir_decision_reason(decision);
    CHECK(trustdir_decision_is_admitted(decision) == (reason == TRUSTDIR_REASON_ADMITTED));
    CHECK(strchr(trustdir_decision_message(decision), '\n') == NULL);
    TEXT(trustdir_decision_fingerprint(decision), trustdir_certificate_fingerprint(certificate));
    TEXT(trustdir_decision_subject(decision), trustdir_certificate_subject(certificate));
    TEXT(trustdir_decision_issuer(decision), trustdir_certificate_issuer(certificate));
    TEXT(trustdir_decision_serial(decision), trustdir_certificate_serial(certificate));
    CHECK(trustdir_decision_certificate(decision) != NULL);
    CHECK(reason != TRUSTDIR_REASON_ADMITTED || trustdir_decision_entry(decision) != NULL);
    trustdir_decision_free(decision);
    return reason;
}

static void directories(const trustdir_authority *authority)
{
    trustdir_directory *directory, *clone;
    trustdir_identity *alice, *bob, *bob2;
    trustdir_entries *entries;
    trustdir_decision *decision;
    trustdir_buffer *file;
    int64_t now = (int64_t)time(NULL);

    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_directory_open(in_root("clients"), 0, &directory, &error));
    CHECK(mkdir(in_root("clients"), 0700) == 0);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_directory_open(in_root("clients"), 7, &directory, &error));
    OK(trustdir_directory_open(in_root("clients"), TRUSTDIR_ENTRY_NAMES_ANY, &directory, &error));
    TEXT(trustdir_directory_path(directory), in_root("clients"));
    OK(trustdir_directory_clone(directory, &clone, &error));

    OK(trustdir_authority_issue_client(authority, "alice", NULL, 0, NULL, &alice, &error));
    OK(trustdir_authority_issue_client(authority, "bob", NULL, 0, NULL, &bob, &error));
    OK(trustdir_authority_issue_client(authority, "bob", NULL, 0, NULL, &bob2, &error));
    const trustdir_certificate *certificate = trustdir_identity_certificate(alice, 0);
    CHECK(decide(directory, certificate, now) == TRUSTDIR_REASON_NOT_INSTALLED);

    uint64_t before = trustdir_directory_generation(directory);
    OK(trustdir_directory_install(directory, certificate, &file, &error));
    CHECK(strncmp((const char *)trustdir_buffer_data(file), root, strlen(root)) == 0);
    CHECK(access((const char *)trustdir_buffer_data(file), R_OK) == 0);
    OK(trustdir_directory_install(directory, certificate, NULL, &error));
    CHECK(trustdir_directory_generation(clone) > before);
    CHECK(decide(clone, certificate, now) == TRUSTDIR_REASON_ADMITTED);
    CHECK(decide(clone, certificate, 0) == TRUSTDIR_REASON_NOT_YET_VALID);
    CHECK(decide(clone, certificate, 253402300799) == TRUSTDIR_REASON_EXPIRED);
    CHECK(decide(directory, trustdir_identity_certificate(bob, 0), now) == TRUSTDIR_REASON_NOT_INSTALLED);

    OK(trustdir_directory_decide(directory, BYTES("not a certificate"), now, &decision, &error));
    CHECK(trustdir_decision_reason(decision) == TRUSTDIR_REASON_MALFORMED);
    CHECK(trustdir_decision_certificate(decision) == NULL && trustdir_decision_subject(decision) == NULL);
    trustdir_decision_free(decision);

    write_file(in_root("clients/broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    OK(trustdir_directory_refresh(directory, &error));
    OK(trustdir_directory_list(directory, &entries, &error));
    CHECK(trustdir_entries_len(entries) == 1);
    TEXT(trustdir_entries_file(entries, 0), (const char *)trustdir_buffer_data(file));
    TEXT(trustdir_certificate_fingerprint(trustdir_entries_certificate(entries, 0)),
         trustdir_certificate_fingerprint(certificate));
    CHECK(trustdir_entries_file(entries, 1) == NULL && trustdir_entries_certificate(entries, 1) == NULL);
    CHECK(trustdir_entries_problems_len(entries) == 1);
    CHECK(strstr(trustdir_entries_problem(entries, 0), "broken.pem") != NULL);
    trustdir_entries_free(entries);

    size_t removed = 99;
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_directory_remove(directory, "mallory", &removed, &error));
    CHECK(removed == 0);
    OK(trustdir_directory_remove(directory, "alice", &removed, &error));
    CHECK(removed == 1);
    CHECK(access((const char *)trustdir_buffer_data(file), F_OK) != 0);
    trustdir_reason reason = decide(clone, certificate, now);
    CHECK(reason == TRUSTDIR_REASON_NOT_INSTALLED || reason == TRUSTDIR_REASON_REMOVED);
    OK(trustdir_directory_list(directory, &entries, &error));
    CHECK(trustdir_entries_len(entries) == 0);
    trustdir_entries_free(entries);

    /* A name that two certificates share removes neither; a fingerprint removes its own. */
    certificate = trustdir_identity_certificate(bob2, 0);
    OK(trustdir_directory_install(directory, trustdir_identity_certificate(bob, 0), NULL, &error));
    OK(trustdir_directory_install(directory, certificate, NULL, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_directory_remove(directory, "bob", &removed, &error));
    CHECK(removed == 0 && decide(directory, certificate, now) == TRUSTDIR_REASON_ADMITTED);
    OK(trustdir_directory_remove(directory, trustdir_certificate_fingerprint(certificate), NULL, &error));
    CHECK(decide(directory, certificate, now) != TRUSTDIR_REASON_ADMITTED);
    CHECK(decide(directory, trustdir_identity_certificate(bob, 0), now) == TRUSTDIR_REASON_ADMITTED);

    trustdir_buffer_free(file);
    trustdir_identity_free(alice);
    trustdir_identity_free(bob);
    trustdir_identity_free(bob2);
    trustdir_directory_free(directory);
    trustdir_directory_free(clone);
}

static void nano_config(void)
{
    char text[1024];
    trustdir_nano_config *config;
    trustdir_acceptor *acceptor;
    snprintf(text, sizeof text,
             "address = \"::1\"\nport = 7076\n[secure]\nenable = true\nverbose_logging = true\n"
             "server_cert_path = \"%s\"\nserver_key_path = \"%s\"\nserver_key_passphrase = \"s\"\n"
             "server_dh_path = \"tls/dh1024.pem\"\nclient_certs_path = \"%s\"\n",
             in_root("server.pem"), in_root("server.key"), in_root("clients"));
    write_file(in_root("config-rpc.toml"), text);
    OK(trustdir_nano_config_load(in_root("config-rpc.toml"), &config, &error));
    CHECK(trustdir_nano_config_enabled(config));
    CHECK(trustdir_nano_config_verbose_logging(config));
    TEXT(trustdir_nano_config_address(config), "::1");
    CHECK(trustdir_nano_config_port(config) == 7076);
    CHECK(strlen(trustdir_nano_config_policy(config)) > 0);
    CHECK(trustdir_nano_config_notes_len(config) >= 1);
    CHECK(strstr(trustdir_nano_config_note(config, 0), "dh") != NULL);
    CHECK(trustdir_nano_config_note(config, 99) == NULL);
    OK(trustdir_nano_config_acceptor(config, &acceptor, &error));
    trustdir_acceptor_free(acceptor);
    trustdir_nano_config_free(config);

    write_file(in_root("config-rpc.toml"), "[secure\n");
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_nano_config_load(in_root("config-rpc.toml"), &config, &error));
}

static trustdir_acceptor *make_acceptor(const trustdir_identity *server)
{
    trustdir_acceptor_builder *builder;
    trustdir_acceptor *acceptor, *clone;
    trustdir_directory *directory;
    const char *alpn[] = {"http/1.1"};
    OK(trustdir_acceptor_builder_new(server, &builder, &error));
    OK(trustdir_acceptor_builder_set_client_auth(builder, TRUSTDIR_CLIENT_AUTH_REQUIRED, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_acceptor_builder_build(builder, &acceptor, &error));
    CHECK(acceptor == NULL);
    OK(trustdir_directory_open(in_root("clients"), TRUSTDIR_ENTRY_NAMES_ANY, &directory, &error));
    OK(trustdir_acceptor_builder_set_directory(builder, directory, &error));
    trustdir_directory_free(directory);
    OK(trustdir_acceptor_builder_set_alpn(builder, alpn, 1, &error));
    OK(trustdir_acceptor_builder_set_versions(builder, TRUSTDIR_TLS_VERSION_TLS12, TRUSTDIR_TLS_VERSION_TLS13, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_acceptor_builder_set_versions(builder, 11, 13, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_acceptor_builder_set_client_auth(builder, 3, &error));
    OK(trustdir_acceptor_builder_build(builder, &acceptor, &error));
    trustdir_acceptor_builder_free(builder);
    OK(trustdir_acceptor_clone(acceptor, &clone, &error));
    trustdir_acceptor_free(acceptor);
    return clone;
}

static void count_call(void *userdata)
{
    ++*(int *)userdata;
}

static void connections(const trustdir_acceptor *acceptor)
{
    trustdir_connection *connection;
    uint8_t data[512];
    size_t count = 99;

    OK(trustdir_acceptor_accept(acceptor, &connection, &error));
    CHECK(trustdir_connection_is_handshaking(connection));
    CHECK(trustdir_connection_wants(connection) == TRUSTDIR_WANTS_READ);
    CHECK(trustdir_connection_pending(connection) == 0);
    CHECK(trustdir_connection_decision(connection) == NULL);
    CHECK(trustdir_connection_version(connection) == NULL);
    CHECK(trustdir_connection_cipher_suite(connection) == NULL);
    CHECK(trustdir_connection_alpn(connection) == NULL);
    CHECK(trustdir_connection_server_name(connection) == NULL);
    CHECK(!trustdir_connection_resumed(connection));
    OK(trustdir_connection_recheck(connection, &error));
    STATUS(TRUSTDIR_STATUS_AGAIN, trustdir_connection_read(connection, data, sizeof data, &count, &error));
    CHECK(count == 0);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_connection_read(connection, data, 0, &count, &error));
    STATUS(TRUSTDIR_STATUS_AGAIN, trustdir_connection_write(connection, BYTES("early"), &count, &error));

    /* Plain HTTP at the TLS port: an error here, an alert there. */
    STATUS(TRUSTDIR_STATUS_TLS, trustdir_connection_read_tls(connection, BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &error));
    CHECK(trustdir_connection_wants(connection) & TRUSTDIR_WANTS_WRITE);
    OK(trustdir_connection_write_tls(connection, data, 3, &count, &error));
    CHECK(count == 3);
    OK(trustdir_connection_write_tls(connection, data + 3, sizeof data - 3, &count, &error));
    CHECK(count == 4 && data[0] == 0x15 && data[5] == 2);
    OK(trustdir_connection_write_tls(connection, data, sizeof data, &count, &error));
    CHECK(count == 0);
    trustdir_connection_free(connection);

    /* A hook that never comes: the userdata is freed all the same, once. */
    int freed = 0;
    OK(trustdir_acceptor_accept(acceptor, &connection, &error));
    OK(trustdir_connection_on_revoked(connection, count_call, &freed, count_call, &error));
    CHECK(freed == 0);
    trustdir_connection_free(connection);
    CHECK(freed == 1);
    STATUS(TRUSTDIR_STATUS_NULL_ARGUMENT, trustdir_connection_on_revoked(NULL, count_call, &freed, count_call, &error));
    CHECK(freed == 2);

    /* The transport ends in the handshake. */
    OK(trustdir_acceptor_accept(acceptor, &connection, &error));
    OK(trustdir_connection_received_eof(connection, &error));
    CHECK(trustdir_connection_read(connection, data, sizeof data, &count, NULL) != TRUSTDIR_STATUS_OK);
    OK(trustdir_connection_close_notify(connection, &error));
    trustdir_connection_free(connection);
}

/* What several threads may share, they share. */
static void *in_thread(void *shared)
{
    const trustdir_certificate *certificate = shared;
    for (int i = 0; i < 50; i++) {
        if (strlen(trustdir_certificate_fingerprint(certificate)) != 64 || trustdir_certificate_pem(certificate) == NULL)
            return shared;
    }
    return NULL;
}

static void threads(const trustdir_certificate *borrowed)
{
    pthread_t thread[4];
    trustdir_certificate *certificate;
    OK(trustdir_certificate_clone(borrowed, &certificate, &error));
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&thread[i], NULL, in_thread, certificate) == 0);
    for (int i = 0; i < 4; i++) {
        void *bad = certificate;
        CHECK(pthread_join(thread[i], &bad) == 0 && bad == NULL);
    }
    trustdir_certificate_free(certificate);
}

int main(void)
{
    start();
    versions();
    keys();
    trustdir_authority *authority = make_authority();
    trustdir_identity *server = make_server(authority);
    certificates(trustdir_identity_certificate(server, 0));
    directories(authority);
    nano_config();
    trustdir_acceptor *acceptor = make_acceptor(server);
    trustdir_identity_free(server);
    connections(acceptor);
    threads(trustdir_authority_certificate(authority));
    trustdir_acceptor_free(acceptor);
    trustdir_authority_free(authority);

    return finish();
}
