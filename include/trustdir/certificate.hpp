// Certificates, keys, identities, requests and the private authority that issues them.
#ifndef TRUSTDIR_CERTIFICATE_HPP
#define TRUSTDIR_CERTIFICATE_HPP

#include <trustdir/error.hpp>

#include <chrono>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace trustdir {

/// Borrowed bytes. A contiguous range, so C++20 converts it to `std::span<const std::uint8_t>`.
class bytes_view {
 public:
  constexpr bytes_view() noexcept = default;
  bytes_view(const void* data, std::size_t size) noexcept : data_(static_cast<const std::uint8_t*>(data)), size_(size) {}
  bytes_view(std::string_view text) noexcept : bytes_view(text.data(), text.size()) {}
  bytes_view(trustdir_slice slice) noexcept : bytes_view(slice.data, slice.len) {}

  constexpr const std::uint8_t* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr const std::uint8_t* begin() const noexcept { return data_; }
  constexpr const std::uint8_t* end() const noexcept { return data_ + size_; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Bytes or text that the library made; wiped when destroyed.
class buffer : public detail::object<trustdir_buffer, trustdir_buffer_free> {
 public:
  using object::object;

  bytes_view bytes() const noexcept { return {trustdir_buffer_data(native()), trustdir_buffer_len(native())}; }

  std::string_view text() const noexcept {
    const auto held = bytes();
    return held.empty() ? std::string_view() : std::string_view(reinterpret_cast<const char*>(held.data()), held.size());
  }

  operator std::string_view() const noexcept { return text(); }

  friend std::ostream& operator<<(std::ostream& out, const buffer& shown) { return out << shown.text(); }
};

enum class key_type : std::int32_t {
  p256 = TRUSTDIR_KEY_TYPE_P256,
  p384 = TRUSTDIR_KEY_TYPE_P384,
  p521 = TRUSTDIR_KEY_TYPE_P521,
  ed25519 = TRUSTDIR_KEY_TYPE_ED25519,
  rsa2048 = TRUSTDIR_KEY_TYPE_RSA2048,
  rsa3072 = TRUSTDIR_KEY_TYPE_RSA3072,
  rsa4096 = TRUSTDIR_KEY_TYPE_RSA4096
};

/// A private key. A passphrase with null data (the default) means none.
class key : public detail::object<trustdir_key, trustdir_key_free> {
 public:
  using object::object;

  static key generate(key_type type) {
    return detail::create<key>(trustdir_key_generate, static_cast<std::int32_t>(type));
  }

  /// Reads PKCS#8, PKCS#1 and SEC1, encrypted or not.
  static key from_pem(std::string_view pem, std::string_view passphrase = {}) {
    return detail::create<key>(trustdir_key_from_pem, detail::octets(pem), pem.size(), detail::octets(passphrase),
                               passphrase.size());
  }

  static key load(std::string_view path, std::string_view passphrase = {}) {
    return detail::create<key>(trustdir_key_load, detail::terminated(path).c_str(), detail::octets(passphrase),
                               passphrase.size());
  }

  /// PKCS#8; encrypted when there is a passphrase.
  buffer to_pem(std::string_view passphrase = {}) const {
    return detail::create<buffer>(trustdir_key_to_pem, native(), detail::octets(passphrase), passphrase.size());
  }

  /// "P-256", "RSA-2048", …
  std::string_view algorithm() const noexcept { return detail::view(trustdir_key_algorithm(native())); }
};

namespace detail {

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

  static std::chrono::system_clock::time_point moment(std::int64_t unix_time) noexcept {
    // The far end of a certificate's year range does not fit into every system clock.
    using clock = std::chrono::system_clock;
    constexpr auto last = std::chrono::duration_cast<std::chrono::seconds>(clock::time_point::max().time_since_epoch());
    return clock::time_point(std::chrono::seconds(unix_time < last.count() ? unix_time : last.count()));
  }
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

/// A chain (end entity first) and its private key.
class identity : public detail::object<trustdir_identity, trustdir_identity_free> {
 public:
  using object::object;

  static identity from_pem(std::string_view chain, std::string_view key, std::string_view passphrase = {}) {
    return detail::create<identity>(trustdir_identity_from_pem, detail::octets(chain), chain.size(),
                                    detail::octets(key), key.size(), detail::octets(passphrase), passphrase.size());
  }

  static identity load(std::string_view certificate_path, std::string_view key_path,
                       std::string_view passphrase = {}) {
    return detail::create<identity>(trustdir_identity_load, detail::terminated(certificate_path).c_str(),
                                    detail::terminated(key_path).c_str(), detail::octets(passphrase),
                                    passphrase.size());
  }

  /// Never overwrites; the key file is readable by its owner only.
  void save(std::string_view certificate_path, std::string_view key_path, std::string_view passphrase = {}) const {
    detail::invoke(trustdir_identity_save, native(), detail::terminated(certificate_path).c_str(),
                   detail::terminated(key_path).c_str(), detail::octets(passphrase), passphrase.size());
  }

  /// The certificates of the chain; empty past the end.
  trustdir::certificate_view certificate(std::size_t index = 0) const noexcept {
    return trustdir::certificate_view(trustdir_identity_certificate(native(), index));
  }

  std::size_t size() const noexcept { return trustdir_identity_chain_len(native()); }

  buffer key_pem(std::string_view passphrase = {}) const {
    return detail::create<buffer>(trustdir_identity_key_pem, native(), detail::octets(passphrase), passphrase.size());
  }
};

/// How to create an authority; the defaults are the library's.
struct authority_options {
  std::string_view name;        ///< RFC 4514, for example "CN=Home CA"
  std::uint32_t days = 0;       ///< 0: the default
  std::string_view passphrase;  ///< null data: the key is stored unencrypted, readable by its owner only
};

/// What a certificate is for.
enum class profile : std::int32_t {
  server = TRUSTDIR_PROFILE_SERVER,
  client = TRUSTDIR_PROFILE_CLIENT,
  both = TRUSTDIR_PROFILE_BOTH
};

/// What a request is granted.
struct sign_options {
  trustdir::profile profile = trustdir::profile::server;
  std::vector<std::string_view> names;  ///< none: a server gets the hosts that were asked for, a client no name
  std::uint32_t days = 0;               ///< 0: the default
};

/// A signed request.
struct signed_request {
  trustdir::certificate certificate;
  buffer notes;  ///< what was asked for and not granted, or granted otherwise, a line each
};

/// A private certification authority in a directory.
class authority : public detail::object<trustdir_authority, trustdir_authority_free> {
 public:
  using object::object;

  /// Never overwrites an authority that is already there.
  static authority create(std::string_view dir, const authority_options& options = {}) {
    const auto name = detail::terminated(options.name);
    return detail::create<authority>(trustdir_authority_create, detail::terminated(dir).c_str(),
                                     name.empty() ? nullptr : name.c_str(), options.days,
                                     detail::octets(options.passphrase), options.passphrase.size());
  }

  static authority open(std::string_view dir, std::string_view passphrase = {}) {
    return detail::create<authority>(trustdir_authority_open, detail::terminated(dir).c_str(),
                                     detail::octets(passphrase), passphrase.size());
  }

  trustdir::certificate_view certificate() const noexcept {
    return trustdir::certificate_view(trustdir_authority_certificate(native()));
  }

  /// `names` are DNS names and IP addresses; the first one is also the common name.
  identity issue_server(const std::vector<std::string_view>& names, std::uint32_t days = 0) const {
    const detail::name_list list(names);
    return detail::create<identity>(trustdir_authority_issue_server, native(), list.data(), list.size(), days);
  }

  identity issue_client(std::string_view name, std::uint32_t days = 0) const {
    return detail::create<identity>(trustdir_authority_issue_client, native(), detail::terminated(name).c_str(), days);
  }

  /// Takes the request's key and subject as they are; everything else is decided by `options`.
  signed_request sign(const request& request, const sign_options& options = {}) const {
    const detail::name_list list(options.names);
    trustdir_buffer* notes = nullptr;
    auto certificate = detail::create<trustdir::certificate>(
        trustdir_authority_sign, native(), request.native(), static_cast<std::int32_t>(options.profile), list.data(),
        list.size(), options.days, &notes);
    return {std::move(certificate), buffer(notes)};
  }
};

}  // namespace trustdir

#endif
