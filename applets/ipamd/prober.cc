#include "applets/ipamd/prober.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <variant>

#include "absl/time/clock.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::ipamd {
namespace {

using netlink::arp::Admitted;
using netlink::arp::Conflict;
using netlink::arp::Contested;
using netlink::arp::Defended;
using netlink::arp::FrameSocket;
using netlink::arp::Outcome;
using netlink::arp::Station;

// Of the machines: it never jumps, and means nothing to anybody else.
absl::Time Monotonic() {
  return absl::UnixEpoch() +
         absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

struct Metric {
  const char* name;
  const char* type;
  const char* help;
  double (*read)(const Station& station);
};

template <typename T>
double AsValue(T count) {
  return static_cast<double>(count);
}

constexpr std::array<Metric, 15> kMetrics = {{
    {"cnivpc_acd_candidates", "gauge",
     "Addresses being probed, or waiting for the link or the rate limit.",
     [](const Station& s) { return AsValue(s.detector().candidates()); }},
    {"cnivpc_acd_rate_limited", "gauge",
     "1 while conflicts in a row limit probing to an address a minute.",
     [](const Station& s) { return AsValue(s.detector().rate_limited()); }},
    {"cnivpc_acd_watched", "gauge",
     "Addresses watched over, defended and answered for.",
     [](const Station& s) { return AsValue(s.guard().watched()); }},
    {"cnivpc_acd_probes_total", "counter", "ARP probes sent (RFC 5227).",
     [](const Station& s) { return AsValue(s.detector().counters().probes); }},
    {"cnivpc_acd_admitted_total", "counter", "Addresses that nobody else had.",
     [](const Station& s) {
       return AsValue(s.detector().counters().admitted);
     }},
    {"cnivpc_acd_conflicts_total", "counter",
     "Addresses that somebody else had, or probed for as well.",
     [](const Station& s) {
       return AsValue(s.detector().counters().conflicts);
     }},
    {"cnivpc_acd_restarted_total", "counter",
     "Attempts begun anew: the link was away, or frames were lost.",
     [](const Station& s) {
       return AsValue(s.detector().counters().restarted);
     }},
    {"cnivpc_acd_rate_limits_total", "counter",
     "How often the rate limit set in.",
     [](const Station& s) {
       return AsValue(s.detector().counters().rate_limits);
     }},
    {"cnivpc_acd_claims_total", "counter",
     "Packets in which another host claimed an address watched over.",
     [](const Station& s) { return AsValue(s.guard().counters().conflicts); }},
    {"cnivpc_acd_defended_total", "counter",
     "Claims answered by an announcement (RFC 5227, 2.4 (b)).",
     [](const Station& s) { return AsValue(s.guard().counters().defended); }},
    {"cnivpc_acd_contested_total", "counter",
     "Claims that went on after the defence.",
     [](const Station& s) { return AsValue(s.guard().counters().contested); }},
    {"cnivpc_acd_answered_total", "counter",
     "Others' probes for an address watched over, answered.",
     [](const Station& s) { return AsValue(s.guard().counters().answered); }},
    {"cnivpc_acd_frames_total", "counter", "ARP frames heard.",
     [](const Station& s) { return AsValue(s.counters().frames); }},
    {"cnivpc_acd_frames_lost_total", "counter",
     "ARP frames lost because the receive buffer was full.",
     [](const Station& s) { return AsValue(s.counters().frames_lost); }},
    {"cnivpc_acd_send_failures_total", "counter",
     "ARP frames that could not be sent.",
     [](const Station& s) { return AsValue(s.counters().send_failures); }},
}};

base::Ipv4 AddressOf(const Outcome& outcome) {
  return std::visit([](const auto& o) { return o.address; }, outcome);
}

bool IsOfProbing(const Outcome& outcome) {
  return std::holds_alternative<Admitted>(outcome) ||
         std::holds_alternative<Conflict>(outcome);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Prober>> Prober::Open(
    base::Loop& loop, Metrics& metrics, const netlink::arp::Timing& timing,
    Handlers handlers) {
  if (timing.probes > 0) RETURN_IF_ERROR(FrameSocket::CheckAllowed());
  return std::unique_ptr<Prober>(
      new Prober(loop, metrics, timing, std::move(handlers)));
}

Prober::Prober(base::Loop& loop, Metrics& metrics,
               const netlink::arp::Timing& timing, Handlers handlers)
    : loop_(loop),
      metrics_(metrics),
      handlers_(std::move(handlers)),
      station_(timing, random_),
      published_(kMetrics.size(), -1),
      timer_(loop, [this] { OnTime(); }),
      reopen_timer_(loop, [this] { Reopen(); }) {
  for (const Metric& metric : kMetrics) {
    metrics_.Declare(metric.name, metric.type, metric.help);
  }
  Publish();
}

// --- the interface

void Prober::UseInterface(const netlink::Node& node) {
  const bool same = node.name == node_.name && node.ifindex == node_.ifindex &&
                    node.mac == node_.mac;
  node_ = node;
  if (same && station_.listening()) return;
  carrier_changes_.reset();
  Reopen();
}

void Prober::OnLink(const netlink::Link& link) {
  if (node_.ifindex == 0 || link.name != node_.name) return;
  netlink::Node node = node_;
  node.ifindex = link.index;
  node.mac = link.mac;
  UseInterface(node);
  // A carrier that went and came again between two notifications has taken
  // probes with it.
  const bool flapped = carrier_changes_ != link.carrier_changes;
  carrier_changes_ = link.carrier_changes;
  if (flapped || !link.running()) station_.OnLinkDown();
  if (link.running()) station_.OnLinkUp(Monotonic());
  Settle();
}

void Prober::Reopen() {
  const absl::Status status = OpenSocket();
  if (!status.ok()) {
    if (status != opened_) {
      LOG(ERROR) << "no address can be probed or watched on interface="
                 << node_.name << ": " << status.message();
    }
    reopen_timer_.Set(kReopenInterval);
  } else if (!opened_.ok()) {
    LOG(INFO) << "addresses are probed again on interface=" << node_.name;
  }
  opened_ = status;
  Settle();
}

absl::Status Prober::OpenSocket() {
  reopen_timer_.Cancel();
  watch_.reset();
  station_.Deafen();
  ASSIGN_OR_RETURN(FrameSocket socket,
                   FrameSocket::Open(node_.ifindex, node_.mac));
  station_.Listen(std::move(socket), node_.mac, Monotonic());
  watch_ = base::Watch::Readable(loop_, station_.fd(), [this] {
    Advance();
    Settle();
  });
  return absl::OkStatus();
}

// --- addresses

void Prober::Probe(base::Ipv4 address) {
  station_.Probe(address, Monotonic());
  Settle();
}

void Prober::Stop(base::Ipv4 address) {
  station_.Stop(address);
  Drop([&](const Outcome& outcome) {
    return IsOfProbing(outcome) && AddressOf(outcome) == address;
  });
  Settle();
}

void Prober::Watch(base::Ipv4 address) {
  station_.Watch(address);
  Settle();
}

void Prober::Unwatch(base::Ipv4 address) {
  station_.Unwatch(address);
  Drop([&](const Outcome& outcome) {
    return !IsOfProbing(outcome) && AddressOf(outcome) == address;
  });
  Settle();
}

void Prober::Drop(const std::function<bool(const Outcome&)>& which) {
  outcomes_.erase(std::remove_if(outcomes_.begin(), outcomes_.end(), which),
                  outcomes_.end());
}

absl::Time Prober::next_start() const {
  return absl::Now() + (station_.detector().next_start() - Monotonic());
}

// --- what happens

void Prober::Advance() {
  for (const Outcome& outcome : station_.Advance(Monotonic())) {
    outcomes_.push_back(outcome);
  }
  if (watch_ != nullptr && !station_.listening()) {
    reopen_timer_.Set(kReopenInterval);
  }
}

void Prober::OnTime() {
  Advance();
  while (!outcomes_.empty()) {
    const Outcome outcome = outcomes_.front();
    outcomes_.pop_front();
    Tell(outcome);
  }
  Settle();
}

void Prober::Tell(const Outcome& outcome) {
  const base::Ipv4 address = AddressOf(outcome);
  if (std::holds_alternative<Admitted>(outcome)) {
    handlers_.on_admitted(address);
  } else if (const auto* conflict = std::get_if<Conflict>(&outcome)) {
    LOG(WARNING) << "conflict address=" << address.ToString()
                 << " other=" << conflict->other.ToString();
    handlers_.on_conflict(address, conflict->other);
  } else if (const auto* defended = std::get_if<Defended>(&outcome)) {
    LOG(WARNING) << "claimed address=" << address.ToString()
                 << " other=" << defended->other.ToString() << ": defended";
    handlers_.on_contested(address, defended->other, true);
  } else {
    const base::Mac other = std::get<Contested>(outcome).other;
    LOG(ERROR) << "contested address=" << address.ToString()
               << " other=" << other.ToString()
               << ": it goes on claiming an address of a pod here";
    handlers_.on_contested(address, other, false);
  }
}

// After every event.
void Prober::Settle() {
  if (!outcomes_.empty()) {
    timer_.Set(absl::ZeroDuration());
  } else if (station_.deadline() == absl::InfiniteFuture()) {
    timer_.Cancel();
  } else {
    timer_.Set(station_.deadline() - Monotonic());
  }
  NoteRateLimit();
  Publish();
}

void Prober::NoteRateLimit() {
  if (rate_limited() == told_rate_limited_) return;
  told_rate_limited_ = rate_limited();
  if (told_rate_limited_) {
    LOG(WARNING) << "conflicts in a row: "
                 << station_.detector().conflicts_in_row()
                 << "; an address a minute is probed until one is free";
  } else {
    LOG(INFO) << "an address was free: probing goes on at full rate";
  }
}

void Prober::Publish() {
  for (size_t i = 0; i < kMetrics.size(); ++i) {
    const double value = kMetrics[i].read(station_);
    if (value == published_[i]) continue;
    metrics_.Set(kMetrics[i].name, value);
    published_[i] = value;
  }
}

}  // namespace applets::ipamd
