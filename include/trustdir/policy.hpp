// Whom a service admits.
#ifndef TRUSTDIR_POLICY_HPP
#define TRUSTDIR_POLICY_HPP

#include <trustdir/authority_directory.hpp>
#include <trustdir/directory.hpp>

namespace trustdir {

enum class client_auth : std::int32_t {
  off = TRUSTDIR_CLIENT_AUTH_OFF,            ///< no certificate is asked for
  optional = TRUSTDIR_CLIENT_AUTH_OPTIONAL,  ///< anonymous clients are admitted, certificates must be installed
  required = TRUSTDIR_CLIENT_AUTH_REQUIRED   ///< only clients with an installed certificate
};

/// Whom a service admits: for hosts with a policy of their own (`acceptor_builder::policy_for`), and for services whose
/// TLS is another library's. One thread at a time.
class policy : public detail::object<trustdir_policy, trustdir_policy_free> {
 public:
  using object::object;

  /// Without a directory, whoever shows a certificate is refused.
  explicit policy(trustdir::client_auth mode)
      : policy(detail::create<policy>(trustdir_policy_new, static_cast<std::int32_t>(mode))) {}

  policy& directory(const trustdir::directory& clients) {
    detail::invoke(trustdir_policy_set_directory, native(), clients.native());
    return *this;
  }

  /// Whose clients are admitted, besides those of the directory of clients, which has the last word on its entries.
  policy& authorities(const authority_directory& authorities) {
    detail::invoke(trustdir_policy_set_authorities, native(), authorities.native());
    return *this;
  }

  /// The service's name, for entries that are limited to services.
  policy& service(std::string_view name) {
    detail::invoke(trustdir_policy_set_service, native(), detail::terminated(name).c_str());
    return *this;
  }

  trustdir::client_auth client_auth() const noexcept {
    return static_cast<trustdir::client_auth>(trustdir_policy_client_auth(native()));
  }

  /// The directory of clients, if there is one.
  std::optional<trustdir::directory> directory() const {
    return detail::optional(detail::create<trustdir::directory>(trustdir_policy_directory, native()));
  }

  /// The directory of authorities, if there is one.
  std::optional<authority_directory> authorities() const {
    return detail::optional(detail::create<authority_directory>(trustdir_policy_authorities, native()));
  }

  /// Empty when it has no name; until another one is set.
  std::string_view service() const noexcept { return detail::view(trustdir_policy_service(native())); }

  /// Decides about the certificates that a client sent, its own first, as a handshake would.
  decision decide(const std::vector<bytes_view>& chain,
                  std::chrono::system_clock::time_point when = std::chrono::system_clock::now()) const {
    const auto sent = detail::slices(chain);
    return detail::create<decision>(trustdir_policy_decide, native(), sent.data(), sent.size(),
                                    detail::unix_time(when));
  }
};

}  // namespace trustdir

#endif
