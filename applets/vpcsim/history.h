#ifndef CNIVPC_APPLETS_VPCSIM_HISTORY_H_
#define CNIVPC_APPLETS_VPCSIM_HISTORY_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "applets/vpcsim/change.h"
#include "applets/vpcsim/model.h"
#include "base/address.h"

namespace applets::vpcsim {

// How the world was at some moment, where that differs from now.
struct Past {
  using Place = std::pair<const Subnet*, base::Ipv4>;
  // Who had a secondary address; nullopt when nobody had it as such.
  absl::flat_hash_map<Place, std::optional<base::Mac>> secondary = {};
  // Interfaces by id; nullopt when there was none.
  std::map<std::string, std::optional<Interface>, std::less<>> interfaces = {};
};

// The latest changes of secondary addresses and interfaces, so that a read can
// be shown the world of a while ago.
class History {
 public:
  // What is older, or when there is more, is forgotten: a read sees the oldest
  // that is remembered.
  static constexpr absl::Duration kMaxAge = absl::Minutes(5);
  static constexpr size_t kMaxChanges = 200'000;

  // Times don't go back. Changes of other kinds aren't remembered.
  void Note(const Change& change, absl::Time now);

  // The world before all changes that were made after `then`.
  Past At(absl::Time then) const;

  size_t size() const { return entries_.size(); }

 private:
  struct InterfaceEntry {
    std::string id;
    std::optional<Interface> before;
  };
  struct Entry {
    absl::Time at;
    // Of a secondary address:
    const Subnet* subnet = nullptr;
    base::Ipv4 address = {};
    std::optional<base::Mac> before = {};
    // Or of an interface:
    std::unique_ptr<const InterfaceEntry> interface = nullptr;
  };
  void Forget(absl::Time now);

  std::deque<Entry> entries_;  // oldest first
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_HISTORY_H_
