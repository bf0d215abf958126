#include "kube/custom_resources.h"

#include <array>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "kube/section.h"

namespace kube {
namespace {

constexpr char kApiVersion[] = "vpc.uk8s.ucloud.cn/v1beta1";
// As UK8S writes it: no zone; we write and read it as UTC, as its containers
// have it.
constexpr char kDetachTime[] = "%Y-%m-%d %H:%M:%S";
constexpr char kNever[] = "Never";
// Go's durations are nanoseconds in 64 bits.
constexpr absl::Duration kLongest =
    absl::Nanoseconds(std::numeric_limits<int64_t>::max());

struct FillName {
  Ipamd::Fill fill;
  absl::string_view name;
};
constexpr std::array<FillName, 4> kFills = {{
    {Ipamd::Fill::kDry, "dry"},
    {Ipamd::Fill::kHungry, "hungry"},
    {Ipamd::Fill::kNormal, "normal"},
    {Ipamd::Fill::kOverflow, "overflow"},
}};

Ipamd::Fill FillCalled(absl::string_view name) {
  for (const FillName& fill : kFills) {
    if (fill.name == name) return fill.fill;
  }
  return Ipamd::Fill::kUnknown;
}

std::optional<absl::Time> DetachTime(const std::string& text) {
  absl::Time time;
  std::string unused;
  for (const char* format : {kDetachTime, absl::RFC3339_full}) {
    if (absl::ParseTime(format, text, absl::UTCTimeZone(), &time, &unused) &&
        time > absl::UnixEpoch() && time < absl::InfiniteFuture()) {
      return time;
    }
  }
  return std::nullopt;
}

// A JSON object, written member by member.
class Writer {
 public:
  Writer() : writer_(buffer_) { writer_.StartObject(); }

  void Text(absl::string_view key, absl::string_view value) {
    base::WriteMember(writer_, key, value);
  }
  // Nothing if it is empty.
  void Word(absl::string_view key, absl::string_view value) {
    if (!value.empty()) Text(key, value);
  }
  void Null(absl::string_view key) {
    base::WriteKey(writer_, key);
    writer_.Null();
  }
  void Number(absl::string_view key, int64_t value) {
    base::WriteMember(writer_, key, value);
  }
  void Flag(absl::string_view key, bool value) {
    base::WriteKey(writer_, key);
    writer_.Bool(value);
  }
  void Open(absl::string_view key) {
    base::WriteKey(writer_, key);
    writer_.StartObject();
  }
  void OpenElement() { writer_.StartObject(); }
  void Close() { writer_.EndObject(); }
  void OpenArray(absl::string_view key) {
    base::WriteKey(writer_, key);
    writer_.StartArray();
  }
  void CloseArray() { writer_.EndArray(); }
  void Strings(absl::string_view key,
               const std::map<std::string, std::string>& strings) {
    if (strings.empty()) return;
    Open(key);
    for (const auto& [name, value] : strings) Text(name, value);
    Close();
  }
  void Words(absl::string_view key, const std::vector<std::string>& words) {
    base::WriteKey(writer_, key);
    writer_.StartArray();
    for (const std::string& word : words) base::WriteString(writer_, word);
    writer_.EndArray();
  }
  std::string Done() {
    writer_.EndObject();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  rapidjson::StringBuffer buffer_;
  base::JsonWriter writer_;
};

void WriteOwners(Writer& json, const std::vector<Owner>& owners) {
  if (owners.empty()) return;
  json.OpenArray("ownerReferences");
  for (const Owner& owner : owners) {
    json.OpenElement();
    json.Text("apiVersion", owner.api_version);
    json.Text("kind", owner.kind);
    json.Text("name", owner.name);
    json.Text("uid", owner.uid);
    if (owner.controls) json.Flag("controller", true);
    json.Close();
  }
  json.CloseArray();
}

// What a new object begins with.
void WriteHead(Writer& json, absl::string_view kind, const ObjectMeta& meta) {
  json.Text("apiVersion", kApiVersion);
  json.Text("kind", kind);
  json.Open("metadata");
  json.Text("name", meta.key.name);
  if (!meta.key.name_space.empty()) {
    json.Text("namespace", meta.key.name_space);
  }
  json.Strings("labels", meta.labels);
  json.Strings("annotations", meta.annotations);
  if (!meta.finalizers.empty()) json.Words("finalizers", meta.finalizers);
  WriteOwners(json, meta.owners);
  json.Close();
}

void WriteBody(Writer& json, const Ipamd& ipamd) {
  json.Open("spec");
  json.Text("node", ipamd.node);
  json.Text("addr", ipamd.address);
  json.Text("subnet", ipamd.subnet);
  json.Close();
  json.Open("status");
  json.Number("current", ipamd.current);
  json.Number("high", ipamd.high);
  json.Number("low", ipamd.low);
  json.Text("status", NameOf(ipamd.fill));
  json.Close();
}

void WriteStatus(Writer& json, const VpcIpClaim& claim) {
  json.Open("status");
  json.Flag("attached", claim.attached);
  json.Word("zone", claim.zone);
  json.Word("lastDetachtime",
            claim.last_detached
                ? absl::FormatTime(kDetachTime, *claim.last_detached,
                                   absl::UTCTimeZone())
                : "");
  json.Word("mac", claim.mac ? claim.mac->ToString() : "");
  json.Text("releaseTime",
            claim.keep ? absl::FormatDuration(*claim.keep) : kNever);
  json.Word("sandboxId", claim.sandbox_id);
  json.Close();
}

}  // namespace

absl::string_view NameOf(Ipamd::Fill fill) {
  for (const FillName& known : kFills) {
    if (known.fill == fill) return known.name;
  }
  return "";
}

Ipamd::Fill FillOf(int64_t current, int64_t low, int64_t high) {
  if (current <= 0) return Ipamd::Fill::kDry;
  if (current < low) return Ipamd::Fill::kHungry;
  return current > high ? Ipamd::Fill::kOverflow : Ipamd::Fill::kNormal;
}

absl::StatusOr<Ipamd> DecodeIpamd(const base::Json& object) {
  Ipamd ipamd;
  ASSIGN_OR_RETURN(ipamd.meta, DecodeMeta(object));
  ASSIGN_OR_RETURN(const Section spec, Section::Of(object, "spec"));
  ASSIGN_OR_RETURN(ipamd.node, spec.String("node"));
  ASSIGN_OR_RETURN(ipamd.address, spec.String("addr"));
  ASSIGN_OR_RETURN(ipamd.subnet, spec.String("subnet"));
  ASSIGN_OR_RETURN(const Section status, Section::Of(object, "status"));
  ASSIGN_OR_RETURN(ipamd.current, status.Int("current", 0));
  ASSIGN_OR_RETURN(ipamd.high, status.Int("high", 0));
  ASSIGN_OR_RETURN(ipamd.low, status.Int("low", 0));
  ASSIGN_OR_RETURN(const std::string fill, status.String("status"));
  ipamd.fill = FillCalled(fill);
  return ipamd;
}

std::string EncodeIpamd(const Ipamd& ipamd) {
  Writer json;
  WriteHead(json, "Ipamd", ipamd.meta);
  WriteBody(json, ipamd);
  return json.Done();
}

std::string IpamdPatch(const Ipamd& ipamd) {
  Writer json;
  if (!ipamd.meta.owners.empty()) {
    json.Open("metadata");
    WriteOwners(json, ipamd.meta.owners);
    json.Close();
  }
  WriteBody(json, ipamd);
  return json.Done();
}

absl::StatusOr<std::optional<absl::Duration>> ParseClaimPolicy(
    absl::string_view text) {
  if (text == kNever) return std::nullopt;
  absl::Duration duration;
  // Go's micro sign, of which there are two in Unicode.
  const std::string plain =
      absl::StrReplaceAll(text, {{"\u00b5s", "us"}, {"\u03bcs", "us"}});
  if (!absl::ParseDuration(plain, &duration) ||
      duration < absl::ZeroDuration() || duration > kLongest) {
    return absl::InvalidArgumentError(
        "a claim's policy must be a time such as 1h10m20s, or Never");
  }
  return duration;
}

std::optional<absl::Time> VpcIpClaim::ReleaseTime() const {
  if (attached || !keep || !last_detached) return std::nullopt;
  return *last_detached + *keep;
}

namespace {

absl::Status DecodeClaimSpec(const Section& spec, VpcIpClaim& claim) {
  ASSIGN_OR_RETURN(const std::string ip, spec.String("ip"));
  const absl::StatusOr<base::Ipv4> parsed = base::Ipv4::Parse(ip);
  if (!parsed.ok()) return base::Annotate(parsed.status(), "spec.ip");
  claim.ip = *parsed;
  ASSIGN_OR_RETURN(claim.mask, spec.String("mask"));
  ASSIGN_OR_RETURN(claim.gateway, spec.String("gateway"));
  ASSIGN_OR_RETURN(claim.subnet_id, spec.String("subnetId"));
  ASSIGN_OR_RETURN(claim.vpc_id, spec.String("vpcId"));
  return absl::OkStatus();
}

absl::Status DecodeClaimStatus(const Section& status, VpcIpClaim& claim) {
  ASSIGN_OR_RETURN(claim.attached, status.Bool("attached"));
  ASSIGN_OR_RETURN(claim.zone, status.String("zone"));
  ASSIGN_OR_RETURN(const std::string detached, status.String("lastDetachtime"));
  claim.last_detached = DetachTime(detached);
  ASSIGN_OR_RETURN(const std::string mac, status.String("mac"));
  if (const auto known = base::Mac::Parse(mac); known.ok()) claim.mac = *known;
  ASSIGN_OR_RETURN(const std::string policy, status.String("releaseTime"));
  claim.keep = ParseClaimPolicy(policy).value_or(std::nullopt);
  ASSIGN_OR_RETURN(claim.sandbox_id, status.String("sandboxId"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<VpcIpClaim> DecodeVpcIpClaim(const base::Json& object) {
  VpcIpClaim claim;
  ASSIGN_OR_RETURN(claim.meta, DecodeMeta(object));
  ASSIGN_OR_RETURN(const Section spec, Section::Of(object, "spec"));
  RETURN_IF_ERROR(DecodeClaimSpec(spec, claim));
  ASSIGN_OR_RETURN(const Section status, Section::Of(object, "status"));
  RETURN_IF_ERROR(DecodeClaimStatus(status, claim));
  return claim;
}

std::string EncodeVpcIpClaim(const VpcIpClaim& claim) {
  Writer json;
  WriteHead(json, "VpcIpClaim", claim.meta);
  json.Open("spec");
  json.Text("ip", claim.ip.ToString());
  json.Word("mask", claim.mask);
  json.Word("gateway", claim.gateway);
  json.Word("subnetId", claim.subnet_id);
  json.Word("vpcId", claim.vpc_id);
  json.Close();
  WriteStatus(json, claim);
  return json.Done();
}

std::string LabelOf(const base::Mac& mac) {
  return absl::AsciiStrToLower(
      absl::StrReplaceAll(mac.ToString(), {{":", ""}}));
}

std::string VpcIpClaimPatch(const VpcIpClaim& claim) {
  std::map<std::string, std::string> labels;
  for (const char* name :
       {kAttachedLabel, kOwnerStatefulSetLabel, kInterfaceLabel}) {
    const absl::string_view value = claim.meta.Label(name);
    if (!value.empty()) labels.emplace(name, value);
  }
  Writer json;
  json.Open("metadata");
  if (!claim.meta.resource_version.empty()) {
    json.Text("resourceVersion", claim.meta.resource_version);
  }
  json.Strings("labels", labels);
  json.Open("annotations");
  const absl::string_view moves = claim.meta.Annotation(kMovesAnnotation);
  if (moves.empty()) {
    json.Null(kMovesAnnotation);
  } else {
    json.Text(kMovesAnnotation, moves);
  }
  json.Close();
  json.Words("finalizers", claim.meta.finalizers);
  json.Close();
  WriteStatus(json, claim);
  return json.Done();
}

absl::StatusOr<PodNetworking> DecodePodNetworking(const base::Json& object) {
  PodNetworking networking;
  ASSIGN_OR_RETURN(networking.meta, DecodeMeta(object));
  ASSIGN_OR_RETURN(const Section spec, Section::Of(object, "spec"));
  ASSIGN_OR_RETURN(networking.subnet_ids, spec.Words("subnetIds"));
  ASSIGN_OR_RETURN(networking.security_group_ids,
                   spec.Words("securityGroupIds"));
  ASSIGN_OR_RETURN(const std::string strategy, spec.String("strategy"));
  networking.strategy = strategy == "balanced"
                            ? PodNetworking::Strategy::kBalanced
                            : PodNetworking::Strategy::kSequential;
  ASSIGN_OR_RETURN(networking.nat_gateway_outgoing,
                   spec.Bool("natGWOutgoingEnabled"));
  return networking;
}

}  // namespace kube
