#ifndef CNIVPC_VPC_UCLOUD_CLIENT_LAB_H_
#define CNIVPC_VPC_UCLOUD_CLIENT_LAB_H_

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/http_lab.h"
#include "gtest/gtest.h"
#include "vpc/ucloud/actions.h"
#include "vpc/ucloud/budget_gate.h"
#include "vpc/ucloud/client.h"
#include "vpc/ucloud/credentials.h"

// What tests of the client share: requests, answers, keys, and a server that
// answers as told.
namespace vpc::ucloud {

inline constexpr char kLabUuid[] = "5f7c2b9e-uuid";

// testdata/vpc/answers/NAME.json, with kLabUuid.
base::LabAnswer Recorded(absl::string_view name);
base::LabAnswer RetCode(int code);
base::LabAnswer Http(int status);
base::LabAnswer Body(absl::string_view body);
base::LabAnswer Reset();
base::LabAnswer Silence();

// "public+key/1==", "private-key-1", "security token&1", "org-keys".
Keys TemporaryKeys(int number);

// TemporaryKeys of the next number after each Expired; or none at all.
class RenewedKeys : public Credentials {
 public:
  absl::StatusOr<Keys> Get() override;
  void Expired(const Keys& used) override;
  void Fail(absl::Status failure);
  // The public keys of those that were.
  std::vector<std::string> expired() const;

 private:
  mutable std::mutex mutex_;
  int number_ = 1;
  absl::Status failure_;
  std::vector<std::string> expired_;
};

// A form's fields.
std::map<std::string, std::string> FormOf(const base::LabRequest& request);
// Its signature, computed anew.
std::string SignatureOf(std::map<std::string, std::string> fields,
                        absl::string_view private_key);
// In lower-case hexadecimal.
std::string Sha1(absl::string_view text);

// Requests that are all right; AllocateThat is the one of an address.
AllocateSecondaryIp Allocate();
AllocateSecondaryIp AllocateThat();
DescribeSecondaryIp Describe();
DeleteSecondaryIp Delete();

// So much that nothing waits, nor does the circuit open.
BudgetOptions Plenty();

class ClientTest : public testing::Test {
 protected:
  // What is answered from now on: the last answer again and again.
  void Script(std::vector<base::LabAnswer> answers);
  // For a client of `lab_`, with short pauses.
  ClientOptions Options() const;
  // Calls of AllocateSecondaryIp with that outcome.
  static uint64_t Allocations(const Client& client, const std::string& outcome);

  std::mutex mutex_;
  std::deque<base::LabAnswer> script_;  // guarded by mutex_
  base::HttpLab lab_{[this](const base::LabRequest&) { return Next(); }};
  RenewedKeys keys_;
  Gate gate_{Plenty()};

 private:
  base::LabAnswer Next();
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_CLIENT_LAB_H_
