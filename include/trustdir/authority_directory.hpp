// The directory of authorities that vouch for clients, and their revocation lists.
#ifndef TRUSTDIR_AUTHORITY_DIRECTORY_HPP
#define TRUSTDIR_AUTHORITY_DIRECTORY_HPP

#include <trustdir/directory.hpp>

namespace trustdir {

/// A revocation list in a directory of authorities. Its views live as long as the list of them.
struct crl {
  std::string_view file;
  std::string_view issuer;                            ///< who says to have signed it
  std::chrono::system_clock::time_point this_update;  ///< when it was made
  std::chrono::system_clock::time_point next_update;  ///< it is out of date from then on
  std::string_view number;                            ///< lower-case hexadecimal; empty if it has none
  std::size_t revoked;                                ///< how many certificates it revokes
};

/// The usable revocation lists of a directory at one moment, sorted by file.
class crls : public detail::object<trustdir_crls, trustdir_crls_free> {
 public:
  using object::object;
  using iterator = detail::list_iterator<crls, crl>;

  std::size_t size() const noexcept { return trustdir_crls_len(native()); }
  bool empty() const noexcept { return size() == 0; }

  crl operator[](std::size_t index) const noexcept {
    return {detail::view(trustdir_crls_file(native(), index)),
            detail::view(trustdir_crls_issuer(native(), index)),
            detail::moment(trustdir_crls_this_update(native(), index)),
            detail::moment(trustdir_crls_next_update(native(), index)),
            detail::view(trustdir_crls_number(native(), index)),
            trustdir_crls_revoked(native(), index)};
  }

  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size()}; }
};

/// What becomes of clients whose authority's list is out of date. An authority without any list has revoked nobody.
enum class stale_crls : std::int32_t {
  refuse = TRUSTDIR_STALE_CRLS_REFUSE,  ///< they are refused until there is a new list
  admit = TRUSTDIR_STALE_CRLS_ADMIT     ///< they are admitted, unless the old list revokes them
};

/// How a directory of authorities is opened; the defaults are right for directories that trustdir makes.
struct authority_directory_options {
  trustdir::entry_names entry_names = trustdir::entry_names::any;
  bool watch = true;    ///< without it idle connections are closed no sooner than `refresh`
  bool create = false;  ///< makes the directory when it does not exist
  trustdir::stale_crls stale_crls = trustdir::stale_crls::refuse;
};

namespace detail {

inline object<trustdir_authority_directory_options, trustdir_authority_directory_options_free> native_options(
    const authority_directory_options& chosen) {
  auto options = create<object<trustdir_authority_directory_options, trustdir_authority_directory_options_free>>(
      trustdir_authority_directory_options_new);
  invoke(trustdir_authority_directory_options_set_entry_names, options.native(),
         static_cast<std::int32_t>(chosen.entry_names));
  invoke(trustdir_authority_directory_options_set_watch, options.native(), chosen.watch);
  invoke(trustdir_authority_directory_options_set_create, options.native(), chosen.create);
  invoke(trustdir_authority_directory_options_set_stale_crls, options.native(),
         static_cast<std::int32_t>(chosen.stale_crls));
  return options;
}

}  // namespace detail

/// A directory of trust anchors: whoever has a certificate from one of these authorities is admitted, unless a revocation
/// list in the directory revokes it. May be used from several threads at once.
class authority_directory : public detail::object<trustdir_authority_directory, trustdir_authority_directory_free> {
 public:
  using object::object;

  static authority_directory open(std::string_view path, const authority_directory_options& options = {}) {
    return detail::create<authority_directory>(trustdir_authority_directory_open, detail::terminated(path).c_str(),
                                               detail::native_options(options).native());
  }

  /// Another handle on the same directory; cheap.
  authority_directory clone() const {
    return detail::create<authority_directory>(trustdir_authority_directory_clone, native());
  }

  /// A handle on it as a directory of certificates: to install, remove and find authorities.
  trustdir::directory directory() const {
    return detail::create<trustdir::directory>(trustdir_directory_clone,
                                               trustdir_authority_directory_directory(native()));
  }

  /// The authorities, and as problems all files that are neither an authority that vouches nor a list that counts.
  entries list() const { return detail::create<entries>(trustdir_authority_directory_list, native()); }

  /// What it says about the certificates that a client sent, its own first. A refusal is a decision, not an error.
  decision decide(const std::vector<bytes_view>& chain,
                  std::chrono::system_clock::time_point when = std::chrono::system_clock::now()) const {
    const auto sent = detail::slices(chain);
    return detail::create<decision>(trustdir_authority_directory_decide, native(), sent.data(), sent.size(),
                                    detail::unix_time(when));
  }

  /// Writes a revocation list, in PEM or DER, and returns the path of its file. One that would lock clients out is
  /// refused: out of date, older than what is here, or not signed by the authority of its name.
  buffer install_crl(bytes_view list) const {
    return detail::create<buffer>(trustdir_authority_directory_install_crl, native(), list.data(), list.size());
  }

  trustdir::crls crls() const { return detail::create<trustdir::crls>(trustdir_authority_directory_crls, native()); }

  /// Reads the directory now. Handshakes never need it; it is for hosts that switched events off.
  void refresh() const { detail::invoke(trustdir_authority_directory_refresh, native()); }
  void refresh(std::error_code& ec) const noexcept {
    detail::invoke(ec, trustdir_authority_directory_refresh, native());
  }
};

}  // namespace trustdir

#endif
