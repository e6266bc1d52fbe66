// trustdir::asio::stream as the server of OpenSSL clients, over real sockets.
#include "loop.hpp"
#include "openssl_client.hpp"

#include <trustdir/asio.hpp>

#include <atomic>
#include <random>

using server_stream = trustdir::asio::stream<tcp::socket>;
using client_stream = ssl::stream<tcp::socket>;

static const int both_versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/// A server and a client that are connected by TCP, in a loop of their own.
class wire {
 public:
  wire(const trustdir::acceptor& acceptor, ssl::context& context) {
    auto [near, far] = loop_.connect();
    server_.emplace(std::move(near), acceptor);
    client_.emplace(std::move(far), context);
  }
  ~wire() {
    loop_.call([&] {
      server_.reset();
      client_.reset();
    });
  }

  server_stream& server() { return *server_; }
  client_stream& client() { return *client_; }
  ::loop& loop() { return loop_; }

  outcome handshake() {
    auto near = start_server_handshake();
    auto far = loop_.start([&](auto handler) { client().async_handshake(ssl::stream_base::client, handler); });
    const auto result = get(std::move(near));
    client_result = get(std::move(far));
    return result;
  }
  std::future<outcome> start_server_handshake() {
    return loop_.start([&](auto handler) { server().async_handshake(handler); });
  }
  std::future<outcome> start_read(net::mutable_buffer buffer) {
    return loop_.start([&](auto handler) { server().async_read_some(buffer, handler); });
  }
  outcome client_write(net::const_buffer buffer) {
    return loop_.run([&](auto handler) { net::async_write(client(), buffer, handler); });
  }
  outcome client_read(net::mutable_buffer buffer) {
    return loop_.run([&](auto handler) { client().async_read_some(buffer, handler); });
  }
  /// One message through the server and back.
  void echo(const std::string& text) {
    std::string got(text.size(), '\0');
    auto read = loop_.start([&](auto handler) { net::async_read(server(), net::buffer(got), handler); });
    CHECK(!client_write(net::buffer(text)).ec);
    CHECK(!get(std::move(read)).ec);
    CHECK_EQUAL(got, text);
    auto write = loop_.start([&](auto handler) { net::async_write(server(), net::buffer(got), handler); });
    std::string back(text.size(), '\0');
    CHECK(!loop_.run([&](auto handler) { net::async_read(client(), net::buffer(back), handler); }).ec);
    CHECK(!get(std::move(write)).ec);
    CHECK_EQUAL(back, text);
  }

  /// The client says goodbye and the server answers: a session that ended otherwise is not resumed by OpenSSL.
  void part() {
    auto closing = loop_.start([&](auto handler) { client().async_shutdown(handler); });
    CHECK(!loop_.run([&](auto handler) { server().async_shutdown(handler); }).ec);
    CHECK(!get(std::move(closing)).ec);
  }
  std::shared_ptr<SSL_SESSION> session() {
    return loop_.call([&] {
      return std::shared_ptr<SSL_SESSION>(SSL_get1_session(client().native_handle()), SSL_SESSION_free);
    });
  }

  outcome client_result;

 private:
  ::loop loop_;
  std::optional<server_stream> server_;
  std::optional<client_stream> client_;
};

static bool is_alert(const error_code& ec) {
  return ec.category() == net::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(ec.value())) >= SSL_AD_REASON_OFFSET;
}

static std::string random_bytes(std::size_t size) {
  std::mt19937 generator(42);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(generator());
  return bytes;
}

TEST(echo_with_a_client_that_is_known) {
  const world w;
  for (const int version : both_versions) {
    auto context = client_context(w, &w.alice, version);
    wire l(w.acceptor(), context);
    CHECK(!l.handshake().ec);
    CHECK(!l.client_result.ec);
    l.echo("hello");
    l.loop().call([&] {
      CHECK(l.server().decision().is_admitted());
      CHECK_EQUAL(l.server().decision().subject(), "CN=alice");
      CHECK_EQUAL(l.server().connection().version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
      CHECK(!l.server().connection().cipher_suite().empty());
      CHECK(!l.server().connection().resumed());
      CHECK(l.server().failure().empty());
    });
  }
}

TEST(five_megabytes_each_way_at_once) {
  const world w;
  const auto sent = random_bytes(5'000'000);
  for (const int version : both_versions) {
    auto context = client_context(w, &w.alice, version);
    wire l(w.acceptor(), context);
    CHECK(!l.handshake().ec);
    std::string at_server(sent.size(), '\0');
    std::string at_client(sent.size(), '\0');
    auto& loop = l.loop();
    auto a = loop.start([&](auto handler) { net::async_write(l.server(), net::buffer(sent), handler); });
    auto b = loop.start([&](auto handler) { net::async_write(l.client(), net::buffer(sent), handler); });
    auto c = loop.start([&](auto handler) { net::async_read(l.server(), net::buffer(at_server), handler); });
    auto d = loop.start([&](auto handler) { net::async_read(l.client(), net::buffer(at_client), handler); });
    for (auto* each : {&a, &b, &c, &d}) CHECK(!get(std::move(*each)).ec);
    CHECK(at_server == sent);
    CHECK(at_client == sent);
  }
}

TEST(buffer_sequences) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  CHECK(!l.handshake().ec);
  const std::string parts[] = {"one ", "", "two ", "three"};
  const std::vector<net::const_buffer> gather = {net::buffer(parts[0]), net::buffer(parts[1]), net::buffer(parts[2]),
                                                 net::buffer(parts[3])};
  const auto written = l.loop().run([&](auto handler) { l.server().async_write_some(gather, handler); });
  CHECK(!written.ec);
  CHECK_EQUAL(written.count, 13u);
  std::string got(13, '\0');
  CHECK(!l.loop().run([&](auto handler) { net::async_read(l.client(), net::buffer(got), handler); }).ec);
  CHECK_EQUAL(got, "one two three");

  CHECK(!l.client_write(net::buffer(got)).ec);
  std::string head(4, '\0');
  std::string tail(20, '\0');
  const std::vector<net::mutable_buffer> scatter = {net::buffer(head), net::mutable_buffer(), net::buffer(tail)};
  const auto read = l.loop().run([&](auto handler) { l.server().async_read_some(scatter, handler); });
  CHECK_EQUAL(read.count, 13u);
  CHECK_EQUAL(head, "one ");
  CHECK_EQUAL(tail.substr(0, 9), "two three");
}

TEST(empty_operations_need_no_network) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);  // no handshake, nothing ever arrives
  const auto read = l.loop().run([&](auto handler) { l.server().async_read_some(net::mutable_buffer(), handler); });
  CHECK(!read.ec && read.count == 0);
  const auto write = l.loop().run([&](auto handler) { l.server().async_write_some(net::const_buffer(), handler); });
  CHECK(!write.ec && write.count == 0);
}

TEST(nothing_completes_inside_the_initiating_function) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  CHECK(!l.handshake().ec);
  CHECK(!l.client_write(net::buffer(std::string("0123456789"))).ec);
  char first = 0;
  CHECK(!get(l.start_read(net::buffer(&first, 1))).ec);
  // Nine bytes wait inside the engine, so the next read could answer at once.
  std::promise<bool> inside;
  l.loop().call([&] {
    const auto initiating = std::make_shared<bool>(true);
    static char rest[9];
    l.server().async_read_some(net::buffer(rest), [&inside, initiating](error_code, std::size_t) {
      inside.set_value(*initiating);
    });
    *initiating = false;
  });
  CHECK(!get(inside.get_future()));
}

TEST(a_cancelled_read_loses_nothing) {
  const world w;
  for (const int version : both_versions) {
    auto context = client_context(w, &w.alice, version);
    wire l(w.acceptor(), context);
    CHECK(!l.handshake().ec);
    char buffer[16];
    auto read = l.start_read(net::buffer(buffer));
    l.loop().call([&] { l.server().lowest_layer().cancel(); });
    CHECK(get(std::move(read)).ec == net::error::operation_aborted);
    l.echo("still here");
  }
}

TEST(a_clean_close_is_eof) {
  const world w;
  for (const int version : both_versions) {
    auto context = client_context(w, &w.alice, version);
    wire l(w.acceptor(), context);
    CHECK(!l.handshake().ec);
    char buffer[16];
    auto read = l.start_read(net::buffer(buffer));
    auto closing = l.loop().start([&](auto handler) { l.client().async_shutdown(handler); });
    CHECK(get(std::move(read)).ec == net::error::eof);
    // Once more: an end stays the end.
    CHECK(get(l.start_read(net::buffer(buffer))).ec == net::error::eof);
    CHECK(!l.loop().run([&](auto handler) { l.server().async_shutdown(handler); }).ec);
    CHECK(!get(std::move(closing)).ec);
  }
}

TEST(a_truncation_is_told) {
  const world w;
  for (const int version : both_versions) {
    auto context = client_context(w, &w.alice, version);
    wire l(w.acceptor(), context);
    CHECK(!l.handshake().ec);
    l.echo("then gone");
    char buffer[16];
    auto read = l.start_read(net::buffer(buffer));
    l.loop().call([&] { l.client().lowest_layer().close(); });
    const auto result = get(std::move(read));
    CHECK(result.ec == trustdir::status::truncated);
    CHECK(result.ec == trustdir::condition::tls);
    CHECK_EQUAL(std::string(result.ec.category().name()), "trustdir");
  }
}

TEST(a_client_that_goes_away_in_the_handshake) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  auto handshake = l.start_server_handshake();
  l.loop().call([&] { l.client().lowest_layer().close(); });
  CHECK(get(std::move(handshake)).ec == trustdir::status::truncated);
}

TEST(shutdown_from_the_server) {
  const world w;
  for (const int version : both_versions) {
    auto context = client_context(w, &w.alice, version);
    wire l(w.acceptor(), context);
    CHECK(!l.handshake().ec);
    // Unread data of the client must not turn our close into a reset.
    CHECK(!l.client_write(net::buffer(std::string(100'000, 'x'))).ec);
    auto closing = l.loop().start([&](auto handler) { l.server().async_shutdown(handler); });
    char buffer[16];
    CHECK(l.client_read(net::buffer(buffer)).ec == net::error::eof);
    CHECK(!l.loop().run([&](auto handler) { l.client().async_shutdown(handler); }).ec);
    CHECK(!get(std::move(closing)).ec);
  }
}

TEST(shutdown_does_not_wait_for_ever) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  CHECK(!l.handshake().ec);
  l.loop().call([&] { l.server().linger(std::chrono::milliseconds(50)); });
  // The client never reads, so it never answers.
  CHECK(l.loop().run([&](auto handler) { l.server().async_shutdown(handler); }).ec == net::error::timed_out);
}

TEST(shutdown_while_a_read_is_pending) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  CHECK(!l.handshake().ec);
  char buffer[16];
  auto read = l.start_read(net::buffer(buffer));
  auto closing = l.loop().start([&](auto handler) { l.server().async_shutdown(handler); });
  char other[16];
  CHECK(l.client_read(net::buffer(other)).ec == net::error::eof);
  CHECK(!l.loop().run([&](auto handler) { l.client().async_shutdown(handler); }).ec);
  CHECK(!get(std::move(closing)).ec);
  CHECK(get(std::move(read)).ec == net::error::eof);
}

TEST(a_refused_client_is_told_and_so_is_the_server) {
  const world w;
  for (const int version : both_versions) {
    for (const trustdir::identity* who : {&w.mallory, static_cast<const trustdir::identity*>(nullptr)}) {
      auto context = client_context(w, who, version);
      wire l(w.acceptor(), context);
      auto near = l.start_server_handshake();
      auto client = l.loop().run([&](auto handler) { l.client().async_handshake(ssl::stream_base::client, handler); });
      if (!client.ec) {
        // TLS 1.3: the client is done before it is judged. It talks at once, and hears of the refusal when it reads.
        CHECK_EQUAL(version, TLS1_3_VERSION);
        l.client_write(net::buffer(std::string(50'000, 'x')));
        char byte = 0;
        client = l.client_read(net::buffer(&byte, 1));
      }
      CHECK(is_alert(client.ec));
      l.loop().call([&] { l.client().lowest_layer().close(); });
      const auto server = get(std::move(near));
      CHECK(server.ec == trustdir::condition::trust);
      CHECK(server.ec == (who ? trustdir::status::untrusted : trustdir::status::no_certificate));
      l.loop().call([&] {
        CHECK(!l.server().decision().is_admitted());
        CHECK_EQUAL(l.server().decision().reason(),
                    who ? trustdir::reason::not_installed : trustdir::reason::no_certificate);
        CHECK(!l.server().failure().empty());
      });
      // Everything after a failure fails the same way.
      char byte = 0;
      CHECK(get(l.start_read(net::buffer(&byte, 1))).ec == server.ec);
      const auto write =
          l.loop().run([&](auto handler) { l.server().async_write_some(net::buffer(&byte, 1), handler); });
      CHECK(write.ec == server.ec);
    }
  }
}

TEST(plain_http_on_the_tls_port) {
  const world w;
  auto context = client_context(w, nullptr, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  auto near = l.start_server_handshake();
  auto& socket = l.client().next_layer();
  l.loop().run([&](auto handler) { net::async_write(socket, net::buffer("GET / HTTP/1.1\r\n\r\n", 18), handler); });
  unsigned char alert[16] = {};
  const auto read = l.loop().run([&](auto handler) { net::async_read(socket, net::buffer(alert), handler); });
  CHECK(read.ec == net::error::eof);
  CHECK_EQUAL(read.count, 7u);
  CHECK_EQUAL(int(alert[0]), 21);
  l.loop().call([&] { socket.close(); });
  CHECK(get(std::move(near)).ec == trustdir::condition::tls);
}

TEST(a_key_update_is_answered_by_a_read) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  CHECK(!l.handshake().ec);
  for (int round = 0; round < 3; ++round) {
    CHECK_EQUAL(l.loop().call([&] { return SSL_key_update(l.client().native_handle(), SSL_KEY_UPDATE_REQUESTED); }), 1);
    l.echo("after a key update");
  }
}

TEST(removal_closes_an_idle_connection) {
  const world w;
  for (const int version : both_versions) {
    w.clients->install(w.alice.certificate());
    auto context = client_context(w, &w.alice, version);
    wire l(w.acceptor(), context);
    CHECK(!l.handshake().ec);
    l.echo("before");
    char buffer[16];
    auto idle = l.start_read(net::buffer(buffer));
    w.unlink_alice();
    const auto ended = get(std::move(idle));
    CHECK(ended.ec == trustdir::status::revoked);
    CHECK_EQUAL(ended.ec.value(), int(TRUSTDIR_STATUS_REVOKED));
    CHECK(!l.loop().call([&] { return std::string(l.server().failure()); }).empty());
    // The client is told in TLS, not by a broken connection.
    char byte = 0;
    const auto client = l.client_read(net::buffer(&byte, 1));
    CHECK(client.ec == net::error::eof || is_alert(client.ec));
    l.loop().call([&] { l.client().lowest_layer().close(); });
    CHECK(!l.loop().run([&](auto handler) { l.server().async_shutdown(handler); }).ec);
    CHECK(get(l.start_read(net::buffer(buffer))).ec == trustdir::status::revoked);
  }
}

TEST(removal_through_the_library_and_in_the_middle_of_traffic) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  CHECK(!l.handshake().ec);
  // The client sends for ever; the server reads for ever.
  const std::string chunk(10'000, 'x');
  std::promise<void> stopped;
  std::function<void(error_code, std::size_t)> more = [&](error_code ec, std::size_t) {
    if (ec) return stopped.set_value();
    net::async_write(l.client(), net::buffer(chunk), more);
  };
  std::promise<error_code> ended;
  std::atomic<std::size_t> total{0};
  std::promise<void> flowing;
  std::string buffer(4096, '\0');
  std::function<void(error_code, std::size_t)> again = [&](error_code ec, std::size_t count) {
    if (ec) return ended.set_value(ec);
    if (total < 200'000 && (total += count) >= 200'000) flowing.set_value();
    l.server().async_read_some(net::buffer(buffer), again);
  };
  l.loop().call([&] {
    more({}, 0);
    again({}, 0);
  });
  get(flowing.get_future());
  CHECK_EQUAL(w.clients->remove("alice"), 1u);
  CHECK(get(ended.get_future()) == trustdir::status::revoked);
  l.loop().call([&] { l.client().lowest_layer().close(); });
  get(stopped.get_future());
}

TEST(a_removed_client_that_does_not_read_holds_nobody) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  CHECK(!l.handshake().ec);
  l.loop().call([&] { l.server().linger(std::chrono::milliseconds(50)); });
  const std::string endless(100'000'000, 'x');
  auto write = l.loop().start([&](auto handler) { net::async_write(l.server(), net::buffer(endless), handler); });
  char buffer[16];
  auto read = l.start_read(net::buffer(buffer));
  w.unlink_alice();
  CHECK(get(std::move(write)).ec == trustdir::status::revoked);
  CHECK(get(std::move(read)).ec == trustdir::status::revoked);
}

TEST(a_resumed_session_is_judged_again) {
  const world w;
  for (const int version : both_versions) {
    w.clients->install(w.alice.certificate());
    const auto acceptor = w.acceptor();
    auto context = client_context(w, &w.alice, version);
    std::shared_ptr<SSL_SESSION> session;
    {
      wire l(acceptor, context);
      CHECK(!l.handshake().ec);
      l.echo("a ticket comes with it");
      session = l.session();
      l.part();
    }
    {
      wire l(acceptor, context);
      SSL_set_session(l.client().native_handle(), session.get());
      CHECK(!l.handshake().ec);
      l.echo("resumed");
      l.loop().call([&] {
        CHECK(l.server().connection().resumed());
        CHECK(l.server().decision().is_admitted());
      });
      session = l.session();
      l.part();
    }
    w.unlink_alice();
    wire l(acceptor, context);
    SSL_set_session(l.client().native_handle(), session.get());
    auto near = l.start_server_handshake();
    auto client = l.loop().run([&](auto handler) { l.client().async_handshake(ssl::stream_base::client, handler); });
    char byte = 0;
    if (!client.ec) client = l.client_read(net::buffer(&byte, 1));
    CHECK(client.ec);
    l.loop().call([&] { l.client().lowest_layer().close(); });
    CHECK(get(std::move(near)).ec == trustdir::condition::trust);
  }
}

TEST(blocking_calls) {
  const world w;
  for (const int version : both_versions) {
    net::io_context io;
    tcp::acceptor listener(io, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    auto client = std::async(std::launch::async, [&, endpoint = listener.local_endpoint()] {
      auto context = client_context(w, &w.alice, version);
      net::io_context mine;
      client_stream stream(mine, context);
      stream.lowest_layer().connect(endpoint);
      stream.handshake(ssl::stream_base::client);
      net::write(stream, net::buffer(std::string(300'000, 'y')));
      std::string back(300'000, '\0');
      net::read(stream, net::buffer(back));
      stream.shutdown();
      return back;
    });
    trustdir::asio::stream<tcp::socket> stream(listener.accept(), w.acceptor());
    stream.handshake(trustdir::asio::stream_base::server);
    std::string got(300'000, '\0');
    CHECK_EQUAL(net::read(stream, net::buffer(got)), got.size());
    CHECK_EQUAL(net::write(stream, net::buffer(got)), got.size());
    char byte = 0;
    error_code ec;
    stream.read_some(net::buffer(&byte, 1), ec);
    CHECK(ec == net::error::eof);
    stream.shutdown();
    CHECK(get(std::move(client)) == std::string(300'000, 'y'));
  }
}

TEST(blocking_failures) {
  const world w;
  net::io_context io;
  tcp::acceptor listener(io, tcp::endpoint(net::ip::address_v4::loopback(), 0));
  auto client = std::async(std::launch::async, [&, endpoint = listener.local_endpoint()] {
    auto context = client_context(w, &w.mallory, TLS1_2_VERSION);
    net::io_context mine;
    client_stream stream(mine, context);
    stream.lowest_layer().connect(endpoint);
    error_code ec;
    stream.handshake(ssl::stream_base::client, ec);
    return ec;
  });
  tcp::socket socket = listener.accept();
  trustdir::asio::stream<tcp::socket&> stream(socket, w.acceptor());
  const auto thrown = CHECK_THROWS(boost::system::system_error, stream.handshake());
  CHECK(thrown.code() == trustdir::status::untrusted);
  CHECK(std::string(thrown.what()).find(stream.failure()) == 0);
  CHECK(is_alert(get(std::move(client))));
  char byte = 0;
  error_code ec;
  stream.write_some(net::buffer(&byte, 1), ec);
  CHECK(ec == trustdir::status::untrusted);

  // Blocking, too, a silent peer is not waited for.
  auto silent = std::async(std::launch::async, [endpoint = listener.local_endpoint()] {
    net::io_context mine;
    auto connected = std::make_unique<net::io_context>();
    tcp::socket peer(*connected);
    peer.connect(endpoint);
    return std::make_pair(std::move(connected), std::move(peer));
  });
  trustdir::asio::stream<tcp::socket> lonely(listener.accept(), w.acceptor());
  const auto kept = get(std::move(silent));
  lonely.linger(std::chrono::milliseconds(50));
  lonely.shutdown(ec);
  CHECK(ec == net::error::timed_out);
}

TEST(a_stream_may_go_while_operations_are_pending) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  ::loop loop;
  auto [near, far] = loop.connect();
  std::optional<server_stream> server(std::in_place, std::move(near), w.acceptor());
  auto handshake = loop.start([&](auto handler) { server->async_handshake(handler); });
  loop.call([&] { server.reset(); });
  CHECK(get(std::move(handshake)).ec == net::error::operation_aborted);

  wire l(w.acceptor(), context);
  CHECK(!l.handshake().ec);
  char buffer[16];
  auto read = l.start_read(net::buffer(buffer));
  // A move takes the operation along; the old place is overwritten.
  std::optional<server_stream> moved;
  l.loop().call([&] { moved.emplace(std::move(l.server())); });
  CHECK(!l.client_write(net::buffer("abc", 3)).ec);
  CHECK_EQUAL(get(std::move(read)).count, 3u);
  auto last = l.loop().start([&](auto handler) { moved->async_read_some(net::buffer(buffer), handler); });
  l.loop().call([&] {
    auto [other, unused] = l.loop().connect();
    *moved = server_stream(std::move(other), w.acceptor());
  });
  CHECK(get(std::move(last)).ec == net::error::operation_aborted);
  // The hook of the connection that is gone finds nothing to do.
  w.unlink_alice();
  l.loop().call([&] { moved.reset(); });
}

/// A server session as they are written that keep the socket elsewhere and wrap every handler: the stream's own executor
/// is no strand.
struct strand_session : std::enable_shared_from_this<strand_session> {
  strand_session(net::io_context& context, tcp::socket&& accepted, const trustdir::acceptor& tls)
      : strand(net::make_strand(context)), socket(std::move(accepted)), stream(socket, tls) {}
  template <class Handler>
  auto wrap(Handler handler) {
    return net::bind_executor(strand, std::move(handler));
  }
  void run() {
    net::dispatch(strand, [self = shared_from_this()] {
      self->stream.async_handshake(self->wrap([self](const error_code& ec) {
        if (!ec) self->read();
      }));
    });
  }
  void read() {
    stream.async_read_some(net::buffer(buffer), wrap([self = shared_from_this()](const error_code& ec, std::size_t count) {
                             self->ended = ec;
                             if (!ec) self->write(count);
                           }));
  }
  void write(std::size_t count) {
    net::async_write(stream, net::buffer(buffer, count), wrap([self = shared_from_this()](const error_code& ec, std::size_t) {
                       if (!ec) self->read();
                     }));
  }
  net::strand<net::io_context::executor_type> strand;
  tcp::socket socket;
  trustdir::asio::stream<tcp::socket&> stream;
  char buffer[1000];
  error_code ended;
};

TEST(a_reference_in_a_strand_of_the_handlers) {
  const world w;
  net::io_context io;
  tcp::acceptor listener(io, tcp::endpoint(net::ip::address_v4::loopback(), 0));
  constexpr int connections = 8;

  const auto acceptor = w.acceptor();
  std::vector<std::shared_ptr<strand_session>> sessions;
  std::vector<std::thread> threads;
  auto work = net::make_work_guard(io);
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { io.run(); });

  std::vector<std::unique_ptr<client_stream>> clients;
  net::io_context mine;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  for (int i = 0; i < connections; ++i) {
    auto client = std::make_unique<client_stream>(mine, context);
    client->lowest_layer().connect(listener.local_endpoint());
    sessions.push_back(std::make_shared<strand_session>(io, listener.accept(), acceptor));
    sessions.back()->run();
    client->handshake(ssl::stream_base::client);
    clients.push_back(std::move(client));
  }
  for (int round = 0; round < 20; ++round) {
    const std::string message(1 + 997 * static_cast<std::size_t>(round), 'z');
    for (auto& client : clients) net::write(*client, net::buffer(message));
    for (auto& client : clients) {
      std::string back(message.size(), '\0');
      net::read(*client, net::buffer(back));
      CHECK(back == message);
    }
  }
  w.unlink_alice();
  for (auto& client : clients) {
    char byte = 0;
    error_code ec;
    client->read_some(net::buffer(&byte, 1), ec);
    CHECK(ec == net::error::eof || is_alert(ec));
  }
  work.reset();
  clients.clear();
  for (auto& thread : threads) thread.join();
  for (const auto& each : sessions) CHECK(each->ended == trustdir::status::revoked);
}

TEST(error_codes) {
  const error_code revoked = trustdir::asio::to_code(trustdir::status::revoked);
  CHECK(revoked == trustdir::status::revoked);
  CHECK(revoked != trustdir::status::expired);
  CHECK(revoked == trustdir::condition::trust);
  CHECK(revoked == boost::system::errc::permission_denied);
  CHECK(!revoked.message().empty());
  CHECK(error_code() != trustdir::status::revoked);
  CHECK(error_code(36, boost::system::generic_category()) != trustdir::status::revoked);
  const std::error_code standard = revoked;
  CHECK_EQUAL(standard.value(), int(TRUSTDIR_STATUS_REVOKED));
  CHECK(standard == trustdir::condition::trust);
}

int main(int argc, char** argv) { return check::run(argc, argv); }
