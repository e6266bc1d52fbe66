// Policies, and what an acceptor may be set to: hosts, plain HTTP, limits of handshakes, key log, reloads; and what a
// connection knows of its handshake, held against OpenSSL.
#include "wire.hpp"

#include <fstream>
#include <mutex>

namespace fs = std::filesystem;
using trustdir::client_auth;
using trustdir::reason;

namespace {

constexpr std::string_view http = "GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n";

/// What a client hears that speaks plain HTTP.
std::string answer(const trustdir::acceptor& acceptor) {
  auto connection = acceptor.accept();
  const auto refused = CHECK_THROWS(trustdir::error, connection.read_tls(http));
  CHECK(refused.status() == trustdir::status::tls);
  std::string room(512, '\0');
  room.resize(connection.write_tls(room.data(), room.size()));
  return room;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The subject of the server's certificate that a client sees who asks for `host`.
std::string shown(const trustdir::acceptor& acceptor, const world& w, const char* host) {
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(acceptor, context);
  SSL_set_tlsext_host_name(l.client().native_handle(), host);
  CHECK(!l.handshake().ec);
  char name[256];
  const std::shared_ptr<X509> peer(SSL_get1_peer_certificate(l.client().native_handle()), X509_free);
  return X509_NAME_oneline(X509_get_subject_name(peer.get()), name, sizeof name);
}

}  // namespace

TEST(policies) {
  const world w;
  const auto alice = w.alice.certificate().der();
  trustdir::policy policy(client_auth::required);
  CHECK_EQUAL(policy.decide({alice}).reason(), reason::not_installed);
  policy.directory(*w.clients).service("rpc");
  CHECK_EQUAL(policy.decide({alice}).reason(), reason::admitted);
  CHECK_EQUAL(policy.decide({alice}).service(), "rpc");
  CHECK_EQUAL(policy.decide({}).reason(), reason::no_certificate);
  fs::create_directory(w.dir / "anchors");
  std::ofstream(w.dir / "anchors/ca.pem") << w.ca.certificate().pem();
  trustdir::policy anchored(client_auth::optional);
  anchored.authorities(trustdir::authority_directory::open(w.dir / "anchors"));
  CHECK_EQUAL(anchored.decide({w.mallory.certificate().der()}).reason(), reason::admitted);
  CHECK_EQUAL(anchored.decide({}).reason(), reason::anonymous);
}

TEST(a_host_has_its_own_identity_and_policy) {
  const world w;
  const auto admin = w.ca.issue_server({"admin.home.arpa"});
  trustdir::policy admins(client_auth::required);
  admins.directory(*w.clients);
  const auto acceptor =
      trustdir::acceptor_builder(w.server).add_identity(admin).policy_for("admin.home.arpa", admins).build();
  CHECK_EQUAL(acceptor.policy_for("admin.home.arpa").decide({}).reason(), reason::no_certificate);
  CHECK_EQUAL(acceptor.policy_for("www.home.arpa").decide({}).reason(), reason::anonymous);
  CHECK(contains(shown(acceptor, w, "admin.home.arpa"), "CN=admin.home.arpa"));
  CHECK(contains(shown(acceptor, w, "localhost"), "CN=localhost"));

  for (const char* host : {"admin.home.arpa", "localhost"}) {
    const bool asks_admin = host[0] == 'a';
    auto context = client_context(w, nullptr, TLS1_2_VERSION);
    wire l(acceptor, context);
    SSL_set_tlsext_host_name(l.client().native_handle(), host);
    auto near = l.start_server_handshake();
    const auto far = l.loop().run([&](auto handler) { l.client().async_handshake(ssl::stream_base::client, handler); });
    CHECK_EQUAL(is_alert(far.ec), asks_admin);
    l.loop().call([&] { l.client().lowest_layer().close(); });
    const auto result = get(std::move(near));
    CHECK(asks_admin ? result.ec == trustdir::status::no_certificate : !result.ec);
  }
}

TEST(a_reload_changes_what_new_connections_meet) {
  const world w;
  const auto acceptor = w.acceptor();
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire open(acceptor, context);
  CHECK(!open.handshake().ec);

  const auto renewed = w.ca.issue_server({"renewed.home.arpa"});
  trustdir::acceptor_builder settings(renewed);
  settings.directory(*w.clients);
  const auto clone = acceptor.clone();
  acceptor.reload(settings);
  CHECK(contains(shown(clone, w, "localhost"), "CN=renewed.home.arpa"));
  open.echo("undisturbed");

  trustdir::acceptor_builder wrong(w.server);
  wrong.client_auth(client_auth::required);
  CHECK(CHECK_THROWS(trustdir::error, acceptor.reload(wrong)).status() == trustdir::status::invalid_argument);
  CHECK(contains(shown(acceptor, w, "localhost"), "CN=renewed.home.arpa"));
}

TEST(plain_http_is_answered) {
  const world w;
  using trustdir::plain_http;
  trustdir::acceptor_builder builder(w.server);
  CHECK_EQUAL(answer(builder.build()).size(), 7u);
  CHECK(contains(answer(builder.plain_http(plain_http::bad_request()).build()), "HTTP/1.1 400 "));
  const auto redirect = plain_http::redirect("https://a:7076");
  CHECK(contains(answer(builder.plain_http(redirect).build()), "\r\nLocation: https://a:7076/a?b=c\r\n"));
  CHECK_EQUAL(answer(builder.plain_http(plain_http::alert()).build()).size(), 7u);
  CHECK_THROWS(trustdir::error, builder.plain_http(plain_http::redirect("")));
}

TEST(a_handshake_has_limits) {
  const world w;
  trustdir::acceptor_builder builder(w.server);
  auto connection = builder.handshake_timeout(std::chrono::hours(1)).build().accept();
  CHECK(*connection.deadline() > std::chrono::minutes(59));
  connection.expire();
  auto late = builder.handshake_timeout(std::chrono::milliseconds(1)).build().accept();
  std::error_code ec;
  while (!ec) late.expire(ec);
  CHECK(ec == trustdir::status::timed_out);
  CHECK(!late.deadline());
  CHECK(CHECK_THROWS(trustdir::error, late.expire()).code() == std::errc::timed_out);

  auto small = builder.handshake_timeout(std::chrono::hours(1)).handshake_bytes(4).build().accept();
  small.read_tls(trustdir::bytes_view("\x16\x03\x01", 3));
  CHECK_THROWS(trustdir::error, small.read_tls(trustdir::bytes_view("\x01\x00", 2)));
  CHECK_THROWS(trustdir::error, builder.handshake_timeout(std::chrono::milliseconds(-1)).build());
  CHECK_THROWS(trustdir::error, trustdir::acceptor_builder(w.server).max_chain(0).build());
  CHECK_THROWS(trustdir::error, trustdir::acceptor_builder(w.server).max_tiny_records(1).build());
  trustdir::acceptor_builder(w.server).max_tiny_records(0).build();
  CHECK_THROWS(trustdir::error, trustdir::acceptor_builder(w.server).max_fragment_size(31).build());

  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  // OpenSSL sends the authority along.
  for (const std::size_t most : {1u, 2u}) {
    wire l(trustdir::acceptor_builder(w.server).directory(*w.clients).max_chain(most).build(), context);
    auto near = l.start_server_handshake();
    auto far = l.loop().run([&](auto handler) { l.client().async_handshake(ssl::stream_base::client, handler); });
    char byte = 0;
    if (most == 1) {
      CHECK(is_alert(far.ec ? far.ec : l.client_read(net::buffer(&byte, 1)).ec));
      l.loop().call([&] { l.client().lowest_layer().close(); });
    }
    CHECK_EQUAL(!get(std::move(near)).ec, most == 2);
  }
}

TEST(secrets_are_told_to_who_asks) {
  const world w;
  const auto lines = std::make_shared<std::pair<std::mutex, std::vector<std::string>>>();
  trustdir::acceptor_builder builder(w.server);
  builder.directory(*w.clients).key_log([lines](std::string_view line) {
    const std::lock_guard lock(lines->first);
    lines->second.emplace_back(line);
  });
  {
    auto context = client_context(w, &w.alice, TLS1_3_VERSION);
    static std::vector<std::string> theirs;
    SSL_CTX_set_keylog_callback(context.native_handle(), [](const SSL*, const char* line) { theirs.emplace_back(line); });
    wire l(builder.build(), context);
    CHECK(!l.handshake().ec);
    l.loop().call([&] {
      for (const auto& line : lines->second) {
        CHECK(std::find(theirs.begin(), theirs.end(), line) != theirs.end());
      }
    });
    CHECK(lines->second.size() >= 4);
  }
  builder.key_log([](std::string_view) {});
  CHECK_EQUAL(lines.use_count(), 1);
}

TEST(a_connection_knows_its_handshake) {
  const world w;
  for (const int version : both_versions) {
    auto context = client_context(w, &w.alice, version);
    wire l(w.acceptor(), context);
    CHECK(!l.handshake().ec);
    l.loop().call([&] {
      const auto& connection = l.server().connection();
      CHECK(!connection.deadline());
      CHECK(connection.key_exchange().find("25519") != std::string_view::npos);
      const auto chain = connection.peer_chain();
      CHECK_EQUAL(chain.size(), 2u);
      CHECK_EQUAL(chain[0].fingerprint(), w.alice.certificate().fingerprint());
      CHECK_EQUAL(chain[1].fingerprint(), w.ca.certificate().fingerprint());
      const auto theirs = [&](const std::string& label, bool context_given) {
        std::array<std::uint8_t, 32> material{};
        CHECK_EQUAL(SSL_export_keying_material(l.client().native_handle(), material.data(), material.size(),
                                               label.data(), label.size(), material.data(), 0, context_given),
                    1);
        return material;
      };
      CHECK(connection.channel_binding() == theirs("EXPORTER-Channel-Binding", true));
      std::array<std::uint8_t, 32> ours{};
      connection.export_keying_material(ours.data(), ours.size(), "EXPORTER-test");
      CHECK(ours == theirs("EXPORTER-test", false));
      connection.export_keying_material(ours.data(), ours.size(), "EXPORTER-test", trustdir::bytes_view());
      CHECK(ours == theirs("EXPORTER-test", true));
    });
  }
  const auto early = w.acceptor().accept();
  CHECK(early.key_exchange().empty() && early.peer_chain().empty());
  CHECK(CHECK_THROWS(trustdir::error, early.channel_binding()).status() == trustdir::status::tls);
}

/// A connection by hand between two buffers, so that what lies in it can be seen.
TEST(plaintext_is_seen_where_it_lies_and_written_in_pieces) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  const std::shared_ptr<SSL> client(SSL_new(context.native_handle()), SSL_free);
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(client.get(), in, out);
  SSL_set_connect_state(client.get());
  auto server = w.acceptor().accept();
  const auto exchange = [&] {
    char room[4096];
    for (int idle = 0; idle < 2;) {
      SSL_do_handshake(client.get());
      ++idle;
      if (const int count = BIO_read(out, room, sizeof room); count > 0) {
        server.read_tls(trustdir::bytes_view(room, std::size_t(count)));
        idle = 0;
      }
      if (const auto count = server.write_tls(room, sizeof room); count > 0) {
        BIO_write(in, room, int(count));
        idle = 0;
      }
    }
  };
  exchange();
  CHECK(!server.is_handshaking());
  CHECK(!server.peek());
  std::error_code ec;
  CHECK(server.peek(ec).empty() && ec == trustdir::status::again);

  CHECK_EQUAL(SSL_write(client.get(), "question", 8), 8);
  exchange();
  const auto text = [](trustdir::bytes_view bytes) { return std::string(bytes.begin(), bytes.end()); };
  CHECK_EQUAL(text(server.peek().value()), "question");
  server.consume(5);
  CHECK_EQUAL(text(server.peek(ec)), "ion");
  CHECK(!ec);
  server.consume(3, ec);
  CHECK(!server.peek());

  CHECK_EQUAL(server.write_vectored({trustdir::bytes_view("an"), {}, trustdir::bytes_view("swer")}), 6u);
  exchange();
  char answer[16];
  CHECK_EQUAL(SSL_read(client.get(), answer, sizeof answer), 6);
  CHECK_EQUAL(std::string(answer, 6), "answer");
  SSL_shutdown(client.get());
  exchange();
  CHECK(server.peek().value().empty());
}

int main(int argc, char** argv) { return check::run(argc, argv); }
