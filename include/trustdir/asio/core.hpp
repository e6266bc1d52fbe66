// What the operations of one stream share: the engine, the transport, and the rule that at most one transport read and
// one transport write are under way.
//
// The transport is driven by the core, not by the operations: an operation says what it lacks (`want`), the core starts
// the transport operation if none runs, and the operation waits at a gate until something has changed. Hence any
// operation may have to write (a read answers a key update, a refusal sends its alert), a cancelled operation never
// leaves half a record on the wire, and a removed client's idle read ends without touching the socket.
#ifndef TRUSTDIR_ASIO_CORE_HPP
#define TRUSTDIR_ASIO_CORE_HPP

#include <trustdir/asio/engine.hpp>

#include <array>
#include <chrono>
#include <mutex>
#include <optional>

#ifndef _WIN32
#include <poll.h>
#endif

namespace trustdir::asio::detail {

using clock = std::chrono::steady_clock;

/// What an operation lacks.
enum class want {
  nothing,  ///< it is finished
  output,   ///< ciphertext must leave
  input     ///< ciphertext must arrive (and what is queued must leave, too)
};

/// The next layer by value or by reference; taken away when the stream is destroyed under a running operation.
template <class NextLayer>
class layer {
 public:
  template <class Argument>
  explicit layer(Argument&& argument) : held_(std::in_place, std::forward<Argument>(argument)) {}

  explicit operator bool() const noexcept { return held_.has_value(); }
  NextLayer& operator*() noexcept { return *held_; }
  NextLayer* operator->() noexcept { return &*held_; }
  void reset() { held_.reset(); }

 private:
  std::optional<NextLayer> held_;
};

template <class NextLayer>
class layer<NextLayer&> {
 public:
  explicit layer(NextLayer& referred) noexcept : referred_(&referred) {}

  explicit operator bool() const noexcept { return referred_ != nullptr; }
  NextLayer& operator*() const noexcept { return *referred_; }
  NextLayer* operator->() const noexcept { return referred_; }
  void reset() noexcept { referred_ = nullptr; }

 private:
  NextLayer* referred_;
};

template <class T, class = void>
struct has_next_layer : std::false_type {};
template <class T>
struct has_next_layer<T, std::void_t<decltype(std::declval<T&>().next_layer())>> : std::true_type {};

template <class T, class = void>
struct has_socket : std::false_type {};
template <class T>
struct has_socket<T, std::void_t<decltype(std::declval<T&>().socket())>> : std::true_type {};

/// The socket under all layers, or the innermost layer when there is none that we know.
template <class T>
auto& bottom(T& layer) {
  if constexpr (has_next_layer<T>::value) {
    return bottom(layer.next_layer());
  } else if constexpr (has_socket<T>::value) {
    return layer.socket();
  } else {
    return layer;
  }
}

template <class T>
auto half_close(T& socket, int)
    -> decltype(socket.shutdown(net::socket_base::shutdown_send, std::declval<error_code&>()), void()) {
  error_code ignored;
  socket.shutdown(net::socket_base::shutdown_send, ignored);
}
template <class T>
void half_close(T&, long) {}

#ifndef _WIN32
/// Waits for a blocking socket; false when the deadline came first.
template <class T>
auto readable_before(T& socket, clock::time_point deadline, int) -> decltype(socket.native_handle(), bool()) {
  using std::chrono::milliseconds;
  pollfd watched{socket.native_handle(), POLLIN, 0};
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - clock::now()) + milliseconds(1);
    if (left.count() <= 0) return false;
    if (const int ready = ::poll(&watched, 1, static_cast<int>(left.count())); ready > 0) return true;
  }
}
#endif
/// A transport that cannot be waited for is not waited for.
template <class T>
bool readable_before(T&, clock::time_point, long) {
  return false;
}

template <class NextLayer>
class core : public std::enable_shared_from_this<core<NextLayer>> {
 public:
  using next_layer_type = std::remove_reference_t<NextLayer>;
  using executor_type = typename next_layer_type::executor_type;

  template <class Argument>
  core(Argument&& layer_below, trustdir::connection&& connection)
      : next(std::forward<Argument>(layer_below)),
        engine(std::move(connection)),
        executor_(next->get_executor()),
        home_(executor_),
        gate_(executor_, clock::time_point::max()) {}

  const executor_type& executor() const noexcept { return executor_; }

  // --- for the operations

  layer<NextLayer> next;
  detail::engine engine;
  /// A broken transport cannot be written to again: part of a record may be gone.
  error_code write_error;
  /// The last transport read failed; it concerns whoever waits for it and nobody later.
  error_code read_error;
  /// How long to wait for the peer when a connection ends.
  clock::duration linger = std::chrono::seconds(5);

  /// Ciphertext is waiting and can still be sent.
  bool unsent() { return !write_error && (writing_ || refill()); }
  bool writing() const noexcept { return writing_; }

  void half_close() { detail::half_close(bottom(*next), 0); }

  // --- for the asynchronous driver

  /// An operation begins; its handler's executor is where the user's strand is, so it becomes ours.
  template <class Executor>
  void enter(const Executor& executor) {
    if constexpr (std::is_constructible_v<net::any_io_executor, const Executor&>) {
      // Untracked: a composed operation's executor counts as work, and an idle stream must not keep run() going.
      home_ = net::prefer(net::any_io_executor(executor), net::execution::outstanding_work.untracked);
    }
    if (!reading_) read_error.clear();
    asynchronous_ = true;
    if (link_) link_->move(home_);
    watch();
  }

  void flush() {
    if (writing_ || write_error || !next) return;
    if (!refill()) return;
    writing_ = true;
    auto written = [self = this->shared_from_this()](const error_code& ec, std::size_t count) {
      self->writing_ = false;
      self->sent_ += count;
      self->write_error = ec;
      self->flush();
      if (!self->writing_) self->wake();
    };
    next->async_write_some(net::buffer(output_.data() + sent_, filled_ - sent_),
                           net::bind_executor(home_, std::move(written)));
  }

  void pull() {
    if (reading_ || engine.ended() || !next) return;
    reading_ = true;
    auto arrived = [self = this->shared_from_this()](const error_code& ec, std::size_t count) {
      self->reading_ = false;
      self->received(ec, count);
      self->watch();
      self->flush();
      self->wake();
    };
    next->async_read_some(net::buffer(input_), net::bind_executor(home_, std::move(arrived)));
  }

  /// Resumes `waiter` when something has changed, or at its deadline. May resume it for nothing.
  template <class Waiter>
  void wait(clock::time_point deadline, Waiter&& waiter) {
    // One timer for all: whoever needs an earlier alarm sets it, and the others, woken, wait again.
    if (gate_.expiry() <= clock::now() || deadline < gate_.expiry()) gate_.expires_at(deadline);
    gate_.async_wait(std::forward<Waiter>(waiter));
  }

  void wake() { gate_.cancel(); }

  /// The stream is being destroyed: operations that are under way end with operation_aborted.
  void detach() {
    if (link_) link_->cut();
    next.reset();
    wake();
  }

  // --- for the blocking driver

  void block(want lacking, clock::time_point deadline) {
    while (!write_error && refill()) {
      sent_ += next->write_some(net::buffer(output_.data() + sent_, filled_ - sent_), write_error);
    }
    if (lacking != want::input || engine.ended()) return;
    if (deadline != clock::time_point::max() && !readable_before(bottom(*next), deadline, 0)) {
      read_error = net::error::timed_out;
      return;
    }
    error_code ec;
    const auto count = next->read_some(net::buffer(input_), ec);
    received(ec, count);
  }

 private:
  /// The revocation hook runs in any thread, also while the stream is being destroyed. It sees no more than this: where
  /// to post, for as long as there is such a place.
  class link {
   public:
    link(std::weak_ptr<core> target, const executor_type& executor, const net::any_io_executor& home)
        : target_(std::move(target)), executor_(executor), home_(home) {}

    void move(const net::any_io_executor& home) {
      const std::lock_guard lock(mutex_);
      home_ = home;
    }

    void cut() {
      const std::lock_guard lock(mutex_);
      executor_.reset();
      home_ = net::any_io_executor();
    }

    void fire() noexcept {
      const std::lock_guard lock(mutex_);
      if (!executor_) return;
      try {
        // By way of the stream's own executor, since a handler's executor need not belong to a running context.
        net::post(*executor_, net::bind_executor(home_, [target = target_] {
                    if (const auto self = target.lock()) self->revoked();
                  }));
      } catch (...) {
        // Out of memory: the next operation will learn it from the engine.
      }
    }

   private:
    std::mutex mutex_;
    std::weak_ptr<core> target_;
    std::optional<executor_type> executor_;
    net::any_io_executor home_;
  };

  /// Asks to be told of the removal, once the peer is known. Not for blocking use: there the engine belongs to whatever
  /// thread is in a call, and it is asked at every call anyway.
  void watch() {
    if (link_ || !asynchronous_ || engine.handshaking() || engine.failure()) return;
    link_ = std::make_shared<link>(this->weak_from_this(), executor_, home_);
    engine.on_revoked([link = link_] { link->fire(); });
  }

  void revoked() {
    if (!next) return;
    engine.recheck();
    flush();
    wake();
  }

  void received(const error_code& ec, std::size_t count) {
    if (!ec) {
      engine.feed(input_.data(), count);
    } else if (ec == net::error::eof) {
      engine.end();
    } else {
      read_error = ec;
    }
  }

  /// True when there is ciphertext in `output_`.
  bool refill() {
    if (sent_ == filled_) {
      sent_ = 0;
      filled_ = engine.drain(output_.data(), output_.size());
    }
    return sent_ < filled_;
  }

  executor_type executor_;
  net::any_io_executor home_;
  net::basic_waitable_timer<clock, net::wait_traits<clock>, executor_type> gate_;
  std::shared_ptr<link> link_;
  bool asynchronous_ = false;
  bool reading_ = false;
  bool writing_ = false;
  std::size_t sent_ = 0;
  std::size_t filled_ = 0;
  // A little more than the largest record each.
  std::array<std::uint8_t, 17 * 1024> input_;
  std::array<std::uint8_t, 17 * 1024> output_;
};

}  // namespace trustdir::asio::detail

#endif
