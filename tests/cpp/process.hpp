// Other people's programs as clients: `openssl s_client`, spoken to line by line, and commands that just run.
#ifndef PROCESS_HPP
#define PROCESS_HPP

#include "check.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

/// Runs a command of the shell and returns what it printed; the test ends when it fails.
inline std::string shell(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) throw std::runtime_error("popen: " + command);
  std::string text;
  char buffer[512];
  for (std::size_t count; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, count);
  if (::pclose(pipe) != 0) throw std::runtime_error(command + ": " + text);
  return text;
}

/// A running program whose standard input and output are pipes.
class program {
 public:
  explicit program(const std::vector<std::string>& arguments) {
    int in[2], out[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0) throw std::runtime_error("pipe");
    std::vector<char*> words;
    for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      for (const int end : {in[0], in[1], out[0], out[1]}) ::close(end);
      if (!::freopen("/dev/null", "w", stderr)) ::_exit(126);
      ::execvp(words[0], words.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
  }
  program(const program&) = delete;
  ~program() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    close_input();
    ::close(from_);
  }

  /// Sends a line and waits for one; nothing when the program ends first.
  std::optional<std::string> echo(const std::string& line) {
    // A server that has refused us may have closed already.
    [[maybe_unused]] const auto sent = ::write(to_, (line + "\n").data(), line.size() + 1);
    return next_line();
  }

  std::optional<std::string> next_line() {
    for (;;) {
      if (const auto end = text_.find('\n'); end != std::string::npos) {
        auto line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
      }
      pollfd watched{from_, POLLIN, 0};
      if (::poll(&watched, 1, 30'000) <= 0) throw std::runtime_error("no answer and no end in 30 s");
      char buffer[512];
      const auto count = ::read(from_, buffer, sizeof buffer);
      if (count <= 0) return std::nullopt;
      text_.append(buffer, std::size_t(count));
    }
  }

  /// Closes our side and waits for the program to finish.
  void finish() {
    close_input();
    while (next_line()) {
    }
  }

 private:
  void close_input() {
    if (to_ >= 0) ::close(std::exchange(to_, -1));
  }

  pid_t pid_;
  int to_;
  int from_;
  std::string text_;
};

#endif
