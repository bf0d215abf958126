#include "applets/ctl/bundle.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "applets/ctl/calls.h"
#include "applets/ctl/document.h"
#include "applets/ctl/failure.h"
#include "applets/ctl/redact.h"
#include "applets/ctl/tar.h"
#include "base/build_info.h"
#include "base/json.h"

namespace applets::ctl {
namespace {

constexpr char kNetworkFolder[] = "/etc/cni/net.d";
constexpr char kPluginLog[] = "/var/log/cnivpc.log";

// Where ipamd tells it, and the file that it becomes.
struct Source {
  const char* path;
  const char* file;
};
constexpr Source kSources[] = {
    {"/v1/node", "ipamd/node.json"},     {"/v1/pool", "ipamd/pool.json"},
    {"/v1/events", "ipamd/events.json"}, {"/v1/config", "ipamd/config.json"},
    {"/metrics", "ipamd/metrics.txt"},   {"/v1/log", "ipamd/log.txt"},
};

// What has been gathered so far.
struct Gathered {
  std::vector<TarFile> files;
  std::vector<std::string> errors;

  void Add(std::string path, absl::string_view content) {
    path.resize(std::min(path.size(), kMaxTarPathBytes));
    files.push_back({std::move(path), Redact(content)});
  }
  void Miss(absl::string_view what, const absl::Status& status) {
    errors.push_back(absl::StrCat(what, ": ", status.message()));
  }
};

std::string Pretty(const std::string& path, std::string body) {
  if (!absl::EndsWith(path, ".json")) return body;
  absl::StatusOr<std::string> indented = ToIndentedJson(body);
  return indented.ok() ? *std::move(indented) : body;
}

void AskIpamd(const Options& options, const Host& host, Gathered& all) {
  for (const Source& source : kSources) {
    // A connection each: one that hangs must not take the others' time.
    const absl::StatusOr<Connection> ipamd = host.connect(options);
    if (!ipamd.ok()) return all.Miss("ipamd", ipamd.status());
    const absl::StatusOr<std::string> body = (*ipamd)("GET", source.path, "");
    if (!body.ok()) {
      all.Miss(source.path, body.status());
    } else {
      all.Add(source.file, Pretty(source.file, *body));
    }
  }
}

// The member "logFile" of a configuration, or of the plugins in a list.
void CollectLogFiles(const base::Json& json, std::set<std::string>& paths) {
  const std::string path = json.String("logFile", "").value_or("");
  if (!path.empty()) paths.insert(path);
  const auto plugins = json.Array("plugins");
  if (!plugins.ok()) return;
  for (const base::Json& plugin : *plugins) CollectLogFiles(plugin, paths);
}

// The runtime's configurations; and where they have the plugin write its log.
std::set<std::string> ReadNetworks(const Host& host, Gathered& all) {
  std::set<std::string> logs = {kPluginLog};
  const absl::StatusOr<std::vector<std::string>> paths =
      host.list(kNetworkFolder);
  if (!paths.ok()) {
    all.Miss(kNetworkFolder, paths.status());
    return logs;
  }
  for (const std::string& path : *paths) {
    const absl::StatusOr<std::string> text = host.tail(path, kMaxConfigBytes);
    if (!text.ok()) {
      all.Miss(path, text.status());
      continue;
    }
    all.Add(absl::StrCat("node", path), *text);
    const auto json = base::Json::Parse(*text);
    if (json.ok()) CollectLogFiles(*json, logs);
  }
  return logs;
}

void ReadLogs(const std::set<std::string>& paths, const Host& host,
              Gathered& all) {
  for (const std::string& path : paths) {
    const absl::StatusOr<std::string> text = host.tail(path, kLogTailBytes);
    if (!text.ok()) {
      all.Miss(path, text.status());
    } else {
      all.Add(absl::StrCat("node/", absl::StripPrefix(path, "/")), *text);
    }
  }
}

std::string Versions(absl::Time now) {
  const base::BuildInfo info = base::GetBuildInfo();
  return absl::StrCat(
      "cnivpctl ", info.version, "\ncommit   ", info.commit, "\nbuilt    ",
      info.build_time, " by ", info.compiler, "\ntaken    ",
      absl::FormatTime(absl::RFC3339_sec, now, absl::UTCTimeZone()), "\n");
}

Gathered Gather(const Options& options, const Host& host) {
  Gathered all;
  // Not redacted: a commit has 40 hexadecimal digits, too.
  all.files.push_back({"version.txt", Versions(host.now())});
  AskIpamd(options, host, all);
  for (const TarFile& file : host.look_at_kernel()) {
    all.Add(absl::StrCat("kernel/", file.path), file.content);
  }
  ReadLogs(ReadNetworks(host, all), host, all);
  if (!all.errors.empty()) {
    all.Add("errors.txt", absl::StrCat(absl::StrJoin(all.errors, "\n"), "\n"));
  }
  return all;
}

std::string NameOf(const Options& options, absl::Time now) {
  if (!options.subject.empty()) return options.subject;
  return absl::FormatTime("cnivpc-bundle-%Y%m%dT%H%M%SZ.tar", now,
                          absl::UTCTimeZone());
}

}  // namespace

Outcome WriteBundle(const Options& options, const Host& host) {
  const absl::Time now = host.now();
  const Gathered all = Gather(options, host);
  std::string archive = TarOf(all.files, now);
  std::string note;
  for (const std::string& error : all.errors) {
    absl::StrAppend(&note, "not in it: ", error, "\n");
  }
  if (options.subject == "-") {
    return {kDone, std::move(archive), std::move(note)};
  }
  const std::string name = NameOf(options, now);
  const absl::Status written = host.write(name, archive);
  if (!written.ok()) return {kFailed, "", ExplainBundle(written)};
  return {kDone,
          absl::StrCat("wrote ", name, ": ", all.files.size(), " files, ",
                       archive.size(), " bytes\n"),
          std::move(note)};
}

}  // namespace applets::ctl
