// One TLS connection; no sockets in here.
#ifndef TRUSTDIR_CONNECTION_HPP
#define TRUSTDIR_CONNECTION_HPP

#include <trustdir/callback.hpp>
#include <trustdir/certificate.hpp>
#include <trustdir/decision.hpp>

#include <array>

namespace trustdir {

/// One end of a TLS connection, an acceptor's or a connector's, as a state machine: ciphertext in and out, plaintext in
/// and out, no I/O of its own. One thread at a time.
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

  /// What `receive` came to: how much ciphertext it took, and what `read` says.
  struct reception {
    std::size_t taken = 0;
    std::optional<std::size_t> read;
  };

  /// `read_tls` and `read` in one, with fewer copies: takes ciphertext and moves plaintext into the buffer. What it did
  /// not take, for want of room, is to be given again, and before `received_eof`. An exception does not say how
  /// much it took: all when the connection failed, nothing when an argument is wrong.
  reception receive(bytes_view ciphertext, void* data, std::size_t capacity) {
    reception result;
    std::size_t count = 0;
    trustdir_error* failure = nullptr;
    const auto said = trustdir_connection_receive(native(), ciphertext.data(), ciphertext.size(), &result.taken,
                                                  static_cast<std::uint8_t*>(data), capacity, &count, &failure);
    if (said == TRUSTDIR_STATUS_OK) result.read = count;
    if (said != TRUSTDIR_STATUS_OK && said != TRUSTDIR_STATUS_AGAIN) throw error(static_cast<status>(said), failure);
    return result;
  }

  /// The same with `status::again` for "none yet".
  std::size_t receive(bytes_view ciphertext, std::size_t& taken, void* data, std::size_t capacity,
                      std::error_code& ec) noexcept {
    std::size_t count = 0;
    detail::invoke(ec, trustdir_connection_receive, native(), ciphertext.data(), ciphertext.size(), &taken,
                   static_cast<std::uint8_t*>(data), capacity, &count);
    return count;
  }

  /// Plaintext where it lies, without a copy, until the next call that may change the connection: nothing when there is
  /// none yet, an empty view when the peer closed cleanly. Say with `consume` how much of it is done with.
  std::optional<bytes_view> peek() {
    trustdir_slice piece{};
    trustdir_error* failure = nullptr;
    const auto result = trustdir_connection_peek(native(), &piece, &failure);
    if (result == TRUSTDIR_STATUS_AGAIN) return std::nullopt;
    if (result != TRUSTDIR_STATUS_OK) throw error(static_cast<status>(result), failure);
    return bytes_view(piece);
  }

  /// The same with `status::again` for "none yet".
  bytes_view peek(std::error_code& ec) noexcept {
    trustdir_slice piece{};
    detail::invoke(ec, trustdir_connection_peek, native(), &piece);
    return bytes_view(piece);
  }

  void consume(std::size_t count) { detail::invoke(trustdir_connection_consume, native(), count); }
  void consume(std::size_t count, std::error_code& ec) noexcept {
    detail::invoke(ec, trustdir_connection_consume, native(), count);
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

  /// As `write`, of several pieces one after another, which need not be put together before.
  std::size_t write_vectored(const std::vector<bytes_view>& plaintext) {
    const auto pieces = detail::slices(plaintext);
    std::size_t count = 0;
    trustdir_error* failure = nullptr;
    const auto result =
        trustdir_connection_write_vectored(native(), pieces.data(), pieces.size(), &count, &failure);
    if (result != TRUSTDIR_STATUS_OK && result != TRUSTDIR_STATUS_AGAIN) {
      throw error(static_cast<status>(result), failure);
    }
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

  /// How much time is left for the handshake, 0 when it is over: then call `expire`. Nothing after the handshake.
  std::optional<std::chrono::milliseconds> deadline() const noexcept {
    const auto left = trustdir_connection_deadline(native());
    return left < 0 ? std::nullopt : std::make_optional(std::chrono::milliseconds(left));
  }

  /// Ends a handshake whose time is over, with `status::timed_out`.
  void expire() { detail::invoke(trustdir_connection_expire, native()); }
  void expire(std::error_code& ec) noexcept { detail::invoke(ec, trustdir_connection_expire, native()); }

  /// Looks whether the peer's file is still there; `status::revoked` when it is not, unless removals let it finish.
  void recheck() { detail::invoke(trustdir_connection_recheck, native()); }
  void recheck(std::error_code& ec) noexcept { detail::invoke(ec, trustdir_connection_recheck, native()); }

  /// Calls `hook()` once, from any thread, when the peer's file goes; at once if it has gone already.
  /// The hook must not throw and must not touch this connection: it tells the thread that owns it.
  template <class Hook>
  void on_revoked(Hook&& hook) {
    using kept = detail::callback<Hook>;
    detail::invoke(
        trustdir_connection_on_revoked, native(), [](void* raw) noexcept { kept::call(raw); },
        kept::keep(std::forward<Hook>(hook)), kept::free);
  }

  /// Empty until the peer was judged; there after a refusal, too.
  decision_view decision() const noexcept { return decision_view(trustdir_connection_decision(native())); }

  /// A number that no other connection of its acceptor or connector has, as in `acceptor::connections`.
  std::uint64_t id() const noexcept { return trustdir_connection_id(native()); }

  /// Whether the peer was admitted and its file has gone since: exact at this moment.
  bool is_revoked() const noexcept { return trustdir_connection_is_revoked(native()); }

  /// "TLSv1.3"; this and the next four are empty until known.
  std::string_view version() const noexcept { return detail::view(trustdir_connection_version(native())); }
  std::string_view cipher_suite() const noexcept { return detail::view(trustdir_connection_cipher_suite(native())); }
  /// Such as "X25519MLKEM768".
  std::string_view key_exchange() const noexcept { return detail::view(trustdir_connection_key_exchange(native())); }
  std::string_view alpn() const noexcept { return detail::view(trustdir_connection_alpn(native())); }
  std::string_view server_name() const noexcept { return detail::view(trustdir_connection_server_name(native())); }
  bool resumed() const noexcept { return trustdir_connection_resumed(native()); }

  /// The certificates that the peer has sent, its own first; none before the handshake is over.
  std::vector<certificate_view> peer_chain() const {
    std::vector<certificate_view> chain;
    for (std::size_t i = 0; i < trustdir_connection_peer_chain_len(native()); ++i) {
      chain.emplace_back(trustdir_connection_peer_certificate(native(), i));
    }
    return chain;
  }

  /// Fills the room with key material that both ends can compute and nobody else (RFC 8446, 7.5; RFC 5705).
  void export_keying_material(void* data, std::size_t size, std::string_view label,
                              std::optional<bytes_view> context = std::nullopt) const {
    // Null is no context, which is not the same as an empty one.
    const auto given = context && context->empty() ? bytes_view("") : context.value_or(bytes_view());
    detail::invoke(trustdir_connection_export_keying_material, native(), detail::terminated(label).c_str(),
                   given.data(), given.size(), static_cast<std::uint8_t*>(data), size);
  }

  /// What binds a log-in to this connection: `tls-exporter` (RFC 9266).
  std::array<std::uint8_t, TRUSTDIR_CHANNEL_BINDING_LEN> channel_binding() const {
    std::array<std::uint8_t, TRUSTDIR_CHANNEL_BINDING_LEN> binding{};
    detail::invoke(trustdir_connection_channel_binding, native(), binding.data(), binding.size());
    return binding;
  }
};

}  // namespace trustdir

#endif
