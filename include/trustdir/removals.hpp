// Removals as they are noticed, for event loops.
#ifndef TRUSTDIR_REMOVALS_HPP
#define TRUSTDIR_REMOVALS_HPP

#include <trustdir/error.hpp>

#include <optional>

namespace trustdir {

/// An entry that has gone while connections stood on it.
struct removal {
  std::string fingerprint;  ///< of the certificate that was the entry
  std::string file;         ///< that carried it last
};

/// The entries that go while connections stand on them, in the order in which that is noticed: one item an entry, however
/// many connections it had. One thread at a time.
///
///   auto removals = clients.removals();
///   asio::posix::stream_descriptor readable(context, ::dup(removals.native_handle()));  // it closes what it is given
///   readable.async_wait(readable.wait_read, [&](asio::error_code ec) {
///     while (auto removal = removals.next()) …;  // recheck the connections of that client, each in its strand
///   });
class removals : public detail::object<trustdir_removals, trustdir_removals_free> {
 public:
  using object::object;

  /// A descriptor that is readable exactly while a removal waits. Never read from it or close it.
  int native_handle() const noexcept { return trustdir_removals_fd(native()); }

  /// Never waits: nothing means that there is none now.
  std::optional<removal> next() {
    if (!trustdir_removals_next(native())) return std::nullopt;
    return removal{trustdir_removals_fingerprint(native()), trustdir_removals_file(native())};
  }

  /// Whether too many waited since this was last asked: then recheck every connection.
  bool missed() noexcept { return trustdir_removals_missed(native()); }
};

}  // namespace trustdir

#endif
