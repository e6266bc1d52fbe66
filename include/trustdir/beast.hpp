// What `boost::beast::websocket::stream<trustdir::asio::stream<...>>` needs beside the stream: how it ends.
#ifndef TRUSTDIR_BEAST_HPP
#define TRUSTDIR_BEAST_HPP

#include <trustdir/asio.hpp>

#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/teardown.hpp>

namespace trustdir::asio {

// A shutdown is all: it has said goodbye, closed the sending side and read until the peer's answer. To tear down the
// next layer as well would wait for the end of TCP, which a peer that keeps its socket after the TLS close never sends.

template <class NextLayer>
void teardown(boost::beast::role_type, stream<NextLayer>& torn, error_code& ec) {
  torn.shutdown(ec);
}

template <class NextLayer, class Handler>
void async_teardown(boost::beast::role_type, stream<NextLayer>& torn, Handler&& handler) {
  torn.async_shutdown(std::forward<Handler>(handler));
}

}  // namespace trustdir::asio

#endif
