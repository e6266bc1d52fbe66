// trustdir for C++17: access control for TLS services by a directory of certificates.
//
//   auto ca      = trustdir::authority::create("ca");
//   auto alice   = ca.issue_client("alice");
//   auto clients = trustdir::directory::open("clients");       // the directory must be there
//   clients.install(alice.certificate());                       // alice is admitted ...
//   clients.remove("alice");                                    // ... and is not, from her next byte on
//
//   auto acceptor = trustdir::acceptor_builder(ca.issue_server({"localhost", "127.0.0.1"}))
//                       .client_auth(trustdir::client_auth::required)
//                       .directory(clients)
//                       .build();
//   trustdir::connection connection = acceptor.accept();        // bytes in, bytes out: see <trustdir/asio.hpp>
//
//   auto connector = trustdir::connector_builder().authority(ca.certificate()).identity(alice).build();
//   trustdir::connection call = connector.connect("localhost");  // the client's end of the same
//
// Every class owns one object of the C library, is movable and cannot be copied; what is cheap to share has `clone()`.
// Accessors return views that live as long as the object. A failing call throws `trustdir::error`; where a host wants
// no exceptions there is an overload with `std::error_code&`.
#ifndef TRUSTDIR_HPP
#define TRUSTDIR_HPP

#include <trustdir/acceptor.hpp>
#include <trustdir/authority.hpp>
#include <trustdir/authority_directory.hpp>
#include <trustdir/connection.hpp>
#include <trustdir/connector.hpp>
#include <trustdir/counters.hpp>
#include <trustdir/decision.hpp>
#include <trustdir/directory.hpp>
#include <trustdir/export.hpp>
#include <trustdir/identity_files.hpp>
#include <trustdir/lint.hpp>
#include <trustdir/nano_config.hpp>
#include <trustdir/policy.hpp>
#include <trustdir/rehash.hpp>
#include <trustdir/removals.hpp>

namespace trustdir {

/// The version of the library that is loaded, which may be newer than the headers.
inline std::string_view version() noexcept { return trustdir_version(); }

/// 0x00MMmmpp.
inline std::uint32_t version_number() noexcept { return trustdir_version_number(); }

}  // namespace trustdir

#endif
