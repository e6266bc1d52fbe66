// A test runner of one page: TEST(name) { CHECK(...); }, and at the end "N passed, N failed".
#ifndef CHECK_HPP
#define CHECK_HPP

#include <cstring>
#include <exception>
#include <functional>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace check {

struct test {
  const char* name;
  void (*run)();
};

inline std::vector<test>& tests() {
  static std::vector<test> all;
  return all;
}

struct registration {
  registration(const char* name, void (*run)()) { tests().push_back({name, run}); }
};

/// Ends the test that raised it.
class failed : public std::runtime_error {
  using runtime_error::runtime_error;
};

[[noreturn]] inline void fail(const char* file, int line, const std::string& what) {
  std::ostringstream text;
  text << file << ':' << line << ": " << what;
  throw failed(text.str());
}

template <class A, class B>
void equal(const char* file, int line, const char* expression, const A& got, const B& expected) {
  if (got == expected) return;
  std::ostringstream text;
  text << expression << " is " << got << ", expected " << expected;
  fail(file, line, text.str());
}

/// Runs the tests whose name contains the first argument, or all.
inline int run(int argc, char** argv) {
  int passed = 0;
  int failures = 0;
  for (const auto& test : tests()) {
    if (argc > 1 && !std::strstr(test.name, argv[1])) continue;
    try {
      test.run();
      ++passed;
      std::cout << "ok      " << test.name << std::endl;
    } catch (const std::exception& error) {
      ++failures;
      std::cout << "FAILED  " << test.name << "\n        " << error.what() << std::endl;
    }
  }
  std::cout << passed << " passed, " << failures << " failed" << std::endl;
  return failures == 0 && passed > 0 ? 0 : 1;
}

}  // namespace check

#define TEST(name)                                                   \
  static void test_##name();                                         \
  static const check::registration register_##name(#name, test_##name); \
  static void test_##name()

#define CHECK(condition) \
  do { \
    if (!(condition)) check::fail(__FILE__, __LINE__, "not true: " #condition); \
  } while (false)

#define CHECK_EQUAL(got, expected) check::equal(__FILE__, __LINE__, #got, got, expected)

/// Runs the statement and gives the exception that it must throw.
#define CHECK_THROWS(type, statement)                                              \
  [&]() -> type {                                                                  \
    try {                                                                          \
      static_cast<void>(statement);                                                \
    } catch (const type& error) {                                                  \
      return error;                                                                \
    }                                                                              \
    check::fail(__FILE__, __LINE__, "did not throw " #type ": " #statement);       \
  }()

#endif
