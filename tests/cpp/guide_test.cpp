// The main job, step by step, as the demonstration shows it: a C++ server over our stream admits the guide's clients,
// refuses strangers with the reason in its log, and lets nobody stay whose file is gone. The other side are the
// `openssl` and `curl` commands, in TLS 1.2 and 1.3.
#include "process.hpp"
#include "world.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <trustdir/asio.hpp>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

namespace net = boost::asio;
namespace fs = std::filesystem;
using boost::system::error_code;

namespace {

struct event {
  std::string what;
  trustdir::reason reason;
  std::string subject;
  bool resumed;
};

/// What the server has logged; tests wait on it.
class journal {
 public:
  void add(event entry) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(entry));
    changed_.notify_all();
  }
  std::size_t mark() {
    const std::lock_guard lock(mutex_);
    return events_.size();
  }
  event wait(std::size_t from, const std::string& what, const std::string& subject = {}) {
    std::unique_lock lock(mutex_);
    for (std::size_t at = from;; ++at) {
      const bool there = changed_.wait_for(lock, std::chrono::seconds(30), [&] { return events_.size() > at; });
      if (!there) throw std::runtime_error("waited in vain for " + what + " of " + subject);
      if (events_[at].what == what && (subject.empty() || events_[at].subject == subject)) return events_[at];
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<event> events_;
};

/// Echoes, and answers a GET as HTTP so that curl is content.
class session : public std::enable_shared_from_this<session> {
 public:
  session(net::ip::tcp::socket socket, const trustdir::acceptor& acceptor, journal& log)
      : stream_(std::move(socket), acceptor), log_(log) {}

  void start() {
    stream_.async_handshake([self = shared_from_this()](error_code ec) {
      self->note(ec ? "refused" : "admitted");
      if (!ec) self->read();
    });
  }

 private:
  void read() {
    stream_.async_read_some(net::buffer(buffer_), [self = shared_from_this()](error_code ec, std::size_t count) {
      if (ec) return self->end();
      const std::string_view text(self->buffer_, count);
      self->answer_ = text.substr(0, 4) == "GET " ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" : text;
      net::async_write(self->stream_, net::buffer(self->answer_), [self](error_code failed, std::size_t) {
        failed ? self->end() : self->read();
      });
    });
  }

  void end() {
    note("closed");
    stream_.async_shutdown([self = shared_from_this()](error_code) {});
  }

  void note(const char* what) {
    const auto decision = stream_.decision();
    log_.add({what, decision.reason(), std::string(decision.subject()), stream_.connection().resumed()});
  }

  trustdir::asio::stream<boost::beast::tcp_stream> stream_;
  journal& log_;
  char buffer_[4096];
  std::string answer_;
};

/// A node that is configured as the guide says: the directory is read by subject hashes.
class node {
 public:
  node() {
    fs::create_directory(w.dir / "tls");
    w.server.save(w.dir / "tls/server.cert.pem", w.dir / "tls/server.key.pem", "test");
    fs::create_directory(clients());
    std::ofstream(w.dir / "config-rpc.toml") << "[secure]\nenable=true\nserver_cert_path=\"tls/server.cert.pem\"\n"
                                                "server_key_path=\"tls/server.key.pem\"\nserver_key_passphrase=\"test\"\n"
                                                "server_dh_path=\"tls/dh1024.pem\"\nclient_certs_path=\"tls/clients\"\n";
    std::ofstream(w.dir / "ca.pem") << w.ca.certificate().pem();
    tls_.emplace(trustdir::nano_config::load(w.dir / "config-rpc.toml").acceptor());
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~node() {
    io_.stop();
    thread_.join();
  }

  std::string clients() const { return w.dir / "tls/clients"; }
  std::string address() const { return "127.0.0.1:" + std::to_string(listener_.local_endpoint().port()); }

  /// `openssl s_client` with the certificate of `who`, if anybody.
  program connect(const std::string& who, const std::string& version, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"openssl", "s_client",      "-connect", address(),      "-quiet",
                                       "-no_ign_eof", "-CAfile",   w.dir / "ca.pem", version, "-verify_return_error"};
    if (!who.empty()) {
      arguments.insert(arguments.end(), {"-cert", file(who, "cert"), "-key", file(who, "key")});
      if (fs::exists(file(who, "chain"))) arguments.insert(arguments.end(), {"-cert_chain", file(who, "chain")});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program(arguments);
  }

  bool admits(const std::string& who, const std::string& version, std::vector<std::string> more = {}) const {
    auto client = connect(who, version, std::move(more));
    const auto answer = client.echo("hello");
    if (answer) client.finish();
    return answer.has_value();
  }

  /// The reason for which `who` is refused; the test ends when it is not.
  trustdir::reason refuses(const std::string& who, const std::string& version, std::vector<std::string> more = {}) {
    const auto mark = log.mark();
    CHECK(!admits(who, version, std::move(more)));
    return log.wait(mark, "refused").reason;
  }

  /// A client as the guide makes it: self-signed, CA:TRUE.
  void self_signed(const std::string& who) const {
    shell("openssl req -newkey rsa:2048 -nodes -x509 -days 365 -subj /CN=" + who + " -keyout " + file(who, "key") +
          " -out " + file(who, "cert"));
  }

  /// A client whose certificate is signed with the key of another, which it sends along.
  void minted(const std::string& who, const std::string& by) const {
    const auto request = file(who, "csr");
    shell("openssl req -newkey rsa:2048 -nodes -subj /CN=" + who + " -keyout " + file(who, "key") + " -out " + request);
    shell("openssl x509 -req -in " + request + " -CA " + file(by, "cert") + " -CAkey " + file(by, "key") +
          " -CAcreateserial -days 30 -out " + file(who, "cert"));
    fs::copy_file(file(by, "cert"), file(who, "chain"));
  }

  /// Where the guide puts the link.
  std::string link_of(const std::string& who) const {
    const auto hash = shell("openssl x509 -noout -subject_hash -in " + file(who, "cert"));
    return clients() + "/" + hash.substr(0, 8) + ".0";
  }
  void link(const std::string& who) const { fs::create_symlink(file(who, "cert"), link_of(who)); }

  std::string file(const std::string& who, const std::string& what) const { return w.dir / (who + "." + what + ".pem"); }

  world w;
  journal log;

 private:
  void accept() {
    listener_.async_accept([this](error_code ec, net::ip::tcp::socket socket) {
      if (!ec) std::make_shared<session>(std::move(socket), *tls_, log)->start();
      accept();
    });
  }

  net::io_context io_{1};
  net::ip::tcp::acceptor listener_{io_, {net::ip::make_address("127.0.0.1"), 0}};
  std::optional<trustdir::acceptor> tls_;
  std::thread thread_;
};

const char* const versions[] = {"-tls1_2", "-tls1_3"};

/// Step 4: an idle connection is closed, a resumed handshake and a full one are refused, alice goes on, and what comes
/// back is admitted.
template <class Install, class Remove>
void removal(Install install, Remove remove) {
  for (const std::string version : versions) {
    node n;
    n.self_signed("alice");
    n.link("alice");
    n.self_signed("rpcuser1");
    install(n);
    const auto session = n.w.dir / "session";
    CHECK(n.admits("rpcuser1", version, {"-sess_out", session}));
    auto mark = n.log.mark();
    CHECK(n.admits("rpcuser1", version, {"-sess_in", session}));
    CHECK(n.log.wait(mark, "admitted").resumed);
    CHECK(n.admits("rpcuser1", version, {"-sess_out", session}));
    auto undisturbed = n.connect("alice", version);
    CHECK(undisturbed.echo("one") == "one");
    auto idle = n.connect("rpcuser1", version);
    CHECK(idle.echo("one") == "one");

    mark = n.log.mark();
    remove(n);
    CHECK(!idle.next_line());
    CHECK_EQUAL(n.log.wait(mark, "closed", "CN=rpcuser1").reason, trustdir::reason::removed);
    CHECK_EQUAL(n.refuses("rpcuser1", version, {"-sess_in", session}), trustdir::reason::removed);
    CHECK_EQUAL(n.refuses("rpcuser1", version), trustdir::reason::removed);

    CHECK(undisturbed.echo("two") == "two");
    install(n);
    CHECK(n.admits("rpcuser1", version));
  }
}

void copy(const node& n) {
  fs::copy_file(n.file("rpcuser1", "cert"), n.link_of("rpcuser1"), fs::copy_options::overwrite_existing);
}

/// A link to a store outside of the directory.
void link_to_store(const node& n) {
  fs::create_directory(n.w.dir / "store");
  fs::copy_file(n.file("rpcuser1", "cert"), n.w.dir / "store/rpcuser1.pem", fs::copy_options::overwrite_existing);
  if (!fs::is_symlink(n.link_of("rpcuser1"))) fs::create_symlink(n.w.dir / "store/rpcuser1.pem", n.link_of("rpcuser1"));
}

}  // namespace

TEST(step_2_installed_clients_are_admitted_and_named) {
  node n;
  for (const auto* who : {"alice", "rpc.user.1"}) {
    n.self_signed(who);
    n.link(who);
    for (const std::string version : {"1.2", "1.3"}) {
      auto mark = n.log.mark();
      CHECK(n.admits(who, version == "1.2" ? "-tls1_2" : "-tls1_3"));
      CHECK_EQUAL(n.log.wait(mark, "admitted").subject, std::string("CN=") + who);
      mark = n.log.mark();
      const auto said = shell("curl -sS --max-time 20 --tlsv" + version + " --tls-max " + version + " --cacert " +
                              (n.w.dir / "ca.pem") + " --cert " + n.file(who, "cert") + " --key " + n.file(who, "key") +
                              " https://" + n.address() + "/");
      CHECK_EQUAL(said, std::string("hello"));
      CHECK_EQUAL(n.log.wait(mark, "admitted").reason, trustdir::reason::admitted);
    }
  }
}

TEST(step_3_everybody_else_is_refused_with_the_reason) {
  node n;
  n.self_signed("rpcuser1");
  n.link("rpcuser1");
  n.self_signed("stranger");
  n.minted("chained", "stranger");
  n.minted("guest", "rpcuser1");
  shell("openssl req -newkey rsa:2048 -nodes -subj /CN=old -keyout " + n.file("old", "key") + " -out " +
        n.file("old", "csr"));
  shell("openssl x509 -req -in " + n.file("old", "csr") + " -signkey " + n.file("old", "key") + " -days -1 -out " +
        n.file("old", "cert"));
  n.link("old");
  for (const std::string version : versions) {
    CHECK_EQUAL(n.refuses("", version), trustdir::reason::no_certificate);
    CHECK_EQUAL(n.refuses("stranger", version), trustdir::reason::not_installed);
    CHECK_EQUAL(n.refuses("chained", version), trustdir::reason::not_installed);
    CHECK_EQUAL(n.refuses("guest", version), trustdir::reason::minted_by_pin);
    CHECK_EQUAL(n.refuses("old", version), trustdir::reason::expired);
    CHECK(n.admits("rpcuser1", version));
  }
}

TEST(step_4_unlink) {
  removal([](node& n) { n.link("rpcuser1"); }, [](node& n) { fs::remove(n.link_of("rpcuser1")); });
}

TEST(step_4_mv_out_of_the_directory) {
  removal(copy, [](node& n) { fs::rename(n.link_of("rpcuser1"), n.w.dir / "away"); });
}

TEST(step_4_rename_over_by_another_certificate) {
  removal(copy, [](node& n) {
    n.self_signed("other");
    fs::rename(n.file("other", "cert"), n.link_of("rpcuser1"));
  });
}

TEST(step_4_target_of_the_link_removed) {
  removal(link_to_store, [](node& n) { fs::remove(n.w.dir / "store/rpcuser1.pem"); });
}

TEST(step_4_target_of_the_link_replaced) {
  removal(link_to_store, [](node& n) {
    n.self_signed("other");
    fs::rename(n.file("other", "cert"), n.w.dir / "store/rpcuser1.pem");
  });
}

TEST(step_4_directory_replaced) {
  for (const std::string version : versions) {
    node n;
    for (const auto* who : {"alice", "rpcuser1"}) {
      n.self_signed(who);
      n.link(who);
    }
    const auto session = n.w.dir / "session";
    CHECK(n.admits("rpcuser1", version, {"-sess_out", session}));
    auto idle = n.connect("rpcuser1", version);
    CHECK(idle.echo("one") == "one");
    const auto link = fs::path(n.link_of("alice")).filename();
    fs::create_directory(n.w.dir / "next");
    fs::create_symlink(n.file("alice", "cert"), fs::path(n.w.dir / "next") / link);
    fs::rename(n.clients(), n.w.dir / "old");
    fs::rename(n.w.dir / "next", n.clients());
    CHECK(!idle.next_line());
    CHECK_EQUAL(n.refuses("rpcuser1", version, {"-sess_in", session}), trustdir::reason::removed);
    CHECK_EQUAL(n.refuses("rpcuser1", version), trustdir::reason::removed);
    CHECK(n.admits("alice", version));
    n.link("rpcuser1");
    CHECK(n.admits("rpcuser1", version));
  }
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return check::run(argc, argv);
}
