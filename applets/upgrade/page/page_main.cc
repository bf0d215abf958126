#include "applets/upgrade/page/page_main.h"

#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "applets/upgrade/catalogue.h"
#include "applets/upgrade/fleet_begin.h"
#include "applets/upgrade/inspect.h"
#include "applets/upgrade/page/engine_cluster.h"
#include "applets/upgrade/page/head.h"
#include "applets/upgrade/page/office.h"
#include "applets/upgrade/report.h"
#include "base/file.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::upgrade::page {
namespace {

constexpr size_t kMaxTokenFileBytes = 4096;
constexpr size_t kCookieSuffixBytes = 4;
constexpr int kInterrupted = 130;
constexpr char kOwnFile[] = "/proc/self/exe";

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

absl::StatusOr<Access::Random> NewRandom() {
  Access::Random random;
  if (getrandom(random.data(), random.size(), 0) !=
      static_cast<ssize_t>(random.size())) {
    return base::ErrnoStatus("getrandom");
  }
  return random;
}

// What is wrong with where it is to listen: nobody reads the token on the way.
absl::Status CheckSafe(const Endpoint& endpoint, const Options& options) {
  if (endpoint.loopback() || !options.serve.tls_cert.empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--serve: ", endpoint.ToString(),
      " isn't this machine's loopback: give --tls-cert and --tls-key; or serve "
      "on 127.0.0.1 and come by `ssh -L`, or put a proxy with TLS in front "
      "(--serve-name)"));
}

absl::StatusOr<std::optional<Catalogue>> ReadCatalogue(
    const std::string& path) {
  if (path.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string text,
                   base::ReadFile(path, Catalogue::kMaxBytes));
  auto catalogue = Catalogue::Parse(text);
  if (!catalogue.ok()) return base::Annotate(catalogue.status(), path);
  return *std::move(catalogue);
}

// Why the offer isn't installed without --force; "" if it is. DATA_LOSS when it
// isn't what the catalogue says.
absl::StatusOr<std::string> RefusalOf(
    const Offer& offer, const std::optional<Catalogue>& catalogue) {
  if (!catalogue) return "";
  const auto version = Version::Parse(offer.version);
  const Release* release = version.ok() ? catalogue->Find(*version) : nullptr;
  if (release == nullptr) {
    return absl::StrCat("refused: ", offer.version,
                        " isn't in the catalogue; if you mean it, force it");
  }
  utsname machine = {};
  uname(&machine);
  const auto sum = release->sha256.find(machine.machine);
  if (sum != release->sha256.end() && sum->second != offer.sha256) {
    return absl::DataLossError(
        absl::StrCat("what is offered has SHA-256 ", offer.sha256,
                     ", and the catalogue "
                     "says ",
                     sum->second, " for ", offer.version, ": get it again"));
  }
  return "";
}

struct Secrets {
  std::string token = {};
  bool is_new = false;
  std::string cookie_name = {};
};

absl::StatusOr<Secrets> SecretsOf(const Options& options) {
  Secrets secrets;
  ASSIGN_OR_RETURN(const Access::Random name, NewRandom());
  secrets.cookie_name = absl::StrCat(
      "cnivpc_",
      absl::BytesToHexString(absl::string_view(
          reinterpret_cast<const char*>(name.data()), kCookieSuffixBytes)));
  if (options.serve.token_file.empty()) {
    ASSIGN_OR_RETURN(const Access::Random random, NewRandom());
    secrets.token = Access::TokenOf(random);
    secrets.is_new = true;
    return secrets;
  }
  ASSIGN_OR_RETURN(
      const std::string text,
      base::ReadFile(options.serve.token_file, kMaxTokenFileBytes));
  auto token = Access::TokenOf(absl::string_view(text));
  if (!token.ok()) {
    return base::Annotate(token.status(), options.serve.token_file);
  }
  secrets.token = *std::move(token);
  return secrets;
}

// All that is read before it serves.
struct Preparation {
  Endpoint endpoint = {};
  std::vector<std::string> nodes = {};
  Offer offer = {};
  Engine engine = {};
  Secrets secrets = {};
  Office::Settings settings = {};
};

// What is installed. In a cluster that is the program in an image, and this one
// must be it: nodes where it isn't fail.
absl::StatusOr<Offer> OfferOf(const Options& options) {
  if (!options.fleet.in_cluster()) {
    ASSIGN_OR_RETURN(const Fleet fleet, BeginFleet(options, {}));
    ASSIGN_OR_RETURN(const Facts facts, Inspect(fleet.means.program));
    return Offer{facts.artifact.version, fleet.wanted};
  }
  std::error_code error;
  const std::string self = std::filesystem::canonical(kOwnFile, error);
  if (error) return base::ErrnoStatus(kOwnFile, error.value());
  ASSIGN_OR_RETURN(const Facts facts, Inspect(self));
  if (!facts.problem.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(self, " ", facts.problem));
  }
  return Offer{facts.artifact.version, facts.artifact.sha256};
}

absl::Status PrepareNodes(const Options& options, Preparation& made) {
  if (!options.fleet.in_cluster()) {
    ASSIGN_OR_RETURN(made.nodes, NodesOf(options));
    made.engine = EngineThrough(options);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(ClusterEngine cluster,
                   EngineInCluster(options, made.offer.sha256));
  made.nodes = std::move(cluster.nodes);
  made.engine = std::move(cluster.engine);
  return absl::OkStatus();
}

absl::StatusOr<Preparation> Prepare(const Options& options) {
  Preparation made;
  ASSIGN_OR_RETURN(made.endpoint, Endpoint::Parse(options.serve.address));
  RETURN_IF_ERROR(CheckSafe(made.endpoint, options));
  ASSIGN_OR_RETURN(made.secrets, SecretsOf(options));
  ASSIGN_OR_RETURN(made.offer, OfferOf(options));
  RETURN_IF_ERROR(PrepareNodes(options, made));
  ASSIGN_OR_RETURN(const auto catalogue, ReadCatalogue(options.catalogue));
  ASSIGN_OR_RETURN(made.settings.refusal, RefusalOf(made.offer, catalogue));
  made.settings.releases_json =
      ReleasesJson(made.offer, catalogue,
                   options.out_of_maintenance ? Catalogue::Line::kLts
                                              : Catalogue::Line::kAny);
  made.settings.access = {.token = made.secrets.token,
                          .cookie_name = made.secrets.cookie_name,
                          .secure = !options.serve.tls_cert.empty(),
                          .names = options.serve.names};
  return made;
}

std::string Greeting(const Server& server, const Options& options,
                     const Preparation& made) {
  const bool tls = !options.serve.tls_cert.empty();
  return absl::StrCat(
      "Network plugins: ", tls ? "https://" : "http://",
      server.endpoint().ToString(), "/ (", made.nodes.size(), " nodes, offers ",
      made.offer.version, ")\n",
      made.secrets.is_new
          ? absl::StrCat("To change something, log in with this token: ",
                         made.secrets.token, "\n")
          : "");
}

absl::Status Serve(const Options& options) {
  ASSIGN_OR_RETURN(Preparation made, Prepare(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<base::Loop> loop,
                   base::Loop::Create());
  Office office(*loop, std::move(made.engine), Board(made.offer, made.nodes),
                made.settings);
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Server> server,
      Server::Listen(*loop,
                     {.endpoint = made.endpoint,
                      .certificate = options.serve.tls_cert,
                      .key = options.serve.tls_key},
                     [&](const Request& request, const Exchange& exchange) {
                       office.Answer(request, exchange);
                     }));
  bool ending = false;
  const auto end = [&] {
    if (std::exchange(ending, true)) _exit(kInterrupted);
    office.Wind([&] { loop->Stop(); });
  };
  const auto term = base::Watch::Signal(*loop, SIGTERM, end);
  const auto interrupt = base::Watch::Signal(*loop, SIGINT, end);
  Print(Greeting(*server, options, made));
  loop->Run();
  return absl::OkStatus();
}

}  // namespace

int PageMain(const Options& options) {
  FLAGS_logtostderr = true;
  google::InitGoogleLogging("cnivpc upgrade");
  const absl::Status served = Serve(options);
  if (served.ok()) return 0;
  std::fprintf(stderr, "cnivpc upgrade: %s\n",
               std::string(served.message()).c_str());
  return static_cast<int>(absl::IsInvalidArgument(served)
                              ? ExitStatus::kUsage
                              : ExitStatus::kFailed);
}

}  // namespace applets::upgrade::page
