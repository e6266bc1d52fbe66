// What the node answers: JSON in, JSON out. Knows neither HTTP nor TLS.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rpc_node {

/// Stands for the node's ledger; only its counters are of interest here.
struct ledger {
  std::uint64_t count = 1000;
  std::atomic<std::uint64_t> unchecked{10};
  std::uint64_t cemented = 25;
};

struct answer {
  std::string action;  ///< what was asked for, for the log
  std::string body;
};

/// The body `{"error": message}`.
std::string error_body(std::string_view message);

/// What changes the ledger is done only for those who `may_control` it.
answer process(ledger& ledger, const std::string& request, const std::function<bool()>& may_control);

}  // namespace rpc_node
