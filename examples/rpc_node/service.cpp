#include "service.hpp"

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>

#include <utility>

namespace rpc_node {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;

/// Clients whose entry is limited to services need this one, too:
/// `trustdir clients limit DIR NAME --service rpc --service rpc-control`.
constexpr auto control_service = "rpc-control";

bool may_control(const trustdir::acceptor& acceptor, const tls_stream& client) {
  const auto certificate = client.decision().certificate();
  // Where everybody is served nobody is known.
  if (!certificate) return false;
  auto policy = acceptor.policy_for(client.connection().server_name());
  return policy.service(control_service).decide({certificate.der()}).is_admitted();
}

}  // namespace

std::string service::answer(const tls_stream& client, std::string_view peer, const std::string& request) {
  auto [action, body] = process(ledger, request, [&] { return may_control(acceptor, client); });
  if (log_requests) {
    log.event("request", {{"peer", peer}, text("action", action), text("subject", client.decision().subject())});
  }
  return std::move(body);
}

std::string_view reason_of(const tls_stream& stream, const boost::system::error_code& ec) {
  const auto client = stream.decision();
  if (ec == trustdir::status::revoked) return "REMOVED";
  if (client && !client.is_admitted() && ec == trustdir::condition::trust) return to_string(client.reason());
  if (!ec || ec == http::error::end_of_stream || ec == beast::websocket::error::closed || ec == net::error::eof) {
    return "END";
  }
  if (ec == beast::error::timeout) return "TIMEOUT";
  if (ec == trustdir::status::truncated || ec == net::error::connection_reset) return "TRUNCATED";
  if (ec == trustdir::condition::tls) return "TLS";
  if (ec.category() == make_error_code(http::error::end_of_stream).category()) return "HTTP";
  return "IO";
}

}  // namespace rpc_node
