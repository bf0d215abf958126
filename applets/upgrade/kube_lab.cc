#include "applets/upgrade/kube_lab.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace applets::upgrade {
namespace {

using rapidjson::Document;
using rapidjson::Value;
using Allocator = Document::AllocatorType;

base::LabAnswer Refusal(int status, const std::string& reason) {
  return {.status = status,
          .body = absl::StrCat(R"({"kind":"Status","reason":")", reason,
                               R"(","message":"no"})")};
}

std::string TextOf(const Value& value) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  value.Accept(writer);
  return text.GetString();
}

// RFC 7386.
void Merge(Value& target, const Value& patch, Allocator& allocator) {
  if (!target.IsObject()) target.SetObject();
  for (const auto& member : patch.GetObject()) {
    if (member.value.IsNull()) {
      target.RemoveMember(member.name);
      continue;
    }
    if (!target.HasMember(member.name)) {
      target.AddMember(Value(member.name, allocator), Value(), allocator);
    }
    Value& old = target.FindMember(member.name)->value;
    if (member.value.IsObject()) {
      Merge(old, member.value, allocator);
    } else {
      old.CopyFrom(member.value, allocator);
    }
  }
}

// Of the metadata; "" if it isn't there.
std::string MetaOf(const Value& object, const char* key) {
  const auto meta = object.FindMember("metadata");
  if (meta == object.MemberEnd()) return "";
  const auto found = meta->value.FindMember(key);
  return found == meta->value.MemberEnd() ? "" : found->value.GetString();
}

}  // namespace

KubeLab::KubeLab()
    : lab_([this](const base::LabRequest& request) {
        return Answer(request);
      }) {}

void KubeLab::Store(const std::string& path, Document& object) {
  Allocator& allocator = object.GetAllocator();
  if (!object.HasMember("metadata")) {
    object.AddMember("metadata", Value(rapidjson::kObjectType), allocator);
  }
  Value& meta = object.FindMember("metadata")->value;
  meta.RemoveMember("resourceVersion");
  const std::string version = absl::StrCat(++version_);
  meta.AddMember("resourceVersion", Value(version.c_str(), allocator),
                 allocator);
  if (!meta.HasMember("uid")) {
    meta.AddMember("uid", Value(version.c_str(), allocator), allocator);
  }
  objects_[path] = TextOf(object);
}

void KubeLab::Put(const std::string& path, const std::string& json) {
  const std::lock_guard lock(mutex_);
  Document object;
  object.Parse(json.c_str());
  Store(path, object);
}

void KubeLab::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  objects_.erase(path);
}

std::string KubeLab::Get(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(path);
  return found == objects_.end() ? "" : found->second;
}

std::vector<std::string> KubeLab::Paths(const std::string& below) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, object] : objects_) {
    if (absl::StartsWith(path, below)) paths.push_back(path);
  }
  return paths;
}

void KubeLab::Fail(int status, const std::string& method) {
  const std::lock_guard lock(mutex_);
  failing_ = status;
  failing_method_ = method;
}

std::vector<std::string> KubeLab::asked() const {
  std::vector<std::string> lines;
  for (const base::LabRequest& request : lab_.requests()) {
    lines.push_back(
        absl::StrCat(request.method, " ",
                     request.target.substr(0, request.target.find('?'))));
  }
  return lines;
}

base::LabAnswer KubeLab::Create(const std::string& path,
                                const std::string& body) {
  Document object;
  object.Parse(body.c_str());
  const std::string at = absl::StrCat(path, "/", MetaOf(object, "name"));
  if (objects_.contains(at)) return Refusal(409, "AlreadyExists");
  Store(at, object);
  return {.status = 201, .body = objects_[at]};
}

base::LabAnswer KubeLab::Patch(const std::string& path,
                               const std::string& body) {
  Document object;
  object.Parse(objects_[path].c_str());
  Document patch;
  patch.Parse(body.c_str());
  const std::string version = MetaOf(patch, "resourceVersion");
  if (!version.empty() && version != MetaOf(object, "resourceVersion")) {
    return Refusal(409, "Conflict");
  }
  Merge(object, patch, object.GetAllocator());
  Store(path, object);
  return {.body = objects_[path]};
}

base::LabAnswer KubeLab::List(const std::string& path) const {
  std::string items;
  for (const auto& [at, object] : objects_) {
    if (!absl::StartsWith(at, path + "/")) continue;
    absl::StrAppend(&items, items.empty() ? "" : ",", object);
  }
  return {.body = absl::StrCat(R"({"metadata":{"resourceVersion":")", version_,
                               R"("},"items":[)", items, "]}")};
}

base::LabAnswer KubeLab::Answer(const base::LabRequest& request) {
  const std::lock_guard lock(mutex_);
  const bool fails =
      failing_method_.empty() || failing_method_ == request.method;
  if (failing_ != 0 && fails) return Refusal(failing_, "Failing");
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (request.method == "POST") return Create(path, request.body);
  if (!objects_.contains(path)) {
    const std::string last = path.substr(path.rfind('/') + 1);
    if (request.method == "GET" && (last == "pods" || last == "nodes")) {
      return List(path);
    }
    return Refusal(404, "NotFound");
  }
  if (request.method == "PATCH") return Patch(path, request.body);
  const std::string object = objects_[path];
  if (request.method == "DELETE") objects_.erase(path);
  return {.body = object};
}

}  // namespace applets::upgrade
