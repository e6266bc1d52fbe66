// What can be asked of bundles, certificates, requests, identities, directories, policies and a node's configuration.
#include "check.hpp"
#include "world.hpp"

#include <fstream>

namespace fs = std::filesystem;
using trustdir::status;

TEST(bundles_and_their_certificates) {
  const world w;
  const std::string text = std::string(w.server.certificate().pem()) + std::string(w.ca.certificate().pem());
  const auto read = trustdir::certificates::from_pem(text);
  CHECK_EQUAL(read.size(), 2u);
  std::vector<std::string_view> found;
  for (const auto certificate : read) found.push_back(certificate.fingerprint());
  CHECK(found == (std::vector<std::string_view>{w.server.certificate().fingerprint(), w.ca.certificate().fingerprint()}));
  CHECK(read[0].is_signed_by(read[1]) && !read[1].is_signed_by(read[0]));
  CHECK_EQUAL(read[0].version(), 3);
  CHECK_EQUAL(read[0].key_algorithm(), w.server.key().algorithm());
  CHECK(!read[2]);
  CHECK(trustdir::certificates::from_pem("none").empty());

  std::ofstream(w.dir / "bundle.pem") << text;
  CHECK_EQUAL(trustdir::certificates::load(w.dir / "bundle.pem").size(), 2u);
  CHECK(CHECK_THROWS(trustdir::error, trustdir::certificates::load(w.dir / "none")).status() == status::not_found);
  CHECK_EQUAL(trustdir::certificate::from_bytes(read[0].der()).fingerprint(), read[0].fingerprint());
  CHECK_EQUAL(trustdir::certificate::from_bytes(std::string_view(text)).fingerprint(), read[0].fingerprint());
  CHECK_EQUAL(trustdir::certificate::load(w.ca.certificate_path()).fingerprint(), w.ca.certificate().fingerprint());
}

TEST(an_identity_of_its_parts) {
  const world w;
  const auto key = w.server.key();
  const trustdir::identity made({w.ca.certificate(), w.server.certificate()}, key);
  CHECK_EQUAL(made.certificate().fingerprint(), w.server.certificate().fingerprint());
  CHECK_EQUAL(made.chain_pem(), std::string(w.server.certificate().pem()) + std::string(w.ca.certificate().pem()));
  const auto other = CHECK_THROWS(trustdir::error, trustdir::identity({w.alice.certificate()}, key));
  CHECK(other.status() == status::key_mismatch);
  const auto request = trustdir::request::create(key, "CN=localhost");
  CHECK(std::string(request.spki().begin(), request.spki().end()) ==
        std::string(made.certificate().spki().begin(), made.certificate().spki().end()));
  CHECK_EQUAL(request.key_algorithm(), key.algorithm());
}

TEST(entries_by_name) {
  const world w;
  const auto& clients = *w.clients;
  CHECK(clients.contains(w.alice.certificate()) && !clients.contains(w.mallory.certificate()));
  CHECK_EQUAL(clients.find("CN=alice").size(), 1u);
  CHECK_EQUAL(clients.find(w.alice.certificate().fingerprint().substr(0, 8)).size(), 1u);
  CHECK(clients.find("mallory").empty());
  CHECK_EQUAL(clients.find("alice").link_target(0), "");
  std::ofstream(w.dir / "alice.pem") << w.alice.certificate().pem();
  fs::create_symlink("../alice.pem", w.dir / "clients/alice");
  CHECK_EQUAL(clients.find("alice").link_target(0), "../alice.pem");
}

TEST(policies_tell_what_they_are) {
  const world w;
  trustdir::policy policy(trustdir::client_auth::optional);
  CHECK(policy.client_auth() == trustdir::client_auth::optional);
  const auto& asked = policy;
  CHECK(!asked.directory() && !asked.authorities() && asked.service().empty());
  trustdir::authority_directory_options options;
  options.create = true;
  policy.directory(*w.clients).authorities(trustdir::authority_directory::open(w.dir / "anchors", options)).service("rpc");
  CHECK_EQUAL(asked.directory().value().path(), w.dir / "clients");
  CHECK(asked.authorities());
  CHECK_EQUAL(asked.service(), "rpc");
}

TEST(an_acceptor_takes_renewed_identities) {
  const world w;
  trustdir::acceptor_builder settings(w.server);
  const auto acceptor = settings.build();
  const auto renewed = w.ca.issue_server({"localhost"});
  settings.identities({renewed});
  acceptor.reload(settings);
  settings.identities({});
  CHECK(CHECK_THROWS(trustdir::error, acceptor.reload(settings)).status() == status::invalid_argument);
}

TEST(a_node_tells_its_files) {
  const world w;
  std::ofstream(w.dir / "node.toml") << "[secure]\nenable_wss = true\nserver_cert_path = 's.pem'\n"
                                        "server_key_path = 's.key'\nclient_certs_path = 'clients'\n";
  w.server.save(w.dir / "s.pem", w.dir / "s.key");
  const auto config = trustdir::nano_config::load(w.dir / "node.toml");
  CHECK(config.wss_enabled() && !config.enabled());
  CHECK_EQUAL(config.certificate_path(), w.dir / "s.pem");
  CHECK_EQUAL(config.key_path(), w.dir / "s.key");
  CHECK_EQUAL(config.clients_path(), w.dir / "clients");
  CHECK_EQUAL(config.identity_files().load().certificate().fingerprint(), w.server.certificate().fingerprint());
}

int main(int argc, char** argv) { return check::run(argc, argv); }
