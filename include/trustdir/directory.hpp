// The trust directory, its entries and their limits, and what is the matter with its files.
#ifndef TRUSTDIR_DIRECTORY_HPP
#define TRUSTDIR_DIRECTORY_HPP

#include <trustdir/decision.hpp>
#include <trustdir/rehash.hpp>
#include <trustdir/removals.hpp>

namespace trustdir {

/// One certificate of a directory and the file that carries it.
struct entry {
  std::string_view file;
  certificate_view certificate;
};

/// The entries of a directory at one moment, sorted by file, and the files that cannot be used.
class entries : public detail::object<trustdir_entries, trustdir_entries_free> {
 public:
  using object::object;
  using iterator = detail::list_iterator<entries, entry>;

  std::size_t size() const noexcept { return trustdir_entries_len(native()); }
  bool empty() const noexcept { return size() == 0; }

  entry operator[](std::size_t index) const noexcept {
    return {detail::view(trustdir_entries_file(native(), index)),
            certificate_view(trustdir_entries_certificate(native(), index))};
  }

  /// Where the file of an entry leads if it is a symbolic link, else empty.
  std::string_view link_target(std::size_t index) const noexcept {
    return detail::view(trustdir_entries_link_target(native(), index));
  }

  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size()}; }

  std::size_t problem_count() const noexcept { return trustdir_entries_problems_len(native()); }

  /// "file: what is wrong; what to do".
  std::string_view problem(std::size_t index) const noexcept {
    return detail::view(trustdir_entries_problem(native(), index));
  }
};

/// One limit of a directory: until when, and for which services, its entries are admitted. Its views live as long as
/// the list.
struct limit {
  std::string_view key;    ///< by what it names the entries: "sha256", "file" or "subject"
  std::string_view value;  ///< the fingerprint, the file's name or the subject
  std::optional<std::chrono::system_clock::time_point> valid_until;
  std::optional<std::vector<std::string_view>> services;  ///< only for these, if set
  std::vector<std::string_view> files;                    ///< that it fits; none may be a misspelt limit
};

/// The limits of a directory at one moment, in the order of its trustdir.toml.
class limits : public detail::object<trustdir_limits, trustdir_limits_free> {
 public:
  using object::object;
  using iterator = detail::list_iterator<limits, limit>;

  std::size_t size() const noexcept { return trustdir_limits_len(native()); }
  bool empty() const noexcept { return size() == 0; }

  limit operator[](std::size_t index) const {
    limit one{detail::view(trustdir_limits_key(native(), index)), detail::view(trustdir_limits_value(native(), index)),
              std::nullopt, std::nullopt, {}};
    if (const auto until = trustdir_limits_valid_until(native(), index); until != INT64_MAX) {
      one.valid_until = detail::moment(until);
    }
    if (trustdir_limits_has_services(native(), index)) {
      auto& services = one.services.emplace();
      for (std::size_t i = 0; i < trustdir_limits_services_len(native(), index); ++i) {
        services.push_back(detail::view(trustdir_limits_service(native(), index, i)));
      }
    }
    for (std::size_t i = 0; i < trustdir_limits_files_len(native(), index); ++i) {
      one.files.push_back(detail::view(trustdir_limits_file(native(), index, i)));
    }
    return one;
  }

  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size()}; }
};

/// What keeps a client out of a directory, or lets one in unawares. Its views live as long as the list.
struct notice {
  std::string_view kind;  ///< "FILE", "PRIVATE_KEY", "ENTRY_NAMES", "AUTHORITY" or the reason of a refusal
  bool is_problem;        ///< somebody has to do something; else it is only good to know
  std::string_view file;
  std::string_view message;      ///< what is the matter and what to do, in one line
  certificate_view certificate;  ///< empty if none was read
};

/// What somebody should know about the files of a directory, problems first.
class notices : public detail::object<trustdir_notices, trustdir_notices_free> {
 public:
  using object::object;
  using iterator = detail::list_iterator<notices, notice>;

  std::size_t size() const noexcept { return trustdir_notices_len(native()); }
  bool empty() const noexcept { return size() == 0; }

  notice operator[](std::size_t index) const noexcept {
    return {detail::view(trustdir_notices_kind(native(), index)), trustdir_notices_is_problem(native(), index),
            detail::view(trustdir_notices_file(native(), index)), detail::view(trustdir_notices_message(native(), index)),
            certificate_view(trustdir_notices_certificate(native(), index))};
  }

  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size()}; }
};

/// What became of a certificate that was to be installed.
class installed : public detail::object<trustdir_installed, trustdir_installed_free> {
 public:
  using object::object;

  std::string_view file() const noexcept { return detail::view(trustdir_installed_file(native())); }
  certificate_view certificate() const noexcept { return certificate_view(trustdir_installed_certificate(native())); }
  /// Written now, and not there already.
  bool is_new() const noexcept { return trustdir_installed_is_new(native()); }
  /// The refusal that awaits the client all the same (expired, wrong purpose, …); empty if none does.
  decision_view warning() const noexcept { return decision_view(trustdir_installed_warning(native())); }

  /// The files and links that went because the certificate replaces another one, but not one written over in place.
  std::vector<std::string_view> removed() const {
    std::vector<std::string_view> files;
    for (std::size_t i = 0; i < trustdir_installed_removed_len(native()); ++i) {
      files.push_back(detail::view(trustdir_installed_removed(native(), i)));
    }
    return files;
  }
};

/// Which files of a directory are entries.
enum class entry_names : std::int32_t {
  any = TRUSTDIR_ENTRY_NAMES_ANY,                   ///< every certificate file
  subject_hash = TRUSTDIR_ENTRY_NAMES_SUBJECT_HASH  ///< `0fb8533c.0` only, as OpenSSL reads a directory
};

/// How a directory is opened; the defaults are right for directories that trustdir makes.
struct directory_options {
  trustdir::entry_names entry_names = trustdir::entry_names::any;
  bool watch = true;    ///< without it idle connections are closed no sooner than `refresh`
  bool create = false;  ///< makes the directory when it does not exist
};

namespace detail {

inline object<trustdir_directory_options, trustdir_directory_options_free> native_options(
    const directory_options& chosen) {
  auto options =
      create<object<trustdir_directory_options, trustdir_directory_options_free>>(trustdir_directory_options_new);
  invoke(trustdir_directory_options_set_entry_names, options.native(), static_cast<std::int32_t>(chosen.entry_names));
  invoke(trustdir_directory_options_set_watch, options.native(), chosen.watch);
  invoke(trustdir_directory_options_set_create, options.native(), chosen.create);
  return options;
}

}  // namespace detail

/// A trust directory: the certificates in it are the clients that are admitted. May be used from several threads at
/// once.
class directory : public detail::object<trustdir_directory, trustdir_directory_free> {
 public:
  using object::object;

  static directory open(std::string_view path, entry_names names = entry_names::any) {
    return detail::create<directory>(trustdir_directory_open, detail::terminated(path).c_str(),
                                     static_cast<std::int32_t>(names));
  }

  static directory open(std::string_view path, const directory_options& options) {
    return detail::create<directory>(trustdir_directory_open_with, detail::terminated(path).c_str(),
                                     detail::native_options(options).native());
  }

  /// For large directories: `progress(done, total)` hears how many files of how many have been read, now and then, from
  /// several threads, also at once, and not after the return. It must not throw.
  template <class Progress>
  static directory open(std::string_view path, const directory_options& options, Progress&& progress) {
    using stored = std::remove_reference_t<Progress>;
    void (*const tell)(std::size_t, std::size_t, void*) = [](std::size_t done, std::size_t total, void* raw) noexcept {
      (*static_cast<stored*>(raw))(done, total);
    };
    void* userdata = const_cast<void*>(static_cast<const void*>(std::addressof(progress)));
    return detail::create<directory>(trustdir_directory_open_with_progress, detail::terminated(path).c_str(),
                                     detail::native_options(options).native(), tell, userdata);
  }

  /// Another handle on the same directory; cheap.
  directory clone() const { return detail::create<directory>(trustdir_directory_clone, native()); }

  std::string_view path() const noexcept { return detail::view(trustdir_directory_path(native())); }

  /// Writes the certificate and returns the path of its file. Installing twice changes nothing.
  buffer install(certificate_view certificate) const {
    return detail::create<buffer>(trustdir_directory_install, native(), certificate.native());
  }

  /// The same, and says what became of it: what will be refused all the same is installed with a warning.
  installed install_certificate(certificate_view certificate) const {
    return detail::create<installed>(trustdir_directory_install_certificate, native(), certificate.native());
  }

  /// Installs the first certificate in PEM text or DER, and nothing that stands beside it.
  installed install_bytes(bytes_view bytes) const {
    return detail::create<installed>(trustdir_directory_install_bytes, native(), bytes.data(), bytes.size());
  }

  /// The same from a file.
  installed install_file(std::string_view path) const {
    return detail::create<installed>(trustdir_directory_install_file, native(), detail::terminated(path).c_str());
  }

  /// Installs a certificate in place of the one that `old` names, as for `remove`, and closes that one's connections.
  /// There is no moment at which neither is installed.
  installed replace(std::string_view old, certificate_view certificate) const {
    return detail::create<installed>(trustdir_directory_replace, native(), detail::terminated(old).c_str(),
                                     certificate.native());
  }

  /// Removes every file and link that carries the certificate: by file name, fingerprint, common name or subject.
  std::size_t remove(std::string_view which) const {
    std::size_t removed = 0;
    detail::invoke(trustdir_directory_remove, native(), detail::terminated(which).c_str(), &removed);
    return removed;
  }

  /// Reads the directory now. Handshakes never need it; it is for hosts that switched events off.
  void refresh() const { detail::invoke(trustdir_directory_refresh, native()); }
  void refresh(std::error_code& ec) const noexcept { detail::invoke(ec, trustdir_directory_refresh, native()); }

  /// The entries that `which` names: a file's name, else the beginning of a fingerprint, else a common name or subject.
  entries find(std::string_view which) const {
    return detail::create<entries>(trustdir_directory_find, native(), detail::terminated(which).c_str());
  }

  /// Whether the certificate is an entry at this moment; that its client is admitted is more, see `decide`.
  bool contains(certificate_view certificate) const noexcept {
    return trustdir_directory_contains(native(), certificate.native());
  }

  /// Grows with every change that was seen.
  std::uint64_t generation() const noexcept { return trustdir_directory_generation(native()); }

  /// Makes it one in which OpenSSL finds every certificate by its hash, as `openssl rehash` does, but without its faults.
  rehashed rehash() const { return detail::create<rehashed>(trustdir_directory_rehash, native()); }

  /// Says what `rehash` would do, and can do it.
  rehash_plan plan_rehash() const { return detail::create<rehash_plan>(trustdir_directory_plan_rehash, native()); }

  /// Looks for everything that keeps a client out or lets one in unawares.
  notices check() const { return detail::create<notices>(trustdir_directory_check, native()); }

  /// Starts a list of the entries that go while connections stand on them, for an event loop.
  trustdir::removals removals() const {
    return detail::create<trustdir::removals>(trustdir_directory_removals, native());
  }

  entries list() const { return detail::create<entries>(trustdir_directory_list, native()); }

  /// Limits the one certificate that `which` names: until a moment, to some services, or both; one of them must be
  /// given. Takes the place of what this wrote before; other limits in trustdir.toml stay and count too.
  void limit(std::string_view which, std::optional<std::chrono::system_clock::time_point> valid_until,
             const std::vector<std::string>& services = {}) const {
    std::vector<const char*> names;
    for (const auto& service : services) names.push_back(service.c_str());
    detail::invoke(trustdir_directory_limit, native(), detail::terminated(which).c_str(),
                   valid_until ? detail::unix_time(*valid_until) : INT64_MAX,
                   static_cast<const char* const*>(names.data()), names.size());
  }

  /// Takes limits off: those of the certificate that `which` names, and those that say `which` themselves.
  std::size_t unlimit(std::string_view which) const {
    std::size_t taken = 0;
    detail::invoke(trustdir_directory_unlimit, native(), detail::terminated(which).c_str(), &taken);
    return taken;
  }

  trustdir::limits limits() const { return detail::create<trustdir::limits>(trustdir_directory_limits, native()); }

  /// What the directory says about a certificate to the service of this name. A refusal is a decision, not an error.
  decision decide_for(std::string_view service, bytes_view der,
                      std::chrono::system_clock::time_point when = std::chrono::system_clock::now()) const {
    return detail::create<decision>(trustdir_directory_decide_for, native(), detail::terminated(service).c_str(),
                                    der.data(), der.size(), detail::unix_time(when));
  }

  decision decide_for(std::string_view service, certificate_view certificate,
                      std::chrono::system_clock::time_point when = std::chrono::system_clock::now()) const {
    return decide_for(service, certificate.der(), when);
  }

  /// The same to a service without a name.
  decision decide(bytes_view der,
                  std::chrono::system_clock::time_point when = std::chrono::system_clock::now()) const {
    return detail::create<decision>(trustdir_directory_decide, native(), der.data(), der.size(),
                                    detail::unix_time(when));
  }

  decision decide(certificate_view certificate,
                  std::chrono::system_clock::time_point when = std::chrono::system_clock::now()) const {
    return decide(certificate.der(), when);
  }
};

}  // namespace trustdir

#endif
