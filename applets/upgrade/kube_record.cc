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

// What "" is written as: nothing in an object, and in a patch what takes away
// the value before. (An API server may take "" for no string at all, when it
// was built with a Go that its validation doesn't know.)
enum class Empty { kLeftOut, kNull };

void WriteText(base::JsonWriter& writer, absl::string_view key,
               absl::string_view text, Empty empty) {
  if (!text.empty()) return WriteMember(writer, key, text);
  if (empty == Empty::kLeftOut) return;
  WriteKey(writer, key);
  writer.Null();
}

void WriteSpec(base::JsonWriter& writer, const ClusterRecord& record,
               Empty empty) {
  WriteKey(writer, "spec");
  writer.StartObject();
  WriteText(writer, "holder", record.holder, empty);
  WriteText(writer, "renewed", record.renewed, empty);
  WriteText(writer, "wish", ToString(record.wish), empty);
  writer.EndObject();
}

void WriteStatus(base::JsonWriter& writer, const Fleet& fleet, Empty empty) {
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
  WriteText(writer, "reason", fleet.reason, empty);
  WriteText(writer, "image", fleet.means.image, empty);
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

absl::StatusOr<ClusterRecord> DecodeHolder(const base::Json& object) {
  ClusterRecord record;
  ASSIGN_OR_RETURN(const kube::Section spec, kube::Section::Of(object, "spec"));
  ASSIGN_OR_RETURN(record.holder, spec.String("holder"));
  ASSIGN_OR_RETURN(record.renewed, spec.String("renewed"));
  ASSIGN_OR_RETURN(const std::string wish, spec.String("wish"));
  record.wish = WishOf(wish);
  return record;
}

absl::StatusOr<ClusterRecord> DecodeRecord(const base::Json& object) {
  ASSIGN_OR_RETURN(ClusterRecord record, DecodeHolder(object));
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
  WriteSpec(writer, record, Empty::kLeftOut);
  if (record.fleet) WriteStatus(writer, *record.fleet, Empty::kLeftOut);
  writer.EndObject();
  return Text(text);
}

std::string HolderPatch(const ClusterRecord& record) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteSpec(writer, record, Empty::kNull);
  writer.EndObject();
  return Text(text);
}

std::string RecordPatch(const ClusterRecord& record) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteSpec(writer, record, Empty::kNull);
  if (record.fleet) WriteStatus(writer, *record.fleet, Empty::kNull);
  writer.EndObject();
  return Text(text);
}

std::string WishPatch(Wish wish) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteKey(writer, "spec");
  writer.StartObject();
  WriteText(writer, "wish", ToString(wish), Empty::kNull);
  writer.EndObject();
  writer.EndObject();
  return Text(text);
}

}  // namespace applets::upgrade
