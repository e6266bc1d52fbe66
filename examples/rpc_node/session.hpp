// One client over HTTPS: its handshake, its requests one after the other, its end.
#pragma once

#include "service.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>
#include <optional>
#include <string>

namespace rpc_node {

class session : public std::enable_shared_from_this<session> {
 public:
  /// The executor of `socket` must be a strand.
  session(boost::asio::ip::tcp::socket&& socket, service& shared);

  void run();

 private:
  using error_code = boost::system::error_code;

  void on_handshake(const error_code& ec);
  void read();
  void on_read(const error_code& ec);
  void respond(boost::beast::http::status status, std::string body);
  void on_write(const error_code& ec);
  void end(const error_code& ec);
  void shut_down();

  /// Hands the connection over to a WebSocket.
  void upgrade();
  std::string answer_to(const boost::beast::http::request<boost::beast::http::string_body>& request);

  service& shared_;
  std::string peer_;
  tls_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  boost::beast::http::response<boost::beast::http::string_body> response_;
};

}  // namespace rpc_node
