// trustdir::asio::stream as the server of OpenSSL clients, over real sockets: data, ends, cancellation, lifetimes.
#include "wire.hpp"

#include <random>

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

TEST(an_idle_stream_is_no_work) {
  const world w;
  net::io_context io;
  tcp::acceptor listener(io, tcp::endpoint(net::ip::address_v4::loopback(), 0));
  tcp::socket far(io);
  far.connect(listener.local_endpoint());
  auto context = client_context(w, &w.alice, TLS1_3_VERSION);
  client_stream client(std::move(far), context);
  server_stream server(listener.accept(), w.acceptor());
  int done = 0;
  server.async_handshake([&](const error_code& ec) { done += !ec; });
  client.async_handshake(ssl::stream_base::client, [&](const error_code& ec) { done += !ec; });
  io.run_for(patience);
  CHECK_EQUAL(done, 2);
  CHECK(io.stopped());
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
