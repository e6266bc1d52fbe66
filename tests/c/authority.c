/* A private authority as a program runs it: made for a home, with another one below it; it issues, signs, renews,
 * revokes and lists. Prints "N passed, M failed" as its last line. Clean under valgrind; openssl is the judge. */
#include "check.h"

#include <time.h>

static const char *one(const trustdir_buffer *buffer)
{
    return (const char *)trustdir_buffer_data(buffer);
}

static void constraints(void)
{
    trustdir_name_constraints *constraints;
    bool allowed = false;
    OK(trustdir_name_constraints_new(&constraints, &error));
    CHECK(trustdir_name_constraints_permitted_len(constraints) == 0);
    OK(trustdir_name_constraints_permit(constraints, "example.org", &error));
    OK(trustdir_name_constraints_permit(constraints, "10.0.0.0/8", &error));
    OK(trustdir_name_constraints_exclude(constraints, "DNS:lab.example.org", &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_name_constraints_permit(constraints, "10.0.0.1/8", &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_name_constraints_exclude(constraints, "a b", &error));
    CHECK(trustdir_name_constraints_permitted_len(constraints) == 2);
    TEXT(trustdir_name_constraints_permitted(constraints, 0), "DNS:example.org");
    TEXT(trustdir_name_constraints_permitted(constraints, 1), "IP:10.0.0.0/8");
    CHECK(trustdir_name_constraints_excluded_len(constraints) == 1);
    TEXT(trustdir_name_constraints_excluded(constraints, 0), "DNS:lab.example.org");
    CHECK(trustdir_name_constraints_excluded(constraints, 1) == NULL);
    OK(trustdir_name_constraints_allow(constraints, "nas.example.org", &allowed, &error));
    CHECK(allowed);
    OK(trustdir_name_constraints_allow(constraints, "lab.example.org", &allowed, &error));
    CHECK(!allowed);
    OK(trustdir_name_constraints_allow(constraints, "192.168.1.1", &allowed, &error));
    CHECK(!allowed);
    allowed = true;
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_name_constraints_allow(constraints, "a b", &allowed, &error));
    CHECK(!allowed);
    trustdir_name_constraints_free(constraints);
}

/* A root for a home, whose key is encrypted, with room for one authority below. */
static trustdir_authority *make_root(void)
{
    trustdir_authority_options *options;
    trustdir_name_constraints *home;
    trustdir_authority *authority;
    OK(trustdir_name_constraints_home(&home, &error));
    OK(trustdir_name_constraints_permit(home, "example.dyndns.org", &error));
    OK(trustdir_authority_options_new(&options, &error));
    OK(trustdir_authority_options_set_name(options, "CN=Home CA", &error));
    OK(trustdir_authority_options_set_passphrase(options, BYTES("secret"), &error));
    OK(trustdir_authority_options_set_key_type(options, TRUSTDIR_KEY_TYPE_P384, &error));
    OK(trustdir_authority_options_set_path_length(options, 1, &error));
    OK(trustdir_authority_options_set_constraints(options, home, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_authority_options_set_key_type(options, 99, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_authority_options_set_name(options, "CN=", &error));
    OK(trustdir_authority_create(in_root("root"), options, &authority, &error));
    trustdir_authority_options_free(options);
    trustdir_name_constraints_free(home);

    const trustdir_certificate *certificate = trustdir_authority_certificate(authority);
    uint32_t path_length = 99;
    TEXT(trustdir_authority_dir(authority), in_root("root"));
    TEXT(trustdir_authority_trust_anchor_path(authority), in_root("root/cacert.pem"));
    TEXT(trustdir_certificate_subject(certificate), "CN=Home CA");
    CHECK(trustdir_certificate_is_authority(certificate) && trustdir_certificate_is_self_issued(certificate));
    CHECK(trustdir_certificate_path_length(certificate, &path_length) && path_length == 1);
    CHECK(trustdir_certificate_path_length(certificate, NULL));
    CHECK(trustdir_certificate_purposes_len(certificate) == 1);
    TEXT(trustdir_certificate_purpose(certificate, 0), "authority");
    OK(trustdir_certificate_name_constraints(certificate, &home, &error));
    size_t last = trustdir_name_constraints_permitted_len(home) - 1;
    TEXT(trustdir_name_constraints_permitted(home, last), "DNS:example.dyndns.org");
    trustdir_name_constraints_free(home);
    return authority;
}

static trustdir_authority *make_intermediate(const trustdir_authority *root_authority)
{
    trustdir_authority *office, *below;
    OK(trustdir_authority_create_intermediate(root_authority, in_root("office"), NULL, &office, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_authority_create_intermediate(office, in_root("below"), NULL, &below, &error));
    STATUS(TRUSTDIR_STATUS_ALREADY_EXISTS,
           trustdir_authority_create_intermediate(root_authority, in_root("office"), NULL, &below, &error));
    CHECK(trustdir_authority_chain_len(office) == 2 && trustdir_authority_chain(office, 2) == NULL);
    TEXT(trustdir_certificate_subject(trustdir_authority_chain(office, 1)), "CN=Home CA");
    TEXT(trustdir_certificate_subject(trustdir_authority_trust_anchor(office)), "CN=Home CA");
    CHECK(!trustdir_certificate_is_self_issued(trustdir_authority_certificate(office)));
    return office;
}

static void issue(const trustdir_authority *office)
{
    const char *hosts[] = {"nas.home.arpa", "192.168.1.5"}, *outside[] = {"bank.example.com"};
    const char *mail[] = {"email:alice@home.arpa"};
    trustdir_issue_options *options;
    trustdir_identity *identity;
    int64_t start = (int64_t)time(NULL), end = start + 10 * 86400;
    OK(trustdir_authority_issue_server(office, hosts, 2, NULL, &identity, &error));
    CHECK(trustdir_identity_chain_len(identity) == 2);
    const trustdir_certificate *certificate = trustdir_identity_certificate(identity, 0);
    CHECK(trustdir_certificate_names_len(certificate) == 2 && trustdir_certificate_name(certificate, 2) == NULL);
    TEXT(trustdir_certificate_name(certificate, 1), "IP:192.168.1.5");
    TEXT(trustdir_certificate_purpose(certificate, 0), "server");
    CHECK(!trustdir_certificate_path_length(certificate, NULL));
    OK(trustdir_identity_save(identity, in_root("nas.pem"), in_root("nas.key"), NO_PASSPHRASE, &error));
    run("openssl verify -x509_strict -purpose sslserver -verify_hostname nas.home.arpa -CAfile root/cacert.pem "
        "-untrusted nas.pem nas.pem");
    trustdir_identity_free(identity);
    run("cat office/cacert.pem nas.pem > mixed.pem && cat root/cacert.pem mixed.pem > all.pem");
    OK(trustdir_identity_load(in_root("mixed.pem"), in_root("nas.key"), NO_PASSPHRASE, &identity, &error));
    CHECK(trustdir_identity_chain_len(identity) == 2);
    TEXT(trustdir_certificate_name(trustdir_identity_certificate(identity, 0), 1), "IP:192.168.1.5");
    trustdir_identity_free(identity);
    OK(trustdir_identity_load(in_root("all.pem"), in_root("nas.key"), NO_PASSPHRASE, &identity, &error));
    TEXT(trustdir_certificate_subject(trustdir_identity_certificate(identity, 2)), "CN=Home CA");
    trustdir_identity_free(identity);
    STATUS(TRUSTDIR_STATUS_NAME_MISMATCH,
           trustdir_authority_issue_server(office, outside, 1, NULL, &identity, &error));

    OK(trustdir_issue_options_new(&options, &error));
    OK(trustdir_issue_options_set_not_before(options, start, &error));
    OK(trustdir_issue_options_set_not_after(options, end, &error));
    OK(trustdir_issue_options_set_key_type(options, TRUSTDIR_KEY_TYPE_ED25519, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_issue_options_set_key_type(options, 0, &error));
    OK(trustdir_authority_issue_client(office, "alice", mail, 1, options, &identity, &error));
    certificate = trustdir_identity_certificate(identity, 0);
    CHECK(trustdir_certificate_not_before(certificate) == start && trustdir_certificate_not_after(certificate) == end);
    TEXT(trustdir_certificate_name(certificate, 0), "email:alice@home.arpa");
    trustdir_identity_free(identity);
    OK(trustdir_issue_options_set_days(options, 7, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_authority_issue_client(office, "bob", NULL, 0, options, &identity, &error));
    trustdir_issue_options_free(options);

    OK(trustdir_authority_issue_both(office, hosts, 1, NULL, &identity, &error));
    CHECK(trustdir_certificate_purposes_len(trustdir_identity_certificate(identity, 0)) == 2);
    trustdir_identity_free(identity);
    OK(trustdir_authority_issue(office, TRUSTDIR_PROFILE_CLIENT, "CN=bob,OU=rpc", NULL, 0, NULL, &identity, &error));
    TEXT(trustdir_certificate_subject(trustdir_identity_certificate(identity, 0)), "CN=bob,OU=rpc");
    trustdir_identity_free(identity);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_authority_issue(office, TRUSTDIR_PROFILE_AUTHORITY, "CN=x", NULL,
                                                                      0, NULL, &identity, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_authority_issue(office, 77, "CN=x", NULL, 0, NULL, &identity, &error));
    CHECK(identity == NULL);
}

static void requests(const trustdir_authority *authority)
{
    const char *asked[] = {"nas.home.arpa", "10.0.0.1", "email:a@home.arpa"}, *granted[] = {"DNS:nas.home.arpa"};
    trustdir_key *key;
    trustdir_request *request, *again;
    trustdir_certificate *certificate;
    trustdir_buffer *notes;
    trustdir_identity *identity;
    OK(trustdir_key_generate(TRUSTDIR_KEY_TYPE_P384, &key, &error));
    OK(trustdir_request_create(key, "CN=nas,O=Home", asked, 3, &request, &error));
    TEXT(trustdir_request_subject(request), "CN=nas,O=Home");
    CHECK(trustdir_request_names_len(request) == 3);
    TEXT(trustdir_request_name(request, 0), "DNS:nas.home.arpa");
    TEXT(trustdir_request_name(request, 1), "IP:10.0.0.1");
    TEXT(trustdir_request_name(request, 2), "email:a@home.arpa");
    CHECK(trustdir_request_name(request, 3) == NULL);
    CHECK(!trustdir_request_asks_for_authority(request));
    CHECK(trustdir_request_ignored_len(request) == 0 && trustdir_request_ignored(request, 0) == NULL);

    trustdir_slice der = trustdir_request_der(request);
    OK(trustdir_request_from_der(der.data, der.len, &again, &error));
    TEXT(trustdir_request_pem(again), trustdir_request_pem(request));
    trustdir_request_free(again);
    OK(trustdir_request_from_pem(BYTES(trustdir_request_pem(request)), &again, &error));
    CHECK(trustdir_request_der(again).len == der.len);
    trustdir_request_free(again);
    write_file(in_root("nas.csr.pem"), trustdir_request_pem(request));
    OK(trustdir_request_load(in_root("nas.csr.pem"), &again, &error));
    trustdir_request_free(again);
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_request_from_der(der.data, der.len - 1, &again, &error));
    STATUS(TRUSTDIR_STATUS_PARSE, trustdir_request_from_pem(BYTES("nonsense"), &again, &error));
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_request_load(in_root("none"), &again, &error));
    CHECK(again == NULL);
    uint8_t altered[2048];
    CHECK(der.len < sizeof altered);
    memcpy(altered, der.data, der.len);
    altered[der.len - 1] ^= 1;
    STATUS(TRUSTDIR_STATUS_BAD_SIGNATURE, trustdir_request_from_der(altered, der.len, &again, &error));
    asked[0] = "my nas";
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_request_create(key, "CN=nas", asked, 1, &again, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_request_create(key, "CN=", NULL, 0, &again, &error));

    /* As asked: hosts only, and a note of the rest. The key is the request's. */
    OK(trustdir_authority_sign(authority, request, TRUSTDIR_PROFILE_SERVER, NULL, 0, NULL, &notes,
                               &certificate, &error));
    TEXT((const char *)trustdir_buffer_data(notes), "email:a@home.arpa was asked for and is not granted");
    TEXT(trustdir_certificate_subject(certificate), "CN=nas,O=Home");
    TEXT(trustdir_certificate_issuer(certificate),
         trustdir_certificate_subject(trustdir_authority_certificate(authority)));
    trustdir_buffer_free(notes);
    OK(trustdir_key_to_pem(key, NO_PASSPHRASE, &notes, &error));
    OK(trustdir_identity_from_pem(BYTES(trustdir_certificate_pem(certificate)), trustdir_buffer_data(notes),
                                  trustdir_buffer_len(notes), NO_PASSPHRASE, &identity, &error));
    trustdir_identity_free(identity);
    trustdir_buffer_free(notes);
    trustdir_certificate_free(certificate);

    /* As the operator says. */
    OK(trustdir_authority_sign(authority, request, TRUSTDIR_PROFILE_BOTH, granted, 1, NULL, &notes,
                               &certificate, &error));
    CHECK(strstr((const char *)trustdir_buffer_data(notes), "IP:10.0.0.1 was asked for and is not granted\n") != NULL);
    trustdir_buffer_free(notes);
    trustdir_certificate_free(certificate);
    OK(trustdir_authority_sign(authority, request, TRUSTDIR_PROFILE_CLIENT, NULL, 0, NULL, NULL, &certificate, &error));
    trustdir_certificate_free(certificate);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_authority_sign(authority, request, 0, NULL, 0, NULL, &notes, &certificate, &error));
    CHECK(notes == NULL && certificate == NULL);
    trustdir_request_free(request);

    OK(trustdir_request_create(key, "O=Home", NULL, 0, &request, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_authority_sign(authority, request, TRUSTDIR_PROFILE_SERVER, NULL, 0, NULL, NULL, &certificate,
                                   &error));
    trustdir_request_free(request);
    trustdir_key_free(key);
}


static void renew(const trustdir_authority *office)
{
    trustdir_issued *found;
    trustdir_certificate *renewed;
    trustdir_identity *identity;
    trustdir_buffer *notes;
    OK(trustdir_authority_find(office, "alice", &found, &error));
    CHECK(trustdir_issued_len(found) == 1);
    const trustdir_certificate *old = trustdir_issued_certificate(found, 0);
    OK(trustdir_authority_renew(office, old, 0, NULL, &notes, &renewed, &error));
    TEXT(one(notes), "");
    TEXT(trustdir_certificate_subject(renewed), "CN=alice");
    CHECK(strcmp(trustdir_certificate_serial(renewed), trustdir_certificate_serial(old)) != 0);
    CHECK(trustdir_certificate_not_after(renewed) >= trustdir_certificate_not_after(old));
    trustdir_certificate_free(renewed);
    trustdir_buffer_free(notes);
    OK(trustdir_authority_renew_with_new_key(office, old, TRUSTDIR_PROFILE_CLIENT, NULL, NULL, &identity, &error));
    CHECK(trustdir_identity_chain_len(identity) == 2);
    trustdir_identity_free(identity);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_authority_renew(office, old, 9, NULL, NULL, &renewed, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_authority_renew(office, trustdir_authority_trust_anchor(office), 0, NULL, NULL, &renewed, &error));
    trustdir_issued_free(found);
}

static void list(const trustdir_authority *office)
{
    trustdir_issued *issued;
    OK(trustdir_authority_issued(office, &issued, &error));
    size_t count = trustdir_issued_len(issued);
    CHECK(count > 5);
    TEXT(trustdir_issued_subject(issued, 1), "CN=alice");
    CHECK(trustdir_issued_standing(issued, 1) == TRUSTDIR_ISSUED_STATUS_VALID);
    const trustdir_certificate *kept = trustdir_issued_certificate(issued, 1);
    CHECK(trustdir_issued_not_after(issued, 1) == trustdir_certificate_not_after(kept));
    CHECK(strlen(trustdir_issued_serial(issued, 1)) == 32 && access(trustdir_issued_file(issued, 1), R_OK) == 0);
    CHECK(trustdir_issued_revoked_at(issued, 1) == 0);
    CHECK(trustdir_issued_subject(issued, count) == NULL && trustdir_issued_certificate(issued, count) == NULL);
    CHECK(trustdir_issued_standing(issued, count) == TRUSTDIR_ISSUED_STATUS_UNKNOWN);
    TEXT(trustdir_issued_status_text(TRUSTDIR_ISSUED_STATUS_REVOKED), "REVOKED");
    TEXT(trustdir_issued_status_text(99), "UNKNOWN");
    trustdir_issued_free(issued);
    OK(trustdir_authority_expiring(office, 30, &issued, &error));
    CHECK(trustdir_issued_len(issued) > 0 && trustdir_issued_len(issued) < count);
    trustdir_issued_free(issued);
    OK(trustdir_authority_find(office, "nobody", &issued, &error));
    CHECK(trustdir_issued_len(issued) == 0);
    trustdir_issued_free(issued);
}

static void revoke(const trustdir_authority *office)
{
    trustdir_identity *carol, *dave;
    trustdir_certificate *renewed;
    trustdir_issued *issued;
    trustdir_buffer *path;
    OK(trustdir_authority_issue_client(office, "carol", NULL, 0, NULL, &carol, &error));
    OK(trustdir_authority_issue_client(office, "dave", NULL, 0, NULL, &dave, &error));
    const trustdir_certificate *certificate = trustdir_identity_certificate(carol, 0);
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_authority_revoke(office, certificate, 7, &error));
    OK(trustdir_authority_revoke(office, certificate, TRUSTDIR_REVOCATION_REASON_KEY_COMPROMISE, &error));
    STATUS(TRUSTDIR_STATUS_ALREADY_EXISTS,
           trustdir_authority_revoke(office, certificate, TRUSTDIR_REVOCATION_REASON_UNSPECIFIED, &error));
    STATUS(TRUSTDIR_STATUS_REVOKED, trustdir_authority_renew(office, certificate, 0, NULL, NULL, &renewed, &error));
    certificate = trustdir_identity_certificate(dave, 0);
    OK(trustdir_authority_revoke(office, certificate, TRUSTDIR_REVOCATION_REASON_CERTIFICATE_HOLD, &error));
    OK(trustdir_authority_unhold(office, certificate, &error));
    OK(trustdir_authority_find(office, "carol", &issued, &error));
    CHECK(trustdir_issued_standing(issued, 0) == TRUSTDIR_ISSUED_STATUS_REVOKED);
    CHECK(trustdir_issued_revocation_reason(issued, 0) == TRUSTDIR_REVOCATION_REASON_KEY_COMPROMISE);
    CHECK(llabs((long long)trustdir_issued_revoked_at(issued, 0) - (long long)time(NULL)) < 300);
    trustdir_issued_free(issued);
    TEXT(trustdir_revocation_reason_text(TRUSTDIR_REVOCATION_REASON_KEY_COMPROMISE), "keyCompromise");
    TEXT(trustdir_revocation_reason_text(99), "unspecified");

    OK(trustdir_authority_crl(office, 30, &path, &error));
    TEXT(one(path), in_root("office/crl.pem"));
    trustdir_buffer_free(path);
    run("openssl crl -in office/crl.pem -CAfile office/cacert.pem -noout");
    CHECK(mkdir(in_root("anchors"), 0700) == 0);
    OK(trustdir_authority_crl(office, 30, NULL, &error));
    OK(trustdir_authority_install_crl(office, in_root("anchors"), &path, &error));
    CHECK(strncmp(one(path), in_root("anchors/"), strlen(in_root("anchors/"))) == 0);
    CHECK(strcmp(one(path) + trustdir_buffer_len(path) - 3, ".r0") == 0);
    trustdir_buffer_free(path);
    STATUS(TRUSTDIR_STATUS_NOT_FOUND, trustdir_authority_install_crl(office, in_root("none"), NULL, &error));
    trustdir_identity_free(carol);
    trustdir_identity_free(dave);
}

static void renew_authorities(const trustdir_authority *root_authority, const trustdir_authority *office)
{
    trustdir_authority *renewed;
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT, trustdir_authority_renew_authority(office, NULL, 0, &renewed, &error));
    OK(trustdir_authority_renew_authority(office, root_authority, 365, &renewed, &error));
    TEXT(trustdir_certificate_subject(trustdir_authority_certificate(renewed)),
         trustdir_certificate_subject(trustdir_authority_certificate(office)));
    run("openssl verify -x509_strict -CAfile root/cacert.pem -untrusted office/cacert.pem nas.pem");
    trustdir_authority_free(renewed);
    OK(trustdir_authority_renew_authority(root_authority, NULL, 0, &renewed, &error));
    trustdir_authority_free(renewed);
}

static void take_over(void)
{
    trustdir_identity *theirs, *nobody;
    trustdir_authority *ours, *reader;
    OK(trustdir_identity_load(in_root("root/cacert.pem"), in_root("root/private/cakey.pem"), BYTES("secret"), &theirs,
                              &error));
    OK(trustdir_authority_import(in_root("ours"), theirs, BYTES("other"), &ours, &error));
    STATUS(TRUSTDIR_STATUS_ALREADY_EXISTS,
           trustdir_authority_import(in_root("ours"), theirs, NULL, 0, &reader, &error));
    TEXT(trustdir_certificate_fingerprint(trustdir_authority_certificate(ours)),
         trustdir_certificate_fingerprint(trustdir_identity_certificate(theirs, 0)));
    trustdir_identity_free(theirs);
    trustdir_authority_free(ours);
    STATUS(TRUSTDIR_STATUS_WRONG_PASSPHRASE, trustdir_authority_open(in_root("ours"), BYTES("x"), &ours, &error));
    OK(trustdir_authority_open_without_key(in_root("ours"), &reader, &error));
    STATUS(TRUSTDIR_STATUS_INVALID_ARGUMENT,
           trustdir_authority_issue_client(reader, "eve", NULL, 0, NULL, &nobody, &error));
    trustdir_authority_free(reader);
}

int main(void)
{
    start();
    constraints();
    trustdir_authority *root_authority = make_root();
    trustdir_authority *office = make_intermediate(root_authority);
    issue(office);
    requests(office);
    renew(office);
    list(office);
    revoke(office);
    renew_authorities(root_authority, office);
    take_over();
    trustdir_authority_free(office);
    trustdir_authority_free(root_authority);
    return finish();
}
