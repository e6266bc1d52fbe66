// A server and an OpenSSL client on the two ends of a TCP connection.
#ifndef WIRE_HPP
#define WIRE_HPP

#include "loop.hpp"
#include "openssl_client.hpp"

#include <trustdir/asio.hpp>

using server_stream = trustdir::asio::stream<tcp::socket>;
using client_stream = ssl::stream<tcp::socket>;

constexpr int both_versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

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

inline bool is_alert(const error_code& ec) {
  return ec.category() == net::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(ec.value())) >= SSL_AD_REASON_OFFSET;
}

#endif
