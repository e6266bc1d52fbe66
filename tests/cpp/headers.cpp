// Compiled only: every header, each as the first one somewhere, and the classes that a server uses.
#include <trustdir/error.hpp>

#include <trustdir/beast.hpp>

#include <trustdir.hpp>

#include <boost/asio/ip/tcp.hpp>

template class trustdir::asio::stream<boost::asio::ip::tcp::socket>;
template class trustdir::asio::stream<boost::asio::ip::tcp::socket&>;
template class trustdir::asio::stream<boost::beast::tcp_stream>;
