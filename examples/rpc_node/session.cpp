#include "session.hpp"

#include "web_socket.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <chrono>
#include <sstream>
#include <utility>

namespace rpc_node {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;

constexpr auto handshake_limit = std::chrono::seconds(10);
constexpr auto write_limit = std::chrono::seconds(30);
// Also how long a connection may be idle between two requests.
constexpr auto read_limit = std::chrono::minutes(5);
constexpr auto body_limit = 1024 * 1024;

std::string shown(const net::ip::tcp::socket& socket) {
  boost::system::error_code ec;
  const auto endpoint = socket.remote_endpoint(ec);
  if (ec) return "unknown";
  std::ostringstream out;
  out << endpoint;
  return out.str();
}

}  // namespace

session::session(net::ip::tcp::socket&& socket, service& shared)
    : shared_(shared), peer_(shown(socket)), stream_(std::move(socket), shared.acceptor) {}

void session::run() {
  net::dispatch(stream_.get_executor(), [self = shared_from_this()] {
    self->stream_.next_layer().expires_after(handshake_limit);
    self->stream_.async_handshake([self](const error_code& ec) { self->on_handshake(ec); });
  });
}

void session::on_handshake(const error_code& ec) {
  const auto client = stream_.decision();
  if (ec) {
    const auto message = stream_.failure().empty() ? ec.message() : std::string(stream_.failure());
    shared_.log.event("refused", {{"peer", peer_},
                                  {"reason", reason_of(stream_, ec)},
                                  text("message", message),
                                  text("subject", client.subject()),
                                  {"sha256", client.fingerprint()}});
    return;  // the peer was told, so there is nothing left to do but to close
  }
  shared_.log.event("admitted", {{"peer", peer_},
                                 {"reason", to_string(client.reason())},
                                 text("subject", client.subject()),
                                 {"sha256", client.fingerprint()},
                                 text("entry", client.entry()),
                                 {"tls", stream_.connection().version()},
                                 {"resumed", stream_.connection().resumed() ? "true" : "false"}});
  read();
}

void session::read() {
  parser_.emplace();
  parser_->body_limit(body_limit);
  stream_.next_layer().expires_after(read_limit);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](const error_code& ec, std::size_t) { self->on_read(ec); });
}

void session::on_read(const error_code& ec) {
  if (ec == http::error::body_limit) return respond(http::status::payload_too_large, error_body("Request too large"));
  if (ec) return end(ec);
  // A browser says whose page asks, and would lend its client certificate to any page.
  if (parser_->get().count(http::field::origin) != 0) {
    return respond(http::status::forbidden, error_body("Web pages may not ask"));
  }
  if (beast::websocket::is_upgrade(parser_->get())) return upgrade();
  if (!shared_.https) return respond(http::status::forbidden, error_body("HTTPS is disabled"));
  respond(http::status::ok, answer_to(parser_->get()));
}

void session::upgrade() {
  if (!shared_.web_sockets) return respond(http::status::forbidden, error_body("WebSockets are disabled"));
  std::make_shared<web_socket>(std::move(stream_), peer_, shared_)->run(parser_->get());
}

std::string session::answer_to(const http::request<http::string_body>& request) {
  if (request.method() == http::verb::options) return {};
  if (request.method() != http::verb::post) return error_body("Can only POST requests");
  return shared_.answer(stream_, peer_, request.body());
}

void session::respond(http::status status, std::string body) {
  response_ = http::response<http::string_body>(status, parser_->get().version());
  response_.set(http::field::content_type, "application/json");
  response_.set(http::field::allow, "POST, OPTIONS");
  response_.body() = std::move(body);
  // What is left of a request that was not read would look like the next one.
  response_.keep_alive(parser_->is_done() && parser_->get().keep_alive());
  response_.prepare_payload();
  stream_.next_layer().expires_after(write_limit);
  http::async_write(stream_, response_,
                    [self = shared_from_this()](const error_code& ec, std::size_t) { self->on_write(ec); });
}

void session::on_write(const error_code& ec) {
  if (ec || !response_.keep_alive()) return end(ec);
  read();
}

void session::end(const error_code& ec) {
  const auto client = stream_.decision();
  shared_.log.event("closed", {{"peer", peer_},
                               {"reason", reason_of(stream_, ec)},
                               text("subject", client.subject()),
                               {"sha256", client.fingerprint()}});
  shut_down();
}

void session::shut_down() {
  stream_.next_layer().expires_after(write_limit);
  stream_.async_shutdown([self = shared_from_this()](const error_code&) {});
}

}  // namespace rpc_node
