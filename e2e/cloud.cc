#include "e2e/cloud.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/fd.h"
#include "base/status.h"

namespace e2e {
namespace {

constexpr char kProgram[] = "e2e/vpcsim";

// Of the state file: applets/vpcsim/state_file.h.
std::string StateOf(const Cloud::Spec& spec) {
  std::vector<std::string> hosts;
  for (int i = 0; i < spec.hosts; ++i) {
    hosts.push_back(absl::StrCat(
        R"({"id":"host-)", i + 1, R"(","role":"Uk8sServiceCharacter",)",
        R"("interfaces":[{"id":"uni-)", i + 1, R"(","mac":")",
        Cloud::MacOf(i).ToString(), R"(","subnet":"subnet-1"}]})"));
  }
  std::vector<std::string> subnets;
  const auto add = [&](const base::Ipv4Prefix& prefix) {
    subnets.push_back(absl::StrCat(R"({"id":"subnet-)", subnets.size() + 1,
                                   R"(","prefix":")", prefix.ToString(),
                                   R"("})"));
  };
  add(spec.subnet);
  for (const base::Ipv4Prefix& prefix : spec.more) add(prefix);
  return absl::StrCat(R"({"batch_shape":")", spec.batch_shape,
                      R"(","zones":["cn-bj2-04"],"vpcs":[{"id":"uvnet-1"}],)",
                      R"("subnets":[)", absl::StrJoin(subnets, ","),
                      R"(],"hosts":[)", absl::StrJoin(hosts, ","), "]}");
}

std::vector<std::string> ArgumentsOf(const Cloud::Spec& spec,
                                     const std::string& state) {
  std::vector<std::string> ports;
  for (int i = 0; i < spec.hosts; ++i) {
    ports.push_back(absl::StrCat("127.0.0.1:0=host-", i + 1));
  }
  return {kProgram, absl::StrCat("--state=", state),
          absl::StrCat("--seed=", spec.seed), "--listen=127.0.0.1:0",
          absl::StrCat("--metadata-listen=", absl::StrJoin(ports, ","))};
}

// The child's part after fork(2).
[[noreturn]] void Become(const std::vector<std::string>& arguments, int output,
                         pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  dup2(output, STDOUT_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  execv(kProgram, argv.data());
  perror(kProgram);
  _exit(127);
}

}  // namespace

base::Mac Cloud::MacOf(int host) {
  return base::Mac({0x52, 0x54, 0x00, 0x7e, 0x01, static_cast<uint8_t>(host)});
}

absl::StatusOr<std::unique_ptr<Cloud>> Cloud::Start(const Spec& spec) {
  const char* folder = getenv("TEST_TMPDIR");
  const std::string state =
      absl::StrCat(folder == nullptr ? "/tmp" : folder, "/cloud.json");
  std::ofstream(state) << StateOf(spec);
  const auto arguments = ArgumentsOf(spec, state);
  std::array<int, 2> pipe = {};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) return base::ErrnoStatus("pipe2");
  const base::Fd output(pipe[0]);
  base::Fd input(pipe[1]);
  std::unique_ptr<Cloud> cloud(new Cloud());
  const pid_t parent = getpid();
  cloud->process_ = fork();
  if (cloud->process_ < 0) return base::ErrnoStatus("fork");
  if (cloud->process_ == 0) Become(arguments, input.get(), parent);
  input = base::Fd();
  RETURN_IF_ERROR(cloud->ReadPorts(output.get()));
  return cloud;
}

Cloud::~Cloud() {
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

absl::Status Cloud::ReadPorts(int output) {
  FILE* file = fdopen(dup(output), "r");
  std::array<char, 256> buffer = {};
  bool ready = false;
  while (!ready && fgets(buffer.data(), buffer.size(), file) != nullptr) {
    absl::string_view line =
        absl::StripTrailingAsciiWhitespace(absl::string_view(buffer.data()));
    if (absl::ConsumePrefix(&line, "api ")) api_ = std::string(line);
    if (absl::ConsumePrefix(&line, "metadata ")) metadata_.emplace_back(line);
    ready = line == "ready";
  }
  fclose(file);
  if (ready) return absl::OkStatus();
  return absl::InternalError("vpcsim doesn't start");
}

absl::StatusOr<base::Json> Cloud::Ask(const std::string& method,
                                      const std::string& path,
                                      absl::string_view body) {
  ASSIGN_OR_RETURN(const auto answer,
                   http_.Do({.method = method,
                             .url = absl::StrCat(api_, "/sim/v1/", path),
                             .body = std::string(body)}));
  if (answer.status != 200) {
    return absl::InternalError(
        absl::StrCat(path, ": HTTP ", answer.status, " ", answer.body));
  }
  return base::Json::Parse(answer.body);
}

absl::Status Cloud::SetFaults(absl::string_view rules) {
  return Ask("PUT", "faults", rules).status();
}

absl::StatusOr<std::map<std::string, int64_t>> Cloud::FaultHits() {
  ASSIGN_OR_RETURN(const base::Json answer, Ask("GET", "faults"));
  ASSIGN_OR_RETURN(const auto rules, answer.Array("faults"));
  std::map<std::string, int64_t> hits;
  for (const base::Json& rule : rules) {
    ASSIGN_OR_RETURN(const std::string id, rule.String("id"));
    ASSIGN_OR_RETURN(hits[id], rule.Int("hits"));
  }
  return hits;
}

absl::StatusOr<std::set<base::Ipv4>> Cloud::AddressesOf(int host) {
  ASSIGN_OR_RETURN(const base::Json answer,
                   Ask("GET", absl::StrCat("addresses?limit=10000&mac=",
                                           MacOf(host).ToString())));
  ASSIGN_OR_RETURN(const auto rows, answer.Array("addresses"));
  std::set<base::Ipv4> addresses;
  for (const base::Json& row : rows) {
    ASSIGN_OR_RETURN(const bool primary, row.Bool("primary", false));
    if (primary) continue;
    ASSIGN_OR_RETURN(const std::string text, row.String("ip"));
    ASSIGN_OR_RETURN(const base::Ipv4 ip, base::Ipv4::Parse(text));
    addresses.insert(ip);
  }
  return addresses;
}

}  // namespace e2e
