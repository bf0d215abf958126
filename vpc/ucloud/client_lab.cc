#include "vpc/ucloud/client_lab.h"

#include <openssl/evp.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"

namespace vpc::ucloud {

using base::LabAnswer;
using base::LabRequest;
using Then = LabAnswer::Then;

namespace {

const base::Mac kMac({0x52, 0x54, 0x00, 0xab, 0xcd, 0x01});

std::string Unescape(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    plain += absl::HexStringToBytes(text.substr(i + 1, 2));
    i += 2;
  }
  return plain;
}

}  // namespace

LabAnswer Recorded(absl::string_view name) {
  const auto text = base::ReadFile(
      absl::StrCat("testdata/vpc/answers/", name, ".json"), 1 << 16);
  EXPECT_TRUE(text.ok()) << text.status();
  return Body(text.value_or(""));
}

LabAnswer Body(absl::string_view body) {
  return {.body = std::string(body),
          .headers = {{"X-UCLOUD-REQUEST-UUID", kLabUuid}}};
}

LabAnswer RetCode(int code) {
  return Body(absl::StrCat(R"({"RetCode":)", code, R"(,"Message":"no"})"));
}

LabAnswer Http(int status) {
  return {.status = status, .body = "<html>sorry</html>"};
}

LabAnswer Reset() { return {.then = Then::kReset}; }

LabAnswer Silence() { return {.then = Then::kSilence}; }

Keys TemporaryKeys(int number) {
  return {.public_key = absl::StrCat("public+key/", number, "=="),
          .private_key = absl::StrCat("private-key-", number),
          .security_token = absl::StrCat("security token&", number),
          .project_id = "org-keys"};
}

absl::StatusOr<Keys> RenewedKeys::Get() {
  const std::lock_guard lock(mutex_);
  if (!failure_.ok()) return failure_;
  return TemporaryKeys(number_);
}

void RenewedKeys::Expired(const Keys& used) {
  const std::lock_guard lock(mutex_);
  expired_.push_back(used.public_key);
  ++number_;
}

void RenewedKeys::Fail(absl::Status failure) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
}

std::vector<std::string> RenewedKeys::expired() const {
  const std::lock_guard lock(mutex_);
  return expired_;
}

std::map<std::string, std::string> FormOf(const LabRequest& request) {
  std::map<std::string, std::string> fields;
  for (const absl::string_view pair : absl::StrSplit(request.body, '&')) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    fields[Unescape(parts.first)] = Unescape(parts.second);
  }
  return fields;
}

std::string Sha1(absl::string_view text) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(),
             reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha1(),
             nullptr);
  digest.resize(size);
  return absl::BytesToHexString(digest);
}

std::string SignatureOf(std::map<std::string, std::string> fields,
                        absl::string_view private_key) {
  fields.erase("Signature");
  std::string text;
  for (const auto& [name, value] : fields) absl::StrAppend(&text, name, value);
  return Sha1(absl::StrCat(text, private_key));
}

AllocateSecondaryIp Allocate() {
  return {.zone = "cn-bj2-04",
          .mac = kMac,
          .object_id = "uni-1",
          .subnet_id = "subnet-1"};
}

AllocateSecondaryIp AllocateThat() {
  AllocateSecondaryIp request = Allocate();
  request.ip = *base::Ipv4::Parse("10.9.4.17");
  return request;
}

DescribeSecondaryIp Describe() {
  return {.subnet_id = "subnet-1", .vpc_id = "v", .mac = kMac};
}

DeleteSecondaryIp Delete() {
  return {.zone = "cn-bj2-04",
          .ip = *base::Ipv4::Parse("10.9.4.17"),
          .mac = kMac,
          .subnet_id = "subnet-1"};
}

BudgetOptions Plenty() {
  return {.rate_per_second = 100000,
          .burst = 100000,
          .breaker = {.failures_to_open = 1000}};
}

void ClientTest::Script(std::vector<LabAnswer> answers) {
  const std::lock_guard lock(mutex_);
  script_.assign(answers.begin(), answers.end());
}

LabAnswer ClientTest::Next() {
  const std::lock_guard lock(mutex_);
  LabAnswer answer = script_.front();
  if (script_.size() > 1) script_.pop_front();
  return answer;
}

ClientOptions ClientTest::Options() const {
  return {.endpoint = lab_.url(),
          .region = "cn-bj2",
          .attempt_timeout = absl::Seconds(10),
          .first_backoff = absl::Milliseconds(1),
          .max_backoff = absl::Milliseconds(4)};
}

uint64_t ClientTest::Allocations(const Client& client,
                                 const std::string& outcome) {
  const Usage usage = client.usage();
  const auto it = usage.calls.find({"AllocateSecondaryIp", outcome});
  return it == usage.calls.end() ? 0 : it->second.count;
}

}  // namespace vpc::ucloud
