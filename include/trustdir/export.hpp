// What devices and other programs take in besides identities in PEM and PKCS#12: Apple's configuration profiles,
// chains and bundles of authorities, and Java's truststores.
#ifndef TRUSTDIR_EXPORT_HPP
#define TRUSTDIR_EXPORT_HPP

#include <trustdir/identity.hpp>

namespace trustdir {

/// An Apple configuration profile: authorities to trust and identities to show, installed in one step.
class mobile_config : public detail::object<trustdir_mobile_config, trustdir_mobile_config_free> {
 public:
  using object::object;

  /// `name` is what the device shows.
  static mobile_config create(std::string_view name) {
    return detail::create<mobile_config>(trustdir_mobile_config_new, detail::terminated(name).c_str());
  }

  mobile_config& add(certificate_view authority) {
    detail::invoke(trustdir_mobile_config_add_authority, native(), authority.native());
    return *this;
  }

  /// The device asks for the password, unless `embed` puts it beside the key.
  mobile_config& add(const identity& identity, std::string_view password, bool embed = false) {
    detail::invoke(trustdir_mobile_config_add_identity, native(), identity.native(),
                   detail::terminated(password).c_str(), embed);
    return *this;
  }

  buffer to_xml() const { return detail::create<buffer>(trustdir_mobile_config_to_xml, native()); }

  /// Never overwrites; readable by its owner only when it holds a key.
  void save(std::string_view path) const {
    detail::invoke(trustdir_mobile_config_save, native(), detail::terminated(path).c_str());
  }
};

/// The chain that begins with this certificate as PEM, completed from `pool` up to and with the self-signed one.
inline buffer full_chain(certificate_view certificate, const std::vector<certificate_view>& pool) {
  const auto list = detail::pointers(pool);
  return detail::create<buffer>(trustdir_export_full_chain, certificate.native(), list.data(), list.size());
}

/// Writes certificates as PEM one after another to a new file; what occurs twice is written once.
inline void save_bundle(const std::vector<certificate_view>& certificates, std::string_view path) {
  const auto list = detail::pointers(certificates);
  detail::invoke(trustdir_export_save_bundle, list.data(), list.size(), detail::terminated(path).c_str());
}

/// Writes a certificate as DER to a new file: the .crt that Android and Windows install.
inline void save_der(certificate_view certificate, std::string_view path) {
  detail::invoke(trustdir_export_save_der, certificate.native(), detail::terminated(path).c_str());
}

/// Certificates alone as PKCS#12: the value of Java's javax.net.ssl.trustStore.
inline buffer truststore(const std::vector<certificate_view>& certificates, std::string_view password = "changeit",
                         pkcs12_profile profile = pkcs12_profile::modern) {
  const auto list = detail::pointers(certificates);
  return detail::create<buffer>(trustdir_export_truststore, list.data(), list.size(),
                                detail::terminated(password).c_str(), static_cast<std::int32_t>(profile));
}

}  // namespace trustdir

#endif
