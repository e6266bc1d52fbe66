// The acceptor, the settings that it is made by, and its open connections.
#ifndef TRUSTDIR_ACCEPTOR_HPP
#define TRUSTDIR_ACCEPTOR_HPP

#include <trustdir/connection.hpp>
#include <trustdir/identity.hpp>
#include <trustdir/policy.hpp>

#include <algorithm>

namespace trustdir {

class acceptor_builder;

enum class tls_version : std::int32_t {
  tls12 = TRUSTDIR_TLS_VERSION_TLS12,
  tls13 = TRUSTDIR_TLS_VERSION_TLS13
};

/// What becomes of open connections when the entry that admitted them goes. New handshakes are refused either way.
enum class on_removal : std::int32_t {
  close = TRUSTDIR_ON_REMOVAL_CLOSE,   ///< they are closed: not one more byte
  finish = TRUSTDIR_ON_REMOVAL_FINISH  ///< they go on until either side ends them, and `is_revoked` says so
};

/// How clients are answered that open http:// on an https port. They are refused in each case.
class plain_http {
 public:
  /// A TLS alert, as for whatever else is not TLS.
  static plain_http alert() { return plain_http(TRUSTDIR_PLAIN_HTTP_ALERT, {}); }
  /// A plain `400 Bad Request` that says why.
  static plain_http bad_request() { return plain_http(TRUSTDIR_PLAIN_HTTP_BAD_REQUEST, {}); }
  /// A redirection (308) to the same path under this address, such as "https://rpc.example.org:7076".
  static plain_http redirect(std::string_view to) {
    return plain_http(TRUSTDIR_PLAIN_HTTP_REDIRECT, detail::terminated(to));
  }

 private:
  friend class acceptor_builder;

  plain_http(std::int32_t answer, std::string to) : answer_(answer), to_(std::move(to)) {}
  const char* address() const noexcept { return answer_ == TRUSTDIR_PLAIN_HTTP_REDIRECT ? to_.c_str() : nullptr; }

  std::int32_t answer_;
  std::string to_;
};

/// An open connection of an acceptor. Its views live as long as the list.
struct open_connection {
  std::uint64_t id;              ///< `connection::id`
  certificate_view certificate;  ///< the client's
  std::string_view entry;        ///< the file that admitted the client
  std::chrono::system_clock::time_point since;
  bool is_revoked;  ///< the entry has gone since
};

/// The open connections of an acceptor at one moment that stand on an entry, oldest first.
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

/// Makes server connections. May be used from several threads at once.
class acceptor : public detail::object<trustdir_acceptor, trustdir_acceptor_free> {
 public:
  using object::object;

  acceptor clone() const { return detail::create<acceptor>(trustdir_acceptor_clone, native()); }

  connection accept() const { return detail::create<connection>(trustdir_acceptor_accept, native()); }
  connection accept(std::error_code& ec) const noexcept {
    return detail::create<connection>(ec, trustdir_acceptor_accept, native());
  }

  /// The open connections that stand on an entry, those whose entry has gone among them.
  open_connections connections() const {
    return detail::create<open_connections>(trustdir_acceptor_connections, native());
  }

  /// Takes the settings of a builder for all handshakes that begin from now on; what has begun keeps what it has. When
  /// this fails nothing changes. All settings are the builder's: one without a directory asks nobody for a certificate.
  void reload(const acceptor_builder& settings) const;

  /// Whom it admits at this moment to the host of this name (SNI).
  policy policy_for(std::string_view host) const {
    return detail::create<policy>(trustdir_acceptor_policy_for, native(), detail::terminated(host).c_str());
  }

  /// Decides about the certificates that a client sent, its own first, as a handshake would.
  decision decide(const std::vector<bytes_view>& chain,
                  std::chrono::system_clock::time_point when = std::chrono::system_clock::now()) const {
    const auto sent = detail::slices(chain);
    return detail::create<decision>(trustdir_acceptor_decide, native(), sent.data(), sent.size(),
                                    detail::unix_time(when));
  }
};

/// Collects the settings of an acceptor; may build several times.
class acceptor_builder : public detail::object<trustdir_acceptor_builder, trustdir_acceptor_builder_free> {
 public:
  using object::object;

  explicit acceptor_builder(const identity& server)
      : acceptor_builder(detail::create<acceptor_builder>(trustdir_acceptor_builder_new, server.native())) {}

  /// One more identity. A client is shown the one whose certificate carries the name that it asks for (SNI), else the
  /// first; among several, one whose signatures it can verify.
  acceptor_builder& add_identity(const identity& other) {
    detail::invoke(trustdir_acceptor_builder_add_identity, native(), other.native());
    return *this;
  }

  /// Whom the host of this name admits, instead of whom the other settings do; `*.example.org` stands for all names with
  /// one label more. Check the request's host against `connection::server_name`.
  acceptor_builder& policy_for(std::string_view host, const policy& admitted) {
    detail::invoke(trustdir_acceptor_builder_set_policy_for, native(), detail::terminated(host).c_str(),
                   admitted.native());
    return *this;
  }

  acceptor_builder& client_auth(trustdir::client_auth mode) {
    detail::invoke(trustdir_acceptor_builder_set_client_auth, native(), static_cast<std::int32_t>(mode));
    return *this;
  }

  acceptor_builder& directory(const trustdir::directory& clients) {
    detail::invoke(trustdir_acceptor_builder_set_directory, native(), clients.native());
    return *this;
  }

  /// Whose clients are admitted, besides those of the directory of clients, which has the last word on its entries.
  acceptor_builder& authorities(const authority_directory& authorities) {
    detail::invoke(trustdir_acceptor_builder_set_authorities, native(), authorities.native());
    return *this;
  }

  acceptor_builder& on_removal(trustdir::on_removal what) {
    detail::invoke(trustdir_acceptor_builder_set_on_removal, native(), static_cast<std::int32_t>(what));
    return *this;
  }

  /// The service's name, for entries that are limited to services.
  acceptor_builder& service(std::string_view name) {
    detail::invoke(trustdir_acceptor_builder_set_service, native(), detail::terminated(name).c_str());
    return *this;
  }

  acceptor_builder& versions(tls_version min, tls_version max) {
    detail::invoke(trustdir_acceptor_builder_set_versions, native(), static_cast<std::int32_t>(min),
                   static_cast<std::int32_t>(max));
    return *this;
  }

  acceptor_builder& alpn(const std::vector<std::string_view>& protocols) {
    std::vector<std::string> owned;
    std::vector<const char*> pointers;
    owned.reserve(protocols.size());
    for (const auto name : protocols) pointers.push_back(owned.emplace_back(detail::terminated(name)).c_str());
    detail::invoke(trustdir_acceptor_builder_set_alpn, native(), static_cast<const char* const*>(pointers.data()),
                   pointers.size());
    return *this;
  }

  /// A TLS alert by default.
  acceptor_builder& plain_http(const trustdir::plain_http& answer) {
    detail::invoke(trustdir_acceptor_builder_set_plain_http, native(), answer.answer_, answer.address());
    return *this;
  }

  /// How long a handshake may take; 30 s by default. See `connection::deadline`.
  acceptor_builder& handshake_timeout(std::chrono::milliseconds limit) {
    const auto milliseconds = static_cast<std::uint64_t>(std::max(limit.count(), std::chrono::milliseconds::rep(0)));
    detail::invoke(trustdir_acceptor_builder_set_handshake_timeout, native(), milliseconds);
    return *this;
  }

  /// How many bytes of ciphertext a client may send before it is decided about; 64 KiB by default.
  acceptor_builder& handshake_bytes(std::size_t bytes) {
    detail::invoke(trustdir_acceptor_builder_set_handshake_bytes, native(), bytes);
    return *this;
  }

  /// How many certificates a client may send; 10 by default.
  /// How many tiny records (under 64 bytes, key updates among them) a client may send a second; 0 for any number.
  acceptor_builder& max_tiny_records(std::uint32_t per_second) {
    detail::invoke(trustdir_acceptor_builder_set_max_tiny_records, native(), per_second);
    return *this;
  }

  acceptor_builder& max_chain(std::size_t certificates) {
    detail::invoke(trustdir_acceptor_builder_set_max_chain, native(), certificates);
    return *this;
  }

  /// The largest TLS record to send, its header of five bytes included: 32 to 16389 bytes.
  acceptor_builder& max_fragment_size(std::size_t bytes) {
    detail::invoke(trustdir_acceptor_builder_set_max_fragment_size, native(), bytes);
    return *this;
  }

  /// Calls `log(std::string_view line)` with each session's secrets, in the format of SSLKEYLOGFILE: whoever has them
  /// reads and alters all that is sent. For debugging only. From several threads at once; it must not throw.
  template <class Log>
  acceptor_builder& key_log(Log&& log) {
    using stored = std::decay_t<Log>;
    auto* userdata = new stored(std::forward<Log>(log));
    // The library frees the userdata in every case, also when it reports an error.
    detail::invoke(
        trustdir_acceptor_builder_set_key_log, native(),
        [](const char* line, void* raw) noexcept { (*static_cast<stored*>(raw))(std::string_view(line)); },
        static_cast<void*>(userdata), [](void* raw) noexcept { delete static_cast<stored*>(raw); });
    return *this;
  }

  acceptor build() const { return detail::create<acceptor>(trustdir_acceptor_builder_build, native()); }
};

inline void acceptor::reload(const acceptor_builder& settings) const {
  detail::invoke(trustdir_acceptor_reload, native(), settings.native());
}

}  // namespace trustdir

#endif
