// TLS: the acceptor, the connections it makes (no sockets in here), and the configuration of a Nano node.
#ifndef TRUSTDIR_CONNECTION_HPP
#define TRUSTDIR_CONNECTION_HPP

#include <trustdir/authority_directory.hpp>
#include <trustdir/directory.hpp>
#include <trustdir/identity.hpp>

namespace trustdir {

enum class client_auth : std::int32_t {
  off = TRUSTDIR_CLIENT_AUTH_OFF,            ///< no certificate is asked for
  optional = TRUSTDIR_CLIENT_AUTH_OPTIONAL,  ///< anonymous clients are admitted, certificates must be installed
  required = TRUSTDIR_CLIENT_AUTH_REQUIRED   ///< only clients with an installed certificate
};

enum class tls_version : std::int32_t {
  tls12 = TRUSTDIR_TLS_VERSION_TLS12,
  tls13 = TRUSTDIR_TLS_VERSION_TLS13
};

/// What becomes of open connections when the entry that admitted them goes. New handshakes are refused either way.
enum class on_removal : std::int32_t {
  close = TRUSTDIR_ON_REMOVAL_CLOSE,   ///< they are closed: not one more byte
  finish = TRUSTDIR_ON_REMOVAL_FINISH  ///< they go on until either side ends them, and `is_revoked` says so
};

/// One TLS connection as a state machine: ciphertext in and out, plaintext in and out, no I/O of its own.
/// One thread at a time.
class connection : public detail::object<trustdir_connection, trustdir_connection_free> {
 public:
  using object::object;

  /// Takes all the ciphertext. After an error, send what `write_tls` still has (the alert), then close.
  void read_tls(bytes_view received) {
    detail::invoke(trustdir_connection_read_tls, native(), received.data(), received.size());
  }
  void read_tls(bytes_view received, std::error_code& ec) noexcept {
    detail::invoke(ec, trustdir_connection_read_tls, native(), received.data(), received.size());
  }

  /// Ciphertext to send; 0 when there is none.
  std::size_t write_tls(void* data, std::size_t capacity) {
    std::size_t written = 0;
    detail::invoke(trustdir_connection_write_tls, native(), static_cast<std::uint8_t*>(data), capacity, &written);
    return written;
  }
  std::size_t write_tls(void* data, std::size_t capacity, std::error_code& ec) noexcept {
    std::size_t written = 0;
    detail::invoke(ec, trustdir_connection_write_tls, native(), static_cast<std::uint8_t*>(data), capacity, &written);
    return written;
  }

  /// Plaintext: nothing when there is none yet, 0 when the peer closed cleanly.
  std::optional<std::size_t> read(void* data, std::size_t capacity) {
    std::size_t count = 0;
    trustdir_error* failure = nullptr;
    const auto result =
        trustdir_connection_read(native(), static_cast<std::uint8_t*>(data), capacity, &count, &failure);
    if (result == TRUSTDIR_STATUS_AGAIN) return std::nullopt;
    if (result != TRUSTDIR_STATUS_OK) throw error(static_cast<status>(result), failure);
    return count;
  }

  /// The same with `status::again` for "none yet".
  std::size_t read(void* data, std::size_t capacity, std::error_code& ec) noexcept {
    std::size_t count = 0;
    detail::invoke(ec, trustdir_connection_read, native(), static_cast<std::uint8_t*>(data), capacity, &count);
    return count;
  }

  /// How much of the plaintext was taken; 0 means that `write_tls` must be drained first.
  std::size_t write(bytes_view plaintext) {
    std::size_t count = 0;
    trustdir_error* failure = nullptr;
    const auto result =
        trustdir_connection_write(native(), plaintext.data(), plaintext.size(), &count, &failure);
    if (result != TRUSTDIR_STATUS_OK && result != TRUSTDIR_STATUS_AGAIN) {
      throw error(static_cast<status>(result), failure);
    }
    return count;
  }

  /// The same with `status::again` for "not now".
  std::size_t write(bytes_view plaintext, std::error_code& ec) noexcept {
    std::size_t count = 0;
    detail::invoke(ec, trustdir_connection_write, native(), plaintext.data(), plaintext.size(), &count);
    return count;
  }

  /// Plaintext bytes that a read would give now; at least 1 when a close waits to be reported.
  std::size_t pending() const noexcept { return trustdir_connection_pending(native()); }
  bool wants_read() const noexcept { return (trustdir_connection_wants(native()) & TRUSTDIR_WANTS_READ) != 0; }
  bool wants_write() const noexcept { return (trustdir_connection_wants(native()) & TRUSTDIR_WANTS_WRITE) != 0; }
  bool is_handshaking() const noexcept { return trustdir_connection_is_handshaking(native()); }

  void close_notify() { detail::invoke(trustdir_connection_close_notify, native()); }
  void close_notify(std::error_code& ec) noexcept { detail::invoke(ec, trustdir_connection_close_notify, native()); }

  /// Says that the transport ended: without a close_notify before it, the next read reports a truncation.
  void received_eof() { detail::invoke(trustdir_connection_received_eof, native()); }
  void received_eof(std::error_code& ec) noexcept { detail::invoke(ec, trustdir_connection_received_eof, native()); }

  /// Looks whether the client's file is still there; `status::revoked` when it is not, unless removals let it finish.
  void recheck() { detail::invoke(trustdir_connection_recheck, native()); }
  void recheck(std::error_code& ec) noexcept { detail::invoke(ec, trustdir_connection_recheck, native()); }

  /// Calls `hook()` once, from any thread, when the client's file goes; at once if it has gone already.
  /// The hook must not throw and must not touch this connection: it tells the thread that owns it.
  template <class Hook>
  void on_revoked(Hook&& hook) {
    using stored = std::decay_t<Hook>;
    auto* userdata = new stored(std::forward<Hook>(hook));
    // The library frees the userdata in every case, also when it reports an error.
    detail::invoke(
        trustdir_connection_on_revoked, native(), [](void* raw) noexcept { (*static_cast<stored*>(raw))(); },
        static_cast<void*>(userdata), [](void* raw) noexcept { delete static_cast<stored*>(raw); });
  }

  /// Empty until the peer was judged; there after a refusal, too.
  decision_view decision() const noexcept { return decision_view(trustdir_connection_decision(native())); }

  /// A number that no other connection of its acceptor has, as in `acceptor::connections`.
  std::uint64_t id() const noexcept { return trustdir_connection_id(native()); }

  /// Whether the client was admitted and its file has gone since: exact at this moment.
  bool is_revoked() const noexcept { return trustdir_connection_is_revoked(native()); }

  /// "TLSv1.3"; this and the next three are empty until known.
  std::string_view version() const noexcept { return detail::view(trustdir_connection_version(native())); }
  std::string_view cipher_suite() const noexcept { return detail::view(trustdir_connection_cipher_suite(native())); }
  std::string_view alpn() const noexcept { return detail::view(trustdir_connection_alpn(native())); }
  std::string_view server_name() const noexcept { return detail::view(trustdir_connection_server_name(native())); }
  bool resumed() const noexcept { return trustdir_connection_resumed(native()); }
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

/// Makes server connections. Immutable; may be used from several threads at once.
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

  acceptor build() const { return detail::create<acceptor>(trustdir_acceptor_builder_build, native()); }
};

/// The `[secure]` section of a Nano node's config-rpc.toml, or its config-tls.toml.
class nano_config : public detail::object<trustdir_nano_config, trustdir_nano_config_free> {
 public:
  using object::object;

  static nano_config load(std::string_view path) {
    return detail::create<nano_config>(trustdir_nano_config_load, detail::terminated(path).c_str());
  }

  bool enabled() const noexcept { return trustdir_nano_config_enabled(native()); }
  bool verbose_logging() const noexcept { return trustdir_nano_config_verbose_logging(native()); }
  /// Empty when not set.
  std::string_view address() const noexcept { return detail::view(trustdir_nano_config_address(native())); }
  /// 0 when not set.
  std::uint16_t port() const noexcept { return trustdir_nano_config_port(native()); }
  /// One line for the log: what this configuration enforces.
  std::string_view policy() const noexcept { return detail::view(trustdir_nano_config_policy(native())); }

  /// Remarks about settings that have no effect, or not the effect that they seem to have.
  std::size_t note_count() const noexcept { return trustdir_nano_config_notes_len(native()); }
  std::string_view note(std::size_t index) const noexcept {
    return detail::view(trustdir_nano_config_note(native(), index));
  }

  /// Any error here means that there must be no listener.
  trustdir::acceptor acceptor() const {
    return detail::create<trustdir::acceptor>(trustdir_nano_config_acceptor, native());
  }
};

}  // namespace trustdir

#endif
