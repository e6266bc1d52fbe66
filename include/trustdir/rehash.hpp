// What a rehash of a directory changes, and its plan.
#ifndef TRUSTDIR_REHASH_HPP
#define TRUSTDIR_REHASH_HPP

#include <trustdir/certificate.hpp>

namespace trustdir {

namespace detail {

/// What can be asked of a rehash, done or planned. Every view lives as long as what it was asked of.
template <class Rehashed>
class rehashed_accessors {
 public:
  /// An old path and a new one, or a link and the file that it leads to.
  using pair = std::pair<std::string_view, std::string_view>;

  /// The directory is as a rehash leaves it, but for what is left.
  bool is_unchanged() const noexcept { return trustdir_rehashed_is_unchanged(raw()); }

  /// The links that are made, and the files that they lead to.
  std::vector<pair> linked() const {
    return all<pair>(trustdir_rehashed_linked_len, [](const trustdir_rehashed* rehashed, std::size_t i) {
      return pair(view(trustdir_rehashed_linked(rehashed, i)), view(trustdir_rehashed_linked_to(rehashed, i)));
    });
  }

  /// The files and links that get another number or hash: their old paths and their new ones.
  std::vector<pair> renamed() const {
    return all<pair>(trustdir_rehashed_renamed_len, [](const trustdir_rehashed* rehashed, std::size_t i) {
      return pair(view(trustdir_rehashed_renamed(rehashed, i)), view(trustdir_rehashed_renamed_to(rehashed, i)));
    });
  }

  /// The links that go: they lead nowhere, or where another one leads.
  std::vector<std::string_view> removed() const {
    return all<std::string_view>(trustdir_rehashed_removed_len, [](const trustdir_rehashed* rehashed, std::size_t i) {
      return view(trustdir_rehashed_removed(rehashed, i));
    });
  }

  /// What stays though it is not as it should be: "file: what is wrong; what to do".
  std::vector<std::string_view> left() const {
    return all<std::string_view>(trustdir_rehashed_left_len, [](const trustdir_rehashed* rehashed, std::size_t i) {
      return view(trustdir_rehashed_left(rehashed, i));
    });
  }

  /// The files, and the certificates in them, whose clients are admitted from then on where only subject hashes count.
  std::vector<std::pair<std::string_view, certificate_view>> newly_admitted() const {
    using client = std::pair<std::string_view, certificate_view>;
    return all<client>(trustdir_rehashed_newly_admitted_len, [](const trustdir_rehashed* rehashed, std::size_t i) {
      return client(view(trustdir_rehashed_newly_admitted_file(rehashed, i)),
                    certificate_view(trustdir_rehashed_newly_admitted_certificate(rehashed, i)));
    });
  }

 private:
  const trustdir_rehashed* raw() const noexcept { return static_cast<const Rehashed*>(this)->native_rehashed(); }

  template <class Item, class One>
  std::vector<Item> all(std::size_t (*count)(const trustdir_rehashed*), One one) const {
    std::vector<Item> items;
    for (std::size_t i = 0; i < count(raw()); ++i) items.push_back(one(raw(), i));
    return items;
  }
};

}  // namespace detail

/// What a rehash has changed.
class rehashed : public detail::object<trustdir_rehashed, trustdir_rehashed_free>,
                 public detail::rehashed_accessors<rehashed> {
 public:
  using object::object;

  const trustdir_rehashed* native_rehashed() const noexcept { return native(); }
};

/// What a rehash is going to change. Until it is carried out or destroyed, whoever writes to the directory by way of
/// trustdir waits, so do not install in between.
class rehash_plan : public detail::object<trustdir_rehash_plan, trustdir_rehash_plan_free>,
                    public detail::rehashed_accessors<rehash_plan> {
 public:
  using object::object;

  const trustdir_rehashed* native_rehashed() const noexcept { return trustdir_rehash_plan_rehashed(native()); }

  /// Changes it, once. The plan goes on to say what was changed.
  void carry_out() { detail::invoke(trustdir_rehash_plan_carry_out, native()); }
};

}  // namespace trustdir

#endif
