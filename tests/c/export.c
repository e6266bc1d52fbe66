/* Keys, certificates and identities in the forms that other programs read, and what a lint says about them. Prints
 * "N passed, M failed" as its last line. Clean under valgrind; openssl is the judge. */
#include "check.h"

static void write_buffer(const char *path, const trustdir_buffer *buffer)
{
    FILE *file = fopen(path, "wb");
    size_t len = trustdir_buffer_len(buffer);
    if (file == NULL || fwrite(trustdir_buffer_data(buffer), 1, len, file) != len || fclose(file) != 0) {
        perror(path);
        exit(2);
    }
}

static bool is_private(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & 0777) == 0600;
}

static void keys(void)
{
    trustdir_key *key, *again;
    trustdir_buffer *buffer;
    OK(trustdir_key_generate(TRUSTDIR_KEY_TYPE_P256, &key, &error));
    trustdir_slice spki = trustdir_key_spki(key);
    CHECK(spki.len == 91);
    const int32_t derivations[] = {TRUSTDIR_KEY_DERIVATION_SCRYPT, TRUSTDIR_KEY_DERIVATION_PBKDF2};
    for (int i = 0; i < 2; i++) {
        int32_t derivation = derivations[i];
        OK(trustdir_key_to_pem_under(key, derivation, BYTES("secret"), &buffer, &error));
        write_buffer(in_root("key.pem"), buffer);
        run("openssl pkey -in key.pem -passin pass:secret -noout");
        trustdir_buffer_free(buffer);
        OK(trustdir_key_to_der(key, derivation, BYTES("secret"), &buffer, &error));
        const uint8_t *der = trustdir_buffer_data(buffer);
        size_t len = trustdir_buffer_len(buffer);
        OK(trustdir_key_from_der(der, len, BYTES("secret"), &again, &error));
        CHECK(memcmp(trustdir_key_spki(again).data, spki.data, spki.len) == 0);
        trustdir_key_free(again);
        STATUS(TRUSTDIR_STATUS_WRONG_PASSPHRASE, trustdir_key_from_der(der, len, BYTES("x"), &again, &error));
        STATUS(TRUSTDIR_STATUS_PASSPHRASE_REQUIRED, trustdir_key_from_der(der, len, NO_PASSPHRASE, &again, &error));
        CHECK(again == NULL);
        trustdir_buffer_free(buffer);
    }
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_key_to_pem_under(key, 3, NO_PASSPHRASE, &buffer, &error));
    OK(trustdir_key_to_der(key, TRUSTDIR_KEY_DERIVATION_SCRYPT, NO_PASSPHRASE, &buffer, &error));
    write_buffer(in_root("key.der"), buffer);
    run("openssl pkey -inform DER -in key.der -noout");
    trustdir_buffer_free(buffer);
    trustdir_key_free(key);
}

static void pkcs12(const trustdir_authority *authority, const trustdir_identity *alice)
{
    trustdir_pkcs12_options *options;
    trustdir_identity *again;
    trustdir_buffer *file;
    OK(trustdir_pkcs12_options_new(&options, &error));
    OK(trustdir_pkcs12_options_set_profile(options, TRUSTDIR_PKCS12_PROFILE_COMPAT, &error));
    OK(trustdir_pkcs12_options_set_name(options, "alice at home", &error));
    OK(trustdir_pkcs12_options_add_authority(options, trustdir_authority_certificate(authority), &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_pkcs12_options_set_profile(options, 0, &error));
    OK(trustdir_identity_to_pkcs12(alice, "secret", NULL, &file, &error));
    write_buffer(in_root("alice.p12"), file);
    run("openssl pkcs12 -in alice.p12 -passin pass:secret -nodes");
    OK(trustdir_identity_from_pkcs12(trustdir_buffer_data(file), trustdir_buffer_len(file), "secret", &again, &error));
    TEXT(trustdir_certificate_fingerprint(trustdir_identity_certificate(again, 0)),
         trustdir_certificate_fingerprint(trustdir_identity_certificate(alice, 0)));
    trustdir_identity_free(again);
    STATUS(TRUSTDIR_STATUS_WRONG_PASSPHRASE,
           trustdir_identity_from_pkcs12(trustdir_buffer_data(file), trustdir_buffer_len(file), "x", &again, &error));
    trustdir_buffer_free(file);

    OK(trustdir_identity_save_pkcs12(alice, in_root("phone.p12"), "secret", options, &error));
    CHECK(is_private(in_root("phone.p12")));
    STATUS(TRUSTDIR_STATUS_ALREADY_EXISTS,
           trustdir_identity_save_pkcs12(alice, in_root("phone.p12"), "secret", options, &error));
    run("openssl pkcs12 -legacy -in phone.p12 -passin pass:secret -nodes | grep 'friendlyName: alice at home'");
    OK(trustdir_identity_load_pkcs12(in_root("phone.p12"), "secret", &again, &error));
    CHECK(trustdir_identity_chain_len(again) == 2);
    trustdir_identity_free(again);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_identity_to_pkcs12(alice, "", options, &file, &error));
    trustdir_pkcs12_options_free(options);
}

static void bundles(const trustdir_authority *authority, const trustdir_identity *alice)
{
    const trustdir_certificate *anchor = trustdir_authority_certificate(authority);
    const trustdir_certificate *certificates[] = {anchor, anchor}, *missing[] = {anchor, NULL};
    trustdir_identity *full;
    trustdir_buffer *buffer;
    OK(trustdir_identity_with_issuers(alice, certificates, 2, &full, &error));
    CHECK(trustdir_identity_chain_len(full) == 2);
    OK(trustdir_identity_to_bundle(full, NO_PASSPHRASE, &buffer, &error));
    CHECK(strstr((const char *)trustdir_buffer_data(buffer), "BEGIN PRIVATE KEY") != NULL);
    trustdir_buffer_free(buffer);
    trustdir_identity_free(full);
    OK(trustdir_identity_save_bundle(alice, in_root("alice.pem"), BYTES("secret"), &error));
    CHECK(is_private(in_root("alice.pem")));
    run("openssl pkey -in alice.pem -passin pass:secret -noout");

    OK(trustdir_export_full_chain(trustdir_identity_certificate(alice, 0), certificates, 2, &buffer, &error));
    write_buffer(in_root("chain.pem"), buffer);
    run("test $(grep -c BEGIN chain.pem) = 2 && openssl verify -CAfile chain.pem chain.pem");
    trustdir_buffer_free(buffer);

    OK(trustdir_export_save_bundle(certificates, 2, in_root("anchors.pem"), &error));
    run("test $(grep -c BEGIN anchors.pem) = 1");
    STATUS(TRUSTDIR_STATUS_ALREADY_EXISTS,
           trustdir_export_save_bundle(certificates, 2, in_root("anchors.pem"), &error));
    CHECK(trustdir_export_save_bundle(missing, 2, in_root("more.pem"), &error) == TRUSTDIR_STATUS_NULL_ARGUMENT);
    TEXT(trustdir_error_message(error), "certificates[1] is NULL");
    trustdir_error_free(error);
    error = NULL;
    OK(trustdir_export_save_der(anchor, in_root("anchor.crt"), &error));
    run("openssl x509 -inform DER -in anchor.crt -noout");
    OK(trustdir_export_truststore(certificates, 2, "changeit", TRUSTDIR_PKCS12_PROFILE_MODERN, &buffer, &error));
    write_buffer(in_root("trust.p12"), buffer);
    run("openssl pkcs12 -in trust.p12 -passin pass:changeit -nokeys");
    trustdir_buffer_free(buffer);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_export_truststore(NULL, 0, "changeit", 1, &buffer, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_export_truststore(certificates, 1, "changeit", 9, &buffer, &error));
}

static void mobile_config(const trustdir_authority *authority, const trustdir_identity *alice)
{
    trustdir_mobile_config *profile;
    trustdir_buffer *xml;
    OK(trustdir_mobile_config_new("Home", &profile, &error));
    OK(trustdir_mobile_config_add_authority(profile, trustdir_authority_certificate(authority), &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_mobile_config_add_identity(profile, alice, "", false, &error));
    OK(trustdir_mobile_config_add_identity(profile, alice, "secret", true, &error));
    OK(trustdir_mobile_config_to_xml(profile, &xml, &error));
    CHECK(strstr((const char *)trustdir_buffer_data(xml), "com.apple.security.root") != NULL);
    CHECK(strstr((const char *)trustdir_buffer_data(xml), "<string>secret</string>") != NULL);
    trustdir_buffer_free(xml);
    OK(trustdir_mobile_config_save(profile, in_root("home.mobileconfig"), &error));
    CHECK(is_private(in_root("home.mobileconfig")));
    STATUS(TRUSTDIR_STATUS_ALREADY_EXISTS,
           trustdir_mobile_config_save(profile, in_root("home.mobileconfig"), &error));
    trustdir_mobile_config_free(profile);
}

static bool finds(const trustdir_findings *findings, const char *rule)
{
    for (size_t i = 0; i < trustdir_findings_len(findings); i++) {
        if (strcmp(trustdir_findings_rule(findings, i), rule) == 0)
            return true;
    }
    return false;
}

static void lint(const trustdir_authority *authority, const trustdir_identity *alice)
{
    const char *hosts[] = {"nas.home.arpa"};
    trustdir_issue_options *years;
    trustdir_lint_options *options;
    trustdir_identity *server;
    trustdir_findings *findings;
    trustdir_request *request;
    trustdir_key *key;
    OK(trustdir_issue_options_new(&years, &error));
    OK(trustdir_issue_options_set_days(years, 3000, &error));
    OK(trustdir_authority_issue_server(authority, hosts, 1, years, &server, &error));
    trustdir_issue_options_free(years);
    const trustdir_certificate *certificate = trustdir_identity_certificate(server, 0);
    const trustdir_certificate *reversed[] = {trustdir_authority_certificate(authority), certificate};

    OK(trustdir_lint_certificate(certificate, NULL, &findings, &error));
    CHECK(trustdir_findings_len(findings) > 0);
    CHECK(trustdir_findings_severity(findings, 0) == TRUSTDIR_SEVERITY_REFUSED);
    TEXT(trustdir_findings_rule(findings, 0), "VALIDITY_OVER_825_DAYS");
    CHECK(strstr(trustdir_findings_message(findings, 0), "3000 days") != NULL);
    CHECK(strlen(trustdir_findings_remedy(findings, 0)) > 0);
    CHECK(trustdir_findings_refused_by_len(findings, 0) == 1);
    TEXT(trustdir_findings_refused_by(findings, 0, 0), "APPLE");
    CHECK(trustdir_findings_refused_by(findings, 0, 1) == NULL && trustdir_findings_rule(findings, 99) == NULL);
    TEXT(trustdir_findings_subject(findings, 0), "CN=nas.home.arpa");
    CHECK(trustdir_findings_path(findings, 0) == NULL);
    trustdir_findings_free(findings);
    TEXT(trustdir_severity_text(TRUSTDIR_SEVERITY_WARNING), "WARNING");
    TEXT(trustdir_severity_text(99), "UNKNOWN");

    OK(trustdir_lint_options_new(&options, &error));
    OK(trustdir_lint_options_set_profile(options, TRUSTDIR_PROFILE_SERVER, &error));
    OK(trustdir_lint_options_set_time(options, 4102444800, &error)); /* 2100-01-01 */
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_lint_options_set_profile(options, 9, &error));
    OK(trustdir_lint_certificate(trustdir_identity_certificate(alice, 0), options, &findings, &error));
    CHECK(finds(findings, "EXPIRED"));
    trustdir_findings_free(findings);
    OK(trustdir_lint_identity(alice, options, &findings, &error));
    CHECK(finds(findings, "EXPIRED"));
    trustdir_findings_free(findings);
    OK(trustdir_lint_identity(alice, NULL, &findings, &error));
    CHECK(finds(findings, "CHAIN_MISSING_ISSUER") && !finds(findings, "EXPIRED"));
    trustdir_findings_free(findings);
    trustdir_lint_options_free(options);
    OK(trustdir_lint_chain(reversed, 2, NULL, &findings, &error));
    CHECK(finds(findings, "CHAIN_ORDER"));
    trustdir_findings_free(findings);
    OK(trustdir_key_generate(TRUSTDIR_KEY_TYPE_P256, &key, &error));
    OK(trustdir_request_create(key, "CN=nas.home.arpa", NULL, 0, &request, &error));
    OK(trustdir_lint_request(request, NULL, &findings, &error));
    CHECK(finds(findings, "NO_SAN"));
    trustdir_findings_free(findings);
    trustdir_request_free(request);
    trustdir_key_free(key);
    write_file(in_root("bad.pem"), trustdir_certificate_pem(certificate));
    OK(trustdir_lint_path(in_root("bad.pem"), NULL, &findings, &error));
    TEXT(trustdir_findings_path(findings, 0), in_root("bad.pem"));
    trustdir_findings_free(findings);
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_lint_path(in_root("none"), NULL, &findings, &error));
    CHECK(findings == NULL);
    trustdir_identity_free(server);
}

int main(void)
{
    trustdir_authority *authority;
    trustdir_identity *alice;
    start();
    keys();
    OK(trustdir_authority_create(in_root("ca"), NULL, &authority, &error));
    OK(trustdir_authority_issue_client(authority, "alice", NULL, 0, NULL, &alice, &error));
    pkcs12(authority, alice);
    bundles(authority, alice);
    mobile_config(authority, alice);
    lint(authority, alice);
    trustdir_identity_free(alice);
    trustdir_authority_free(authority);
    return finish();
}
