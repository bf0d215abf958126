#include "applets/upgrade/page/orders.h"

#include <iterator>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "applets/upgrade/codec.h"
#include "applets/upgrade/fleet.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::upgrade::page {
namespace {

constexpr size_t kMaxNameBytes = 253;  // of a host, RFC 1123 §2.1
constexpr size_t kMaxTokenBytes = 1024;
constexpr absl::Duration kLongest = absl::Hours(24 * 30);
constexpr Name<Begin::Kind> kKinds[] = {{"upgrade", Begin::Kind::kUpgrade},
                                        {"return", Begin::Kind::kReturn}};
constexpr Name<Steer::What> kWhat[] = {{"pause", Steer::What::kPause},
                                       {"resume", Steer::What::kResume},
                                       {"abort", Steer::What::kAbort},
                                       {"return", Steer::What::kReturn}};

// A number, or "10%".
absl::Status ReadAmount(const base::Json& json, absl::string_view key,
                        Amount& amount) {
  const auto field = json.Find(key);
  if (!field) return absl::OkStatus();
  amount = {};
  if (field->IsString()) {
    ASSIGN_OR_RETURN(const std::string text, field->AsString());
    absl::string_view number = text;
    amount.percent = absl::ConsumeSuffix(&number, "%");
    if (!absl::SimpleAtoi(number, &amount.number)) {
      return field->Error("must be a number, or one with % behind it");
    }
  } else {
    ASSIGN_OR_RETURN(amount.number, field->AsInt());
  }
  const int64_t most =
      amount.percent ? 100 : static_cast<int64_t>(kMaxFleetNodes);
  if (amount.number >= 0 && amount.number <= most) return absl::OkStatus();
  return field->Error(absl::StrCat("must be 0 to ", most));
}

absl::Status ReadTime(const base::Json& json, absl::string_view key,
                      absl::Duration& value) {
  const auto field = json.Find(key);
  if (!field) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string text, field->AsString());
  if (absl::ParseDuration(text, &value) && value >= absl::ZeroDuration() &&
      value <= kLongest) {
    return absl::OkStatus();
  }
  return field->Error("must be a time such as 90s or 1h30m");
}

absl::Status ReadNodes(const base::Json& json, Begin& begin) {
  ASSIGN_OR_RETURN(const base::Json field, json.Get("nodes"));
  ASSIGN_OR_RETURN(const std::vector<base::Json> names, field.AsArray());
  if (names.empty() || names.size() > kMaxFleetNodes) {
    return field.Error(absl::StrCat("must be 1 to ", kMaxFleetNodes));
  }
  std::set<std::string> seen;
  for (const base::Json& element : names) {
    ASSIGN_OR_RETURN(std::string name, element.AsString());
    if (name.empty() || name.size() > kMaxNameBytes) {
      return element.Error("is no name of a node");
    }
    if (!seen.insert(name).second) return element.Error("is there twice");
    begin.nodes.push_back(std::move(name));
  }
  return absl::OkStatus();
}

absl::StatusOr<Order> ReadLogIn(const base::Json& json) {
  LogIn order;
  ASSIGN_OR_RETURN(order.token, json.String("token"));
  if (order.token.size() > kMaxTokenBytes) return json.Error("too long");
  return order;
}

absl::StatusOr<Order> ReadLogOut(const base::Json&) { return LogOut(); }

absl::StatusOr<Order> ReadSwitch(const base::Json& json) {
  Switch order;
  ASSIGN_OR_RETURN(const base::Json field, json.Get("on"));
  ASSIGN_OR_RETURN(order.on, field.AsBool());
  return order;
}

absl::StatusOr<Order> ReadBegin(const base::Json& json) {
  Begin order;
  RETURN_IF_ERROR(Read<Begin::Kind>(json, "kind", kKinds, order.kind));
  RETURN_IF_ERROR(ReadNodes(json, order));
  ASSIGN_OR_RETURN(order.force, json.Bool("force", false));
  RETURN_IF_ERROR(ReadAmount(json, "canary", order.canaries));
  RETURN_IF_ERROR(ReadAmount(json, "batchSize", order.batch_size));
  RETURN_IF_ERROR(ReadAmount(json, "maxFailures", order.max_failures));
  RETURN_IF_ERROR(ReadTime(json, "soak", order.soak));
  RETURN_IF_ERROR(ReadTime(json, "deadline", order.deadline));
  ASSIGN_OR_RETURN(const std::string on_failure,
                   json.String("onFailure", "rollback"));
  order.stop_only = on_failure == "stop";
  if (on_failure == "stop" || on_failure == "rollback") return order;
  return json.Error("onFailure: must be rollback or stop");
}

absl::StatusOr<Order> ReadSteer(const base::Json& json) {
  Steer order;
  RETURN_IF_ERROR(Read<Steer::What>(json, "do", kWhat, order.what));
  return order;
}

using Reader = absl::StatusOr<Order> (*)(const base::Json&);
constexpr std::pair<absl::string_view, Reader> kReaders[] = {
    {"/api/login", ReadLogIn},    {"/api/logout", ReadLogOut},
    {"/api/service", ReadSwitch}, {"/api/runs", ReadBegin},
    {"/api/run", ReadSteer},
};

}  // namespace

absl::StatusOr<Order> ParseOrder(absl::string_view path,
                                 absl::string_view body) {
  const auto* reader = absl::c_find_if(
      kReaders, [&](const auto& entry) { return entry.first == path; });
  if (reader == std::end(kReaders)) {
    return absl::NotFoundError("there is nothing by that path");
  }
  if (body.size() > kMaxOrderBytes) {
    return absl::InvalidArgumentError("too long");
  }
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(body));
  RETURN_IF_ERROR(json.MustBeObject());
  return reader->second(json);
}

}  // namespace applets::upgrade::page
