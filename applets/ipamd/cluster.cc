#include "applets/ipamd/cluster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "glog/logging.h"
#include "kube/custom_resources.h"
#include "kube/event.h"
#include "kube/objects.h"

namespace applets::ipamd {
namespace {

// Longer than any call that nobody waits for should take.
constexpr absl::Duration kCallLimit = absl::Seconds(20);
// An ADD waits for it, and the plugin for the ADD.
constexpr absl::Duration kAnnotateLimit = absl::Seconds(5);
constexpr int kAnnotators = 4;
// So does one for a pod that the watch hasn't told yet; but for an API server
// that doesn't answer only one of them.
constexpr absl::Duration kAskLimit = absl::Seconds(1);
constexpr absl::Duration kAskPause = absl::Seconds(10);
constexpr int kAskers = 2;
constexpr int kMaxAsking = 64;

kube::ClientOptions WritingOptions() {
  kube::ClientOptions options;
  options.attempt_timeout = absl::Seconds(5);
  options.max_attempts = 3;
  return options;
}

// {"metadata":{"uid":…,"annotations":{…}}}: the uid makes the server refuse it
// if the name is another pod's by now.
std::string CalicoPatch(const base::Pod& pod, base::Ipv4 ip) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  base::WriteKey(w, "metadata");
  w.StartObject();
  if (!pod.uid.empty()) base::WriteMember(w, "uid", pod.uid);
  base::WriteKey(w, "annotations");
  w.StartObject();
  base::WriteMember(w, kube::kCalicoPodIpAnnotation,
                    absl::StrCat(ip.ToString(), "/32"));
  w.EndObject();
  w.EndObject();
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

// That very pod, as the API server has it now. NOT_FOUND: it knows another one
// by that name.
absl::Status LookAtPod(kube::Client& client, const base::Pod& pod,
                       std::optional<kube::Pod>& seen) {
  ASSIGN_OR_RETURN(
      const base::Json json,
      client.Get(kube::kPods, {pod.ns, pod.name}, absl::Now() + kAskLimit));
  ASSIGN_OR_RETURN(kube::Pod found, kube::DecodePod(json));
  if (RuntimeUid(found) != pod.uid) {
    return absl::NotFoundError(
        absl::StrCat("pod ", pod.ns, "/", pod.name, ": another one by now"));
  }
  seen = std::move(found);
  return absl::OkStatus();
}

absl::Status WriteEvent(kube::Client& client, const Herald::Call& call) {
  const absl::Time deadline = absl::Now() + kCallLimit;
  if (!call.create) {
    absl::Status status = client
                              .Patch({.resource = kube::kEvents,
                                      .key = call.event.key,
                                      .patch = EventPatch(call.event)},
                                     deadline)
                              .status();
    if (!absl::IsNotFound(status)) return status;
  }
  return client
      .Create(kube::kEvents, call.event.key.name_space, EncodeEvent(call.event),
              deadline)
      .status();
}

}  // namespace

Cluster::Cluster(Parts parts)
    : parts_(std::move(parts)),
      client_(std::make_shared<kube::Client>(*parts_.options.cluster.api,
                                             WritingOptions())),
      herald_(parts_.options.node),
      status_(absl::UnavailableError("it hasn't answered yet")),
      reading_(kAskers),
      annotating_(parts_.options.cluster.calico ? kAnnotators : 0) {
  Metrics& metrics = parts_.metrics;
  metrics.Declare("cnivpc_kubernetes_up", "gauge",
                  "Whether the API server is reached.");
  metrics.Declare("cnivpc_kubernetes_pods", "gauge",
                  "Pods of this node that the API server knows.");
  metrics.Declare("cnivpc_kubernetes_pods_expected", "gauge",
                  "Pods that are about to ask for an address.");
  metrics.Declare("cnivpc_kubernetes_calls_total", "counter",
                  "Calls to the API server by call and outcome.");
  metrics.Declare("cnivpc_kubernetes_events_dropped_total", "counter",
                  "Events that weren't written, for there were too many.");
}

// Calls under way end at once, so that the threads can be joined.
Cluster::~Cluster() {
  client_->Stop();
  for (const auto& follower : {pods_.get(), networkings_.get()}) {
    if (follower != nullptr) follower->Stop();
  }
}

void Cluster::Start() {
  const kube::Query query = {
      .resource = kube::kPods,
      .field_selector = absl::StrCat("spec.nodeName=", parts_.options.node)};
  pods_ = std::make_unique<kube::Follower>(
      std::make_unique<kube::Client>(*parts_.options.cluster.api), query,
      [this](kube::Follower::Report report) {
        parts_.loop.Post([this, news = NewsOf(std::move(report))]() mutable {
          Take(std::move(news));
        });
      });
  networkings_ = std::make_unique<kube::Follower>(
      std::make_unique<kube::Client>(*parts_.options.cluster.api),
      kube::Query{.resource = kube::kPodNetworkings},
      [this](kube::Follower::Report report) {
        parts_.loop.Post([this, news = NetworkingNewsOf(report)] {
          parts_.on_networkings(news);
        });
      });
  AddBulletin(parts_.pools.own(), parts_.options.node);
  for (const auto& pool : parts_.pools.all()) {
    if (pool.get() != &parts_.pools.own()) OnOpened(*pool);
  }
}

// On the follower's thread.
Cluster::News Cluster::NewsOf(kube::Follower::Report report) {
  News news;
  news.status = std::move(report.status);
  for (kube::Change& change : report.changes) {
    if (!change.object) {
      news.changes.push_back({std::move(change.key), std::nullopt});
      continue;
    }
    auto pod = kube::DecodePod(*change.object);
    if (pod.ok()) {
      news.changes.push_back({std::move(change.key), *std::move(pod)});
    } else {
      LOG(WARNING) << "kubernetes: pod " << change.key.ToString() << ": "
                   << pod.status().message();
    }
  }
  return news;
}

// On the follower's thread. What can't be understood is as if it weren't there:
// a pod that asks for it is told so.
Cluster::NetworkingNews Cluster::NetworkingNewsOf(
    const kube::Follower::Report& report) {
  NetworkingNews news{{}, report.complete, report.status};
  for (const kube::Change& change : report.changes) {
    news.changes.push_back({change.key.name, std::nullopt});
    if (!change.object) continue;
    auto networking = kube::DecodePodNetworking(*change.object);
    if (networking.ok()) {
      news.changes.back().networking = *std::move(networking);
    } else {
      LOG(WARNING) << "kubernetes: PodNetworking " << change.key.ToString()
                   << ": " << networking.status().message();
    }
  }
  // A cluster that doesn't have the resource has none of them.
  if (absl::IsNotFound(report.status)) news.complete = true;
  return news;
}

void Cluster::Take(News news) {
  TakeStatus(news.status);
  roster_.Take(std::move(news.changes));
  parts_.on_demand();
}

void Cluster::TakeStatus(const absl::Status& status) {
  if (!status.ok() && status_.ok()) {
    LOG(WARNING) << "kubernetes: the API server isn't reached; pods get "
                    "addresses all the same: "
                 << status.message();
  } else if (status.ok() && !status_.ok()) {
    LOG(INFO) << "kubernetes: the API server is reached again";
  }
  status_ = status;
  answered_ = true;
}

void Cluster::Find(const base::Pod& pod, Found found) {
  const kube::Pod* known = roster_.Find({pod.ns, pod.name});
  if (known != nullptr && RuntimeUid(*known) == pod.uid) return found(known);
  if (!MayAsk(pod)) return found(nullptr);
  Ask(pod, std::move(found));
}

bool Cluster::MayAsk(const base::Pod& pod) const {
  return !pod.name.empty() && !pod.ns.empty() && (status_.ok() || !answered_) &&
         asking_ < kMaxAsking && absl::Now() >= ask_again_;
}

void Cluster::Ask(const base::Pod& pod, Found found) {
  ++asking_;
  auto seen = std::make_shared<std::optional<kube::Pod>>();
  Call(
      reading_, "get",
      [client = client_, pod, seen] { return LookAtPod(*client, pod, *seen); },
      [this, seen, found = std::move(found)](const absl::Status& status) {
        --asking_;
        if (!status.ok() && !absl::IsNotFound(status)) {
          ask_again_ = absl::Now() + kAskPause;
        }
        found(seen->has_value() ? &**seen : nullptr);
      });
}

std::vector<const kube::Pod*> Cluster::Expected() const {
  absl::flat_hash_set<std::string> served;
  for (const auto& pool : parts_.pools.all()) {
    for (const auto& [ip, row] : pool->pool().addresses()) {
      if (row.lease) served.insert(row.lease->pod.uid);
    }
  }
  return roster_.Expected(served);
}

std::string Cluster::Health() const {
  return status_.ok() ? "ok" : std::string(status_.message());
}

void Cluster::AddBulletin(const SubnetPool& pool, std::string name) {
  const base::Ipv4 address = parts_.pools.own().node().address;
  bulletins_.push_back(std::make_unique<Bulletin>(
      parts_.loop, pool, std::move(name), address,
      [this](const Publisher::Call& call, Done done) {
        Call(
            writing_, "ipamd",
            [client = client_, call] { return WriteIpamd(*client, call); },
            std::move(done));
      }));
  bulletins_.back()->Publish();
}

void Cluster::OnOpened(const SubnetPool& pool) {
  if (!bulletins_.empty()) {
    AddBulletin(pool, FurtherIpamdName(parts_.options.node, pool));
  }
}

void Cluster::OnClosing(const SubnetPool& pool) {
  const auto it = std::find_if(
      bulletins_.begin(), bulletins_.end(),
      [&](const auto& bulletin) { return &bulletin->pool() == &pool; });
  if (it == bulletins_.end()) return;
  Call(
      writing_, "ipamd",
      [client = client_, name = (*it)->name()] {
        return DeleteIpamd(*client, name);
      },
      [](const absl::Status&) {});
  bulletins_.erase(it);
}

void Cluster::OnRecords(const SubnetPool& pool) {
  for (const auto& bulletin : bulletins_) {
    if (&bulletin->pool() == &pool) bulletin->OnRecords();
  }
}

void Cluster::OnNote(const Note& note) {
  const auto call = herald_.OnNote(note, absl::Now());
  if (!call) return;
  Call(
      writing_, "event",
      [client = client_, call = *call] { return WriteEvent(*client, call); },
      [](const absl::Status&) {});
}

void Cluster::Annotate(const base::Pod& pod, base::Ipv4 ip, Done done) {
  if (pod.name.empty() || pod.ns.empty()) return done(absl::OkStatus());
  const kube::MergePatch patch = {.resource = kube::kPods,
                                  .key = {pod.ns, pod.name},
                                  .patch = CalicoPatch(pod, ip)};
  Call(
      annotating_, "annotate",
      [client = client_, patch, deadline = absl::Now() + kAnnotateLimit] {
        return client->Patch(patch, deadline).status();
      },
      std::move(done));
}

void Cluster::Call(base::Workers& workers, const char* what,
                   std::function<absl::Status()> blocking, Done done) {
  workers.Run([this, what, blocking = std::move(blocking),
               done = std::move(done)]() mutable {
    parts_.loop.Post([this, what, status = blocking(), done = std::move(done)] {
      parts_.metrics.Add(
          "cnivpc_kubernetes_calls_total",
          {{"call", what}, {"code", absl::StatusCodeToString(status.code())}});
      if (!status.ok()) {
        LOG(WARNING) << "kubernetes: " << what << ": " << status.message();
      }
      done(status);
    });
  });
}

void Cluster::UpdateMetrics() {
  Metrics& metrics = parts_.metrics;
  metrics.Set("cnivpc_kubernetes_up", status_.ok() ? 1 : 0);
  metrics.Set("cnivpc_kubernetes_pods", static_cast<double>(roster_.size()));
  metrics.Set("cnivpc_kubernetes_pods_expected",
              static_cast<double>(Expected().size()));
  metrics.Set("cnivpc_kubernetes_events_dropped_total",
              static_cast<double>(herald_.dropped()));
}

}  // namespace applets::ipamd
