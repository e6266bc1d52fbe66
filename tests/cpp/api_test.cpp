// The RAII layer: every class, both error conventions, and a connection driven by hand.
#include "check.hpp"
#include "world.hpp"

#include <fstream>
#include <type_traits>

namespace fs = std::filesystem;

template <class T>
constexpr bool move_only = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                           !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;

static_assert(move_only<trustdir::key> && move_only<trustdir::certificate> && move_only<trustdir::identity> &&
              move_only<trustdir::authority> && move_only<trustdir::directory> && move_only<trustdir::entries> &&
              move_only<trustdir::decision> && move_only<trustdir::nano_config> &&
              move_only<trustdir::acceptor_builder> && move_only<trustdir::acceptor> &&
              move_only<trustdir::connection> && move_only<trustdir::buffer> && move_only<trustdir::request> &&
              move_only<trustdir::signed_request> && move_only<trustdir::name_constraints> &&
              move_only<trustdir::issued> && move_only<trustdir::mobile_config> && move_only<trustdir::findings>);
static_assert(std::is_trivially_copyable_v<trustdir::certificate_view> &&
              std::is_trivially_copyable_v<trustdir::decision_view>);
static_assert(std::is_nothrow_copy_constructible_v<trustdir::error>);


TEST(version) {
  CHECK(!trustdir::version().empty());
  CHECK(trustdir::version_number() >= 0x000100);
}

TEST(keys) {
  const auto key = trustdir::key::generate(trustdir::key_type::p256);
  CHECK_EQUAL(key.algorithm(), "P-256");
  const auto plain = key.to_pem();
  CHECK(plain.text().find("BEGIN PRIVATE KEY") != std::string_view::npos);
  const auto encrypted = key.to_pem("secret");
  CHECK(encrypted.text().find("BEGIN ENCRYPTED PRIVATE KEY") != std::string_view::npos);
  CHECK_EQUAL(trustdir::key::from_pem(encrypted, "secret").algorithm(), "P-256");
  const auto wrong = CHECK_THROWS(trustdir::error, trustdir::key::from_pem(encrypted, "guess"));
  CHECK(wrong.status() == trustdir::status::wrong_passphrase);
  const auto none = CHECK_THROWS(trustdir::error, trustdir::key::from_pem(encrypted));
  CHECK(none.status() == trustdir::status::passphrase_required);
  CHECK_EQUAL(trustdir::key::generate(trustdir::key_type::ed25519).algorithm(), "Ed25519");
}

TEST(certificates) {
  const world w;
  const trustdir::certificate_view alice = w.alice.certificate();
  CHECK_EQUAL(alice.subject(), "CN=alice");
  CHECK_EQUAL(alice.issuer(), w.ca.certificate().subject());
  CHECK_EQUAL(alice.fingerprint().size(), 64u);
  CHECK(!alice.serial().empty());
  const auto now = std::chrono::system_clock::now();
  CHECK(alice.not_before() <= now && now < alice.not_after());

  const auto again = trustdir::certificate::from_pem(alice.pem());
  CHECK_EQUAL(again.fingerprint(), alice.fingerprint());
  CHECK_EQUAL(trustdir::certificate::from_der(alice.der()).subject(), "CN=alice");
  CHECK_EQUAL(again.subject_hash(), alice.subject_hash());
  CHECK(again.subject_hash() != again.subject_hash_old());

  std::ofstream(w.dir / "alice.pem") << alice.pem();
  CHECK_EQUAL(trustdir::certificate::load(w.dir / "alice.pem").fingerprint(), alice.fingerprint());
  auto kept = alice.clone();
  const auto moved = std::move(kept);
  CHECK_EQUAL(moved.subject(), "CN=alice");
  CHECK(!kept);  // NOLINT: a moved-from object is empty, and every accessor of it is safe
  CHECK(kept.subject().empty());
}

TEST(identities) {
  const world w;
  CHECK(w.server.size() >= 1);
  CHECK(!w.server.certificate(w.server.size()));
  w.server.save(w.dir / "server.cert.pem", w.dir / "server.key.pem", "secret");
  CHECK((fs::status(w.dir / "server.key.pem").permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  const auto loaded = trustdir::identity::load(w.dir / "server.cert.pem", w.dir / "server.key.pem", "secret");
  CHECK_EQUAL(loaded.certificate().fingerprint(), w.server.certificate().fingerprint());
  const auto twice =
      CHECK_THROWS(trustdir::error, w.server.save(w.dir / "server.cert.pem", w.dir / "server.key.pem"));
  CHECK(twice.status() == trustdir::status::already_exists);
  CHECK(twice.code() == std::errc::file_exists);
  const auto pair = CHECK_THROWS(
      trustdir::error, trustdir::identity::from_pem(w.server.certificate().pem(), w.alice.key_pem()));
  CHECK(pair.status() == trustdir::status::key_mismatch);
}

TEST(authorities) {
  const temporary_directory dir;
  trustdir::authority_options options;
  options.name = "CN=Test CA,O=Example";
  options.days = 30;
  options.passphrase = "secret";
  const auto made = trustdir::authority::create(dir / "ca", options);
  CHECK(made.certificate().subject().find("Test CA") != std::string_view::npos);
  const auto again = CHECK_THROWS(trustdir::error, trustdir::authority::create(dir / "ca", options));
  CHECK(again.status() == trustdir::status::already_exists);
  const auto opened = trustdir::authority::open(dir / "ca", "secret");
  CHECK_EQUAL(opened.certificate().fingerprint(), made.certificate().fingerprint());
  const auto wrong = CHECK_THROWS(trustdir::error, trustdir::authority::open(dir / "ca", "guess"));
  CHECK(wrong.code() == trustdir::condition::format);
}

TEST(requests) {
  const world w;
  const auto key = trustdir::key::generate(trustdir::key_type::p256);
  const auto request = trustdir::request::create(key, "CN=nas,O=Home", {"nas.example", "10.0.0.1", "email:a@b.example"});
  CHECK_EQUAL(request.subject(), "CN=nas,O=Home");
  CHECK_EQUAL(request.name_count(), 3u);
  CHECK_EQUAL(request.name(0), "DNS:nas.example");
  CHECK_EQUAL(request.name(1), "IP:10.0.0.1");
  CHECK(request.name(3).empty());
  CHECK(!request.asks_for_authority());
  CHECK_EQUAL(request.ignored_count(), 0u);
  CHECK(request.ignored(0).empty());
  CHECK_EQUAL(trustdir::request::from_pem(request.pem()).pem(), request.pem());
  CHECK_EQUAL(trustdir::request::from_der(request.der()).subject(), request.subject());
  std::ofstream(w.dir / "nas.csr.pem") << request.pem();
  CHECK_EQUAL(trustdir::request::load(w.dir / "nas.csr.pem").pem(), request.pem());
  const auto garbage = CHECK_THROWS(trustdir::error, trustdir::request::from_pem("garbage"));
  CHECK(garbage.code() == trustdir::condition::format);
  const auto name = CHECK_THROWS(trustdir::error, trustdir::request::create(key, "CN=nas", {"my nas"}));
  CHECK(name.status() == trustdir::status::invalid_argument);

  const auto as_asked = w.ca.sign(request);
  CHECK_EQUAL(as_asked.certificate.subject(), "CN=nas,O=Home");
  CHECK_EQUAL(as_asked.certificate.issuer(), w.ca.certificate().subject());
  CHECK_EQUAL(as_asked.notes.text(), "email:a@b.example was asked for and is not granted");
  const auto service = trustdir::identity::from_pem(as_asked.certificate.pem(), key.to_pem());
  CHECK_EQUAL(service.certificate().fingerprint(), as_asked.certificate.fingerprint());

  trustdir::sign_options options;
  options.profile = trustdir::profile::both;
  options.names = {"nas.example"};
  options.issue.days = 7;
  const auto decided = w.ca.sign(request, options);
  CHECK(decided.notes.text().find("IP:10.0.0.1 was asked for and is not granted\n") != std::string_view::npos);
  CHECK(decided.certificate.not_after() - decided.certificate.not_before() < std::chrono::hours(24 * 9));
  options.profile = static_cast<trustdir::profile>(9);
  const auto unknown = CHECK_THROWS(trustdir::error, w.ca.sign(request, options));
  CHECK(unknown.status() == trustdir::status::invalid_argument);
  const auto nameless = trustdir::request::create(key, "O=Home");
  const auto refused = CHECK_THROWS(trustdir::error, w.ca.sign(nameless));
  CHECK(refused.message().find("names no host") != std::string_view::npos);
}

TEST(directories) {
  const world w;
  const auto& clients = *w.clients;
  CHECK_EQUAL(clients.path(), w.dir / "clients");
  const auto entries = clients.list();
  CHECK_EQUAL(entries.size(), 1u);
  std::size_t seen = 0;
  for (const auto [file, certificate] : entries) {
    CHECK_EQUAL(certificate.subject(), "CN=alice");
    CHECK(!file.empty());
    ++seen;
  }
  CHECK_EQUAL(seen, 1u);

  const auto before = clients.generation();
  const auto bob = w.ca.issue_client("bob");
  const auto file = clients.install(bob.certificate());
  CHECK(fs::exists(file.text()));
  CHECK_EQUAL(clients.install(bob.certificate()).text(), file.text());
  CHECK_EQUAL(clients.list().size(), 2u);
  CHECK(clients.generation() > before);
  CHECK_EQUAL(clients.remove("bob"), 1u);
  CHECK(!fs::exists(file.text()));
  const auto gone = CHECK_THROWS(trustdir::error, clients.remove("bob"));
  CHECK(gone.code() == std::errc::no_such_file_or_directory);

  std::ofstream(w.dir / "clients/broken.pem") << "-----BEGIN CERTIFICATE-----\nnonsense\n";
  const auto listed = clients.list();
  CHECK_EQUAL(listed.size(), 1u);
  CHECK_EQUAL(listed.problem_count(), 1u);
  CHECK(listed.problem(0).find("broken.pem") != std::string_view::npos);
  CHECK(listed.problem(1).empty());
  std::error_code ec;
  clients.refresh(ec);
  CHECK(!ec);
}

TEST(decisions) {
  const world w;
  const auto admitted = w.clients->decide(w.alice.certificate());
  CHECK(admitted.is_admitted());
  CHECK(admitted.reason() == trustdir::reason::admitted);
  CHECK_EQUAL(admitted.subject(), "CN=alice");
  CHECK_EQUAL(admitted.fingerprint(), w.alice.certificate().fingerprint());
  CHECK(fs::exists(admitted.entry()));
  CHECK_EQUAL(admitted.certificate().serial(), w.alice.certificate().serial());

  const auto refused = w.clients->decide(w.mallory.certificate());
  CHECK(!refused.is_admitted());
  CHECK_EQUAL(refused.reason(), trustdir::reason::not_installed);
  CHECK_EQUAL(to_string(refused.reason()), "NOT_INSTALLED");
  CHECK(refused.entry().empty());
  CHECK(!refused.message().empty());

  const auto later = std::chrono::system_clock::now() + std::chrono::hours(24 * 365 * 20);
  CHECK_EQUAL(w.clients->decide(w.alice.certificate(), later).reason(), trustdir::reason::expired);

  w.unlink_alice();
  CHECK(!w.clients->decide(w.alice.certificate()).is_admitted());
}

TEST(subject_hash_names) {
  const world w;
  fs::create_directory(w.dir / "hashed");
  std::ofstream(w.dir / "hashed/alice.pem") << w.alice.certificate().pem();
  const auto strict = trustdir::directory::open(w.dir / "hashed", trustdir::entry_names::subject_hash);
  CHECK(!strict.decide(w.alice.certificate()).is_admitted());
  strict.install(w.alice.certificate());
  CHECK(strict.decide(w.alice.certificate()).is_admitted());
}

TEST(errors) {
  const temporary_directory dir;
  const auto missing = CHECK_THROWS(trustdir::error, trustdir::certificate::load(dir / "missing.pem"));
  CHECK(missing.status() == trustdir::status::not_found);
  CHECK_EQUAL(missing.path(), dir / "missing.pem");
  CHECK(missing.subject().empty());
  CHECK(missing.message().find("missing.pem") != std::string_view::npos);
  CHECK(missing.message().find('\n') == std::string_view::npos);
  CHECK_EQUAL(missing.message(), missing.what());
  CHECK(missing.code() == trustdir::status::not_found);
  CHECK(missing.code() == trustdir::condition::system);
  CHECK(missing.code() != trustdir::condition::trust);
  CHECK(missing.code() == std::errc::no_such_file_or_directory);
  CHECK_EQUAL(std::string(missing.code().category().name()), "trustdir");

  // An exception outlives what it was made from, and a handler of the standard base sees the same.
  const std::exception_ptr kept = std::make_exception_ptr(missing);
  const auto caught = CHECK_THROWS(std::system_error, std::rethrow_exception(kept));
  CHECK(caught.code() == trustdir::status::not_found);

  const auto cut = CHECK_THROWS(trustdir::error, trustdir::certificate::load(std::string_view("a\0b", 3)));
  CHECK(cut.status() == trustdir::status::invalid_argument);
  const auto garbage = CHECK_THROWS(trustdir::error, trustdir::certificate::from_pem("garbage"));
  CHECK(garbage.code() == trustdir::condition::format);
  const auto type = CHECK_THROWS(trustdir::error, trustdir::key::generate(static_cast<trustdir::key_type>(99)));
  CHECK(type.code() == std::errc::invalid_argument);

  // Numbers of a newer library are carried through.
  const std::error_code unknown(39, trustdir::category());
  CHECK(unknown == trustdir::condition::trust);
  CHECK(!unknown.message().empty());
  CHECK(!(std::error_code(36, std::generic_category()) == trustdir::condition::trust));
}

TEST(connections_by_hand) {
  const world w;
  auto connection = w.acceptor().accept();
  CHECK(connection.is_handshaking());
  CHECK(connection.wants_read());
  CHECK(!connection.decision());
  CHECK(connection.version().empty());
  char byte = 0;
  CHECK(!connection.read(&byte, 1));
  std::error_code ec;
  connection.read(&byte, 1, ec);
  CHECK(ec == trustdir::status::again);
  CHECK(ec == trustdir::condition::flow);
  CHECK_EQUAL(connection.write(trustdir::bytes_view("too early")), 0u);

  connection.read_tls(trustdir::bytes_view("GET / HTTP/1.1\r\n\r\n"), ec);
  CHECK(ec == trustdir::condition::tls);
  unsigned char alert[64];
  CHECK_EQUAL(connection.write_tls(alert, sizeof alert), 7u);
  CHECK_EQUAL(int(alert[0]), 21);

  auto other = w.acceptor().accept();
  const auto thrown = CHECK_THROWS(trustdir::error, other.read_tls(trustdir::bytes_view("GET / HTTP/1.1\r\n\r\n")));
  CHECK(thrown.code() == trustdir::condition::tls);
  other = w.acceptor().accept(ec);
  CHECK(!ec);
  other.received_eof(ec);
  CHECK(!ec);
  other.read(&byte, 1, ec);
  CHECK(ec == trustdir::status::truncated);
}

TEST(hooks_are_freed) {
  const world w;
  const auto counted = std::make_shared<int>(0);
  {
    auto connection = w.acceptor().accept();
    connection.on_revoked([counted] { ++*counted; });
    CHECK_EQUAL(counted.use_count(), 2);
  }
  CHECK_EQUAL(counted.use_count(), 1);
  CHECK_EQUAL(*counted, 0);
}

TEST(acceptors) {
  const world w;
  trustdir::acceptor_builder builder(w.server);
  builder.client_auth(trustdir::client_auth::required);
  // Required without a directory would admit nobody, or everybody: it is a mistake.
  const auto incomplete = CHECK_THROWS(trustdir::error, builder.build());
  CHECK(incomplete.code() == trustdir::condition::usage);
  builder.directory(*w.clients).versions(trustdir::tls_version::tls13, trustdir::tls_version::tls13);
  const auto first = builder.build();
  const auto second = builder.build();
  CHECK(first.clone().accept().is_handshaking());
  CHECK(second.accept().is_handshaking());
  const auto mode = CHECK_THROWS(trustdir::error, builder.client_auth(static_cast<trustdir::client_auth>(7)));
  CHECK(mode.status() == trustdir::status::invalid_argument);
}

TEST(nano_configurations) {
  const world w;
  w.server.save(w.dir / "server.cert.pem", w.dir / "server.key.pem", "test");
  std::ofstream(w.dir / "config-rpc.toml") << "address = \"127.0.0.1\"\nport = 7076\n\n[secure]\nenable = true\n"
                                           << "verbose_logging = true\n"
                                           << "server_cert_path = \"" << w.dir / "server.cert.pem" << "\"\n"
                                           << "server_key_path = \"" << w.dir / "server.key.pem" << "\"\n"
                                           << "server_key_passphrase = \"test\"\n"
                                           << "server_dh_path = \"" << w.dir / "dh1024.pem" << "\"\n"
                                           << "client_certs_path = \"" << w.dir / "clients" << "\"\n";
  const auto config = trustdir::nano_config::load(w.dir / "config-rpc.toml");
  CHECK(config.enabled());
  CHECK(config.verbose_logging());
  CHECK_EQUAL(config.address(), "127.0.0.1");
  CHECK_EQUAL(config.port(), 7076);
  CHECK(!config.policy().empty());
  CHECK(config.note_count() >= 1);
  CHECK(config.note(0).find("server_dh_path") != std::string_view::npos);
  CHECK(config.note(config.note_count()).empty());
  CHECK(config.acceptor().accept().is_handshaking());

  std::ofstream(w.dir / "config-rpc.toml") << "[secure]\nenable = true\nserver_cert_path = \"" << w.dir / "none"
                                           << "\"\nserver_key_path = \"" << w.dir / "none" << "\"\n";
  const auto closed = CHECK_THROWS(trustdir::error, trustdir::nano_config::load(w.dir / "config-rpc.toml").acceptor());
  CHECK(closed.message().find("none") != std::string_view::npos);
  std::ofstream(w.dir / "config-rpc.toml") << "[secure\n";
  const auto broken = CHECK_THROWS(trustdir::error, trustdir::nano_config::load(w.dir / "config-rpc.toml"));
  CHECK(broken.code() == trustdir::condition::format);
}

int main(int argc, char** argv) { return check::run(argc, argv); }
