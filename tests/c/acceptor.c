/* Policies, and an acceptor's settings: hosts, plain HTTP, limits of handshakes, key log, reloads. Prints "N passed, M
 * failed" as its last line; exits 0 only when nothing failed. Clean under valgrind. */
#include "check.h"

#include <poll.h>
#include <time.h>

static const char http[] = "GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n";
static trustdir_authority *authority;
static trustdir_directory *clients;

static trustdir_identity *issue_server(const char *name)
{
    trustdir_identity *server;
    OK(trustdir_authority_issue_server(authority, &name, 1, NULL, &server, &error));
    return server;
}

static trustdir_acceptor_builder *builder_of(const trustdir_identity *identity)
{
    trustdir_acceptor_builder *builder;
    OK(trustdir_acceptor_builder_new(identity, &builder, &error));
    return builder;
}

static trustdir_acceptor *build(const trustdir_acceptor_builder *builder)
{
    trustdir_acceptor *acceptor;
    OK(trustdir_acceptor_builder_build(builder, &acceptor, &error));
    return acceptor;
}

static trustdir_policy *required(void)
{
    trustdir_policy *policy;
    OK(trustdir_policy_new(TRUSTDIR_CLIENT_AUTH_REQUIRED, &policy, &error));
    OK(trustdir_policy_set_directory(policy, clients, &error));
    return policy;
}

static trustdir_reason decide(const trustdir_policy *policy, const trustdir_certificate *certificate)
{
    trustdir_decision *decision;
    trustdir_slice der = certificate ? trustdir_certificate_der(certificate) : (trustdir_slice){NULL, 0};
    OK(trustdir_policy_decide(policy, &der, certificate != NULL, (int64_t)time(NULL), &decision, &error));
    trustdir_reason reason = trustdir_decision_reason(decision);
    trustdir_decision_free(decision);
    return reason;
}

static void policies(const trustdir_certificate *alice, const trustdir_certificate *mallory)
{
    trustdir_policy *policy = required(), *anchored;
    CHECK(decide(policy, alice) == TRUSTDIR_REASON_ADMITTED);
    CHECK(decide(policy, mallory) == TRUSTDIR_REASON_NOT_INSTALLED);
    CHECK(decide(policy, NULL) == TRUSTDIR_REASON_NO_CERTIFICATE);
    const char *other[] = {"other"};
    OK(trustdir_directory_limit(clients, "alice", INT64_MAX, other, 1, &error));
    OK(trustdir_policy_set_service(policy, "rpc", &error));
    CHECK(decide(policy, alice) == TRUSTDIR_REASON_SCOPE);
    OK(trustdir_policy_set_service(policy, "other", &error));
    CHECK(decide(policy, alice) == TRUSTDIR_REASON_ADMITTED);
    OK(trustdir_directory_unlimit(clients, "alice", NULL, &error));
    trustdir_policy_free(policy);

    trustdir_authority_directory *anchors;
    CHECK(mkdir(in_root("anchors"), 0700) == 0);
    write_file(in_root("anchors/ca.pem"), trustdir_certificate_pem(trustdir_authority_certificate(authority)));
    OK(trustdir_authority_directory_open(in_root("anchors"), NULL, &anchors, &error));
    OK(trustdir_policy_new(TRUSTDIR_CLIENT_AUTH_OPTIONAL, &anchored, &error));
    CHECK(decide(anchored, mallory) == TRUSTDIR_REASON_NOT_INSTALLED);
    OK(trustdir_policy_set_authorities(anchored, anchors, &error));
    CHECK(decide(anchored, mallory) == TRUSTDIR_REASON_ADMITTED);
    CHECK(decide(anchored, NULL) == TRUSTDIR_REASON_ANONYMOUS);
    trustdir_authority_directory_free(anchors);
    trustdir_policy_free(anchored);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_policy_new(3, &policy, &error));
    CHECK(policy == NULL);
}

/* A host with a policy of its own, and what the others have. */
static void hosts(const trustdir_identity *www, const trustdir_certificate *alice)
{
    trustdir_acceptor_builder *builder = builder_of(www);
    trustdir_identity *admin = issue_server("admin.example.org");
    trustdir_policy *policy = required(), *found;
    OK(trustdir_acceptor_builder_add_identity(builder, admin, &error));
    OK(trustdir_acceptor_builder_set_policy_for(builder, "*.example.org", policy, &error));
    trustdir_acceptor *acceptor = build(builder), *none;
    OK(trustdir_acceptor_policy_for(acceptor, "ADMIN.example.org", &found, &error));
    CHECK(decide(found, NULL) == TRUSTDIR_REASON_NO_CERTIFICATE);
    CHECK(decide(found, alice) == TRUSTDIR_REASON_ADMITTED);
    trustdir_policy_free(found);
    OK(trustdir_acceptor_policy_for(acceptor, "example.org", &found, &error));
    CHECK(decide(found, NULL) == TRUSTDIR_REASON_ANONYMOUS);
    trustdir_policy_free(found);
    const trustdir_identity *renewed[] = {admin, www};
    OK(trustdir_acceptor_builder_set_identities(builder, renewed, 2, &error));
    OK(trustdir_acceptor_reload(acceptor, builder, &error));
    OK(trustdir_acceptor_builder_set_identities(builder, NULL, 0, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_acceptor_reload(acceptor, builder, &error));
    OK(trustdir_acceptor_builder_add_identity(builder, www, &error));
    OK(trustdir_acceptor_builder_set_policy_for(builder, "no host", policy, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_acceptor_builder_build(builder, &none, &error));
    trustdir_acceptor_free(acceptor);
    trustdir_acceptor_builder_free(builder);
    trustdir_policy_free(policy);
    trustdir_identity_free(admin);
}

/* What a client hears that speaks plain HTTP. */
static void answers(const trustdir_acceptor *acceptor, const char *wanted)
{
    trustdir_connection *connection;
    char answer[512] = "";
    size_t count = 0;
    OK(trustdir_acceptor_accept(acceptor, &connection, &error));
    STATUS(TRUSTDIR_STATUS_TLS, trustdir_connection_read_tls(connection, BYTES(http), &error));
    OK(trustdir_connection_write_tls(connection, (uint8_t *)answer, sizeof answer - 1, &count, &error));
    answer[count] = 0;
    CHECK(strstr(answer, wanted) != NULL);
    trustdir_connection_free(connection);
}

static void plain_http(const trustdir_identity *identity)
{
    trustdir_acceptor_builder *builder = builder_of(identity);
    trustdir_acceptor *acceptor = build(builder), *clone;
    answers(acceptor, "\x15\x03");
    OK(trustdir_acceptor_builder_set_plain_http(builder, TRUSTDIR_PLAIN_HTTP_BAD_REQUEST, NULL, &error));
    OK(trustdir_acceptor_reload(acceptor, builder, &error));
    answers(acceptor, "HTTP/1.1 400 ");
    OK(trustdir_acceptor_clone(acceptor, &clone, &error));
    OK(trustdir_acceptor_builder_set_plain_http(builder, TRUSTDIR_PLAIN_HTTP_REDIRECT, "https://a:7076", &error));
    answers(acceptor, "HTTP/1.1 400 ");
    OK(trustdir_acceptor_reload(acceptor, builder, &error));
    answers(clone, "\r\nLocation: https://a:7076/a?b=c\r\n");

    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_acceptor_builder_set_plain_http(builder, TRUSTDIR_PLAIN_HTTP_REDIRECT, "a:7076", &error));
    STATUS(TRUSTDIR_STATUS_NULL_ARGUMENT,
           trustdir_acceptor_builder_set_plain_http(builder, TRUSTDIR_PLAIN_HTTP_REDIRECT, NULL, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_acceptor_builder_set_plain_http(builder, TRUSTDIR_PLAIN_HTTP_ALERT, "https://a:7076", &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_acceptor_builder_set_plain_http(builder, 3, NULL, &error));

    /* A reload that fails changes nothing. */
    OK(trustdir_acceptor_builder_set_plain_http(builder, TRUSTDIR_PLAIN_HTTP_ALERT, NULL, &error));
    OK(trustdir_acceptor_builder_set_client_auth(builder, TRUSTDIR_CLIENT_AUTH_REQUIRED, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_acceptor_reload(acceptor, builder, &error));
    answers(acceptor, "\r\nLocation: https://a:7076/a?b=c\r\n");
    trustdir_acceptor_builder_free(builder);
    trustdir_acceptor_free(acceptor);
    trustdir_acceptor_free(clone);
}

static void limits(const trustdir_identity *identity)
{
    trustdir_acceptor_builder *builder = builder_of(identity);
    trustdir_acceptor *acceptor, *none;
    trustdir_connection *connection;
    uint8_t data[8];
    size_t count;
    OK(trustdir_acceptor_builder_set_handshake_timeout(builder, 60000, &error));
    acceptor = build(builder);
    OK(trustdir_acceptor_accept(acceptor, &connection, &error));
    int64_t left = trustdir_connection_deadline(connection);
    CHECK(left > 30000 && left <= 60000);
    OK(trustdir_connection_expire(connection, &error));
    CHECK(trustdir_connection_is_handshaking(connection));
    trustdir_connection_free(connection);

    OK(trustdir_acceptor_builder_set_handshake_timeout(builder, 20, &error));
    OK(trustdir_acceptor_reload(acceptor, builder, &error));
    OK(trustdir_acceptor_accept(acceptor, &connection, &error));
    /* As a host waits: until then, and not once more. */
    while ((left = trustdir_connection_deadline(connection)) > 0)
        poll(NULL, 0, (int)left);
    CHECK(left == 0);
    STATUS(TRUSTDIR_STATUS_TIMED_OUT, trustdir_connection_expire(connection, &error));
    CHECK(trustdir_connection_deadline(connection) == -1);
    STATUS(TRUSTDIR_STATUS_TIMED_OUT, trustdir_connection_read(connection, data, sizeof data, &count, &error));
    trustdir_connection_free(connection);

    OK(trustdir_acceptor_builder_set_handshake_timeout(builder, UINT64_MAX, &error));
    OK(trustdir_acceptor_builder_set_handshake_bytes(builder, 4, &error));
    OK(trustdir_acceptor_reload(acceptor, builder, &error));
    OK(trustdir_acceptor_accept(acceptor, &connection, &error));
    CHECK(trustdir_connection_deadline(connection) == INT64_MAX);
    OK(trustdir_connection_read_tls(connection, (const uint8_t *)"\x16\x03\x01", 3, &error));
    STATUS(TRUSTDIR_STATUS_TLS, trustdir_connection_read_tls(connection, (const uint8_t *)"\x01\x00", 2, &error));
    trustdir_connection_free(connection);

    OK(trustdir_acceptor_builder_set_max_chain(builder, 3, &error));
    OK(trustdir_acceptor_builder_set_max_tiny_records(builder, 0, &error));
    OK(trustdir_acceptor_builder_set_max_fragment_size(builder, 512, &error));
    trustdir_acceptor_free(build(builder));
    OK(trustdir_acceptor_builder_set_max_chain(builder, 0, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_acceptor_builder_build(builder, &none, &error));
    trustdir_acceptor_builder_free(builder);
    trustdir_acceptor_free(acceptor);
}

static void no_log(const char *line, void *userdata)
{
    (void)line, (void)userdata;
}

static void count_call(void *userdata)
{
    ++*(int *)userdata;
}

/* The userdata goes with the last that has it. */
static void key_log(const trustdir_identity *identity)
{
    int freed = 0;
    trustdir_acceptor_builder *builder = builder_of(identity);
    OK(trustdir_acceptor_builder_set_key_log(builder, no_log, &freed, count_call, &error));
    trustdir_acceptor *acceptor = build(builder);
    trustdir_acceptor_builder_free(builder);
    CHECK(freed == 0);
    builder = builder_of(identity);
    OK(trustdir_acceptor_reload(acceptor, builder, &error));
    CHECK(freed == 1);
    STATUS(TRUSTDIR_STATUS_NULL_ARGUMENT,
           trustdir_acceptor_builder_set_key_log(builder, NULL, &freed, count_call, &error));
    CHECK(freed == 2);
    trustdir_acceptor_builder_free(builder);
    trustdir_acceptor_free(acceptor);
}

static void connections(const trustdir_identity *identity)
{
    trustdir_acceptor_builder *builder = builder_of(identity);
    trustdir_acceptor *acceptor = build(builder);
    trustdir_connection *connection;
    trustdir_slice piece = {NULL, 9}, pieces[] = {{(const uint8_t *)"ab", 2}, {NULL, 0}};
    uint8_t data[TRUSTDIR_CHANNEL_BINDING_LEN];
    size_t count = 9;
    OK(trustdir_acceptor_accept(acceptor, &connection, &error));
    CHECK(trustdir_connection_key_exchange(connection) == NULL);
    CHECK(trustdir_connection_peer_chain_len(connection) == 0);
    CHECK(trustdir_connection_peer_certificate(connection, 0) == NULL);
    STATUS(TRUSTDIR_STATUS_AGAIN, trustdir_connection_peek(connection, &piece, &error));
    CHECK(piece.data == NULL && piece.len == 0);
    OK(trustdir_connection_consume(connection, 1, &error));
    STATUS(TRUSTDIR_STATUS_AGAIN, trustdir_connection_write_vectored(connection, pieces, 2, &count, &error));
    CHECK(count == 0);
    STATUS(TRUSTDIR_STATUS_TLS, trustdir_connection_channel_binding(connection, data, sizeof data, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_connection_channel_binding(connection, data, 31, &error));
    STATUS(TRUSTDIR_STATUS_TLS,
           trustdir_connection_export_keying_material(connection, "EXPORTER-x", NULL, 0, data, 8, &error));
    OK(trustdir_connection_received_eof(connection, &error));
    STATUS(TRUSTDIR_STATUS_TRUNCATED, trustdir_connection_peek(connection, &piece, &error));
    trustdir_connection_free(connection);
    trustdir_acceptor_free(acceptor);
    trustdir_acceptor_builder_free(builder);
}

static void nano_config(const trustdir_identity *identity)
{
    trustdir_nano_config *config;
    trustdir_acceptor_builder *builder;
    OK(trustdir_identity_save(identity, in_root("s.pem"), in_root("s.key"), NO_PASSPHRASE, &error));
    write_file(in_root("config-rpc.toml"),
               "[secure]\nenable = true\nserver_cert_path = \"s.pem\"\nserver_key_path = \"s.key\"\n");
    OK(trustdir_nano_config_load(in_root("config-rpc.toml"), &config, &error));
    OK(trustdir_nano_config_builder(config, &builder, &error));
    trustdir_acceptor *acceptor = build(builder);
    OK(trustdir_acceptor_reload(acceptor, builder, &error));
    trustdir_acceptor_free(acceptor);
    trustdir_acceptor_builder_free(builder);
    CHECK(remove(in_root("s.key")) == 0);
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_nano_config_builder(config, &builder, &error));
    CHECK(builder == NULL);
    trustdir_nano_config_free(config);
}

int main(void)
{
    start();
    trustdir_identity *alice, *mallory;
    OK(trustdir_authority_create(in_root("ca"), NULL, &authority, &error));
    CHECK(mkdir(in_root("clients"), 0700) == 0);
    OK(trustdir_directory_open(in_root("clients"), TRUSTDIR_ENTRY_NAMES_ANY, &clients, &error));
    OK(trustdir_authority_issue_client(authority, "alice", NULL, 0, NULL, &alice, &error));
    OK(trustdir_authority_issue_client(authority, "mallory", NULL, 0, NULL, &mallory, &error));
    OK(trustdir_directory_install(clients, trustdir_identity_certificate(alice, 0), NULL, &error));
    trustdir_identity *www = issue_server("www.example.org");
    policies(trustdir_identity_certificate(alice, 0), trustdir_identity_certificate(mallory, 0));
    hosts(www, trustdir_identity_certificate(alice, 0));
    plain_http(www);
    limits(www);
    key_log(www);
    connections(www);
    nano_config(www);
    trustdir_identity_free(www);
    trustdir_identity_free(alice);
    trustdir_identity_free(mallory);
    trustdir_directory_free(clients);
    trustdir_authority_free(authority);
    return finish();
}
