#include "applets/upgrade/kube_pod.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "applets/upgrade/remote.h"
#include "base/status.h"
#include "kube/objects.h"
#include "kube/section.h"

namespace applets::upgrade {
namespace {

using Answered = FleetAnswer::Kind;
using base::WriteKey;
using base::WriteMember;
using base::WriteString;
using Phase = Operation::Phase;
using Task = FleetTask::Kind;

constexpr char kContainer[] = "operation";
constexpr char kNodeFolder[] = "/node";
constexpr char kAnswerFile[] = "/dev/termination-log";
constexpr char kRunAnnotation[] = "cnivpc/run";
constexpr size_t kMaxTextBytes = 300;
constexpr size_t kMaxNodeInName = 36;
constexpr absl::Duration kPullLimit = absl::Minutes(2);
// An upgrade that is interrupted undoes what it has begun.
constexpr int64_t kGraceSeconds = 60;

// What a container doesn't get over by itself soon.
constexpr absl::string_view kHopeless[] = {
    "ErrImagePull",      "ImagePullBackOff",     "InvalidImageName",
    "ErrImageNeverPull", "CreateContainerError", "CreateContainerConfigError",
    "RunContainerError", "RegistryUnavailable"};

absl::string_view NameOf(Task kind) {
  switch (kind) {
    case Task::kLook:
      return "look";
    case Task::kUpgrade:
      return "upgrade";
    case Task::kCheck:
      return "check";
    case Task::kReturn:
      return "return";
  }
  return "";
}

// FNV-1a; part of a name that upgraders of different releases must agree on.
uint32_t HashOf(absl::string_view text) {
  uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619U;
  return hash;
}

// A name's characters are those of RFC 1123 labels, and dots.
std::string Short(absl::string_view node) {
  std::string text = absl::AsciiStrToLower(node.substr(0, kMaxNodeInName));
  absl::c_replace_if(
      text, [](char c) { return !absl::ascii_isalnum(c); }, '-');
  return text;
}

std::string Cut(std::string text) {
  text.resize(std::min(text.size(), kMaxTextBytes));
  return text;
}

FleetAnswer Nothing(std::string text) {
  return {.kind = Answered::kNothing, .text = Cut(std::move(text))};
}

// --- the pod

void WriteBool(base::JsonWriter& writer, absl::string_view key, bool value) {
  WriteKey(writer, key);
  writer.Bool(value);
}

void WriteMetadata(base::JsonWriter& writer, const Fleet& fleet,
                   const FleetTask& task) {
  WriteKey(writer, "metadata");
  writer.StartObject();
  WriteMember(writer, "namespace", kOperationNamespace);
  WriteMember(writer, "name", OperationName(fleet, task));
  WriteKey(writer, "labels");
  writer.StartObject();
  WriteMember(writer, "app", "plugin-operation");
  WriteMember(writer, "operation", NameOf(task.kind));
  writer.EndObject();
  WriteKey(writer, "annotations");
  writer.StartObject();
  WriteMember(writer, kRunAnnotation, fleet.id);
  writer.EndObject();
  writer.EndObject();
}

void WriteCommand(base::JsonWriter& writer, const Fleet& fleet,
                  const FleetTask& task) {
  WriteKey(writer, "command");
  writer.StartArray();
  WriteString(writer, "/cnivpc");
  for (const std::string& word : NodeCommand(fleet, task)) {
    WriteString(writer, word);
  }
  WriteString(writer, absl::StrCat("--root=", kNodeFolder));
  WriteString(writer, absl::StrCat("--answer-file=", kAnswerFile));
  writer.EndArray();
}

// It replaces what the kubelet runs as root, makes network namespaces, and runs
// the network's other plugins with the node's own programs, as a runtime does.
void WriteContainer(base::JsonWriter& writer, const Fleet& fleet,
                    const FleetTask& task) {
  writer.StartObject();
  WriteMember(writer, "name", kContainer);
  WriteMember(writer, "image", fleet.means.image);
  WriteMember(writer, "imagePullPolicy", "IfNotPresent");
  WriteCommand(writer, fleet, task);
  WriteMember(writer, "terminationMessagePath", kAnswerFile);
  WriteMember(writer, "terminationMessagePolicy", "FallbackToLogsOnError");
  WriteKey(writer, "securityContext");
  writer.StartObject();
  WriteBool(writer, "privileged", true);
  writer.EndObject();
  WriteKey(writer, "volumeMounts");
  writer.StartArray();
  writer.StartObject();
  WriteMember(writer, "name", "node");
  WriteMember(writer, "mountPath", kNodeFolder);
  writer.EndObject();
  writer.EndArray();
  writer.EndObject();
}

void WriteVolumes(base::JsonWriter& writer) {
  WriteKey(writer, "volumes");
  writer.StartArray();
  writer.StartObject();
  WriteMember(writer, "name", "node");
  WriteKey(writer, "hostPath");
  writer.StartObject();
  WriteMember(writer, "path", "/");
  WriteMember(writer, "type", "Directory");
  writer.EndObject();
  writer.EndObject();
  writer.EndArray();
}

void WriteTolerations(base::JsonWriter& writer) {
  WriteKey(writer, "tolerations");
  writer.StartArray();
  writer.StartObject();
  WriteMember(writer, "operator", "Exists");
  writer.EndObject();
  writer.EndArray();
}

void WriteSpec(base::JsonWriter& writer, const Fleet& fleet,
               const FleetTask& task) {
  WriteKey(writer, "spec");
  writer.StartObject();
  WriteMember(writer, "nodeName", fleet.nodes[task.node].name);
  WriteMember(writer, "restartPolicy", "Never");
  WriteMember(writer, "activeDeadlineSeconds",
              absl::ToInt64Seconds(DeadlineOf(task.kind)));
  WriteMember(writer, "terminationGracePeriodSeconds", kGraceSeconds);
  WriteMember(writer, "priorityClassName", "system-node-critical");
  WriteBool(writer, "hostNetwork", true);
  WriteBool(writer, "hostPID", true);
  WriteBool(writer, "automountServiceAccountToken", false);
  WriteBool(writer, "enableServiceLinks", false);
  WriteMember(writer, "dnsPolicy", "Default");
  WriteTolerations(writer);
  WriteKey(writer, "containers");
  writer.StartArray();
  WriteContainer(writer, fleet, task);
  writer.EndArray();
  WriteVolumes(writer);
  writer.EndObject();
}

// --- what becomes of it

Phase PhaseOf(absl::string_view text) {
  if (text == "Pending") return Phase::kPending;
  if (text == "Running") return Phase::kRunning;
  if (text == "Succeeded") return Phase::kSucceeded;
  if (text == "Failed") return Phase::kFailed;
  return Phase::kUnknown;
}

absl::Status ReadContainer(const base::Json& json, Operation& operation) {
  ASSIGN_OR_RETURN(const kube::Section state, kube::Section::Of(json, "state"));
  ASSIGN_OR_RETURN(const kube::Section waiting, state.Sub("waiting"));
  ASSIGN_OR_RETURN(operation.waits_for, waiting.String("reason"));
  ASSIGN_OR_RETURN(operation.waits_text, waiting.String("message"));
  const auto found = json.Find("state");
  operation.ended = found && found->Find("terminated").has_value();
  ASSIGN_OR_RETURN(const kube::Section end, state.Sub("terminated"));
  ASSIGN_OR_RETURN(const int64_t exit_status, end.Int("exitCode", 0));
  operation.exit_status = static_cast<int>(exit_status & 0xff);
  ASSIGN_OR_RETURN(operation.end_reason, end.String("reason"));
  ASSIGN_OR_RETURN(operation.answer, end.String("message"));
  return absl::OkStatus();
}

absl::Status ReadStatus(const kube::Section& status, Operation& operation) {
  ASSIGN_OR_RETURN(const std::string phase, status.String("phase"));
  operation.phase = PhaseOf(phase);
  ASSIGN_OR_RETURN(operation.reason, status.String("reason"));
  ASSIGN_OR_RETURN(operation.message, status.String("message"));
  ASSIGN_OR_RETURN(const std::string start, status.String("startTime"));
  operation.taken = !start.empty();
  ASSIGN_OR_RETURN(const std::vector<base::Json> containers,
                   status.Array("containerStatuses"));
  for (const base::Json& json : containers) {
    ASSIGN_OR_RETURN(const std::string name, json.String("name", ""));
    if (name == kContainer) RETURN_IF_ERROR(ReadContainer(json, operation));
  }
  return absl::OkStatus();
}

std::string WithText(absl::string_view what, const std::string& text) {
  return absl::StrCat(what, text.empty() ? "" : ": ", text);
}

// A container that has ended, by its message; whatever isn't an answer is none.
FleetAnswer AnswerOfEnd(const Fleet& fleet, const FleetTask& task,
                        const Operation& operation) {
  FleetAnswer answer = AnswerOf(fleet, task.kind,
                                {.exit_status = operation.exit_status,
                                 .out = operation.answer,
                                 .err = operation.answer});
  if (task.kind == Task::kLook) answer.raw = operation.answer;
  const bool killed =
      operation.end_reason == "OOMKilled" || operation.phase == Phase::kFailed;
  if (answer.kind == Answered::kNothing && killed) {
    const std::string& reason =
        operation.reason.empty() ? operation.end_reason : operation.reason;
    answer.text = Cut(WithText(reason, answer.text));
  }
  return answer;
}

// Evicted, DeadlineExceeded, OutOfpods…
FleetAnswer AnswerOfPod(const Operation& operation) {
  return Nothing(absl::StrCat("its pod failed: ",
                              WithText(operation.reason, operation.message)));
}

FleetAnswer AnswerOfStart(const FleetTask& task, const Operation& operation) {
  FleetAnswer answer = Nothing(
      absl::StrCat("its pod doesn't start: ",
                   WithText(operation.waits_for, operation.waits_text)));
  // The image is everybody's; one that isn't there is the run's failure.
  if (task.kind == Task::kLook) answer.kind = Answered::kFailed;
  return answer;
}

}  // namespace

absl::Duration DeadlineOf(Task kind) { return LimitOf(kind) + kPullLimit; }

std::string OperationName(const Fleet& fleet, const FleetTask& task) {
  const std::string& node = fleet.nodes[task.node].name;
  const std::string whole =
      absl::StrCat(fleet.id, "\n", node, "\n", NameOf(task.kind));
  return absl::StrFormat("plugin-operation-%s-%08x", Short(node),
                         HashOf(whole));
}

std::string OperationPod(const Fleet& fleet, const FleetTask& task) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteMember(writer, "apiVersion", "v1");
  WriteMember(writer, "kind", "Pod");
  WriteMetadata(writer, fleet, task);
  WriteSpec(writer, fleet, task);
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

absl::StatusOr<Operation> DecodeOperation(const base::Json& object) {
  Operation operation;
  ASSIGN_OR_RETURN(const kube::ObjectMeta meta, kube::DecodeMeta(object));
  operation.name = meta.key.name;
  operation.uid = meta.uid;
  operation.run = std::string(meta.Annotation(kRunAnnotation));
  operation.created = meta.created;
  operation.leaving = meta.deletion.has_value();
  ASSIGN_OR_RETURN(const kube::Section status,
                   kube::Section::Of(object, "status"));
  RETURN_IF_ERROR(ReadStatus(status, operation));
  return operation;
}

std::optional<FleetAnswer> Judge(const Fleet& fleet, const FleetTask& task,
                                 const Operation& operation,
                                 absl::Duration since) {
  if (operation.ended) return AnswerOfEnd(fleet, task, operation);
  if (operation.phase == Phase::kFailed) return AnswerOfPod(operation);
  if (operation.phase == Phase::kSucceeded) {
    return Nothing("its pod has ended without an answer");
  }
  if (!operation.taken && since >= kTakenLimit) {
    return Nothing("its kubelet doesn't take the pod");
  }
  if (since >= kStartLimit &&
      absl::c_linear_search(kHopeless, operation.waits_for)) {
    return AnswerOfStart(task, operation);
  }
  if (since >= DeadlineOf(task.kind) + kEndMargin) {
    return Nothing("its pod doesn't come to an end");
  }
  return std::nullopt;
}

bool IsStale(const Operation& operation, absl::Time now) {
  if (operation.leaving) return true;
  const bool over = operation.ended || operation.phase == Phase::kFailed ||
                    operation.phase == Phase::kSucceeded;
  return over && operation.created && now - *operation.created > kAnswerKept;
}

}  // namespace applets::upgrade
