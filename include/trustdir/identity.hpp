// Identities: a certificate chain and its private key, in PEM and in PKCS#12.
#ifndef TRUSTDIR_IDENTITY_HPP
#define TRUSTDIR_IDENTITY_HPP

#include <trustdir/certificate.hpp>

namespace trustdir {

/// How a PKCS#12 file is protected.
enum class pkcs12_profile : std::int32_t {
  modern = TRUSTDIR_PKCS12_PROFILE_MODERN,  ///< AES-256, as OpenSSL 3 writes
  compat = TRUSTDIR_PKCS12_PROFILE_COMPAT   ///< triple DES: for Apple's devices and older Windows and Java
};

/// How to write a PKCS#12 file.
struct pkcs12_options {
  pkcs12_profile profile = pkcs12_profile::modern;
  std::string_view name;                      ///< what devices show; by default the common name
  std::vector<certificate_view> authorities;  ///< to carry besides the chain: phones want them
};

namespace detail {

inline object<trustdir_pkcs12_options, trustdir_pkcs12_options_free> native_options(const pkcs12_options& chosen) {
  auto options = create<object<trustdir_pkcs12_options, trustdir_pkcs12_options_free>>(trustdir_pkcs12_options_new);
  invoke(trustdir_pkcs12_options_set_profile, options.native(), static_cast<std::int32_t>(chosen.profile));
  if (!chosen.name.empty()) {
    invoke(trustdir_pkcs12_options_set_name, options.native(), terminated(chosen.name).c_str());
  }
  for (const auto authority : chosen.authorities) {
    invoke(trustdir_pkcs12_options_add_authority, options.native(), authority.native());
  }
  return options;
}

}  // namespace detail

/// A chain (end entity first) and its private key.
class identity : public detail::object<trustdir_identity, trustdir_identity_free> {
 public:
  using object::object;

  /// As `from_pem`, of objects.
  identity(const std::vector<certificate_view>& chain, const trustdir::key& key)
      : identity(detail::create<identity>(trustdir_identity_new, detail::pointers(chain).data(), chain.size(),
                                          key.native())) {}

  /// The certificates may be in any order: the key's own becomes the first, followed by its issuers.
  static identity from_pem(std::string_view chain, std::string_view key, std::string_view passphrase = {}) {
    return detail::create<identity>(trustdir_identity_from_pem, detail::octets(chain), chain.size(),
                                    detail::octets(key), key.size(), detail::octets(passphrase), passphrase.size());
  }

  /// As `from_pem`, from files.
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

  /// How many certificates the chain has.
  std::size_t size() const noexcept { return trustdir_identity_chain_len(native()); }

  /// The same with its chain completed from these, up to and with the self-signed one.
  identity with_issuers(const std::vector<trustdir::certificate_view>& pool) const {
    const auto issuers = detail::pointers(pool);
    return detail::create<identity>(trustdir_identity_with_issuers, native(), issuers.data(), issuers.size());
  }

  /// The chain in PEM, end entity first.
  std::string_view chain_pem() const noexcept { return detail::view(trustdir_identity_chain_pem(native())); }

  /// The private key, as an object of its own.
  trustdir::key key() const { return detail::create<trustdir::key>(trustdir_identity_key, native()); }

  buffer key_pem(std::string_view passphrase = {}) const {
    return detail::create<buffer>(trustdir_identity_key_pem, native(), detail::octets(passphrase), passphrase.size());
  }

  /// Chain and key in one PEM: what curl and HAProxy read.
  buffer to_bundle(std::string_view passphrase = {}) const {
    return detail::create<buffer>(trustdir_identity_to_bundle, native(), detail::octets(passphrase), passphrase.size());
  }

  /// Never overwrites; the file is readable by its owner only.
  void save_bundle(std::string_view path, std::string_view passphrase = {}) const {
    detail::invoke(trustdir_identity_save_bundle, native(), detail::terminated(path).c_str(),
                   detail::octets(passphrase), passphrase.size());
  }

  /// The one file that every device takes in. The password must not be empty.
  buffer to_pkcs12(std::string_view password, const pkcs12_options& options = {}) const {
    return detail::create<buffer>(trustdir_identity_to_pkcs12, native(), detail::terminated(password).c_str(),
                                  detail::native_options(options).native());
  }

  /// Never overwrites; the file is readable by its owner only.
  void save_pkcs12(std::string_view path, std::string_view password, const pkcs12_options& options = {}) const {
    detail::invoke(trustdir_identity_save_pkcs12, native(), detail::terminated(path).c_str(),
                   detail::terminated(password).c_str(), detail::native_options(options).native());
  }

  /// As OpenSSL, Windows and Java write it.
  static identity from_pkcs12(bytes_view pkcs12, std::string_view password) {
    return detail::create<identity>(trustdir_identity_from_pkcs12, pkcs12.data(), pkcs12.size(),
                                    detail::terminated(password).c_str());
  }

  static identity load_pkcs12(std::string_view path, std::string_view password) {
    return detail::create<identity>(trustdir_identity_load_pkcs12, detail::terminated(path).c_str(),
                                    detail::terminated(password).c_str());
  }
};

}  // namespace trustdir

#endif
