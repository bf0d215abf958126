#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "applets/upgrade/codec.h"
#include "applets/upgrade/run.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

constexpr int64_t kSchema = 1;
constexpr size_t kMaxSteps = 32;

constexpr Name<Step> kSteps[] = {
    {"self-test", Step::kSelfTest}, {"rehearse", Step::kRehearse},
    {"keep", Step::kKeep},          {"configure", Step::kConfigure},
    {"install", Step::kInstall},    {"smoke-test", Step::kSmokeTest},
    {"finish", Step::kFinish},
};
constexpr Name<Phase> kPhases[] = {
    {"forward", Phase::kForward}, {"back", Phase::kBack},
    {"done", Phase::kDone},       {"undone", Phase::kUndone},
    {"stuck", Phase::kStuck},
};
constexpr Name<Kind> kKinds[] = {
    {"upgrade", Kind::kUpgrade},
    {"rollback", Kind::kRollback},
    {"dry-run", Kind::kDryRun},
};
constexpr Name<Artifact::Presence> kPresences[] = {
    {"missing", Artifact::Presence::kMissing},
    {"file", Artifact::Presence::kFile},
    {"symlink", Artifact::Presence::kSymlink},
};

// A place in the list of steps.
absl::Status ReadPlace(const base::Json& object, absl::string_view key,
                       size_t steps, size_t& value) {
  ASSIGN_OR_RETURN(const int64_t number, object.Int(key));
  if (number < 0 || static_cast<uint64_t>(number) > steps) {
    return object.Error(absl::StrCat(key, ": outside the steps"));
  }
  value = static_cast<size_t>(number);
  return absl::OkStatus();
}

absl::StatusOr<Artifact> ReadArtifact(const base::Json& object) {
  Artifact artifact;
  RETURN_IF_ERROR(Read<Artifact::Presence>(object, "presence", kPresences,
                                           artifact.presence));
  ASSIGN_OR_RETURN(artifact.sha256, object.String("sha256"));
  ASSIGN_OR_RETURN(artifact.version, object.String("version"));
  return artifact;
}

absl::StatusOr<std::vector<Step>> ReadSteps(const base::Json& json) {
  ASSIGN_OR_RETURN(const base::Json field, json.Get("steps"));
  ASSIGN_OR_RETURN(const std::vector<base::Json> array, field.AsArray());
  if (array.empty() || array.size() > kMaxSteps) {
    return field.Error(absl::StrCat("must be 1 to ", kMaxSteps));
  }
  std::vector<Step> steps;
  for (const base::Json& element : array) {
    ASSIGN_OR_RETURN(const Step step, ValueOf<Step>(element, kSteps));
    steps.push_back(step);
  }
  return steps;
}

absl::Status ReadProgress(const base::Json& json, Run& run) {
  ASSIGN_OR_RETURN(run.steps, ReadSteps(json));
  RETURN_IF_ERROR(Read<Phase>(json, "phase", kPhases, run.phase));
  RETURN_IF_ERROR(ReadPlace(json, "at", run.steps.size(), run.at));
  RETURN_IF_ERROR(ReadPlace(json, "turnedAt", run.steps.size(), run.turned_at));
  if (run.unfinished() && run.at == run.steps.size()) {
    return json.Error("at: outside the steps");
  }
  ASSIGN_OR_RETURN(run.reason, json.String("reason"));
  ASSIGN_OR_RETURN(const std::vector<base::Json> notes, json.Array("notes"));
  for (const base::Json& note : notes) {
    ASSIGN_OR_RETURN(std::string text, note.AsString());
    run.notes.push_back(std::move(text));
  }
  RETURN_IF_ERROR(Read(json, "started", run.started));
  return Read(json, "changed", run.changed);
}

void WriteArtifact(base::JsonWriter& writer, absl::string_view key,
                   const Artifact& artifact) {
  base::WriteKey(writer, key);
  writer.StartObject();
  base::WriteMember(writer, "presence", ToString(artifact.presence));
  base::WriteMember(writer, "sha256", artifact.sha256);
  base::WriteMember(writer, "version", artifact.version);
  writer.EndObject();
}

void WriteTexts(base::JsonWriter& writer, absl::string_view key,
                const std::vector<std::string>& texts) {
  base::WriteKey(writer, key);
  writer.StartArray();
  for (const std::string& text : texts) base::WriteString(writer, text);
  writer.EndArray();
}

void WriteProgress(base::JsonWriter& writer, const Run& run) {
  std::vector<std::string> steps;
  for (const Step step : run.steps) steps.emplace_back(ToString(step));
  WriteTexts(writer, "steps", steps);
  base::WriteMember(writer, "at", static_cast<int64_t>(run.at));
  base::WriteMember(writer, "phase", ToString(run.phase));
  base::WriteMember(writer, "turnedAt", static_cast<int64_t>(run.turned_at));
  base::WriteMember(writer, "reason", run.reason);
  WriteTexts(writer, "notes", run.notes);
  Write(writer, "started", run.started);
  Write(writer, "changed", run.changed);
}

}  // namespace

absl::string_view ToString(Step step) { return NameOf<Step>(kSteps, step); }
absl::string_view ToString(Phase phase) {
  return NameOf<Phase>(kPhases, phase);
}
absl::string_view ToString(Kind kind) { return NameOf<Kind>(kKinds, kind); }
absl::string_view ToString(Artifact::Presence presence) {
  return NameOf<Artifact::Presence>(kPresences, presence);
}

std::string ToJson(const Run& run) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  base::WriteMember(writer, "schema", kSchema);
  base::WriteMember(writer, "id", run.id);
  base::WriteMember(writer, "kind", ToString(run.kind));
  base::WriteMember(writer, "binDir", run.bin_dir);
  WriteArtifact(writer, "before", run.before);
  WriteArtifact(writer, "wanted", run.wanted);
  base::WriteMember(writer, "network", run.network);
  if (run.change) {
    base::WriteKey(writer, "change");
    writer.StartObject();
    base::WriteMember(writer, "before", run.change->before);
    base::WriteMember(writer, "after", run.change->after);
    writer.EndObject();
  }
  Write(writer, "lenient", run.lenient);
  Write(writer, "excused", run.excused);
  Write(writer, "resumed", run.resumed);
  WriteProgress(writer, run);
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

absl::StatusOr<Run> ParseRun(absl::string_view text) {
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(text));
  ASSIGN_OR_RETURN(const int64_t schema, json.Int("schema"));
  if (schema > kSchema) {
    return absl::FailedPreconditionError(
        "written by a later version of this program: use that one");
  }
  Run run;
  ASSIGN_OR_RETURN(run.id, json.String("id"));
  RETURN_IF_ERROR(Read<Kind>(json, "kind", kKinds, run.kind));
  ASSIGN_OR_RETURN(run.bin_dir, json.String("binDir"));
  ASSIGN_OR_RETURN(const base::Json before, json.Get("before"));
  ASSIGN_OR_RETURN(run.before, ReadArtifact(before));
  ASSIGN_OR_RETURN(const base::Json wanted, json.Get("wanted"));
  ASSIGN_OR_RETURN(run.wanted, ReadArtifact(wanted));
  ASSIGN_OR_RETURN(run.network, json.String("network"));
  if (const auto change = json.Find("change")) {
    run.change.emplace();
    ASSIGN_OR_RETURN(run.change->before, change->String("before"));
    ASSIGN_OR_RETURN(run.change->after, change->String("after"));
  }
  ASSIGN_OR_RETURN(run.lenient, json.Bool("lenient", false));
  ASSIGN_OR_RETURN(run.excused, json.Bool("excused", false));
  ASSIGN_OR_RETURN(run.resumed, json.Bool("resumed", false));
  RETURN_IF_ERROR(ReadProgress(json, run));
  return run;
}

}  // namespace applets::upgrade
