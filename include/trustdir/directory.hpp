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
  bad_signature = TRUSTDIR_REASON_BAD_SIGNATURE
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
  std::string_view subject() const noexcept { return view(trustdir_decision_subject(raw())); }
  std::string_view issuer() const noexcept { return view(trustdir_decision_issuer(raw())); }
  std::string_view serial() const noexcept { return view(trustdir_decision_serial(raw())); }
  std::string_view fingerprint() const noexcept { return view(trustdir_decision_fingerprint(raw())); }
  /// The file of the trust directory that matched.
  std::string_view entry() const noexcept { return view(trustdir_decision_entry(raw())); }
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

  /// What the directory says about a certificate. A refusal is a decision, not an error.
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
