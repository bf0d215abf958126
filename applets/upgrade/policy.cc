#include "applets/upgrade/policy.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace applets::upgrade {
namespace {

constexpr char kForceHint[] = "; if you mean it: --force";

std::string WantedText(const Situation& situation) {
  return situation.wanted.text.empty() ? "what is to be installed"
                                       : situation.wanted.text;
}

bool IsLts(const Situation& situation) {
  return situation.wanted.version && situation.wanted.version->lts();
}

bool IsDowngrade(const Situation& situation) {
  return situation.current && situation.current->version &&
         situation.wanted.version &&
         situation.current->product == situation.wanted.product &&
         *situation.wanted.version < *situation.current->version;
}

using Objections = std::vector<Objection>;

void ObjectToWanted(const Situation& situation, Objections& objections) {
  const std::string wanted = WantedText(situation);
  if (situation.wanted.product != Product::kOurs) {
    objections.push_back(
        {Reason::kNotOurs,
         absl::StrCat(wanted,
                      " is another program that is called cnivpc: "
                      "install it the way it came")});
  }
  if (situation.out_of_maintenance && !IsLts(situation)) {
    objections.push_back(
        {Reason::kNotLts,
         absl::StrCat("this cluster is out of maintenance and gets only -lts "
                      "versions, not ",
                      wanted, ": take one, or upgrade Kubernetes first")});
  }
  if (!situation.wanted.version) {
    objections.push_back(
        {Reason::kWantedUnknown,
         absl::StrCat("\"", wanted, "\" is no released version", kForceHint)});
  } else if (situation.uncatalogued) {
    objections.push_back({Reason::kUncatalogued,
                          absl::StrCat(wanted,
                                       " is not in the catalogue: take a newer "
                                       "catalogue",
                                       kForceHint)});
  }
}

std::string WhyUnknown(const Situation& situation) {
  if (situation.current) {
    return absl::StrCat(" (it says \"", situation.current->text, "\")");
  }
  if (situation.current_problem.empty()) return "";
  return absl::StrCat(" (what is installed ", situation.current_problem, ")");
}

void ObjectToCurrent(const Situation& situation, Objections& objections) {
  if (!situation.installed) return;
  const std::optional<VersionReport>& current = situation.current;
  if (!current || !current->version) {
    objections.push_back({Reason::kCurrentUnknown,
                          absl::StrCat("the installed version can't be told",
                                       WhyUnknown(situation), kForceHint)});
  }
  if (current && current->product != Product::kOurs) {
    objections.push_back(
        {Reason::kCurrentForeign,
         absl::StrCat("another program, version ", current->text,
                      ", is installed, and its state isn't taken over: "
                      "docs/upgrade.md tells how to change over",
                      kForceHint)});
  }
  if (IsDowngrade(situation)) {
    objections.push_back(
        {Reason::kDowngrade,
         absl::StrCat(WantedText(situation), " is older than ", current->text,
                      ", which is installed; --rollback takes an upgrade back",
                      kForceHint)});
  }
}

}  // namespace

absl::string_view ToString(Reason reason) {
  switch (reason) {
    case Reason::kNotOurs:
      return "not-ours";
    case Reason::kProtocol:
      return "protocol";
    case Reason::kNotLts:
      return "not-lts";
    case Reason::kCurrentUnknown:
      return "current-unknown";
    case Reason::kCurrentForeign:
      return "current-foreign";
    case Reason::kWantedUnknown:
      return "wanted-unknown";
    case Reason::kUncatalogued:
      return "uncatalogued";
    case Reason::kDowngrade:
      return "downgrade";
    case Reason::kTainted:
      return "tainted";
  }
  return "";
}

bool IsForceable(Reason reason) {
  return reason != Reason::kNotOurs && reason != Reason::kProtocol &&
         reason != Reason::kNotLts;
}

Verdict Judge(const Situation& situation) {
  Objections objections;
  ObjectToWanted(situation, objections);
  ObjectToCurrent(situation, objections);
  if (situation.tainted) {
    objections.push_back(
        {Reason::kTainted,
         absl::StrCat("the node is tainted or cordoned", kForceHint)});
  }
  Verdict verdict;
  for (Objection& objection : objections) {
    const bool overruled = situation.force && IsForceable(objection.reason);
    (overruled ? verdict.overruled : verdict.refusals)
        .push_back(std::move(objection));
  }
  return verdict;
}

}  // namespace applets::upgrade
