#include "kube/lease.h"

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/json.h"

namespace kube {
namespace {

using base::WriteKey;
using base::WriteMember;

// metav1.MicroTime.
void WriteTime(base::JsonWriter& w, absl::string_view key,
               const std::optional<absl::Time>& time) {
  if (!time) return;
  WriteMember(
      w, key,
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", *time, absl::UTCTimeZone()));
}

void WriteSpec(base::JsonWriter& w, const Lease& lease) {
  WriteKey(w, "spec");
  w.StartObject();
  WriteMember(w, "holderIdentity", lease.holder);
  WriteMember(w, "leaseDurationSeconds", absl::ToInt64Seconds(lease.duration));
  WriteTime(w, "acquireTime", lease.acquired);
  WriteTime(w, "renewTime", lease.renewed);
  WriteMember(w, "leaseTransitions", lease.transitions);
  w.EndObject();
}

}  // namespace

std::string EncodeLease(const Lease& lease) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  WriteMember(w, "apiVersion", "coordination.k8s.io/v1");
  WriteMember(w, "kind", "Lease");
  WriteKey(w, "metadata");
  w.StartObject();
  WriteMember(w, "namespace", lease.meta.key.name_space);
  WriteMember(w, "name", lease.meta.key.name);
  w.EndObject();
  WriteSpec(w, lease);
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string LeasePatch(const Lease& lease) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  WriteKey(w, "metadata");
  w.StartObject();
  WriteMember(w, "resourceVersion", lease.meta.resource_version);
  w.EndObject();
  WriteSpec(w, lease);
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace kube
