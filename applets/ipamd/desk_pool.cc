// What a Desk shows of its addresses.

#include "applets/ipamd/desk.h"

namespace applets::ipamd {
namespace {

rpc::PoolEntry EntryOf(const pool::Address& row) {
  rpc::PoolEntry entry;
  entry.address = row.ip;
  entry.subnet = row.subnet;
  entry.state = std::string(pool::NameOf(row.state));
  entry.since = row.since;
  entry.until = row.until;
  entry.recycled = row.recycled;
  if (!row.lease) return entry;
  entry.attachment = row.lease->attachment;
  entry.pod = row.lease->pod;
  entry.phase = std::string(pool::NameOf(row.lease->phase));
  entry.host_ifname = row.lease->host_ifname;
  return entry;
}

}  // namespace

rpc::PoolReply Desk::Pool(const std::string& node_name) const {
  rpc::PoolReply reply{node_name, {}};
  for (const auto& [ip, row] : parts_.ledger.pool().addresses()) {
    reply.entries.push_back(EntryOf(row));
  }
  return reply;
}

}  // namespace applets::ipamd
