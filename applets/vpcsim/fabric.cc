#include "applets/vpcsim/fabric.h"

#include <glog/logging.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include "absl/algorithm/container.h"
#include "absl/time/clock.h"
#include "applets/vpcsim/gateway_port.h"
#include "applets/vpcsim/link_port.h"
#include "base/status.h"
#include "netlink/addr.h"
#include "netlink/link.h"

namespace applets::vpcsim {
namespace {

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// Why the link of the receiver didn't take a frame.
DropReason ReasonOf(const absl::Status& sent) {
  switch (base::ErrnoOf(sent)) {
    case EMSGSIZE:
      return DropReason::kTooBig;
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      return DropReason::kCongested;
    case EINVAL:
      return DropReason::kMalformed;
    default:
      return DropReason::kNoPort;
  }
}

// The addresses of the gateway's link. A subnet's own is as long as the
// subnet, so that this kernel finds its hosts there.
std::vector<netlink::InterfaceAddress> GatewayAddresses(
    const Directory& directory, uint32_t ifindex) {
  std::vector<netlink::InterfaceAddress> addresses = {
      {.ifindex = ifindex, .address = kMetadataAddress, .prefix_length = 32}};
  for (const Net& net : directory.Nets()) {
    addresses.push_back({.ifindex = ifindex,
                         .address = net.gateway,
                         .prefix_length = net.prefix.length()});
  }
  return addresses;
}

bool Contains(const std::vector<netlink::InterfaceAddress>& addresses,
              const netlink::InterfaceAddress& address) {
  return absl::c_any_of(addresses, [&](const auto& a) {
    return a.address == address.address &&
           a.prefix_length == address.prefix_length;
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Fabric>> Fabric::Create(
    base::Loop& loop, const Directory& directory) {
  ASSIGN_OR_RETURN(netlink::Socket socket, netlink::Socket::Open());
  const netlink::MonitorGroup links[] = {netlink::MonitorGroup::kLink};
  ASSIGN_OR_RETURN(netlink::Monitor monitor, netlink::Monitor::Open(links));
  const std::string name(kGatewayPort);
  ASSIGN_OR_RETURN(auto gateway, OpenGatewayPort(socket, name, kGatewayMac));
  std::unique_ptr<Fabric> fabric(
      new Fabric(loop, directory, std::move(socket), std::move(monitor)));
  fabric->Attach(name, std::move(gateway));
  RETURN_IF_ERROR(fabric->SetGatewayAddresses());
  fabric->AttachLinks();
  return fabric;
}

Fabric::Fabric(base::Loop& loop, const Directory& directory,
               netlink::Socket socket, netlink::Monitor monitor)
    : loop_(loop),
      directory_(directory),
      socket_(std::move(socket)),
      monitor_(std::move(monitor)),
      monitor_watch_(base::Watch::Readable(loop, monitor_.fd(),
                                           [this] { OnLinkEvents(); })) {}

Fabric::~Fabric() = default;

void Fabric::Sync() {
  AttachLinks();
  const absl::Status set = SetGatewayAddresses();
  if (!set.ok()) LOG(WARNING) << "fabric: gateway addresses: " << set;
}

std::vector<std::string> Fabric::attached() const {
  std::vector<std::string> names;
  for (const auto& [name, attached] : ports_) names.push_back(name);
  return names;
}

const FabricCounters& Fabric::counters() const {
  for (const auto& [name, attached] : ports_) {
    attached->counters.overrun += attached->port->TakeOverrun();
  }
  return counters_;
}

absl::Status Fabric::SetGatewayAddresses() {
  const uint32_t ifindex = ports_.find(kGatewayPort)->second->port->ifindex();
  ASSIGN_OR_RETURN(const auto there, netlink::ListAddresses(socket_, ifindex));
  const auto wanted = GatewayAddresses(directory_, ifindex);
  for (const auto& address : there) {
    if (Contains(wanted, address)) continue;
    RETURN_IF_ERROR(netlink::IgnoreMissing(
        socket_.Transact(netlink::RemoveAddress(address))));
  }
  for (const auto& address : wanted) {
    if (Contains(there, address)) continue;
    RETURN_IF_ERROR(netlink::IgnoreExisting(
        socket_.Transact(netlink::AddAddress(address))));
  }
  return absl::OkStatus();
}

void Fabric::Attach(const std::string& name, std::unique_ptr<Port> port) {
  auto attached = std::make_unique<Attached>(Attached{
      .name = name, .port = std::move(port), .counters = counters_[name]});
  attached->watch =
      base::Watch::Readable(loop_, attached->port->fd(),
                            [this, at = attached.get()] { OnReadable(*at); });
  ports_[name] = std::move(attached);
}

void Fabric::AttachLinks() {
  wanted_ = directory_.Ports();
  absl::c_sort(wanted_);
  std::erase_if(ports_, [this](const auto& port) {
    return port.first != kGatewayPort &&
           !absl::c_binary_search(wanted_, port.first);
  });
  for (const std::string& name : wanted_) {
    if (name != kGatewayPort) AttachLink(name);
  }
}

// A link that isn't there, or goes while we look, is not an error: an event
// tells when it comes.
void Fabric::AttachLink(const std::string& name) {
  const auto ifindex = netlink::GetIfindex(socket_, name);
  const auto had = ports_.find(name);
  if (had != ports_.end()) {
    if (ifindex.ok() && *ifindex == had->second->port->ifindex()) return;
    LOG(INFO) << "fabric: link gone port=" << name;
    ports_.erase(had);
  }
  if (!ifindex.ok()) return;
  auto port = OpenLinkPort(socket_, *ifindex);
  if (!port.ok()) {
    LOG(WARNING) << "fabric: port=" << name << ": " << port.status();
    return;
  }
  LOG(INFO) << "fabric: link taken up port=" << name;
  Attach(name, *std::move(port));
}

void Fabric::OnLinkEvents() {
  const auto notices = monitor_.Receive();
  if (!notices.ok()) {
    LOG(WARNING) << "fabric: " << notices.status();
    return;
  }
  const auto concerns = [this](const auto& n) { return Concerns(n.event); };
  if (absl::c_any_of(*notices, concerns)) AttachLinks();
}

// A link that is wanted, or one that we hold under a name it had before.
bool Fabric::Concerns(const netlink::Event& event) const {
  const auto ours = [this](uint32_t ifindex, const std::string& name) {
    return absl::c_binary_search(wanted_, name) ||
           absl::c_any_of(ports_, [&](const auto& port) {
             return port.second->port->ifindex() == ifindex;
           });
  };
  return std::visit(Overloaded{[&](const netlink::LinkChanged& changed) {
                                 return ours(changed.link.index,
                                             changed.link.name);
                               },
                               [&](const netlink::LinkGone& gone) {
                                 return ours(gone.ifindex, gone.name);
                               },
                               [](const netlink::Overrun&) { return true; },
                               [](const auto&) { return false; }},
                    event);
}

void Fabric::OnReadable(Attached& from) {
  for (int handled = 0; handled < kFramesPerWakeUp;) {
    const absl::Span<RawFrame> frames = from.port->Receive(batch_);
    for (RawFrame& frame : frames) Handle(from, frame);
    if (frames.size() < FrameBatch::kFrames) return;
    handled += static_cast<int>(frames.size());
  }
}

void Fabric::Handle(Attached& from, RawFrame& frame) {
  if (frame.tagged) return Lose(DropReason::kVlan, from, frame);
  std::visit(
      Overloaded{[&](const Forward& forward) { Pass(forward, from, frame); },
                 [&](const Answer& answer) { Reply(answer, from); },
                 [&](ArpSilence silence) {
                   ++from.counters.arp_silent[static_cast<size_t>(silence)];
                 },
                 [&](DropReason reason) { Lose(reason, from, frame); }},
      Decide(directory_, from.name, frame.bytes));
}

void Fabric::Pass(const Forward& forward, Attached& from, RawFrame& frame) {
  const auto to = ports_.find(forward.port);
  if (to == ports_.end()) return Lose(DropReason::kNoPort, from, frame);
  SetDestination(frame.bytes, forward.destination);
  const absl::Status sent = to->second->port->Send(frame);
  if (!sent.ok()) return Lose(ReasonOf(sent), from, frame);
  ++from.counters.forwarded;
  from.counters.forwarded_bytes += frame.bytes.size();
}

void Fabric::Reply(const Answer& answer, Attached& from) {
  netlink::arp::Frame bytes = answer.frame;
  const RawFrame frame{.bytes = absl::MakeSpan(bytes)};
  const absl::Status sent = from.port->Send(frame);
  if (!sent.ok()) return Lose(ReasonOf(sent), from, frame);
  ++from.counters.arp_answered;
}

void Fabric::Lose(DropReason reason, Attached& from, const RawFrame& frame) {
  ++from.counters.dropped[static_cast<size_t>(reason)];
  if (dropped_.size() == kLastDropped) dropped_.pop_front();
  dropped_.push_back({.at = absl::Now(),
                      .port = from.name,
                      .reason = reason,
                      .frame = Summarize(frame.bytes)});
}

}  // namespace applets::vpcsim
