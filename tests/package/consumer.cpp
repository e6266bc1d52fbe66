// The least that needs the headers for Asio.
#include <trustdir.hpp>
#include <trustdir/asio.hpp>

#include <asio/ip/tcp.hpp>

#include <iostream>

template class trustdir::asio::stream<asio::ip::tcp::socket>;

int main() {
  std::cout << trustdir::version() << ' ' << trustdir::key::generate(trustdir::key_type::p256).algorithm() << '\n';
}
