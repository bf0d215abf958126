#include "applets/upgrade/conflist.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "rapidjson/prettywriter.h"

namespace applets::upgrade {
namespace {

// CNI SPEC §1: what a plugin without one speaks.
constexpr char kImplied[] = "0.1.0";
constexpr size_t kMaxPlugins = 32;

using Allocator = rapidjson::Document::AllocatorType;

rapidjson::Value Text(absl::string_view text, Allocator& allocator) {
  return {text.data(), static_cast<rapidjson::SizeType>(text.size()),
          allocator};
}

void Set(rapidjson::Value& object, const char* key, rapidjson::Value value,
         Allocator& allocator) {
  // As often as it is there, and the rest keeps its order.
  while (object.EraseMember(key)) {
  }
  object.AddMember(rapidjson::StringRef(key), value, allocator);
}

// "1.0.0" as numbers; none if it isn't three.
std::vector<int> NumbersOf(absl::string_view version) {
  std::vector<int> numbers;
  for (const absl::string_view part : absl::StrSplit(version, '.')) {
    int number = 0;
    if (!absl::SimpleAtoi(part, &number)) return {};
    numbers.push_back(number);
  }
  return numbers.size() == 3 ? numbers : std::vector<int>();
}

}  // namespace

absl::StatusOr<Conflist> Conflist::Parse(absl::string_view text) {
  ASSIGN_OR_RETURN(base::Json document, base::Json::Parse(text));
  RETURN_IF_ERROR(document.MustBeObject());
  Conflist list(document);
  ASSIGN_OR_RETURN(list.name_, document.String("name"));
  ASSIGN_OR_RETURN(list.version_, document.String("cniVersion", ""));
  list.plugins_ = {document};
  if (const auto plugins = document.Find("plugins")) {
    ASSIGN_OR_RETURN(list.plugins_, plugins->AsArray());
    if (list.plugins_.empty() || list.plugins_.size() > kMaxPlugins) {
      return plugins->Error(absl::StrCat("must be 1 to ", kMaxPlugins));
    }
  }
  for (const base::Json& plugin : list.plugins_) {
    ASSIGN_OR_RETURN(std::string type, plugin.String("type"));
    if (type.empty() || absl::StrContains(type, '/')) {
      return plugin.Error("type must be a file's name");
    }
    list.types_.push_back(std::move(type));
  }
  return list;
}

bool Conflist::HasPlugin(absl::string_view type) const {
  return absl::c_linear_search(types_, type);
}

std::string Conflist::RequestFor(size_t i,
                                 absl::string_view previous_result) const {
  rapidjson::Document request;
  Allocator& allocator = request.GetAllocator();
  request.CopyFrom(plugins_[i].raw(), allocator);
  request.EraseMember("capabilities");
  Set(request, "name", Text(name_, allocator), allocator);
  if (!version_.empty()) {
    Set(request, "cniVersion", Text(version_, allocator), allocator);
  }
  if (const auto previous = base::Json::Parse(previous_result); previous.ok()) {
    Set(request, "prevResult", rapidjson::Value(previous->raw(), allocator),
        allocator);
  }
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  request.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

absl::StatusOr<std::string> WithVersion(absl::string_view text,
                                        absl::string_view version) {
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(text));
  RETURN_IF_ERROR(json.MustBeObject());
  rapidjson::Document document;
  document.CopyFrom(json.raw(), document.GetAllocator());
  rapidjson::Value value = Text(version, document.GetAllocator());
  if (document.HasMember("cniVersion")) {
    document["cniVersion"] = value;  // in its place
  } else {
    document.AddMember("cniVersion", value, document.GetAllocator());
  }
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
  writer.SetIndent(' ', 2);
  document.Accept(writer);
  return absl::StrCat(absl::string_view(buffer.GetString(), buffer.GetSize()),
                      "\n");
}

std::string VersionFor(absl::string_view current,
                       absl::Span<const std::string> protocols) {
  const absl::string_view own = current.empty() ? kImplied : current;
  if (protocols.empty() || absl::c_linear_search(protocols, own)) {
    return std::string(current);
  }
  const std::vector<int> limit = NumbersOf(own);
  std::string best;
  for (const std::string& protocol : protocols) {
    const std::vector<int> numbers = NumbersOf(protocol);
    if (numbers.empty() || limit.empty() || numbers > limit) continue;
    if (best.empty() || numbers > NumbersOf(best)) best = protocol;
  }
  return best;
}

bool IsConfigurationFile(absl::string_view name) {
  return absl::EndsWith(name, ".conflist") || absl::EndsWith(name, ".conf") ||
         absl::EndsWith(name, ".json");
}

}  // namespace applets::upgrade
