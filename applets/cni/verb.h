// What a runtime may ask of the plugin (CNI SPEC §2, CNI operations).
#ifndef CNIVPC_APPLETS_CNI_VERB_H_
#define CNIVPC_APPLETS_CNI_VERB_H_

#include <array>
#include <optional>

#include "absl/strings/string_view.h"

namespace applets::cni {

enum class Verb { kAdd, kDel, kCheck, kGc, kStatus, kVersion };

inline constexpr std::array kVerbs = {Verb::kAdd,    Verb::kDel,
                                      Verb::kCheck,  Verb::kGc,
                                      Verb::kStatus, Verb::kVersion};

constexpr absl::string_view ToString(Verb verb) {
  switch (verb) {
    case Verb::kAdd:
      return "ADD";
    case Verb::kDel:
      return "DEL";
    case Verb::kCheck:
      return "CHECK";
    case Verb::kGc:
      return "GC";
    case Verb::kStatus:
      return "STATUS";
    case Verb::kVersion:
      return "VERSION";
  }
  return "";
}

// The exact text of CNI_COMMAND, nullopt for any other.
constexpr std::optional<Verb> FindVerb(absl::string_view text) {
  for (const Verb verb : kVerbs) {
    if (ToString(verb) == text) return verb;
  }
  return std::nullopt;
}

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_VERB_H_
