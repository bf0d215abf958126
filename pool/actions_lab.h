#ifndef CNIVPC_POOL_ACTIONS_LAB_H_
#define CNIVPC_POOL_ACTIONS_LAB_H_

#include <optional>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

namespace pool {

// What a machine wants done and a test hasn't looked at yet, for fixtures.
// `Action` is a variant.
template <typename Action>
class ActionsLab {
 protected:
  void Take(std::vector<Action> more) {
    for (Action& action : more) actions_.push_back(std::move(action));
  }
  // The first of that kind, which is taken out.
  template <typename T>
  std::optional<T> Next() {
    for (auto it = actions_.begin(); it != actions_.end(); ++it) {
      if (const auto* found = std::get_if<T>(&*it)) {
        T action = *found;
        actions_.erase(it);
        return action;
      }
    }
    return std::nullopt;
  }
  template <typename T>
  T Expect() {
    auto action = Next<T>();
    EXPECT_TRUE(action.has_value()) << "missing: " << typeid(T).name();
    return action.value_or(T());
  }
  template <typename T>
  bool None() {
    return !Next<T>().has_value();
  }

  std::vector<Action> actions_;
};

}  // namespace pool

#endif  // CNIVPC_POOL_ACTIONS_LAB_H_
