#include "netlink/rule.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace netlink {
namespace {

constexpr AttributePolicy kPolicy[] = {
    {FRA_DST, AttributeKind::kU32},    {FRA_SRC, AttributeKind::kU32},
    {FRA_TABLE, AttributeKind::kU32},  {FRA_PRIORITY, AttributeKind::kU32},
    {FRA_FWMARK, AttributeKind::kU32}, {FRA_FWMASK, AttributeKind::kU32},
};

Request RuleRequest(uint16_t type, uint16_t flags, const Rule& rule) {
  Request request(type, flags);
  fib_rule_hdr header = {};
  header.family = AF_INET;
  header.table = static_cast<uint8_t>(rule.table <= 0xff ? rule.table : 0);
  header.action = FR_ACT_TO_TBL;
  if (rule.to) header.dst_len = static_cast<uint8_t>(rule.to->length());
  if (rule.from) header.src_len = static_cast<uint8_t>(rule.from->length());
  request.PutHeader(header);
  request.PutU32(FRA_PRIORITY, rule.priority);
  request.PutU32(FRA_TABLE, rule.table);
  if (rule.to) request.PutIpv4(FRA_DST, rule.to->first());
  if (rule.from) request.PutIpv4(FRA_SRC, rule.from->first());
  if (rule.mark) request.PutU32(FRA_FWMARK, *rule.mark);
  if (rule.mark_mask) request.PutU32(FRA_FWMASK, *rule.mark_mask);
  return request;
}

std::optional<base::Ipv4Prefix> Prefix(std::optional<base::Ipv4> address,
                                       uint8_t length) {
  if (!address) return std::nullopt;
  return base::Ipv4Prefix::Containing(*address, length);
}

Request DumpRequest() {
  fib_rule_hdr header = {};
  header.family = AF_INET;
  return Request(RTM_GETRULE, 0).PutHeader(header);
}

}  // namespace

absl::StatusOr<Rule> ParseRule(const Message& message) {
  ASSIGN_OR_RETURN(const auto header, message.FamilyHeader<fib_rule_hdr>());
  if ((message.type != RTM_NEWRULE && message.type != RTM_DELRULE) ||
      header.family != AF_INET || header.dst_len > 32 || header.src_len > 32) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message.type), " is no IPv4 rule"));
  }
  ASSIGN_OR_RETURN(const auto attributes,
                   AttributesAfter(message, sizeof(header), kPolicy));
  Rule rule;
  rule.priority = attributes.U32(FRA_PRIORITY).value_or(0);
  rule.to = Prefix(attributes.Ipv4(FRA_DST), header.dst_len);
  rule.from = Prefix(attributes.Ipv4(FRA_SRC), header.src_len);
  rule.mark = attributes.U32(FRA_FWMARK);
  rule.mark_mask = attributes.U32(FRA_FWMASK);
  rule.table = attributes.U32(FRA_TABLE).value_or(header.table);
  rule.action = header.action;
  return rule;
}

Request AddRule(const Rule& rule) {
  return RuleRequest(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
}

Request RemoveRule(const Rule& rule) {
  return RuleRequest(RTM_DELRULE, 0, rule);
}

absl::StatusOr<std::vector<Rule>> ListRules(Socket& socket, uint32_t priority) {
  std::vector<Rule> rules;
  RETURN_IF_ERROR(socket.Dump(DumpRequest(), [&](const Message& message) {
    auto rule = ParseRule(message);
    if (rule.ok() && rule->priority == priority) rules.push_back(*rule);
    return rule.status();
  }));
  return rules;
}

absl::StatusOr<bool> HasRule(Socket& socket, const Rule& rule) {
  ASSIGN_OR_RETURN(const auto rules, ListRules(socket, rule.priority));
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace netlink
