// A server written for boost::asio::ssl, and the same after its types have changed (tests/migration): they behave alike,
// until a client's file goes.
#include "check.hpp"
#include "openssl_client.hpp"
#include "process.hpp"

#include <boost/asio.hpp>

#include <fstream>

namespace fs = std::filesystem;
namespace net = boost::asio;
using net::ip::tcp;
using boost::system::error_code;

namespace {

/// The programs lie beside this one.
std::string beside;

/// What the programs find in their working directory.
void save(const world& w) {
  w.server.save(w.dir / "server.pem", w.dir / "server.key");
  // OpenSSL's server is to find its clients by their subject hash.
  fs::remove_all(w.dir / "clients");
  trustdir::directory_options options;
  options.create = true;
  options.entry_names = trustdir::entry_names::subject_hash;
  trustdir::directory::open(w.dir / "clients", options).install(w.alice.certificate());
}

class server {
 public:
  server(const world& w, const std::string& name)
      : program_({"sh", "-c", "cd '" + (w.dir / "") + "' && exec '" + beside + "/migration_" + name + "'"}) {
    port_ = static_cast<unsigned short>(std::stoul(program_.next_line().value_or("0")));
    CHECK(port_ != 0);
  }

  tcp::endpoint endpoint() const { return {net::ip::address_v4::loopback(), port_}; }

 private:
  program program_;
  unsigned short port_ = 0;
};

class call {
 public:
  call(const world& w, const server& to, const trustdir::identity* own, int version)
      : context_(client_context(w, own, version)), stream_(io_, context_) {
    stream_.next_layer().connect(to.endpoint());
    error_code ec;
    stream_.handshake(ssl::stream_base::client, ec);
  }

  /// What comes back; nothing from a server that refuses.
  std::string echo(const std::string& text) {
    error_code ec;
    std::string heard(text.size(), '\0');
    net::write(stream_, net::buffer(text), ec);
    heard.resize(net::read(stream_, net::buffer(heard), ec));
    return heard;
  }

  bool part() {
    error_code ec;
    stream_.shutdown(ec);
    return !ec;
  }

 private:
  net::io_context io_;
  ssl::context context_;
  ssl::stream<tcp::socket> stream_;
};

}  // namespace

TEST(both_serve_and_refuse_alike) {
  const world w;
  save(w);
  const std::string text(100'000, 'm');
  for (const char* name : {"before", "after"}) {
    const server at(w, name);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      call alice(w, at, &w.alice, version);
      CHECK(alice.echo("hello") == "hello");
      CHECK(alice.echo(text) == text);
      CHECK(alice.part());
      CHECK(call(w, at, &w.mallory, version).echo("hello").empty());
      CHECK(call(w, at, nullptr, version).echo("hello").empty());
      CHECK(call(w, at, &w.alice, version).echo("again") == "again");
    }
  }
}

TEST(only_ours_ends_an_open_connection_when_the_file_goes) {
  const world w;
  for (const bool ours : {false, true}) {
    fs::remove(w.dir / "server.pem");
    fs::remove(w.dir / "server.key");
    save(w);
    const server at(w, ours ? "after" : "before");
    call alice(w, at, &w.alice, TLS1_3_VERSION);
    CHECK(alice.echo("hello") == "hello");
    w.unlink_alice();
    CHECK_EQUAL(alice.echo("still here?"), ours ? "" : "still here?");
    // OpenSSL has read the file and keeps it; for ours there is nothing but the directory.
    CHECK_EQUAL(call(w, at, &w.alice, TLS1_3_VERSION).echo("hello"), ours ? "" : "hello");
  }
}

int main(int argc, char** argv) {
  beside = fs::path(argv[0]).parent_path().string();
  return check::run(argc, argv);
}
