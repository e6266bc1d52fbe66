// The connector, and the settings that it is made by.
#ifndef TRUSTDIR_CONNECTOR_HPP
#define TRUSTDIR_CONNECTOR_HPP

#include <trustdir/authority_directory.hpp>
#include <trustdir/connection.hpp>
#include <trustdir/counters.hpp>
#include <trustdir/directory.hpp>
#include <trustdir/identity.hpp>
#include <trustdir/open_connections.hpp>
#include <trustdir/protocol.hpp>

namespace trustdir {

/// Makes client connections. May be used from several threads at once.
class connector : public detail::object<trustdir_connector, trustdir_connector_free> {
 public:
  using object::object;

  connector clone() const { return detail::create<connector>(trustdir_connector_clone, native()); }

  /// A connection to this host: a DNS name or a bare IP address. Where an authority vouches for the server its
  /// certificate must bear this name.
  connection connect(std::string_view host) const {
    return detail::create<connection>(trustdir_connector_connect, native(), detail::terminated(host).c_str());
  }

  /// The open connections that stand on an entry, those whose entry has gone among them.
  open_connections connections() const {
    return detail::create<open_connections>(trustdir_connector_connections, native());
  }

  /// What it has done so far; a server counts as a client does for an acceptor.
  trustdir::counters counters() const {
    return detail::create<trustdir::counters>(trustdir_connector_counters, native());
  }
};

namespace detail {

struct connector_protocol {
  static constexpr auto* versions = trustdir_connector_builder_set_versions;
  static constexpr auto* alpn = trustdir_connector_builder_set_alpn;
  static constexpr auto* handshake_timeout = trustdir_connector_builder_set_handshake_timeout;
  static constexpr auto* handshake_bytes = trustdir_connector_builder_set_handshake_bytes;
  static constexpr auto* max_chain = trustdir_connector_builder_set_max_chain;
  static constexpr auto* max_fragment_size = trustdir_connector_builder_set_max_fragment_size;
  static constexpr auto* key_log = trustdir_connector_builder_set_key_log;
};

}  // namespace detail

/// Collects the settings of a connector; may build several times. It trusts whom it is told to and nobody else: the
/// system's authorities do not count. A server is trusted as a pin, when its certificate is exactly this one, whatever
/// its shape and under any name; or by an authority, when its certificate bears the name that is connected to, too.
class connector_builder : public detail::object<trustdir_connector_builder, trustdir_connector_builder_free>,
                          public detail::protocol_settings<connector_builder, detail::connector_protocol> {
 public:
  using object::object;

  connector_builder() : connector_builder(detail::create<connector_builder>(trustdir_connector_builder_new)) {}

  /// One more authority that vouches for servers.
  connector_builder& authority(certificate_view certificate) {
    detail::invoke(trustdir_connector_builder_add_authority, native(), certificate.native());
    return *this;
  }

  /// The directory of authorities that vouch for servers, with their revocation lists; in the place of every
  /// `authority`.
  connector_builder& authorities(const authority_directory& authorities) {
    detail::invoke(trustdir_connector_builder_set_authorities, native(), authorities.native());
    return *this;
  }

  /// One more certificate that a server is trusted by. Of several any may answer under any name.
  connector_builder& pin(certificate_view certificate) {
    detail::invoke(trustdir_connector_builder_add_pin, native(), certificate.native());
    return *this;
  }

  /// The directory of certificates that servers are trusted by. Once one is removed open connections to it end.
  connector_builder& directory(const trustdir::directory& servers) {
    detail::invoke(trustdir_connector_builder_set_directory, native(), servers.native());
    return *this;
  }

  /// What is shown to servers that ask who calls.
  connector_builder& identity(const trustdir::identity& own) {
    detail::invoke(trustdir_connector_builder_set_identity, native(), own.native());
    return *this;
  }

  connector build() const { return detail::create<connector>(trustdir_connector_builder_build, native()); }
};

}  // namespace trustdir

#endif
