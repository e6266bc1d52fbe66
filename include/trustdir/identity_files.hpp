// The files that an identity is loaded from, again and again.
#ifndef TRUSTDIR_IDENTITY_FILES_HPP
#define TRUSTDIR_IDENTITY_FILES_HPP

#include <trustdir/identity.hpp>

namespace trustdir {

/// A chain file and a key file that are replaced while a service runs. No order of replacing them gives a key with
/// another's certificate: until both are there `reload_if_changed` throws, and what was loaded before stays good.
/// One thread at a time.
///
///   trustdir::identity_files files("server.cert.pem", "server.key.pem");
///   auto acceptor = settings(files.load()).build();
///   if (auto renewed = files.reload_if_changed()) acceptor.reload(settings(*renewed));  // now and then
class identity_files : public detail::object<trustdir_identity_files, trustdir_identity_files_free> {
 public:
  using object::object;

  /// Names the files, which may be one that holds both; nothing is read yet.
  identity_files(std::string_view certificate_path, std::string_view key_path, std::string_view passphrase = {})
      : object(detail::create<identity_files>(
                   trustdir_identity_files_new, detail::terminated(certificate_path).c_str(),
                   detail::terminated(key_path).c_str(), detail::octets(passphrase), passphrase.size())
                   .release()) {}

  /// With the errors of `identity::load`.
  identity load() { return detail::create<identity>(trustdir_identity_files_load, native()); }

  /// The identity, if the files give another one than before, or one again after an error. An error is told once for
  /// each change.
  std::optional<identity> reload_if_changed() {
    return detail::optional(detail::create<identity>(trustdir_identity_files_reload_if_changed, native()));
  }

  std::string_view certificate_path() const noexcept {
    return detail::view(trustdir_identity_files_certificate_path(native()));
  }
  std::string_view key_path() const noexcept { return detail::view(trustdir_identity_files_key_path(native())); }
};

}  // namespace trustdir

#endif
