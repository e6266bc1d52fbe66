// Connectors against acceptors, with nothing but memory between them: whom they trust, and under which name; what both
// count and tell; and an identity's files.
#include "check.hpp"
#include "world.hpp"

#include <chrono>
#include <fstream>
#include <future>
#include <memory>

namespace fs = std::filesystem;
using trustdir::reason;
using trustdir::status;

namespace {

/// Both ends of one connection.
struct pair {
  pair(const trustdir::connector& connector, std::string_view host, const trustdir::acceptor& acceptor)
      : client(connector.connect(host)), server(acceptor.accept()) {}

  /// Carries both ways until there is no more; how the client fared.
  std::error_code exchange() {
    std::error_code at_client;
    std::error_code at_server;
    while (carry(client, server, at_server) + carry(server, client, at_client) > 0) {
    }
    return at_client;
  }

  std::string say(std::string_view words) {
    CHECK_EQUAL(client.write(words), words.size());
    exchange();
    std::string heard(100, '\0');
    heard.resize(server.read(heard.data(), heard.size()).value());
    return heard;
  }

  trustdir::connection client;
  trustdir::connection server;

 private:
  static std::size_t carry(trustdir::connection& from, trustdir::connection& to, std::error_code& ec) {
    std::string bytes(65536, '\0');
    bytes.resize(from.write_tls(bytes.data(), bytes.size()));
    if (!bytes.empty()) to.read_tls(std::string_view(bytes), ec);
    return bytes.size();
  }
};

trustdir::acceptor open_to_all(const world& w) {
  return trustdir::acceptor_builder(w.server).alpn({"http/1.1"}).build();
}

/// How a call to this host ends.
void expect(const trustdir::connector& connector, std::string_view host, const world& w, reason why, status how) {
  pair ends(connector, host, open_to_all(w));
  const auto ec = ends.exchange();
  CHECK_EQUAL(ends.client.decision().reason(), why);
  if (how == status::ok) {
    CHECK(!ec);
    CHECK_EQUAL(ends.say("hello"), "hello");
    return;
  }
  CHECK(ec == how);
  char byte = 0;
  CHECK(CHECK_THROWS(trustdir::error, ends.server.read(&byte, 1)).status() == status::alert);
}

trustdir::directory servers_of(const world& w) {
  fs::create_directory(w.dir / "servers");
  auto servers = trustdir::directory::open(w.dir / "servers");
  servers.install(w.server.certificate());
  return servers;
}

}  // namespace

TEST(an_authority_vouches_under_the_name_and_a_pin_under_any) {
  const world w;
  const auto by_authority = trustdir::connector_builder().authority(w.ca.certificate()).build();
  expect(by_authority, "localhost", w, reason::admitted, status::ok);
  expect(by_authority, "127.0.0.1", w, reason::admitted, status::ok);
  expect(by_authority, "example.org", w, reason::name_mismatch, status::name_mismatch);
  const auto by_pin = trustdir::connector_builder().pin(w.server.certificate()).build();
  expect(by_pin, "example.org", w, reason::admitted, status::ok);
  const auto by_another = trustdir::connector_builder().pin(w.alice.certificate()).build();
  expect(by_another, "localhost", w, reason::not_installed, status::untrusted);

  CHECK(CHECK_THROWS(trustdir::error, by_pin.connect("a b")).status() == status::invalid_argument);
  CHECK(CHECK_THROWS(trustdir::error, trustdir::connector_builder().build()).status() == status::invalid_argument);
  CHECK_THROWS(trustdir::error, trustdir::connector_builder().authority(w.server.certificate()).build());
}

TEST(a_directory_of_authorities_vouches) {
  const world w;
  fs::create_directory(w.dir / "anchors");
  std::ofstream(w.dir / "anchors/ca.pem") << w.ca.certificate().pem();
  trustdir::connector_builder builder;
  builder.authorities(trustdir::authority_directory::open(w.dir / "anchors"));
  expect(builder.build(), "localhost", w, reason::admitted, status::ok);
  CHECK_THROWS(trustdir::error, builder.authority(w.ca.certificate()).build());
}

TEST(a_pin_that_goes_ends_what_is_open) {
  const world w;
  const auto servers = servers_of(w);
  const auto connector = trustdir::connector_builder().directory(servers).build();
  pair ends(connector, "any.name", open_to_all(w));
  CHECK(!ends.exchange());
  const auto open = connector.clone().connections();
  CHECK_EQUAL(open.size(), 1u);
  CHECK_EQUAL(open[0].id, ends.client.id());
  CHECK_EQUAL(open[0].certificate.fingerprint(), w.server.certificate().fingerprint());

  auto woken = std::make_shared<std::promise<void>>();
  ends.client.on_revoked([woken] { woken->set_value(); });
  for (const auto& file : fs::directory_iterator(w.dir / "servers")) fs::remove(file.path());
  CHECK(ends.client.is_revoked());
  CHECK(woken->get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  CHECK(CHECK_THROWS(trustdir::error, ends.client.recheck()).status() == status::revoked);
  CHECK_EQUAL(ends.client.decision().reason(), reason::removed);
  expect(connector, "any.name", w, reason::removed, status::revoked);
}

TEST(the_settings_are_those_of_an_acceptor) {
  const world w;
  int lines = 0;
  trustdir::connector_builder builder;
  builder.pin(w.server.certificate())
      .alpn({"h2", "http/1.1"})
      .versions(trustdir::tls_version::tls12, trustdir::tls_version::tls12)
      .handshake_timeout(std::chrono::hours(1))
      .handshake_bytes(16384)
      .max_chain(3)
      .max_fragment_size(512)
      .key_log([&lines](std::string_view) { ++lines; });
  pair ends(builder.build(), "nas.home.arpa", open_to_all(w));
  CHECK(*ends.client.deadline() > std::chrono::minutes(59));
  CHECK(!ends.exchange());
  CHECK_EQUAL(ends.client.version(), "TLSv1.2");
  CHECK_EQUAL(ends.client.alpn(), "http/1.1");
  CHECK_EQUAL(ends.server.server_name(), "nas.home.arpa");
  CHECK_EQUAL(ends.client.peer_chain().front().fingerprint(), w.server.certificate().fingerprint());
  CHECK(lines > 0);
  CHECK_THROWS(trustdir::error, builder.max_fragment_size(31).build());
  CHECK_THROWS(trustdir::error, trustdir::connector_builder().pin(w.server.certificate()).max_chain(0).build());
}

TEST(both_ends_count_and_decisions_are_told) {
  const world w;
  const auto told = std::make_shared<std::vector<std::string>>();
  trustdir::acceptor_builder settings(w.server);
  settings.directory(*w.clients).on_decision([told](trustdir::decision_view decision) {
    told->push_back(std::string(decision.subject()) + ' ' + std::string(to_string(decision.reason())));
  });
  const auto acceptor = settings.build();
  acceptor.reload(settings);
  const auto connector =
      trustdir::connector_builder().authority(w.ca.certificate()).identity(w.alice).build();
  {
    pair first(connector, "localhost", acceptor);
    CHECK(!first.exchange());
    CHECK_EQUAL(first.say("question"), "question");
    pair second(connector, "localhost", acceptor);
    CHECK(!second.exchange());
    CHECK(second.client.resumed());
    pair stranger(trustdir::connector_builder().authority(w.ca.certificate()).identity(w.mallory).build(), "localhost",
                  acceptor);
    stranger.exchange();
    w.unlink_alice();
    const auto removed = CHECK_THROWS(trustdir::error, first.server.recheck());
    CHECK_EQUAL(trustdir::decision_of(removed).reason(), reason::removed);
    CHECK_EQUAL(removed.subject(), "CN=alice");

    const auto now = acceptor.counters();
    CHECK_EQUAL(now.accepted(), 3u);
    CHECK_EQUAL(now.open(), 3u);
    CHECK_EQUAL(now.admitted(), 1u);
    CHECK_EQUAL(now.full(), 1u);
    CHECK_EQUAL(now.resumed(), 1u);
    CHECK_EQUAL(now.refusals(reason::not_installed), 1u);
    CHECK_EQUAL(now.refusals(reason::expired), 0u);
    CHECK_EQUAL(now.revocations(reason::removed), 1u);
    CHECK_EQUAL(now.plaintext_in(), 8u);
    CHECK_EQUAL(now.plaintext_out(), 0u);
    CHECK(now.ciphertext_in() > 1000 && now.ciphertext_out() > 1000);
    CHECK_EQUAL(now.reloads(), 1u);
    CHECK_EQUAL(now.failed_reloads(), 0u);
    CHECK(now.prometheus().find("\ntrustdir_handshake_refusals_total{reason=\"NOT_INSTALLED\"} 1\n") !=
          std::string_view::npos);
  }
  const auto theirs = connector.counters();
  trustdir::prometheus_page page;
  page.add(acceptor.counters(), {{"service", "rpc"}}).add(theirs, {{"service", "call"}});
  const auto twice = CHECK_THROWS(trustdir::error, page.add(theirs, {{"service", "call"}}));
  CHECK(twice.status() == status::invalid_argument);
  CHECK(page.text().text().find("\ntrustdir_reloads_total{service=\"rpc\",result=\"done\"} 1\n") != std::string::npos);
  CHECK_EQUAL(theirs.accepted(), 2u);
  CHECK_EQUAL(theirs.open(), 0u);
  CHECK_EQUAL(theirs.plaintext_out(), 8u);
  CHECK_EQUAL(theirs.reloads(), 0u);
  pair(connector, "localhost", acceptor);
  CHECK_EQUAL(connector.counters().failures(status::closed), 1u);
  CHECK_EQUAL(connector.counters().failures(status::tls), 0u);

  const std::vector<std::string> expected = {"CN=alice ADMITTED", "CN=alice ADMITTED", "CN=mallory NOT_INSTALLED",
                                             "CN=alice REMOVED"};
  CHECK(*told == expected);
  // Who is told no more lets go of what it had.
  settings.on_decision([](trustdir::decision_view) {});
  acceptor.reload(settings);
  CHECK_EQUAL(told.use_count(), 1);
}

TEST(an_identity_is_loaded_again_when_its_files_have_changed) {
  const world w;
  const std::string certificate = w.dir / "server.pem";
  const std::string key = w.dir / "server.key";
  trustdir::identity_files files(certificate, key, "secret");
  CHECK_EQUAL(files.certificate_path(), certificate);
  CHECK_EQUAL(files.key_path(), key);
  CHECK(CHECK_THROWS(trustdir::error, files.load()).status() == status::not_found);
  w.server.save(certificate, key, "secret");
  CHECK_EQUAL(files.load().certificate().fingerprint(), w.server.certificate().fingerprint());
  CHECK(!files.reload_if_changed());

  const auto renewed = w.ca.issue_server({"localhost"});
  fs::remove(certificate);
  CHECK_THROWS(trustdir::error, files.reload_if_changed());
  fs::remove(key);
  renewed.save(certificate, key, "secret");
  CHECK_EQUAL(files.reload_if_changed().value().certificate().fingerprint(), renewed.certificate().fingerprint());
}

TEST(receiving_takes_and_moves_in_one_call) {
  const world w;
  const auto connector = trustdir::connector_builder().authority(w.ca.certificate()).build();
  pair ends(connector, "localhost", open_to_all(w));
  CHECK(!ends.exchange());
  const auto records = [&ends](std::string_view words) {
    CHECK_EQUAL(ends.server.write(words), words.size());
    std::string bytes(65536, '\0');
    bytes.resize(ends.server.write_tls(bytes.data(), bytes.size()));
    return bytes;
  };
  std::string heard(100, '\0');
  const auto first = records("first");
  const auto received = ends.client.receive(std::string_view(first), heard.data(), heard.size());
  CHECK_EQUAL(received.taken, first.size());
  CHECK_EQUAL(heard.substr(0, received.read.value()), "first");
  CHECK(!ends.client.receive({}, heard.data(), heard.size()).read);

  std::error_code ec;
  std::size_t taken = 0;
  const auto second = records("second");
  CHECK_EQUAL(ends.client.receive(std::string_view(second), taken, heard.data(), heard.size(), ec), 6U);
  CHECK(!ec && taken == second.size());
  CHECK_EQUAL(ends.client.receive({}, taken, heard.data(), heard.size(), ec), 0U);
  CHECK(ec == status::again);
  CHECK_THROWS(trustdir::error, ends.client.receive({}, heard.data(), 0));
}

int main(int argc, char** argv) { return check::run(argc, argv); }
