#ifndef CNIVPC_APPLETS_UPGRADE_KUBE_LAB_H_
#define CNIVPC_APPLETS_UPGRADE_KUBE_LAB_H_

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/http_lab.h"
#include "kube/config.h"
#include "rapidjson/document.h"

namespace applets::upgrade {

// An API server for tests: keeps objects by their path, gives them uids and
// resourceVersions, and refuses patches that don't fit. Knows no kinds. Lists
// all objects below a path, whatever the selector.
class KubeLab {
 public:
  KubeLab();

  kube::Config config() const { return {.server = lab_.url(), .token = "t"}; }

  // By path, "/api/v1/namespaces/kube-system/pods/x". A test may change them
  // behind everybody's back, as a kubelet does.
  void Put(const std::string& path, const std::string& json);
  void Remove(const std::string& path);
  // "" if there is none.
  std::string Get(const std::string& path) const;
  std::vector<std::string> Paths(const std::string& below) const;
  // Every request, or those of a method, fails with this status; 0: none.
  void Fail(int status, const std::string& method = "");
  // "GET /path", without the query.
  std::vector<std::string> asked() const;

 private:
  base::LabAnswer Answer(const base::LabRequest& request);
  base::LabAnswer Create(const std::string& path, const std::string& body);
  base::LabAnswer Patch(const std::string& path, const std::string& body);
  base::LabAnswer List(const std::string& path) const;
  void Store(const std::string& path, rapidjson::Document& object);

  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::string> objects_;
  int version_ = 0;
  int failing_ = 0;
  std::string failing_method_ = {};
  base::HttpLab lab_;
};

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_KUBE_LAB_H_
