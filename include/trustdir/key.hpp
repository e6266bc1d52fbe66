// Private keys, and the bytes that they and everything else are written as.
#ifndef TRUSTDIR_KEY_HPP
#define TRUSTDIR_KEY_HPP

#include <trustdir/error.hpp>

#include <ostream>
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

namespace detail {

/// Borrowed bytes as C takes them.
inline std::vector<trustdir_slice> slices(const std::vector<bytes_view>& list) {
  std::vector<trustdir_slice> slices;
  slices.reserve(list.size());
  for (const auto bytes : list) slices.push_back({bytes.data(), bytes.size()});
  return slices;
}

}  // namespace detail

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

/// How a passphrase becomes the key of an encrypted file.
enum class key_derivation : std::int32_t {
  scrypt = TRUSTDIR_KEY_DERIVATION_SCRYPT,  ///< OpenSSL 1.1 and later read it
  pbkdf2 = TRUSTDIR_KEY_DERIVATION_PBKDF2   ///< GnuTLS and Java too
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

  static key from_der(bytes_view der, std::string_view passphrase = {}) {
    return detail::create<key>(trustdir_key_from_der, der.data(), der.size(), detail::octets(passphrase),
                               passphrase.size());
  }

  /// A PEM or DER file.
  static key load(std::string_view path, std::string_view passphrase = {}) {
    return detail::create<key>(trustdir_key_load, detail::terminated(path).c_str(), detail::octets(passphrase),
                               passphrase.size());
  }

  /// PKCS#8; encrypted when there is a passphrase.
  buffer to_pem(std::string_view passphrase = {}, key_derivation derivation = key_derivation::scrypt) const {
    return detail::create<buffer>(trustdir_key_to_pem_under, native(), static_cast<std::int32_t>(derivation),
                                  detail::octets(passphrase), passphrase.size());
  }

  /// The same in DER.
  buffer to_der(std::string_view passphrase = {}, key_derivation derivation = key_derivation::scrypt) const {
    return detail::create<buffer>(trustdir_key_to_der, native(), static_cast<std::int32_t>(derivation),
                                  detail::octets(passphrase), passphrase.size());
  }

  /// The public key (SubjectPublicKeyInfo) in DER.
  bytes_view spki() const noexcept { return trustdir_key_spki(native()); }

  /// "P-256", "RSA-2048", …
  std::string_view algorithm() const noexcept { return detail::view(trustdir_key_algorithm(native())); }
};

}  // namespace trustdir

#endif
