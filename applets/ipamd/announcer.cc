#include "applets/ipamd/announcer.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "glog/logging.h"

namespace applets::ipamd {

Announcer::Announcer(base::Loop& loop, Metrics& metrics,
                     std::function<bool(base::Ipv4)> still_leased)
    : metrics_(metrics),
      still_leased_(std::move(still_leased)),
      timer_(loop, [this] { OnTime(); }) {
  metrics_.Declare("cnivpc_announcements_total", "counter",
                   "ARP announcements sent (RFC 5227), by outcome.");
}

void Announcer::UseInterface(const netlink::Node& node) {
  auto socket = netlink::arp::Announcer::Open(node.ifindex, node.mac);
  if (!socket.ok()) {
    LOG(ERROR) << "no announcements: " << socket.status().message();
    socket_.reset();
    return;
  }
  socket_.emplace(*std::move(socket));
}

void Announcer::Announce(base::Ipv4 address) {
  Send(address, netlink::arp::kAnnounceNum);
}

void Announcer::Send(base::Ipv4 address, int left) {
  if (!socket_) return;
  const absl::Status status = socket_->Announce(address);
  metrics_.Add("cnivpc_announcements_total",
               {{"code", absl::StatusCodeToString(status.code())}});
  if (!status.ok()) {
    LOG(WARNING) << "announcement address=" << address.ToString() << ": "
                 << status.message();
  }
  if (left <= 1) return;
  if (due_.size() >= kMaxDue) due_.pop_front();
  due_.push_back(
      {absl::Now() + netlink::arp::kAnnounceInterval, address, left - 1});
  if (due_.size() == 1) timer_.Set(netlink::arp::kAnnounceInterval);
}

void Announcer::OnTime() {
  const absl::Time now = absl::Now();
  while (!due_.empty() && due_.front().at <= now) {
    const Due due = due_.front();
    due_.pop_front();
    if (still_leased_(due.address)) Send(due.address, due.left);
  }
  if (!due_.empty()) timer_.Set(due_.front().at - now);
}

}  // namespace applets::ipamd
