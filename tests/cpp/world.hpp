// What every test needs: a directory of its own, an authority, a service, and clients with a trust directory.
#ifndef WORLD_HPP
#define WORLD_HPP

#include <trustdir.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

/// A temporary directory that goes with its object.
class temporary_directory {
 public:
  temporary_directory() {
    auto pattern = (std::filesystem::temp_directory_path() / "trustdir-test-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::system_error(errno, std::generic_category(), "mkdtemp");
    path_ = pattern;
  }
  temporary_directory(const temporary_directory&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// An authority, an identity for localhost, alice (installed) and mallory (not), and the directory of clients.
class world {
 public:
  world()
      : ca(trustdir::authority::create(dir / "ca")),
        server(ca.issue_server({"localhost", "127.0.0.1"})),
        alice(ca.issue_client("alice")),
        mallory(ca.issue_client("mallory")) {
    std::filesystem::create_directory(dir / "clients");
    clients.emplace(trustdir::directory::open(dir / "clients"));
    clients->install(alice.certificate());
  }

  trustdir::acceptor acceptor(trustdir::client_auth mode = trustdir::client_auth::required) const {
    trustdir::acceptor_builder builder(server);
    builder.client_auth(mode).alpn({"http/1.1"});
    if (mode != trustdir::client_auth::off) builder.directory(*clients);
    return builder.build();
  }

  /// Removes alice's file behind the library's back, as an operator does.
  void unlink_alice() const {
    for (const auto& file : std::filesystem::directory_iterator(dir / "clients")) std::filesystem::remove(file.path());
  }

  temporary_directory dir;
  trustdir::authority ca;
  trustdir::identity server;
  trustdir::identity alice;
  trustdir::identity mallory;
  std::optional<trustdir::directory> clients;
};

#endif
