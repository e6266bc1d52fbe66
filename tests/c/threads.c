/* Threads that share an acceptor, a connector, a directory and an authority: handshakes, while clients are installed and
 * removed, settings are reloaded, certificates issued and numbers read. Prints "N passed, M failed" as its last line;
 * exits 0 only when nothing failed. Clean under valgrind and AddressSanitizer. */
#include "check.h"

#include <pthread.h>

enum { ROUNDS = 6 };

/* Used by all of them at once. */
static const trustdir_authority *authority;
static const trustdir_directory *clients;
static const trustdir_acceptor *acceptor;
static const trustdir_connector *connector;
static const trustdir_identity *server, *alice;

/* What one thread has to tell when it ends. */
typedef struct {
    int calls, admitted, refused, broken;
} tally;

/* A call that cannot fail, whatever the others do. */
static void must(tally *seen, trustdir_status status)
{
    seen->calls++;
    seen->broken += status != TRUSTDIR_STATUS_OK;
}

/* Carries what `from` has to send; how much it was. */
static size_t carry(trustdir_connection *from, trustdir_connection *to, tally *seen)
{
    uint8_t wire[16384];
    size_t count;
    must(seen, trustdir_connection_write_tls(from, wire, sizeof wire, &count, NULL));
    if (count > 0)
        /* It refuses, or hears that it is refused: the decision tells. */
        (void)!trustdir_connection_read_tls(to, wire, count, NULL);
    return count;
}

static void call(tally *seen)
{
    trustdir_connection *near, *far;
    must(seen, trustdir_connector_connect(connector, "localhost", &near, NULL));
    must(seen, trustdir_acceptor_accept(acceptor, &far, NULL));
    while (carry(near, far, seen) + carry(far, near, seen) > 0)
        ;
    const trustdir_decision *decision = trustdir_connection_decision(far);
    seen->admitted += trustdir_decision_is_admitted(decision);
    seen->refused += decision != NULL && !trustdir_decision_is_admitted(decision);
    trustdir_connection_free(near);
    trustdir_connection_free(far);
}

static void *calls(void *seen)
{
    for (int i = 0; i < ROUNDS; i++)
        call(seen);
    return seen;
}

/* The operator's thread: alice goes and comes back. */
static void *operates(void *seen)
{
    const trustdir_certificate *certificate = trustdir_identity_certificate(alice, 0);
    for (int i = 0; i < ROUNDS; i++) {
        trustdir_entries *entries;
        must(seen, trustdir_directory_remove(clients, "alice", NULL, NULL));
        must(seen, trustdir_directory_list(clients, &entries, NULL));
        must(seen, trustdir_directory_install(clients, certificate, NULL, NULL));
        ((tally *)seen)->broken += !trustdir_directory_contains(clients, certificate);
        trustdir_entries_free(entries);
    }
    return seen;
}

static void *issues(void *seen)
{
    for (int i = 0; i < ROUNDS; i++) {
        trustdir_identity *identity;
        trustdir_issued *issued;
        must(seen, trustdir_authority_issue_client(authority, "bob", NULL, 0, NULL, &identity, NULL));
        must(seen, trustdir_authority_find(authority, "bob", &issued, NULL));
        trustdir_identity_free(identity);
        trustdir_issued_free(issued);
    }
    return seen;
}

static void *reloads(void *seen)
{
    for (int i = 0; i < ROUNDS; i++) {
        trustdir_acceptor_builder *settings;
        trustdir_counters *counters;
        trustdir_open_connections *open;
        must(seen, trustdir_acceptor_builder_new(server, &settings, NULL));
        must(seen, trustdir_acceptor_builder_set_directory(settings, clients, NULL));
        must(seen, trustdir_acceptor_reload(acceptor, settings, NULL));
        must(seen, trustdir_acceptor_counters(acceptor, &counters, NULL));
        must(seen, trustdir_acceptor_connections(acceptor, &open, NULL));
        ((tally *)seen)->broken += trustdir_counters_prometheus(counters) == NULL;
        trustdir_open_connections_free(open);
        trustdir_counters_free(counters);
        trustdir_acceptor_builder_free(settings);
    }
    return seen;
}

/* Lazy texts of one object, made by whoever comes first. */
static void *reads(void *seen)
{
    const trustdir_certificate *certificate = trustdir_identity_certificate(server, 0);
    for (int i = 0; i < 100 * ROUNDS; i++) {
        const char *texts[] = {trustdir_certificate_subject(certificate), trustdir_certificate_pem(certificate),
                               trustdir_certificate_name(certificate, 0), trustdir_identity_chain_pem(server)};
        for (size_t j = 0; j < 4; j++)
            ((tally *)seen)->broken += strlen(texts[j]) == 0;
    }
    return seen;
}

static void together(tally *sum)
{
    void *(*const jobs[])(void *) = {calls, calls, operates, issues, issues, reloads, reads, reads};
    enum { THREADS = sizeof jobs / sizeof jobs[0] };
    pthread_t threads[THREADS];
    tally seen[THREADS] = {{0, 0, 0, 0}};
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, jobs[i], &seen[i]) == 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        sum->calls += seen[i].calls;
        sum->admitted += seen[i].admitted;
        sum->refused += seen[i].refused;
        sum->broken += seen[i].broken;
    }
}

int main(void)
{
    static const char *const names[] = {"localhost"};
    trustdir_authority *own_authority;
    trustdir_directory *own_clients;
    trustdir_identity *own_server, *own_alice;
    trustdir_acceptor_builder *settings;
    trustdir_acceptor *own_acceptor;
    trustdir_connector_builder *trusts;
    trustdir_connector *own_connector;
    start();
    OK(trustdir_authority_create(in_root("ca"), NULL, &own_authority, &error));
    OK(trustdir_authority_issue_server(own_authority, names, 1, NULL, &own_server, &error));
    OK(trustdir_authority_issue_client(own_authority, "alice", NULL, 0, NULL, &own_alice, &error));
    CHECK(mkdir(in_root("clients"), 0700) == 0);
    OK(trustdir_directory_open(in_root("clients"), TRUSTDIR_ENTRY_NAMES_ANY, &own_clients, &error));
    OK(trustdir_directory_install(own_clients, trustdir_identity_certificate(own_alice, 0), NULL, &error));
    OK(trustdir_acceptor_builder_new(own_server, &settings, &error));
    OK(trustdir_acceptor_builder_set_directory(settings, own_clients, &error));
    OK(trustdir_acceptor_builder_build(settings, &own_acceptor, &error));
    OK(trustdir_connector_builder_new(&trusts, &error));
    OK(trustdir_connector_builder_add_authority(trusts, trustdir_authority_certificate(own_authority), &error));
    OK(trustdir_connector_builder_set_identity(trusts, own_alice, &error));
    OK(trustdir_connector_builder_build(trusts, &own_connector, &error));
    authority = own_authority, clients = own_clients, acceptor = own_acceptor, connector = own_connector;
    server = own_server, alice = own_alice;

    tally sum = {0, 0, 0, 0};
    together(&sum);
    CHECK(sum.broken == 0);
    CHECK(sum.admitted + sum.refused == 2 * ROUNDS);
    trustdir_counters *counters;
    OK(trustdir_acceptor_counters(acceptor, &counters, &error));
    CHECK(trustdir_counters_accepted(counters) == 2 * ROUNDS && trustdir_counters_open(counters) == 0);
    CHECK(trustdir_counters_reloads(counters) == ROUNDS);
    CHECK(trustdir_counters_full(counters) + trustdir_counters_resumed(counters) == (uint64_t)sum.admitted);
    trustdir_counters_free(counters);
    /* No certificate was lost on the way to the ledger. */
    trustdir_issued *issued;
    OK(trustdir_authority_find(authority, "bob", &issued, &error));
    CHECK(trustdir_issued_len(issued) == 2 * ROUNDS);
    trustdir_issued_free(issued);

    trustdir_connector_free(own_connector);
    trustdir_connector_builder_free(trusts);
    trustdir_acceptor_free(own_acceptor);
    trustdir_acceptor_builder_free(settings);
    trustdir_directory_free(own_clients);
    trustdir_identity_free(own_alice);
    trustdir_identity_free(own_server);
    trustdir_authority_free(own_authority);
    return finish();
}
