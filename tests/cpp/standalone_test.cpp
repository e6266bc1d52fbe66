// The same stream over standalone Asio, used from coroutines.
#define TRUSTDIR_ASIO_STANDALONE
#include "check.hpp"
#include "world.hpp"

#include <trustdir/asio.hpp>

#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/ssl.hpp>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;

using server_stream = trustdir::asio::stream<tcp::socket>;
using client_stream = asio::ssl::stream<tcp::socket>;

static_assert(std::is_same_v<trustdir::asio::error_code, std::error_code>);
static_assert(std::is_same_v<server_stream::lowest_layer_type, tcp::socket::lowest_layer_type>);

/// Two ends of a connection, and a context that runs until both coroutines of a test are done.
class wire {
 public:
  wire(const world& w, int version)
      : acceptor(w.acceptor()), context(asio::ssl::context::tls_client) {
    SSL_CTX_set_min_proto_version(context.native_handle(), version);
    SSL_CTX_set_max_proto_version(context.native_handle(), version);
    const auto anchor = w.ca.certificate().pem();
    context.add_certificate_authority(asio::const_buffer(anchor.data(), anchor.size()));
    context.set_verify_mode(asio::ssl::verify_peer);
    const auto chain = w.alice.certificate().pem();
    const auto key = w.alice.key_pem();
    context.use_certificate_chain(asio::const_buffer(chain.data(), chain.size()));
    context.use_private_key(asio::const_buffer(key.text().data(), key.text().size()), asio::ssl::context::pem);

    tcp::acceptor listener(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket far(io);
    far.connect(listener.local_endpoint());
    server.emplace(listener.accept(), acceptor);
    client.emplace(std::move(far), context);
  }

  /// Runs both sides to their ends; an exception of either is the test's.
  void run(awaitable<void> near, awaitable<void> far) {
    std::exception_ptr failure;
    int done = 0;
    const auto finished = [&](std::exception_ptr thrown) {
      if (thrown && !failure) failure = thrown;
      if (thrown || ++done == 2) io.stop();
    };
    co_spawn(io, std::move(near), finished);
    co_spawn(io, std::move(far), finished);
    io.run_for(std::chrono::seconds(20));
    if (failure) std::rethrow_exception(failure);
    CHECK_EQUAL(done, 2);
  }

  asio::io_context io;
  trustdir::acceptor acceptor;
  asio::ssl::context context;
  std::optional<server_stream> server;
  std::optional<client_stream> client;
};

static awaitable<void> send(auto& stream, const std::string& bytes) {
  co_await asio::async_write(stream, asio::buffer(bytes), use_awaitable);
}

static awaitable<void> expect(auto& stream, const std::string& bytes) {
  std::string got(bytes.size(), '\0');
  co_await asio::async_read(stream, asio::buffer(got), use_awaitable);
  CHECK(got == bytes);
}

static awaitable<std::error_code> read_error(server_stream& stream) {
  char byte = 0;
  std::error_code ec;
  co_await stream.async_read_some(asio::buffer(&byte, 1), redirect_error(use_awaitable, ec));
  co_return ec;
}

TEST(both_directions_at_once) {
  const world w;
  const std::string data(3'000'000, 'd');
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    wire l(w, version);
    l.run(
        [](auto& stream, auto& bytes) -> awaitable<void> {
          co_await stream.async_handshake(use_awaitable);
          CHECK_EQUAL(stream.decision().subject(), "CN=alice");
          co_await (send(stream, bytes) && expect(stream, bytes));
          CHECK(co_await read_error(stream) == asio::error::eof);
          co_await stream.async_shutdown(use_awaitable);
        }(*l.server, data),
        [](auto& stream, auto& bytes) -> awaitable<void> {
          co_await stream.async_handshake(asio::ssl::stream_base::client, use_awaitable);
          co_await (send(stream, bytes) && expect(stream, bytes));
          co_await stream.async_shutdown(use_awaitable);
        }(*l.client, data));
  }
}

TEST(a_read_cancelled_by_a_timer_and_the_stream_used_again) {
  const world w;
  wire l(w, TLS1_3_VERSION);
  l.run(
      [](auto& stream) -> awaitable<void> {
        co_await stream.async_handshake(use_awaitable);
        for (int round = 0; round < 3; ++round) {
          asio::steady_timer timer(stream.get_executor(), std::chrono::milliseconds(5));
          char byte = 0;
          const auto first = co_await (stream.async_read_some(asio::buffer(&byte, 1), use_awaitable) ||
                                       timer.async_wait(use_awaitable));
          CHECK_EQUAL(first.index(), 1u);
          co_await send(stream, "go on");
          co_await expect(stream, "still in order");
        }
      }(*l.server),
      [](auto& stream) -> awaitable<void> {
        co_await stream.async_handshake(asio::ssl::stream_base::client, use_awaitable);
        for (int round = 0; round < 3; ++round) {
          co_await expect(stream, "go on");
          co_await send(stream, "still in order");
        }
      }(*l.client));
}

TEST(a_cancelled_write_leaves_no_half_record) {
  const world w;
  wire l(w, TLS1_3_VERSION);
  const std::string large(50'000'000, 'x');
  l.run(
      [](auto& stream, auto& bytes) -> awaitable<void> {
        co_await stream.async_handshake(use_awaitable);
        asio::steady_timer timer(stream.get_executor(), std::chrono::milliseconds(20));
        // The client does not read, so this cannot finish.
        const auto first =
            co_await (asio::async_write(stream, asio::buffer(bytes), use_awaitable) || timer.async_wait(use_awaitable));
        CHECK_EQUAL(first.index(), 1u);
        co_await send(stream, "END");
        co_await expect(stream, "done");
      }(*l.server, large),
      [](auto& server, auto& stream) -> awaitable<void> {
        co_await stream.async_handshake(asio::ssl::stream_base::client, use_awaitable);
        asio::steady_timer timer(server.get_executor(), std::chrono::milliseconds(60));
        co_await timer.async_wait(use_awaitable);
        char last = 'x';
        std::string block(65'536, '\0');
        while (last != 'D') {
          const auto count = co_await stream.async_read_some(asio::buffer(block), use_awaitable);
          last = block[count - 1];
        }
        co_await send(stream, "done");
      }(*l.server, *l.client));
}

TEST(removal_ends_an_idle_read) {
  const world w;
  wire l(w, TLS1_3_VERSION);
  l.run(
      [](auto& stream, const world& around) -> awaitable<void> {
        co_await stream.async_handshake(use_awaitable);
        co_await send(stream, "hello");
        co_await expect(stream, "remove me");
        around.unlink_alice();
        const auto ec = co_await read_error(stream);
        CHECK(ec == trustdir::status::revoked);
        CHECK(ec.category() == trustdir::category());
        co_await stream.async_shutdown(use_awaitable);
      }(*l.server, w),
      [](auto& stream) -> awaitable<void> {
        co_await stream.async_handshake(asio::ssl::stream_base::client, use_awaitable);
        co_await expect(stream, "hello");
        co_await send(stream, "remove me");
        char byte = 0;
        std::error_code ec;
        co_await stream.async_read_some(asio::buffer(&byte, 1), redirect_error(use_awaitable, ec));
        CHECK(ec);
        stream.lowest_layer().close();
      }(*l.client));
}

int main(int argc, char** argv) { return check::run(argc, argv); }
