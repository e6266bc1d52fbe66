// A function of the caller's, as the C library takes it: a pointer, and who frees it.
#ifndef TRUSTDIR_CALLBACK_HPP
#define TRUSTDIR_CALLBACK_HPP

#include <type_traits>
#include <utility>

namespace trustdir::detail {

/// A function on the heap. The library frees it in every case, also when it reports an error.
template <class Function>
class callback {
  using stored = std::decay_t<Function>;

 public:
  static void* keep(Function&& function) { return new stored(std::forward<Function>(function)); }
  static void free(void* kept) noexcept { delete static_cast<stored*>(kept); }

  template <class... Arguments>
  static void call(void* kept, Arguments&&... arguments) {
    (*static_cast<stored*>(kept))(std::forward<Arguments>(arguments)...);
  }
};

}  // namespace trustdir::detail

#endif
