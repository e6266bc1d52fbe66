// OpenSSL as the other side: somebody else's TLS, so that both sides cannot be wrong together.
#ifndef OPENSSL_CLIENT_HPP
#define OPENSSL_CLIENT_HPP

#include "world.hpp"

#include <boost/asio/ssl.hpp>

namespace ssl = boost::asio::ssl;

/// A context that trusts the world's authority and has the certificate of `who`, if anybody.
inline ssl::context client_context(const world& w, const trustdir::identity* who, int version) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), version);
  SSL_CTX_set_max_proto_version(context.native_handle(), version);
  const auto anchor = w.ca.certificate().pem();
  context.add_certificate_authority(boost::asio::const_buffer(anchor.data(), anchor.size()));
  context.set_verify_mode(ssl::verify_peer);
  if (who) {
    const auto chain = who->certificate().pem();
    const auto key = who->key_pem();
    context.use_certificate_chain(boost::asio::const_buffer(chain.data(), chain.size()));
    context.use_private_key(boost::asio::const_buffer(key.text().data(), key.text().size()), ssl::context::pem);
  }
  return context;
}

#endif
