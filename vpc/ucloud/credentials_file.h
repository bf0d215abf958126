#ifndef CNIVPC_VPC_UCLOUD_CREDENTIALS_FILE_H_
#define CNIVPC_VPC_UCLOUD_CREDENTIALS_FILE_H_

#include <sys/stat.h>

#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "vpc/ucloud/credentials.h"
#include "vpc/ucloud/environment.h"

namespace vpc::ucloud {

// What an environment file says; INVALID_ARGUMENT names the file, and
// NOT_FOUND says that there is none.
absl::StatusOr<Variables> ReadEnvironmentFile(const std::string& path);

// Permanent keys from an environment file (KeysOf). The file is read again when
// it has changed, so new keys need no restart. While a changed file can't be
// understood, the keys that it held before are used; once it is gone, or names
// no keys any more, there are none.
class FileCredentials : public Credentials {
 public:
  explicit FileCredentials(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<Keys> Get() override;
  // The next Get reads the file, changed or not.
  void Expired(const Keys& used) override;

 private:
  // What tells that a file isn't the one it was.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;
    absl::Time modified = {};
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  static Stamp StampOf(const struct stat& file);
  absl::Status Reload();

  const std::string path_;
  std::mutex mutex_;
  Stamp stamp_;                                          // guarded by mutex_
  absl::StatusOr<Keys> keys_ = absl::NotFoundError("");  // guarded by mutex_
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_CREDENTIALS_FILE_H_
