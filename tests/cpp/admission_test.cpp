// trustdir::asio::stream and the directory: who is refused, and what a removal does to connections that are open.
#include "wire.hpp"

#include <atomic>

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

TEST(a_client_that_sends_on_hears_why_it_is_refused) {
  const world w;
  auto context = client_context(w, &w.mallory, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  auto near = l.start_server_handshake();
  // In TLS 1.3 it may send before it has heard of the refusal: a close with this unread would be a reset.
  CHECK(!l.loop().run([&](auto handler) { l.client().async_handshake(ssl::stream_base::client, handler); }).ec);
  const std::string much(4'000'000, 'x');
  auto written = l.loop().start([&](auto handler) { net::async_write(l.client(), net::buffer(much), handler); });
  CHECK(!get(std::move(written)).ec);
  char byte = 0;
  CHECK(is_alert(l.client_read(net::buffer(&byte, 1)).ec));
  l.loop().call([&] { l.client().lowest_layer().close(); });
  CHECK(get(std::move(near)).ec == trustdir::status::untrusted);
}

TEST(a_removed_client_that_sends_on_hears_the_end) {
  const world w;
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  wire l(w.acceptor(), context);
  CHECK(!l.handshake().ec);
  w.unlink_alice();
  const std::string much(4'000'000, 'x');
  auto written = l.loop().start([&](auto handler) { net::async_write(l.client(), net::buffer(much), handler); });
  char byte = 0;
  CHECK(get(l.start_read(net::buffer(&byte, 1))).ec == trustdir::status::revoked);
  auto closing = l.loop().start([&](auto handler) { l.server().async_shutdown(handler); });
  CHECK(!get(std::move(written)).ec);
  CHECK(l.client_read(net::buffer(&byte, 1)).ec == net::error::eof);
  l.loop().call([&] { l.client().lowest_layer().close(); });
  CHECK(!get(std::move(closing)).ec);
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

/// A server session of those that keep the socket elsewhere and wrap every handler: the stream's own executor is no
/// strand.
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
    auto arrived = [self = shared_from_this()](const error_code& ec, std::size_t count) {
      self->ended = ec;
      if (!ec) self->write(count);
    };
    stream.async_read_some(net::buffer(buffer), wrap(std::move(arrived)));
  }
  void write(std::size_t count) {
    auto written = [self = shared_from_this()](const error_code& ec, std::size_t) {
      if (!ec) self->read();
    };
    net::async_write(stream, net::buffer(buffer, count), wrap(std::move(written)));
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

int main(int argc, char** argv) { return check::run(argc, argv); }
