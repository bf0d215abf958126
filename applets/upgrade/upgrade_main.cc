#include "applets/upgrade/upgrade_main.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "applets/rpc/client.h"
#include "applets/rpc/messages.h"
#include "applets/rpc/messages_node.h"
#include "applets/upgrade/apply.h"
#include "applets/upgrade/catalogue.h"
#include "applets/upgrade/files.h"
#include "applets/upgrade/fleet_main.h"
#include "applets/upgrade/inspect.h"
#include "applets/upgrade/ipamd_look.h"
#include "applets/upgrade/kube_main.h"
#include "applets/upgrade/options.h"
#include "applets/upgrade/page/page_main.h"
#include "applets/upgrade/query_main.h"
#include "applets/upgrade/report.h"
#include "applets/upgrade/state_file.h"
#include "base/build_info.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

using Action = Options::Action;

constexpr absl::Duration kIpamdTimeout = absl::Seconds(2);
constexpr char kOwnFile[] = "/proc/self/exe";
// One that has just been started must first have an address.
constexpr absl::Duration kIpamdPatience = absl::Seconds(15);

void Print(FILE* file, absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

// Signals wait: Carry looks for them between two steps. A reader who has gone
// away is no reason to stop, either.
void HoldSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    sigaddset(&signals, signal);
  }
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

bool IsText(const Options& options) {
  return options.format == Options::Format::kText;
}

absl::Status WriteTo(const std::string& path, absl::string_view text) {
  ASSIGN_OR_RETURN(const base::Fd file, base::Open(path, O_WRONLY | O_TRUNC));
  return base::WriteAll(file.get(), text);
}

// Whoever asked by a pod hears it so.
void WriteBrief(const Options& options, const std::string& text) {
  if (options.answer_file.empty()) return;
  const absl::Status written = WriteTo(options.answer_file, text);
  if (written.ok()) return;
  Print(stderr, absl::StrCat("cnivpc upgrade: the answer can't be written: ",
                             written.message(), "\n"));
}

int Finish(const Options& options, const Answer& answer) {
  WriteBrief(options, ToBriefJson(answer));
  if (!IsText(options)) {
    Print(stdout, ToJson(answer));
  } else if (!answer.error.empty()) {
    Print(stderr, absl::StrCat("cnivpc upgrade: ", answer.error, "\n"));
  } else if (!answer.verdict.allowed()) {
    Print(stderr, Summary(answer.verdict));
  } else if (answer.run) {
    Print(stdout, Summary(*answer.run));
  } else {
    Print(stdout, "There is nothing to do.\n");
  }
  return static_cast<int>(answer.exit_status);
}

int Finish(const Options& options, const absl::Status& error,
           ExitStatus exit_status = ExitStatus::kFailed) {
  return Finish(options, {.exit_status = exit_status,
                          .error = std::string(error.message())});
}

int Finish(const Options& options, Run run) {
  const ExitStatus exit_status = ExitStatusOf(run);
  return Finish(options, {.exit_status = exit_status, .run = std::move(run)});
}

// The daemon that answers on this node, whatever version it is.
std::optional<NodeStatus::Ipamd> AskIpamd() {
  auto client = rpc::Client::Connect(rpc::kDefaultSocket, kIpamdTimeout);
  if (!client.ok()) return std::nullopt;
  const auto answer = client->Call("GET", "/v1/node", "");
  if (!answer.ok()) return std::nullopt;
  const auto node = rpc::ParseNodeReply(*answer);
  if (!node.ok()) return std::nullopt;
  return NodeStatus::Ipamd{node->version, node->address.ToString()};
}

int ShowStatus(const Options& options) {
  const Places& places = options.places;
  const auto run = LoadRun(places.record(Kind::kUpgrade));
  if (!run.ok()) return Finish(options, run.status());
  NodeStatus status;
  status.last = *run;
  status.installed = Inspect(places.plugin()).value_or(Facts());
  status.previous = Inspect(places.previous()).value_or(Facts());
  status.at_work = absl::IsUnavailable(LockFolder(places.bin_dir).status());
  status.ipamd = AskIpamd();
  status.own = {.sha256 = Sha256Of(kOwnFile).value_or(""),
                .version = std::string(base::GetBuildInfo().version)};
  status.health = LookAtIpamd();
  WriteBrief(options, ToBriefJson(status));
  Print(stdout, IsText(options) ? ToText(status) : ToJson(status));
  return 0;
}

int CheckNode(const Options& options) {
  const absl::Status checked = Check(options.places);
  if (!checked.ok()) return Finish(options, checked);
  const Answer answer = {.health = LookAtIpamd(kIpamdPatience)};
  if (!IsText(options)) return Finish(options, answer);
  Print(stdout, "What is installed sets up pods.\n");
  if (answer.health && !answer.health->ready) {
    Print(stdout,
          absl::StrCat("But ipamd isn't ready: ", answer.health->why, "\n"));
  }
  return 0;
}

absl::StatusOr<Order> OrderOf(const Options& options) {
  Order order;
  order.kind = options.action == Action::kRollback ? Kind::kRollback
               : options.dry_run                   ? Kind::kDryRun
                                                   : Kind::kUpgrade;
  order.source = options.source;
  order.sha256 = options.sha256;
  order.force = options.force;
  order.out_of_maintenance = options.out_of_maintenance;
  if (options.catalogue.empty()) return order;
  ASSIGN_OR_RETURN(const std::string text,
                   base::ReadFile(options.catalogue, Catalogue::kMaxBytes));
  auto catalogue = Catalogue::Parse(text);
  if (!catalogue.ok()) {
    return base::Annotate(catalogue.status(), options.catalogue);
  }
  order.catalogue = *std::move(catalogue);
  return order;
}

int Upgrade(const Options& options, const Tell& tell) {
  const auto order = OrderOf(options);
  if (!order.ok()) return Finish(options, order.status());
  auto plan = Prepare(options.places, *order);
  if (!plan.ok()) return Finish(options, plan.status());
  if (!plan->verdict.allowed()) {
    return Finish(options, {.exit_status = ExitStatus::kRefused,
                            .verdict = std::move(plan->verdict)});
  }
  if (!plan->run) return Finish(options, Answer());
  if (IsText(options)) {
    Print(stdout, absl::StrCat(Headline(*plan->run), "\n"));
  }
  return Finish(options, Carry(options.places, *std::move(plan->run), tell));
}

int Work(const Options& options) {
  HoldSignals();
  const auto lock = LockFolder(options.places.bin_dir);
  if (!lock.ok()) {
    return Finish(options, lock.status(),
                  absl::IsUnavailable(lock.status()) ? ExitStatus::kBusy
                                                     : ExitStatus::kFailed);
  }
  if (options.action == Action::kCheck) return CheckNode(options);
  const Tell tell = [&](const Run& run, absl::Duration took,
                        const absl::Status& outcome) {
    if (IsText(options)) Print(stdout, StepLine(run, took, outcome));
  };
  const auto settled = Settle(options.places, tell);
  if (!settled.ok()) return Finish(options, settled.status());
  if (options.action == Action::kResume) {
    return *settled ? Finish(options, **settled) : Finish(options, Answer());
  }
  if (*settled && (*settled)->unfinished()) return Finish(options, **settled);
  if (*settled && IsText(options)) {
    Print(stdout, absl::StrCat("An earlier ", Headline(**settled),
                               " was brought to its end: ",
                               ToString((*settled)->phase), "\n"));
  }
  return Upgrade(options, tell);
}

// Into the node's own files. The file for the answer stays behind, but open.
absl::Status GoToNode(Options& options, base::Fd& answer) {
  if (!options.answer_file.empty()) {
    ASSIGN_OR_RETURN(
        answer, base::Open(options.answer_file, O_WRONLY | O_CREAT | O_TRUNC));
    options.answer_file = absl::StrCat("/proc/self/fd/", answer.get());
  }
  if (options.root.empty()) return absl::OkStatus();
  if (chroot(options.root.c_str()) == 0 && chdir("/") == 0) {
    return absl::OkStatus();
  }
  return base::ErrnoStatus(options.root);
}

}  // namespace

int UpgradeMain(int argc, char** argv) {
  auto options = ParseOptions(std::vector<std::string>(argv + 1, argv + argc));
  if (!options.ok()) {
    Print(stderr, absl::StrCat("cnivpc upgrade: ", options.status().message(),
                               "\nSee cnivpc upgrade --help\n"));
    return static_cast<int>(ExitStatus::kUsage);
  }
  if (options->action == Action::kQuery) {
    return options->fleet.in_cluster() ? KubeMain(*options)
                                       : QueryMain(*options);
  }
  if (options->action == Action::kServe) return page::PageMain(*options);
  if (options->action != Action::kHelp && options->fleet.meant) {
    HoldSignals();
    return FleetMain(*options);
  }
  base::Fd answer;
  const absl::Status entered = GoToNode(*options, answer);
  if (!entered.ok()) return Finish(*options, entered);
  switch (options->action) {
    case Action::kHelp:
      Print(stdout, UsageText());
      return 0;
    case Action::kStatus:
      return ShowStatus(*options);
    case Action::kUpgrade:
    case Action::kRollback:
    case Action::kResume:
    case Action::kCheck:
    case Action::kAbort:
    case Action::kPause:
    case Action::kQuery:
    case Action::kServe:
      break;
  }
  return Work(*options);
}

}  // namespace applets::upgrade
