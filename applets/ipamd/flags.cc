#include "applets/ipamd/flags.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "applets/ipamd/conflist.h"
#include "applets/ipamd/drift.h"
#include "applets/ledger/vpc_config.h"
#include "applets/rpc/messages.h"
#include "applets/rpc/peer_access.h"
#include "applets/rpc/peer_list.h"
#include "base/address.h"
#include "base/status.h"
#include "gflags/gflags.h"
#include "kube/config.h"
#include "netlink/arp/acd.h"
#include "pool/watermark.h"
#include "vpc/ucloud/access.h"

DEFINE_string(vpc, "",
              "Where addresses come from: ucloud, or embedded (a VPC inside "
              "this process, for one machine without a cloud). Default: "
              "embedded if --subnet is a CIDR, else ucloud.");
DEFINE_string(subnet, "",
              "With --vpc=embedded: the subnet, as a CIDR. With --vpc=ucloud: "
              "the id of the subnet, if this node has interfaces in several. "
              "Default: the cluster's, or that of the main interface.");
DEFINE_string(metadata_url, applets::ledger::UcloudConfig().metadata_url,
              "With --vpc=ucloud: where the node's metadata are.");
DEFINE_string(api_endpoint, "",
              "With --vpc=ucloud: where the API is. Default: "
              "UCLOUD_API_ENDPOINT, else http://api.service.ucloud.cn.");
DEFINE_string(ca_bundle, "",
              "With --vpc=ucloud: a PEM file of the authorities that are "
              "trusted when the API is https. Default: the distribution's.");
DEFINE_string(role, applets::ledger::UcloudConfig().role,
              "With --vpc=ucloud: the node's role, whose temporary keys sign "
              "calls; empty for permanent keys only.");
DEFINE_string(environment_file,
              applets::ledger::UcloudConfig().environment_file,
              "With --vpc=ucloud: a file of UCLOUD_... variables: permanent "
              "keys, region, project, endpoint. It is read again when it has "
              "changed. Empty for none.");
DEFINE_int32(api_rate, applets::ledger::UcloudConfig().rate_per_second,
             "With --vpc=ucloud: calls a second, at most.");
DEFINE_int32(api_burst, applets::ledger::UcloudConfig().burst,
             "With --vpc=ucloud: calls that may follow each other at once "
             "after a pause.");
DEFINE_string(
    vpc_state, "",
    "With --vpc=embedded: its file; nodes on one machine that name "
    "the same file share the subnet. Default: vpc.db in --state-dir.");
DEFINE_string(reserved, "",
              "With --vpc=embedded: addresses and CIDRs that no pod gets, with "
              "commas between them. The nodes' own are never given.");
DEFINE_string(interface, "",
              "The node's main interface. Default: that of the default route; "
              "with --vpc=ucloud the one that the metadata name.");
DEFINE_string(node, "",
              "This node's name; in Kubernetes that of the Node object. "
              "Default: KUBE_NODE_NAME, else the host name.");
DEFINE_bool(kubernetes, true,
            "Be part of the Kubernetes cluster whose pod this is, or which "
            "--kubeconfig names.");
DEFINE_string(kubeconfig, "",
              "How the cluster's API server is reached. Default: as the "
              "service account of the pod that this is.");
DEFINE_bool(calicoPolicyFlag, false,
            "Write a pod's address into its annotation "
            "cni.projectcalico.org/podIP before its ADD is answered.");
DEFINE_bool(calico_required, true,
            "With --calicoPolicyFlag: fail the ADD if the annotation can't be "
            "written.");
DEFINE_bool(node_condition, false,
            "While no pod can be given an address, say so by the Node's "
            "condition NetworkUnavailable, for which Kubernetes taints it.");
DEFINE_bool(fixed_addresses, true,
            "Give StatefulSets' pods that ask for it by annotation a fixed "
            "address (VpcIpClaim).");
DEFINE_string(conflist, "",
              "Where to write the runtime's network configuration when a pod "
              "could get an address; it stays when ipamd stops. Default: "
              "nowhere.");
DEFINE_string(conflist_from, "",
              "With --conflist: the file that is written there. Default: the "
              "shipped one, cnivpc and portmap.");
DEFINE_string(socket, applets::rpc::kDefaultSocket, "Where to listen.");
DEFINE_string(sysctl_root, applets::ipamd::Options().sysctl_root,
              "Where the node's /proc/sys is; a container's own is read-only.");
DEFINE_string(state_dir, applets::rpc::kDefaultStateDir,
              "Where the store, its lock and the queue are.");
DEFINE_int32(availablePodIPLowWatermark, 3,
             "Addresses to keep ready for pods, at least.");
DEFINE_int32(availablePodIPHighWatermark, 50,
             "Addresses to keep ready for pods, at most. Both 0: none is taken "
             "from the VPC ahead of need.");
DEFINE_int32(cooldownPeriodSeconds, 30,
             "How long an address rests after its pod has gone.");
DEFINE_string(peers, "",
              "Nodes of the subnet that may be asked for addresses when it has "
              "none left: NODE=ADDRESS[:PORT], with commas between them.");
DEFINE_string(peers_file, "",
              "The same in a file, a line each; it is read again when it has "
              "changed.");
DEFINE_string(peer_cert, "",
              "By what nodes know each other: this node's certificate, a PEM "
              "file, good for servers and clients, with the node's name and "
              "address in it. Without it, or --peer-token-file, addresses "
              "aren't exchanged between nodes.");
DEFINE_string(peer_key, "", "The key of --peer-cert, a PEM file.");
DEFINE_string(peer_ca, "",
              "The authorities of other nodes' certificates, a PEM file.");
DEFINE_string(peer_token_file, "",
              "Instead of certificates: a file with a secret that all nodes "
              "have. It is sent in the clear.");
DEFINE_string(peer_listen, "",
              "Where to listen for other nodes, ADDRESS[:PORT]. Default: the "
              "node's own address, port 7312, if there are certificates or a "
              "token.");
DEFINE_string(acd_timeout, "7s",
              "How long an address is probed for conflicts at most before it "
              "is used, such as 200ms; 0: not at all. The default is "
              "RFC 5227's, and other values scale all its waits.");
DEFINE_int32(pool_low, -1, "Another name of --availablePodIPLowWatermark.");
DEFINE_int32(pool_high, -1, "Another name of --availablePodIPHighWatermark.");
DEFINE_int32(cooldown, -1, "Another name of --cooldownPeriodSeconds.");
DEFINE_int32(verify_interval, 60,
             "Seconds between two looks at what the VPC counts as this "
             "node's.");
DEFINE_int32(verify_max_age, 300,
             "A pod gets an address only if that was so no more seconds ago; "
             "else its ADD waits for a look.");
DEFINE_bool(lease_unverified, true,
            "Give out addresses all the same while the VPC doesn't answer.");
DEFINE_int32(trim_delay, 30,
             "Seconds (and up to half as many more) that addresses above the "
             "high watermark are kept.");
DEFINE_int32(conflict_hold, 60,
             "Seconds that an address in conflict is kept before it goes back "
             "to the VPC, so that it doesn't come again at once.");
DEFINE_int32(attach_grace, 10,
             "After a restart: seconds an ADD that was under way may still "
             "take.");
DEFINE_int32(sweep_interval, 30,
             "Seconds between two searches for leftovers of crashes.");
DEFINE_int32(gc_grace, 60,
             "Seconds that the link of a pod must be gone before its lease "
             "ends although no DEL came.");
DEFINE_string(repair, "pod",
              "What of pods' networks is made anew when somebody has removed "
              "it: pod (on the node and in the pod), node (on the node alone), "
              "or none.");
DEFINE_int32(drain_timeout, 10,
             "Seconds a graceful stop waits for calls under way.");

namespace applets::ipamd {
namespace {

// Shorter, and an answer might come too late.
constexpr absl::Duration kMinAcdTimeout = absl::Milliseconds(20);
constexpr absl::Duration kMaxAcdTimeout = absl::Minutes(1);

std::string HostName() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

std::string NodeName() {
  const char* name = getenv("KUBE_NODE_NAME");
  return name == nullptr || name[0] == '\0' ? HostName() : name;
}

absl::Status AtLeast(const char* flag, int value, int least) {
  if (value >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(flag, "=", value, ": must be at least ", least));
}

absl::StatusOr<netlink::arp::Timing> ParseAcdTimeout(const std::string& text) {
  absl::Duration timeout;
  if (!absl::ParseDuration(text, &timeout)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--acd-timeout=", text, ": not a duration such as 200ms or 7s"));
  }
  if (timeout != absl::ZeroDuration() &&
      (timeout < kMinAcdTimeout || timeout > kMaxAcdTimeout)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--acd-timeout=", text, ": must be 0, or from ",
                     absl::FormatDuration(kMinAcdTimeout), " to ",
                     absl::FormatDuration(kMaxAcdTimeout)));
  }
  return netlink::arp::Timing::Within(timeout);
}

absl::StatusOr<Drift::Scope> ParseRepair(const std::string& text) {
  if (text == "pod") return Drift::Scope::kNodeAndPod;
  if (text == "node") return Drift::Scope::kNode;
  if (text == "none") return Drift::Scope::kNone;
  return absl::InvalidArgumentError(
      absl::StrCat("--repair=", text, ": must be pod, node or none"));
}

absl::Status CheckEmbedded(const std::string& subnet) {
  if (subnet.empty()) {
    return absl::InvalidArgumentError(
        "--vpc=embedded needs --subnet=CIDR, for example "
        "--subnet=10.126.0.0/16");
  }
  return base::Annotate(base::Ipv4Prefix::Parse(subnet).status(), "--subnet");
}

// A flag of UK8S's that has a shorter name as well: either may be used.
absl::StatusOr<int> Either(const char* uk8s, int uk8s_value, const char* ours,
                           int ours_value) {
  if (gflags::GetCommandLineFlagInfoOrDie(ours).is_default) return uk8s_value;
  if (gflags::GetCommandLineFlagInfoOrDie(uk8s).is_default) return ours_value;
  return absl::InvalidArgumentError(absl::StrCat(
      "--", ours, " and --", uk8s, " are the same; give one of them"));
}

absl::Status CheckUcloud(const ledger::UcloudConfig& config) {
  RETURN_IF_ERROR(base::Annotate(
      vpc::ucloud::CheckEndpoint(config.metadata_url), "--metadata-url"));
  if (!config.api_endpoint.empty()) {
    RETURN_IF_ERROR(base::Annotate(
        vpc::ucloud::CheckEndpoint(config.api_endpoint), "--api-endpoint"));
  }
  RETURN_IF_ERROR(AtLeast("--api-rate", config.rate_per_second, 1));
  return AtLeast("--api-burst", config.burst, 1);
}

absl::Status CheckVpc(const ledger::VpcConfig& config) {
  const bool has_cidr = absl::StrContains(config.subnet, '/');
  if (config.vpc == "embedded" || (config.vpc.empty() && has_cidr)) {
    return CheckEmbedded(config.subnet);
  }
  if (config.vpc.empty()) return CheckUcloud(config.ucloud);
  if (config.vpc != "ucloud") {
    return absl::InvalidArgumentError(
        absl::StrCat("--vpc=", config.vpc, ": must be ucloud or embedded"));
  }
  if (has_cidr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--subnet=", config.subnet,
        ": with --vpc=ucloud it is a subnet's id, for example subnet-1a2b3c"));
  }
  return CheckUcloud(config.ucloud);
}

ledger::VpcConfig VpcFromFlags() {
  ledger::VpcConfig config;
  config.vpc = FLAGS_vpc;
  config.subnet = FLAGS_subnet;
  config.vpc_state = FLAGS_vpc_state;
  config.reserved = absl::StrSplit(FLAGS_reserved, ',', absl::SkipEmpty());
  config.interface = FLAGS_interface;
  config.ucloud.metadata_url = FLAGS_metadata_url;
  config.ucloud.api_endpoint = FLAGS_api_endpoint;
  config.ucloud.ca_bundle = FLAGS_ca_bundle;
  config.ucloud.role = FLAGS_role;
  config.ucloud.environment_file = FLAGS_environment_file;
  config.ucloud.rate_per_second = FLAGS_api_rate;
  config.ucloud.burst = FLAGS_api_burst;
  return config;
}

absl::StatusOr<PeerOptions> PeersFromFlags() {
  PeerOptions peers;
  peers.access = {FLAGS_peer_cert, FLAGS_peer_key, FLAGS_peer_ca,
                  FLAGS_peer_token_file};
  peers.file = FLAGS_peers_file;
  RETURN_IF_ERROR(rpc::Validate(peers.access));
  auto list = rpc::ParsePeers(FLAGS_peers);
  if (!list.ok()) return base::Annotate(list.status(), "--peers");
  peers.list = *std::move(list);
  if (!FLAGS_peer_listen.empty()) {
    const auto listen = rpc::ParseEndpoint(FLAGS_peer_listen);
    if (!listen.ok()) return base::Annotate(listen.status(), "--peer-listen");
    peers.listen = *listen;
  }
  const bool unknown =
      !peers.list.empty() || !peers.file.empty() || peers.listen.has_value();
  if (peers.access.none() && unknown) {
    return absl::InvalidArgumentError(
        "--peers, --peers-file and --peer-listen need certificates "
        "(--peer-cert, --peer-key, --peer-ca) or --peer-token-file, for nodes "
        "must know each other");
  }
  return peers;
}

// A node alone, whose cluster has been switched off or that is in none, is
// served as well.
absl::StatusOr<ClusterOptions> ClusterFromFlags() {
  ClusterOptions cluster;
  cluster.calico = FLAGS_calicoPolicyFlag;
  cluster.calico_required = FLAGS_calico_required;
  cluster.fixed = FLAGS_fixed_addresses;
  cluster.condition = FLAGS_node_condition;
  if (FLAGS_kubernetes && !FLAGS_kubeconfig.empty()) {
    ASSIGN_OR_RETURN(cluster.api, kube::LoadKubeconfig(FLAGS_kubeconfig));
  } else if (FLAGS_kubernetes) {
    auto pod = kube::InCluster(kube::OwnSurroundings());
    if (pod.ok()) cluster.api = *std::move(pod);
  }
  if (cluster.calico && !cluster.api) {
    return absl::InvalidArgumentError(
        "--calicoPolicyFlag needs a cluster: run as its pod, or with "
        "--kubeconfig");
  }
  if (cluster.condition && !cluster.api) {
    return absl::InvalidArgumentError(
        "--node-condition needs a cluster: run as its pod, or with "
        "--kubeconfig");
  }
  return cluster;
}

}  // namespace

absl::StatusOr<Options> OptionsFromFlags() {
  ASSIGN_OR_RETURN(const int low, Either("availablePodIPLowWatermark",
                                         FLAGS_availablePodIPLowWatermark,
                                         "pool_low", FLAGS_pool_low));
  ASSIGN_OR_RETURN(const int high, Either("availablePodIPHighWatermark",
                                          FLAGS_availablePodIPHighWatermark,
                                          "pool_high", FLAGS_pool_high));
  ASSIGN_OR_RETURN(const int cooldown,
                   Either("cooldownPeriodSeconds", FLAGS_cooldownPeriodSeconds,
                          "cooldown", FLAGS_cooldown));
  Options options;
  options.state_dir = FLAGS_state_dir;
  options.socket = FLAGS_socket;
  options.node = FLAGS_node.empty() ? NodeName() : FLAGS_node;
  options.vpc = VpcFromFlags();
  options.vpc.cooldown = absl::Seconds(cooldown);
  options.watermarks = {low, high};
  options.verify_interval = absl::Seconds(FLAGS_verify_interval);
  options.verify_max_age = absl::Seconds(FLAGS_verify_max_age);
  options.lease_unverified = FLAGS_lease_unverified;
  options.trim_delay = absl::Seconds(FLAGS_trim_delay);
  options.conflict_hold = absl::Seconds(FLAGS_conflict_hold);
  ASSIGN_OR_RETURN(options.acd_timing, ParseAcdTimeout(FLAGS_acd_timeout));
  ASSIGN_OR_RETURN(options.peers, PeersFromFlags());
  options.attach_grace = absl::Seconds(FLAGS_attach_grace);
  options.sweep_interval = absl::Seconds(FLAGS_sweep_interval);
  options.gc_grace = absl::Seconds(FLAGS_gc_grace);
  ASSIGN_OR_RETURN(options.repair, ParseRepair(FLAGS_repair));
  options.drain_timeout = absl::Seconds(FLAGS_drain_timeout);
  ASSIGN_OR_RETURN(options.cluster, ClusterFromFlags());
  options.conflist.path = FLAGS_conflist;
  options.sysctl_root = FLAGS_sysctl_root;
  ASSIGN_OR_RETURN(options.conflist.text, LoadConflist(FLAGS_conflist_from));
  RETURN_IF_ERROR(CheckVpc(options.vpc));
  RETURN_IF_ERROR(ledger::ParseReserved(options.vpc.reserved).status());
  RETURN_IF_ERROR(pool::Validate(options.watermarks));
  RETURN_IF_ERROR(AtLeast("--cooldownPeriodSeconds", cooldown, 0));
  RETURN_IF_ERROR(AtLeast("--verify-interval", FLAGS_verify_interval, 1));
  RETURN_IF_ERROR(AtLeast("--verify-max-age", FLAGS_verify_max_age, 1));
  RETURN_IF_ERROR(AtLeast("--trim-delay", FLAGS_trim_delay, 0));
  RETURN_IF_ERROR(AtLeast("--conflict-hold", FLAGS_conflict_hold, 1));
  RETURN_IF_ERROR(AtLeast("--attach-grace", FLAGS_attach_grace, 0));
  RETURN_IF_ERROR(AtLeast("--sweep-interval", FLAGS_sweep_interval, 1));
  RETURN_IF_ERROR(AtLeast("--gc-grace", FLAGS_gc_grace, 0));
  RETURN_IF_ERROR(AtLeast("--drain-timeout", FLAGS_drain_timeout, 0));
  return options;
}

}  // namespace applets::ipamd
