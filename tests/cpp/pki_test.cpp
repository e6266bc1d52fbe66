// A private authority for a home, as its owner runs it: limited to the home's names, with an authority below it,
// servers, clients and requests, renewals, revocations, files for devices, and a lint. openssl is the judge.
#include "check.hpp"
#include "process.hpp"
#include "world.hpp"

#include <algorithm>
#include <fstream>

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::system_clock;

/// A root for the home and the office's authority below it.
class home {
 public:
  home()
      : root(trustdir::authority::create(dir / "root", options())),
        office(root.create_intermediate(dir / "office")) {}

  static trustdir::authority_options options() {
    trustdir::authority_options options;
    options.name = "CN=Home CA";
    options.passphrase = "secret";
    options.key_type = trustdir::key_type::p384;
    options.path_length = std::uint8_t(1);
    options.constraints = trustdir::name_constraints::home();
    options.constraints.permit("example.dyndns.org").exclude("guests.home.arpa");
    return options;
  }

  /// Runs openssl in the directory.
  std::string openssl(const std::string& arguments) const {
    return shell("cd " + (dir / "") + " && openssl " + arguments);
  }

  temporary_directory dir;
  trustdir::authority root;
  trustdir::authority office;
};

static void write(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
  CHECK_EQUAL(fs::file_size(path), text.size());
}

TEST(constraints) {
  trustdir::name_constraints constraints;
  CHECK(constraints.allow("bank.example.com"));
  CHECK_EQUAL(constraints.permitted_count(), 0u);
  constraints.permit("example.org").permit("10.0.0.0/8").exclude("lab.example.org");
  CHECK_EQUAL(constraints.permitted_count(), 2u);
  CHECK_EQUAL(constraints.permitted(1), "IP:10.0.0.0/8");
  CHECK_EQUAL(constraints.excluded_count(), 1u);
  CHECK_EQUAL(constraints.excluded(0), "DNS:lab.example.org");
  CHECK(constraints.allow("nas.example.org") && !constraints.allow("lab.example.org") && !constraints.allow("a.test"));
  const auto wrong = CHECK_THROWS(trustdir::error, constraints.permit("10.0.0.1/8"));
  CHECK(wrong.status() == trustdir::status::invalid_argument);
}

TEST(an_authority_for_a_home_and_one_below_it) {
  const home h;
  const auto root = h.root.certificate();
  CHECK_EQUAL(root.subject(), "CN=Home CA");
  CHECK(root.is_authority() && root.is_self_issued());
  CHECK(root.path_length() == 1u);
  CHECK_EQUAL(root.purpose(0), "authority");
  const auto limits = root.name_constraints();
  CHECK_EQUAL(limits.permitted(limits.permitted_count() - 1), "DNS:example.dyndns.org");
  CHECK_EQUAL(limits.excluded(0), "DNS:guests.home.arpa");
  CHECK_EQUAL(h.root.dir(), h.dir / "root");

  CHECK_EQUAL(h.office.chain_size(), 2u);
  CHECK(h.office.certificate().path_length() == 0u);
  CHECK_EQUAL(h.office.chain(1).fingerprint(), root.fingerprint());
  CHECK_EQUAL(h.office.trust_anchor().fingerprint(), root.fingerprint());
  CHECK(fs::exists(fs::path(h.office.trust_anchor_path())));
  const auto deeper = CHECK_THROWS(trustdir::error, h.office.create_intermediate(h.dir / "deeper"));
  CHECK(deeper.status() == trustdir::status::invalid_argument);
}

TEST(servers_and_clients) {
  const home h;
  const auto nas = h.office.issue_server({"nas.home.arpa", "192.168.1.5"});
  CHECK_EQUAL(nas.size(), 2u);
  CHECK_EQUAL(nas.certificate().name_count(), 2u);
  CHECK_EQUAL(nas.certificate().name(1), "IP:192.168.1.5");
  CHECK(!nas.certificate().path_length() && !nas.certificate().is_authority());
  nas.save(h.dir / "nas.pem", h.dir / "nas.key");
  h.openssl("verify -x509_strict -purpose sslserver -verify_hostname nas.home.arpa -CAfile root/cacert.pem "
            "-untrusted nas.pem nas.pem");
  for (const auto name : {"bank.example.com", "tv.guests.home.arpa"}) {
    const auto outside = CHECK_THROWS(trustdir::error, h.office.issue_server({name}));
    CHECK(outside.status() == trustdir::status::name_mismatch);
  }

  const auto now = std::chrono::floor<std::chrono::seconds>(system_clock::now());
  trustdir::issue_options options;
  options.not_before = now;
  options.not_after = now + hours(48);
  options.key_type = trustdir::key_type::ed25519;
  const auto alice = h.office.issue_client("alice", options, {"email:alice@home.arpa"});
  CHECK(alice.certificate().not_before() == now && alice.certificate().not_after() == now + hours(48));
  CHECK_EQUAL(alice.certificate().name(0), "email:alice@home.arpa");
  CHECK_EQUAL(trustdir::key::from_pem(alice.key_pem()).algorithm(), "Ed25519");
  CHECK_EQUAL(h.office.issue_both({"node.home.arpa"}).certificate().purpose_count(), 2u);
  const auto bob = h.office.issue(trustdir::profile::client, "CN=bob,OU=rpc");
  CHECK_EQUAL(bob.certificate().subject(), "CN=bob,OU=rpc");
  const auto authority = CHECK_THROWS(trustdir::error, h.office.issue(trustdir::profile::authority, "CN=x"));
  CHECK(authority.status() == trustdir::status::invalid_argument);
}

TEST(requests_renewals_and_lists) {
  const home h;
  const auto key = trustdir::key::generate(trustdir::key_type::p256);
  const auto request = trustdir::request::create(key, "CN=nas.home.arpa", {"nas.home.arpa"});
  trustdir::sign_options week;
  week.issue.days = 7;
  const auto first = h.office.sign(request, week);
  const auto renewed = h.office.renew(first.certificate);
  CHECK_EQUAL(renewed.certificate.subject(), first.certificate.subject());
  CHECK(renewed.certificate.serial() != first.certificate.serial());
  CHECK(renewed.notes.text().empty());
  CHECK_EQUAL(trustdir::identity::from_pem(renewed.certificate.pem(), key.to_pem()).size(), 1u);
  trustdir::renew_options both;
  both.profile = trustdir::profile::both;
  const auto other = CHECK_THROWS(trustdir::error, h.office.renew_with_new_key(first.certificate, both));
  CHECK(other.status() == trustdir::status::invalid_argument);
  const auto again = h.office.renew_with_new_key(first.certificate);
  CHECK_EQUAL(again.identity.certificate().purpose_count(), 1u);
  CHECK_EQUAL(again.identity.size(), 2u);

  const auto issued = h.office.issued();
  CHECK_EQUAL(issued.size(), 3u);
  CHECK_EQUAL(issued[0].certificate.fingerprint(), first.certificate.fingerprint());
  for (const auto& one : issued) {
    CHECK_EQUAL(one.status, trustdir::issued_status::valid);
    CHECK_EQUAL(one.subject, "CN=nas.home.arpa");
    CHECK(one.not_after == one.certificate.not_after() && !one.revoked_at && fs::exists(fs::path(one.file)));
  }
  CHECK_EQUAL(h.office.find(first.certificate.fingerprint()).size(), 1u);
  CHECK(h.office.find("nobody").empty());
  // A renewal that ends later, by a second or more, takes the place of what it renews. Nothing does of the last.
  const auto expiring = h.office.expiring(30);
  CHECK(!expiring.empty());
  CHECK_EQUAL(expiring[expiring.size() - 1].certificate.fingerprint(), again.identity.certificate().fingerprint());
  CHECK(h.office.expiring(3).empty());
}

TEST(revocation) {
  const home h;
  const auto alice = h.office.issue_client("alice");
  const auto bob = h.office.issue_client("bob");
  h.office.revoke(alice.certificate(), trustdir::revocation_reason::key_compromise);
  const auto twice = CHECK_THROWS(trustdir::error, h.office.revoke(alice.certificate()));
  CHECK(twice.status() == trustdir::status::already_exists);
  const auto renewing = CHECK_THROWS(trustdir::error, h.office.renew(alice.certificate()));
  CHECK(renewing.status() == trustdir::status::revoked);
  h.office.revoke(bob.certificate(), trustdir::revocation_reason::certificate_hold);
  h.office.unhold(bob.certificate());
  const auto found = h.office.find("alice");
  CHECK_EQUAL(found[0].status, trustdir::issued_status::revoked);
  CHECK_EQUAL(found[0].reason, trustdir::revocation_reason::key_compromise);
  CHECK_EQUAL(trustdir::to_string(found[0].reason), "keyCompromise");
  CHECK(found[0].revoked_at && system_clock::now() - *found[0].revoked_at < hours(1));

  CHECK_EQUAL(h.office.crl(30).text(), h.dir / "office/crl.pem");
  const auto list = h.openssl("crl -in office/crl.pem -CAfile office/cacert.pem -noout -text");
  CHECK(list.find("Key Compromise") != std::string::npos);
  fs::create_directory(h.dir / "anchors");
  const auto installed = h.office.install_crl(h.dir / "anchors");
  CHECK(fs::exists(fs::path(installed.text())));
  CHECK_EQUAL(fs::path(installed.text()).extension().string(), ".r0");
}

TEST(authorities_are_renewed_and_taken_over) {
  const home h;
  const auto nas = h.office.issue_server({"nas.home.arpa"});
  nas.save(h.dir / "nas.pem", h.dir / "nas.key");
  const auto issuer = CHECK_THROWS(trustdir::error, h.office.renew_authority(365));
  CHECK(issuer.status() == trustdir::status::invalid_argument);
  const auto office = h.office.renew_authority(h.root, 365);
  CHECK(office.certificate().serial() != h.office.certificate().serial());
  h.openssl("verify -x509_strict -CAfile root/cacert.pem -untrusted office/cacert.pem nas.pem");
  CHECK_EQUAL(h.root.renew_authority().certificate().subject(), "CN=Home CA");

  const auto theirs = trustdir::identity::load(h.dir / "root/cacert.pem", h.dir / "root/private/cakey.pem", "secret");
  const auto ours = trustdir::authority::import(h.dir / "ours", theirs, "other");
  CHECK_EQUAL(ours.certificate().fingerprint(), theirs.certificate().fingerprint());
  const auto reader = trustdir::authority::open_without_key(h.dir / "ours");
  CHECK(reader.issued().empty());
  const auto locked = CHECK_THROWS(trustdir::error, reader.issue_client("eve"));
  CHECK(locked.status() == trustdir::status::invalid_argument);
}

TEST(keys_for_every_reader) {
  const home h;
  const auto key = trustdir::key::generate(trustdir::key_type::p256);
  for (const auto derivation : {trustdir::key_derivation::scrypt, trustdir::key_derivation::pbkdf2}) {
    const auto der = key.to_der("secret", derivation);
    const auto again = trustdir::key::from_der(der.bytes(), "secret");
    CHECK(std::equal(again.spki().begin(), again.spki().end(), key.spki().begin(), key.spki().end()));
    fs::remove(h.dir / "key.pem");
    write(h.dir / "key.pem", key.to_pem("secret", derivation));
    h.openssl("pkey -in key.pem -passin pass:secret -noout");
  }
}

TEST(files_for_devices) {
  const home h;
  const auto alice = h.office.issue_client("alice");
  trustdir::pkcs12_options phone;
  phone.profile = trustdir::pkcs12_profile::compat;
  phone.name = "alice at home";
  phone.authorities = {h.root.certificate()};
  alice.save_pkcs12(h.dir / "phone.p12", "secret", phone);
  const auto text = h.openssl("pkcs12 -legacy -in phone.p12 -passin pass:secret -nodes");
  CHECK(text.find("friendlyName: alice at home") != std::string::npos);
  CHECK_EQUAL(trustdir::identity::load_pkcs12(h.dir / "phone.p12", "secret").size(), 3u);
  const auto p12 = alice.to_pkcs12("secret");
  CHECK_EQUAL(trustdir::identity::from_pkcs12(p12.bytes(), "secret").certificate().fingerprint(),
              alice.certificate().fingerprint());
  const auto wrong = CHECK_THROWS(trustdir::error, trustdir::identity::from_pkcs12(p12.bytes(), "guess"));
  CHECK(wrong.status() == trustdir::status::wrong_passphrase);

  const auto full = alice.with_issuers({h.root.certificate()});
  CHECK_EQUAL(full.size(), 3u);
  CHECK(full.to_bundle().text().find("BEGIN PRIVATE KEY") != std::string_view::npos);
  full.save_bundle(h.dir / "alice.pem", "secret");
  h.openssl("pkey -in alice.pem -passin pass:secret -noout");
  write(h.dir / "chain.pem",
        trustdir::full_chain(alice.certificate(), {h.office.certificate(), h.root.certificate()}));
  h.openssl("verify -CAfile chain.pem chain.pem");
  trustdir::save_bundle({h.root.certificate(), h.office.certificate()}, h.dir / "anchors.pem");
  h.openssl("verify -CAfile anchors.pem alice.pem");
  trustdir::save_der(h.root.certificate(), h.dir / "root.crt");
  h.openssl("x509 -inform DER -in root.crt -noout");
  write(h.dir / "trust.p12", trustdir::truststore({h.root.certificate()}));
  h.openssl("pkcs12 -in trust.p12 -passin pass:changeit -nokeys");

  auto profile = trustdir::mobile_config::create("Home");
  profile.add(h.root.certificate()).add(alice, "secret", true);
  const auto xml = profile.to_xml();
  CHECK_THROWS(trustdir::error, profile.add(alice, ""));
  CHECK_EQUAL(profile.to_xml().text(), xml.text());
  CHECK(xml.text().find("<string>secret</string>") != std::string_view::npos);
  profile.save(h.dir / "home.mobileconfig");
  CHECK_EQUAL(fs::file_size(h.dir / "home.mobileconfig"), xml.text().size());
}

static bool has(const trustdir::findings& findings, std::string_view rule) {
  return std::any_of(findings.begin(), findings.end(), [&](const trustdir::finding& one) { return one.rule == rule; });
}

TEST(lint) {
  const home h;
  const auto server = h.office.issue_server({"nas.home.arpa"}, {3000, {}, {}, {}});
  const auto findings = trustdir::lint(server.certificate());
  CHECK(!findings.empty());
  const auto first = findings[0];
  CHECK_EQUAL(first.severity, trustdir::severity::refused);
  CHECK_EQUAL(first.rule, "VALIDITY_OVER_825_DAYS");
  CHECK(first.refused_by == std::vector<std::string_view>{"APPLE"});
  CHECK_EQUAL(first.subject, "CN=nas.home.arpa");
  CHECK(!first.message.empty() && !first.remedy.empty() && first.path.empty());

  const auto good = h.office.issue_server({"nas.home.arpa"});
  CHECK(trustdir::lint({good.certificate(0), good.certificate(1)}).empty());
  CHECK(has(trustdir::lint({good.certificate(1), good.certificate(0)}), "CHAIN_ORDER"));
  trustdir::lint_options later;
  later.profile = trustdir::profile::server;
  later.time = good.certificate().not_after() + hours(1);
  CHECK(has(trustdir::lint(good.certificate(), later), "EXPIRED"));
  CHECK(has(trustdir::lint(good, later), "EXPIRED"));
  CHECK(has(trustdir::lint(good), "CHAIN_MISSING_ISSUER"));
  const auto key = trustdir::key::generate(trustdir::key_type::p256);
  CHECK(!trustdir::lint(trustdir::request::create(key, "CN=nas.home.arpa")).empty());
  write(h.dir / "bad.pem", server.certificate().pem());
  CHECK_EQUAL(trustdir::lint(h.dir / "bad.pem")[0].path, h.dir / "bad.pem");
  const auto missing = CHECK_THROWS(trustdir::error, trustdir::lint(h.dir / "none"));
  CHECK(missing.status() == trustdir::status::not_found);
}

int main(int argc, char** argv) { return check::run(argc, argv); }
