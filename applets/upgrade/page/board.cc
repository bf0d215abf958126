#include "applets/upgrade/page/board.h"

#include <algorithm>
#include <utility>

namespace applets::upgrade::page {
namespace {

bool IsEnd(NodeState state) {
  switch (state) {
    case NodeState::kDone:
    case NodeState::kUnchanged:
    case NodeState::kSkipped:
    case NodeState::kFailed:
    case NodeState::kReturned:
    case NodeState::kLost:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::string_view ToString(Service service) {
  switch (service) {
    case Service::kOff:
      return "off";
    case Service::kAsking:
      return "asking";
    case Service::kOn:
      break;
  }
  return "on";
}

absl::string_view ToString(Upgrader upgrader) {
  switch (upgrader) {
    case Upgrader::kNobody:
      return "nobody";
    case Upgrader::kHere:
      return "here";
    case Upgrader::kElsewhere:
      break;
  }
  return "elsewhere";
}

Board::Board(Offer offer, const std::vector<std::string>& nodes)
    : offer_(std::move(offer)) {
  seen_.reserve(nodes.size());
  for (const std::string& name : nodes) {
    places_.emplace(name, seen_.size());
    seen_.push_back({.name = name});
  }
}

void Board::SwitchOn(absl::Time now) {
  const bool was_off = service_ == Service::kOff;
  service_ = Service::kAsking;
  since_ = now;
  asked_ = 0;
  to_ask_.clear();
  for (size_t i = 0; i < seen_.size(); ++i) {
    seen_[i].asked = false;
    seen_[i].awaited = true;
    if (was_off) seen_[i].finding.reset();
    Ask(i);
  }
  DrawAll();
}

void Board::SwitchOff(absl::Time now) {
  service_ = Service::kOff;
  since_ = now;
  to_ask_.clear();
  DrawAll();
}

void Board::Ask(size_t node) {
  if (std::exchange(seen_[node].asked, true)) return;
  to_ask_.push_back(node);
}

std::vector<size_t> Board::TakeToAsk(size_t room) {
  const auto end =
      to_ask_.begin() + static_cast<int64_t>(std::min(room, to_ask_.size()));
  std::vector<size_t> nodes(to_ask_.begin(), end);
  to_ask_.erase(to_ask_.begin(), end);
  return nodes;
}

void Board::Hear(size_t node, const Finding& finding, absl::Time now) {
  Seen& seen = seen_[node];
  if (service_ == Service::kOff || !seen.asked) return;
  const bool awaited = std::exchange(seen.awaited, false);
  seen.asked = false;
  seen.finding = finding;
  seen.found = now;
  if (awaited && service_ == Service::kAsking && ++asked_ == seen_.size()) {
    service_ = Service::kOn;
    since_ = now;
    DrawAll();
    return;
  }
  Draw(node);
  ++age_;
}

void Board::Mark(Seen& seen, const FleetNode& node) {
  const bool live = !run_->over();
  seen.in_run = live;
  seen.takes_back = live && run_->phase != FleetPhase::kRunning &&
                    (run_->phase == FleetPhase::kReturning || run_->returns) &&
                    !node.before.empty() && node.before != run_->wanted;
  // A run that ends before a node's turn hasn't touched it.
  if (!live && !IsEnd(node.state) && node.state != NodeState::kUpgraded) {
    if (seen.mark && seen.mark->changed < run_->started) return;
    seen.mark.reset();
    return;
  }
  seen.mark = node;
  seen.offered = run_->wanted == offer_.sha256;
}

void Board::Show(const Fleet& fleet, Upgrader upgrader) {
  run_ = fleet;
  upgrader_ = upgrader;
  for (Seen& seen : seen_) seen.in_run = seen.takes_back = false;
  for (const FleetNode& node : run_->nodes) {
    const auto place = places_.find(node.name);
    if (place == places_.end()) continue;
    Seen& seen = seen_[place->second];
    Mark(seen, node);
    // What it has now.
    if (service_ != Service::kOff && IsEnd(node.state) &&
        seen.found <= node.changed && !seen.takes_back) {
      Ask(place->second);
    }
  }
  DrawAll();
}

const Seen* Board::Find(const std::string& node) const {
  const auto place = places_.find(node);
  return place == places_.end() ? nullptr : &seen_[place->second];
}

void Board::Draw(size_t node) {
  rows_[node] = RowOf(seen_[node], offer_, idle());
}

void Board::DrawAll() {
  ++age_;
  rows_.resize(service_ == Service::kOff ? 0 : seen_.size());
  for (size_t i = 0; i < rows_.size(); ++i) Draw(i);
}

}  // namespace applets::upgrade::page
