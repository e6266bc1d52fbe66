// What the builders of both ends set of the protocol.
#ifndef TRUSTDIR_PROTOCOL_HPP
#define TRUSTDIR_PROTOCOL_HPP

#include <trustdir/callback.hpp>
#include <trustdir/error.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace trustdir {

enum class tls_version : std::int32_t {
  tls12 = TRUSTDIR_TLS_VERSION_TLS12,
  tls13 = TRUSTDIR_TLS_VERSION_TLS13
};

namespace detail {

/// The setters that an acceptor's and a connector's builder have alike: those of the C library for one of them.
template <class Builder, class C>
class protocol_settings {
 public:
  /// The oldest and the newest version to speak; both by default.
  Builder& versions(tls_version min, tls_version max) {
    return set(C::versions, static_cast<std::int32_t>(min), static_cast<std::int32_t>(max));
  }

  /// The application protocols to negotiate, best first, such as "http/1.1".
  Builder& alpn(const std::vector<std::string_view>& protocols) {
    std::vector<std::string> owned;
    std::vector<const char*> pointers;
    owned.reserve(protocols.size());
    for (const auto name : protocols) pointers.push_back(owned.emplace_back(terminated(name)).c_str());
    return set(C::alpn, static_cast<const char* const*>(pointers.data()), pointers.size());
  }

  /// How long a handshake may take; 30 s by default. See `connection::deadline`.
  Builder& handshake_timeout(std::chrono::milliseconds limit) {
    return set(C::handshake_timeout,
               static_cast<std::uint64_t>(std::max(limit.count(), std::chrono::milliseconds::rep(0))));
  }

  /// How many bytes of ciphertext the peer may send before it is decided about; 64 KiB by default.
  Builder& handshake_bytes(std::size_t bytes) { return set(C::handshake_bytes, bytes); }

  /// How many certificates the peer may send; 10 by default.
  Builder& max_chain(std::size_t certificates) { return set(C::max_chain, certificates); }

  /// The largest TLS record to send, its header of five bytes included: 32 to 16389 bytes.
  Builder& max_fragment_size(std::size_t bytes) { return set(C::max_fragment_size, bytes); }

  /// Calls `log(std::string_view line)` with each session's secrets, in the format of SSLKEYLOGFILE: whoever has them
  /// reads and alters all that is sent. For debugging only. From several threads at once; it must not throw.
  template <class Log>
  Builder& key_log(Log&& log) {
    using kept = callback<Log>;
    return set(
        C::key_log, [](const char* line, void* raw) noexcept { kept::call(raw, std::string_view(line)); },
        kept::keep(std::forward<Log>(log)), kept::free);
  }

 private:
  template <class Function, class... Arguments>
  Builder& set(Function* function, Arguments... arguments) {
    auto& builder = static_cast<Builder&>(*this);
    invoke(function, builder.native(), arguments...);
    return builder;
  }
};

}  // namespace detail

}  // namespace trustdir

#endif
