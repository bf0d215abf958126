#include "applets/vpcsim/fault.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/algorithm/container.h"
#include "absl/random/distributions.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace applets::vpcsim {
namespace {

std::mt19937_64 RandomOf(uint64_t seed, absl::string_view id) {
  std::vector<uint32_t> parts = {static_cast<uint32_t>(seed),
                                 static_cast<uint32_t>(seed >> 32)};
  for (const char c : id) parts.push_back(static_cast<unsigned char>(c));
  std::seed_seq sequence(parts.begin(), parts.end());
  return std::mt19937_64(sequence);
}

bool MatchesAction(absl::string_view wanted, const Subject& subject) {
  if (subject.kind == Subject::Kind::kMetadata) return wanted == "metadata";
  if (subject.kind == Subject::Kind::kSts) return wanted == "sts";
  if (wanted == "*") return true;
  if (wanted == "read") return IsRead(subject.action);
  if (wanted == "write") return !IsRead(subject.action);
  return wanted == subject.action;
}

bool Matches(const FaultRule& rule, const Subject& subject) {
  const FaultRule::Match& match = rule.match;
  return rule.when.interval == absl::ZeroDuration() &&
         MatchesAction(match.action, subject) &&
         (!match.mac || absl::c_linear_search(subject.macs, *match.mac)) &&
         (match.subnet.empty() || match.subnet == subject.subnet) &&
         (match.host.empty() || match.host == subject.host) &&
         (!rule.effects.expire_token || subject.has_token);
}

bool HasOutcome(const Verdict& verdict) {
  return verdict.refusal || verdict.http_status != 0 || verdict.reset ||
         verdict.hang > absl::ZeroDuration();
}

void ApplyOutcome(const FaultRule::Effects& effects, Verdict& verdict) {
  if (HasOutcome(verdict)) return;
  verdict.refusal = effects.refusal;
  verdict.http_status = effects.http_status;
  verdict.reset = effects.reset != Moment::kNever;
  verdict.hang = effects.hang;
  if (HasOutcome(verdict)) verdict.takes_effect = effects.takes_effect;
}

void ApplyBend(const Bend& bend, Verdict& verdict) {
  verdict.bend.lag = std::max(verdict.bend.lag, bend.lag);
  verdict.bend.failing = std::max(verdict.bend.failing, bend.failing);
  verdict.bend.wrong_mac |= bend.wrong_mac;
}

// Whose addresses change: those the rule is for, else those the call is about.
OutOfBand ChangeOf(const FaultRule& rule, const Subject& subject) {
  OutOfBand change = *rule.effects.out_of_band;
  change.mac = rule.match.mac;
  if (!change.mac && !subject.macs.empty()) change.mac = subject.macs.front();
  change.subnet = rule.match.subnet;
  return change;
}

}  // namespace

absl::Duration Draw(const Latency& latency, std::mt19937_64& random) {
  const double first = latency.first;
  const double second = latency.second;
  double ms = first;
  switch (latency.shape) {
    case Latency::Shape::kConstant:
      break;
    case Latency::Shape::kUniform:
      ms = first + (second - first) * absl::Uniform<double>(random, 0, 1);
      break;
    case Latency::Shape::kNormal:
      ms = absl::Gaussian<double>(random, first, second);
      break;
    case Latency::Shape::kExponential:
      ms = first * absl::Exponential<double>(random, 1);
      break;
    case Latency::Shape::kLognormal:
      ms = first * std::exp(second * absl::Gaussian<double>(random, 0, 1));
      break;
    case Latency::Shape::kPareto:
      ms = first * std::exp(absl::Exponential<double>(random, 1) / second);
      break;
  }
  return std::clamp(absl::Milliseconds(ms), absl::ZeroDuration(), latency.most);
}

absl::StatusOr<std::string> Faults::Set(FaultRule rule, absl::Time now) {
  while (rule.id.empty()) {
    const std::string id = absl::StrCat("fault-", next_id_++);
    if (!active_.contains(id)) rule.id = id;
  }
  if (active_.size() >= kMaxRules && !active_.contains(rule.id)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there can be no more than ", kMaxRules, " rules"));
  }
  const bool by_clock = rule.when.interval > absl::ZeroDuration();
  const absl::Time due = by_clock ? now + rule.when.from + rule.when.interval
                                  : absl::InfiniteFuture();
  const std::string id = rule.id;
  Active active{std::move(rule), RandomOf(seed_, id), now, due};
  active_.insert_or_assign(id, std::move(active));
  return id;
}

bool Faults::Erase(const std::string& id) { return active_.erase(id) != 0; }

void Faults::Clear() { active_.clear(); }

bool Faults::Hits(Active& active, absl::Time now) {
  const FaultRule::When& when = active.rule.when;
  const absl::Duration age = now - active.set_at;
  if (age < when.from || age >= when.until) return false;
  const uint64_t number = ++active.counts.matched;
  if (number % static_cast<uint64_t>(when.every) != 0) return false;
  if (active.counts.hits >= static_cast<uint64_t>(when.next)) return false;
  if (!absl::Bernoulli(active.random, when.probability)) return false;
  ++active.counts.hits;
  return true;
}

void Faults::Apply(Active& active, const Subject& subject, Verdict& verdict) {
  const FaultRule::Effects& effects = active.rule.effects;
  verdict.hits.push_back(active.rule.id);
  if (effects.latency) {
    const absl::Duration drawn = Draw(*effects.latency, active.random);
    (effects.latency_at == Moment::kBefore ? verdict.before : verdict.after) +=
        drawn;
  }
  ApplyOutcome(effects, verdict);
  ApplyBend(effects.bend, verdict);
  verdict.expire_token |= effects.expire_token;
  if (effects.out_of_band) {
    verdict.out_of_band.push_back(ChangeOf(active.rule, subject));
  }
}

Verdict Faults::Judge(const Subject& subject, absl::Time now) {
  Verdict verdict;
  for (auto& [id, active] : active_) {
    if (Matches(active.rule, subject) && Hits(active, now)) {
      Apply(active, subject, verdict);
    }
  }
  return verdict;
}

std::vector<OutOfBand> Faults::Due(absl::Time now) {
  std::vector<OutOfBand> due;
  for (auto& [id, active] : active_) {
    if (now < active.next_due) continue;
    // Times that were missed are not made up for.
    active.next_due = now + active.rule.when.interval;
    if (Hits(active, now)) due.push_back(ChangeOf(active.rule, Subject{}));
  }
  return due;
}

absl::Time Faults::next_due() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, active] : active_) {
    next = std::min(next, active.next_due);
  }
  return next;
}

std::vector<std::pair<FaultRule, Faults::Counts>> Faults::rules() const {
  std::vector<std::pair<FaultRule, Counts>> rules;
  for (const auto& [id, active] : active_) {
    rules.emplace_back(active.rule, active.counts);
  }
  return rules;
}

}  // namespace applets::vpcsim
