#include "server.hpp"

#include <boost/asio/strand.hpp>

#include <chrono>
#include <exception>

namespace rpc_node {

namespace net = boost::asio;

server::server(net::io_context& context, const net::ip::tcp::endpoint& endpoint, service& shared)
    : context_(context), acceptor_(context, endpoint), pause_(context), shared_(shared) {}

void server::accept() {
  // Every connection in a strand of its own: several run at once, each on one thread at a time.
  acceptor_.async_accept(net::make_strand(context_), [this](boost::system::error_code ec, net::ip::tcp::socket socket) {
    if (ec == net::error::operation_aborted) return;
    if (!ec) {
      try {
        std::make_shared<session>(std::move(socket), shared_)->run();
      } catch (const std::exception& error) {
        shared_.log.event("error", {text("message", error.what())});
      }
      return accept();
    }
    // Out of descriptors, most likely: to ask again at once would only burn the processor.
    shared_.log.event("error", {text("message", "accept: " + ec.message())});
    pause_.expires_after(std::chrono::seconds(1));
    pause_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) accept();
    });
  });
}

}  // namespace rpc_node
