// rpc_node CONFIG.toml [--port-file FILE]
//
// The RPC service of a Nano node over HTTPS, and secure WebSockets where `enable_wss` says so (config-tls.toml), on one
// port: reads its configuration, admits the clients whose certificates are in `client_certs_path`, and closes their
// connections when the files go. What changes the ledger needs an entry that is not limited to services other than
// "rpc-control". SIGHUP has it read the configuration again, with the certificates that it names; address, port, what
// is served and logging stay as they were.
#include "server.hpp"

#include <trustdir.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace net = boost::asio;

namespace {

struct arguments {
  std::string config;
  std::string port_file;
};

arguments parse(int argc, char** argv) {
  const std::vector<std::string> given(argv + 1, argv + argc);
  if (given.size() == 1 && given[0].rfind("--", 0) != 0) return {given[0], ""};
  if (given.size() == 3 && given[1] == "--port-file") return {given[0], given[2]};
  std::cerr << "usage: rpc_node CONFIG.toml [--port-file FILE]\n";
  std::exit(2);
}

net::ip::tcp::endpoint endpoint_of(const trustdir::nano_config& config, bool any_port) {
  boost::system::error_code ec;
  const std::string text(config.address().empty() ? "::1" : config.address());
  const auto address = net::ip::make_address(text, ec);
  if (ec) throw std::runtime_error("address \"" + text + "\" is not an IP address; use 127.0.0.1 or ::1");
  // 0 is a free port for whoever can read which; to all others it means that the file does not say, as for the node.
  constexpr std::uint16_t default_port = 7076;
  return {address, config.port() == 0 && !any_port ? default_port : config.port()};
}

/// In one step, so that a reader sees the number or no file.
void write_port(const std::string& path, std::uint16_t port) {
  const auto draft = path + ".new";
  std::ofstream file(draft);
  file << port << '\n';
  file.close();
  if (!file) throw std::runtime_error(draft + ": cannot be written");
  std::filesystem::rename(draft, path);
}

/// For connections that come from now on; those that are open go on. What cannot be read changes nothing.
void reload(const std::string& path, rpc_node::service& shared) {
  try {
    const auto config = trustdir::nano_config::load(path);
    shared.acceptor.reload(config.builder());
    shared.log.event("reloaded", {rpc_node::text("policy", config.policy())});
  } catch (const std::exception& error) {
    shared.log.event("not_reloaded", {rpc_node::text("message", error.what())});
  }
}

/// Calls `reload` on SIGHUP, and stops at the other signals.
void heed(net::signal_set& signals, net::io_context& context, const std::string& config, rpc_node::service& shared) {
  signals.async_wait([&](const boost::system::error_code& ec, int signal) {
    if (ec) return;
    if (signal != SIGHUP) return context.stop();
    reload(config, shared);
    heed(signals, context, config, shared);
  });
}

void serve(const arguments& given) {
  const auto config = trustdir::nano_config::load(given.config);
  // Before the socket is opened: a service that cannot check its clients must not listen.
  rpc_node::service shared{config.acceptor(), {}, {}, config.verbose_logging(), config.enabled(), config.wss_enabled()};

  const int threads = static_cast<int>(std::max(2u, std::thread::hardware_concurrency()));
  net::io_context context(threads);
  rpc_node::server server(context, endpoint_of(config, !given.port_file.empty()), shared);
  const auto bound = server.local_endpoint();
  if (!given.port_file.empty()) write_port(given.port_file, bound.port());

  net::signal_set signals(context, SIGINT, SIGTERM, SIGHUP);
  heed(signals, context, given.config, shared);

  for (std::size_t i = 0; i < config.note_count(); ++i) {
    shared.log.event("note", {rpc_node::text("message", config.note(i))});
  }
  server.accept();
  shared.log.event("listening", {{"address", bound.address().to_string()},
                                 {"port", std::to_string(bound.port())},
                                 {"https", shared.https ? "true" : "false"},
                                 {"wss", shared.web_sockets ? "true" : "false"},
                                 rpc_node::text("policy", config.policy())});

  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&] { context.run(); });
  context.run();
  for (auto& thread : others) thread.join();
  shared.log.event("stopped", {});
}

}  // namespace

int main(int argc, char** argv) {
  const auto given = parse(argc, argv);
  try {
    serve(given);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "rpc_node: " << error.what() << '\n';
    return 1;
  }
}
