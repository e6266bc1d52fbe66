// Every operation cancelled at each point where it waits, as server and as client of OpenSSL: it completes once, what it
// had done is told, and begun again it goes on from there.
#define TRUSTDIR_ASIO_STANDALONE
#include "check.hpp"
#include "world.hpp"

#include <trustdir/asio.hpp>

#include <asio.hpp>
#include <asio/ssl.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <system_error>

using asio::ip::tcp;
using our_stream = trustdir::asio::stream<tcp::socket>;
using their_stream = asio::ssl::stream<tcp::socket>;
using handler = std::function<void(std::error_code, std::size_t)>;

namespace {

enum class role { server, client };

asio::const_buffer bytes(std::string_view text) { return {text.data(), text.size()}; }

/// OpenSSL at the other end: it shows a certificate that our side takes, and asks for ours.
asio::ssl::context context_of(const world& w, role ours, int version) {
  asio::ssl::context context(ours == role::server ? asio::ssl::context::tls_client : asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context.native_handle(), version);
  SSL_CTX_set_max_proto_version(context.native_handle(), version);
  const trustdir::identity& own = ours == role::server ? w.alice : w.server;
  context.add_certificate_authority(bytes(w.ca.certificate().pem()));
  context.set_verify_mode(asio::ssl::verify_peer);
  context.use_certificate_chain(bytes(own.certificate().pem()));
  context.use_private_key(bytes(own.key_pem().text()), asio::ssl::context::pem);
  return context;
}

/// Two ends of a connection in a loop that the test turns handler by handler.
class wire {
 public:
  wire(const world& w, role side, int version) : side_(side), context_(context_of(w, side, version)) {
    tcp::acceptor listener(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket far(io);
    far.connect(listener.local_endpoint());
    if (side == role::server) {
      ours.emplace(listener.accept(), w.acceptor());
    } else {
      ours.emplace(listener.accept(),
                   trustdir::connector_builder().authority(w.ca.certificate()).identity(w.alice).build(), "localhost");
    }
    theirs.emplace(std::move(far), context_);
  }

  void their_handshake() {
    const auto type = side_ == role::server ? asio::ssl::stream_base::client : asio::ssl::stream_base::server;
    theirs->async_handshake(type, [this](std::error_code ec) {
      CHECK(!ec);
      they_are_ready_ = true;
    });
  }

  /// Runs handlers until `done`, or so many of them.
  void turn(const bool& done, int most) {
    while (!done && most-- > 0) CHECK(io.run_one_for(std::chrono::seconds(20)) == 1);
  }

  void handshake() {
    bool done = false;
    their_handshake();
    ours->async_handshake([&](std::error_code ec) {
      CHECK(!ec);
      done = true;
    });
    turn(done, 1'000'000);
    turn(they_are_ready_, 1'000'000);
  }

  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> busy{io.get_executor()};
  std::optional<our_stream> ours;
  std::optional<their_stream> theirs;

 private:
  role side_;
  asio::ssl::context context_;
  bool they_are_ready_ = false;
};

/// An operation, and what goes on around it.
struct job {
  bool connected;                   ///< begins after the handshake
  std::function<void(wire&)> peer;  ///< what the other end does meanwhile
  /// Goes on behind so many bytes.
  std::function<void(wire&, std::size_t, asio::cancellation_slot, const handler&)> start;
  std::function<bool(wire&)> good;  ///< whether all has arrived
};

/// Cancels it before each handler that would run, until it is done before it can be cancelled; how often it was, in
/// either way.
int cancel_everywhere(const world& w, role side, int version, const job& work) {
  int aborted[2] = {0, 0};
  for (int point = 0;; point += 1 + point / 8) {
    wire l(w, side, version);
    if (work.connected) l.handshake();
    work.peer(l);
    asio::cancellation_signal signal;
    bool done = false;
    int completions = 0, begun = 1;
    std::error_code ec;
    std::size_t count = 0;
    const handler finished = [&](std::error_code result, std::size_t transferred) {
      ec = result;
      count += transferred;
      done = true;
      ++completions;
    };
    work.start(l, 0, signal.slot(), finished);
    l.turn(done, point);
    const bool all = done;
    signal.emit(point % 2 ? asio::cancellation_type::partial : asio::cancellation_type::terminal);
    l.turn(done, 1'000'000);
    CHECK(!ec || ec == asio::error::operation_aborted);
    if (ec) {
      ++aborted[point % 2];
      ++begun;
      done = false;
      work.start(l, count, {}, finished);
      l.turn(done, 1'000'000);
      CHECK(!ec);
    }
    while (!work.good(l)) l.turn(done = false, 1);
    CHECK_EQUAL(completions, begun);
    if (all) return std::min(aborted[0], aborted[1]);
  }
}

}  // namespace

TEST(handshakes) {
  const world w;
  const job work{false,
                 [](wire& l) { l.their_handshake(); },
                 [](wire& l, std::size_t, asio::cancellation_slot slot, const handler& finished) {
                   l.ours->async_handshake(
                       asio::bind_cancellation_slot(slot, [finished](std::error_code ec) { finished(ec, 0); }));
                 },
                 [](wire& l) { return l.ours->decision().is_admitted(); }};
  for (const auto side : {role::server, role::client}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) CHECK(cancel_everywhere(w, side, version, work) > 1);
  }
}

TEST(reads) {
  const world w;
  const std::string sent(300'000, 'r');
  std::string heard;
  const job work{true,
                 [&](wire& l) {
                   heard.assign(sent.size(), '\0');
                   asio::async_write(*l.theirs, asio::buffer(sent), [](std::error_code ec, std::size_t) { CHECK(!ec); });
                 },
                 [&](wire& l, std::size_t done, asio::cancellation_slot slot, const handler& finished) {
                   asio::async_read(*l.ours, asio::buffer(heard) + done, asio::bind_cancellation_slot(slot, finished));
                 },
                 [&](wire&) { return heard == sent; }};
  for (const auto side : {role::server, role::client}) CHECK(cancel_everywhere(w, side, TLS1_3_VERSION, work) > 1);
}

TEST(writes) {
  const world w;
  const std::string sent(3'000'000, 'w');
  std::string heard;
  const job work{true,
                 [&](wire& l) {
                   heard.assign(sent.size(), '\0');
                   asio::async_read(*l.theirs, asio::buffer(heard), [](std::error_code ec, std::size_t) { CHECK(!ec); });
                 },
                 [&](wire& l, std::size_t done, asio::cancellation_slot slot, const handler& finished) {
                   asio::async_write(*l.ours, asio::buffer(sent) + done, asio::bind_cancellation_slot(slot, finished));
                 },
                 [&](wire&) { return heard == sent; }};
  for (const auto side : {role::server, role::client}) CHECK(cancel_everywhere(w, side, TLS1_3_VERSION, work) > 1);
}

TEST(shutdowns) {
  const world w;
  const job work{true,
                 [](wire& l) { l.theirs->async_shutdown([](std::error_code) {}); },
                 [](wire& l, std::size_t, asio::cancellation_slot slot, const handler& finished) {
                   l.ours->async_shutdown(
                       asio::bind_cancellation_slot(slot, [finished](std::error_code ec) { finished(ec, 0); }));
                 },
                 [](wire&) { return true; }};
  for (const auto side : {role::server, role::client}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) CHECK(cancel_everywhere(w, side, version, work) >= 1);
  }
}

int main(int argc, char** argv) { return check::run(argc, argv); }
