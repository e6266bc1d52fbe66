// Which Asio: Boost.Asio, or standalone Asio when TRUSTDIR_ASIO_STANDALONE is defined (in all files of a program or in
// none); and trustdir's errors in its terms.
#ifndef TRUSTDIR_ASIO_ERROR_HPP
#define TRUSTDIR_ASIO_ERROR_HPP

#include <trustdir/error.hpp>

#ifdef TRUSTDIR_ASIO_STANDALONE

#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/bind_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/compose.hpp>
#include <asio/error.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/socket_base.hpp>

namespace trustdir::asio {

namespace net = ::asio;
using error_code = std::error_code;
using system_error = std::system_error;

/// The category "trustdir" of this Asio's error codes; the values are those of `trustdir::status`.
inline const std::error_category& category() noexcept { return trustdir::category(); }

}  // namespace trustdir::asio

#else

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/system_error.hpp>

namespace trustdir::asio {

namespace net = ::boost::asio;
using error_code = ::boost::system::error_code;
using system_error = ::boost::system::system_error;

namespace detail {

class boost_category final : public ::boost::system::error_category {
 public:
  using ::boost::system::error_category::message;

  const char* name() const noexcept override { return "trustdir"; }
  std::string message(int value) const override { return trustdir_status_message(value); }

  ::boost::system::error_condition default_error_condition(int value) const noexcept override {
    const auto standard = trustdir::category().default_error_condition(value);
    if (standard.category() != std::generic_category()) return {value, *this};
    return {standard.value(), ::boost::system::generic_category()};
  }
};

}  // namespace detail

/// The category "trustdir" of this Asio's error codes; the values are those of `trustdir::status`.
inline const ::boost::system::error_category& category() noexcept {
  static const detail::boost_category instance;
  return instance;
}

}  // namespace trustdir::asio

namespace trustdir {

// `ec == trustdir::status::revoked` and `ec == trustdir::condition::trust`, as with a std::error_code.
inline bool operator==(const ::boost::system::error_code& ec, status value) noexcept {
  return ec.value() == static_cast<int>(value) && std::strcmp(ec.category().name(), "trustdir") == 0;
}
inline bool operator!=(const ::boost::system::error_code& ec, status value) noexcept { return !(ec == value); }

inline bool operator==(const ::boost::system::error_code& ec, condition value) noexcept {
  return ec && std::strcmp(ec.category().name(), "trustdir") == 0 && detail::condition_of(ec.value()) == value;
}
inline bool operator!=(const ::boost::system::error_code& ec, condition value) noexcept { return !(ec == value); }

}  // namespace trustdir

#endif

namespace trustdir::asio {

/// A status as an error code of the Asio in use.
inline error_code to_code(status value) noexcept { return {static_cast<int>(value), category()}; }

}  // namespace trustdir::asio

#endif
