// What all connections share, and how one request of one client is answered.
#pragma once

#include "log.hpp"
#include "rpc.hpp"

#include <trustdir/asio.hpp>

#include <boost/beast/core/tcp_stream.hpp>

#include <string>
#include <string_view>

namespace rpc_node {

using tls_stream = trustdir::asio::stream<boost::beast::tcp_stream>;

/// Outlives the connections.
struct service {
  trustdir::acceptor acceptor;
  rpc_node::ledger ledger;
  rpc_node::log log;
  bool log_requests = false;
  bool https = true;
  bool web_sockets = false;

  /// Every request is answered as its client may ask, by the entry as it is at that moment.
  std::string answer(const tls_stream& client, std::string_view peer, const std::string& request);
};

/// In one word, why a handshake failed or a connection ended.
std::string_view reason_of(const tls_stream& client, const boost::system::error_code& ec);

}  // namespace rpc_node
