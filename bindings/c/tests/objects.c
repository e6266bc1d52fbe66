/* First part of the programs that tests/null.rs and tests/garbage.rs write: one object of every type, and data to
 * pass. */
#define _XOPEN_SOURCE 700

#include <trustdir.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static trustdir_error *the_error;
static trustdir_buffer *the_buffer;
static trustdir_key *the_key;
static trustdir_certificate *the_certificate;
static trustdir_certificates *the_certificates;
static trustdir_identity *the_identity;
static trustdir_identity_files *the_identity_files;
static trustdir_request *the_request;
static trustdir_name_constraints *the_name_constraints;
static trustdir_authority_options *the_authority_options;
static trustdir_authority *the_authority;
static trustdir_issue_options *the_issue_options;
static trustdir_issued *the_issued;
static trustdir_pkcs12_options *the_pkcs12_options;
static trustdir_mobile_config *the_mobile_config;
static trustdir_lint_options *the_lint_options;
static trustdir_findings *the_findings;
static trustdir_directory_options *the_directory_options;
static trustdir_directory *the_directory;
static trustdir_installed *the_installed;
static trustdir_entries *the_entries;
static trustdir_limits *the_limits;
static trustdir_notices *the_notices;
static trustdir_rehashed *the_rehashed;
static trustdir_rehash_plan *the_rehash_plan;
static trustdir_removals *the_removals;
static trustdir_authority_directory_options *the_authority_directory_options;
static trustdir_authority_directory *the_authority_directory;
static trustdir_crls *the_crls;
static trustdir_decision *the_decision;
static trustdir_policy *the_policy;
static trustdir_nano_config *the_nano_config;
static trustdir_acceptor_builder *the_acceptor_builder;
static trustdir_acceptor *the_acceptor;
static trustdir_connector_builder *the_connector_builder;
static trustdir_connector *the_connector;
static trustdir_counters *the_counters;
static trustdir_prometheus_page *the_prometheus_page;
static trustdir_connection *the_connection;
static trustdir_open_connections *the_open_connections;

static const char *const the_names[] = {"localhost"};
static const trustdir_certificate *certificate_list[4];
static const trustdir_identity *identity_list[4];
static const uint8_t the_bytes[] = "x";
static const trustdir_slice the_slice[] = {{the_bytes, 1}};
static uint8_t the_room[64];
static trustdir_slice a_slice;
static bool a_bool;
static size_t a_size;
static uint32_t a_number;
static trustdir_error *error;
static const char *dir;
static int passed, failed;

static void expect(bool condition, const char *what)
{
    if (condition) {
        passed++;
        return;
    }
    failed++;
    printf("FAILED: %s: %s\n", what, trustdir_error_message(error));
}

static void nothing(void *userdata)
{
    (void)userdata;
}

static void no_progress(size_t done, size_t total, void *userdata)
{
    (void)done, (void)total, (void)userdata;
}

static void no_log(const char *line, void *userdata)
{
    (void)line, (void)userdata;
}

static void not_told(const trustdir_decision *decision, void *userdata)
{
    (void)decision, (void)userdata;
}

static const char *in_dir(const char *name)
{
    static char paths[2][512];
    static unsigned turn;
    char *path = paths[turn++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void must(trustdir_status status)
{
    if (status == TRUSTDIR_STATUS_OK)
        return;
    fprintf(stderr, "%s\n", trustdir_error_message(error));
    exit(2);
}

static void make_objects(int argc, char **argv)
{
    if (argc < 2)
        exit(2);
    dir = argv[1];
    must(trustdir_name_constraints_home(&the_name_constraints, &error));
    must(trustdir_authority_options_new(&the_authority_options, &error));
    must(trustdir_authority_create(in_dir("ca"), NULL, &the_authority, &error));
    must(trustdir_issue_options_new(&the_issue_options, &error));
    must(trustdir_authority_issue_server(the_authority, the_names, 1, NULL, &the_identity, &error));
    must(trustdir_identity_files_new(in_dir("server.pem"), in_dir("server.key"), NULL, 0, &the_identity_files, &error));
    must(trustdir_authority_issued(the_authority, &the_issued, &error));
    must(trustdir_pkcs12_options_new(&the_pkcs12_options, &error));
    must(trustdir_mobile_config_new("Home", &the_mobile_config, &error));
    must(trustdir_certificate_clone(trustdir_identity_certificate(the_identity, 0), &the_certificate, &error));
    certificate_list[0] = the_certificate;
    identity_list[0] = the_identity;
    must(trustdir_certificates_load(trustdir_authority_certificate_path(the_authority), &the_certificates,
                                    &error));
    must(trustdir_lint_options_new(&the_lint_options, &error));
    must(trustdir_lint_certificate(the_certificate, the_lint_options, &the_findings, &error));
    must(trustdir_identity_key_pem(the_identity, NULL, 0, &the_buffer, &error));
    must(trustdir_key_from_pem(trustdir_buffer_data(the_buffer), trustdir_buffer_len(the_buffer), NULL, 0, &the_key,
                               &error));
    must(trustdir_request_create(the_key, "CN=localhost", the_names, 1, &the_request, &error));
    if (mkdir(in_dir("clients"), 0700) != 0)
        exit(2);
    must(trustdir_directory_open(in_dir("clients"), TRUSTDIR_ENTRY_NAMES_ANY, &the_directory, &error));
    must(trustdir_directory_list(the_directory, &the_entries, &error));
    must(trustdir_directory_limits(the_directory, &the_limits, &error));
    must(trustdir_directory_options_new(&the_directory_options, &error));
    must(trustdir_directory_install_certificate(the_directory, the_certificate, &the_installed, &error));
    must(trustdir_directory_check(the_directory, &the_notices, &error));
    must(trustdir_directory_rehash(the_directory, &the_rehashed, &error));
    must(trustdir_directory_plan_rehash(the_directory, &the_rehash_plan, &error));
    /* Others wait for it. */
    must(trustdir_rehash_plan_carry_out(the_rehash_plan, &error));
    must(trustdir_directory_removals(the_directory, &the_removals, &error));
    must(trustdir_authority_directory_options_new(&the_authority_directory_options, &error));
    must(trustdir_authority_directory_options_set_create(the_authority_directory_options, true, &error));
    must(trustdir_authority_directory_open(in_dir("anchors"), the_authority_directory_options,
                                           &the_authority_directory, &error));
    must(trustdir_authority_directory_crls(the_authority_directory, &the_crls, &error));
    must(trustdir_directory_decide(the_directory, the_bytes, 1, 0, &the_decision, &error));
    FILE *file = fopen(in_dir("config-rpc.toml"), "w");
    if (file == NULL || fprintf(file, "[secure]\nenable = false\n") < 0 || fclose(file) != 0)
        exit(2);
    must(trustdir_nano_config_load(in_dir("config-rpc.toml"), &the_nano_config, &error));
    must(trustdir_policy_new(TRUSTDIR_CLIENT_AUTH_REQUIRED, &the_policy, &error));
    must(trustdir_acceptor_builder_new(the_identity, &the_acceptor_builder, &error));
    must(trustdir_acceptor_builder_set_directory(the_acceptor_builder, the_directory, &error));
    must(trustdir_acceptor_builder_set_client_auth(the_acceptor_builder, TRUSTDIR_CLIENT_AUTH_REQUIRED, &error));
    must(trustdir_acceptor_builder_build(the_acceptor_builder, &the_acceptor, &error));
    must(trustdir_acceptor_counters(the_acceptor, &the_counters, &error));
    must(trustdir_prometheus_page_new(&the_prometheus_page, &error));
    must(trustdir_connector_builder_new(&the_connector_builder, &error));
    must(trustdir_connector_builder_add_pin(the_connector_builder, the_certificate, &error));
    must(trustdir_connector_builder_build(the_connector_builder, &the_connector, &error));
    must(trustdir_acceptor_accept(the_acceptor, &the_connection, &error));
    must(trustdir_acceptor_connections(the_acceptor, &the_open_connections, &error));
    trustdir_key *none;
    if (trustdir_key_generate(-1, &none, &the_error) == TRUSTDIR_STATUS_OK)
        exit(2);
}

static void free_objects(void)
{
    trustdir_error_free(the_error);
    trustdir_buffer_free(the_buffer);
    trustdir_key_free(the_key);
    trustdir_certificate_free(the_certificate);
    trustdir_certificates_free(the_certificates);
    trustdir_identity_free(the_identity);
    trustdir_identity_files_free(the_identity_files);
    trustdir_request_free(the_request);
    trustdir_name_constraints_free(the_name_constraints);
    trustdir_authority_options_free(the_authority_options);
    trustdir_authority_free(the_authority);
    trustdir_issue_options_free(the_issue_options);
    trustdir_issued_free(the_issued);
    trustdir_pkcs12_options_free(the_pkcs12_options);
    trustdir_mobile_config_free(the_mobile_config);
    trustdir_lint_options_free(the_lint_options);
    trustdir_findings_free(the_findings);
    trustdir_directory_options_free(the_directory_options);
    trustdir_directory_free(the_directory);
    trustdir_installed_free(the_installed);
    trustdir_entries_free(the_entries);
    trustdir_limits_free(the_limits);
    trustdir_notices_free(the_notices);
    trustdir_rehashed_free(the_rehashed);
    trustdir_rehash_plan_free(the_rehash_plan);
    trustdir_removals_free(the_removals);
    trustdir_authority_directory_options_free(the_authority_directory_options);
    trustdir_authority_directory_free(the_authority_directory);
    trustdir_crls_free(the_crls);
    trustdir_decision_free(the_decision);
    trustdir_policy_free(the_policy);
    trustdir_nano_config_free(the_nano_config);
    trustdir_acceptor_builder_free(the_acceptor_builder);
    trustdir_acceptor_free(the_acceptor);
    trustdir_connector_builder_free(the_connector_builder);
    trustdir_connector_free(the_connector);
    trustdir_counters_free(the_counters);
    trustdir_prometheus_page_free(the_prometheus_page);
    trustdir_connection_free(the_connection);
    trustdir_open_connections_free(the_open_connections);
}
