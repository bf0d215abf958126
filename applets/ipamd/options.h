#ifndef CNIVPC_APPLETS_IPAMD_OPTIONS_H_
#define CNIVPC_APPLETS_IPAMD_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "applets/ipamd/drift.h"
#include "applets/ledger/vpc_config.h"
#include "applets/rpc/peer_access.h"
#include "applets/rpc/peer_list.h"
#include "kube/config.h"
#include "netlink/arp/acd.h"
#include "pool/watermark.h"

namespace applets::ipamd {

// Other nodes, with which addresses are exchanged.
struct PeerOptions {
  // How nodes know each other. Without it this node neither lends nor borrows,
  // and doesn't listen.
  rpc::PeerAccess access;
  // Where it listens; nullopt for the node's own address.
  std::optional<rpc::Endpoint> listen;
  // Whom it may ask: these, and those of the file, if it isn't "", and those
  // that the cluster lists, if there is one.
  std::vector<rpc::Peer> list;
  std::string file;
};

// The Kubernetes cluster that the node is part of.
struct ClusterOptions {
  // How its API server is reached; nullopt if there is no cluster.
  std::optional<kube::Config> api;
  // Whether Calico's annotation is written before an ADD is answered, and
  // whether the ADD fails if it can't be.
  bool calico = false;
  bool calico_required = true;
  // Whether StatefulSets' pods that ask for fixed addresses get them.
  bool fixed = true;
  // Whether the scheduler is told when no address can be given.
  bool condition = false;
};

// The runtime's network configuration, which ipamd writes when a pod could get
// an address.
struct ConflistOptions {
  std::string path = {};  // "" not to write it
  std::string text = {};
};

// What ipamd was told by its flags (ipamd_main.cc says which).
struct Options {
  std::string state_dir;
  std::string socket;
  std::string node;  // its name, in Kubernetes that of the Node object
  ledger::VpcConfig vpc;
  pool::Watermarks watermarks;
  // How an address is probed before it is used.
  netlink::arp::Timing acd_timing;
  PeerOptions peers;
  ClusterOptions cluster;
  // Whether addresses may be had from other nodes.
  bool may_borrow() const {
    return !peers.access.none() &&
           (!peers.list.empty() || !peers.file.empty() || cluster.api);
  }
  ConflistOptions conflist;
  std::string sysctl_root = "/proc/sys";
  // pool/steward.h says what these are.
  absl::Duration verify_interval = absl::Minutes(1);
  absl::Duration verify_max_age = absl::Minutes(5);
  bool lease_unverified = true;
  absl::Duration trim_delay = absl::Seconds(30);
  absl::Duration conflict_hold = absl::Minutes(1);
  // After a restart: how long an ADD that was under way may still take before
  // its lease is taken back.
  absl::Duration attach_grace = absl::Seconds(10);
  absl::Duration sweep_interval = absl::Seconds(30);
  // How long the link of a lease must be gone before the lease ends without a
  // DEL.
  absl::Duration gc_grace = absl::Minutes(1);
  // What of pods' networks is mended when somebody has changed it.
  Drift::Scope repair = Drift::Scope::kNodeAndPod;
  // How long a graceful stop waits for what is under way.
  absl::Duration drain_timeout = absl::Seconds(10);
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_OPTIONS_H_
