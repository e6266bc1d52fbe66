// What an authority has issued, and how it stands.
#ifndef TRUSTDIR_ISSUED_HPP
#define TRUSTDIR_ISSUED_HPP

#include <trustdir/certificate.hpp>

namespace trustdir {

/// How an issued certificate stands. A newer library may have more.
enum class issued_status : std::int32_t {
  unknown = TRUSTDIR_ISSUED_STATUS_UNKNOWN,
  valid = TRUSTDIR_ISSUED_STATUS_VALID,
  expired = TRUSTDIR_ISSUED_STATUS_EXPIRED,
  revoked = TRUSTDIR_ISSUED_STATUS_REVOKED
};

/// "VALID", "EXPIRED", …
inline std::string_view to_string(issued_status value) noexcept {
  return detail::view(trustdir_issued_status_text(static_cast<std::int32_t>(value)));
}

inline std::ostream& operator<<(std::ostream& out, issued_status value) { return out << to_string(value); }

/// Why a certificate was revoked (RFC 5280, 5.3.1).
enum class revocation_reason : std::int32_t {
  unspecified = TRUSTDIR_REVOCATION_REASON_UNSPECIFIED,
  key_compromise = TRUSTDIR_REVOCATION_REASON_KEY_COMPROMISE,
  ca_compromise = TRUSTDIR_REVOCATION_REASON_CA_COMPROMISE,
  affiliation_changed = TRUSTDIR_REVOCATION_REASON_AFFILIATION_CHANGED,
  superseded = TRUSTDIR_REVOCATION_REASON_SUPERSEDED,
  cessation_of_operation = TRUSTDIR_REVOCATION_REASON_CESSATION_OF_OPERATION,
  certificate_hold = TRUSTDIR_REVOCATION_REASON_CERTIFICATE_HOLD
};

/// As `openssl ca` writes it: "keyCompromise", …
inline std::string_view to_string(revocation_reason value) noexcept {
  return detail::view(trustdir_revocation_reason_text(static_cast<std::int32_t>(value)));
}

inline std::ostream& operator<<(std::ostream& out, revocation_reason value) { return out << to_string(value); }

/// One certificate that an authority has issued. Its views live as long as the list.
struct issued_certificate {
  std::string_view serial;   ///< upper-case hexadecimal
  std::string_view subject;  ///< RFC 4514 text
  std::chrono::system_clock::time_point not_after;
  issued_status status;
  std::optional<std::chrono::system_clock::time_point> revoked_at;
  revocation_reason reason;      ///< why it was revoked
  certificate_view certificate;  ///< empty when the authority did not keep it
  std::string_view file;         ///< where it is kept
};

/// What an authority had issued at one moment, in the order in which it did.
class issued : public detail::object<trustdir_issued, trustdir_issued_free> {
 public:
  using object::object;
  using iterator = detail::list_iterator<issued, issued_certificate>;

  std::size_t size() const noexcept { return trustdir_issued_len(native()); }
  bool empty() const noexcept { return size() == 0; }

  issued_certificate operator[](std::size_t index) const noexcept {
    const auto status = static_cast<issued_status>(trustdir_issued_standing(native(), index));
    std::optional<std::chrono::system_clock::time_point> revoked_at;
    if (status == issued_status::revoked) revoked_at = detail::moment(trustdir_issued_revoked_at(native(), index));
    return {detail::view(trustdir_issued_serial(native(), index)),
            detail::view(trustdir_issued_subject(native(), index)),
            detail::moment(trustdir_issued_not_after(native(), index)),
            status,
            revoked_at,
            static_cast<revocation_reason>(trustdir_issued_revocation_reason(native(), index)),
            certificate_view(trustdir_issued_certificate(native(), index)),
            detail::view(trustdir_issued_file(native(), index))};
  }

  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size()}; }
};

}  // namespace trustdir

#endif
