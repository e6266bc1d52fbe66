// What acceptors and connectors have done so far, in numbers.
#ifndef TRUSTDIR_COUNTERS_HPP
#define TRUSTDIR_COUNTERS_HPP

#include <trustdir/decision.hpp>

namespace trustdir {

/// What an acceptor has done since it was built, or a connector. Each number was exact when it was read; together they
/// are not of one moment. Every connection has one outcome: its handshake was full or resumed and the peer admitted, it
/// was refused, it failed, or it is still going on.
class counters : public detail::object<trustdir_counters, trustdir_counters_free> {
 public:
  using object::object;

  /// Connections that were accepted; by a connector, begun.
  std::uint64_t accepted() const noexcept { return trustdir_counters_accepted(native()); }
  /// Connections that there are now.
  std::uint64_t open() const noexcept { return trustdir_counters_open(native()); }
  /// Those among them whose peer is admitted.
  std::uint64_t admitted() const noexcept { return trustdir_counters_admitted(native()); }

  /// Handshakes whose peer was admitted.
  std::uint64_t full() const noexcept { return trustdir_counters_full(native()); }
  std::uint64_t resumed() const noexcept { return trustdir_counters_resumed(native()); }

  /// Handshakes that were refused for this reason.
  std::uint64_t refusals(reason why) const noexcept {
    return trustdir_counters_refusals(native(), static_cast<std::int32_t>(why));
  }
  /// Open connections whose peer ceased to be admitted for this reason.
  std::uint64_t revocations(reason why) const noexcept {
    return trustdir_counters_revocations(native(), static_cast<std::int32_t>(why));
  }
  /// Handshakes that failed undecided: `tls`, `alert`, `timed_out`, `truncated`, or `closed` when the connection was
  /// destroyed.
  std::uint64_t failures(status how) const noexcept {
    return trustdir_counters_failures(native(), static_cast<std::int32_t>(how));
  }

  /// Bytes from and to the transports.
  std::uint64_t ciphertext_in() const noexcept { return trustdir_counters_ciphertext_in(native()); }
  std::uint64_t ciphertext_out() const noexcept { return trustdir_counters_ciphertext_out(native()); }
  /// Bytes from and to the peers.
  std::uint64_t plaintext_in() const noexcept { return trustdir_counters_plaintext_in(native()); }
  std::uint64_t plaintext_out() const noexcept { return trustdir_counters_plaintext_out(native()); }

  /// Reloads that took effect, and those that failed and changed nothing; a connector has none.
  std::uint64_t reloads() const noexcept { return trustdir_counters_reloads(native()); }
  std::uint64_t failed_reloads() const noexcept { return trustdir_counters_failed_reloads(native()); }

  /// All of it for Prometheus: text exposition format 0.0.4. Nothing in it comes from a peer. For several services of one
  /// process there is `prometheus_page`.
  std::string_view prometheus() const noexcept { return detail::view(trustdir_counters_prometheus(native())); }
};

/// A page for Prometheus about several services of one process, each with labels that no other has.
///
///   page.add(web.counters(), {{"service", "web"}}).add(admin.counters(), {{"service", "admin"}}).text()
class prometheus_page : public detail::object<trustdir_prometheus_page, trustdir_prometheus_page_free> {
 public:
  prometheus_page() : object(detail::create<object>(trustdir_prometheus_page_new)) {}

  /// Puts these numbers, each with these labels, on the page; both are copied. What throws leaves the page as it was.
  prometheus_page& add(const counters& numbers,
                       const std::vector<std::pair<std::string_view, std::string_view>>& labels) {
    std::vector<std::string_view> names, values;
    for (const auto& [name, value] : labels) {
      names.push_back(name);
      values.push_back(value);
    }
    const detail::name_list native_names(names), native_values(values);
    detail::invoke(trustdir_prometheus_page_add, native(), numbers.native(), native_names.data(), native_values.data(),
                   labels.size());
    return *this;
  }

  /// The page, in Prometheus' text format.
  buffer text() const { return detail::create<buffer>(trustdir_prometheus_page_text, native()); }
};

}  // namespace trustdir

#endif
