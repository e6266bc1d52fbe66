// What can go wrong: status codes, their std::error_category, the exception, and
// the two calling conventions (throw, or fill an error_code) on which the rest is built.
#ifndef TRUSTDIR_ERROR_HPP
#define TRUSTDIR_ERROR_HPP

#include <trustdir.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace trustdir {

/// The result of an operation. The numbers are those of the C header; a newer library may return others.
enum class status : std::int32_t {
  ok = TRUSTDIR_STATUS_OK,
  null_argument = TRUSTDIR_STATUS_NULL_ARGUMENT,
  invalid_argument = TRUSTDIR_STATUS_INVALID_ARGUMENT,
  panic = TRUSTDIR_STATUS_PANIC,
  io = TRUSTDIR_STATUS_IO,
  not_found = TRUSTDIR_STATUS_NOT_FOUND,
  already_exists = TRUSTDIR_STATUS_ALREADY_EXISTS,
  parse = TRUSTDIR_STATUS_PARSE,
  unsupported = TRUSTDIR_STATUS_UNSUPPORTED,
  wrong_passphrase = TRUSTDIR_STATUS_WRONG_PASSPHRASE,
  key_mismatch = TRUSTDIR_STATUS_KEY_MISMATCH,
  passphrase_required = TRUSTDIR_STATUS_PASSPHRASE_REQUIRED,
  untrusted = TRUSTDIR_STATUS_UNTRUSTED,
  expired = TRUSTDIR_STATUS_EXPIRED,
  not_yet_valid = TRUSTDIR_STATUS_NOT_YET_VALID,
  wrong_purpose = TRUSTDIR_STATUS_WRONG_PURPOSE,
  name_mismatch = TRUSTDIR_STATUS_NAME_MISMATCH,
  bad_signature = TRUSTDIR_STATUS_BAD_SIGNATURE,
  revoked = TRUSTDIR_STATUS_REVOKED,
  no_certificate = TRUSTDIR_STATUS_NO_CERTIFICATE,
  weak_key = TRUSTDIR_STATUS_WEAK_KEY,
  tls = TRUSTDIR_STATUS_TLS,
  alert = TRUSTDIR_STATUS_ALERT,
  closed = TRUSTDIR_STATUS_CLOSED,
  truncated = TRUSTDIR_STATUS_TRUNCATED,
  timed_out = TRUSTDIR_STATUS_TIMED_OUT,
  again = TRUSTDIR_STATUS_AGAIN
};

/// What kind of thing went wrong, for `if (ec == trustdir::condition::trust)`.
enum class condition {
  usage = 1,  ///< the caller: a null or invalid argument, a panic inside the library
  system,     ///< files and the operating system
  format,     ///< certificates, keys and configuration that cannot be read or do not fit together
  trust,      ///< a peer or a certificate that is not admitted
  tls,        ///< the protocol and the end of a connection
  flow        ///< try again when there is more input or room
};

namespace detail {

inline condition condition_of(int value) noexcept {
  return value < 10   ? condition::usage
         : value < 20 ? condition::system
         : value < 30 ? condition::format
         : value < 40 ? condition::trust
         : value < 50 ? condition::tls
                      : condition::flow;
}

class status_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "trustdir"; }

  std::string message(int value) const override { return trustdir_status_message(value); }

  std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<status>(value)) {
      case status::null_argument:
      case status::invalid_argument: return std::errc::invalid_argument;
      case status::io: return std::errc::io_error;
      case status::not_found: return std::errc::no_such_file_or_directory;
      case status::already_exists: return std::errc::file_exists;
      case status::unsupported: return std::errc::not_supported;
      case status::closed: return std::errc::not_connected;
      case status::timed_out: return std::errc::timed_out;
      case status::truncated: return std::errc::connection_aborted;
      case status::again: return std::errc::resource_unavailable_try_again;
      default: break;
    }
    if (condition_of(value) == condition::trust) return std::errc::permission_denied;
    return {value, *this};
  }
};

class condition_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "trustdir.condition"; }

  std::string message(int value) const override {
    switch (static_cast<condition>(value)) {
      case condition::usage: return "the library was used wrongly";
      case condition::system: return "a file or system operation failed";
      case condition::format: return "a certificate, key or configuration cannot be used";
      case condition::trust: return "not admitted";
      case condition::tls: return "the TLS connection failed or ended";
      case condition::flow: return "try again later";
    }
    return "unknown condition";
  }

  // By name, not by address: a Boost error_code converted to a standard one carries another category object.
  bool equivalent(const std::error_code& code, int value) const noexcept override {
    return code && std::strcmp(code.category().name(), "trustdir") == 0 &&
           condition_of(code.value()) == static_cast<condition>(value);
  }
};

}  // namespace detail

/// The category "trustdir" of every `std::error_code` made here.
inline const std::error_category& category() noexcept {
  static const detail::status_category instance;
  return instance;
}

inline std::error_code make_error_code(status value) noexcept { return {static_cast<int>(value), category()}; }

inline std::error_condition make_error_condition(condition value) noexcept {
  static const detail::condition_category instance;
  return {static_cast<int>(value), instance};
}

/// The exception of every throwing function. `what()` is one line that names the file, the subject and the remedy.
class error : public std::system_error {
 public:
  /// Takes ownership of `raw`, which may be null.
  error(trustdir::status value, trustdir_error* raw)
      : std::system_error(make_error_code(value)), raw_(raw, trustdir_error_free) {}

  trustdir::status status() const noexcept { return static_cast<trustdir::status>(code().value()); }

  const char* what() const noexcept override {
    return raw_ ? trustdir_error_message(raw_.get()) : trustdir_status_message(code().value());
  }

  std::string_view message() const noexcept { return what(); }

  /// What the C library said, or null.
  const trustdir_error* native() const noexcept { return raw_.get(); }

  /// The file concerned, or an empty view.
  std::string_view path() const noexcept { return optional(raw_ ? trustdir_error_path(raw_.get()) : nullptr); }

  /// The subject of the certificate concerned, or an empty view.
  std::string_view subject() const noexcept { return optional(raw_ ? trustdir_error_subject(raw_.get()) : nullptr); }

 private:
  static std::string_view optional(const char* text) noexcept { return text ? text : std::string_view(); }

  // Shared, because exceptions are copied and copying them must not throw.
  std::shared_ptr<trustdir_error> raw_;
};

}  // namespace trustdir

namespace std {

template <>
struct is_error_code_enum<trustdir::status> : true_type {};

template <>
struct is_error_condition_enum<trustdir::condition> : true_type {};

}  // namespace std

namespace trustdir::detail {

/// Calls a C function whose last parameter is `trustdir_error **`, and throws what it reports.
template <class Function, class... Arguments>
void invoke(Function* function, Arguments... arguments) {
  trustdir_error* failure = nullptr;
  if (const auto result = function(arguments..., &failure); result != TRUSTDIR_STATUS_OK) {
    throw error(static_cast<status>(result), failure);
  }
}

/// The same for the `error_code` overloads: no text is made that nobody would read.
template <class Function, class... Arguments>
void invoke(std::error_code& ec, Function* function, Arguments... arguments) noexcept {
  const auto result = function(arguments..., nullptr);
  if (result == TRUSTDIR_STATUS_OK) {
    ec.clear();
  } else {
    ec = make_error_code(static_cast<status>(result));
  }
}

/// The one owner of a C object; every class of this library derives from it.
template <class Native, void (*Free)(Native*)>
class object {
 public:
  using native_type = Native;

  /// Adopts a pointer that a C function handed out.
  explicit object(Native* owned = nullptr) noexcept : handle_(owned) {}

  const Native* native() const noexcept { return handle_.get(); }
  Native* native() noexcept { return handle_.get(); }

  /// Gives up ownership: the caller frees it with the C function of the type.
  Native* release() noexcept { return handle_.release(); }

  explicit operator bool() const noexcept { return handle_ != nullptr; }

 private:
  struct deleter {
    void operator()(Native* native) const noexcept { Free(native); }
  };

  std::unique_ptr<Native, deleter> handle_;
};

/// Walks through a list that has `size()` and `operator[]`.
template <class List, class Item>
class list_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Item;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Item;

  list_iterator(const List* list, std::size_t index) noexcept : list_(list), index_(index) {}
  Item operator*() const { return (*list_)[index_]; }
  list_iterator& operator++() noexcept { return ++index_, *this; }
  list_iterator operator++(int) noexcept { return {list_, index_++}; }
  friend bool operator==(const list_iterator& a, const list_iterator& b) noexcept { return a.index_ == b.index_; }
  friend bool operator!=(const list_iterator& a, const list_iterator& b) noexcept { return a.index_ != b.index_; }

 private:
  const List* list_;
  std::size_t index_;
};

/// Calls a C function that ends in `T **out, trustdir_error **error` and returns what it made.
template <class Object, class Function, class... Arguments>
Object create(Function* function, Arguments... arguments) {
  typename Object::native_type* made = nullptr;
  invoke(function, arguments..., &made);
  return Object(made);
}

template <class Object, class Function, class... Arguments>
Object create(std::error_code& ec, Function* function, Arguments... arguments) noexcept {
  typename Object::native_type* made = nullptr;
  invoke(ec, function, arguments..., &made);
  return Object(made);
}

/// What a C function hands out as NULL where there is none.
template <class Object>
std::optional<Object> optional(Object made) noexcept {
  return made ? std::make_optional(std::move(made)) : std::nullopt;
}

inline std::string_view view(const char* text) noexcept { return text ? text : std::string_view(); }

/// A C string from a view. A NUL inside would silently shorten a path or a name, so it is an error.
inline std::string terminated(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) throw error(status::invalid_argument, nullptr);
  return std::string(text);
}

inline const std::uint8_t* octets(std::string_view text) noexcept {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace trustdir::detail

#endif
