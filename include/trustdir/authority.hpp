// The private authority: made, taken over and renewed; it issues, signs, renews, lists and revokes.
#ifndef TRUSTDIR_AUTHORITY_HPP
#define TRUSTDIR_AUTHORITY_HPP

#include <trustdir/identity.hpp>
#include <trustdir/issued.hpp>

namespace trustdir {

/// How to create an authority; the defaults are the library's.
struct authority_options {
  std::string_view name;                     ///< RFC 4514 with a common name, for example "CN=Home CA"
  std::uint32_t days = 0;                    ///< 0: the default
  std::string_view passphrase;               ///< null data: the key is stored unencrypted, readable by its owner only
  std::optional<trustdir::key_type> key_type;
  std::optional<std::uint8_t> path_length;   ///< how many authorities may follow below it
  name_constraints constraints;              ///< for which names it may issue; by default for any
};

/// What a certificate is for.
enum class profile : std::int32_t {
  server = TRUSTDIR_PROFILE_SERVER,
  client = TRUSTDIR_PROFILE_CLIENT,
  both = TRUSTDIR_PROFILE_BOTH,
  authority = TRUSTDIR_PROFILE_AUTHORITY  ///< to judge by; never issued
};

/// How to issue; the defaults are the library's.
struct issue_options {
  std::uint32_t days = 0;  ///< 0: the default
  std::optional<std::chrono::system_clock::time_point> not_before;
  std::optional<std::chrono::system_clock::time_point> not_after;  ///< instead of days
  std::optional<trustdir::key_type> key_type;
};

/// What a request is granted.
struct sign_options {
  trustdir::profile profile = trustdir::profile::server;
  std::vector<std::string_view> names;  ///< none: a server gets the hosts that were asked for, a client no name
  issue_options issue;
};

/// What is chosen when a certificate is renewed; by default what the old one says.
struct renew_options {
  std::optional<trustdir::profile> profile;
  issue_options issue;
};

/// A signed request, or a renewed certificate.
struct signed_request {
  trustdir::certificate certificate;
  buffer notes;  ///< what was asked for and not granted, or granted otherwise, a line each
};

/// An identity renewed with a new key.
struct renewed_identity {
  trustdir::identity identity;
  buffer notes;  ///< what became otherwise than in the old one, a line each
};

namespace detail {

inline object<trustdir_authority_options, trustdir_authority_options_free> native_options(
    const authority_options& chosen) {
  auto options =
      create<object<trustdir_authority_options, trustdir_authority_options_free>>(trustdir_authority_options_new);
  if (!chosen.name.empty()) {
    invoke(trustdir_authority_options_set_name, options.native(), terminated(chosen.name).c_str());
  }
  invoke(trustdir_authority_options_set_days, options.native(), chosen.days);
  invoke(trustdir_authority_options_set_passphrase, options.native(), octets(chosen.passphrase),
         chosen.passphrase.size());
  if (chosen.key_type) {
    invoke(trustdir_authority_options_set_key_type, options.native(), static_cast<std::int32_t>(*chosen.key_type));
  }
  if (chosen.path_length) {
    invoke(trustdir_authority_options_set_path_length, options.native(), *chosen.path_length);
  }
  if (chosen.constraints) {
    invoke(trustdir_authority_options_set_constraints, options.native(), chosen.constraints.native());
  }
  return options;
}

inline object<trustdir_issue_options, trustdir_issue_options_free> native_options(const issue_options& chosen) {
  auto options = create<object<trustdir_issue_options, trustdir_issue_options_free>>(trustdir_issue_options_new);
  invoke(trustdir_issue_options_set_days, options.native(), chosen.days);
  if (chosen.not_before) {
    invoke(trustdir_issue_options_set_not_before, options.native(), unix_time(*chosen.not_before));
  }
  if (chosen.not_after) {
    invoke(trustdir_issue_options_set_not_after, options.native(), unix_time(*chosen.not_after));
  }
  if (chosen.key_type) {
    invoke(trustdir_issue_options_set_key_type, options.native(), static_cast<std::int32_t>(*chosen.key_type));
  }
  return options;
}

inline std::int32_t number(std::optional<profile> chosen) noexcept {
  return chosen ? static_cast<std::int32_t>(*chosen) : 0;
}

}  // namespace detail

/// A private certification authority in a directory. May be used from several threads at once.
class authority : public detail::object<trustdir_authority, trustdir_authority_free> {
 public:
  using object::object;

  /// Never overwrites an authority that is already there.
  static authority create(std::string_view dir, const authority_options& options = {}) {
    return detail::create<authority>(trustdir_authority_create, detail::terminated(dir).c_str(),
                                     detail::native_options(options).native());
  }

  static authority open(std::string_view dir, std::string_view passphrase = {}) {
    return detail::create<authority>(trustdir_authority_open, detail::terminated(dir).c_str(),
                                     detail::octets(passphrase), passphrase.size());
  }

  /// For everything but signing: to list, to show, to revoke.
  static authority open_without_key(std::string_view dir) {
    return detail::create<authority>(trustdir_authority_open_without_key, detail::terminated(dir).c_str());
  }

  /// Takes over an authority that something else made, into a new directory.
  static authority import(std::string_view dir, const identity& theirs, std::string_view passphrase = {}) {
    return detail::create<authority>(trustdir_authority_import, detail::terminated(dir).c_str(), theirs.native(),
                                     detail::octets(passphrase), passphrase.size());
  }

  /// An authority below this one, in a directory of its own.
  authority create_intermediate(std::string_view dir, const authority_options& options = {}) const {
    return detail::create<authority>(trustdir_authority_create_intermediate, native(),
                                     detail::terminated(dir).c_str(), detail::native_options(options).native());
  }

  /// The authority with its own certificate renewed: same name, key and limits. This object goes on with the old one.
  authority renew_authority(std::uint32_t days = 0) const {
    return detail::create<authority>(trustdir_authority_renew_authority, native(), nullptr, days);
  }

  /// The same for an authority below another one.
  authority renew_authority(const authority& issuer, std::uint32_t days = 0) const {
    return detail::create<authority>(trustdir_authority_renew_authority, native(), issuer.native(), days);
  }

  trustdir::certificate_view certificate() const noexcept {
    return trustdir::certificate_view(trustdir_authority_certificate(native()));
  }

  /// Its own certificate and those of the authorities above it.
  std::size_t chain_size() const noexcept { return trustdir_authority_chain_len(native()); }
  trustdir::certificate_view chain(std::size_t index) const noexcept {
    return trustdir::certificate_view(trustdir_authority_chain(native(), index));
  }

  /// What clients of its servers import.
  trustdir::certificate_view trust_anchor() const noexcept {
    return trustdir::certificate_view(trustdir_authority_trust_anchor(native()));
  }
  std::string_view trust_anchor_path() const noexcept {
    return detail::view(trustdir_authority_trust_anchor_path(native()));
  }

  /// The file with its own certificate.
  std::string_view certificate_path() const noexcept {
    return detail::view(trustdir_authority_certificate_path(native()));
  }

  std::string_view dir() const noexcept { return detail::view(trustdir_authority_dir(native())); }

  /// `names` are DNS names and IP addresses; the first one is also the common name.
  identity issue_server(const std::vector<std::string_view>& names, const issue_options& options = {}) const {
    const detail::name_list list(names);
    return detail::create<identity>(trustdir_authority_issue_server, native(), list.data(), list.size(),
                                    detail::native_options(options).native());
  }

  /// The same for a service that is a client of others too.
  identity issue_both(const std::vector<std::string_view>& names, const issue_options& options = {}) const {
    const detail::name_list list(names);
    return detail::create<identity>(trustdir_authority_issue_both, native(), list.data(), list.size(),
                                    detail::native_options(options).native());
  }

  /// `name` is the common name; `names` are others that it bears, such as "email:alice@home.arpa".
  identity issue_client(std::string_view name, const issue_options& options = {},
                        const std::vector<std::string_view>& names = {}) const {
    const detail::name_list list(names);
    return detail::create<identity>(trustdir_authority_issue_client, native(), detail::terminated(name).c_str(),
                                    list.data(), list.size(), detail::native_options(options).native());
  }

  /// With a subject (RFC 4514) and names that no profile demands.
  identity issue(trustdir::profile profile, std::string_view subject, const std::vector<std::string_view>& names = {},
                 const issue_options& options = {}) const {
    const detail::name_list list(names);
    return detail::create<identity>(trustdir_authority_issue, native(), static_cast<std::int32_t>(profile),
                                    detail::terminated(subject).c_str(), list.data(), list.size(),
                                    detail::native_options(options).native());
  }

  /// Takes the request's key and subject as they are; everything else is decided by `options`.
  signed_request sign(const request& request, const sign_options& options = {}) const {
    const detail::name_list list(options.names);
    trustdir_buffer* notes = nullptr;
    auto certificate = detail::create<trustdir::certificate>(
        trustdir_authority_sign, native(), request.native(), static_cast<std::int32_t>(options.profile), list.data(),
        list.size(), detail::native_options(options.issue).native(), &notes);
    return {std::move(certificate), buffer(notes)};
  }

  /// The same subject, names and key under a new serial number.
  signed_request renew(certificate_view old, const renew_options& options = {}) const {
    trustdir_buffer* notes = nullptr;
    auto renewed = detail::create<trustdir::certificate>(trustdir_authority_renew, native(), old.native(),
                                                         detail::number(options.profile),
                                                         detail::native_options(options.issue).native(), &notes);
    return {std::move(renewed), buffer(notes)};
  }

  renewed_identity renew_with_new_key(certificate_view old, const renew_options& options = {}) const {
    trustdir_buffer* notes = nullptr;
    auto renewed = detail::create<trustdir::identity>(trustdir_authority_renew_with_new_key, native(), old.native(),
                                                      detail::number(options.profile),
                                                      detail::native_options(options.issue).native(), &notes);
    return {std::move(renewed), buffer(notes)};
  }

  /// Everything that was issued.
  trustdir::issued issued() const { return detail::create<trustdir::issued>(trustdir_authority_issued, native()); }

  /// By common name, subject, DNS name, serial number or fingerprint; the newest last.
  trustdir::issued find(std::string_view name) const {
    return detail::create<trustdir::issued>(trustdir_authority_find, native(), detail::terminated(name).c_str());
  }

  /// What needs to be renewed: it ends within this many days, or ended within as many, is not revoked, and no later one
  /// of the same subject, names and purpose follows it.
  trustdir::issued expiring(std::uint32_t days) const {
    return detail::create<trustdir::issued>(trustdir_authority_expiring, native(), days);
  }

  /// Final, but for `revocation_reason::certificate_hold`.
  void revoke(certificate_view certificate, revocation_reason reason = revocation_reason::unspecified) const {
    detail::invoke(trustdir_authority_revoke, native(), certificate.native(), static_cast<std::int32_t>(reason));
  }

  void unhold(certificate_view certificate) const {
    detail::invoke(trustdir_authority_unhold, native(), certificate.native());
  }

  /// Writes the list of everything revoked, good for this many days, and returns its path.
  buffer crl(std::uint32_t days) const { return detail::create<buffer>(trustdir_authority_crl, native(), days); }

  /// Puts the newest list into a directory of trust anchors, where OpenSSL finds it, and returns its path.
  buffer install_crl(std::string_view dir) const {
    return detail::create<buffer>(trustdir_authority_install_crl, native(), detail::terminated(dir).c_str());
  }
};

}  // namespace trustdir

#endif
