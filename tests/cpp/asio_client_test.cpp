// trustdir::asio::stream as a client: of OpenSSL in this process, where every end can be watched, and of `openssl
// s_server` with the guides' certificate. Whom it trusts, under which name, and what becomes of it when that ends.
#include "loop.hpp"
#include "openssl_client.hpp"
#include "process.hpp"

#include <trustdir/asio.hpp>

#include <boost/beast/core/tcp_stream.hpp>

namespace fs = std::filesystem;
using trustdir::status;

namespace {

using our_stream = trustdir::asio::stream<tcp::socket>;
using their_stream = ssl::stream<tcp::socket>;

constexpr int both_versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

bool is_alert(const error_code& ec) {
  return ec.category() == net::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(ec.value())) >= SSL_AD_REASON_OFFSET;
}

trustdir::connector trusting_authority(const world& w, const trustdir::identity* own = nullptr) {
  trustdir::connector_builder builder;
  builder.authority(w.ca.certificate());
  if (own) builder.identity(*own);
  return builder.build();
}

/// Our client and OpenSSL's server that are connected by TCP, in a loop of their own. The server asks who calls, and
/// takes whom the world's authority has issued.
class call {
 public:
  call(const world& w, const trustdir::connector& connector, std::string_view host, int version)
      : context_(server_context(w, version)) {
    auto [near, far] = loop_.connect();
    server_.emplace(std::move(near), context_);
    client_.emplace(std::move(far), connector, host);
  }
  ~call() {
    loop_.call([&] {
      server_.reset();
      client_.reset();
    });
  }

  our_stream& client() { return *client_; }
  their_stream& server() { return *server_; }
  ::loop& loop() { return loop_; }

  /// How it went for the client; `server_result` for the server.
  outcome handshake() {
    auto near = loop_.start([&](auto handler) { server().async_handshake(ssl::stream_base::server, handler); });
    const auto result = loop_.run(
        [&](auto handler) { client().async_handshake(trustdir::asio::stream_base::client, handler); });
    server_result = get(std::move(near));
    return result;
  }
  std::future<outcome> start_read(net::mutable_buffer buffer) {
    return loop_.start([&](auto handler) { client().async_read_some(buffer, handler); });
  }
  outcome server_read(net::mutable_buffer buffer) {
    return loop_.run([&](auto handler) { server().async_read_some(buffer, handler); });
  }
  /// As much in both directions at once.
  void exchange(const std::string& sent) {
    std::string at_server(sent.size(), '\0');
    std::string at_client(sent.size(), '\0');
    auto a = loop_.start([&](auto handler) { net::async_write(client(), net::buffer(sent), handler); });
    auto b = loop_.start([&](auto handler) { net::async_write(server(), net::buffer(sent), handler); });
    auto c = loop_.start([&](auto handler) { net::async_read(client(), net::buffer(at_client), handler); });
    auto d = loop_.start([&](auto handler) { net::async_read(server(), net::buffer(at_server), handler); });
    for (auto* each : {&a, &b, &c, &d}) CHECK(!get(std::move(*each)).ec);
    CHECK(at_server == sent);
    CHECK(at_client == sent);
  }

  outcome server_result;

 private:
  static ssl::context server_context(const world& w, int version) {
    ssl::context context(ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context.native_handle(), version);
    SSL_CTX_set_max_proto_version(context.native_handle(), version);
    const auto chain = w.server.certificate().pem();
    const auto key = w.server.key_pem();
    const auto anchor = w.ca.certificate().pem();
    context.use_certificate_chain(net::const_buffer(chain.data(), chain.size()));
    context.use_private_key(net::const_buffer(key.text().data(), key.text().size()), ssl::context::pem);
    context.add_certificate_authority(net::const_buffer(anchor.data(), anchor.size()));
    context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    return context;
  }

  ssl::context context_;
  ::loop loop_;
  std::optional<their_stream> server_;
  std::optional<our_stream> client_;
};

/// `openssl s_server` with a certificate as the guides make it - self-signed, CA:TRUE, without a name - which answers
/// each line with the same backwards.
class reverser {
 public:
  reverser(const world& w, const std::string& version) : certificate(w.dir / "node.pem") {
    shell("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=node -keyout " + certificate + ".key -out " +
          certificate);
    program_.emplace(std::vector<std::string>{"openssl", "s_server", "-accept", "127.0.0.1:0", "-rev", version, "-cert",
                                              certificate, "-key", certificate + ".key"});
    for (std::string line; line.rfind("ACCEPT ", 0) != 0;) {
      line = program_->next_line().value();
      if (const auto colon = line.rfind(':'); colon != std::string::npos) port_ = line.substr(colon + 1);
    }
  }

  tcp::endpoint endpoint() const {
    return {net::ip::address_v4::loopback(), static_cast<unsigned short>(std::stoi(port_))};
  }

  const std::string certificate;

 private:
  std::optional<program> program_;
  std::string port_;
};

trustdir::connector pinning(const std::string& file) {
  return trustdir::connector_builder().pin(trustdir::certificate::load(file)).build();
}

tcp::socket connected(net::io_context& io, const tcp::endpoint& endpoint) {
  tcp::socket socket(io);
  socket.connect(endpoint);
  return socket;
}

}  // namespace

TEST(a_server_that_an_authority_vouches_for) {
  const world w;
  for (const int version : both_versions) {
    const auto connector = trusting_authority(w, &w.alice);
    call c(w, connector, "localhost", version);
    CHECK(!c.handshake().ec);
    CHECK(!c.server_result.ec);
    c.exchange(std::string(3'000'000, 'x'));
    c.loop().call([&] {
      CHECK(c.client().decision().is_admitted());
      CHECK_EQUAL(c.client().decision().subject(), w.server.certificate().subject());
      CHECK_EQUAL(c.client().connection().version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
      CHECK_EQUAL(std::string(SSL_get_servername(c.server().native_handle(), TLSEXT_NAMETYPE_host_name)), "localhost");
      CHECK(c.client().failure().empty());
    });
    // Either end may close.
    char byte = 0;
    auto read = c.start_read(net::buffer(&byte, 1));
    auto closing = c.loop().start([&](auto handler) { c.server().async_shutdown(handler); });
    CHECK(get(std::move(read)).ec == net::error::eof);
    CHECK(!c.loop().run([&](auto handler) { c.client().async_shutdown(handler); }).ec);
    CHECK(!get(std::move(closing)).ec);
    CHECK_EQUAL(connector.counters().full(), 1u);
    CHECK_EQUAL(connector.counters().plaintext_in(), 3'000'000u);
  }
}

TEST(a_server_under_another_name_is_refused_and_told) {
  const world w;
  for (const int version : both_versions) {
    call c(w, trusting_authority(w, &w.alice), "example.org", version);
    auto near = c.loop().start([&](auto handler) { c.server().async_handshake(ssl::stream_base::server, handler); });
    auto far = c.loop().start([&](auto handler) { c.client().async_handshake(handler); });
    CHECK(is_alert(get(std::move(near)).ec));
    c.loop().call([&] { c.server().lowest_layer().close(); });
    const auto client = get(std::move(far));
    CHECK(client.ec == status::name_mismatch);
    CHECK(client.ec == trustdir::condition::trust);
    c.loop().call([&] {
      CHECK_EQUAL(c.client().decision().reason(), trustdir::reason::name_mismatch);
      CHECK(c.client().failure().find("does not bear the name") != std::string_view::npos);
    });
    char byte = 0;
    CHECK(get(c.start_read(net::buffer(&byte, 1))).ec == client.ec);
  }
  const world elsewhere;
  call stranger(elsewhere, trusting_authority(w), "localhost", TLS1_3_VERSION);
  auto near = stranger.loop().start(
      [&](auto handler) { stranger.server().async_handshake(ssl::stream_base::server, handler); });
  auto far = stranger.loop().start([&](auto handler) { stranger.client().async_handshake(handler); });
  CHECK(is_alert(get(std::move(near)).ec));
  stranger.loop().call([&] { stranger.server().lowest_layer().close(); });
  CHECK(get(std::move(far)).ec == status::untrusted);
}

TEST(a_client_that_shows_nothing_hears_it_as_an_alert) {
  const world w;
  for (const int version : both_versions) {
    call c(w, trusting_authority(w), "localhost", version);
    auto result = c.handshake();
    CHECK(c.server_result.ec);
    if (!result.ec) {
      // TLS 1.3: the handshake is over before the server looks at what it was shown.
      CHECK_EQUAL(version, TLS1_3_VERSION);
      char byte = 0;
      result = get(c.start_read(net::buffer(&byte, 1)));
    }
    CHECK(result.ec == status::alert);
    // TLS 1.2 has no alert of its own for this.
    const auto words = version == TLS1_2_VERSION ? "with the alert" : "give the connector an identity";
    c.loop().call([&] { CHECK(c.client().failure().find(words) != std::string_view::npos); });
  }
}

TEST(a_pin_that_goes_ends_an_idle_read) {
  const world w;
  fs::create_directory(w.dir / "servers");
  const auto servers = trustdir::directory::open(w.dir / "servers");
  for (const int version : both_versions) {
    servers.install(w.server.certificate());
    const auto connector = trustdir::connector_builder().directory(servers).identity(w.alice).build();
    call c(w, connector, "any.name", version);
    CHECK(!c.handshake().ec);
    c.exchange("hello");
    char byte = 0;
    auto read = c.start_read(net::buffer(&byte, 1));
    for (const auto& file : fs::directory_iterator(w.dir / "servers")) fs::remove(file.path());
    CHECK(get(std::move(read)).ec == status::revoked);
    CHECK(c.server_read(net::buffer(&byte, 1)).ec == net::error::eof);
    c.loop().call([&] { CHECK_EQUAL(c.client().decision().reason(), trustdir::reason::removed); });

    call again(w, connector, "any.name", version);
    auto near = again.loop().start(
        [&](auto handler) { again.server().async_handshake(ssl::stream_base::server, handler); });
    auto far = again.loop().start([&](auto handler) { again.client().async_handshake(handler); });
    CHECK(is_alert(get(std::move(near)).ec));
    again.loop().call([&] { again.server().lowest_layer().close(); });
    CHECK(get(std::move(far)).ec == status::revoked);
  }
}

TEST(a_stream_may_go_while_its_handshake_is_pending) {
  const world w;
  ::loop loop;
  auto [near, far] = loop.connect();  // which says nothing
  std::optional<our_stream> client(std::in_place, std::move(near), trusting_authority(w), "localhost");
  auto handshake = loop.start([&](auto handler) { client->async_handshake(handler); });
  loop.call([&] { client.reset(); });
  CHECK(get(std::move(handshake)).ec == net::error::operation_aborted);
  CHECK_THROWS(trustdir::error, our_stream(std::move(far), trusting_authority(w), "no host"));
}

TEST(the_guides_certificate_is_pinned_by_blocking_calls) {
  const world w;
  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    const reverser server(w, version);
    net::io_context io;
    {
      our_stream stream(connected(io, server.endpoint()), pinning(server.certificate), "localhost");
      stream.handshake(trustdir::asio::stream_base::client);
      CHECK_EQUAL(stream.decision().subject(), "CN=node");
      for (const std::string word : {"hello\n", "world\n"}) {
        net::write(stream, net::buffer(word));
        std::string answer;
        net::read_until(stream, net::dynamic_buffer(answer), '\n');
        CHECK_EQUAL(answer, word == "hello\n" ? "olleh\n" : "dlrow\n");
      }
      stream.shutdown();
    }
    {
      our_stream stream(connected(io, server.endpoint()), trusting_authority(w), "localhost");
      error_code ec;
      stream.handshake(ec);
      CHECK(ec == status::untrusted);
      CHECK(stream.failure().find("pin the certificate itself") != std::string_view::npos);
    }
    boost::beast::tcp_stream below(connected(io, server.endpoint()));
    trustdir::asio::stream<boost::beast::tcp_stream&> stream(below, pinning(server.certificate), "127.0.0.1");
    const std::string thrown = CHECK_THROWS(boost::system::system_error, [&] {
      stream.handshake();
      stream.shutdown();
      net::write(stream, net::buffer("x", 1));
    }()).what();
    CHECK(thrown.find("closed") != std::string::npos);
  }
}

TEST(what_does_not_speak_tls_is_left) {
  const world w;
  net::io_context io;
  tcp::acceptor listener(io, tcp::endpoint(net::ip::address_v4::loopback(), 0));
  auto server = std::async(std::launch::async, [&] {
    auto socket = listener.accept();
    net::write(socket, net::buffer(std::string("HTTP/1.1 400 Bad Request\r\n\r\n")));
    char waste[4096];
    error_code ec;
    while (!ec) socket.read_some(net::buffer(waste), ec);
  });
  our_stream stream(connected(io, listener.local_endpoint()), trusting_authority(w), "localhost");
  error_code ec;
  stream.handshake(ec);
  CHECK(ec == status::tls);
  CHECK_EQUAL(stream.failure(), "the server does not speak TLS; check the port");
  server.get();
}

int main(int argc, char** argv) { return check::run(argc, argv); }
