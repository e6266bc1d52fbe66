// Asynchronous streams tested with sequential code: one thread runs the context (and so is the strand of everything in
// it), the test starts operations there and waits for their outcome with a deadline.
#ifndef LOOP_HPP
#define LOOP_HPP

#include "check.hpp"

#include <boost/asio.hpp>

#include <chrono>
#include <future>
#include <thread>
#include <utility>

namespace net = boost::asio;
using boost::system::error_code;
using tcp = net::ip::tcp;

constexpr auto patience = std::chrono::seconds(20);

struct outcome {
  error_code ec;
  std::size_t count = 0;
};

/// The value of a future, or a failed test.
template <class T>
T get(std::future<T>&& future) {
  if (future.wait_for(patience) != std::future_status::ready) throw check::failed("timed out");
  return future.get();
}

class loop {
 public:
  loop() : thread_([this] { context.run(); }) {}
  loop(const loop&) = delete;
  ~loop() {
    work_.reset();
    context.stop();
    thread_.join();
  }

  /// Runs a function in the loop and returns its result.
  template <class Function>
  auto call(Function&& function) {
    // Shared, because Asio gives a bare packaged_task as handler a meaning of its own.
    const auto task = std::make_shared<std::packaged_task<decltype(function())()>>(std::forward<Function>(function));
    auto future = task->get_future();
    net::post(context, [task] { (*task)(); });
    return get(std::move(future));
  }

  /// Starts an operation in the loop; `initiate` gets the handler.
  template <class Initiate>
  std::future<outcome> start(Initiate&& initiate) {
    const auto promise = std::make_shared<std::promise<outcome>>();
    call([&] {
      initiate([promise](const error_code& ec, std::size_t count = 0) { promise->set_value({ec, count}); });
    });
    return promise->get_future();
  }

  template <class Initiate>
  outcome run(Initiate&& initiate) {
    return get(start(std::forward<Initiate>(initiate)));
  }

  /// Two ends of a connection over the loopback.
  std::pair<tcp::socket, tcp::socket> connect() {
    tcp::acceptor listener(context, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    tcp::socket client(context);
    client.connect(listener.local_endpoint());
    return {listener.accept(), std::move(client)};
  }

  net::io_context context;

 private:
  net::executor_work_guard<net::io_context::executor_type> work_ = net::make_work_guard(context);
  std::thread thread_;
};

#endif
