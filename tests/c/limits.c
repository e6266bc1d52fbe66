/* Limits of entries, every reason of a decision, and what its record says of hostile certificates. Prints
 * "N passed, M failed" as its last line; exits 0 only when nothing failed. Clean under valgrind. */
#include "check.h"

#include <dirent.h>
#include <libgen.h>

static trustdir_directory *clients;
/* In the validity of everything here that is not about validity. */
static int64_t now;

static trustdir_certificate *load(const char *name)
{
    trustdir_certificate *certificate;
    OK(trustdir_certificate_load(in_root(name), &certificate, &error));
    return certificate;
}

/* Decides for a service (NULL: one without a name), checks what every record has, and gives the reason. */
static trustdir_reason decide(const char *service, trustdir_slice der, int64_t at)
{
    trustdir_decision *decision;
    if (service == NULL)
        OK(trustdir_directory_decide(clients, der.data, der.len, at, &decision, &error));
    else
        OK(trustdir_directory_decide_for(clients, service, der.data, der.len, at, &decision, &error));
    trustdir_reason reason = trustdir_decision_reason(decision);
    const char *json = trustdir_decision_json(decision), *name = trustdir_reason_text(reason);
    char begin[64];
    snprintf(begin, sizeof begin, "{\"reason\":\"%s\",\"admitted\":%s,", name,
             trustdir_decision_is_admitted(decision) ? "true" : "false");
    CHECK(strncmp(json, begin, strlen(begin)) == 0);
    CHECK(json[strlen(json) - 1] == '}' && strchr(json, '\n') == NULL);
    CHECK(strstr(json, "\"sha256\":") != NULL && strstr(json, "\"time\":\"20") != NULL);
    CHECK(trustdir_decision_time(decision) == at);
    if (service == NULL)
        CHECK(trustdir_decision_service(decision) == NULL && strstr(json, "\"service\":null") != NULL);
    else
        TEXT(trustdir_decision_service(decision), service);
    trustdir_decision_free(decision);
    return reason;
}

static trustdir_reason about(const trustdir_certificate *certificate, int64_t at)
{
    return decide(NULL, trustdir_certificate_der(certificate), at);
}

static void install(const trustdir_certificate *certificate)
{
    OK(trustdir_directory_install(clients, certificate, NULL, &error));
}

static void reasons(const trustdir_authority *authority, const trustdir_identity *alice_identity)
{
    const trustdir_certificate *alice = trustdir_identity_certificate(alice_identity, 0);
    const char *host[] = {"localhost"};
    trustdir_identity *again, *server;
    OK(trustdir_authority_issue_client(authority, "alice", NULL, 0, NULL, &again, &error));
    OK(trustdir_authority_issue_server(authority, host, 1, NULL, &server, &error));
    run("openssl req -x509 -newkey rsa:2048 -nodes -keyout minter.key -out minter.pem -subj /CN=minter -days 9");
    run("openssl req -newkey rsa:2048 -nodes -keyout minted.key -out minted.csr -subj /CN=minted");
    run("openssl x509 -req -in minted.csr -CA minter.pem -CAkey minter.key -set_serial 1 -days 9 -out minted.pem");
    run("openssl req -x509 -newkey rsa:1024 -nodes -keyout weak.key -out weak.pem -subj /CN=weak -days 9");
    trustdir_certificate *minter = load("minter.pem"), *minted = load("minted.pem"), *weak = load("weak.pem");
    const trustdir_certificate *nas = trustdir_identity_certificate(server, 0);
    int64_t later = trustdir_certificate_not_before(weak);

    CHECK(about(alice, now) == TRUSTDIR_REASON_NOT_INSTALLED);
    install(alice);
    CHECK(about(alice, now) == TRUSTDIR_REASON_ADMITTED);
    CHECK(about(alice, now - 1) == TRUSTDIR_REASON_NOT_YET_VALID);
    CHECK(about(alice, trustdir_certificate_not_after(alice) + 1) == TRUSTDIR_REASON_EXPIRED);
    CHECK(about(trustdir_identity_certificate(again, 0), now) == TRUSTDIR_REASON_SAME_NAME_OTHER_KEY);
    install(minter);
    CHECK(about(minted, later) == TRUSTDIR_REASON_MINTED_BY_PIN);
    install(weak);
    CHECK(about(weak, later) == TRUSTDIR_REASON_WEAK_KEY);
    install(nas);
    CHECK(about(nas, later) == TRUSTDIR_REASON_WRONG_PURPOSE);
    OK(trustdir_directory_remove(clients, "weak", NULL, &error));
    CHECK(about(weak, later) == TRUSTDIR_REASON_REMOVED);
    const uint8_t garbage[] = {0x30, 0x82, 0xff, 0xff};
    CHECK(decide(NULL, (trustdir_slice){garbage, sizeof garbage}, now) == TRUSTDIR_REASON_MALFORMED);

    TEXT(trustdir_reason_text(TRUSTDIR_REASON_SCOPE), "SCOPE");
    TEXT(trustdir_reason_text(TRUSTDIR_REASON_UNTRUSTED_ISSUER), "UNTRUSTED_ISSUER");
    TEXT(trustdir_reason_text(TRUSTDIR_REASON_REVOKED_BY_CRL), "REVOKED_BY_CRL");
    TEXT(trustdir_reason_text(TRUSTDIR_REASON_STALE_CRL), "STALE_CRL");
    trustdir_certificate_free(minter);
    trustdir_certificate_free(minted);
    trustdir_certificate_free(weak);
    trustdir_identity_free(again);
    trustdir_identity_free(server);
}

static void limits(const trustdir_certificate *alice)
{
    const char *services[] = {"rpc", "admin"};
    trustdir_slice der = trustdir_certificate_der(alice);
    trustdir_limits *list;
    size_t taken = 99;

    OK(trustdir_directory_limits(clients, &list, &error));
    CHECK(trustdir_limits_len(list) == 0 && trustdir_limits_key(list, 0) == NULL);
    trustdir_limits_free(list);

    OK(trustdir_directory_limit(clients, "alice", now + 60, services, 2, &error));
    CHECK(decide("rpc", der, now + 60) == TRUSTDIR_REASON_ADMITTED);
    CHECK(decide("admin", der, now) == TRUSTDIR_REASON_ADMITTED);
    CHECK(decide("backup", der, now) == TRUSTDIR_REASON_SCOPE);
    CHECK(decide(NULL, der, now) == TRUSTDIR_REASON_SCOPE);
    CHECK(decide("rpc", der, now + 61) == TRUSTDIR_REASON_EXPIRED);
    OK(trustdir_directory_limits(clients, &list, &error));
    CHECK(trustdir_limits_len(list) == 1);
    TEXT(trustdir_limits_key(list, 0), "sha256");
    TEXT(trustdir_limits_value(list, 0), trustdir_certificate_fingerprint(alice));
    CHECK(trustdir_limits_valid_until(list, 0) == now + 60);
    CHECK(trustdir_limits_has_services(list, 0) && trustdir_limits_services_len(list, 0) == 2);
    TEXT(trustdir_limits_service(list, 0, 1), "admin");
    CHECK(trustdir_limits_service(list, 0, 2) == NULL && trustdir_limits_service(list, 1, 0) == NULL);
    CHECK(trustdir_limits_files_len(list, 0) == 1 && access(trustdir_limits_file(list, 0, 0), R_OK) == 0);
    CHECK(trustdir_limits_file(list, 0, 1) == NULL);
    trustdir_limits_free(list);

    /* Again takes the place of the first: no services, so all of them. */
    OK(trustdir_directory_limit(clients, "alice", now + 60, NULL, 0, &error));
    CHECK(decide(NULL, der, now) == TRUSTDIR_REASON_ADMITTED);
    OK(trustdir_directory_limit(clients, "alice", INT64_MAX, services, 1, &error));
    OK(trustdir_directory_limits(clients, &list, &error));
    CHECK(trustdir_limits_len(list) == 1 && trustdir_limits_valid_until(list, 0) == INT64_MAX);
    trustdir_limits_free(list);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_directory_limit(clients, "alice", INT64_MAX, NULL, 0, &error));
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_directory_limit(clients, "nobody", now, NULL, 0, &error));
    OK(trustdir_directory_unlimit(clients, "alice", &taken, &error));
    CHECK(taken == 1 && decide(NULL, der, now) == TRUSTDIR_REASON_ADMITTED);
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_directory_unlimit(clients, "alice", &taken, &error));
    CHECK(taken == 0);

    /* What cannot be read refuses everybody, until it is repaired. */
    trustdir_directory *other;
    write_file(in_root("clients/trustdir.toml"), "");
    CHECK(decide("rpc", der, now) == TRUSTDIR_REASON_SCOPE);
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_directory_limits(clients, &list, &error));
    CHECK(list == NULL);
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_directory_open(in_root("clients"), 0, &other, &error));
    write_file(in_root("clients/trustdir.toml"), "[[limit]]\nsubject = \"CN=alice\"\nservices = []\n");
    CHECK(decide("rpc", der, now) == TRUSTDIR_REASON_SCOPE);
    OK(trustdir_directory_limits(clients, &list, &error));
    CHECK(trustdir_limits_has_services(list, 0) && trustdir_limits_services_len(list, 0) == 0);
    trustdir_limits_free(list);
    CHECK(remove(in_root("clients/trustdir.toml")) == 0);
    CHECK(decide(NULL, der, now) == TRUSTDIR_REASON_ADMITTED);
}

/* No control character, and no direction character as UTF-8 has it. */
static bool harmless(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0))
            return false;
    }
    return strstr(text, "\u202e") == NULL && strstr(text, "\u2066") == NULL && strstr(text, "\u200d") == NULL &&
           strstr(text, "\u2028") == NULL && strstr(text, "\U000e0041") == NULL;
}

static void hostile(void)
{
    char command[600], file[] = __FILE__;
    snprintf(command, sizeof command, "mkdir hostile; python3 '%s/../support/hostile.py' hostile", dirname(file));
    run(command);
    DIR *dir = opendir(in_root("hostile"));
    CHECK(dir != NULL);
    int seen = 0;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        char path[300];
        snprintf(path, sizeof path, "hostile/%.200s", entry->d_name);
        trustdir_certificate *certificate = load(path);
        for (int installed = 0; installed < 2; installed++) {
            trustdir_decision *decision;
            trustdir_slice der = trustdir_certificate_der(certificate);
            OK(trustdir_directory_decide(clients, der.data, der.len, now, &decision, &error));
            CHECK(trustdir_decision_is_admitted(decision) == (installed == 1));
            CHECK(harmless(trustdir_decision_message(decision)) && harmless(trustdir_decision_json(decision)));
            CHECK(strlen(trustdir_decision_json(decision)) < 8192);
            /* What is too long for a stranger's certificate is not looked into. */
            if (trustdir_decision_certificate(decision) != NULL) {
                CHECK(harmless(trustdir_decision_subject(decision)) && harmless(trustdir_decision_issuer(decision)));
                CHECK(strlen(trustdir_decision_subject(decision)) < 1100);
                CHECK(strlen(trustdir_decision_serial(decision)) <= 64 + strlen("…"));
            }
            trustdir_decision_free(decision);
            if (!installed) {
                snprintf(command, sizeof command, "cp %s clients/", path);
                run(command);
                OK(trustdir_directory_refresh(clients, &error));
            }
        }
        trustdir_certificate_free(certificate);
        seen++;
    }
    CHECK(seen == 10);
    closedir(dir);
}

static void service(const trustdir_identity *identity)
{
    trustdir_acceptor_builder *builder;
    trustdir_acceptor *acceptor;
    OK(trustdir_acceptor_builder_new(identity, &builder, &error));
    OK(trustdir_acceptor_builder_set_directory(builder, clients, &error));
    OK(trustdir_acceptor_builder_set_service(builder, "rpc", &error));
    STATUS(TRUSTDIR_STATUS_NULL_ARGUMENT, trustdir_acceptor_builder_set_service(builder, NULL, &error));
    OK(trustdir_acceptor_builder_build(builder, &acceptor, &error));
    trustdir_acceptor_free(acceptor);
    trustdir_acceptor_builder_free(builder);
}

int main(void)
{
    start();
    trustdir_authority *authority;
    trustdir_identity *alice;
    OK(trustdir_authority_create(in_root("ca"), NULL, &authority, &error));
    CHECK(mkdir(in_root("clients"), 0700) == 0);
    OK(trustdir_directory_open(in_root("clients"), TRUSTDIR_ENTRY_NAMES_ANY, &clients, &error));
    OK(trustdir_authority_issue_client(authority, "alice", NULL, 0, NULL, &alice, &error));
    now = trustdir_certificate_not_before(trustdir_identity_certificate(alice, 0));
    reasons(authority, alice);
    limits(trustdir_identity_certificate(alice, 0));
    hostile();
    service(alice);
    trustdir_identity_free(alice);
    trustdir_authority_free(authority);
    trustdir_directory_free(clients);
    return finish();
}
