#include "applets/upgrade/kube_record.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "applets/upgrade/codec.h"
#include "applets/upgrade/fleet_report.h"
#include "applets/upgrade/kube_pod.h"
#include "base/status.h"
#include "kube/section.h"

namespace applets::upgrade {
namespace {

using base::WriteKey;
using base::WriteMember;

constexpr char kName[] = "cnivpc";
constexpr Name<Wish> kWishes[] = {
    {"", Wish::kNone},
    {"pause", Wish::kPause},
    {"resume", Wish::kResume},
    {"abort", Wish::kAbort},
    {"rollback", Wish::kRollback},
};

Wish WishOf(absl::string_view text) {
  for (const auto& [name, wish] : kWishes) {
    if (name == text) return wish;
  }
  return Wish::kNone;
}

void WriteSpec(base::JsonWriter& writer, const ClusterRecord& record) {
  WriteKey(writer, "spec");
  writer.StartObject();
  WriteMember(writer, "holder", record.holder);
  WriteMember(writer, "renewed", record.renewed);
  WriteMember(writer, "wish", ToString(record.wish));
  writer.EndObject();
}

void WriteStatus(base::JsonWriter& writer, const Fleet& fleet) {
  const auto failed = static_cast<int64_t>(fleet.Count(NodeState::kFailed) +
                                           fleet.Count(NodeState::kLost));
  WriteKey(writer, "status");
  writer.StartObject();
  WriteMember(writer, "phase", fleet.paused ? "paused" : ToString(fleet.phase));
  WriteMember(writer, "progress",
              absl::StrCat(Settled(fleet), "/", fleet.nodes.size()));
  WriteMember(
      writer, "done",
      fleet.Count(NodeState::kDone) + fleet.Count(NodeState::kUnchanged));
  WriteMember(writer, "failed", failed);
  WriteMember(writer, "reason", fleet.reason);
  WriteMember(writer, "image", fleet.means.image);
  WriteKey(writer, "run");
  const std::string run = ToJson(fleet);
  writer.RawValue(run.data(), run.size(), rapidjson::kObjectType);
  writer.EndObject();
}

std::string Text(const rapidjson::StringBuffer& text) {
  return {text.GetString(), text.GetSize()};
}

}  // namespace

kube::ObjectKey RecordKey() { return {kOperationNamespace, kName}; }

absl::string_view ToString(Wish wish) { return NameOf<Wish>(kWishes, wish); }

absl::StatusOr<ClusterRecord> DecodeRecord(const base::Json& object) {
  ClusterRecord record;
  ASSIGN_OR_RETURN(const kube::Section spec, kube::Section::Of(object, "spec"));
  ASSIGN_OR_RETURN(record.holder, spec.String("holder"));
  ASSIGN_OR_RETURN(record.renewed, spec.String("renewed"));
  ASSIGN_OR_RETURN(const std::string wish, spec.String("wish"));
  record.wish = WishOf(wish);
  const auto status = object.Find("status");
  const auto run = status ? status->Find("run") : std::nullopt;
  if (!run) return record;
  auto fleet = ParseFleet(run->Dump());
  if (!fleet.ok()) return base::Annotate(fleet.status(), "status.run");
  record.fleet = *std::move(fleet);
  return record;
}

std::string EncodeRecord(const ClusterRecord& record) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteMember(writer, "apiVersion",
              absl::StrCat(kCniUpgrades.group, "/", kCniUpgrades.version));
  WriteMember(writer, "kind", "CniUpgrade");
  WriteKey(writer, "metadata");
  writer.StartObject();
  WriteMember(writer, "namespace", kOperationNamespace);
  WriteMember(writer, "name", kName);
  writer.EndObject();
  WriteSpec(writer, record);
  if (record.fleet) WriteStatus(writer, *record.fleet);
  writer.EndObject();
  return Text(text);
}

std::string HolderPatch(const ClusterRecord& record) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteSpec(writer, record);
  writer.EndObject();
  return Text(text);
}

std::string RecordPatch(const ClusterRecord& record) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteSpec(writer, record);
  if (record.fleet) WriteStatus(writer, *record.fleet);
  writer.EndObject();
  return Text(text);
}

std::string WishPatch(Wish wish) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteKey(writer, "spec");
  writer.StartObject();
  WriteMember(writer, "wish", ToString(wish));
  writer.EndObject();
  writer.EndObject();
  return Text(text);
}

}  // namespace applets::upgrade
