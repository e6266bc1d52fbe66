#include "log.hpp"

#include <algorithm>
#include <ctime>
#include <iostream>

namespace rpc_node {
namespace {

bool is_plain(char c) {
  const std::string_view marks = "_.:/+-*[]%";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         marks.find(c) != std::string_view::npos;
}

// A client chooses the names in its certificate: whatever could end the value, or drive a terminal, is escaped.
void append_quoted(std::string& line, std::string_view value) {
  const char* digits = "0123456789abcdef";
  line += '"';
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    const auto next = i + 1 < value.size() ? static_cast<unsigned char>(value[i + 1]) : 0;
    const bool is_c1_control = byte == 0xc2 && next >= 0x80 && next < 0xa0;
    if (byte == '"' || byte == '\\') {
      line += '\\';
      line += value[i];
    } else if (byte < 0x20 || byte == 0x7f || is_c1_control) {
      line += "\\x";
      line += digits[byte >> 4];
      line += digits[byte & 15];
    } else {
      line += value[i];
    }
  }
  line += '"';
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char shown[sizeof "2026-11-21T00:00:00Z"];
  return {shown, std::strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

void log::event(std::string_view name, std::initializer_list<field> fields) {
  std::string line = "time=" + now() + " event=";
  line += name;
  for (const auto& [key, value, style] : fields) {
    line += ' ';
    line += key;
    line += '=';
    if (style == field::style::word && !value.empty() && std::all_of(value.begin(), value.end(), is_plain)) {
      line += value;
    } else {
      append_quoted(line, value);
    }
  }
  line += '\n';
  const std::lock_guard lock(mutex_);
  std::cout << line << std::flush;
}

}  // namespace rpc_node
