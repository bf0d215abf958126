#ifndef CNIVPC_VPC_UCLOUD_CREDENTIALS_H_
#define CNIVPC_VPC_UCLOUD_CREDENTIALS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace vpc::ucloud {

// What signs a call. It has no printer, and no error quotes a part of it.
struct Keys {
  std::string public_key = {};
  std::string private_key = {};
  std::string security_token = {};  // "" for permanent keys
  std::string project_id = {};      // the keys' own project; "" if unknown
  absl::Time expires = absl::InfiniteFuture();
};

// Whether a call signed with `a` looks to the API as if signed with `b`.
bool SameKeys(const Keys& a, const Keys& b);

// Where keys come from. May be used by several threads at once; calls may block
// for some seconds.
class Credentials {
 public:
  virtual ~Credentials() = default;

  // Keys that are valid now, as far as we know. NOT_FOUND when this source has
  // none to give (no role, no file, no variable), other codes when it is
  // broken.
  virtual absl::StatusOr<Keys> Get() = 0;

  // The API refused these: the next Get looks for newer ones, once.
  virtual void Expired(const Keys& used) = 0;
};

// Keys that are always the same.
class PermanentCredentials : public Credentials {
 public:
  explicit PermanentCredentials(Keys keys) : keys_(std::move(keys)) {}
  absl::StatusOr<Keys> Get() override { return keys_; }
  void Expired(const Keys& /*used*/) override {}

 private:
  const Keys keys_;
};

// The first of several sources that has keys. On a node the order is: the
// node's role (RoleCredentials), the file (FileCredentials), the process
// environment (PermanentCredentials); a source that fails is passed over, so
// permanent keys help out while the metadata service is away.
class CredentialsChain : public Credentials {
 public:
  explicit CredentialsChain(std::vector<std::unique_ptr<Credentials>> sources)
      : sources_(std::move(sources)) {}

  // When no source has any: the code of the first that is broken, or NOT_FOUND;
  // the message has all of theirs.
  absl::StatusOr<Keys> Get() override;
  void Expired(const Keys& used) override;

 private:
  const std::vector<std::unique_ptr<Credentials>> sources_;
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_CREDENTIALS_H_
