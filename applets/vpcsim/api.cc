#include "applets/vpcsim/api.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"
#include "applets/vpcsim/actions.h"
#include "applets/vpcsim/ret_code.h"

namespace applets::vpcsim {
namespace {

WireRequest WireRequestOf(const HttpRequest& request) {
  return {request.method == HttpRequest::Method::kPost
              ? WireRequest::Method::kPost
              : WireRequest::Method::kGet,
          request.query, request.header("content-type"), request.body};
}

HttpAnswer RefusalAnswer(absl::string_view action, const Refusal& refusal) {
  HttpAnswer answer;
  answer.body = AnswerOf(action, refusal);
  return answer;
}

std::string Param(const Call& call, const std::string& name) {
  const auto found = call.params.find(name);
  return found == call.params.end() ? "" : found->second;
}

// The host that a call is about.
std::string HostOf(const World& world, const Call& call,
                   const Interface* interface) {
  if (interface != nullptr) return interface->host;
  for (const char* name : {"InstanceId", "ObjectId", "UHostIds.0"}) {
    std::string id = Param(call, name);
    if (world.HostById(id) != nullptr) return id;
    const Interface* object = world.InterfaceById(id);
    if (object != nullptr) return object->host;
  }
  return "";
}

}  // namespace

void Api::OnRequest(const HttpRequest& request, HttpReply reply) {
  Exchange exchange = exchanges_.Open(request, "unknown", std::move(reply));
  Result<WireCall> read = ReadCall(WireRequestOf(request));
  if (const Refusal* refusal = std::get_if<Refusal>(&read)) {
    exchanges_.Answer(std::move(exchange), RefusalAnswer("", *refusal));
    return;
  }
  WireCall& call = std::get<WireCall>(read);
  Describe(call, exchange);
  if (const std::optional<Refusal> refusal = Check(call)) {
    exchanges_.Answer(std::move(exchange),
                      RefusalAnswer(call.call.action, *refusal));
    return;
  }
  Run(std::move(call), std::move(exchange));
}

std::optional<Refusal> Api::Check(const WireCall& call) const {
  if (call.call.action.empty()) return Refusal{kNoAction, "Missing Action"};
  if (!IsAction(call.call.action)) {
    return Refusal{kUnknownAction, "Action not exist"};
  }
  return simulator_.keys.Check(call, exchanges_.now());
}

// What faults and the record of the call look at.
void Api::Describe(const WireCall& call, Exchange& exchange) const {
  Subject& subject = exchange.subject;
  const Interface* interface = nullptr;
  for (const char* name : {"Mac", "OldMac", "NewMac"}) {
    const auto mac = base::Mac::Parse(Param(call.call, name));
    if (!mac.ok()) continue;
    subject.macs.push_back(*mac);
    if (interface == nullptr) interface = simulator_.world.InterfaceByMac(*mac);
  }
  if (IsAction(call.call.action)) {
    subject.action = call.call.action;
    exchange.record.action = call.call.action;
  }
  subject.subnet = Param(call.call, "SubnetId");
  if (subject.subnet.empty() && interface != nullptr) {
    subject.subnet = interface->subnet;
  }
  subject.host = HostOf(simulator_.world, call.call, interface);
  subject.has_token = !call.security_token.empty();
  exchange.record.host = subject.host;
  exchange.record.params = call.call.params;
}

void Api::Run(WireCall call, Exchange exchange) {
  const std::string action = call.call.action;
  exchange.refuse = [action](const Refusal& refusal) {
    return RefusalAnswer(action, refusal);
  };
  exchange.expire_token = [this, key = call.public_key] {
    simulator_.keys.Expire(key);
  };
  exchange.perform = [this, call = std::move(call.call)](const Bend& bend) {
    HttpAnswer answer;
    answer.body = Perform(simulator_.world, call, bend, simulator_.random,
                          exchanges_.now());
    return answer;
  };
  exchanges_.Run(std::move(exchange));
}

}  // namespace applets::vpcsim
