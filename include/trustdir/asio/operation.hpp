// The four operations of a stream, each written once as a step that is repeated until it lacks nothing, and the two
// drivers that repeat it: asynchronous (a composed operation) and blocking.
#ifndef TRUSTDIR_ASIO_OPERATION_HPP
#define TRUSTDIR_ASIO_OPERATION_HPP

#include <trustdir/asio/core.hpp>

namespace trustdir::asio::detail {

/// What every step keeps: its result, and until when it waits for the peer once the connection is ending.
struct step {
  error_code ec;
  clock::time_point deadline = clock::time_point::max();

  want finish(const error_code& result = {}) {
    ec = result;
    return want::nothing;
  }

  bool late() const noexcept { return clock::now() >= deadline; }

  template <class Core>
  void limit(const Core& core) {
    if (deadline == clock::time_point::max()) deadline = clock::now() + core.linger;
  }

  /// The connection failed: the peer is to hear why before the caller does.
  template <class Core>
  want fail(Core& core) {
    limit(core);
    return core.unsent() && !late() ? want::output : finish(core.engine.failure());
  }
};

/// Steps without a size complete with `void(error_code)`.
struct plain_step : step {
  template <class Self>
  void complete(Self& self) {
    self.complete(ec);
  }
};

/// Steps that transfer complete with `void(error_code, std::size_t)`.
struct transfer_step : step {
  std::size_t count = 0;

  template <class Self>
  void complete(Self& self) {
    self.complete(ec, count);
  }
};

struct handshake_step : plain_step {
  template <class Core>
  want operator()(Core& core) {
    if (core.engine.failure()) {
      if (fail(core) == want::output) return want::output;
      // A close with unread bytes sends a reset that overtakes the alert, so read until the peer has closed.
      core.half_close();
      return core.engine.ended() || core.read_error || late() ? want::nothing : want::input;
    }
    if (core.write_error) return finish(core.write_error);
    if (!core.engine.handshaking()) return core.unsent() ? want::output : finish();
    if (core.read_error) return finish(core.read_error);
    return want::input;
  }
};

template <class MutableBufferSequence>
struct read_step : transfer_step {
  explicit read_step(const MutableBufferSequence& target) : buffers(target) {}

  template <class Core>
  want operator()(Core& core) {
    if (net::buffer_size(buffers) == 0) return finish();
    bool eof = false;
    count = core.engine.read(buffers, eof);
    if (count > 0) return finish();
    if (eof) return finish(net::error::eof);
    if (core.engine.failure()) return fail(core);
    if (core.read_error) return finish(core.read_error);
    return want::input;
  }

  MutableBufferSequence buffers;
};

template <class ConstBufferSequence>
struct write_step : transfer_step {
  explicit write_step(const ConstBufferSequence& source) : buffers(source) {}

  template <class Core>
  want operator()(Core& core) {
    if (net::buffer_size(buffers) == 0) return finish();
    if (core.write_error) return finish(core.write_error);
    if (count == 0) {
      if (core.engine.failure()) return fail(core);
      // One writer at a time, so that what the engine holds stays bounded and what is not yet taken can be cancelled.
      if (core.writing()) return want::output;
      count = core.engine.write(buffers);
      if (count == 0 && core.engine.failure()) return fail(core);
      if (count == 0 && core.engine.handshaking()) return core.read_error ? finish(core.read_error) : want::input;
      if (count == 0 && !core.unsent()) return finish(to_code(status::closed));
    }
    if (!core.unsent()) return finish();
    if (core.engine.failure()) {
      // Nor may a removed client hold a write by not reading.
      limit(core);
      if (late()) return finish(core.engine.failure());
    }
    return want::output;
  }

  ConstBufferSequence buffers;
};

struct shutdown_step : plain_step {
  template <class Core>
  want operator()(Core& core) {
    if (!std::exchange(begun, true)) core.engine.close_notify();
    limit(core);
    if (core.unsent() && !late()) return want::output;
    if (core.write_error) return finish(core.write_error);
    if (!std::exchange(half_closed, true)) core.half_close();
    core.engine.discard();
    if (core.engine.closed() || core.engine.ended()) return finish();
    if (core.read_error && core.read_error != net::error::timed_out) return finish();
    return late() || core.read_error ? finish(net::error::timed_out) : want::input;
  }

  bool begun = false;
  bool half_closed = false;
};

/// Whether the user cancelled this very operation. Older Asios cannot.
template <class Self>
auto cancelled(const Self& self, int) -> decltype(self.get_cancellation_state().cancelled(), bool()) {
  using type = decltype(self.get_cancellation_state().cancelled());
  return self.get_cancellation_state().cancelled() != type::none;
}
template <class Self>
bool cancelled(const Self&, long) {
  return false;
}

/// Lets partial cancellation through, and not terminal only. Asio's own filter has no name where there is none of it.
struct partial_too {
  template <class Type>
  Type operator()(Type type) const noexcept {
    return type & (Type::terminal | Type::partial);
  }
};

/// What an operation has done is told or kept, and it may be begun again: so it takes partial cancellation as well, as
/// `asio::ssl::stream` does.
template <class Self>
auto take_cancellation(Self& self, int) -> decltype(self.reset_cancellation_state(partial_too())) {
  self.reset_cancellation_state(partial_too());
}
template <class Self>
void take_cancellation(Self&, long) {}

/// The implementation that async_compose runs. Holds the core, so that the stream may be destroyed meanwhile.
template <class Core, class Step>
class operation {
 public:
  operation(std::shared_ptr<Core> core, Step step) : core_(std::move(core)), step_(std::move(step)) {}

  template <class Self>
  void operator()(Self& self, const error_code& = {}) {
    const auto core = core_;  // `self`, and with it this object, is moved away below
    if (state_ == state::finished) return step_.complete(self);
    if (state_ == state::starting) {
      take_cancellation(self, 0);
      core->enter(net::get_associated_executor(self, core->executor()));
    }

    const bool aborted = !core->next || (state_ == state::waiting && cancelled(self, 0));
    const auto lacking = aborted ? step_.finish(net::error::operation_aborted) : step_(*core);

    if (lacking != want::nothing) {
      state_ = state::waiting;
      core->flush();
      if (lacking == want::input) core->pull();
      return core->wait(clock::time_point(step_.deadline), std::move(self));
    }
    // What an operation did may have queued an answer, also when it is over.
    core->flush();
    if (state_ == state::waiting) return step_.complete(self);
    // Never complete inside the initiating function.
    state_ = state::finished;
    net::post(core->executor(), std::move(self));
  }

 private:
  enum class state { starting, waiting, finished };

  std::shared_ptr<Core> core_;
  Step step_;
  state state_ = state::starting;
};

/// The blocking driver.
template <class Core, class Step>
void run(Core& core, Step& step) {
  core.read_error.clear();
  for (;;) {
    const auto lacking = step(core);
    if (lacking == want::nothing) return core.block(want::output, step.deadline);
    core.block(lacking, step.deadline);
  }
}

}  // namespace trustdir::asio::detail

#endif
