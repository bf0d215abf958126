#include "applets/upgrade/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/json.h"

namespace applets::upgrade {
namespace {

using Presence = Artifact::Presence;

// Short of what JSON's escapes could make of it.
constexpr size_t kBriefTextBytes = 500;

std::string NameOf(const Artifact& artifact) {
  if (artifact.presence == Presence::kMissing) return "nothing";
  return artifact.version.empty() ? "an unknown version" : artifact.version;
}

// Two builds of a version are told apart by their sums.
std::string NameIn(const Run& run, const Artifact& artifact) {
  const bool alike = run.before.presence != Presence::kMissing &&
                     run.before.version == run.wanted.version;
  if (!alike || artifact.sha256.empty()) return NameOf(artifact);
  return absl::StrCat(NameOf(artifact), " (", artifact.sha256.substr(0, 8),
                      ")");
}

std::string NotesOf(const Run& run) {
  std::string text;
  for (const std::string& note : run.notes) {
    absl::StrAppend(&text, "note: ", note, "\n");
  }
  return text;
}

std::string DoneText(const Run& run) {
  if (run.kind == Kind::kDryRun) {
    return absl::StrCat(NameOf(run.wanted),
                        " would be installed; nothing was changed.\n");
  }
  std::string text =
      absl::StrCat(NameIn(run, run.wanted),
                   " is installed. Running pods keep their network.\n");
  if (run.before.presence != Presence::kMissing) {
    absl::StrAppend(&text, "To go back to ", NameIn(run, run.before),
                    ": cnivpc upgrade --rollback\n");
  }
  return text;
}

std::string UnfinishedText(const Run& run) {
  return absl::StrCat("it stopped at ", ToString(run.steps[run.at]),
                      "; to bring it to an end: cnivpc upgrade --resume\n");
}

absl::string_view OutcomeOf(const Answer& answer) {
  switch (answer.exit_status) {
    case ExitStatus::kDone:
      return answer.run ? "done" : "unchanged";
    case ExitStatus::kRefused:
      return "refused";
    case ExitStatus::kBusy:
      return "busy";
    case ExitStatus::kStuck:
      return "stuck";
    case ExitStatus::kFailed:
    case ExitStatus::kUsage:
      break;
  }
  return "failed";
}

// A value that is JSON already.
void WriteRaw(base::JsonWriter& writer, absl::string_view key,
              const std::string& json) {
  base::WriteKey(writer, key);
  writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
}

void Write(base::JsonWriter& writer, absl::string_view key,
           const Facts& facts) {
  base::WriteKey(writer, key);
  writer.StartObject();
  base::WriteMember(writer, "presence", ToString(facts.artifact.presence));
  base::WriteMember(writer, "sha256", facts.artifact.sha256);
  base::WriteMember(writer, "version", facts.artifact.version);
  base::WriteMember(
      writer, "problem",
      absl::string_view(facts.problem).substr(0, kBriefTextBytes));
  writer.EndObject();
}

void WriteRefusals(base::JsonWriter& writer, const Verdict& verdict) {
  base::WriteKey(writer, "refusals");
  writer.StartArray();
  for (const Objection& objection : verdict.refusals) {
    writer.StartObject();
    base::WriteMember(writer, "reason", ToString(objection.reason));
    base::WriteMember(writer, "text", objection.text);
    writer.EndObject();
  }
  writer.EndArray();
}

std::string BriefErrorOf(const Answer& answer) {
  std::string text = answer.error;
  if (text.empty() && answer.run) text = answer.run->reason;
  if (text.empty() && !answer.verdict.allowed()) {
    text = absl::StrCat("refused: ", answer.verdict.refusals.front().text);
  }
  return text.substr(0, kBriefTextBytes);
}

// What is installed now; "" if the run leaves that open.
std::string VersionAfter(const Run& run) {
  if (run.phase == Phase::kUndone || run.kind == Kind::kDryRun) {
    return run.before.version;
  }
  return run.phase == Phase::kDone ? run.wanted.version : "";
}

void WriteOutcome(base::JsonWriter& writer, const Answer& answer) {
  base::WriteMember(writer, "outcome", OutcomeOf(answer));
  base::WriteMember(writer, "exitStatus",
                    static_cast<int64_t>(answer.exit_status));
  const std::string version = answer.run ? VersionAfter(*answer.run) : "";
  if (!version.empty()) base::WriteMember(writer, "version", version);
  if (answer.health) Write(writer, "health", *answer.health);
}

void WriteNode(base::JsonWriter& writer, const NodeStatus& status) {
  Write(writer, "installed", status.installed);
  Write(writer, "previous", status.previous);
  base::WriteKey(writer, "own");
  writer.StartObject();
  base::WriteMember(writer, "sha256", status.own.sha256);
  base::WriteMember(writer, "version", status.own.version);
  writer.EndObject();
  base::WriteKey(writer, "atWork");
  writer.Bool(status.at_work);
  if (status.ipamd) {
    base::WriteKey(writer, "ipamd");
    writer.StartObject();
    base::WriteMember(writer, "version", status.ipamd->version);
    base::WriteMember(writer, "address", status.ipamd->address);
    writer.EndObject();
  }
  if (status.health) Write(writer, "health", *status.health);
}

std::string Line(absl::string_view what, const Facts& facts) {
  if (facts.artifact.presence == Presence::kMissing) {
    return absl::StrFormat("%-11snothing\n", what);
  }
  return absl::StrFormat(
      "%-11s%s%s%s, SHA-256 %s\n", what, NameOf(facts.artifact),
      facts.artifact.presence == Presence::kSymlink ? " (a link)" : "",
      facts.problem.empty() ? "" : absl::StrCat(": ", facts.problem),
      facts.artifact.sha256);
}

}  // namespace

ExitStatus ExitStatusOf(const Run& run) {
  if (run.phase == Phase::kDone) return ExitStatus::kDone;
  return run.phase == Phase::kUndone ? ExitStatus::kFailed : ExitStatus::kStuck;
}

std::string Headline(const Run& run) {
  return absl::StrCat(ToString(run.kind), " of ", run.bin_dir, "/", kPluginFile,
                      " from ", NameIn(run, run.before), " to ",
                      NameIn(run, run.wanted));
}

std::string StepLine(const Run& run, absl::Duration took,
                     const absl::Status& outcome) {
  const absl::string_view word = !outcome.ok()                  ? "FAILED"
                                 : run.phase == Phase::kForward ? "ok"
                                                                : "undone";
  return absl::StrFormat("  %-12s%-8s%6d ms%s%s\n", ToString(run.steps[run.at]),
                         word, absl::ToInt64Milliseconds(took),
                         outcome.ok() ? "" : "  ", outcome.message());
}

std::string Summary(const Run& run) {
  switch (run.phase) {
    case Phase::kDone:
      return absl::StrCat(NotesOf(run), DoneText(run));
    case Phase::kUndone:
      return absl::StrCat(NotesOf(run), "Failed at ", run.reason, "\n",
                          NameIn(run, run.before),
                          " is installed, as before.\n");
    case Phase::kStuck:
      return absl::StrCat(NotesOf(run), "Failed at ", run.reason,
                          "\nAnd that can't be undone: ", UnfinishedText(run));
    case Phase::kForward:
    case Phase::kBack:
      break;
  }
  return absl::StrCat(NotesOf(run), UnfinishedText(run));
}

std::string Summary(const Verdict& verdict) {
  std::string text;
  for (const Objection& objection : verdict.refusals) {
    absl::StrAppend(&text, "refused: ", objection.text, "\n");
  }
  return text;
}

std::string ToJson(const Answer& answer) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteOutcome(writer, answer);
  if (!answer.verdict.allowed()) WriteRefusals(writer, answer.verdict);
  if (!answer.error.empty()) base::WriteMember(writer, "error", answer.error);
  if (answer.run) WriteRaw(writer, "run", ToJson(*answer.run));
  writer.EndObject();
  return absl::StrCat(text.GetString(), "\n");
}

std::string ToBriefJson(const Answer& answer) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteOutcome(writer, answer);
  const std::string error = BriefErrorOf(answer);
  if (!error.empty()) base::WriteMember(writer, "error", error);
  writer.EndObject();
  return text.GetString();
}

std::string ToText(const NodeStatus& status) {
  std::string text = Line("installed", status.installed);
  absl::StrAppend(&text, Line("previous", status.previous));
  if (status.ipamd) {
    absl::StrAppend(
        &text, absl::StrFormat("%-11s%s\n", "ipamd", status.ipamd->version));
  }
  if (status.last) {
    const Run& run = *status.last;
    absl::StrAppend(
        &text, absl::StrFormat("%-11s", "last run"), Headline(run), ", ",
        absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", run.changed,
                         absl::UTCTimeZone()),
        ": ", ToString(run.phase), "\n",
        run.reason.empty() ? "" : absl::StrCat("reason: ", run.reason, "\n"),
        NotesOf(run),
        run.unfinished() && !status.at_work ? UnfinishedText(run) : "");
  }
  if (status.at_work) absl::StrAppend(&text, "An upgrade is at work.\n");
  return text;
}

std::string ToJson(const NodeStatus& status) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteNode(writer, status);
  if (status.last) WriteRaw(writer, "last", ToJson(*status.last));
  writer.EndObject();
  return absl::StrCat(text.GetString(), "\n");
}

std::string ToBriefJson(const NodeStatus& status) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteNode(writer, status);
  writer.EndObject();
  return text.GetString();
}

}  // namespace applets::upgrade
