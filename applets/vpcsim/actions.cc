#include "applets/vpcsim/actions.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "applets/vpcsim/action.h"
#include "applets/vpcsim/ret_code.h"

namespace applets::vpcsim {
namespace {

enum class Kind { kRead, kWrite };

struct Action {
  absl::string_view name;
  Kind kind;
  Outcome (*perform)(Turn&);
};

constexpr std::array kActions = {
    Action{"AllocateSecondaryIp", Kind::kWrite, AllocateSecondaryIp},
    Action{"AllocateBatchSecondaryIp", Kind::kWrite, AllocateBatchSecondaryIp},
    Action{"DeleteSecondaryIp", Kind::kWrite, DeleteSecondaryIp},
    Action{"DescribeSecondaryIp", Kind::kRead, DescribeSecondaryIp},
    Action{"MoveSecondaryIPMac", Kind::kWrite, MoveSecondaryIpMac},
    Action{"DescribeSubnet", Kind::kRead, DescribeSubnet},
    Action{"DescribeInstanceNetworkInterface", Kind::kRead,
           DescribeInstanceNetworkInterface},
    Action{"CreateNetworkInterface", Kind::kWrite, CreateNetworkInterface},
    Action{"AttachNetworkInterface", Kind::kWrite, AttachNetworkInterface},
    Action{"DetachNetworkInterface", Kind::kWrite, DetachNetworkInterface},
    Action{"DeleteNetworkInterface", Kind::kWrite, DeleteNetworkInterface},
    Action{"DescribeNetworkInterface", Kind::kRead, DescribeNetworkInterface},
    Action{"DescribeUHostInstance", Kind::kRead, DescribeUHostInstance},
};

const Action* Find(absl::string_view name) {
  for (const Action& action : kActions) {
    if (action.name == name) return &action;
  }
  return nullptr;
}

void WriteHead(base::JsonWriter& writer, absl::string_view action,
               const Refusal& refusal) {
  base::WriteMember(writer, "Action",
                    action.empty() ? "" : absl::StrCat(action, "Response"));
  base::WriteMember(writer, "RetCode", refusal.ret_code);
  base::WriteMember(writer, "Message", refusal.message);
}

Outcome CheckCommon(Turn& turn) {
  const Settings& settings = turn.world.settings();
  const std::string region = turn.params.Text("Region");
  if (region != settings.region) turn.params.Reject("Region");
  if (turn.params.refusal()) return turn.params.refusal();
  const std::string project = turn.params.OptionalText("ProjectId");
  if (project.empty() || settings.project.empty() ||
      project == settings.project) {
    return std::nullopt;
  }
  return Refusal{kUnknownProject, absl::StrCat("no such project: ", project)};
}

}  // namespace

bool IsAction(absl::string_view action) { return Find(action) != nullptr; }

bool IsRead(absl::string_view action) {
  const Action* found = Find(action);
  return found != nullptr && found->kind == Kind::kRead;
}

std::string AnswerOf(absl::string_view action, const Refusal& refusal) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteHead(writer, action, refusal);
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

std::string Perform(World& world, const Call& call, const Bend& bend,
                    absl::BitGenRef random, absl::Time now) {
  world.SetTime(now);
  const Action* action = Find(call.action);
  if (action == nullptr) {
    const Refusal refusal =
        call.action.empty()
            ? Refusal{kNoAction, "Missing Action"}
            : Refusal{kUnknownAction,
                      absl::StrCat("Action [", call.action, "] not found")};
    return AnswerOf(call.action, refusal);
  }
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteHead(writer, call.action, {});
  Turn turn = {.world = world,
               .params = Params(call),
               .bend = bend,
               .random = random,
               .answer = writer};
  Outcome outcome = CheckCommon(turn);
  if (!outcome) outcome = action->perform(turn);
  if (outcome) return AnswerOf(call.action, *outcome);
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

std::string ReadZone(Turn& turn) {
  std::string zone = turn.params.Text("Zone");
  const std::vector<std::string>& zones = turn.world.settings().zones;
  if (std::find(zones.begin(), zones.end(), zone) == zones.end()) {
    turn.params.Reject("Zone");
  }
  return zone;
}

Outcome CheckVpc(const World& world, absl::string_view vpc) {
  if (world.VpcById(vpc) != nullptr) return std::nullopt;
  return Refusal{kUnknownVpc, absl::StrCat("vpc ", vpc, " not found")};
}

Outcome CheckSubnet(const World& world, absl::string_view subnet,
                    absl::string_view vpc) {
  const Subnet* found = world.SubnetById(subnet);
  if (found != nullptr && (vpc.empty() || found->vpc == vpc)) {
    return std::nullopt;
  }
  return Refusal{kUnknownSubnet,
                 absl::StrCat("subnet ", subnet, " not found",
                              vpc.empty() ? "" : " in vpc ", vpc)};
}

Page ReadPage(Params& params) {
  constexpr int64_t kMaxOffset = 1'000'000'000;
  return {.offset = params.Number("Offset", {0, kMaxOffset}, 0),
          .limit = params.Number("Limit", {1, Page::kMaxLimit},
                                 Page::kDefaultLimit)};
}

std::string UpperCase(const base::Mac& mac) {
  return absl::AsciiStrToUpper(mac.ToString());
}

std::string DottedMask(base::Ipv4Prefix prefix) {
  return base::Ipv4(~(prefix.last().bits() - prefix.first().bits())).ToString();
}

}  // namespace applets::vpcsim
