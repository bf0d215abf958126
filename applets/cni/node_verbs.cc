#include "applets/cni/node_verbs.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "applets/cni/error.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::cni {
namespace {

SpecVersion VersionOf(absl::string_view input) {
  const auto document = ParseDocument(input);
  if (!document.ok() || !document->Find("cniVersion")) return kNewestVersion;
  return ParseVersion(*document).value_or(kNewestVersion);
}

}  // namespace

absl::Status CollectGarbage(const Config& config, Leasing& leasing) {
  if (!config.valid_attachments) {
    return absl::InvalidArgumentError("cni.dev/valid-attachments: missing");
  }
  ASSIGN_OR_RETURN(const auto leases, leasing.Open(config));
  ASSIGN_OR_RETURN(const rpc::GcReply reply,
                   leases->Gc({config.name, *config.valid_attachments}));
  if (reply.errors.empty()) return absl::OkStatus();
  return ErrorWithCode(
      Code::kCollectionIncomplete,
      absl::StrCat(reply.errors.size(), " attachments could not be removed"),
      absl::StrJoin(reply.errors, "; "));
}

absl::Status ReportStatus(const Config& config, Leasing& leasing) {
  Config impatient = config;
  impatient.timeout = std::min(config.timeout, kStatusLimit);
  ASSIGN_OR_RETURN(const auto leases, leasing.Open(impatient));
  return leases->Ready();
}

std::string DescribeVersions(absl::string_view input) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  writer.StartObject();
  base::WriteMember(writer, "cniVersion", ToString(VersionOf(input)));
  base::WriteKey(writer, "supportedVersions");
  writer.StartArray();
  for (const SpecVersion version : kSpecVersions) {
    base::WriteString(writer, ToString(version));
  }
  writer.EndArray();
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace applets::cni
