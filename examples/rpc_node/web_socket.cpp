#include "web_socket.hpp"

#include <boost/beast/core/buffers_to_string.hpp>

#include <utility>

namespace rpc_node {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
namespace net = boost::asio;

web_socket::web_socket(tls_stream&& stream, std::string peer, service& shared)
    : shared_(shared), peer_(std::move(peer)), stream_(std::move(stream)) {}

void web_socket::run(const beast::http::request<beast::http::string_body>& upgrade) {
  // From here on the deadlines are the WebSocket's: 30 s for its handshake, and a ping to whoever is silent for long.
  beast::get_lowest_layer(stream_).expires_never();
  stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
  stream_.read_message_max(1024 * 1024);
  stream_.async_accept(upgrade, [self = shared_from_this()](const error_code& ec) {
    if (ec) return self->end(ec);
    self->shared_.log.event("upgraded", {{"peer", self->peer_},
                                         text("subject", self->stream_.next_layer().decision().subject())});
    self->read();
  });
}

void web_socket::read() {
  buffer_.clear();
  stream_.async_read(buffer_, [self = shared_from_this()](const error_code& ec, std::size_t) { self->on_read(ec); });
}

void web_socket::on_read(const error_code& ec) {
  if (ec) return end(ec);
  answer_ = shared_.answer(stream_.next_layer(), peer_, beast::buffers_to_string(buffer_.data()));
  stream_.text(true);
  stream_.async_write(net::buffer(answer_), [self = shared_from_this()](const error_code& failed, std::size_t) {
    if (failed) return self->end(failed);
    self->read();
  });
}

void web_socket::end(const error_code& ec) {
  const auto& tls = stream_.next_layer();
  shared_.log.event("closed", {{"peer", peer_},
                               {"reason", reason_of(tls, ec)},
                               text("subject", tls.decision().subject()),
                               {"sha256", tls.decision().fingerprint()}});
}

}  // namespace rpc_node
