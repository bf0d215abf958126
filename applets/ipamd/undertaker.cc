#include "applets/ipamd/undertaker.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "glog/logging.h"
#include "netlink/delete_link.h"
#include "netlink/pod_inventory.h"
#include "netlink/pod_teardown.h"

namespace applets::ipamd {
namespace {

using netlink::Socket;

struct Order {
  uint32_t ifindex;
  std::optional<base::Ipv4> address;
  uint32_t interface;  // the node's, where the address is found
};

// Removes them for the addresses, except for those that another link than the
// order's is routed; whether there was one of these.
absl::StatusOr<bool> RemoveRuleAndProxy(Socket& host,
                                        const std::vector<Order>& orders) {
  netlink::Batch batch;
  bool foreign = false;
  for (const Order& order : orders) {
    if (!order.address) continue;
    ASSIGN_OR_RETURN(
        const bool another,
        netlink::ServesAnother(host, *order.address, order.ifindex));
    foreign = foreign || another;
    if (!another) {
      netlink::AddRemoval(batch, *order.address, order.interface);
    }
  }
  if (batch.empty()) return foreign;
  for (const absl::Status& status : host.Transact(batch)) {
    RETURN_IF_ERROR(netlink::IgnoreMissing(status));
  }
  return foreign;
}

absl::Status SweepAddress(base::Ipv4 address, uint32_t interface) {
  ASSIGN_OR_RETURN(Socket host, Socket::Open());
  ASSIGN_OR_RETURN(const bool foreign,
                   RemoveRuleAndProxy(host, {{0, address, interface}}));
  if (!foreign) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the node routes ", address.ToString(), " to another link"));
}

// A link that we have no lease for tells its address by its route.
absl::Status FindAddresses(Socket& host, std::vector<Order>& orders) {
  const auto unknown = [](const Order& order) { return !order.address; };
  if (std::none_of(orders.begin(), orders.end(), unknown)) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const auto routes, netlink::ListPodRoutes(host));
  for (const auto& route : routes) {
    for (Order& order : orders) {
      if (order.ifindex == route.host_ifindex) order.address = route.address;
    }
  }
  return absl::OkStatus();
}

absl::Status CarryOut(std::vector<Order> orders) {
  ASSIGN_OR_RETURN(Socket host, Socket::Open());
  RETURN_IF_ERROR(FindAddresses(host, orders));
  RETURN_IF_ERROR(RemoveRuleAndProxy(host, orders).status());
  std::vector<uint32_t> links;
  links.reserve(orders.size());
  for (const Order& order : orders) links.push_back(order.ifindex);
  return netlink::DeleteLinks(host, links);
}

}  // namespace

struct Undertaker::Pit {
  std::mutex mutex;
  std::vector<Order> orders;  // guarded by mutex
};

Undertaker::Undertaker(base::Loop& loop, Handlers handlers,
                       netlink::Monitor monitor)
    : loop_(loop),
      handlers_(std::move(handlers)),
      monitor_(std::move(monitor)),
      pit_(std::make_shared<Pit>()),
      watch_(base::Watch::Readable(loop, monitor_.fd(), [this] { Drain(); })),
      expiry_(loop, [this] { Expire(); }),
      workers_(std::make_unique<base::Workers>(kThreads)) {}

Undertaker::~Undertaker() = default;

absl::StatusOr<std::unique_ptr<Undertaker>> Undertaker::Open(
    base::Loop& loop, Handlers handlers) {
  ASSIGN_OR_RETURN(netlink::Monitor monitor,
                   netlink::Monitor::Open({netlink::MonitorGroup::kLink}));
  std::unique_ptr<Undertaker> undertaker(
      new Undertaker(loop, std::move(handlers), std::move(monitor)));
  RETURN_IF_ERROR(undertaker->Resync());
  return undertaker;
}

// The table anew, from a dump; links that were being buried and are gone from
// it are done.
absl::Status Undertaker::Resync() {
  ASSIGN_OR_RETURN(Socket host, Socket::Open());
  ASSIGN_OR_RETURN(const auto links, netlink::ListLinks(host));
  links_.Reset(links);
  std::vector<uint32_t> gone;
  for (const auto& [ifindex, grave] : graves_) {
    if (!links_.entries().contains(ifindex)) gone.push_back(ifindex);
  }
  for (const uint32_t ifindex : gone) Close(ifindex, absl::OkStatus());
  return absl::OkStatus();
}

const LinkTable& Undertaker::links() {
  Drain();
  return links_;
}

void Undertaker::Drain() {
  while (true) {
    const auto notices = monitor_.Receive();
    if (!notices.ok()) {
      LOG(ERROR) << "netlink monitor: " << notices.status().message();
      return;
    }
    if (notices->empty()) return;
    for (const netlink::Notice& notice : *notices) Take(notice.event);
  }
}

void Undertaker::Take(const netlink::Event& event) {
  if (const auto* changed = std::get_if<netlink::LinkChanged>(&event)) {
    links_.Put(changed->link);
  } else if (const auto* gone = std::get_if<netlink::LinkGone>(&event)) {
    links_.Drop(gone->ifindex);
    Close(gone->ifindex, absl::OkStatus());
  } else if (std::holds_alternative<netlink::Overrun>(event)) {
    LOG(WARNING) << "netlink notifications were lost; looking again";
    const absl::Status status = Resync();
    if (!status.ok()) LOG(ERROR) << "links: " << status.message();
  }
  handlers_.on_event(event);
}

void Undertaker::Bury(const Burial& burial, Done done) {
  const uint32_t ifindex = links().Find(burial.alias, burial.host_ifname);
  if (ifindex != 0) {
    Dig(ifindex, burial.address, std::move(done));
  } else if (burial.address) {
    SweepWithoutLink(burial, std::move(done));
  } else {
    done(absl::OkStatus());
  }
}

void Undertaker::Dig(uint32_t ifindex, std::optional<base::Ipv4> address,
                     Done done) {
  Grave& grave = graves_[ifindex];
  grave.done.push_back(std::move(done));
  if (grave.done.size() > 1) return;
  grave.deadline = absl::Now() + kLimit;
  if (graves_.size() == 1) expiry_.Set(kLimit);
  {
    const std::lock_guard<std::mutex> lock(pit_->mutex);
    pit_->orders.push_back({ifindex, address, handlers_.interface_of(address)});
  }
  // Whichever thread is free first takes all that has gathered by then.
  workers_->Run([this, pit = pit_] {
    std::vector<Order> orders;
    {
      const std::lock_guard<std::mutex> lock(pit->mutex);
      orders.swap(pit->orders);
    }
    if (orders.empty()) return;
    const absl::Status status = CarryOut(orders);
    if (status.ok()) return;
    loop_.Post([this, orders, status] {
      for (const Order& order : orders) Close(order.ifindex, status);
    });
  });
}

// Without a link there may still be its rule and proxy: the link goes with the
// pod's namespace, they don't.
void Undertaker::SweepWithoutLink(const Burial& burial, Done done) {
  ++looking_;
  workers_->Run([this, address = *burial.address,
                 interface = handlers_.interface_of(burial.address),
                 done = std::move(done)] {
    const absl::Status status = SweepAddress(address, interface);
    loop_.Post([this, status, done] {
      --looking_;
      done(status);
    });
  });
}

void Undertaker::Close(uint32_t ifindex, const absl::Status& status) {
  const auto it = graves_.find(ifindex);
  if (it == graves_.end()) return;
  const std::vector<Done> all = std::move(it->second.done);
  graves_.erase(it);
  for (const Done& done : all) done(status);
}

void Undertaker::Expire() {
  const absl::Time now = absl::Now();
  std::vector<uint32_t> late;
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [ifindex, grave] : graves_) {
    if (grave.deadline <= now) {
      late.push_back(ifindex);
    } else {
      next = std::min(next, grave.deadline);
    }
  }
  for (const uint32_t ifindex : late) {
    Close(ifindex, absl::DeadlineExceededError(
                       "the kernel didn't delete the pod's link in time"));
  }
  if (next != absl::InfiniteFuture()) expiry_.Set(next - now);
}

}  // namespace applets::ipamd
