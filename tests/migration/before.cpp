// Sends each client back what it says. In the working directory: server.pem, server.key and clients, in which are the
// certificates of those who may come.
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include <iostream>
#include <memory>

namespace net = boost::asio;
using net::ip::tcp;
using boost::system::error_code;

using context = net::ssl::context;
using stream = net::ssl::stream<tcp::socket>;

context make_context() {
  context tls(context::tls_server);
  tls.use_certificate_chain_file("server.pem");
  tls.use_private_key_file("server.key", context::pem);
  tls.add_verify_path("clients");
  tls.set_verify_mode(net::ssl::verify_peer | net::ssl::verify_fail_if_no_peer_cert);
  // The client's own certificate is in the directory, and not an authority's.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(tls.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
  return tls;
}

class session : public std::enable_shared_from_this<session> {
 public:
  session(tcp::socket socket, context& tls) : stream_(std::move(socket), tls) {}

  void run() {
    stream_.async_handshake(stream::server, [self = shared_from_this()](error_code ec) {
      if (!ec) self->read();
    });
  }

 private:
  void read() {
    stream_.async_read_some(net::buffer(data_), [self = shared_from_this()](error_code ec, std::size_t count) {
      if (!ec) return self->write(count);
      self->stream_.async_shutdown([self](error_code) {});
    });
  }

  void write(std::size_t count) {
    net::async_write(stream_, net::buffer(data_, count), [self = shared_from_this()](error_code ec, std::size_t) {
      if (!ec) self->read();
    });
  }

  stream stream_;
  char data_[4096];
};

void accept(tcp::acceptor& listener, context& tls) {
  listener.async_accept([&](error_code ec, tcp::socket socket) {
    if (!ec) std::make_shared<session>(std::move(socket), tls)->run();
    accept(listener, tls);  // a service pauses after an error
  });
}

int main() try {
  context tls = make_context();
  net::io_context io;
  tcp::acceptor listener(io, {net::ip::address_v4::loopback(), 0});
  accept(listener, tls);
  std::cout << listener.local_endpoint().port() << std::endl;
  io.run();
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
