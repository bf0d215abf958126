#ifndef CNIVPC_APPLETS_VPCSIM_LAGGING_DIRECTORY_H_
#define CNIVPC_APPLETS_VPCSIM_LAGGING_DIRECTORY_H_

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/directory.h"
#include "base/address.h"

namespace applets::vpcsim {

// A directory as a real SDN's switches have it: who has an address reaches them
// only some time after the API has answered. All else is as in `now`.
class LaggingDirectory : public Directory {
 public:
  using Clock = std::function<absl::Time()>;

  // `now` must live longer. `clock` never goes back.
  LaggingDirectory(const Directory& now, absl::Duration lag, Clock clock);

  // To be called at every change of an address' owner: who had it until this
  // moment, if anybody.
  void Note(absl::string_view vpc, base::Ipv4 address,
            std::optional<Nic> before);

  std::optional<Nic> AtPort(absl::string_view port) const override;
  std::optional<Nic> OwnerOf(absl::string_view vpc,
                             base::Ipv4 address) const override;
  std::optional<Net> NetOf(absl::string_view vpc,
                           base::Ipv4 address) const override;
  std::vector<std::string> Ports() const override;
  std::vector<Net> Nets() const override;

  // Changes that are remembered: those that the switch hasn't seen yet, and
  // older ones until the next Note.
  size_t pending() const { return order_.size(); }

 private:
  using Key = std::pair<base::Ipv4, std::string>;  // and its VPC
  struct Change {
    absl::Time seen_at;
    std::optional<Nic> before;
  };
  void Forget(absl::Time now);

  const Directory& now_;
  const absl::Duration lag_;
  const Clock clock_;
  std::map<Key, std::deque<Change>> changes_;  // of one address, oldest first
  std::deque<Key> order_;                      // of all, oldest first
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_LAGGING_DIRECTORY_H_
