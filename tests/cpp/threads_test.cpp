// Four threads run one context: coroutines that share an acceptor and a connector, each stream in a strand of its own,
// while clients are installed and removed, settings are reloaded and certificates issued. Also built with the sanitizers
// for addresses and for threads, which see into the headers; the library is not instrumented.
#define TRUSTDIR_ASIO_STANDALONE
#include "check.hpp"
#include "world.hpp"

#include <trustdir/asio.hpp>

#include <asio.hpp>

#include <atomic>
#include <thread>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using strand = asio::strand<asio::io_context::executor_type>;
using socket_type = asio::basic_stream_socket<tcp, strand>;
using stream = trustdir::asio::stream<socket_type>;

namespace {

constexpr int clients = 12;
constexpr int rounds = 3;

/// What the coroutines count.
struct tally {
  std::atomic<int> served{0}, called{0}, refused{0}, broken{0};
};

awaitable<void> serve(socket_type socket, const trustdir::acceptor& acceptor, tally& seen) try {
  stream tls(std::move(socket), acceptor);
  co_await tls.async_handshake(use_awaitable);
  std::string buffer(5000, '\0');
  std::error_code ec;
  while (!ec) {
    const auto count = co_await tls.async_read_some(asio::buffer(buffer), redirect_error(use_awaitable, ec));
    if (!ec) co_await asio::async_write(tls, asio::buffer(buffer, count), use_awaitable);
  }
  co_await tls.async_shutdown(use_awaitable);
  seen.served += ec == asio::error::eof;
} catch (const std::system_error& failure) {
  seen.refused += failure.code() == trustdir::condition::trust;
  seen.broken += failure.code() != trustdir::condition::trust;
}

awaitable<void> listen(tcp::acceptor& listener, const trustdir::acceptor& acceptor, tally& seen) {
  auto& context = static_cast<asio::io_context&>(listener.get_executor().context());
  std::error_code ec;
  while (!ec) {
    auto own = asio::make_strand(context);
    auto socket = co_await listener.async_accept(own, redirect_error(use_awaitable, ec));
    if (!ec) co_spawn(own, serve(std::move(socket), acceptor, seen), asio::detached);
  }
}

awaitable<void> call(strand own, tcp::endpoint where, const trustdir::connector& connector, tally& seen) {
  const std::string sent(40'000, 's');
  for (int i = 0; i < rounds; ++i) {
    socket_type socket(own);
    co_await socket.async_connect(where, use_awaitable);
    stream tls(std::move(socket), connector, "localhost");
    co_await tls.async_handshake(use_awaitable);
    // The echo comes back while there is more to send.
    std::string heard(sent.size(), '\0');
    co_await asio::async_write(tls, asio::buffer(sent), use_awaitable);
    co_await asio::async_read(tls, asio::buffer(heard), use_awaitable);
    seen.called += heard == sent;
    co_await tls.async_shutdown(use_awaitable);
  }
}

}  // namespace

TEST(streams_on_four_threads) {
  const world w;
  const auto acceptor = w.acceptor();
  const auto trusts = [&](const trustdir::identity& own) {
    return trustdir::connector_builder().authority(w.ca.certificate()).identity(own).build();
  };
  const auto alice = trusts(w.alice), mallory = trusts(w.mallory);
  asio::io_context context;
  tcp::acceptor listener(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  tally seen;
  std::atomic<int> running{clients + 1};
  const auto finished = [&](const std::exception_ptr&) {
    if (--running == 0) asio::post(context, [&] { listener.close(); });
  };
  co_spawn(context, listen(listener, acceptor, seen), asio::detached);
  const auto start = [&](const trustdir::connector& connector) {
    const auto own = asio::make_strand(context);
    co_spawn(own, call(own, listener.local_endpoint(), connector, seen), finished);
  };
  for (int i = 0; i < clients; ++i) start(alice);
  start(mallory);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { context.run(); });

  // The operator's work goes on meanwhile, with the same objects.
  for (int i = 0; running > 0 && i < 20; ++i) {
    const auto bob = w.ca.issue_client("bob");
    w.clients->install(bob.certificate());
    CHECK(w.clients->contains(bob.certificate()));
    w.clients->remove(bob.certificate().fingerprint());
    trustdir::acceptor_builder settings(w.server);
    acceptor.reload(settings.directory(*w.clients));
    CHECK(acceptor.counters().accepted() >= acceptor.connections().size());
  }
  for (auto& thread : threads) thread.join();
  CHECK_EQUAL(seen.called, clients * rounds);
  CHECK_EQUAL(seen.served, clients * rounds);
  CHECK_EQUAL(seen.refused, 1);
  CHECK_EQUAL(seen.broken, 0);
  CHECK_EQUAL(acceptor.counters().open(), 0u);
}

int main(int argc, char** argv) { return check::run(argc, argv); }
