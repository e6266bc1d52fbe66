#include "rpc.hpp"

#include <trustdir.hpp>

#include <boost/property_tree/json_parser.hpp>
#include <boost/property_tree/ptree.hpp>

#include <algorithm>
#include <sstream>

namespace rpc_node {
namespace {

using boost::property_tree::ptree;

// The parser calls itself for every level, and a request must not choose how deep our stack goes.
constexpr auto max_json_depth = 20;

bool too_deep(const std::string& json) {
  return std::count_if(json.begin(), json.end(), [](char c) { return c == '[' || c == '{'; }) > max_json_depth;
}

std::string to_json(const ptree& tree) {
  std::ostringstream out;
  write_json(out, tree);
  return out.str();
}

// Numbers are strings, as in all answers of the node.
ptree block_count(const ledger& ledger) {
  ptree tree;
  tree.put("count", ledger.count);
  tree.put("unchecked", ledger.unchecked.load());
  tree.put("cemented", ledger.cemented);
  return tree;
}

ptree version() {
  ptree tree;
  tree.put("rpc_version", "1");
  tree.put("store_version", "21");
  tree.put("protocol_version", "18");
  tree.put("node_vendor", "trustdir rpc_node " + std::string(trustdir::version()));
  tree.put("store_vendor", "memory");
  tree.put("network", "test");
  return tree;
}

}  // namespace

std::string error_body(std::string_view message) {
  ptree tree;
  tree.put("error", std::string(message));
  return to_json(tree);
}

answer process(ledger& ledger, const std::string& request, const std::function<bool()>& may_control) {
  if (too_deep(request)) return {"", error_body("Max JSON depth exceeded")};
  std::string action;
  try {
    ptree tree;
    std::istringstream in(request);
    read_json(in, tree);
    action = tree.get<std::string>("action");
  } catch (const boost::property_tree::ptree_error&) {
    return {"", error_body("Unable to parse JSON")};
  }
  if (action == "block_count") return {action, to_json(block_count(ledger))};
  if (action == "version") return {action, to_json(version())};
  if (action == "unchecked_clear") {
    if (!may_control()) return {action, error_body("RPC control is disabled")};
    ledger.unchecked = 0;
    return {action, R"({"success": ""})"};
  }
  return {action, error_body("Unknown command")};
}

}  // namespace rpc_node
