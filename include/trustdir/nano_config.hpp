// The configuration of a Nano node.
#ifndef TRUSTDIR_NANO_CONFIG_HPP
#define TRUSTDIR_NANO_CONFIG_HPP

#include <trustdir/acceptor.hpp>
#include <trustdir/identity_files.hpp>

namespace trustdir {

/// The `[secure]` section of a Nano node's config-rpc.toml, or its config-tls.toml.
class nano_config : public detail::object<trustdir_nano_config, trustdir_nano_config_free> {
 public:
  using object::object;

  static nano_config load(std::string_view path) {
    return detail::create<nano_config>(trustdir_nano_config_load, detail::terminated(path).c_str());
  }

  bool enabled() const noexcept { return trustdir_nano_config_enabled(native()); }
  bool wss_enabled() const noexcept { return trustdir_nano_config_wss_enabled(native()); }
  bool verbose_logging() const noexcept { return trustdir_nano_config_verbose_logging(native()); }
  /// Empty when not set.
  std::string_view address() const noexcept { return detail::view(trustdir_nano_config_address(native())); }
  /// 0 when not set.
  std::uint16_t port() const noexcept { return trustdir_nano_config_port(native()); }
  /// Empty when not set.
  std::string_view certificate_path() const noexcept {
    return detail::view(trustdir_nano_config_certificate_path(native()));
  }
  /// Empty when not set.
  std::string_view key_path() const noexcept { return detail::view(trustdir_nano_config_key_path(native())); }
  /// The directory of clients' certificates; empty when they need none.
  std::string_view clients_path() const noexcept { return detail::view(trustdir_nano_config_clients_path(native())); }
  /// One line for the log: what this configuration enforces.
  std::string_view policy() const noexcept { return detail::view(trustdir_nano_config_policy(native())); }

  /// Remarks about settings that have no effect, or not the effect that they seem to have.
  std::size_t note_count() const noexcept { return trustdir_nano_config_notes_len(native()); }
  std::string_view note(std::size_t index) const noexcept {
    return detail::view(trustdir_nano_config_note(native(), index));
  }

  /// The settings of the acceptor, with the files as they are now: for `acceptor::reload`, once the configuration has been
  /// loaded again.
  acceptor_builder builder() const { return detail::create<acceptor_builder>(trustdir_nano_config_builder, native()); }

  /// The files of the service's identity, with the passphrase, to take a renewed one without being told to.
  trustdir::identity_files identity_files() const {
    return detail::create<trustdir::identity_files>(trustdir_nano_config_identity_files, native());
  }

  /// Any error here means that there must be no listener.
  trustdir::acceptor acceptor() const {
    return detail::create<trustdir::acceptor>(trustdir_nano_config_acceptor, native());
  }
};

}  // namespace trustdir

#endif
