// A TLS stream for Asio and Beast whose peers are judged by a trust directory.
//
//   trustdir::acceptor tls = trustdir::nano_config::load("config-rpc.toml").acceptor();
//   trustdir::asio::stream<boost::beast::tcp_stream> stream(std::move(socket), tls);
//   co_await stream.async_handshake(boost::asio::use_awaitable);
//   std::cout << stream.decision().subject() << '\n';
//
// The client's end is made by a connector and the name of the host, and all else is the same:
//
//   trustdir::connector tls = trustdir::connector_builder().pin(server_certificate).identity(own).build();
//   trustdir::asio::stream<tcp::socket> stream(std::move(socket), tls, "node.home.arpa");
//
// It takes the place of `asio::ssl::stream`, with these differences:
//
// - When the peer's file is removed, the connection ends: the peer gets a close_notify and a pending read completes
//   with `trustdir::status::revoked`, also when the connection was idle (a blocking read learns of it with its next byte).
//   With `on_removal::finish` it goes on, and `connection().is_revoked()` says so.
// - A clean close is `asio::error::eof`, a transport that ends without one is `trustdir::status::truncated`.
// - A failed handshake completes after the peer was told why; `failure()` has the reason in words.
// - A peer that says nothing is the next layer's to end, as by `beast::tcp_stream::expires_after`: the
//   `handshake_timeout` is looked at when bytes arrive.
// - In TLS 1.3 a client's handshake is over before the server judges its certificate: a refusal is `status::alert` of
//   one of the client's next reads.
// - `shutdown` waits for the peer, but no longer than `linger()`, then reports `asio::error::timed_out`.
// - A stream may be moved or destroyed while operations are pending; they complete with `operation_aborted`. When the
//   next layer is a reference, the referred object must outlive them.
//
// As with every Asio stream, all uses of one stream and of its next layer must run in one strand, explicit or implicit.
// Boost.Asio is used unless TRUSTDIR_ASIO_STANDALONE is defined; all files of a program must agree on that.
#ifndef TRUSTDIR_ASIO_HPP
#define TRUSTDIR_ASIO_HPP

#include <trustdir/asio/operation.hpp>
#include <trustdir/connector.hpp>
#include <trustdir/nano_config.hpp>

namespace trustdir::asio {

/// The names that `asio::ssl::stream_base` gives to the side of a handshake, so that code written for it compiles. The
/// side is the connection's: it was settled by an acceptor or a connector when the stream was made.
class stream_base {
 public:
  enum handshake_type { client, server };
};

namespace detail {

/// `lowest_layer` exists where the next layer has one: `tcp::socket` does, `beast::tcp_stream` does not.
template <class Stream, class NextLayer, class = void>
class lowest_layer_access {};

template <class Stream, class NextLayer>
class lowest_layer_access<Stream, NextLayer, std::void_t<typename NextLayer::lowest_layer_type>> {
 public:
  using lowest_layer_type = typename NextLayer::lowest_layer_type;

  lowest_layer_type& lowest_layer() { return static_cast<Stream*>(this)->next_layer().lowest_layer(); }
  const lowest_layer_type& lowest_layer() const {
    return static_cast<const Stream*>(this)->next_layer().lowest_layer();
  }
};

}  // namespace detail

/// `NextLayer` is a stream such as `tcp::socket` or `beast::tcp_stream`, or a reference to one.
template <class NextLayer>
class stream : public stream_base,
               public detail::lowest_layer_access<stream<NextLayer>, std::remove_reference_t<NextLayer>> {
  using core_type = detail::core<NextLayer>;

 public:
  using next_layer_type = typename core_type::next_layer_type;
  using executor_type = typename core_type::executor_type;

  /// The server side of a new connection. The acceptor may go at once.
  template <class Argument>
  stream(Argument&& next, const trustdir::acceptor& acceptor)
      : stream(std::forward<Argument>(next), acceptor.accept()) {}

  /// The client side of a connection to this host: a DNS name or an IP address. The connector may go at once.
  template <class Argument>
  stream(Argument&& next, const trustdir::connector& connector, std::string_view host)
      : stream(std::forward<Argument>(next), connector.connect(host)) {}

  /// A connection that was made elsewhere.
  template <class Argument>
  stream(Argument&& next, trustdir::connection&& connection)
      : core_(std::make_shared<core_type>(std::forward<Argument>(next), std::move(connection))) {}

  stream(stream&&) noexcept = default;

  stream& operator=(stream&& other) noexcept {
    if (core_ && this != &other) core_->detach();
    core_ = std::move(other.core_);
    return *this;
  }

  ~stream() {
    if (core_) core_->detach();
  }

  executor_type get_executor() noexcept { return core_->executor(); }

  next_layer_type& next_layer() noexcept { return *core_->next; }
  const next_layer_type& next_layer() const noexcept { return *core_->next; }

  /// For questions: version, cipher suite, protocol, server name.
  const trustdir::connection& connection() const noexcept { return core_->engine.connection(); }

  /// What was decided about the peer; empty before.
  trustdir::decision_view decision() const noexcept { return connection().decision(); }

  /// In one line, why the connection failed; empty when it did not. Lives until the stream is destroyed.
  std::string_view failure() const noexcept { return core_->engine.message(); }

  /// How long the end of a connection may wait for the peer: after a refusal, and in `shutdown`. Default: 5 s.
  std::chrono::steady_clock::duration linger() const noexcept { return core_->linger; }
  void linger(std::chrono::steady_clock::duration limit) noexcept { core_->linger = limit; }

  // --- blocking

  void handshake() { perform(detail::handshake_step()); }
  void handshake(error_code& ec) { perform(detail::handshake_step(), ec); }
  void handshake(handshake_type) { handshake(); }
  void handshake(handshake_type, error_code& ec) { handshake(ec); }

  void shutdown() { perform(detail::shutdown_step()); }
  void shutdown(error_code& ec) { perform(detail::shutdown_step(), ec); }

  template <class MutableBufferSequence>
  std::size_t read_some(const MutableBufferSequence& buffers) {
    return perform(detail::read_step<MutableBufferSequence>(buffers)).count;
  }
  template <class MutableBufferSequence>
  std::size_t read_some(const MutableBufferSequence& buffers, error_code& ec) {
    return perform(detail::read_step<MutableBufferSequence>(buffers), ec).count;
  }

  template <class ConstBufferSequence>
  std::size_t write_some(const ConstBufferSequence& buffers) {
    return perform(detail::write_step<ConstBufferSequence>(buffers)).count;
  }
  template <class ConstBufferSequence>
  std::size_t write_some(const ConstBufferSequence& buffers, error_code& ec) {
    return perform(detail::write_step<ConstBufferSequence>(buffers), ec).count;
  }

  // --- asynchronous

  /// `void(error_code)`
  template <class Token = net::default_completion_token_t<executor_type>>
  auto async_handshake(Token&& token = net::default_completion_token_t<executor_type>()) {
    return initiate<void(error_code), Token>(detail::handshake_step(), token);
  }
  template <class Token = net::default_completion_token_t<executor_type>>
  auto async_handshake(handshake_type, Token&& token = net::default_completion_token_t<executor_type>()) {
    return initiate<void(error_code), Token>(detail::handshake_step(), token);
  }

  /// `void(error_code)`. Also the right end for a connection that failed: the peer gets to read why.
  template <class Token = net::default_completion_token_t<executor_type>>
  auto async_shutdown(Token&& token = net::default_completion_token_t<executor_type>()) {
    return initiate<void(error_code), Token>(detail::shutdown_step(), token);
  }

  /// `void(error_code, std::size_t)`. Cancelling it loses nothing.
  template <class MutableBufferSequence, class Token = net::default_completion_token_t<executor_type>>
  auto async_read_some(const MutableBufferSequence& buffers,
                       Token&& token = net::default_completion_token_t<executor_type>()) {
    return initiate<void(error_code, std::size_t), Token>(detail::read_step<MutableBufferSequence>(buffers), token);
  }

  /// `void(error_code, std::size_t)`. After a cancellation with a size above 0, that much is still being sent.
  template <class ConstBufferSequence, class Token = net::default_completion_token_t<executor_type>>
  auto async_write_some(const ConstBufferSequence& buffers,
                        Token&& token = net::default_completion_token_t<executor_type>()) {
    return initiate<void(error_code, std::size_t), Token>(detail::write_step<ConstBufferSequence>(buffers), token);
  }

 private:
  template <class Step>
  Step perform(Step step, error_code& ec) {
    detail::run(*core_, step);
    ec = step.ec;
    return step;
  }

  template <class Step>
  Step perform(Step step) {
    detail::run(*core_, step);
    if (step.ec && step.ec == core_->engine.failure()) throw system_error(step.ec, core_->engine.message());
    if (step.ec) throw system_error(step.ec);
    return step;
  }

  // `Token` is named, not deduced: when it is an lvalue reference, the handler must not be moved from.
  template <class Signature, class Token, class Step>
  auto initiate(Step step, Token& token) {
    return net::async_compose<Token, Signature>(detail::operation<core_type, Step>(core_, std::move(step)), token,
                                                core_->executor());
  }

  std::shared_ptr<core_type> core_;
};

}  // namespace trustdir::asio

#endif
