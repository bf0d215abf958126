#include "netlink/arp/station.h"

#include <utility>

namespace netlink::arp {

Station::Station(const Timing& timing, absl::BitGenRef random)
    : detector_(base::Mac(), timing, random), guard_(base::Mac()) {
  detector_.OnLinkDown();
}

void Station::Listen(FrameSocket socket, const base::Mac& mac, absl::Time now) {
  socket_.emplace(std::move(socket));
  mac_ = mac;
  guard_.OnNewMac(mac);
  detector_.OnNewMac(mac, now);
  UpdateLink(now);
}

void Station::Deafen() {
  socket_.reset();
  detector_.OnLinkDown();
}

void Station::OnLinkDown() {
  link_up_ = false;
  detector_.OnLinkDown();
}

void Station::OnLinkUp(absl::Time now) {
  link_up_ = true;
  UpdateLink(now);
}

void Station::UpdateLink(absl::Time now) {
  const bool up = link_up_ && listening();
  if (up) detector_.OnLinkUp(now);
  if (!up && detector_.link_up()) detector_.OnLinkDown();
}

void Station::Probe(base::Ipv4 address, absl::Time now) {
  detector_.Start(address, now);
}

void Station::Stop(base::Ipv4 address) { detector_.Stop(address); }

std::vector<Outcome> Station::Advance(absl::Time now) {
  std::vector<Outcome> outcomes;
  if (Hear(now, outcomes)) Ask(now, outcomes);
  return outcomes;
}

// Whether all has been heard that came in before `now`.
bool Station::Hear(absl::Time now, std::vector<Outcome>& outcomes) {
  if (!socket_) return true;
  const FrameSocket::Heard heard = socket_->Receive();
  counters_.frames += heard.packets.size();
  for (const Packet& packet : heard.packets) {
    const auto conflict = detector_.OnPacket(packet, now);
    if (conflict) outcomes.emplace_back(*conflict);
  }
  StandUp(heard.packets, now, outcomes);
  NoteLosses(heard.status, now);
  UpdateLink(now);
  return heard.drained;
}

// What we can't have heard, because the link was away or the buffer full.
void Station::NoteLosses(const absl::Status& received, absl::Time now) {
  const auto lost = socket_->TakeLost();
  counters_.frames_lost += lost.value_or(0);
  if (received.ok() && lost.ok() && *lost == 0) return;
  detector_.OnFramesLost(now);
}

// For the addresses we have.
void Station::StandUp(const std::vector<Packet>& packets, absl::Time now,
                      std::vector<Outcome>& outcomes) {
  std::vector<Frame> frames;
  std::vector<std::optional<Defend>> reasons;  // of each frame
  for (const Packet& packet : packets) {
    const auto action = guard_.OnPacket(packet, now);
    if (!action) continue;
    if (const auto* contested = std::get_if<Contested>(&*action)) {
      outcomes.emplace_back(*contested);
    } else if (const auto* defend = std::get_if<Defend>(&*action)) {
      frames.push_back(Encode(Announcement(mac_, defend->address)));
      reasons.emplace_back(*defend);
    } else {
      frames.push_back(Encode(Reply(packet, mac_)));
      reasons.emplace_back(std::nullopt);
    }
  }
  const size_t sent = Send(frames);
  for (size_t i = 0; i < reasons.size(); ++i) {
    if (!reasons[i]) continue;
    if (i >= sent) {
      guard_.OnSendFailed(reasons[i]->address);
    } else {
      outcomes.emplace_back(Defended{reasons[i]->address, reasons[i]->other});
    }
  }
}

// For those we would like to have.
void Station::Ask(absl::Time now, std::vector<Outcome>& outcomes) {
  std::vector<Frame> frames;
  std::vector<base::Ipv4> asked;
  for (const Detector::Action& action : detector_.OnTimer(now)) {
    if (const auto* admitted = std::get_if<Admitted>(&action)) {
      outcomes.emplace_back(*admitted);
      continue;
    }
    asked.push_back(std::get<SendProbe>(action).address);
    frames.push_back(Encode(arp::Probe(mac_, asked.back())));
  }
  for (size_t i = Send(frames); i < asked.size(); ++i) {
    detector_.OnSendFailed(asked[i], now);
  }
}

// How many; the rest could not be sent.
size_t Station::Send(const std::vector<Frame>& frames) {
  if (frames.empty() || !socket_) return 0;
  const size_t sent = socket_->Send(frames).frames;
  counters_.send_failures += frames.size() - sent;
  return sent;
}

}  // namespace netlink::arp
