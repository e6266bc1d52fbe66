// Which clients refuse a certificate, why, and what to do.
#ifndef TRUSTDIR_LINT_HPP
#define TRUSTDIR_LINT_HPP

#include <trustdir/authority.hpp>

namespace trustdir {

/// How much a finding matters. A newer library may have more.
enum class severity : std::int32_t {
  unknown = TRUSTDIR_SEVERITY_UNKNOWN,
  refused = TRUSTDIR_SEVERITY_REFUSED,  ///< some client refuses outright, and is named
  warning = TRUSTDIR_SEVERITY_WARNING,
  note = TRUSTDIR_SEVERITY_NOTE
};

/// "REFUSED", "WARNING", "NOTE".
inline std::string_view to_string(severity value) noexcept {
  return detail::view(trustdir_severity_text(static_cast<std::int32_t>(value)));
}

inline std::ostream& operator<<(std::ostream& out, severity value) { return out << to_string(value); }

/// One fault. Its views live as long as the list.
struct finding {
  trustdir::severity severity;
  std::string_view rule;                     ///< the code of the rule, such as "NO_SAN"
  std::string_view message;                  ///< what is wrong, in one line
  std::string_view remedy;                   ///< what to do, in one line
  std::vector<std::string_view> refused_by;  ///< "APPLE", "OPENSSL", …
  std::string_view subject;                  ///< whose certificate or request, if it has one
  std::string_view path;                     ///< in which file, where one was looked at
};

/// What was found.
class findings : public detail::object<trustdir_findings, trustdir_findings_free> {
 public:
  using object::object;
  using iterator = detail::list_iterator<findings, finding>;

  std::size_t size() const noexcept { return trustdir_findings_len(native()); }
  bool empty() const noexcept { return size() == 0; }

  finding operator[](std::size_t index) const {
    std::vector<std::string_view> refused_by;
    for (std::size_t client = 0; client < trustdir_findings_refused_by_len(native(), index); ++client) {
      refused_by.push_back(detail::view(trustdir_findings_refused_by(native(), index, client)));
    }
    return {static_cast<severity>(trustdir_findings_severity(native(), index)),
            detail::view(trustdir_findings_rule(native(), index)),
            detail::view(trustdir_findings_message(native(), index)),
            detail::view(trustdir_findings_remedy(native(), index)),
            std::move(refused_by),
            detail::view(trustdir_findings_subject(native(), index)),
            detail::view(trustdir_findings_path(native(), index))};
  }

  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size()}; }
};

/// How to judge; by default the profile is guessed and the time is now.
struct lint_options {
  std::optional<trustdir::profile> profile;
  std::optional<std::chrono::system_clock::time_point> time;
};

namespace detail {

inline object<trustdir_lint_options, trustdir_lint_options_free> native_options(const lint_options& chosen) {
  auto options = create<object<trustdir_lint_options, trustdir_lint_options_free>>(trustdir_lint_options_new);
  invoke(trustdir_lint_options_set_profile, options.native(), number(chosen.profile));
  if (chosen.time) invoke(trustdir_lint_options_set_time, options.native(), unix_time(*chosen.time));
  return options;
}

}  // namespace detail

/// Checks a file, or a folder with all that is below it.
inline findings lint(std::string_view path, const lint_options& options = {}) {
  return detail::create<findings>(trustdir_lint_path, detail::terminated(path).c_str(),
                                  detail::native_options(options).native());
}

/// Checks one certificate by itself.
inline findings lint(certificate_view certificate, const lint_options& options = {}) {
  return detail::create<findings>(trustdir_lint_certificate, certificate.native(),
                                  detail::native_options(options).native());
}

/// Checks a chain as a service sends it, end entity first.
inline findings lint(const std::vector<certificate_view>& chain, const lint_options& options = {}) {
  const auto list = detail::pointers(chain);
  return detail::create<findings>(trustdir_lint_chain, list.data(), list.size(),
                                  detail::native_options(options).native());
}

/// Checks what peers refuse when this identity is shown to them.
inline findings lint(const identity& identity, const lint_options& options = {}) {
  return detail::create<findings>(trustdir_lint_identity, identity.native(), detail::native_options(options).native());
}

/// Checks a request: what a certificate would be refused for if it were issued as asked.
inline findings lint(const request& request, const lint_options& options = {}) {
  return detail::create<findings>(trustdir_lint_request, request.native(), detail::native_options(options).native());
}

}  // namespace trustdir

#endif
