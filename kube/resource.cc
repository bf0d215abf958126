#include "kube/resource.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/http.h"
#include "base/status.h"

namespace kube {
namespace {

// The API server's own limit for most names (RFC 1123 subdomains).
constexpr size_t kMaxName = 253;

// What would lead elsewhere when it stands in a path. Whether the name is a
// good one is the server's to say.
absl::Status CheckSegment(absl::string_view what, absl::string_view text) {
  const bool fits = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(c) && c != '/' && c != '%';
  });
  if (fits && !text.empty() && text.size() <= kMaxName && text != "." &&
      text != "..") {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(what, " that no object can have"));
}

}  // namespace

std::string ObjectKey::ToString() const {
  return absl::StrCat(name_space, name_space.empty() ? "" : "/", name);
}

absl::StatusOr<std::string> CollectionPath(const Resource& resource,
                                           absl::string_view name_space) {
  std::string path =
      resource.group.empty()
          ? absl::StrCat("/api/", resource.version)
          : absl::StrCat("/apis/", resource.group, "/", resource.version);
  if (!name_space.empty()) {
    RETURN_IF_ERROR(CheckSegment("a namespace", name_space));
    absl::StrAppend(&path, "/namespaces/", base::PercentEncode(name_space));
  }
  return absl::StrCat(path, "/", resource.plural);
}

absl::StatusOr<std::string> ObjectPath(const Resource& resource,
                                       const ObjectKey& key,
                                       absl::string_view subresource) {
  ASSIGN_OR_RETURN(const std::string collection,
                   CollectionPath(resource, key.name_space));
  RETURN_IF_ERROR(CheckSegment("a name", key.name));
  return absl::StrCat(collection, "/", base::PercentEncode(key.name),
                      subresource.empty() ? "" : "/", subresource);
}

std::string QueryOf(const QueryParams& params) {
  std::string query;
  for (const auto& [name, value] : params) {
    if (value.empty()) continue;
    absl::StrAppend(&query, query.empty() ? "?" : "&", name, "=",
                    base::PercentEncode(value));
  }
  return query;
}

}  // namespace kube
