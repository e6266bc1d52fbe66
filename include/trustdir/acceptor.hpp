// The acceptor, and the settings that it is made by.
#ifndef TRUSTDIR_ACCEPTOR_HPP
#define TRUSTDIR_ACCEPTOR_HPP

#include <trustdir/connection.hpp>
#include <trustdir/counters.hpp>
#include <trustdir/identity.hpp>
#include <trustdir/open_connections.hpp>
#include <trustdir/policy.hpp>
#include <trustdir/protocol.hpp>

#include <functional>

namespace trustdir {

class acceptor_builder;

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

  /// What it has done so far, in numbers. Takes no lock.
  trustdir::counters counters() const {
    return detail::create<trustdir::counters>(trustdir_acceptor_counters, native());
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

namespace detail {

struct acceptor_protocol {
  static constexpr auto* versions = trustdir_acceptor_builder_set_versions;
  static constexpr auto* alpn = trustdir_acceptor_builder_set_alpn;
  static constexpr auto* handshake_timeout = trustdir_acceptor_builder_set_handshake_timeout;
  static constexpr auto* handshake_bytes = trustdir_acceptor_builder_set_handshake_bytes;
  static constexpr auto* max_chain = trustdir_acceptor_builder_set_max_chain;
  static constexpr auto* max_fragment_size = trustdir_acceptor_builder_set_max_fragment_size;
  static constexpr auto* key_log = trustdir_acceptor_builder_set_key_log;
};

}  // namespace detail

/// Collects the settings of an acceptor; may build several times.
class acceptor_builder : public detail::object<trustdir_acceptor_builder, trustdir_acceptor_builder_free>,
                         public detail::protocol_settings<acceptor_builder, detail::acceptor_protocol> {
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

  /// These instead of those so far, at least one, the first for clients that ask for no other's name: for a builder that
  /// is kept, when they have been renewed.
  acceptor_builder& identities(const std::vector<std::reference_wrapper<const identity>>& renewed) {
    std::vector<const trustdir_identity*> pointers;
    for (const identity& one : renewed) pointers.push_back(one.native());
    detail::invoke(trustdir_acceptor_builder_set_identities, native(), pointers.data(), pointers.size());
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

  /// A TLS alert by default.
  acceptor_builder& plain_http(const trustdir::plain_http& answer) {
    detail::invoke(trustdir_acceptor_builder_set_plain_http, native(), answer.answer_, answer.address());
    return *this;
  }

  /// How many tiny records (under 64 bytes, key updates among them) a client may send a second; 0 for any number.
  acceptor_builder& max_tiny_records(std::uint32_t per_second) {
    detail::invoke(trustdir_acceptor_builder_set_max_tiny_records, native(), per_second);
    return *this;
  }

  /// Calls `tell(trustdir::decision_view)` once for each decision: about each handshake that comes to one, and again
  /// when the client of an open connection is admitted no more. In the thread that works on the connection, in several
  /// at once if there are several; it may use the acceptor, should be quick, and must not throw or use the connection.
  /// The decision is gone when it returns.
  template <class Tell>
  acceptor_builder& on_decision(Tell&& tell) {
    using kept = detail::callback<Tell>;
    detail::invoke(
        trustdir_acceptor_builder_on_decision, native(),
        [](const trustdir_decision* made, void* raw) noexcept { kept::call(raw, decision_view(made)); },
        kept::keep(std::forward<Tell>(tell)), kept::free);
    return *this;
  }

  acceptor build() const { return detail::create<acceptor>(trustdir_acceptor_builder_build, native()); }
};

inline void acceptor::reload(const acceptor_builder& settings) const {
  detail::invoke(trustdir_acceptor_reload, native(), settings.native());
}

}  // namespace trustdir

#endif
