// What was decided about a peer, and why.
#ifndef TRUSTDIR_DECISION_HPP
#define TRUSTDIR_DECISION_HPP

#include <trustdir/certificate.hpp>

namespace trustdir {

/// Why a peer was admitted or refused. A newer library may have more reasons.
enum class reason : std::int32_t {
  admitted = TRUSTDIR_REASON_ADMITTED,
  anonymous = TRUSTDIR_REASON_ANONYMOUS,
  no_certificate = TRUSTDIR_REASON_NO_CERTIFICATE,
  not_installed = TRUSTDIR_REASON_NOT_INSTALLED,
  removed = TRUSTDIR_REASON_REMOVED,
  minted_by_pin = TRUSTDIR_REASON_MINTED_BY_PIN,
  same_name_other_key = TRUSTDIR_REASON_SAME_NAME_OTHER_KEY,
  malformed = TRUSTDIR_REASON_MALFORMED,
  expired = TRUSTDIR_REASON_EXPIRED,
  not_yet_valid = TRUSTDIR_REASON_NOT_YET_VALID,
  wrong_purpose = TRUSTDIR_REASON_WRONG_PURPOSE,
  weak_key = TRUSTDIR_REASON_WEAK_KEY,
  bad_signature = TRUSTDIR_REASON_BAD_SIGNATURE,
  scope = TRUSTDIR_REASON_SCOPE,
  untrusted_issuer = TRUSTDIR_REASON_UNTRUSTED_ISSUER,
  revoked_by_crl = TRUSTDIR_REASON_REVOKED_BY_CRL,
  stale_crl = TRUSTDIR_REASON_STALE_CRL,
  name_mismatch = TRUSTDIR_REASON_NAME_MISMATCH
};

/// "ADMITTED", "NOT_INSTALLED", …
inline std::string_view to_string(reason value) noexcept {
  return detail::view(trustdir_reason_text(static_cast<std::int32_t>(value)));
}

inline std::ostream& operator<<(std::ostream& out, reason value) { return out << to_string(value); }

namespace detail {

/// What can be asked of a decision, owned or borrowed. Views are empty where there was no certificate or no entry.
template <class Decision>
class decision_accessors {
 public:
  bool is_admitted() const noexcept { return trustdir_decision_is_admitted(raw()); }
  trustdir::reason reason() const noexcept { return static_cast<trustdir::reason>(trustdir_decision_reason(raw())); }
  /// One line for a log: which certificate, what was decided, what to do.
  std::string_view message() const noexcept { return view(trustdir_decision_message(raw())); }
  /// Names are escaped and cut after 256 characters, a serial number after 64 digits: strangers choose them.
  std::string_view subject() const noexcept { return view(trustdir_decision_subject(raw())); }
  std::string_view issuer() const noexcept { return view(trustdir_decision_issuer(raw())); }
  std::string_view serial() const noexcept { return view(trustdir_decision_serial(raw())); }
  std::string_view fingerprint() const noexcept { return view(trustdir_decision_fingerprint(raw())); }
  /// The file of the trust directory that matched.
  std::string_view entry() const noexcept { return view(trustdir_decision_entry(raw())); }
  /// The moment that was decided for.
  std::chrono::system_clock::time_point time() const noexcept { return moment(trustdir_decision_time(raw())); }
  /// The name of the service that decided.
  std::string_view service() const noexcept { return view(trustdir_decision_service(raw())); }
  /// The whole record as one line of JSON.
  std::string_view json() const noexcept { return view(trustdir_decision_json(raw())); }
  trustdir::certificate_view certificate() const noexcept {
    return trustdir::certificate_view(trustdir_decision_certificate(raw()));
  }

 private:
  const trustdir_decision* raw() const noexcept { return static_cast<const Decision*>(this)->native(); }
};

}  // namespace detail

/// A decision that you own.
class decision : public detail::object<trustdir_decision, trustdir_decision_free>,
                 public detail::decision_accessors<decision> {
 public:
  using object::object;
};

/// The decision of a connection, owned by the connection. Empty until the peer was judged.
class decision_view : public detail::decision_accessors<decision_view> {
 public:
  explicit decision_view(const trustdir_decision* borrowed = nullptr) noexcept : borrowed_(borrowed) {}
  decision_view(const decision& owner) noexcept : borrowed_(owner.native()) {}

  explicit operator bool() const noexcept { return borrowed_ != nullptr; }
  const trustdir_decision* native() const noexcept { return borrowed_; }

 private:
  const trustdir_decision* borrowed_;
};

/// The refusal that the exception is, as long as that lives; empty for others.
inline decision_view decision_of(const error& failure) noexcept {
  return decision_view(trustdir_error_decision(failure.native()));
}

}  // namespace trustdir

#endif
