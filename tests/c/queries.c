/* What can be asked of bundles, certificates, requests, identities, directories, policies and a node's configuration.
 * Prints "N passed, M failed" as its last line; exits 0 only when nothing failed. Clean under valgrind. */
#include "check.h"

static trustdir_authority *authority;
static trustdir_identity *server, *alice;
static trustdir_directory *clients;

static const trustdir_certificate *certificate(const trustdir_identity *identity)
{
    return trustdir_identity_certificate(identity, 0);
}

static bool same(trustdir_slice a, trustdir_slice b)
{
    return a.len == b.len && a.len > 0 && memcmp(a.data, b.data, a.len) == 0;
}

static void bundles(void)
{
    trustdir_certificates *read;
    char text[8192];
    snprintf(text, sizeof text, "a remark\n%s%s", trustdir_certificate_pem(certificate(server)),
             trustdir_certificate_pem(trustdir_authority_certificate(authority)));
    OK(trustdir_certificates_from_pem(BYTES(text), &read, &error));
    CHECK(trustdir_certificates_len(read) == 2 && trustdir_certificates_certificate(read, 2) == NULL);
    CHECK(same(trustdir_certificate_der(trustdir_certificates_certificate(read, 1)),
               trustdir_certificate_der(trustdir_authority_certificate(authority))));
    trustdir_certificates_free(read);
    OK(trustdir_certificates_from_pem(BYTES("none"), &read, &error));
    CHECK(trustdir_certificates_len(read) == 0);
    trustdir_certificates_free(read);
    write_file(in_root("bundle.pem"), text);
    OK(trustdir_certificates_load(in_root("bundle.pem"), &read, &error));
    CHECK(trustdir_certificates_len(read) == 2);
    trustdir_certificates_free(read);
    write_file(in_root("none.pem"), "none");
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_certificates_load(in_root("none.pem"), &read, &error));
    CHECK(read == NULL);
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_certificates_load(in_root("nothing"), &read, &error));
}

static void certificates(void)
{
    const trustdir_certificate *own = certificate(server), *issuer = trustdir_authority_certificate(authority);
    trustdir_slice der = trustdir_certificate_der(own);
    trustdir_certificate *read;
    OK(trustdir_certificate_from_bytes(der.data, der.len, &read, &error));
    CHECK(same(trustdir_certificate_der(read), der));
    CHECK(trustdir_certificate_version(read) == 3);
    TEXT(trustdir_certificate_key_algorithm(read), "P-256");
    CHECK(trustdir_certificate_is_signed_by(read, issuer) && !trustdir_certificate_is_signed_by(issuer, read));
    trustdir_certificate_free(read);
    OK(trustdir_certificate_from_bytes(BYTES(trustdir_certificate_pem(own)), &read, &error));
    trustdir_certificate_free(read);
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_certificate_from_bytes(BYTES("none"), &read, &error));

    OK(trustdir_certificate_load(trustdir_authority_certificate_path(authority), &read, &error));
    CHECK(same(trustdir_certificate_der(read), trustdir_certificate_der(issuer)));
    trustdir_certificate_free(read);
}

/* A key of a sort that nobody is admitted with. */
static void other_keys(void)
{
    trustdir_certificate *read;
    run("openssl req -x509 -newkey ed448 -nodes -keyout e.key -out e.pem -subj /CN=e");
    OK(trustdir_certificate_load(in_root("e.pem"), &read, &error));
    CHECK(trustdir_certificate_key_algorithm(read) == NULL && trustdir_certificate_spki(read).len > 0);
    trustdir_certificate_free(read);
}

static void identities(void)
{
    trustdir_key *key;
    trustdir_identity *made;
    trustdir_request *request;
    const trustdir_certificate *chain[] = {trustdir_authority_certificate(authority), certificate(server)};
    OK(trustdir_identity_key(server, &key, &error));
    CHECK(same(trustdir_key_spki(key), trustdir_certificate_spki(certificate(server))));
    OK(trustdir_identity_new(chain, 2, key, &made, &error));
    CHECK(trustdir_identity_chain_len(made) == 2);
    CHECK(same(trustdir_certificate_der(certificate(made)), trustdir_certificate_der(certificate(server))));
    const char *pem = trustdir_identity_chain_pem(made), *own = trustdir_certificate_pem(certificate(server));
    CHECK(strncmp(pem, own, strlen(own)) == 0);
    TEXT(pem + strlen(own), trustdir_certificate_pem(chain[0]));
    trustdir_identity_free(made);
    STATUS(TRUSTDIR_STATUS_KEY_MISMATCH, trustdir_identity_new(chain, 1, key, &made, &error));
    chain[1] = NULL;
    STATUS(TRUSTDIR_STATUS_NULL_ARGUMENT, trustdir_identity_new(chain, 2, key, &made, &error));

    OK(trustdir_request_create(key, "CN=localhost", NULL, 0, &request, &error));
    CHECK(same(trustdir_request_spki(request), trustdir_key_spki(key)));
    TEXT(trustdir_request_key_algorithm(request), trustdir_key_algorithm(key));
    trustdir_request_free(request);
    trustdir_key_free(key);
}

/* The entries that are found under `which`. */
static trustdir_entries *found(const char *which, size_t count)
{
    trustdir_entries *entries;
    OK(trustdir_directory_find(clients, which, &entries, &error));
    CHECK(trustdir_entries_len(entries) == count && trustdir_entries_problems_len(entries) == 0);
    return entries;
}

static void entries(void)
{
    char prefix[9] = "";
    strncpy(prefix, trustdir_certificate_fingerprint(certificate(alice)), 8);
    CHECK(trustdir_directory_contains(clients, certificate(alice)));
    CHECK(!trustdir_directory_contains(clients, certificate(server)));
    trustdir_entries_free(found("alice", 1));
    trustdir_entries_free(found("CN=alice", 1));
    trustdir_entries_free(found(prefix, 1));
    trustdir_entries_free(found("nobody", 0));
    CHECK(symlink("../alice.pem", in_root("clients/alice")) == 0);
    write_file(in_root("alice.pem"), trustdir_certificate_pem(certificate(alice)));
    /* A file's name comes first. */
    trustdir_entries *link = found("alice", 1), *both = found("CN=alice", 2);
    TEXT(trustdir_entries_link_target(link, 0), "../alice.pem");
    CHECK(trustdir_entries_link_target(link, 1) == NULL);
    CHECK(trustdir_entries_link_target(both, 0) == NULL || trustdir_entries_link_target(both, 1) == NULL);
    trustdir_entries_free(link);
    trustdir_entries_free(both);
}

static void policies(void)
{
    trustdir_policy *policy;
    trustdir_directory *directory;
    trustdir_authority_directory *anchors, *kept;
    OK(trustdir_policy_new(TRUSTDIR_CLIENT_AUTH_OPTIONAL, &policy, &error));
    CHECK(trustdir_policy_client_auth(policy) == TRUSTDIR_CLIENT_AUTH_OPTIONAL);
    CHECK(trustdir_policy_service(policy) == NULL);
    OK(trustdir_policy_directory(policy, &directory, &error));
    OK(trustdir_policy_authorities(policy, &kept, &error));
    CHECK(directory == NULL && kept == NULL);

    CHECK(mkdir(in_root("anchors"), 0700) == 0);
    OK(trustdir_authority_directory_open(in_root("anchors"), NULL, &anchors, &error));
    OK(trustdir_policy_set_directory(policy, clients, &error));
    OK(trustdir_policy_set_authorities(policy, anchors, &error));
    OK(trustdir_policy_set_service(policy, "rpc", &error));
    trustdir_authority_directory_free(anchors);
    TEXT(trustdir_policy_service(policy), "rpc");
    OK(trustdir_policy_directory(policy, &directory, &error));
    TEXT(trustdir_directory_path(directory), in_root("clients"));
    OK(trustdir_policy_authorities(policy, &kept, &error));
    TEXT(trustdir_directory_path(trustdir_authority_directory_directory(kept)), in_root("anchors"));
    trustdir_policy_free(policy);
    trustdir_directory_free(directory);
    trustdir_authority_directory_free(kept);
}

static void nano_config(void)
{
    trustdir_nano_config *config;
    trustdir_identity_files *files;
    write_file(in_root("bare.toml"), "[secure]\nenable = false\n");
    OK(trustdir_nano_config_load(in_root("bare.toml"), &config, &error));
    CHECK(!trustdir_nano_config_wss_enabled(config) && trustdir_nano_config_clients_path(config) == NULL);
    TEXT(trustdir_nano_config_certificate_path(config), "");
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_nano_config_identity_files(config, &files, &error));
    CHECK(files == NULL);
    trustdir_nano_config_free(config);

    write_file(in_root("node.toml"), "[secure]\nenable = true\nenable_wss = true\nserver_cert_path = \"s.pem\"\n"
                                     "server_key_path = \"s.key\"\nclient_certs_path = \"clients\"\n");
    OK(trustdir_nano_config_load(in_root("node.toml"), &config, &error));
    CHECK(trustdir_nano_config_wss_enabled(config));
    TEXT(trustdir_nano_config_certificate_path(config), in_root("s.pem"));
    TEXT(trustdir_nano_config_key_path(config), in_root("s.key"));
    TEXT(trustdir_nano_config_clients_path(config), in_root("clients"));
    OK(trustdir_nano_config_identity_files(config, &files, &error));
    TEXT(trustdir_identity_files_key_path(files), in_root("s.key"));
    trustdir_nano_config_free(config);
    trustdir_identity_files_free(files);
}

int main(void)
{
    static const char *const names[] = {"localhost"};
    start();
    OK(trustdir_authority_create(in_root("ca"), NULL, &authority, &error));
    OK(trustdir_authority_issue_server(authority, names, 1, NULL, &server, &error));
    OK(trustdir_authority_issue_client(authority, "alice", NULL, 0, NULL, &alice, &error));
    CHECK(mkdir(in_root("clients"), 0700) == 0);
    OK(trustdir_directory_open(in_root("clients"), TRUSTDIR_ENTRY_NAMES_ANY, &clients, &error));
    OK(trustdir_directory_install(clients, certificate(alice), NULL, &error));
    bundles();
    certificates();
    other_keys();
    identities();
    entries();
    policies();
    nano_config();
    trustdir_directory_free(clients);
    trustdir_identity_free(alice);
    trustdir_identity_free(server);
    trustdir_authority_free(authority);
    return finish();
}
