// One client over a WebSocket: each text message is a request, and its answer one as well.
#pragma once

#include "service.hpp"

#include <trustdir/beast.hpp>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <memory>
#include <string>

namespace rpc_node {

class web_socket : public std::enable_shared_from_this<web_socket> {
 public:
  /// Goes on with a connection whose handshake is over.
  web_socket(tls_stream&& stream, std::string peer, service& shared);

  /// Answers the request for the upgrade, and then what comes.
  void run(const boost::beast::http::request<boost::beast::http::string_body>& upgrade);

 private:
  using error_code = boost::system::error_code;

  void read();
  void on_read(const error_code& ec);
  void end(const error_code& ec);

  service& shared_;
  std::string peer_;
  boost::beast::websocket::stream<tls_stream> stream_;
  boost::beast::flat_buffer buffer_;
  std::string answer_;
};

}  // namespace rpc_node
