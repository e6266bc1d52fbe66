// Beast over trustdir::asio::stream: HTTP with keep-alive, WebSocket, and the traits that Beast asks of a stream.
#include "loop.hpp"
#include "openssl_client.hpp"

#include <trustdir/beast.hpp>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

using server_stream = trustdir::asio::stream<beast::tcp_stream>;
using reference_stream = trustdir::asio::stream<tcp::socket&>;
using client_stream = beast::ssl_stream<beast::tcp_stream>;

static_assert(beast::is_sync_stream<server_stream>::value);
static_assert(beast::is_async_stream<server_stream>::value);
static_assert(beast::is_sync_stream<reference_stream>::value);
static_assert(beast::is_async_stream<reference_stream>::value);
static_assert(beast::has_get_executor<server_stream>::value);
static_assert(std::is_same_v<beast::executor_type<server_stream>, beast::tcp_stream::executor_type>);
static_assert(std::is_same_v<beast::lowest_layer_type<server_stream>, beast::tcp_stream>);
static_assert(std::is_same_v<reference_stream::lowest_layer_type, tcp::socket::lowest_layer_type>);
static_assert(std::is_nothrow_move_constructible_v<server_stream> && !std::is_copy_constructible_v<server_stream>);

/// An HTTP server for one connection that answers every request with its own body.
class http_session : public std::enable_shared_from_this<http_session> {
 public:
  http_session(tcp::socket&& socket, const trustdir::acceptor& tls) : stream(std::move(socket), tls) {}

  void run() {
    stream.next_layer().expires_after(patience);
    stream.async_handshake([self = shared_from_this()](const error_code& ec) {
      if (ec) return self->end(ec);
      self->read();
    });
  }

  server_stream stream;
  std::promise<error_code> ended;

 private:
  void read() {
    parser_.emplace();
    parser_->body_limit(2'000'000);
    stream.next_layer().expires_after(patience);
    http::async_read(stream, buffer_, *parser_, [self = shared_from_this()](const error_code& ec, std::size_t) {
      if (ec) return self->end(ec);
      self->write();
    });
  }

  void write() {
    response_ = http::response<http::string_body>(http::status::ok, 11);
    response_.body() = std::move(parser_->get().body());
    response_.keep_alive(parser_->get().keep_alive());
    response_.prepare_payload();
    http::async_write(stream, response_, [self = shared_from_this()](const error_code& ec, std::size_t) {
      if (ec) return self->end(ec);
      if (!self->response_.keep_alive()) return self->end({});
      self->read();
    });
  }

  void end(const error_code& reason) {
    stream.next_layer().expires_after(patience);
    stream.async_shutdown([self = shared_from_this(), reason](const error_code&) { self->ended.set_value(reason); });
  }

  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

/// A server in a loop, and a blocking client beside it.
class http_link {
 public:
  http_link(const world& w, int version)
      : acceptor_(w.acceptor()), context_(client_context(w, &w.alice, version)), client(mine_, context_) {
    tcp::acceptor listener(loop.context, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    beast::get_lowest_layer(client).socket().connect(listener.local_endpoint());
    session = std::make_shared<http_session>(listener.accept(), acceptor_);
    loop.call([&] { session->run(); });
    client.handshake(ssl::stream_base::client);
  }
  ~http_link() {
    error_code ignored;
    beast::get_lowest_layer(client).socket().close(ignored);
    loop.call([&] { session.reset(); });
  }

  http::response<http::string_body> post(const std::string& body, bool keep_alive = true) {
    http::request<http::string_body> request(http::verb::post, "/", 11);
    request.set(http::field::host, "localhost");
    request.body() = body;
    request.keep_alive(keep_alive);
    request.prepare_payload();
    http::write(client, request);
    http::response_parser<http::string_body> parser;
    parser.body_limit(2'000'000);
    http::read(client, buffer_, parser);
    return parser.release();
  }

 private:
  trustdir::acceptor acceptor_;
  ssl::context context_;
  net::io_context mine_;
  beast::flat_buffer buffer_;

 public:
  ::loop loop;
  std::shared_ptr<http_session> session;
  client_stream client;
};

TEST(http_keep_alive) {
  const world w;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    http_link l(w, version);
    for (const std::size_t size : {1, 16'384, 16'385, 100, 100'000, 900'000, 0, 7}) {
      const std::string body(size, 'b');
      CHECK(l.post(body).body() == body);
    }
    CHECK(!l.post("last", false).keep_alive());
    error_code ec;
    char byte = 0;
    l.client.read_some(net::buffer(&byte, 1), ec);
    CHECK(ec == net::error::eof);
    l.client.shutdown(ec);
    CHECK(!get(l.session->ended.get_future()));
  }
}

TEST(a_client_that_closes_between_requests) {
  const world w;
  http_link l(w, TLS1_3_VERSION);
  l.post("once");
  error_code ec;
  l.client.shutdown(ec);
  CHECK(get(l.session->ended.get_future()) == http::error::end_of_stream);
}

TEST(removal_closes_an_idle_keep_alive_connection) {
  const world w;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    w.clients->install(w.alice.certificate());
    http_link l(w, version);
    CHECK_EQUAL(l.post("before").body(), "before");
    w.unlink_alice();
    error_code ec;
    char byte = 0;
    l.client.read_some(net::buffer(&byte, 1), ec);
    CHECK(ec);
    beast::get_lowest_layer(l.client).socket().close(ec);
    CHECK(get(l.session->ended.get_future()) == trustdir::status::revoked);
  }
}

TEST(the_timeouts_of_tcp_stream) {
  const world w;
  const auto acceptor = w.acceptor();
  ::loop loop;
  auto [near, far] = loop.connect();
  server_stream stream(std::move(near), acceptor);
  // The client says nothing.
  const auto result = loop.run([&](auto handler) {
    stream.next_layer().expires_after(std::chrono::milliseconds(50));
    stream.async_handshake(handler);
  });
  CHECK(result.ec == beast::error::timeout);
  loop.call([&] { server_stream(std::move(stream)); });
}

TEST(the_timeouts_of_tcp_stream_hold_reads_and_writes) {
  const world w;
  const auto acceptor = w.acceptor();
  const std::string large(20'000'000, 't');
  for (const bool writes : {false, true}) {
    auto context = client_context(w, &w.alice, TLS1_3_VERSION);
    ::loop loop;
    auto [near, far] = loop.connect();
    server_stream stream(std::move(near), acceptor);
    std::optional<ssl::stream<tcp::socket>> client(std::in_place, std::move(far), context);
    auto handshake =
        loop.start([&](auto handler) { client->async_handshake(ssl::stream_base::client, handler); });
    CHECK(!loop.run([&](auto handler) { stream.async_handshake(handler); }).ec);
    CHECK(!get(std::move(handshake)).ec);
    // From here on the client neither speaks nor listens.
    char byte = 0;
    const auto result = loop.run([&](auto handler) {
      stream.next_layer().expires_after(std::chrono::milliseconds(50));
      if (writes) {
        net::async_write(stream, net::buffer(large), handler);
      } else {
        stream.async_read_some(net::buffer(&byte, 1), handler);
      }
    });
    CHECK(result.ec == beast::error::timeout);
    loop.call([&] {
      server_stream(std::move(stream));
      client.reset();
    });
  }
}

TEST(websocket_echo_and_close) {
  const world w;
  for (const bool server_closes : {false, true}) {
    const auto acceptor = w.acceptor();
    auto context = client_context(w, &w.alice, TLS1_3_VERSION);
    ::loop loop;
    auto [near, far] = loop.connect();
    std::optional<websocket::stream<server_stream>> server;
    loop.call([&, &socket = near] { server.emplace(server_stream(std::move(socket), acceptor)); });

    auto handshake = loop.start([&](auto handler) { server->next_layer().async_handshake(handler); });
    websocket::stream<ssl::stream<tcp::socket>> peer(std::move(far), context);
    const auto far_handshake =
        loop.run([&](auto handler) { peer.next_layer().async_handshake(ssl::stream_base::client, handler); });
    CHECK(!far_handshake.ec);
    CHECK(!get(std::move(handshake)).ec);

    auto accepted = loop.start([&](auto handler) { server->async_accept(handler); });
    CHECK(!loop.run([&](auto handler) { peer.async_handshake("localhost", "/", handler); }).ec);
    CHECK(!get(std::move(accepted)).ec);

    const std::string message(70'000, 'w');
    beast::flat_buffer at_server;
    auto read = loop.start([&](auto handler) { server->async_read(at_server, handler); });
    CHECK(!loop.run([&](auto handler) { peer.async_write(net::buffer(message), handler); }).ec);
    CHECK(!get(std::move(read)).ec);
    CHECK(beast::buffers_to_string(at_server.data()) == message);

    beast::flat_buffer rest;
    if (server_closes) {
      auto closing = loop.start([&](auto handler) { server->async_close(websocket::close_code::normal, handler); });
      CHECK(loop.run([&](auto handler) { peer.async_read(rest, handler); }).ec == websocket::error::closed);
      loop.call([&] { peer.next_layer().next_layer().close(); });
      CHECK(!get(std::move(closing)).ec);
    } else {
      auto ended = loop.start([&](auto handler) { server->async_read(rest, handler); });
      auto closing = loop.start([&](auto handler) { peer.async_close(websocket::close_code::normal, handler); });
      CHECK(get(std::move(ended)).ec == websocket::error::closed);
      get(std::move(closing));
    }
    loop.call([&] {
      server.reset();
      peer.next_layer().next_layer().close();
    });
  }
}

int main(int argc, char** argv) { return check::run(argc, argv); }
