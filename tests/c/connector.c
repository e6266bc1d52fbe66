/* Connectors against acceptors, with nothing but memory between them: whom they trust, and under which name; what both
 * count and tell; and an identity's files. Prints "N passed, M failed" as its last line; exits 0 only when nothing
 * failed. Clean under valgrind. */
#include "check.h"

static trustdir_authority *authority;
static trustdir_identity *server;
static trustdir_directory *servers;

/* Both ends of one connection. */
typedef struct {
    trustdir_connection *client, *server;
} pair;

static trustdir_connector_builder *new_builder(void)
{
    trustdir_connector_builder *builder;
    OK(trustdir_connector_builder_new(&builder, &error));
    return builder;
}

/* Uses the builder up. */
static trustdir_connector *build(trustdir_connector_builder *builder)
{
    trustdir_connector *connector;
    OK(trustdir_connector_builder_build(builder, &connector, &error));
    trustdir_connector_builder_free(builder);
    return connector;
}

static trustdir_connector *trusting_authority(void)
{
    trustdir_connector_builder *builder = new_builder();
    OK(trustdir_connector_builder_add_authority(builder, trustdir_authority_certificate(authority), &error));
    return build(builder);
}

static trustdir_connector *trusting_pin(const trustdir_certificate *pin)
{
    trustdir_connector_builder *builder = new_builder();
    OK(trustdir_connector_builder_add_pin(builder, pin, &error));
    return build(builder);
}

static trustdir_connector *trusting_directory(void)
{
    trustdir_connector_builder *builder = new_builder();
    OK(trustdir_connector_builder_set_directory(builder, servers, &error));
    return build(builder);
}

static trustdir_acceptor *serving(void)
{
    trustdir_acceptor_builder *builder;
    trustdir_acceptor *acceptor;
    OK(trustdir_acceptor_builder_new(server, &builder, &error));
    OK(trustdir_acceptor_builder_build(builder, &acceptor, &error));
    trustdir_acceptor_builder_free(builder);
    return acceptor;
}

/* Carries what `from` has to send; how much it was. `to` answers with `*status`. */
static size_t carry(trustdir_connection *from, trustdir_connection *to, trustdir_status *status)
{
    static uint8_t wire[65536];
    size_t count;
    OK(trustdir_connection_write_tls(from, wire, sizeof wire, &count, &error));
    if (count > 0)
        *status = trustdir_connection_read_tls(to, wire, count, NULL);
    return count;
}

/* Carries both ways until there is no more; what the client said last. */
static trustdir_status exchange(pair *ends)
{
    trustdir_status client = TRUSTDIR_STATUS_OK, server_said = TRUSTDIR_STATUS_OK;
    while (carry(ends->client, ends->server, &server_said) + carry(ends->server, ends->client, &client) > 0)
        ;
    return client;
}

static pair call(const trustdir_connector *connector, const trustdir_acceptor *acceptor, const char *host)
{
    pair ends;
    OK(trustdir_connector_connect(connector, host, &ends.client, &error));
    OK(trustdir_acceptor_accept(acceptor, &ends.server, &error));
    return ends;
}

static void part(pair *ends)
{
    trustdir_connection_free(ends->client);
    trustdir_connection_free(ends->server);
}

static void say(trustdir_connection *from, trustdir_connection *to, const char *word)
{
    char heard[64] = "";
    size_t count;
    trustdir_status status = TRUSTDIR_STATUS_OK;
    OK(trustdir_connection_write(from, BYTES(word), &count, &error));
    carry(from, to, &status);
    CHECK(status == TRUSTDIR_STATUS_OK);
    OK(trustdir_connection_read(to, (uint8_t *)heard, sizeof heard - 1, &count, &error));
    TEXT(heard, word);
}

/* What was said, and the end behind it, with room for a record or two at a time. */
static void receive(trustdir_connection *from, trustdir_connection *to)
{
    static uint8_t wire[100000], said[50000], heard[sizeof said + 20000];
    size_t count, sent = 0, taken, at = 0, known = 0;
    for (size_t i = 0; i < sizeof said; i++)
        said[i] = (uint8_t)(i * 7);
    OK(trustdir_connection_write(from, said, sizeof said, &count, &error));
    OK(trustdir_connection_close_notify(from, &error));
    do {
        OK(trustdir_connection_write_tls(from, wire + sent, sizeof wire - sent, &count, &error));
        sent += count;
    } while (count > 0);
    do {
        OK(trustdir_connection_receive(to, wire + at, sent - at, &taken, heard + known, 20000, &count, &error));
        at += taken;
        known += count;
    } while (count > 0);
    CHECK(at == sent && known == sizeof said && memcmp(said, heard, sizeof said) == 0);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_connection_receive(to, wire, 0, &taken, heard, 0, &count, &error));
}

/* How a call to this host ends, for the client. */
static trustdir_status outcome(trustdir_connector *connector, const char *host, trustdir_reason reason)
{
    trustdir_acceptor *acceptor = serving();
    pair ends = call(connector, acceptor, host);
    trustdir_status status = exchange(&ends);
    const trustdir_decision *decision = trustdir_connection_decision(ends.client);
    CHECK(decision != NULL && trustdir_decision_reason(decision) == reason);
    if (status == TRUSTDIR_STATUS_OK) {
        CHECK(trustdir_connection_wants(ends.client) == TRUSTDIR_WANTS_READ);
        CHECK(trustdir_connection_peer_chain_len(ends.client) >= 1);
        say(ends.client, ends.server, "question");
        say(ends.server, ends.client, "answer");
        receive(ends.server, ends.client);
    } else {
        uint8_t byte;
        size_t count;
        CHECK(trustdir_connection_write(ends.client, BYTES("x"), &count, NULL) == status);
        CHECK(trustdir_connection_read(ends.server, &byte, 1, &count, NULL) == TRUSTDIR_STATUS_ALERT);
    }
    part(&ends);
    trustdir_acceptor_free(acceptor);
    trustdir_connector_free(connector);
    return status;
}

static void trust(void)
{
    const trustdir_certificate *own = trustdir_identity_certificate(server, 0);
    CHECK(outcome(trusting_authority(), "nas.home.arpa", TRUSTDIR_REASON_ADMITTED) == TRUSTDIR_STATUS_OK);
    CHECK(outcome(trusting_authority(), "other.home.arpa", TRUSTDIR_REASON_NAME_MISMATCH) ==
          TRUSTDIR_STATUS_NAME_MISMATCH);
    CHECK(outcome(trusting_pin(own), "192.0.2.1", TRUSTDIR_REASON_ADMITTED) == TRUSTDIR_STATUS_OK);
    CHECK(outcome(trusting_pin(trustdir_authority_certificate(authority)), "nas.home.arpa",
                  TRUSTDIR_REASON_NOT_INSTALLED) == TRUSTDIR_STATUS_UNTRUSTED);

    trustdir_connector *connector = trusting_authority(), *none;
    trustdir_connection *connection;
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_connector_connect(connector, "a b", &connection, &error));
    CHECK(connection == NULL);
    trustdir_connector_free(connector);
    trustdir_connector_builder *builder = new_builder();
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_connector_builder_build(builder, &none, &error));
    OK(trustdir_connector_builder_add_authority(builder, own, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_connector_builder_build(builder, &none, &error));
    trustdir_connector_builder_free(builder);
}

/* The pin goes while the connection is open. */
static void removal(void)
{
    trustdir_connector *connector = trusting_directory(), *clone;
    trustdir_acceptor *acceptor = serving();
    trustdir_open_connections *open;
    OK(trustdir_connector_clone(connector, &clone, &error));
    pair ends = call(connector, acceptor, "any.name");
    CHECK(exchange(&ends) == TRUSTDIR_STATUS_OK);
    OK(trustdir_connector_connections(clone, &open, &error));
    CHECK(trustdir_open_connections_len(open) == 1);
    CHECK(trustdir_open_connections_id(open, 0) == trustdir_connection_id(ends.client));
    trustdir_open_connections_free(open);

    OK(trustdir_directory_remove(servers, "nas.home.arpa", NULL, &error));
    CHECK(trustdir_connection_is_revoked(ends.client));
    STATUS(TRUSTDIR_STATUS_REVOKED, trustdir_connection_recheck(ends.client, &error));
    CHECK(trustdir_decision_reason(trustdir_connection_decision(ends.client)) == TRUSTDIR_REASON_REMOVED);
    part(&ends);
    CHECK(outcome(clone, "any.name", TRUSTDIR_REASON_REMOVED) == TRUSTDIR_STATUS_REVOKED);
    OK(trustdir_directory_install(servers, trustdir_identity_certificate(server, 0), NULL, &error));
    trustdir_connector_free(connector);
    trustdir_acceptor_free(acceptor);
}

/* What the acceptor's host is told. */
typedef struct {
    int admitted, removed, freed;
    char subject[64];
} told;

static void tell(const trustdir_decision *decision, void *userdata)
{
    told *to = userdata;
    to->admitted += trustdir_decision_is_admitted(decision);
    to->removed += trustdir_decision_reason(decision) == TRUSTDIR_REASON_REMOVED;
    snprintf(to->subject, sizeof to->subject, "%s", trustdir_decision_subject(decision));
}

static void tell_freed(void *userdata)
{
    ((told *)userdata)->freed++;
}

static trustdir_counters *counters(const trustdir_acceptor *acceptor)
{
    trustdir_counters *counters;
    OK(trustdir_acceptor_counters(acceptor, &counters, &error));
    return counters;
}

/* One page about both ends, told apart by a label. */
static void page(const trustdir_counters *acceptors, const trustdir_counters *connectors)
{
    static const char *const names[] = {"service", "zone"}, *const values[] = {"rpc", "home"}, *const other[] = {"call"};
    static const char *const own[] = {"reason"};
    trustdir_prometheus_page *page;
    trustdir_buffer *text;
    OK(trustdir_prometheus_page_new(&page, &error));
    OK(trustdir_prometheus_page_add(page, acceptors, names, values, 2, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_prometheus_page_add(page, connectors, names, values, 2, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_prometheus_page_add(page, connectors, own, other, 1, &error));
    OK(trustdir_prometheus_page_add(page, connectors, names, other, 1, &error));
    OK(trustdir_prometheus_page_text(page, &text, &error));
    const char *found = (const char *)trustdir_buffer_data(text);
    CHECK(strstr(found, "\ntrustdir_connections_accepted_total{service=\"rpc\",zone=\"home\"} 3\n"
                        "trustdir_connections_accepted_total{service=\"call\"} 3\n") != NULL);
    trustdir_buffer_free(text);
    trustdir_prometheus_page_free(page);
}

/* Alice calls twice, is removed, and calls again; both ends count, and the acceptor's host is told. */
static void telemetry(void)
{
    trustdir_identity *alice;
    trustdir_directory *clients;
    trustdir_acceptor_builder *settings;
    trustdir_acceptor *acceptor;
    told hears = {0, 0, 0, ""};
    OK(trustdir_authority_issue_client(authority, "alice", NULL, 0, NULL, &alice, &error));
    CHECK(mkdir(in_root("clients"), 0700) == 0);
    OK(trustdir_directory_open(in_root("clients"), TRUSTDIR_ENTRY_NAMES_ANY, &clients, &error));
    OK(trustdir_directory_install(clients, trustdir_identity_certificate(alice, 0), NULL, &error));
    OK(trustdir_acceptor_builder_new(server, &settings, &error));
    OK(trustdir_acceptor_builder_set_directory(settings, clients, &error));
    OK(trustdir_acceptor_builder_on_decision(settings, tell, &hears, tell_freed, &error));
    OK(trustdir_acceptor_builder_build(settings, &acceptor, &error));
    STATUS(TRUSTDIR_STATUS_NULL_ARGUMENT,
           trustdir_acceptor_builder_on_decision(settings, NULL, &hears, tell_freed, &error));
    CHECK(hears.freed == 1);
    OK(trustdir_acceptor_reload(acceptor, settings, &error));
    trustdir_acceptor_builder_free(settings);

    trustdir_connector_builder *builder = new_builder();
    OK(trustdir_connector_builder_add_authority(builder, trustdir_authority_certificate(authority), &error));
    OK(trustdir_connector_builder_set_identity(builder, alice, &error));
    trustdir_connector *connector = build(builder);
    pair first = call(connector, acceptor, "nas.home.arpa");
    CHECK(exchange(&first) == TRUSTDIR_STATUS_OK);
    say(first.client, first.server, "question");
    pair second = call(connector, acceptor, "nas.home.arpa");
    CHECK(exchange(&second) == TRUSTDIR_STATUS_OK && trustdir_connection_resumed(second.client));
    CHECK(hears.admitted == 2 && hears.removed == 0);
    TEXT(hears.subject, "CN=alice");

    OK(trustdir_directory_remove(clients, "alice", NULL, &error));
    STATUS(TRUSTDIR_STATUS_REVOKED, trustdir_connection_recheck(first.server, &error));
    pair third = call(connector, acceptor, "nas.home.arpa");
    exchange(&third);
    CHECK(hears.removed == 2);
    CHECK(trustdir_connection_recheck(third.server, &error) == TRUSTDIR_STATUS_REVOKED);
    TEXT(trustdir_error_subject(error), "CN=alice");
    CHECK(trustdir_decision_reason(trustdir_error_decision(error)) == TRUSTDIR_REASON_REMOVED);
    trustdir_error_free(error);
    error = NULL;

    trustdir_counters *now = counters(acceptor);
    CHECK(trustdir_counters_accepted(now) == 3 && trustdir_counters_open(now) == 3);
    CHECK(trustdir_counters_full(now) == 1 && trustdir_counters_resumed(now) == 1);
    CHECK(trustdir_counters_admitted(now) == 1);
    CHECK(trustdir_counters_refusals(now, TRUSTDIR_REASON_REMOVED) == 1);
    CHECK(trustdir_counters_revocations(now, TRUSTDIR_REASON_REMOVED) == 1);
    CHECK(trustdir_counters_refusals(now, TRUSTDIR_REASON_EXPIRED) == 0 && trustdir_counters_refusals(now, 999) == 0);
    CHECK(trustdir_counters_plaintext_in(now) == 8 && trustdir_counters_plaintext_out(now) == 0);
    CHECK(trustdir_counters_reloads(now) == 1 && trustdir_counters_failed_reloads(now) == 0);
    CHECK(strstr(trustdir_counters_prometheus(now), "\ntrustdir_handshakes_total{kind=\"resumed\"} 1\n") != NULL);

    trustdir_counters *theirs;
    OK(trustdir_connector_counters(connector, &theirs, &error));
    CHECK(trustdir_counters_accepted(theirs) == 3 && trustdir_counters_plaintext_out(theirs) == 8);
    /* What comes after a refusal is not taken. */
    CHECK(trustdir_counters_ciphertext_out(theirs) >= trustdir_counters_ciphertext_in(now));
    CHECK(trustdir_counters_ciphertext_out(now) >= trustdir_counters_ciphertext_in(theirs));
    CHECK(trustdir_counters_ciphertext_in(now) > 1000 && trustdir_counters_ciphertext_in(theirs) > 1000);
    page(now, theirs);
    trustdir_counters_free(theirs);
    trustdir_counters_free(now);
    part(&first);
    part(&second);
    part(&third);

    /* One that ends undecided. */
    pair fourth = call(connector, acceptor, "nas.home.arpa");
    part(&fourth);
    now = counters(acceptor);
    CHECK(trustdir_counters_open(now) == 0 && trustdir_counters_failures(now, TRUSTDIR_STATUS_CLOSED) == 1);
    CHECK(trustdir_counters_failures(now, TRUSTDIR_STATUS_TLS) == 0);
    trustdir_counters_free(now);
    trustdir_connector_free(connector);
    CHECK(hears.freed == 1);
    trustdir_acceptor_free(acceptor);
    CHECK(hears.freed == 2);
    trustdir_identity_free(alice);
    trustdir_directory_free(clients);
}

static void count_line(const char *line, void *userdata)
{
    *(int *)userdata += strchr(line, ' ') != NULL;
}

static void settings(void)
{
    static const char *const protocols[] = {"h2", "http/1.1"};
    int lines = 0;
    trustdir_connector *connector, *none;
    trustdir_acceptor *acceptor = serving();
    trustdir_connector_builder *builder = new_builder();
    OK(trustdir_connector_builder_add_pin(builder, trustdir_identity_certificate(server, 0), &error));
    OK(trustdir_connector_builder_set_alpn(builder, protocols, 2, &error));
    OK(trustdir_connector_builder_set_versions(builder, TRUSTDIR_TLS_VERSION_TLS12, TRUSTDIR_TLS_VERSION_TLS12,
                                               &error));
    OK(trustdir_connector_builder_set_key_log(builder, count_line, &lines, NULL, &error));
    OK(trustdir_connector_builder_set_handshake_timeout(builder, 60000, &error));
    OK(trustdir_connector_builder_set_handshake_bytes(builder, 16384, &error));
    OK(trustdir_connector_builder_set_max_chain(builder, 3, &error));
    OK(trustdir_connector_builder_set_max_fragment_size(builder, 512, &error));
    OK(trustdir_connector_builder_build(builder, &connector, &error));
    pair ends = call(connector, acceptor, "nas.home.arpa");
    int64_t left = trustdir_connection_deadline(ends.client);
    CHECK(left > 30000 && left <= 60000);
    CHECK(exchange(&ends) == TRUSTDIR_STATUS_OK && lines > 0);
    TEXT(trustdir_connection_version(ends.client), "TLSv1.2");
    TEXT(trustdir_connection_server_name(ends.client), "nas.home.arpa");
    part(&ends);
    trustdir_connector_free(connector);

    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_connector_builder_set_versions(builder, 12, 14, &error));
    OK(trustdir_connector_builder_set_max_fragment_size(builder, 31, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_connector_builder_build(builder, &none, &error));
    trustdir_connector_builder_free(builder);
    trustdir_acceptor_free(acceptor);
}

/* The directory of authorities vouches, and its lists revoke. */
static void authorities(void)
{
    trustdir_authority_directory *anchors;
    trustdir_connector *none;
    CHECK(mkdir(in_root("anchors"), 0700) == 0);
    write_file(in_root("anchors/ca.pem"), trustdir_certificate_pem(trustdir_authority_certificate(authority)));
    OK(trustdir_authority_directory_open(in_root("anchors"), NULL, &anchors, &error));
    trustdir_connector_builder *builder = new_builder();
    OK(trustdir_connector_builder_set_authorities(builder, anchors, &error));
    trustdir_connector *connector = build(builder);
    trustdir_authority_directory_free(anchors);
    CHECK(outcome(connector, "nas.home.arpa", TRUSTDIR_REASON_ADMITTED) == TRUSTDIR_STATUS_OK);
    OK(trustdir_authority_directory_open(in_root("anchors"), NULL, &anchors, &error));
    builder = new_builder();
    OK(trustdir_connector_builder_set_authorities(builder, anchors, &error));
    OK(trustdir_connector_builder_add_authority(builder, trustdir_authority_certificate(authority), &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_connector_builder_build(builder, &none, &error));
    trustdir_connector_builder_free(builder);
    trustdir_authority_directory_free(anchors);
}

static void identity_files(void)
{
    static const char *const names[] = {"nas.home.arpa"};
    trustdir_identity_files *files;
    trustdir_identity *first, *second, *renewed;
    char certificate[512], key[512];
    snprintf(certificate, sizeof certificate, "%s", in_root("files.pem"));
    snprintf(key, sizeof key, "%s", in_root("files.key"));
    OK(trustdir_identity_files_new(certificate, key, BYTES("secret"), &files, &error));
    TEXT(trustdir_identity_files_certificate_path(files), certificate);
    TEXT(trustdir_identity_files_key_path(files), key);
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_identity_files_load(files, &first, &error));
    CHECK(first == NULL);
    OK(trustdir_identity_save(server, certificate, key, BYTES("secret"), &error));
    OK(trustdir_identity_files_load(files, &first, &error));
    TEXT(trustdir_certificate_fingerprint(trustdir_identity_certificate(first, 0)),
         trustdir_certificate_fingerprint(trustdir_identity_certificate(server, 0)));
    OK(trustdir_identity_files_reload_if_changed(files, &second, &error));
    CHECK(second == NULL);

    OK(trustdir_authority_issue_server(authority, names, 1, NULL, &renewed, &error));
    CHECK(remove(certificate) == 0);
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_identity_files_reload_if_changed(files, &second, &error));
    CHECK(remove(key) == 0);
    OK(trustdir_identity_save(renewed, certificate, key, BYTES("secret"), &error));
    OK(trustdir_identity_files_reload_if_changed(files, &second, &error));
    TEXT(trustdir_certificate_fingerprint(trustdir_identity_certificate(second, 0)),
         trustdir_certificate_fingerprint(trustdir_identity_certificate(renewed, 0)));
    trustdir_identity_files_free(files);
    trustdir_identity_free(first);
    trustdir_identity_free(second);
    trustdir_identity_free(renewed);
}

int main(void)
{
    static const char *const names[] = {"nas.home.arpa"};
    start();
    OK(trustdir_authority_create(in_root("ca"), NULL, &authority, &error));
    OK(trustdir_authority_issue_server(authority, names, 1, NULL, &server, &error));
    CHECK(mkdir(in_root("servers"), 0700) == 0);
    OK(trustdir_directory_open(in_root("servers"), TRUSTDIR_ENTRY_NAMES_ANY, &servers, &error));
    OK(trustdir_directory_install(servers, trustdir_identity_certificate(server, 0), NULL, &error));
    trust();
    removal();
    telemetry();
    settings();
    authorities();
    identity_files();
    trustdir_directory_free(servers);
    trustdir_identity_free(server);
    trustdir_authority_free(authority);
    return finish();
}
