#include "applets/ctl/pool_view.h"

#include <string>
#include <tuple>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "applets/ctl/age.h"

namespace applets::ctl {
namespace {

using rpc::PoolEntry;

struct Column {
  absl::string_view header;
  std::string (*cell)(const PoolEntry& entry, absl::Time now);
};

// Without a time in the answer there is no age.
std::string AgeOf(const PoolEntry& entry, absl::Time now) {
  if (entry.since == absl::InfiniteFuture()) return "<unknown>";
  return FormatAge(now - entry.since);
}

// How long the address rests yet.
std::string CooldownOf(const PoolEntry& entry, absl::Time now) {
  if (entry.until == absl::InfiniteFuture()) return "";
  return FormatAge(entry.until - now);
}

std::string PodOf(const PoolEntry& entry, absl::Time) {
  if (entry.pod.ns.empty()) return entry.pod.name;
  return absl::StrCat(entry.pod.ns, "/", entry.pod.name);
}

constexpr Column kAddress = {
    "IP", [](const PoolEntry& e, absl::Time) { return e.address.ToString(); }};
constexpr Column kState = {
    "STATE", [](const PoolEntry& e, absl::Time) { return e.state; }};
constexpr Column kSubnet = {
    "SUBNET", [](const PoolEntry& e, absl::Time) { return e.subnet; }};
constexpr Column kRecycled = {"RECYCLED", [](const PoolEntry& e, absl::Time) {
                                return absl::StrCat(e.recycled);
                              }};
constexpr Column kCooldown = {"COOLDOWN", CooldownOf};
constexpr Column kAge = {"AGE", AgeOf};
constexpr Column kPod = {"POD", PodOf};
constexpr Column kNamespace = {
    "NAMESPACE", [](const PoolEntry& e, absl::Time) { return e.pod.ns; }};
constexpr Column kName = {
    "NAME", [](const PoolEntry& e, absl::Time) { return e.pod.name; }};
constexpr Column kPhase = {
    "PHASE", [](const PoolEntry& e, absl::Time) { return e.phase; }};
constexpr Column kInterface = {"INTERFACE", [](const PoolEntry& e, absl::Time) {
                                 return e.attachment.ifname;
                               }};
constexpr Column kHostInterface = {
    "HOST-INTERFACE",
    [](const PoolEntry& e, absl::Time) { return e.host_ifname; }};
constexpr Column kContainer = {"CONTAINER", [](const PoolEntry& e, absl::Time) {
                                 return e.attachment.container_id;
                               }};

// The columns of a view; those from `usual` on are for -o wide only.
struct Layout {
  absl::Span<const Column> columns;
  size_t usual;
};

constexpr Column kPoolColumns[] = {kAddress, kRecycled, kCooldown,
                                   kAge,     kState,    kSubnet};
constexpr Column kPodColumns[] = {
    kNamespace, kName,      kAddress,       kAge,      kSubnet,
    kPhase,     kInterface, kHostInterface, kRecycled, kContainer};
constexpr Column kListColumns[] = {
    kAddress,   kState,         kPod,      kSubnet,   kAge,      kPhase,
    kInterface, kHostInterface, kRecycled, kCooldown, kContainer};

absl::Span<const Column> ColumnsOf(Action action, Columns columns) {
  Layout layout = {kListColumns, 5};
  if (action == Action::kGetPool) layout = {kPoolColumns, 4};
  if (action == Action::kGetPod) layout = {kPodColumns, 4};
  return columns == Columns::kAll ? layout.columns
                                  : layout.columns.first(layout.usual);
}

// What was popped is in the pool no more: `get unuse` has it. Nor is what is
// kept for one pod.
bool Belongs(Action action, const PoolEntry& entry) {
  const bool leased = entry.state == "leased";
  if (action == Action::kGetPool) {
    return !leased && entry.state != "popped" && entry.state != "fixed";
  }
  return action == Action::kGetPod ? leased : true;
}

bool IsAskedFor(const Options& options, const PoolEntry& entry) {
  if (options.address) return entry.address == *options.address;
  return !options.pod || (entry.pod.ns == options.pod->ns &&
                          entry.pod.name == options.pod->name);
}

bool ByAddress(const PoolEntry& a, const PoolEntry& b) {
  return a.address < b.address;
}

bool ByPod(const PoolEntry& a, const PoolEntry& b) {
  return std::tie(a.pod.ns, a.pod.name, a.address) <
         std::tie(b.pod.ns, b.pod.name, b.address);
}

}  // namespace

rpc::PoolReply Select(const Options& options, rpc::PoolReply reply) {
  std::erase_if(reply.entries, [&](const PoolEntry& entry) {
    return !Belongs(options.action, entry) || !IsAskedFor(options, entry);
  });
  absl::c_sort(reply.entries,
               options.action == Action::kGetPod ? ByPod : ByAddress);
  return reply;
}

Row HeaderOf(Action action, Columns columns) {
  Row header;
  for (const Column& column : ColumnsOf(action, columns)) {
    header.emplace_back(column.header);
  }
  return header;
}

Row RowOf(Action action, Columns columns, const PoolEntry& entry,
          absl::Time now) {
  Row row;
  for (const Column& column : ColumnsOf(action, columns)) {
    row.push_back(column.cell(entry, now));
  }
  return row;
}

}  // namespace applets::ctl
