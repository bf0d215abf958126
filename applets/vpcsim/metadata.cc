#include "applets/vpcsim/metadata.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "applets/vpcsim/ret_code.h"
#include "base/json.h"
#include "rapidjson/document.h"

namespace applets::vpcsim {
namespace {

using base::JsonWriter;
using base::WriteKey;
using base::WriteMember;

constexpr int kCpus = 8;
constexpr int kMemoryMib = 16384;
constexpr absl::Duration kShortestLife = absl::Minutes(15);
constexpr absl::Duration kLongestLife = absl::Hours(1);

std::string TextOf(const rapidjson::StringBuffer& buffer) {
  return {buffer.GetString(), buffer.GetSize()};
}

void WriteInterface(JsonWriter& writer, const World& world,
                    const Interface& interface, const Host& host) {
  const Subnet* subnet = world.SubnetById(interface.subnet);
  writer.StartObject();
  if (!host.old_metadata) {
    WriteKey(writer, "default");
    writer.Bool(interface.is_default);
    WriteMember(writer, "id", interface.id);
  }
  WriteKey(writer, "ips");
  writer.StartArray();
  writer.StartObject();
  WriteMember(writer, "ip-address", interface.primary.ToString());
  WriteMember(writer, "type", "Private");
  writer.EndObject();
  writer.EndArray();
  WriteMember(writer, "mac", absl::AsciiStrToUpper(interface.mac.ToString()));
  WriteMember(writer, "subnet-id", interface.subnet);
  WriteMember(writer, "vpc-id", subnet == nullptr ? "" : subnet->vpc);
  writer.EndObject();
}

void WriteInstance(JsonWriter& writer, const World& world, const Host& host) {
  const absl::string_view kind = host.bare_metal ? "uphost" : "uhost";
  WriteKey(writer, kind);
  writer.StartObject();
  WriteMember(writer, "cpu", kCpus);
  WriteMember(writer, "memory", kMemoryMib);
  WriteMember(writer, "name", host.name);
  WriteKey(writer, "network-interfaces");
  writer.StartArray();
  for (const Interface* interface : world.InterfacesOf(host)) {
    WriteInterface(writer, world, *interface, host);
  }
  writer.EndArray();
  WriteMember(writer, "project-id", world.settings().project);
  WriteMember(writer, "region", world.settings().region);
  WriteMember(writer, absl::StrCat(kind, "-id"), host.id);
  WriteMember(writer, "zone", host.zone);
  writer.EndObject();
}

// The value at "a/0/b"; null when there is none.
const rapidjson::Value* Walk(const rapidjson::Value* value,
                             absl::string_view path) {
  for (const absl::string_view part :
       absl::StrSplit(path, '/', absl::SkipEmpty())) {
    uint32_t index = 0;
    if (value->IsArray() && absl::SimpleAtoi(part, &index) &&
        index < value->Size()) {
      value = &(*value)[index];
      continue;
    }
    if (!value->IsObject()) return nullptr;
    const rapidjson::Value name(rapidjson::StringRef(part.data(), part.size()));
    const auto member = value->FindMember(name);
    if (member == value->MemberEnd()) return nullptr;
    value = &member->value;
  }
  return value;
}

// A value as text; what has parts is listed.
std::string Show(const rapidjson::Value& value) {
  std::string text;
  if (value.IsString()) return value.GetString();
  if (value.IsBool()) return value.GetBool() ? "true" : "false";
  if (value.IsInt64()) return absl::StrCat(value.GetInt64());
  if (value.IsArray()) {
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
      absl::StrAppend(&text, "/", i, "\n");
    }
  }
  if (value.IsObject()) {
    for (const auto& member : value.GetObject()) {
      absl::StrAppend(&text, "/", member.name.GetString(), "\n");
    }
  }
  return text;
}

}  // namespace

std::string MetadataOf(const World& world, const Host& host) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  WriteMember(writer, "availability-zone", host.zone);
  WriteMember(writer, "instance-id", host.id);
  WriteMember(writer, "region", world.settings().region);
  WriteInstance(writer, world, host);
  writer.EndObject();
  return TextOf(buffer);
}

std::optional<std::string> MetadataAt(const World& world, const Host& host,
                                      absl::string_view path) {
  if (path == "v1.json" || path == "latest.json") {
    return MetadataOf(world, host);
  }
  if (!absl::ConsumePrefix(&path, "v1/") &&
      !absl::ConsumePrefix(&path, "latest/")) {
    return std::nullopt;
  }
  rapidjson::Document document;
  const std::string text = MetadataOf(world, host);
  document.Parse(text.data(), text.size());
  const rapidjson::Value* value = Walk(&document, path);
  if (value == nullptr) return std::nullopt;
  return Show(*value);
}

std::optional<StsRequest> ReadStsPath(absl::string_view path) {
  StsRequest request;
  if (absl::ConsumePrefix(&path, "v2/iam/security-credentials/")) {
    request.version = StsRequest::Version::kV2;
  } else if (!absl::ConsumePrefix(&path, "v1/uam/security-credentials/")) {
    return std::nullopt;
  }
  request.role = std::string(path);
  return request;
}

Result<absl::Duration> ReadStsDuration(absl::string_view header) {
  if (header.empty()) return kLongestLife;
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(header, &seconds) ||
      absl::Seconds(seconds) < kShortestLife ||
      absl::Seconds(seconds) > kLongestLife) {
    return Refusal{kBadParameter, "Duration-Seconds must be from 900 to 3600"};
  }
  return absl::Seconds(seconds);
}

std::string StsAnswer(const StsRequest& request, const World& world,
                      const TemporaryKey& key) {
  const bool v1 = request.version == StsRequest::Version::kV1;
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  WriteMember(writer, "RetCode", 0);
  WriteMember(writer, "Message", "");
  WriteKey(writer, "Data");
  writer.StartObject();
  WriteMember(writer, v1 ? "PublicKey" : "AccessKeyId", key.pair.public_key);
  WriteMember(writer, v1 ? "PrivateKey" : "AccessKeySecret",
              key.pair.private_key);
  WriteMember(writer, "SecurityToken", key.token);
  if (v1) {
    WriteMember(writer, "Expiration", absl::ToUnixSeconds(key.expires));
  } else {
    WriteMember(writer, "Expiration",
                absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", key.expires,
                                 absl::UTCTimeZone()));
  }
  WriteMember(writer, "ProjectID", world.settings().project);
  WriteMember(writer, "CharacterName", request.role);
  writer.EndObject();
  writer.EndObject();
  return TextOf(buffer);
}

std::string StsRefusal(const Refusal& refusal) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  WriteMember(writer, "RetCode", refusal.ret_code);
  WriteMember(writer, "Message", refusal.message);
  writer.EndObject();
  return TextOf(buffer);
}

}  // namespace applets::vpcsim
