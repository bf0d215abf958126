#include "applets/ctl/node_view.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "applets/ctl/age.h"
#include "applets/ctl/table.h"
#include "base/json.h"

namespace applets::ctl {
namespace {

// A node by its pool.
struct NodeLine {
  std::string name;
  std::string subnets;  // with commas between them
  std::map<std::string, int64_t> states;
  int64_t pool = 0;  // neither a pod's, or kept for one, nor popped
};

bool IsOutOfPool(const std::string& state) {
  return state == "leased" || state == "popped" || state == "fixed";
}

NodeLine LineOf(const rpc::PoolReply& reply) {
  NodeLine line;
  line.name = reply.node;
  std::set<std::string> subnets;
  if (!reply.subnet.empty()) subnets.insert(reply.subnet);
  for (const rpc::PoolEntry& entry : reply.entries) {
    ++line.states[entry.state];
    if (!entry.subnet.empty()) subnets.insert(entry.subnet);
    if (!IsOutOfPool(entry.state)) ++line.pool;
  }
  line.subnets = absl::StrJoin(subnets, ",");
  return line;
}

std::string Count(const NodeLine& line, const char* state) {
  const auto it = line.states.find(state);
  return absl::StrCat(it == line.states.end() ? 0 : it->second);
}

std::string JsonOf(const std::vector<NodeLine>& lines) {
  rapidjson::StringBuffer text;
  base::JsonWriter w(text);
  w.StartObject();
  base::WriteKey(w, "nodes");
  w.StartArray();
  for (const NodeLine& line : lines) {
    w.StartObject();
    base::WriteMember(w, "node", line.name);
    base::WriteMember(w, "subnet", line.subnets);
    base::WriteMember(w, "pool", line.pool);
    base::WriteKey(w, "states");
    w.StartObject();
    for (const auto& [state, count] : line.states) {
      base::WriteMember(w, state, count);
    }
    w.EndObject();
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return text.GetString();
}

std::string ClusterJson(const std::vector<kube::Ipamd>& nodes) {
  rapidjson::StringBuffer text;
  base::JsonWriter w(text);
  w.StartObject();
  base::WriteKey(w, "nodes");
  w.StartArray();
  for (const kube::Ipamd& node : nodes) {
    w.StartObject();
    base::WriteMember(w, "node", node.node);
    base::WriteMember(w, "subnet", node.subnet);
    base::WriteMember(w, "pool", node.current);
    base::WriteMember(w, "status", kube::NameOf(node.fill));
    base::WriteMember(w, "low", node.low);
    base::WriteMember(w, "high", node.high);
    base::WriteMember(w, "ipamd", node.address);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return text.GetString();
}

// --- status

// "3m12s ago", or "never".
std::string Ago(absl::Time time, absl::Time now) {
  if (time == absl::InfiniteFuture()) return "never";
  return absl::StrCat(FormatAge(now - time), " ago");
}

std::string Readiness(const rpc::NodeReply& node) {
  if (node.ready) return "yes: a pod would get an address at once";
  return absl::StrCat("no, ", node.reason, ": ", node.problem);
}

std::string Filled(
    const std::string& level,
    const std::vector<std::pair<std::string, uint64_t>>& states) {
  std::vector<std::string> parts;
  for (const auto& [state, count] : states) {
    if (count > 0) parts.push_back(absl::StrCat(count, " ", state));
  }
  if (parts.empty()) parts.emplace_back("no address");
  return absl::StrCat(level, ": ", absl::StrJoin(parts, ", "));
}

std::string Pool(const rpc::NodeReply& node) {
  return absl::StrCat(Filled(node.level, node.states), "; keeps ", node.low,
                      " to ", node.high, " warm, cooldown ",
                      FormatAge(node.cooldown));
}

// Those of further interfaces, below the node's own.
std::string Pool(const rpc::FurtherPool& pool) {
  std::string text = absl::StrCat(
      pool.name, " on ", pool.interface.empty() ? "no link" : pool.interface,
      ": ", Filled(pool.level, pool.states));
  if (!pool.problem.empty()) {
    absl::StrAppend(&text, "; ", pool.reason, ": ", pool.problem);
  }
  return text;
}

std::string Vpc(const rpc::NodeReply& node, absl::Time now) {
  const rpc::VpcHealth& vpc = node.vpc;
  std::string text = absl::StrCat(vpc.kind, ", compared with the pool ",
                                  Ago(vpc.verified, now));
  if (!vpc.circuit.empty() && vpc.circuit != "closed") {
    absl::StrAppend(&text, ", circuit ", vpc.circuit);
  }
  if (vpc.rate_per_second > 0) {
    absl::StrAppend(&text, ", at most ", vpc.rate_per_second, " calls/s");
  }
  if (!vpc.obstacle.empty()) {
    absl::StrAppend(&text, "; gives no address for ",
                    FormatAge(vpc.until - now), " yet: ", vpc.obstacle);
  }
  return text;
}

std::string Average(const rpc::VpcCalls& calls) {
  const double ms =
      absl::ToDoubleMilliseconds(calls.took) / static_cast<double>(calls.count);
  return absl::StrFormat("%s %s: %d calls, %.1f ms each", calls.action,
                         calls.outcome, calls.count, ms);
}

std::vector<Row> StatusRows(const rpc::NodeReply& node, absl::Time now) {
  std::vector<Row> rows = {
      {"node", absl::StrCat(node.node, ", ", node.address.ToString(), " on ",
                            node.interface)},
      {"subnet", node.subnet},
      {"ipamd", absl::StrCat(node.version, " (", node.commit, "), started ",
                             Ago(node.started, now))},
      {"ready", Readiness(node)},
      {"pool", Pool(node)},
  };
  for (const rpc::FurtherPool& pool : node.further) {
    rows.push_back({"", Pool(pool)});
  }
  rows.insert(rows.end(),
              {{"ADDs", absl::StrCat(node.waiting, " wait for an address, ",
                                     node.under_way, " make their network")},
               {"VPC", Vpc(node, now)}});
  for (const rpc::VpcCalls& calls : node.vpc.calls) {
    if (calls.count > 0) rows.push_back({"", Average(calls)});
  }
  if (!node.vpc.last_error.empty()) {
    rows.push_back({"", absl::StrCat("last error: ", node.vpc.last_error)});
  }
  if (!node.kubernetes.empty()) {
    rows.push_back({"cluster", node.kubernetes == "ok"
                                   ? "its API server is reached"
                                   : absl::StrCat("its API server isn't "
                                                  "reached: ",
                                                  node.kubernetes)});
  }
  if (!node.store_problem.empty()) {
    rows.push_back({"store", node.store_problem});
  }
  return rows;
}

// Two columns, the first of which may be empty.
std::string Sheet(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    absl::StrAppend(&text,
                    absl::StrFormat("%-8s%s\n", row[0], Printable(row[1])));
  }
  return text;
}

}  // namespace

absl::StatusOr<Output> FormatNodes(const Options& options,
                                   const std::vector<rpc::PoolReply>& pools) {
  std::vector<NodeLine> lines;
  lines.reserve(pools.size());
  for (const rpc::PoolReply& reply : pools) lines.push_back(LineOf(reply));
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, JsonOf(lines));
  }
  const bool wide = options.format == Format::kWide;
  Row header = {"NODE", "SUBNET", "POOL"};
  if (wide) {
    header.insert(header.end(), {"WARM", "COOLING", "LEASED", "POPPED"});
  }
  std::vector<Row> rows;
  for (const NodeLine& line : lines) {
    Row row = {line.name, line.subnets, absl::StrCat(line.pool)};
    if (wide) {
      row.insert(row.end(), {Count(line, "warm"), Count(line, "cooling"),
                             Count(line, "leased"), Count(line, "popped")});
    }
    rows.push_back(std::move(row));
  }
  return FormatRows(options, std::move(header), std::move(rows));
}

absl::StatusOr<Output> FormatCluster(const Options& options,
                                     const std::vector<kube::Ipamd>& nodes) {
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, ClusterJson(nodes));
  }
  const bool wide = options.format == Format::kWide;
  Row header = {"NODE", "SUBNET", "POOL", "STATUS"};
  if (wide) header.insert(header.end(), {"LOW", "HIGH", "IPAMD"});
  std::vector<Row> rows;
  for (const kube::Ipamd& node : nodes) {
    Row row = {node.node, node.subnet, absl::StrCat(node.current),
               std::string(kube::NameOf(node.fill))};
    if (wide) {
      row.insert(row.end(), {absl::StrCat(node.low), absl::StrCat(node.high),
                             node.address});
    }
    rows.push_back(std::move(row));
  }
  return FormatRows(options, std::move(header), std::move(rows));
}

absl::StatusOr<Output> FormatStatus(const Options& options,
                                    const rpc::NodeReply& node,
                                    absl::Time now) {
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, rpc::ToJson(node));
  }
  return Output{Sheet(StatusRows(node, now)), ""};
}

}  // namespace applets::ctl
