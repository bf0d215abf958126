#include "pool/sim/trace.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace pool::sim {

namespace {

// `ip` as a whole, not as a part of a longer one.
bool Mentions(absl::string_view text, absl::string_view ip) {
  const size_t at = text.find(ip);
  if (at == absl::string_view::npos) return false;
  const size_t end = at + ip.size();
  return end == text.size() || !absl::ascii_isdigit(text[end]) ||
         Mentions(text.substr(end), ip);
}

}  // namespace

Trace::Trace(const Agenda& agenda, const std::optional<Focus>& focus)
    : agenda_(agenda),
      on_(focus.has_value()),
      node_(on_ ? focus->node : -1),
      ip_(on_ && focus->ip ? focus->ip->ToString() : "") {}

// Of other addresses only what has to do with none.
bool Trace::IsOfInterest(int node, absl::string_view what) const {
  if (!ip_.empty() && Mentions(what, ip_)) return true;
  if (node != node_ || node < 0) return false;
  return ip_.empty() || !absl::StrContains(what, "10.");
}

void Trace::Say(int node, const std::string& what) {
  if (!on_ || !IsOfInterest(node, what)) return;
  if (lines_.size() == kMaxLines) lines_.pop_front();
  lines_.push_back(
      absl::StrFormat("%12.6f %s %s", absl::ToDoubleSeconds(agenda_.elapsed()),
                      node < 0 ? "vpc" : absl::StrCat("node-", node), what));
}

}  // namespace pool::sim
