// The trust directory, its entries, and what it decides about a certificate.
#ifndef TRUSTDIR_DIRECTORY_HPP
#define TRUSTDIR_DIRECTORY_HPP

#include <trustdir/certificate.hpp>

namespace trustdir {

/// Why a peer was admitted or refused. A newer library may have more reasons.
enum class reason : std::int32_t {
  admitted = TRUSTDIR_REASON_ADMITTED,
  anonymous = TRUSTDIR_REASON_ANONYMOUS,
  no_certificate = TRUSTDIR_REASON_NO_CERTIFICATE,
  not_installed = TRUSTDIR_REASON_NOT_INSTALLED,
  removed = TRUSTDIR_REASON_REMOVED,
  minted_by_pin = TRUSTDIR_REASON_MINTED_BY_PIN,
  same_name_other_key = TRUSTDIR_REASON_SAME_NAME_OTHER_KEY,
  malformed = TRUSTDIR_REASON_MALFORMED,
  expired = TRUSTDIR_REASON_EXPIRED,
  not_yet_valid = TRUSTDIR_REASON_NOT_YET_VALID,
  wrong_purpose = TRUSTDIR_REASON_WRONG_PURPOSE,
  weak_key = TRUSTDIR_REASON_WEAK_KEY,
  bad_signature = TRUSTDIR_REASON_BAD_SIGNATURE,
  scope = TRUSTDIR_REASON_SCOPE,
  untrusted_issuer = TRUSTDIR_REASON_UNTRUSTED_ISSUER,
  revoked_by_crl = TRUSTDIR_REASON_REVOKED_BY_CRL,
  stale_crl = TRUSTDIR_REASON_STALE_CRL
};

/// "ADMITTED", "NOT_INSTALLED", …
inline std::string_view to_string(reason value) noexcept {
  return detail::view(trustdir_reason_text(static_cast<std::int32_t>(value)));
}

inline std::ostream& operator<<(std::ostream& out, reason value) { return out << to_string(value); }

namespace detail {

/// What can be asked of a decision, owned or borrowed. Views are empty where there was no certificate or no entry.
template <class Decision>
class decision_accessors {
 public:
  bool is_admitted() const noexcept { return trustdir_decision_is_admitted(raw()); }
  trustdir::reason reason() const noexcept { return static_cast<trustdir::reason>(trustdir_decision_reason(raw())); }
  /// One line for a log: which certificate, what was decided, what to do.
  std::string_view message() const noexcept { return view(trustdir_decision_message(raw())); }
  /// Names are escaped and cut after 256 characters, a serial number after 64 digits: strangers choose them.
  std::string_view subject() const noexcept { return view(trustdir_decision_subject(raw())); }
  std::string_view issuer() const noexcept { return view(trustdir_decision_issuer(raw())); }
  std::string_view serial() const noexcept { return view(trustdir_decision_serial(raw())); }
  std::string_view fingerprint() const noexcept { return view(trustdir_decision_fingerprint(raw())); }
  /// The file of the trust directory that matched.
  std::string_view entry() const noexcept { return view(trustdir_decision_entry(raw())); }
  /// The moment that was decided for.
  std::chrono::system_clock::time_point time() const noexcept { return moment(trustdir_decision_time(raw())); }
  /// The name of the service that decided.
  std::string_view service() const noexcept { return view(trustdir_decision_service(raw())); }
  /// The whole record as one line of JSON.
  std::string_view json() const noexcept { return view(trustdir_decision_json(raw())); }
  trustdir::certificate_view certificate() const noexcept {
    return trustdir::certificate_view(trustdir_decision_certificate(raw()));
  }

 private:
  const trustdir_decision* raw() const noexcept { return static_cast<const Decision*>(this)->native(); }
};

}  // namespace detail

/// A decision that you own.
class decision : public detail::object<trustdir_decision, trustdir_decision_free>,
                 public detail::decision_accessors<decision> {
 public:
  using object::object;
};

/// The decision of a connection, owned by the connection. Empty until the peer was judged.
class decision_view : public detail::decision_accessors<decision_view> {
 public:
  explicit decision_view(const trustdir_decision* borrowed = nullptr) noexcept : borrowed_(borrowed) {}
  decision_view(const decision& owner) noexcept : borrowed_(owner.native()) {}

  explicit operator bool() const noexcept { return borrowed_ != nullptr; }
  const trustdir_decision* native() const noexcept { return borrowed_; }

 private:
  const trustdir_decision* borrowed_;
};

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

/// Which files of a directory are entries.
enum class entry_names : std::int32_t {
  any = TRUSTDIR_ENTRY_NAMES_ANY,                   ///< every certificate file
  subject_hash = TRUSTDIR_ENTRY_NAMES_SUBJECT_HASH  ///< `0fb8533c.0` only, as OpenSSL reads a directory
};

/// A trust directory: the certificates in it are the clients that are admitted. May be used from several threads at
/// once.
class directory : public detail::object<trustdir_directory, trustdir_directory_free> {
 public:
  using object::object;

  static directory open(std::string_view path, entry_names names = entry_names::any) {
    return detail::create<directory>(trustdir_directory_open, detail::terminated(path).c_str(),
                                     static_cast<std::int32_t>(names));
  }

  /// Another handle on the same directory; cheap.
  directory clone() const { return detail::create<directory>(trustdir_directory_clone, native()); }

  std::string_view path() const noexcept { return detail::view(trustdir_directory_path(native())); }

  /// Writes the certificate and returns the path of its file. Installing twice changes nothing.
  buffer install(certificate_view certificate) const {
    return detail::create<buffer>(trustdir_directory_install, native(), certificate.native());
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

  /// Grows with every change that was seen.
  std::uint64_t generation() const noexcept { return trustdir_directory_generation(native()); }

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
