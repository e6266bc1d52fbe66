/* Directories: opened, filled, rehashed, checked; removals and open connections with a real client; authorities. Prints
 * "N passed, M failed" as its last line; exits 0 only when nothing failed. Clean under valgrind. */
#include "check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>

static trustdir_authority *authority;
static trustdir_directory *clients;
static trustdir_identity *alice;

static const trustdir_certificate *certificate(const trustdir_identity *identity)
{
    return trustdir_identity_certificate(identity, 0);
}

static trustdir_identity *issue(const char *name, const trustdir_issue_options *options)
{
    trustdir_identity *identity;
    OK(trustdir_authority_issue_client(authority, name, NULL, 0, options, &identity, &error));
    return identity;
}

static void save(const char *name, const trustdir_identity *identity, bool with_key)
{
    trustdir_buffer *key = NULL;
    char text[8192];
    if (with_key)
        OK(trustdir_identity_key_pem(identity, NO_PASSPHRASE, &key, &error));
    snprintf(text, sizeof text, "%s%s", with_key ? (const char *)trustdir_buffer_data(key) : "",
             trustdir_certificate_pem(certificate(identity)));
    write_file(in_root(name), text);
    trustdir_buffer_free(key);
}

static size_t entries(const trustdir_directory *directory)
{
    trustdir_entries *list;
    OK(trustdir_directory_list(directory, &list, &error));
    size_t count = trustdir_entries_len(list);
    trustdir_entries_free(list);
    return count;
}

static void count_up(size_t done, size_t total, void *userdata)
{
    if (done == total)
        __atomic_store_n((size_t *)userdata, done, __ATOMIC_SEQ_CST);
}

static void opening(void)
{
    trustdir_directory *directory;
    trustdir_directory_options *options;
    size_t read = 0;
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_directory_open_with(in_root("clients"), NULL, &clients, &error));
    OK(trustdir_directory_options_new(&options, &error));
    OK(trustdir_directory_options_set_create(options, true, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_directory_options_set_entry_names(options, 2, &error));
    OK(trustdir_directory_open_with(in_root("clients"), options, &clients, &error));
    OK(trustdir_directory_options_set_create(options, false, &error));
    save("clients/alice.pem", alice, false);

    OK(trustdir_directory_open_with_progress(in_root("clients"), options, count_up, &read, &directory, &error));
    CHECK(read == 1 && entries(directory) == 1);
    trustdir_directory_free(directory);
    OK(trustdir_directory_options_set_entry_names(options, TRUSTDIR_ENTRY_NAMES_SUBJECT_HASH, &error));
    OK(trustdir_directory_options_set_watch(options, false, &error));
    OK(trustdir_directory_open_with(in_root("clients"), options, &directory, &error));
    CHECK(entries(directory) == 0);
    trustdir_directory_free(directory);
    trustdir_directory_options_free(options);
    CHECK(remove(in_root("clients/alice.pem")) == 0);
}

static void installing(void)
{
    trustdir_installed *installed;
    trustdir_issue_options *past;
    OK(trustdir_directory_install_certificate(clients, certificate(alice), &installed, &error));
    CHECK(trustdir_installed_is_new(installed) && trustdir_installed_warning(installed) == NULL);
    CHECK(access(trustdir_installed_file(installed), R_OK) == 0 && trustdir_installed_removed_len(installed) == 0);
    TEXT(trustdir_certificate_subject(trustdir_installed_certificate(installed)), "CN=alice");
    trustdir_installed_free(installed);
    OK(trustdir_directory_install_certificate(clients, certificate(alice), &installed, &error));
    CHECK(!trustdir_installed_is_new(installed));
    trustdir_installed_free(installed);

    OK(trustdir_issue_options_new(&past, &error));
    OK(trustdir_issue_options_set_not_before(past, 1700000000, &error));
    OK(trustdir_issue_options_set_not_after(past, 1700086400, &error));
    trustdir_identity *bob = issue("bob", past), *carol = issue("carol", NULL), *dave = issue("dave", NULL);
    save("bob.pem", bob, true);
    OK(trustdir_directory_install_file(clients, in_root("bob.pem"), &installed, &error));
    const trustdir_decision *warning = trustdir_installed_warning(installed);
    CHECK(trustdir_decision_reason(warning) == TRUSTDIR_REASON_EXPIRED && !trustdir_decision_is_admitted(warning));
    TEXT(trustdir_decision_entry(warning), trustdir_installed_file(installed));
    trustdir_installed_free(installed);
    OK(trustdir_directory_install_bytes(clients, BYTES(trustdir_certificate_pem(certificate(carol))), &installed, &error));
    CHECK(trustdir_installed_is_new(installed));
    trustdir_installed_free(installed);
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_directory_install_bytes(clients, BYTES("nothing"), &installed, &error));
    CHECK(installed == NULL && entries(clients) == 3);

    OK(trustdir_directory_replace(clients, "carol", certificate(dave), &installed, &error));
    CHECK(trustdir_installed_is_new(installed) && trustdir_installed_removed_len(installed) == 1);
    CHECK(access(trustdir_installed_removed(installed, 0), F_OK) != 0);
    CHECK(trustdir_installed_removed(installed, 1) == NULL && entries(clients) == 3);
    trustdir_installed_free(installed);
    STATUS(TRUSTDIR_STATUS_NOT_FOUND,
           trustdir_directory_replace(clients, "carol", certificate(dave), &installed, &error));
    OK(trustdir_directory_remove(clients, "bob", NULL, &error));
    OK(trustdir_directory_remove(clients, "dave", NULL, &error));
    trustdir_issue_options_free(past);
    trustdir_identity_free(bob);
    trustdir_identity_free(carol);
    trustdir_identity_free(dave);
}

static void rehashing(void)
{
    trustdir_rehashed *rehashed;
    trustdir_rehash_plan *plan;
    trustdir_identity *erin = issue("erin", NULL);
    save("clients/erin.pem", erin, false);
    write_file(in_root("clients/broken.pem"), "-----BEGIN CERTIFICATE-----\n");
    CHECK(symlink("nowhere", in_root("clients/0123abcd.0")) == 0);

    OK(trustdir_directory_plan_rehash(clients, &plan, &error));
    const trustdir_rehashed *planned = trustdir_rehash_plan_rehashed(plan);
    CHECK(!trustdir_rehashed_is_unchanged(planned) && trustdir_rehashed_linked_len(planned) == 1);
    TEXT(trustdir_rehashed_linked_to(planned, 0), in_root("clients/erin.pem"));
    CHECK(access(trustdir_rehashed_linked(planned, 0), F_OK) != 0);
    CHECK(trustdir_rehashed_newly_admitted_len(planned) == 1);
    TEXT(trustdir_rehashed_newly_admitted_file(planned, 0), in_root("clients/erin.pem"));
    TEXT(trustdir_certificate_subject(trustdir_rehashed_newly_admitted_certificate(planned, 0)), "CN=erin");
    CHECK(trustdir_rehashed_removed_len(planned) == 1);
    TEXT(trustdir_rehashed_removed(planned, 0), in_root("clients/0123abcd.0"));
    CHECK(trustdir_rehashed_left_len(planned) == 1);
    CHECK(strstr(trustdir_rehashed_left(planned, 0), "broken.pem: ") != NULL);
    OK(trustdir_rehash_plan_carry_out(plan, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_rehash_plan_carry_out(plan, &error));
    CHECK(planned == trustdir_rehash_plan_rehashed(plan));
    CHECK(access(trustdir_rehashed_linked(planned, 0), R_OK) == 0);

    OK(trustdir_directory_rehash(clients, &rehashed, &error));
    CHECK(trustdir_rehashed_is_unchanged(rehashed) && trustdir_rehashed_linked(rehashed, 0) == NULL);
    trustdir_rehashed_free(rehashed);

    /* Behind a gap OpenSSL does not find it. */
    char gap[300];
    snprintf(gap, sizeof gap, "%s", trustdir_rehashed_linked(planned, 0));
    gap[strlen(gap) - 1] = '3';
    CHECK(remove(trustdir_rehashed_linked(planned, 0)) == 0 && rename(in_root("clients/erin.pem"), gap) == 0);
    OK(trustdir_directory_rehash(clients, &rehashed, &error));
    CHECK(trustdir_rehashed_renamed_len(rehashed) == 1 && !trustdir_rehashed_is_unchanged(rehashed));
    TEXT(trustdir_rehashed_renamed(rehashed, 0), gap);
    TEXT(trustdir_rehashed_renamed_to(rehashed, 0), trustdir_rehashed_linked(planned, 0));
    trustdir_rehashed_free(rehashed);
    trustdir_rehash_plan_free(plan);
    trustdir_identity_free(erin);
}

static void checking(void)
{
    trustdir_notices *notices;
    OK(trustdir_directory_remove(clients, "erin", NULL, &error));
    OK(trustdir_directory_install(clients, trustdir_authority_certificate(authority), NULL, &error));
    OK(trustdir_directory_check(clients, &notices, &error));
    CHECK(trustdir_notices_len(notices) == 3);
    TEXT(trustdir_notices_kind(notices, 0), "FILE");
    TEXT(trustdir_notices_file(notices, 0), in_root("clients/broken.pem"));
    CHECK(trustdir_notices_is_problem(notices, 0) && trustdir_notices_certificate(notices, 0) == NULL);
    TEXT(trustdir_notices_kind(notices, 1), trustdir_reason_text(TRUSTDIR_REASON_WRONG_PURPOSE));
    TEXT(trustdir_notices_kind(notices, 2), "AUTHORITY");
    CHECK(!trustdir_notices_is_problem(notices, 2) && strstr(trustdir_notices_message(notices, 2), "CA:TRUE") != NULL);
    TEXT(trustdir_certificate_fingerprint(trustdir_notices_certificate(notices, 2)),
         trustdir_certificate_fingerprint(trustdir_authority_certificate(authority)));
    CHECK(trustdir_notices_kind(notices, 3) == NULL && !trustdir_notices_is_problem(notices, 3));
    trustdir_notices_free(notices);
    CHECK(remove(in_root("clients/broken.pem")) == 0);
    OK(trustdir_directory_remove(clients, trustdir_certificate_fingerprint(trustdir_authority_certificate(authority)),
                                 NULL, &error));
}

/* A client of OpenSSL's on the other end of a connection. */
struct served {
    trustdir_connection *connection;
    FILE *client;
    int socket;
};

static void flush(struct served *served)
{
    uint8_t data[4096];
    size_t count;
    do {
        OK(trustdir_connection_write_tls(served->connection, data, sizeof data, &count, &error));
        CHECK(write(served->socket, data, count) == (ssize_t)count);
    } while (count > 0);
}

static struct served serve(const trustdir_acceptor *acceptor)
{
    struct served served;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, len) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    char command[400];
    snprintf(command, sizeof command, "openssl s_client -quiet -connect 127.0.0.1:%d -cert %s -key %s >%s 2>&1",
             ntohs(address.sin_port), in_root("alice.pem"), in_root("alice.pem"), in_root("client.txt"));
    served.client = popen(command, "w");
    served.socket = accept(listener, NULL, NULL);
    CHECK(served.client != NULL && served.socket >= 0 && close(listener) == 0);
    OK(trustdir_acceptor_accept(acceptor, &served.connection, &error));
    while (trustdir_connection_is_handshaking(served.connection)) {
        uint8_t data[4096];
        ssize_t count = read(served.socket, data, sizeof data);
        CHECK(count > 0);
        if (count <= 0)
            break;
        OK(trustdir_connection_read_tls(served.connection, data, (size_t)count, &error));
        flush(&served);
    }
    return served;
}

static void end(struct served *served)
{
    trustdir_connection_free(served->connection);
    CHECK(close(served->socket) == 0 && pclose(served->client) >= 0);
}

static trustdir_acceptor *make_acceptor(const trustdir_identity *server, int32_t on_removal,
                                        const trustdir_authority_directory *authorities)
{
    trustdir_acceptor_builder *builder;
    trustdir_acceptor *acceptor;
    OK(trustdir_acceptor_builder_new(server, &builder, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_acceptor_builder_set_on_removal(builder, 7, &error));
    OK(trustdir_acceptor_builder_set_on_removal(builder, on_removal, &error));
    OK(trustdir_acceptor_builder_set_directory(builder, clients, &error));
    if (authorities != NULL)
        OK(trustdir_acceptor_builder_set_authorities(builder, authorities, &error));
    OK(trustdir_acceptor_builder_build(builder, &acceptor, &error));
    trustdir_acceptor_builder_free(builder);
    return acceptor;
}

static int readable(const trustdir_removals *removals, int milliseconds)
{
    struct pollfd poll_fd = {.fd = trustdir_removals_fd(removals), .events = POLLIN};
    return poll(&poll_fd, 1, milliseconds);
}

static void removing(const trustdir_identity *server, int32_t on_removal)
{
    trustdir_removals *removals;
    trustdir_open_connections *open;
    trustdir_buffer *file;
    OK(trustdir_directory_install(clients, certificate(alice), &file, &error));
    trustdir_acceptor *acceptor = make_acceptor(server, on_removal, NULL);
    struct served first = serve(acceptor), second = serve(acceptor);

    OK(trustdir_acceptor_connections(acceptor, &open, &error));
    CHECK(trustdir_open_connections_len(open) == 2);
    CHECK(trustdir_open_connections_id(open, 0) == trustdir_connection_id(first.connection));
    CHECK(trustdir_open_connections_id(open, 1) == trustdir_connection_id(second.connection));
    CHECK(trustdir_connection_id(first.connection) != trustdir_connection_id(second.connection));
    TEXT(trustdir_certificate_subject(trustdir_open_connections_certificate(open, 0)), "CN=alice");
    TEXT(trustdir_open_connections_entry(open, 0), (const char *)trustdir_buffer_data(file));
    CHECK(trustdir_open_connections_since(open, 0) >= trustdir_certificate_not_before(certificate(alice)));
    CHECK(!trustdir_open_connections_is_revoked(open, 0) && !trustdir_connection_is_revoked(first.connection));
    CHECK(trustdir_open_connections_entry(open, 2) == NULL);
    trustdir_open_connections_free(open);

    OK(trustdir_directory_removals(clients, &removals, &error));
    CHECK(readable(removals, 0) == 0 && !trustdir_removals_next(removals));
    CHECK(trustdir_removals_fingerprint(removals) == NULL && trustdir_removals_file(removals) == NULL);
    CHECK(remove((const char *)trustdir_buffer_data(file)) == 0);
    CHECK(readable(removals, 20000) == 1 && trustdir_removals_next(removals));
    TEXT(trustdir_removals_fingerprint(removals), trustdir_certificate_fingerprint(certificate(alice)));
    TEXT(trustdir_removals_file(removals), (const char *)trustdir_buffer_data(file));
    CHECK(!trustdir_removals_next(removals) && readable(removals, 0) == 0 && !trustdir_removals_missed(removals));

    OK(trustdir_acceptor_connections(acceptor, &open, &error));
    CHECK(trustdir_open_connections_len(open) == 2 && trustdir_open_connections_is_revoked(open, 0));
    CHECK(trustdir_connection_is_revoked(first.connection));
    trustdir_open_connections_free(open);
    uint8_t data[16];
    size_t count;
    if (on_removal == TRUSTDIR_ON_REMOVAL_FINISH) {
        OK(trustdir_connection_recheck(first.connection, &error));
        OK(trustdir_connection_write(first.connection, BYTES("last words"), &count, &error));
        CHECK(count == strlen("last words"));
    } else {
        STATUS(TRUSTDIR_STATUS_REVOKED, trustdir_connection_recheck(first.connection, &error));
        STATUS(TRUSTDIR_STATUS_REVOKED,
               trustdir_connection_read(first.connection, data, sizeof data, &count, &error));
    }
    flush(&first);
    end(&second);
    OK(trustdir_acceptor_connections(acceptor, &open, &error));
    CHECK(trustdir_open_connections_len(open) == (on_removal == TRUSTDIR_ON_REMOVAL_FINISH));
    trustdir_open_connections_free(open);
    trustdir_acceptor_free(acceptor);
    end(&first);
    trustdir_removals_free(removals);
    trustdir_buffer_free(file);
}

static trustdir_reason reason(trustdir_decision *decision)
{
    trustdir_reason reason = trustdir_decision_reason(decision);
    trustdir_decision_free(decision);
    return reason;
}

static trustdir_reason judged(const trustdir_authority_directory *directory)
{
    trustdir_decision *decision;
    trustdir_slice chain[] = {trustdir_certificate_der(certificate(alice))};
    int64_t now = trustdir_certificate_not_before(certificate(alice));
    OK(trustdir_authority_directory_decide(directory, chain, 1, now, &decision, &error));
    return reason(decision);
}

static char *contents(const trustdir_buffer *path)
{
    static char text[8192];
    FILE *file = fopen((const char *)trustdir_buffer_data(path), "r");
    text[file == NULL ? 0 : fread(text, 1, sizeof text - 1, file)] = '\0';
    CHECK(file != NULL && fclose(file) == 0);
    return text;
}

static void lists(const trustdir_authority_directory *authorities)
{
    trustdir_buffer *made, *installed;
    trustdir_crls *crls;
    OK(trustdir_authority_revoke(authority, certificate(alice), TRUSTDIR_REVOCATION_REASON_KEY_COMPROMISE, &error));
    OK(trustdir_authority_crl(authority, 30, &made, &error));
    OK(trustdir_authority_directory_install_crl(authorities, BYTES(contents(made)), &installed, &error));
    CHECK(judged(authorities) == TRUSTDIR_REASON_REVOKED_BY_CRL);
    OK(trustdir_authority_directory_crls(authorities, &crls, &error));
    CHECK(trustdir_crls_len(crls) == 1 && trustdir_crls_revoked(crls, 0) == 1);
    TEXT(trustdir_crls_file(crls, 0), (const char *)trustdir_buffer_data(installed));
    TEXT(trustdir_crls_issuer(crls, 0), trustdir_certificate_subject(trustdir_authority_certificate(authority)));
    CHECK(trustdir_crls_next_update(crls, 0) > trustdir_crls_this_update(crls, 0) + 29 * 86400);
    CHECK(trustdir_crls_number(crls, 0) != NULL && trustdir_crls_number(crls, 1) == NULL);
    trustdir_crls_free(crls);
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_authority_directory_install_crl(authorities, BYTES(""), NULL, &error));

    trustdir_entries *list;
    write_file((const char *)trustdir_buffer_data(installed), "-----BEGIN X509 CRL-----\n");
    OK(trustdir_authority_directory_refresh(authorities, &error));
    OK(trustdir_authority_directory_list(authorities, &list, &error));
    CHECK(trustdir_entries_len(list) == 1 && trustdir_entries_problems_len(list) == 1);
    CHECK(strstr(trustdir_entries_problem(list, 0), ".r0: ") != NULL);
    trustdir_entries_free(list);
    CHECK(judged(authorities) != TRUSTDIR_REASON_ADMITTED);
    trustdir_buffer_free(made);
    trustdir_buffer_free(installed);
}

static void authorities(const trustdir_identity *server)
{
    trustdir_authority_directory_options *options;
    trustdir_authority_directory *authorities, *clone;
    trustdir_directory *anchors;
    trustdir_decision *decision;
    STATUS(TRUSTDIR_STATUS_NOT_FOUND,
           trustdir_authority_directory_open(in_root("authorities"), NULL, &authorities, &error));
    OK(trustdir_authority_directory_options_new(&options, &error));
    OK(trustdir_authority_directory_options_set_create(options, true, &error));
    OK(trustdir_authority_directory_options_set_watch(options, false, &error));
    OK(trustdir_authority_directory_options_set_entry_names(options, TRUSTDIR_ENTRY_NAMES_SUBJECT_HASH, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_authority_directory_options_set_stale_crls(options, 2, &error));
    OK(trustdir_authority_directory_options_set_stale_crls(options, TRUSTDIR_STALE_CRLS_ADMIT, &error));
    OK(trustdir_authority_directory_open(in_root("authorities"), options, &authorities, &error));
    trustdir_authority_directory_options_free(options);
    CHECK(judged(authorities) == TRUSTDIR_REASON_UNTRUSTED_ISSUER);

    OK(trustdir_directory_clone(trustdir_authority_directory_directory(authorities), &anchors, &error));
    OK(trustdir_directory_install(anchors, trustdir_authority_certificate(authority), NULL, &error));
    CHECK(judged(authorities) == TRUSTDIR_REASON_ADMITTED);
    trustdir_acceptor *acceptor = make_acceptor(server, TRUSTDIR_ON_REMOVAL_CLOSE, authorities);
    trustdir_slice chain[] = {trustdir_certificate_der(certificate(alice))};
    int64_t now = trustdir_certificate_not_before(certificate(alice));
    OK(trustdir_acceptor_decide(acceptor, chain, 1, now, &decision, &error));
    CHECK(reason(decision) == TRUSTDIR_REASON_ADMITTED);
    OK(trustdir_acceptor_decide(acceptor, NULL, 0, now, &decision, &error));
    CHECK(reason(decision) == TRUSTDIR_REASON_NO_CERTIFICATE);
    struct served served = serve(acceptor);
    CHECK(trustdir_decision_is_admitted(trustdir_connection_decision(served.connection)));

    OK(trustdir_authority_directory_clone(authorities, &clone, &error));
    trustdir_authority_directory_free(authorities);
    lists(clone);
    STATUS(TRUSTDIR_STATUS_REVOKED, trustdir_connection_recheck(served.connection, &error));
    flush(&served);
    end(&served);
    trustdir_authority_directory_free(clone);
    trustdir_acceptor_free(acceptor);
    trustdir_directory_free(anchors);
}

int main(void)
{
    start();
    const char *host[] = {"localhost"};
    trustdir_identity *server;
    OK(trustdir_authority_create(in_root("ca"), NULL, &authority, &error));
    OK(trustdir_authority_issue_server(authority, host, 1, NULL, &server, &error));
    alice = issue("alice", NULL);
    save("alice.pem", alice, true);
    opening();
    installing();
    rehashing();
    checking();
    removing(server, TRUSTDIR_ON_REMOVAL_CLOSE);
    removing(server, TRUSTDIR_ON_REMOVAL_FINISH);
    authorities(server);
    trustdir_identity_free(server);
    trustdir_identity_free(alice);
    trustdir_directory_free(clients);
    trustdir_authority_free(authority);
    return finish();
}
