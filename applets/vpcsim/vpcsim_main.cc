#include "applets/vpcsim/vpcsim_main.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/vpcsim/fault_rule.h"
#include "applets/vpcsim/front.h"
#include "applets/vpcsim/lab_switch.h"
#include "applets/vpcsim/open_world.h"
#include "applets/vpcsim/options.h"
#include "applets/vpcsim/simulator.h"
#include "base/file.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::vpcsim {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr size_t kMaxFaultsBytes = 1 << 20;

// A connection is a descriptor: as many as we may have.
void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void Say(absl::string_view text) {
  const std::string line = absl::StrCat(text, "\n");
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

absl::StatusOr<std::vector<FaultRule>> ReadFaults(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text,
                   base::ReadFile(path, kMaxFaultsBytes));
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(text));
  return FaultRulesFromJson(json);
}

absl::Status SetFaults(const Options& options, Simulator& simulator) {
  if (options.faults.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<FaultRule>> rules = ReadFaults(options.faults);
  if (!rules.ok()) {
    return base::Annotate(rules.status(),
                          absl::StrCat("--faults=", options.faults));
  }
  for (FaultRule& rule : *rules) {
    RETURN_IF_ERROR(
        simulator.faults.Set(std::move(rule), absl::Now()).status());
  }
  return absl::OkStatus();
}

void SetKeys(const std::vector<KeyPair>& keys, Simulator& simulator) {
  for (const KeyPair& pair : keys) {
    Say(absl::StrCat("public_key ", pair.public_key));
    simulator.keys.Add(pair);
  }
  if (!keys.empty()) return;
  // Not drawn from the seed: a key is a secret, even here.
  std::random_device device;
  std::mt19937_64 random((static_cast<uint64_t>(device()) << 32) | device());
  const KeyPair pair = MakeKeyPair(random);
  Say(absl::StrCat("public_key ", pair.public_key));
  Say(absl::StrCat("private_key ", pair.private_key));
  simulator.keys.Add(pair);
}

std::vector<Front::Place> PlacesOf(const Options& options) {
  std::vector<Front::Place> places;
  const bool apart = !options.inspect_listen.empty();
  for (const Endpoint& endpoint : options.listen) {
    places.push_back({endpoint, true, true, !apart, options.host});
  }
  for (const MetadataListen& listen : options.metadata_listen) {
    places.push_back({listen.endpoint, false, true, false,
                      listen.host.empty() ? options.host : listen.host});
  }
  for (const Endpoint& endpoint : options.inspect_listen) {
    places.push_back({endpoint, false, false, true, ""});
  }
  return places;
}

absl::Status Listen(const Options& options, Front& front) {
  for (const Front::Place& place : PlacesOf(options)) {
    ASSIGN_OR_RETURN(const Endpoint endpoint, front.Listen(place));
    const absl::string_view what = place.api        ? "api"
                                   : place.metadata ? "metadata"
                                                    : "inspect";
    Say(absl::StrCat(what, " http://", endpoint.ToString()));
  }
  return absl::OkStatus();
}

absl::Status CheckHosts(const Options& options, const World& world) {
  std::vector<std::string> hosts = {options.host};
  for (const MetadataListen& listen : options.metadata_listen) {
    hosts.push_back(listen.host);
  }
  for (const std::string& host : hosts) {
    if (host.empty() || world.HostById(host) != nullptr) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--host: there is no host ", host));
  }
  return absl::OkStatus();
}

absl::Status Serve(const Options& options) {
  RaiseDescriptorLimit();
  ASSIGN_OR_RETURN(const auto loop, base::Loop::Create());
  ASSIGN_OR_RETURN(const std::unique_ptr<OpenWorld> open,
                   OpenWorld::Open(options));
  RETURN_IF_ERROR(CheckHosts(options, open->world()));
  Simulator simulator(open->world(), options.seed);
  simulator.sts_life = options.sts_life;
  simulator.commit = [&open] { return open->Commit(); };
  RETURN_IF_ERROR(SetFaults(options, simulator));
  Front front(*loop, simulator, absl::Now);
  front.OnFaults();
  std::unique_ptr<LabSwitch> lab;
  if (options.fabric) {
    ASSIGN_OR_RETURN(
        lab, LabSwitch::Create(*loop, open->world(), options.fabric_lag));
    front.Show(&lab->fabric());
  }
  // The gateway's addresses are there now, and can be listened at.
  RETURN_IF_ERROR(Listen(options, front));
  SetKeys(open->keys(), simulator);
  const auto term = base::Watch::Signal(*loop, SIGTERM, [&] { loop->Stop(); });
  const auto interrupt =
      base::Watch::Signal(*loop, SIGINT, [&] { loop->Stop(); });
  Say("ready");
  loop->Run();
  LOG(INFO) << "stopped";
  return absl::OkStatus();
}

}  // namespace

int VpcsimMain(int argc, char** argv) {
  FLAGS_logtostderr = true;
  google::InitGoogleLogging("vpcsim");
  const auto options = ParseOptions(
      std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  if (!options.ok()) {
    LOG(ERROR) << options.status().message();
    return kExitUsage;
  }
  if (options->help) {
    std::fputs(UsageText().c_str(), stdout);
    return 0;
  }
  const absl::Status status = Serve(*options);
  if (status.ok()) return 0;
  LOG(ERROR) << status.message();
  return absl::IsInvalidArgument(status) ? kExitUsage : kExitFailed;
}

}  // namespace applets::vpcsim
