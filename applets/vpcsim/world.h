#ifndef CNIVPC_APPLETS_VPCSIM_WORLD_H_
#define CNIVPC_APPLETS_VPCSIM_WORLD_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/address_table.h"
#include "applets/vpcsim/change.h"
#include "applets/vpcsim/history.h"
#include "applets/vpcsim/model.h"
#include "base/address.h"

namespace applets::vpcsim {

// The port of an interface that is attached while the cloud runs, and so the
// name of a link: "nic5254007e0011".
std::string PluggedPort(const base::Mac& mac);
// Whether it has that port.
bool IsPlugged(const Interface& interface);

// The simulated cloud: VPCs, subnets, hosts, interfaces and who has which
// address, with the cloud's own rules. In memory and compact: about thirty
// bytes a secondary address. Giving and taking an address is O(1), looking one
// up O(log subnets). Not thread-safe.
//
// Pointers to what is in it stay valid until that is deleted. In a VPC subnets
// don't overlap and an address has one owner at most; VPCs may overlap.
class World {
 public:
  static constexpr size_t kMaxInterfaces = 1'000'000;

  explicit World(Settings settings = {}) : settings_(std::move(settings)) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Settings& settings() const { return settings_; }

  // ---- Building it. InvalidArgument when something is missing, malformed,
  // taken, or of another VPC or zone; nothing has changed then. Quotas don't
  // count here.

  absl::Status AddVpc(Vpc vpc);
  // The gateway may be left out.
  absl::Status AddSubnet(Subnet subnet);
  absl::Status AddHost(Host host);
  // The host, if any, is there already. The first interface of a host must be
  // its default one. A primary address of 0.0.0.0 stands for the next free one.
  absl::Status AddInterface(Interface interface);
  absl::Status AddSecondary(const base::Mac& mac, base::Ipv4 address);
  // Where the search for a free address of the subnet goes on.
  absl::Status SetCursor(absl::string_view subnet, base::Ipv4 next);
  // The link of an interface; "" for none.
  absl::Status SetPort(absl::string_view interface, std::string port);
  // The host boots in that network namespace; "" for none. Also to be said when
  // it is the same one.
  absl::Status Boot(absl::string_view host, std::string netns);

  // ---- What callers of the API do; each either does it all, or changes
  // nothing and says why.

  // Gives the interface a secondary address of its subnet: `wanted`, or the
  // free one that has rested longest. kUnknownMac, kAddressQuota, kSubnetFull,
  // kAddressReserved, kAddressTaken.
  Result<base::Ipv4> Allocate(const base::Mac& mac,
                              std::optional<base::Ipv4> wanted = std::nullopt);
  // kNoSecondaryAddress unless that MAC has it.
  std::optional<Refusal> Release(const base::Mac& mac, base::Ipv4 address);
  // kUnknownMac unless both interfaces are of one subnet; kNoSecondaryAddress
  // unless `from` has it; kAddressQuota.
  std::optional<Refusal> Move(base::Ipv4 address, const base::Mac& from,
                              const base::Mac& to);

  struct NewInterface {
    std::string subnet = {};
    std::string name = {};
    std::optional<base::Ipv4> primary = {};
    std::vector<SecurityGroup> security_groups = {};
  };
  // One that is attached to no host, with an id, a MAC and a primary address of
  // its own. kUnknownSubnet, kSubnetFull, kAddressReserved, kAddressTaken.
  Result<const Interface*> CreateInterface(const NewInterface& wanted,
                                           absl::BitGenRef random);
  // Its port becomes PluggedPort. kUnknownInterface, kUnknownInstance,
  // kAlreadyAttached (to whomever), kOtherPlace, kInterfaceQuota.
  std::optional<Refusal> Attach(absl::string_view interface,
                                absl::string_view host);
  // kUnknownInterface, kUnknownInstance, kNotAttached (to that host),
  // kDefaultInterface. It keeps its addresses, and loses its port.
  std::optional<Refusal> Detach(absl::string_view interface,
                                absl::string_view host);
  // Frees its addresses. kUnknownInterface, kDefaultInterface, kStillAttached.
  std::optional<Refusal> DeleteInterface(absl::string_view interface);

  // ---- Changes that nobody asked for. False when it can't be: no secondary
  // address, no such interface in its subnet, reserved or primary.

  // Takes a secondary address away from whoever has it.
  bool Vanish(absl::string_view vpc, base::Ipv4 address);
  // Gives an address to an interface, whoever has it and whatever the quota.
  bool Force(base::Ipv4 address, const base::Mac& to);

  // ---- Who is told. The observer is called right after each change, and must
  // live as long as the world changes. It must not change the world.

  void Observe(Observer observer) { observers_.push_back(std::move(observer)); }
  // The moment of the changes to come. Never goes back. What changes before it
  // is first set doesn't get into the history: the world began with it.
  void SetTime(absl::Time now) { now_ = std::max(now_, now); }
  absl::Time now() const { return now_; }
  const History& history() const { return history_; }

  // ---- Questions. Null when there is none. A VPC of "" stands for all of
  // them; where their addresses overlap, the first by id answers.

  const Vpc* VpcById(absl::string_view id) const;
  const Subnet* SubnetById(absl::string_view id) const;
  const Host* HostById(absl::string_view id) const;
  const Interface* InterfaceById(absl::string_view id) const;
  const Interface* InterfaceByMac(const base::Mac& mac) const;
  const Interface* InterfaceAtPort(absl::string_view port) const;

  // The subnet that holds the address.
  const Subnet* SubnetOf(absl::string_view vpc, base::Ipv4 address) const;
  // Who has the address, primary or secondary.
  const Interface* OwnerOf(absl::string_view vpc, base::Ipv4 address) const;
  // The host of the interface whose primary address that is.
  const Host* HostByAddress(absl::string_view vpc, base::Ipv4 address) const;

  // The secondary addresses of an interface, in order.
  std::vector<base::Ipv4> SecondaryOf(const Interface& interface) const;
  size_t SecondaryCount(const Interface& interface) const;
  // The default one first, then by id.
  std::vector<const Interface*> InterfacesOf(const Host& host) const;
  const Interface* DefaultInterfaceOf(const Host& host) const;
  // What a client must send as ObjectId for the interface: the id of its
  // host's default interface or of the host. False for one without a host.
  bool IsObjectOf(absl::string_view object, const Interface& interface) const;

  // Addresses of a subnet that are free.
  size_t Available(const Subnet& subnet) const;
  base::Ipv4 Cursor(const Subnet& subnet) const;
  // The secondary addresses of a subnet, in order.
  void ForEachSecondary(
      const Subnet& subnet,
      absl::FunctionRef<void(base::Ipv4, const Interface&)> visit) const;

  // All of them, by id.
  std::vector<const Vpc*> vpcs() const;
  std::vector<const Subnet*> subnets() const;
  std::vector<const Host*> hosts() const;
  std::vector<const Interface*> interfaces() const;

  size_t vpc_count() const { return vpcs_.size(); }
  size_t subnet_count() const { return subnets_.size(); }
  size_t host_count() const { return hosts_.size(); }
  size_t interface_count() const { return by_id_.size(); }
  size_t secondary_count() const { return secondary_count_; }

 private:
  struct SubnetRow {
    Subnet subnet;
    AddressTable table;
  };
  struct InterfaceRow {
    Interface interface;
    SubnetRow* subnet = nullptr;
    uint32_t index = 0;                      // in rows_
    std::vector<base::Ipv4> secondary = {};  // in no order
  };
  struct VpcRow {
    Vpc vpc;
    std::map<base::Ipv4, SubnetRow*> subnets = {};  // by first address
  };
  struct HostRow {
    Host host;
    std::vector<InterfaceRow*> interfaces = {};
  };
  // Of an AddressTable's row: the address is the interface's primary one.
  static constexpr uint32_t kPrimarySlot = ~uint32_t{0};

  void Tell(const Change& change);

  static uint64_t Key(const base::Mac& mac);
  SubnetRow* FindSubnet(absl::string_view vpc, base::Ipv4 address) const;
  static SubnetRow* SubnetIn(const VpcRow& vpc, base::Ipv4 address);
  const Interface* OwnerIn(const VpcRow& vpc, base::Ipv4 address) const;
  InterfaceRow* FindByMac(const base::Mac& mac) const;
  InterfaceRow* FindById(absl::string_view id) const;
  const HostRow* FindHost(absl::string_view id) const;
  // Null also when it is a primary address.
  InterfaceRow* SecondaryOwner(const SubnetRow& subnet,
                               base::Ipv4 address) const;

  bool IsZone(absl::string_view zone) const;
  static bool CanHave(const HostRow& host, const SubnetRow& subnet);
  absl::Status CheckNew(const Subnet& subnet) const;
  absl::Status CheckNew(const Interface& interface) const;
  absl::Status CheckHostOf(const Interface& interface) const;
  static std::optional<Refusal> CheckFree(const SubnetRow& subnet,
                                          base::Ipv4 address);
  std::optional<Refusal> CheckQuota(const InterfaceRow& row) const;

  Result<base::Ipv4> Pick(SubnetRow& subnet, std::optional<base::Ipv4> wanted);
  // Of a secondary address; null for nobody. Tells.
  void SetOwner(base::Ipv4 address, InterfaceRow* before, InterfaceRow* after);
  void Give(InterfaceRow& row, base::Ipv4 address);
  void TakeAway(InterfaceRow& row, base::Ipv4 address);
  InterfaceRow& Insert(Interface interface, SubnetRow& subnet);
  void Remove(InterfaceRow& row);
  void SetHost(InterfaceRow& row, absl::string_view host);

  Settings settings_;
  std::map<std::string, VpcRow, std::less<>> vpcs_;
  std::map<std::string, SubnetRow, std::less<>> subnets_;
  std::map<std::string, HostRow, std::less<>> hosts_;
  std::map<std::string, InterfaceRow*, std::less<>> by_id_;
  absl::flat_hash_map<uint64_t, InterfaceRow*> by_mac_;
  absl::flat_hash_map<std::string, InterfaceRow*> by_port_;
  std::vector<std::unique_ptr<InterfaceRow>> rows_;  // null: unused
  std::vector<uint32_t> unused_;
  size_t secondary_count_ = 0;

  absl::Time now_ = absl::InfinitePast();
  History history_;
  std::vector<Observer> observers_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_WORLD_H_
