// The log: one line per event on standard output, `time=... event=... key=value ...`.
#pragma once

#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>

namespace rpc_node {

/// A key and its value. Text is quoted always, a word only when it has to be.
struct field {
  enum class style { word, text };

  std::string_view key;
  std::string_view value;
  style shown_as = style::word;
};

inline field text(std::string_view key, std::string_view value) { return {key, value, field::style::text}; }

/// May be used from several threads at once; lines never mix.
class log {
 public:
  void event(std::string_view name, std::initializer_list<field> fields);

 private:
  std::mutex mutex_;
};

}  // namespace rpc_node
