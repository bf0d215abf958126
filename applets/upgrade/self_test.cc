#include "applets/upgrade/self_test.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "applets/upgrade/conflist.h"
#include "applets/upgrade/scratch.h"
#include "base/file.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

constexpr char kNewestTried[] = "1.0.0";
constexpr int kPrivate = 0700;

// docs/operations.md, "The plugin's configuration": the one that needs no
// daemon. No socket, so that nobody listens.
std::string NetworkFor(const std::vector<std::string>& protocols,
                       const std::string& scratch_dir) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  base::WriteMember(writer, "cniVersion", VersionFor(kNewestTried, protocols));
  base::WriteMember(writer, "name", "cnivpc-self-test");
  base::WriteMember(writer, "type", kPluginType);
  base::WriteMember(writer, "vpc", "embedded");
  base::WriteMember(writer, "subnet", kScratchSubnet);
  base::WriteMember(writer, "interface", "eth0");
  base::WriteMember(writer, "stateDir", scratch_dir);
  base::WriteMember(writer, "socket", absl::StrCat(scratch_dir, "/no.sock"));
  base::WriteMember(writer, "logFile", "");
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

}  // namespace

void RemoveScratch(const std::string& scratch_dir) {
  std::error_code ignored;
  std::filesystem::remove_all(scratch_dir, ignored);
}

absl::StatusOr<Tried> SelfTest(const std::string& program,
                               const std::vector<std::string>& protocols,
                               const std::string& scratch_dir) {
  RemoveScratch(scratch_dir);
  const absl::Cleanup remove = [&] { RemoveScratch(scratch_dir); };
  RETURN_IF_ERROR(base::MakeDirectories(scratch_dir, kPrivate));
  ASSIGN_OR_RETURN(const ScratchNode node, MakeScratchNode());
  ASSIGN_OR_RETURN(Conflist network,
                   Conflist::Parse(NetworkFor(protocols, scratch_dir)));
  return TryPod({.network = std::move(network),
                 .bin_dir = scratch_dir,
                 .plugin = program,
                 .container_id = "cnivpc-upgrade-self-test",
                 .node_netns_fd = node.netns.get()});
}

}  // namespace applets::upgrade
