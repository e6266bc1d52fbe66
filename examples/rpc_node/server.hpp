// The listener.
#pragma once

#include "session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace rpc_node {

class server {
 public:
  /// Listens; port 0 takes a free one.
  server(boost::asio::io_context& context, const boost::asio::ip::tcp::endpoint& endpoint, service& shared);

  boost::asio::ip::tcp::endpoint local_endpoint() const { return acceptor_.local_endpoint(); }

  void accept();

 private:
  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  service& shared_;
};

}  // namespace rpc_node
