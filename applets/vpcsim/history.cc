#include "applets/vpcsim/history.h"

namespace applets::vpcsim {
namespace {

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace

void History::Note(const Change& change, absl::Time now) {
  Entry entry = {.at = now};
  std::visit(Overloaded{
                 [&](const SecondaryChange& c) {
                   entry.subnet = c.subnet;
                   entry.address = c.address;
                   if (c.before != nullptr) entry.before = c.before->mac;
                 },
                 [&](const InterfaceChange& c) {
                   InterfaceEntry interface;
                   interface.id = (c.before ? c.before : c.after)->id;
                   if (c.before != nullptr) interface.before = *c.before;
                   entry.interface = std::make_unique<const InterfaceEntry>(
                       std::move(interface));
                 },
                 [](const auto&) {},
             },
             change);
  if (entry.subnet == nullptr && entry.interface == nullptr) return;
  entries_.push_back(std::move(entry));
  Forget(now);
}

Past History::At(absl::Time then) const {
  Past past;
  // From the latest back, so that of several changes the first one counts.
  for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
    if (it->at <= then) break;
    if (it->interface != nullptr) {
      past.interfaces[it->interface->id] = it->interface->before;
    } else {
      past.secondary[{it->subnet, it->address}] = it->before;
    }
  }
  return past;
}

void History::Forget(absl::Time now) {
  while (!entries_.empty() && (entries_.size() > kMaxChanges ||
                               now - entries_.front().at > kMaxAge)) {
    entries_.pop_front();
  }
}

}  // namespace applets::vpcsim
