#include "applets/ledger/realm.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::ledger {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxNameBytes = 128;
constexpr char kFolder[] = "subnets";

constexpr struct {
  RealmRecord::Stage stage;
  absl::string_view name;
} kStages[] = {{RealmRecord::Stage::kWanted, "wanted"},
               {RealmRecord::Stage::kAttached, "attached"},
               {RealmRecord::Stage::kUnwanted, "unwanted"}};

// The names of clouds' things; they become those of files and Kubernetes'
// objects.
bool IsName(absl::string_view text) {
  const auto fits = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
           c == '.' || c == '_';
  };
  return !text.empty() && text.size() <= kMaxNameBytes && text[0] != '.' &&
         std::all_of(text.begin(), text.end(), fits);
}

// FNV-1a, 64 bit: it must never change, for files and interfaces go by it.
uint64_t Hash(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

absl::Status StatusOf(const std::error_code& error, const std::string& what) {
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(), what);
}

absl::StatusOr<RealmRecord::Stage> ReadStage(const base::Json& json) {
  ASSIGN_OR_RETURN(const std::string name, json.String("stage"));
  for (const auto& known : kStages) {
    if (known.name == name) return known.stage;
  }
  return json.Error(absl::StrCat("stage: \"", name, "\" is none"));
}

absl::StatusOr<base::Ipv4> ReadAddress(const base::Json& json,
                                       absl::string_view key) {
  ASSIGN_OR_RETURN(const std::string text, json.String(key));
  const auto address = base::Ipv4::Parse(text);
  if (!address.ok()) return json.Error(absl::StrCat(key, ": not an address"));
  return *address;
}

absl::Status ReadInterface(const base::Json& json, RealmRecord& record) {
  ASSIGN_OR_RETURN(record.interface_id, json.String("id"));
  ASSIGN_OR_RETURN(const std::string mac, json.String("mac"));
  const auto parsed = base::Mac::Parse(mac);
  if (!parsed.ok()) return json.Error("mac: not a MAC address");
  record.mac = *parsed;
  ASSIGN_OR_RETURN(record.address, ReadAddress(json, "address"));
  ASSIGN_OR_RETURN(record.gateway, ReadAddress(json, "gateway"));
  ASSIGN_OR_RETURN(const int64_t length, json.Int("prefixLength"));
  if (length < 1 || length > 32) return json.Error("prefixLength: not 1 to 32");
  record.prefix_length = static_cast<int>(length);
  return absl::OkStatus();
}

}  // namespace

std::string Realm::Name() const {
  if (security_groups.empty()) return subnet;
  std::string groups;
  for (const std::string& group : security_groups) {
    absl::StrAppend(&groups, group, "\n");
  }
  return absl::StrCat(subnet, "-", absl::StrFormat("%016x", Hash(groups)));
}

absl::StatusOr<Realm> MakeRealm(const std::string& subnet,
                                std::vector<std::string> security_groups) {
  if (!IsName(subnet)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", subnet, "\" is no subnet's id"));
  }
  for (const std::string& group : security_groups) {
    if (!IsName(group)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", group, "\" is no security group's id"));
    }
  }
  std::sort(security_groups.begin(), security_groups.end());
  security_groups.erase(
      std::unique(security_groups.begin(), security_groups.end()),
      security_groups.end());
  return Realm{subnet, std::move(security_groups)};
}

std::string ToJson(const RealmRecord& record) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  base::WriteMember(w, "subnet", record.realm.subnet);
  base::WriteKey(w, "securityGroups");
  w.StartArray();
  for (const std::string& group : record.realm.security_groups) {
    base::WriteString(w, group);
  }
  w.EndArray();
  base::WriteMember(w, "stage",
                    kStages[static_cast<size_t>(record.stage)].name);
  base::WriteMember(w, "since", absl::ToUnixSeconds(record.since));
  if (record.stage != RealmRecord::Stage::kWanted) {
    base::WriteMember(w, "id", record.interface_id);
    base::WriteMember(w, "mac", record.mac.ToString());
    base::WriteMember(w, "address", record.address.ToString());
    base::WriteMember(w, "prefixLength", record.prefix_length);
    base::WriteMember(w, "gateway", record.gateway.ToString());
  }
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

absl::StatusOr<RealmRecord> ParseRealmRecord(absl::string_view text) {
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(text));
  RealmRecord record;
  ASSIGN_OR_RETURN(const std::string subnet, json.String("subnet"));
  ASSIGN_OR_RETURN(const auto listed, json.Array("securityGroups"));
  std::vector<std::string> groups;
  for (const base::Json& one : listed) {
    ASSIGN_OR_RETURN(std::string group, one.AsString());
    groups.push_back(std::move(group));
  }
  ASSIGN_OR_RETURN(record.realm, MakeRealm(subnet, std::move(groups)));
  ASSIGN_OR_RETURN(record.stage, ReadStage(json));
  ASSIGN_OR_RETURN(const int64_t since, json.Int("since", 0));
  record.since = absl::FromUnixSeconds(since);
  if (record.stage != RealmRecord::Stage::kWanted) {
    RETURN_IF_ERROR(ReadInterface(json, record));
  }
  return record;
}

std::string RealmDir(const std::string& state_dir, const std::string& name) {
  return absl::StrCat(state_dir, "/", kFolder, "/", name);
}

absl::StatusOr<std::vector<std::string>> RealmsIn(
    const std::string& state_dir) {
  const std::string folder = RealmDir(state_dir, "");
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename();
    if (it->is_directory() && IsName(name)) names.push_back(name);
  }
  if (error.value() == ENOENT) return names;
  RETURN_IF_ERROR(StatusOf(error, folder));
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status MakeRealmDir(const std::string& state_dir,
                          const std::string& name) {
  const std::string dir = RealmDir(state_dir, name);
  std::error_code error;
  fs::create_directories(dir, error);
  RETURN_IF_ERROR(StatusOf(error, dir));
  fs::permissions(dir, fs::perms::owner_all, error);
  return StatusOf(error, dir);
}

absl::Status RemoveRealmDir(const std::string& state_dir,
                            const std::string& name) {
  const std::string dir = RealmDir(state_dir, name);
  std::error_code error;
  fs::remove_all(dir, error);
  return StatusOf(error, dir);
}

}  // namespace applets::ledger
