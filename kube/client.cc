#include "kube/client.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "kube/error.h"

namespace kube {
namespace {

constexpr char kJson[] = "application/json";
constexpr char kMergePatch[] = "application/merge-patch+json";
constexpr char kStrategicPatch[] = "application/strategic-merge-patch+json";
// A watch ends by itself after so long, so that watches spread over servers.
constexpr absl::Duration kMinWatch = absl::Minutes(5);
constexpr absl::Duration kMaxWatch = absl::Minutes(10);
// The server ends it; if it doesn't, we do, so much later.
constexpr absl::Duration kWatchMargin = absl::Minutes(1);
// A list whose pages expire is begun again so often.
constexpr int kMaxListings = 3;

base::HttpOptions HttpOptionsFor(const Config& config,
                                 const ClientOptions& options) {
  base::HttpOptions http = HttpOptionsOf(config);
  http.max_body_bytes = options.max_body_bytes;
  return http;
}

// `status` without the token, and with what was asked before its message.
absl::Status Clean(const absl::Status& status, absl::string_view token,
                   absl::string_view what) {
  if (token.empty()) return base::Annotate(status, what);
  absl::Status clean(status.code(),
                     absl::StrReplaceAll(status.message(), {{token, "***"}}));
  status.ForEachPayload([&](absl::string_view name, const absl::Cord& value) {
    clean.SetPayload(name, value);
  });
  return base::Annotate(clean, what);
}

std::string WithoutQuery(absl::string_view path) {
  return std::string(path.substr(0, path.find('?')));
}

// A merge patch that only fits the object as it was read.
absl::StatusOr<std::string> Guarded(const std::string& merge,
                                    const base::Json& object) {
  ASSIGN_OR_RETURN(const base::Json metadata, object.Get("metadata"));
  ASSIGN_OR_RETURN(const std::string version,
                   metadata.String("resourceVersion"));
  rapidjson::Document patch;
  patch.Parse(merge.data(), merge.size());
  if (patch.HasParseError() || !patch.IsObject()) {
    return absl::InvalidArgumentError("a merge patch must be a JSON object");
  }
  auto& allocator = patch.GetAllocator();
  if (!patch.HasMember("metadata") || !patch["metadata"].IsObject()) {
    patch.RemoveMember("metadata");
    patch.AddMember("metadata", rapidjson::Value(rapidjson::kObjectType),
                    allocator);
  }
  patch["metadata"].RemoveMember("resourceVersion");
  patch["metadata"].AddMember("resourceVersion",
                              rapidjson::Value(version.c_str(), allocator),
                              allocator);
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  patch.Accept(writer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

absl::StatusOr<Page> PageOf(const base::Json& list) {
  Page page;
  ASSIGN_OR_RETURN(const base::Json metadata, list.Get("metadata"));
  ASSIGN_OR_RETURN(page.resource_version, metadata.String("resourceVersion"));
  ASSIGN_OR_RETURN(page.next, metadata.String("continue", ""));
  ASSIGN_OR_RETURN(page.items, list.Array("items"));
  return page;
}

std::string DeleteBody(const Precondition& only) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  writer.StartObject();
  base::WriteMember(writer, "apiVersion", "v1");
  base::WriteMember(writer, "kind", "DeleteOptions");
  if (!only.uid.empty() || !only.resource_version.empty()) {
    base::WriteKey(writer, "preconditions");
    writer.StartObject();
    if (!only.uid.empty()) base::WriteMember(writer, "uid", only.uid);
    if (!only.resource_version.empty()) {
      base::WriteMember(writer, "resourceVersion", only.resource_version);
    }
    writer.EndObject();
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

absl::Status DataLoss(const absl::Status& status, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(what, ": ", status.message()));
}

}  // namespace

Client::Client(Config config, ClientOptions options)
    : config_(std::move(config)),
      options_(options),
      http_clients_(HttpOptionsFor(config_, options_),
                    options_.max_idle_connections) {}

void Client::Stop() {
  http_clients_.Stop();
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (base::HttpStream* stream : opening_) stream->Stop();
  stop_.notify_all();
}

absl::StatusOr<base::Json> Client::Get(const Resource& resource,
                                       const ObjectKey& key,
                                       absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::string path, ObjectPath(resource, key));
  return Perform({.method = "GET", .path = path}, deadline);
}

// A limit together with a version would mean exactly that version.
absl::StatusOr<Page> Client::ListPage(const Query& query,
                                      const PageRequest& page,
                                      absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::string path,
                   CollectionPath(query.resource, query.name_space));
  const bool at_hand = !page.resource_version.empty() && page.next.empty();
  const std::string params = QueryOf(
      {{"labelSelector", query.label_selector},
       {"fieldSelector", query.field_selector},
       {"resourceVersion", at_hand ? page.resource_version : ""},
       {"limit", at_hand || page.limit <= 0 ? "" : absl::StrCat(page.limit)},
       {"continue", page.next}});
  ASSIGN_OR_RETURN(
      const base::Json list,
      Perform({.method = "GET", .path = absl::StrCat(path, params)}, deadline));
  absl::StatusOr<Page> read = PageOf(list);
  if (!read.ok()) return DataLoss(read.status(), "GET " + path);
  return read;
}

absl::StatusOr<Page> Client::List(const Query& query, absl::Time deadline) {
  for (int listing = 1;; ++listing) {
    std::vector<base::Json> items;
    PageRequest request;
    absl::StatusOr<Page> page;
    do {
      page = ListPage(query, request, deadline);
      if (!page.ok()) break;
      items.insert(items.end(), page->items.begin(), page->items.end());
      request.next = page->next;
    } while (!request.next.empty());
    if (page.ok()) return Page{std::move(items), page->resource_version, ""};
    if (!absl::IsOutOfRange(page.status()) || listing >= kMaxListings) {
      return page.status();
    }
  }
}

absl::StatusOr<std::unique_ptr<Watch>> Client::OpenWatch(
    const Query& query, const std::string& resource_version) {
  ASSIGN_OR_RETURN(const std::string path,
                   CollectionPath(query.resource, query.name_space));
  absl::BitGen random;
  const absl::Duration lasts =
      absl::Seconds(absl::Uniform(random, absl::ToInt64Seconds(kMinWatch),
                                  absl::ToInt64Seconds(kMaxWatch)));
  const std::string params =
      QueryOf({{"watch", "true"},
               {"allowWatchBookmarks", "true"},
               {"labelSelector", query.label_selector},
               {"fieldSelector", query.field_selector},
               {"resourceVersion", resource_version},
               {"timeoutSeconds", absl::StrCat(absl::ToInt64Seconds(lasts))}});
  ASSIGN_OR_RETURN(const std::string token, CurrentToken(config_));
  base::HttpRequest request =
      RequestOf({.method = "GET", .path = absl::StrCat(path, params)}, token);
  request.timeout = lasts + kWatchMargin;
  request.head_timeout = options_.attempt_timeout;
  request.idle_timeout = options_.watch_idle_timeout;
  auto stream =
      std::make_unique<base::HttpStream>(HttpOptionsFor(config_, options_));
  ASSIGN_OR_RETURN(base::HttpResponse head, OpenStream(*stream, request));
  if (head.status == 200) return std::make_unique<Watch>(std::move(stream));
  absl::StatusOr<std::string> part;
  do {
    part = stream->Read();
    if (part.ok()) head.body += *part;
  } while (part.ok() && !part->empty() && head.body.size() < (1U << 20U));
  return Clean(ErrorOf(head), token, absl::StrCat("watch ", path));
}

absl::StatusOr<base::HttpResponse> Client::OpenStream(
    base::HttpStream& stream, base::HttpRequest request) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return absl::CancelledError("stopped");
    opening_.insert(&stream);
  }
  const absl::Cleanup opened = [&] {
    const std::lock_guard lock(mutex_);
    opening_.erase(&stream);
  };
  return stream.Open(std::move(request));
}

absl::StatusOr<base::Json> Client::Create(const Resource& resource,
                                          const std::string& name_space,
                                          const std::string& object,
                                          absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::string path,
                   CollectionPath(resource, name_space));
  return Perform({.method = "POST",
                  .path = path,
                  .body = object,
                  .content_type = kJson,
                  .repeatable = false},
                 deadline);
}

absl::StatusOr<base::Json> Client::Patch(const MergePatch& patch,
                                         absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::string path,
                   ObjectPath(patch.resource, patch.key, patch.subresource));
  return Perform(
      {.method = "PATCH",
       .path = path,
       .body = patch.patch,
       .content_type = patch.strategic ? kStrategicPatch : kMergePatch},
      deadline);
}

absl::Status Client::Delete(const Resource& resource, const ObjectKey& key,
                            const Precondition& only, absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::string path, ObjectPath(resource, key));
  return Perform({.method = "DELETE",
                  .path = path,
                  .body = DeleteBody(only),
                  .content_type = kJson},
                 deadline)
      .status();
}

absl::StatusOr<base::Json> Client::Modify(const Resource& resource,
                                          const ObjectKey& key,
                                          const Decide& decide,
                                          absl::Time deadline) {
  for (int conflicts = 0;; ++conflicts) {
    ASSIGN_OR_RETURN(const base::Json object, Get(resource, key, deadline));
    ASSIGN_OR_RETURN(const std::optional<std::string> merge, decide(object));
    if (!merge.has_value()) return object;
    ASSIGN_OR_RETURN(const std::string guarded, Guarded(*merge, object));
    absl::StatusOr<base::Json> changed =
        Patch({.resource = resource, .key = key, .patch = guarded}, deadline);
    const bool conflict = absl::IsAborted(changed.status());
    if (!conflict || conflicts >= options_.max_conflicts) return changed;
  }
}

absl::StatusOr<base::Json> Client::Perform(const Call& call,
                                           absl::Time deadline) {
  for (int count = 1;; ++count) {
    absl::StatusOr<base::Json> answer = TryAuthorized(call, deadline);
    const absl::Status& status = answer.status();
    const bool again =
        MayPass(status) && (call.repeatable || WasNotDone(status));
    if (!again || count >= options_.max_attempts ||
        !Pause(count, status, deadline)) {
      return answer;
    }
  }
}

bool Client::Pause(int attempts, const absl::Status& why, absl::Time deadline) {
  absl::Duration longest = options_.first_backoff;
  for (int i = 1; i < attempts && longest < options_.max_backoff; ++i) {
    longest *= 2;
  }
  longest = std::min(longest, options_.max_backoff);
  absl::BitGen random;
  absl::Duration pause =
      longest * absl::Uniform(absl::IntervalClosed, random, 0.5, 1.0);
  pause += RetryAfterOf(why).value_or(absl::ZeroDuration());
  return absl::Now() + pause < deadline && SleepFor(pause);
}

// False if Stop was called.
bool Client::SleepFor(absl::Duration pause) {
  std::unique_lock lock(mutex_);
  return !stop_.wait_for(lock, absl::ToChronoNanoseconds(pause),
                         [this] { return stopped_; });
}

absl::StatusOr<base::Json> Client::TryAuthorized(const Call& call,
                                                 absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::string token, CurrentToken(config_));
  absl::StatusOr<base::Json> answer = Try(call, token, deadline);
  if (!absl::IsUnauthenticated(answer.status())) return answer;
  ASSIGN_OR_RETURN(const std::string now, CurrentToken(config_));
  return now == token ? answer : Try(call, now, deadline);
}

absl::StatusOr<base::Json> Client::Try(const Call& call,
                                       const std::string& token,
                                       absl::Time deadline) {
  base::HttpRequest request = RequestOf(call, token);
  request.timeout = std::min(options_.attempt_timeout, deadline - absl::Now());
  ASSIGN_OR_RETURN(const base::HttpResponse response,
                   http_clients_.Do(request));
  const std::string what =
      absl::StrCat(call.method, " ", WithoutQuery(call.path));
  if (response.status < 200 || response.status > 299) {
    return Clean(ErrorOf(response), token, what);
  }
  absl::StatusOr<base::Json> json = base::Json::Parse(response.body);
  if (json.ok() && json->IsObject()) return json;
  return absl::DataLossError(absl::StrCat(what, ": the answer is no object"));
}

base::HttpRequest Client::RequestOf(const Call& call,
                                    const std::string& token) const {
  base::HttpRequest request = {.method = call.method,
                               .url = absl::StrCat(config_.server, call.path),
                               .headers = {{"Accept", kJson}},
                               .body = call.body};
  if (!call.content_type.empty()) {
    request.headers.emplace_back("Content-Type", call.content_type);
  }
  if (!token.empty()) {
    request.headers.emplace_back("Authorization",
                                 absl::StrCat("Bearer ", token));
  }
  return request;
}

}  // namespace kube
