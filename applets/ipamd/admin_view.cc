#include "applets/ipamd/admin_view.h"

#include <set>
#include <utility>

#include "applets/ledger/vpc_config.h"
#include "base/json.h"

namespace applets::ipamd {
namespace {

std::vector<std::pair<std::string, uint64_t>> StatesOf(const pool::Pool& pool) {
  std::vector<std::pair<std::string, uint64_t>> states;
  for (const pool::State state : pool::AllStates()) {
    states.emplace_back(pool::NameOf(state), 0);
  }
  for (const auto& [ip, row] : pool.addresses()) {
    for (auto& [name, count] : states) count += name == pool::NameOf(row.state);
  }
  return states;
}

void WriteSeconds(base::JsonWriter& w, absl::string_view key,
                  absl::Duration duration) {
  base::WriteKey(w, key);
  w.Double(absl::ToDoubleSeconds(duration));
}

}  // namespace

std::string LevelOf(int warm, const pool::Watermarks& watermarks) {
  if (warm == 0) return "dry";
  if (warm < watermarks.low) return "hungry";
  return warm > watermarks.high ? "overflow" : "normal";
}

rpc::NodeReply NodeOf(const Scene& scene, const Options& options,
                      const absl::Status& could_lease, absl::Time now) {
  rpc::NodeReply reply;
  reply.node = options.node;
  reply.subnet = options.vpc.subnet;
  reply.ready = could_lease.ok();
  if (!could_lease.ok()) {
    const std::vector<Cause> causes = WhyNoAddress(scene, now);
    reply.reason = std::string(pool::NameOf(
        causes.empty() ? ReasonOf(could_lease) : causes.back().reason));
    reply.problem = std::string(could_lease.message());
  }
  reply.level = LevelOf(scene.pool.counts().warm, options.watermarks);
  reply.states = StatesOf(scene.pool);
  reply.low = options.watermarks.low;
  reply.high = options.watermarks.high;
  reply.cooldown = options.vpc.cooldown;
  reply.store_problem = std::string(scene.store.message());
  reply.vpc.kind = options.vpc.vpc;
  reply.vpc.obstacle = std::string(scene.supply.obstacle.message());
  if (!scene.supply.obstacle.ok()) reply.vpc.until = scene.supply.until;
  if (scene.supply.verified_at != absl::InfinitePast()) {
    reply.vpc.verified = scene.supply.verified_at;
  }
  return reply;
}

void TellUsage(const vpc::Usage& usage, rpc::VpcHealth& health) {
  health.circuit = usage.circuit;
  health.rate_per_second = usage.rate_per_second;
  health.last_error = usage.last_error;
  for (const auto& [key, calls] : usage.calls) {
    health.calls.push_back({key.first, key.second, calls.count, calls.took});
  }
}

rpc::UnusedReply UnusedOf(const pool::Pool& pool,
                          const std::vector<base::Ipv4>& listed,
                          const std::string& node, const std::string& subnet) {
  rpc::UnusedReply reply{node, {}};
  const std::set<base::Ipv4> ips(listed.begin(), listed.end());
  for (const base::Ipv4 ip : ips) {
    const pool::Address* row = pool.Find(ip);
    if (row == nullptr) {
      reply.entries.push_back({ip, subnet, "unknown"});
    } else if (row->state == pool::State::kPopped) {
      reply.entries.push_back({ip, row->subnet, "popped", row->since});
    }
  }
  return reply;
}

std::string ConfigJson(const Options& options) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  base::WriteMember(w, "node", options.node);
  base::WriteMember(w, "stateDir", options.state_dir);
  base::WriteMember(w, "socket", options.socket);
  const std::string vpc = ledger::ToJson(options.vpc);
  base::WriteKey(w, "vpc");
  w.RawValue(vpc.data(), vpc.size(), rapidjson::kObjectType);
  base::WriteKey(w, "low");
  w.Int(options.watermarks.low);
  base::WriteKey(w, "high");
  w.Int(options.watermarks.high);
  WriteSeconds(w, "acdTimeoutSeconds", options.acd_timing.Longest());
  WriteSeconds(w, "verifyIntervalSeconds", options.verify_interval);
  WriteSeconds(w, "verifyMaxAgeSeconds", options.verify_max_age);
  base::WriteKey(w, "leaseUnverified");
  w.Bool(options.lease_unverified);
  WriteSeconds(w, "trimDelaySeconds", options.trim_delay);
  WriteSeconds(w, "conflictHoldSeconds", options.conflict_hold);
  WriteSeconds(w, "attachGraceSeconds", options.attach_grace);
  WriteSeconds(w, "sweepIntervalSeconds", options.sweep_interval);
  WriteSeconds(w, "gcGraceSeconds", options.gc_grace);
  WriteSeconds(w, "drainTimeoutSeconds", options.drain_timeout);
  w.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace applets::ipamd
