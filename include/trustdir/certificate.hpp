// Certificates, what they limit, and requests for them.
#ifndef TRUSTDIR_CERTIFICATE_HPP
#define TRUSTDIR_CERTIFICATE_HPP

#include <trustdir/key.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace trustdir {

/// For which names an authority may issue: of each sort that is permitted something, only names in one of the
/// permitted subtrees, and none in an excluded one. Made by default, it limits nothing.
class name_constraints : public detail::object<trustdir_name_constraints, trustdir_name_constraints_free> {
 public:
  using object::object;

  /// What a home or a small network needs: home.arpa, internal, local, localhost and the private addresses.
  static name_constraints home() { return detail::create<name_constraints>(trustdir_name_constraints_home); }

  /// "home.arpa" and all below it, "192.168.0.0/16", "email:b.example", …
  name_constraints& permit(std::string_view subtree) { return add(trustdir_name_constraints_permit, subtree); }
  name_constraints& exclude(std::string_view subtree) { return add(trustdir_name_constraints_exclude, subtree); }

  /// Whether a certificate with this name may be issued.
  bool allow(std::string_view name) const {
    if (!*this) return true;
    bool allowed = false;
    detail::invoke(trustdir_name_constraints_allow, native(), detail::terminated(name).c_str(), &allowed);
    return allowed;
  }

  std::size_t permitted_count() const noexcept { return trustdir_name_constraints_permitted_len(native()); }
  std::size_t excluded_count() const noexcept { return trustdir_name_constraints_excluded_len(native()); }

  /// "DNS:home.arpa", "IP:10.0.0.0/8", …; empty past the end.
  std::string_view permitted(std::size_t index) const noexcept {
    return detail::view(trustdir_name_constraints_permitted(native(), index));
  }
  std::string_view excluded(std::size_t index) const noexcept {
    return detail::view(trustdir_name_constraints_excluded(native(), index));
  }

 private:
  template <class Function>
  name_constraints& add(Function* function, std::string_view subtree) {
    if (!*this) *this = detail::create<name_constraints>(trustdir_name_constraints_new);
    detail::invoke(function, native(), detail::terminated(subtree).c_str());
    return *this;
  }
};

namespace detail {

inline std::chrono::system_clock::time_point moment(std::int64_t unix_time) noexcept {
  // The far end of a certificate's year range does not fit into every system clock.
  using clock = std::chrono::system_clock;
  constexpr auto last = std::chrono::duration_cast<std::chrono::seconds>(clock::time_point::max().time_since_epoch());
  return clock::time_point(std::chrono::seconds(unix_time < last.count() ? unix_time : last.count()));
}

inline std::int64_t unix_time(std::chrono::system_clock::time_point moment) noexcept {
  return std::chrono::duration_cast<std::chrono::seconds>(moment.time_since_epoch()).count();
}

/// What can be asked of a certificate, owned or borrowed. Every view lives as long as the certificate.
template <class Certificate>
class certificate_accessors {
 public:
  bytes_view der() const noexcept { return trustdir_certificate_der(raw()); }
  std::string_view pem() const noexcept { return view(trustdir_certificate_pem(raw())); }
  std::string_view subject() const noexcept { return view(trustdir_certificate_subject(raw())); }
  std::string_view issuer() const noexcept { return view(trustdir_certificate_issuer(raw())); }
  std::string_view serial() const noexcept { return view(trustdir_certificate_serial(raw())); }
  /// SHA-256 of the DER, 64 lower-case hexadecimal digits.
  std::string_view fingerprint() const noexcept { return view(trustdir_certificate_fingerprint(raw())); }

  std::chrono::system_clock::time_point not_before() const noexcept {
    return moment(trustdir_certificate_not_before(raw()));
  }
  std::chrono::system_clock::time_point not_after() const noexcept {
    return moment(trustdir_certificate_not_after(raw()));
  }

  std::size_t name_count() const noexcept { return trustdir_certificate_names_len(raw()); }

  /// A name that it is valid for: "DNS:a.example", "IP:10.0.0.1", …; empty past the end.
  std::string_view name(std::size_t index) const noexcept { return view(trustdir_certificate_name(raw(), index)); }

  std::size_t purpose_count() const noexcept { return trustdir_certificate_purposes_len(raw()); }

  /// The X.509 version, 1 to 3.
  std::uint8_t version() const noexcept { return trustdir_certificate_version(raw()); }

  /// The public key as DER SubjectPublicKeyInfo.
  bytes_view spki() const noexcept { return trustdir_certificate_spki(raw()); }

  /// The sort of its public key, such as "P-256"; empty for what trustdir does not admit.
  std::string_view key_algorithm() const noexcept { return view(trustdir_certificate_key_algorithm(raw())); }

  /// Whether the issuer's key made its signature. Names, dates and powers are not looked at.
  template <class Issuer>
  bool is_signed_by(const Issuer& issuer) const noexcept {
    return trustdir_certificate_is_signed_by(raw(), issuer.native());
  }

  /// "authority", "server", "client", and "anything" when it does not say; empty past the end.
  std::string_view purpose(std::size_t index) const noexcept {
    return view(trustdir_certificate_purpose(raw(), index));
  }

  bool is_authority() const noexcept { return trustdir_certificate_is_authority(raw()); }
  bool is_self_issued() const noexcept { return trustdir_certificate_is_self_issued(raw()); }

  /// How many authorities may follow below it; nothing is no limit.
  std::optional<std::uint32_t> path_length() const noexcept {
    std::uint32_t length = 0;
    return trustdir_certificate_path_length(raw(), &length) ? std::optional(length) : std::nullopt;
  }

  /// For which names it and those below it may issue.
  trustdir::name_constraints name_constraints() const {
    return create<trustdir::name_constraints>(trustdir_certificate_name_constraints, raw());
  }

  /// The number that `openssl x509 -subject_hash` prints as eight hexadecimal digits.
  std::uint32_t subject_hash() const {
    std::uint32_t hash = 0;
    invoke(trustdir_certificate_subject_hash, raw(), &hash);
    return hash;
  }

  /// The same for `-subject_hash_old`.
  std::uint32_t subject_hash_old() const {
    std::uint32_t hash = 0;
    invoke(trustdir_certificate_subject_hash_old, raw(), &hash);
    return hash;
  }

 private:
  const trustdir_certificate* raw() const noexcept { return static_cast<const Certificate*>(this)->native(); }
};

}  // namespace detail

/// A certificate that you own. Immutable; may be used from several threads at once.
class certificate : public detail::object<trustdir_certificate, trustdir_certificate_free>,
                    public detail::certificate_accessors<certificate> {
 public:
  using object::object;

  static certificate from_pem(std::string_view pem) {
    return detail::create<certificate>(trustdir_certificate_from_pem, detail::octets(pem), pem.size());
  }

  static certificate from_der(bytes_view der) {
    return detail::create<certificate>(trustdir_certificate_from_der, der.data(), der.size());
  }

  /// The first certificate of a file's bytes, PEM or DER.
  static certificate from_bytes(bytes_view bytes) {
    return detail::create<certificate>(trustdir_certificate_from_bytes, bytes.data(), bytes.size());
  }

  /// A PEM or DER file.
  static certificate load(std::string_view path) {
    return detail::create<certificate>(trustdir_certificate_load, detail::terminated(path).c_str());
  }
};

/// A certificate that something else owns: an identity, an authority, a list of entries, a decision. May be empty.
class certificate_view : public detail::certificate_accessors<certificate_view> {
 public:
  explicit certificate_view(const trustdir_certificate* borrowed = nullptr) noexcept : borrowed_(borrowed) {}
  certificate_view(const certificate& owner) noexcept : borrowed_(owner.native()) {}

  explicit operator bool() const noexcept { return borrowed_ != nullptr; }
  const trustdir_certificate* native() const noexcept { return borrowed_; }

  /// A certificate that outlives the owner; cheap, nothing is copied.
  certificate clone() const { return detail::create<certificate>(trustdir_certificate_clone, borrowed_); }

 private:
  const trustdir_certificate* borrowed_;
};

/// The certificates of a bundle, in its order.
class certificates : public detail::object<trustdir_certificates, trustdir_certificates_free> {
 public:
  using object::object;
  using iterator = detail::list_iterator<certificates, certificate_view>;

  /// What else is in the text is passed over; text without a certificate gives none.
  static certificates from_pem(std::string_view pem) {
    return detail::create<certificates>(trustdir_certificates_from_pem, detail::octets(pem), pem.size());
  }

  /// A PEM or DER file, which must have one.
  static certificates load(std::string_view path) {
    return detail::create<certificates>(trustdir_certificates_load, detail::terminated(path).c_str());
  }

  /// How many certificates there are.
  std::size_t size() const noexcept { return trustdir_certificates_len(native()); }
  /// Whether there is none.
  bool empty() const noexcept { return size() == 0; }

  /// The certificate in that place, as long as this list is there; empty past the end.
  certificate_view operator[](std::size_t index) const noexcept {
    return certificate_view(trustdir_certificates_certificate(native(), index));
  }

  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size()}; }
};

namespace detail {

/// Names as C takes them.
class name_list {
 public:
  explicit name_list(const std::vector<std::string_view>& names) {
    owned_.reserve(names.size());
    for (const auto name : names) pointers_.push_back(owned_.emplace_back(terminated(name)).c_str());
  }

  const char* const* data() const noexcept { return pointers_.data(); }
  std::size_t size() const noexcept { return pointers_.size(); }

 private:
  std::vector<std::string> owned_;
  std::vector<const char*> pointers_;
};

/// Certificates as C takes them.
inline std::vector<const trustdir_certificate*> pointers(const std::vector<certificate_view>& certificates) {
  std::vector<const trustdir_certificate*> pointers;
  for (const auto certificate : certificates) pointers.push_back(certificate.native());
  return pointers;
}

}  // namespace detail

/// A request for a certificate, its signature checked. What it asks for is shown, not granted. Immutable; may be used
/// from several threads at once.
class request : public detail::object<trustdir_request, trustdir_request_free> {
 public:
  using object::object;

  /// `subject` is RFC 4514 text, or just a common name; `names` are DNS names and IP addresses, or "email:…", "URI:…".
  static request create(const key& key, std::string_view subject, const std::vector<std::string_view>& names = {}) {
    const detail::name_list list(names);
    return detail::create<request>(trustdir_request_create, key.native(), detail::terminated(subject).c_str(),
                                   list.data(), list.size());
  }

  static request from_pem(std::string_view pem) {
    return detail::create<request>(trustdir_request_from_pem, detail::octets(pem), pem.size());
  }

  static request from_der(bytes_view der) {
    return detail::create<request>(trustdir_request_from_der, der.data(), der.size());
  }

  /// A PEM or DER file.
  static request load(std::string_view path) {
    return detail::create<request>(trustdir_request_load, detail::terminated(path).c_str());
  }

  bytes_view der() const noexcept { return trustdir_request_der(native()); }
  std::string_view pem() const noexcept { return detail::view(trustdir_request_pem(native())); }
  std::string_view subject() const noexcept { return detail::view(trustdir_request_subject(native())); }
  /// The public key as DER SubjectPublicKeyInfo.
  bytes_view spki() const noexcept { return trustdir_request_spki(native()); }
  /// Empty for what trustdir does not admit.
  std::string_view key_algorithm() const noexcept { return detail::view(trustdir_request_key_algorithm(native())); }

  std::size_t name_count() const noexcept { return trustdir_request_names_len(native()); }

  /// "DNS:a.example", "IP:10.0.0.1", …; empty past the end.
  std::string_view name(std::size_t index) const noexcept {
    return detail::view(trustdir_request_name(native(), index));
  }

  /// Never granted.
  bool asks_for_authority() const noexcept { return trustdir_request_asks_for_authority(native()); }

  std::size_t ignored_count() const noexcept { return trustdir_request_ignored_len(native()); }

  /// What else it asks for and is not looked at: "extension 1.2.3.4"; empty past the end.
  std::string_view ignored(std::size_t index) const noexcept {
    return detail::view(trustdir_request_ignored(native(), index));
  }
};

}  // namespace trustdir

#endif
