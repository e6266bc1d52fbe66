// The connection as a stream sees it: buffer sequences instead of pointers, error codes instead of statuses, and the
// first failure kept, with its text, until everybody concerned has heard of it.
#ifndef TRUSTDIR_ASIO_ENGINE_HPP
#define TRUSTDIR_ASIO_ENGINE_HPP

#include <trustdir/asio/error.hpp>
#include <trustdir/connection.hpp>

#include <array>

namespace trustdir::asio::detail {

class engine {
 public:
  explicit engine(trustdir::connection&& connection) noexcept : connection_(std::move(connection)) {}

  const trustdir::connection& connection() const noexcept { return connection_; }
  bool handshaking() const noexcept { return connection_.is_handshaking(); }

  /// The transport has ended.
  bool ended() const noexcept { return ended_; }
  /// The peer's close_notify was read.
  bool closed() const noexcept { return closed_; }

  const error_code& failure() const noexcept { return failure_; }
  const std::string& message() const noexcept { return message_; }

  /// Ciphertext that arrived. After a failure it is thrown away: then it is only read so that the peer gets our alert.
  void feed(const void* data, std::size_t size) {
    if (failure_) return;
    note([&](trustdir_error** error) {
      return trustdir_connection_read_tls(connection_.native(), static_cast<const std::uint8_t*>(data), size, error);
    });
  }

  /// The transport ended.
  void end() {
    if (std::exchange(ended_, true) || failure_) return;
    note([&](trustdir_error** error) { return trustdir_connection_received_eof(connection_.native(), error); });
    if (!failure_ && handshaking()) {
      // The library tells the reader; someone who waits for the handshake reads nothing, so ask in his place.
      std::uint8_t none = 0;
      bool clean = false;
      read(&none, sizeof none, clean);
      if (!failure_) fail(trustdir::error(status::truncated, nullptr));
    }
  }

  /// Ciphertext to send.
  std::size_t drain(void* data, std::size_t capacity) {
    std::size_t count = 0;
    note([&](trustdir_error** error) {
      return trustdir_connection_write_tls(connection_.native(), static_cast<std::uint8_t*>(data), capacity, &count,
                                           error);
    });
    return count;
  }

  /// Plaintext into the buffers: the number of bytes, and `eof` for a clean close. Neither, and no failure: not yet.
  template <class MutableBufferSequence>
  std::size_t read(const MutableBufferSequence& buffers, bool& eof) {
    std::size_t total = 0;
    const auto end = net::buffer_sequence_end(buffers);
    for (auto each = net::buffer_sequence_begin(buffers); each != end; ++each) {
      const net::mutable_buffer target(*each);
      if (target.size() == 0) continue;
      const auto count = read(target.data(), target.size(), eof);
      total += count;
      if (count < target.size()) break;
    }
    return total;
  }

  /// How much plaintext was taken; 0 when there is no room, or a failure.
  template <class ConstBufferSequence>
  std::size_t write(const ConstBufferSequence& buffers) {
    std::size_t total = 0;
    const auto end = net::buffer_sequence_end(buffers);
    for (auto each = net::buffer_sequence_begin(buffers); each != end && !failure_; ++each) {
      const net::const_buffer source(*each);
      if (source.size() == 0) continue;
      std::size_t count = 0;
      note([&](trustdir_error** error) {
        return trustdir_connection_write(connection_.native(), static_cast<const std::uint8_t*>(source.data()),
                                         source.size(), &count, error);
      });
      total += count;
      if (count < source.size()) break;
    }
    return total;
  }

  void close_notify() {
    note([&](trustdir_error** error) { return trustdir_connection_close_notify(connection_.native(), error); });
  }

  void recheck() {
    note([&](trustdir_error** error) { return trustdir_connection_recheck(connection_.native(), error); });
  }

  /// A connection that cannot be watched is a failed one.
  template <class Hook>
  void on_revoked(Hook&& hook) {
    try {
      connection_.on_revoked(std::forward<Hook>(hook));
    } catch (const trustdir::error& reported) {
      fail(reported);
    }
  }

  /// Reads plaintext away, for a shutdown that waits for the peer's close.
  void discard() {
    std::array<std::uint8_t, 4096> waste;
    while (!closed_ && !failure_ && read(waste.data(), waste.size(), closed_) > 0) {
    }
  }

 private:
  std::size_t read(void* data, std::size_t capacity, bool& eof) {
    std::size_t count = 0;
    const bool done = note([&](trustdir_error** error) {
      return trustdir_connection_read(connection_.native(), static_cast<std::uint8_t*>(data), capacity, &count, error);
    });
    if (done && count == 0) eof = closed_ = true;
    return count;
  }

  /// True for OK; AGAIN is neither success nor failure.
  template <class Call>
  bool note(Call&& call) {
    trustdir_error* error = nullptr;
    const auto result = call(&error);
    if (result == TRUSTDIR_STATUS_OK) return true;
    if (result != TRUSTDIR_STATUS_AGAIN) fail(trustdir::error(static_cast<status>(result), error));
    return false;
  }

  void fail(const trustdir::error& reported) {
    if (failure_) return;
    message_ = reported.message();
    failure_ = to_code(reported.status());
  }

  trustdir::connection connection_;
  error_code failure_;
  std::string message_;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace trustdir::asio::detail

#endif
