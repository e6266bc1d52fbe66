// The open connections of an acceptor or connector.
#ifndef TRUSTDIR_OPEN_CONNECTIONS_HPP
#define TRUSTDIR_OPEN_CONNECTIONS_HPP

#include <trustdir/certificate.hpp>

namespace trustdir {

/// An open connection of an acceptor or connector. Its views live as long as the list.
struct open_connection {
  std::uint64_t id;              ///< `connection::id`
  certificate_view certificate;  ///< the peer's
  std::string_view entry;        ///< the file that admitted the peer
  std::chrono::system_clock::time_point since;
  bool is_revoked;  ///< the entry has gone since
};

/// The open connections of an acceptor or connector at one moment that stand on an entry, oldest first.
class open_connections : public detail::object<trustdir_open_connections, trustdir_open_connections_free> {
 public:
  using object::object;
  using iterator = detail::list_iterator<open_connections, open_connection>;

  std::size_t size() const noexcept { return trustdir_open_connections_len(native()); }
  bool empty() const noexcept { return size() == 0; }

  open_connection operator[](std::size_t index) const noexcept {
    return {trustdir_open_connections_id(native(), index),
            certificate_view(trustdir_open_connections_certificate(native(), index)),
            detail::view(trustdir_open_connections_entry(native(), index)),
            detail::moment(trustdir_open_connections_since(native(), index)),
            trustdir_open_connections_is_revoked(native(), index)};
  }

  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size()}; }
};

}  // namespace trustdir

#endif
