#include "applets/vpcsim/metadata_service.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "applets/vpcsim/ret_code.h"

namespace applets::vpcsim {
namespace {

HttpAnswer NotFound(absl::string_view what) {
  HttpAnswer answer;
  answer.status = 404;
  answer.body = absl::StrCat(what, "\n");
  answer.content_type = "text/plain";
  return answer;
}

HttpAnswer RefusalAnswer(const Refusal& refusal) {
  HttpAnswer answer;
  answer.body = StsRefusal(refusal);
  return answer;
}

}  // namespace

const Host* MetadataService::HostOf(const HttpRequest& request,
                                    absl::string_view host) const {
  const Host* asking = simulator_.world.HostByAddress("", request.peer);
  return asking != nullptr ? asking : simulator_.world.HostById(host);
}

HttpAnswer MetadataService::Show(const std::string& host,
                                 absl::string_view path) const {
  const Host* found = simulator_.world.HostById(host);
  std::optional<std::string> value =
      found == nullptr ? std::nullopt
                       : MetadataAt(simulator_.world, *found, path);
  if (!value) return NotFound("there is nothing here");
  HttpAnswer answer;
  answer.body = *std::move(value);
  if (!absl::EndsWith(path, ".json")) answer.content_type = "text/plain";
  return answer;
}

HttpAnswer MetadataService::IssueKeys(const std::string& host,
                                      const StsRequest& asked,
                                      absl::string_view duration_header) {
  const Host* found = simulator_.world.HostById(host);
  if (found == nullptr || asked.role.empty() || found->role != asked.role) {
    return NotFound("the host has no such role");
  }
  const bool v2 = asked.version == StsRequest::Version::kV2;
  const Result<absl::Duration> life =
      ReadStsDuration(v2 ? duration_header : "");
  if (const Refusal* refusal = std::get_if<Refusal>(&life)) {
    return RefusalAnswer(*refusal);
  }
  const bool set = simulator_.sts_life > absl::ZeroDuration();
  const TemporaryKey key = simulator_.keys.Issue(
      host, set ? simulator_.sts_life : std::get<absl::Duration>(life),
      simulator_.random, exchanges_.now());
  HttpAnswer answer;
  answer.body = StsAnswer(asked, simulator_.world, key);
  return answer;
}

void MetadataService::OnRequest(const HttpRequest& request,
                                absl::string_view default_host,
                                HttpReply reply) {
  absl::string_view path = request.path;
  absl::ConsumePrefix(&path, "/meta-data/");
  const std::optional<StsRequest> sts = ReadStsPath(path);
  Exchange exchange =
      exchanges_.Open(request, sts ? "sts" : "metadata", std::move(reply));
  exchange.record.params["path"] = request.path;
  const Host* host = HostOf(request, default_host);
  if (host == nullptr || request.method != HttpRequest::Method::kGet) {
    exchanges_.Answer(
        std::move(exchange),
        NotFound(host == nullptr ? absl::StrCat("no host has the address ",
                                                request.peer.ToString())
                                 : "only GET"));
    return;
  }
  exchange.record.host = host->id;
  exchange.subject.host = host->id;
  exchange.subject.kind = sts ? Subject::Kind::kSts : Subject::Kind::kMetadata;
  exchange.refuse = RefusalAnswer;
  exchange.perform = [this, id = host->id, sts, path = std::string(path),
                      duration = std::string(
                          request.header("duration-seconds"))](const Bend&) {
    return sts ? IssueKeys(id, *sts, duration) : Show(id, path);
  };
  exchanges_.Run(std::move(exchange));
}

}  // namespace applets::vpcsim
