#include "applets/vpcsim/exchange.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "applets/vpcsim/keys.h"
#include "glog/logging.h"

namespace applets::vpcsim {
namespace {

constexpr int kUnavailable = 150;
constexpr char kRequestIdHeader[] = "X-UCLOUD-REQUEST-UUID";

// Of an answer of the API; 0 where there is none.
int RetCodeOf(absl::string_view body) {
  constexpr absl::string_view kName = "\"RetCode\":";
  const size_t at = body.find(kName);
  if (at == absl::string_view::npos) return 0;
  const absl::string_view rest = body.substr(at + kName.size());
  int code = 0;
  return absl::SimpleAtoi(rest.substr(0, rest.find_first_of(",}")), &code)
             ? code
             : 0;
}

// What a proxy in front of the cloud says.
HttpAnswer ProxyAnswer(int status) {
  HttpAnswer answer;
  answer.status = status;
  answer.body =
      absl::StrCat("<html><body><h1>", status, "</h1></body></html>\n");
  answer.content_type = "text/html";
  return answer;
}

}  // namespace

struct Exchanges::Judged {
  Exchange exchange;
  Verdict verdict;
  HttpAnswer answer = {};
};

Exchange Exchanges::Open(const HttpRequest& request, absl::string_view action,
                         HttpReply reply) {
  Exchange exchange;
  exchange.record.at = now();
  exchange.record.request_id = MakeRequestId(simulator_.random);
  exchange.record.peer = request.peer;
  exchange.record.action = std::string(action);
  exchange.subject.action = std::string(action);
  exchange.reply = std::move(reply);
  return exchange;
}

void Exchanges::Run(Exchange exchange) {
  auto judged = std::make_shared<Judged>(Judged{std::move(exchange), {}});
  judged->verdict = simulator_.faults.Judge(judged->exchange.subject, now());
  judged->verdict.bend.lag = std::max(judged->verdict.bend.lag, simulator_.lag);
  judged->exchange.record.faults = judged->verdict.hits;
  delays_.Run(judged->verdict.before, [this, judged] { TakeEffect(judged); });
}

void Exchanges::TakeEffect(const std::shared_ptr<Judged>& judged) {
  Exchange& exchange = judged->exchange;
  const Verdict& verdict = judged->verdict;
  exchange.record.took_effect = verdict.takes_effect && !verdict.expire_token;
  if (verdict.expire_token) {
    exchange.expire_token();
    judged->answer = exchange.refuse({kNoToken, "Token not exist"});
  } else if (verdict.takes_effect) {
    judged->answer = exchange.perform(verdict.bend);
  }
  simulator_.world.SetTime(now());
  for (const OutOfBand& change : verdict.out_of_band) {
    Disturb(simulator_, change);
  }
  if (const absl::Status kept = simulator_.commit(); !kept.ok()) {
    LOG(ERROR) << "--persist: " << kept.message();
    judged->answer = exchange.refuse({kUnavailable, "Service unavailable"});
  }
  if (verdict.refusal) judged->answer = exchange.refuse(*verdict.refusal);
  if (verdict.http_status != 0) {
    judged->answer = ProxyAnswer(verdict.http_status);
  }
  judged->answer.reset = verdict.reset || verdict.hang > absl::ZeroDuration();
  if (verdict.reset) exchange.record.end = "reset";
  if (verdict.hang > absl::ZeroDuration()) exchange.record.end = "hang";
  delays_.Run(verdict.after + verdict.hang, [this, judged] { Finish(judged); });
}

void Exchanges::Finish(const std::shared_ptr<Judged>& judged) {
  Answer(std::move(judged->exchange), std::move(judged->answer));
}

void Exchanges::Answer(Exchange exchange, HttpAnswer answer) {
  CallRecord& record = exchange.record;
  record.took = now() - record.at;
  record.http_status = answer.status;
  record.ret_code = answer.status == 200 ? RetCodeOf(answer.body) : 0;
  answer.headers.emplace_back(kRequestIdHeader, record.request_id);
  simulator_.calls.Note(std::move(record));
  exchange.reply(std::move(answer));
}

}  // namespace applets::vpcsim
