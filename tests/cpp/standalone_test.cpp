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

using our_stream = trustdir::asio::stream<tcp::socket>;
using their_stream = asio::ssl::stream<tcp::socket>;

static_assert(std::is_same_v<trustdir::asio::error_code, std::error_code>);
static_assert(std::is_same_v<our_stream::lowest_layer_type, tcp::socket::lowest_layer_type>);

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
  std::optional<our_stream> server;
  std::optional<their_stream> client;
};

static awaitable<void> send(auto& stream, const std::string& bytes) {
  co_await asio::async_write(stream, asio::buffer(bytes), use_awaitable);
}

static awaitable<void> expect(auto& stream, const std::string& bytes) {
  std::string got(bytes.size(), '\0');
  co_await asio::async_read(stream, asio::buffer(got), use_awaitable);
  CHECK(got == bytes);
}

static awaitable<std::error_code> read_error(our_stream& stream) {
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

/// Our stream at the client's end too, with OpenSSL as the server, which asks who calls.
TEST(a_client_in_coroutines) {
  const world w;
  std::filesystem::create_directory(w.dir / "servers");
  auto servers = trustdir::directory::open(w.dir / "servers");
  servers.install(w.server.certificate());
  const auto connector = trustdir::connector_builder().directory(servers).identity(w.alice).build();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto chain = w.server.certificate().pem();
    const auto key = w.server.key_pem();
    const auto anchor = w.ca.certificate().pem();
    asio::ssl::context context(asio::ssl::context::tls_server);
    SSL_CTX_set_max_proto_version(context.native_handle(), version);
    context.use_certificate_chain(asio::const_buffer(chain.data(), chain.size()));
    context.use_private_key(asio::const_buffer(key.text().data(), key.text().size()), asio::ssl::context::pem);
    context.add_certificate_authority(asio::const_buffer(anchor.data(), anchor.size()));
    context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    wire l(w, version);  // for its loop
    tcp::acceptor listener(l.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket near(l.io);
    near.connect(listener.local_endpoint());
    our_stream client(std::move(near), connector, "any.name");
    their_stream server(listener.accept(), context);
    const std::string data(1'000'000, 'd');
    l.run(
        [](auto& stream, auto& bytes, const world& around, int spoken) -> awaitable<void> {
          co_await stream.async_handshake(trustdir::asio::stream_base::client, use_awaitable);
          CHECK_EQUAL(stream.decision().subject(), around.server.certificate().subject());
          CHECK_EQUAL(stream.connection().version(), spoken == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
          co_await (send(stream, bytes) && expect(stream, bytes));
          for (const auto& file : std::filesystem::directory_iterator(around.dir / "servers")) {
            std::filesystem::remove(file.path());
          }
          CHECK(co_await read_error(stream) == trustdir::status::revoked);
        }(client, data, w, version),
        [](auto& stream, auto& bytes) -> awaitable<void> {
          co_await stream.async_handshake(asio::ssl::stream_base::server, use_awaitable);
          co_await (send(stream, bytes) && expect(stream, bytes));
          char byte = 0;
          std::error_code ec;
          co_await stream.async_read_some(asio::buffer(&byte, 1), redirect_error(use_awaitable, ec));
          CHECK(ec == asio::error::eof);
        }(server, data));
    servers.install(w.server.certificate());
  }
}

int main(int argc, char** argv) { return check::run(argc, argv); }
