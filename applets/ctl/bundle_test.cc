#include "applets/ctl/bundle.h"

#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1700794140);

// A node whose every corner has a secret in it.
class BundleTest : public testing::Test {
 protected:
  BundleTest() {
    host_.connect = [this](const Options&) -> absl::StatusOr<Connection> {
      if (!ipamd_.ok()) return ipamd_;
      return Connection([this](absl::string_view, absl::string_view path,
                               absl::string_view) { return Answer(path); });
    };
    host_.now = [] { return kNow; };
    host_.tail = [this](const std::string& path,
                        size_t) -> absl::StatusOr<std::string> {
      const auto it = files_.find(path);
      if (it == files_.end()) return absl::NotFoundError(path + ": no file");
      return it->second;
    };
    host_.list = [](const std::string& folder) {
      return std::vector<std::string>{folder + "/10-cnivpc.conflist"};
    };
    host_.look_at_kernel = [] {
      return std::vector<TarFile>{
          {"links.txt", "#3 eth0 - up alias token=PLANTED7"}};
    };
    host_.write = [this](const std::string& path, absl::string_view data) {
      written_path_ = path;
      written_ = std::string(data);
      return absl::OkStatus();
    };
  }

  absl::StatusOr<std::string> Answer(absl::string_view path) {
    if (path == missing_) return absl::UnimplementedError("no such path");
    if (path == "/v1/log") return "E1 API said: Signature=PLANTED1 is wrong\n";
    if (path == "/metrics") return "cnivpc_pool_addresses 3\n";
    if (path == "/v1/config") return R"({"flags":{"peer_token":"PLANTED2"}})";
    return R"({"node":"n","vpc":{"lastError":"SecurityToken: PLANTED3"}})";
  }
  // What tar(1) prints for these arguments.
  std::string Tar(const std::string& arguments) {
    const std::string file =
        absl::StrCat(testing::TempDir(), "/bundle_test.", getpid());
    EXPECT_TRUE(base::WriteFileAtomically(file, written_).ok());
    FILE* tar =
        popen(absl::StrCat("tar -f ", file, " ", arguments).c_str(), "r");
    const auto text = base::ReadAll(fileno(tar), 1 << 20);
    EXPECT_EQ(pclose(tar), 0);
    unlink(file.c_str());
    return text.value_or("");
  }

  Host host_;
  absl::Status ipamd_;
  std::string missing_;
  std::map<std::string, std::string> files_ = {
      {"/etc/cni/net.d/10-cnivpc.conflist",
       R"({"plugins":[{"type":"cnivpc","apiKey":"PLANTED4",
           "logFile":"/var/log/other.log"}]})"},
      {"/var/log/other.log", "ERROR verb=ADD token=PLANTED5\n"},
      {"/var/log/cnivpc.log", "Authorization: Bearer PLANTED6\n"},
  };
  std::string written_path_;
  std::string written_;
};

TEST_F(BundleTest, HasWhatSomebodyWhoHelpsNeeds) {
  const Outcome outcome = WriteBundle({}, host_);
  EXPECT_EQ(outcome.exit_status, kDone) << outcome.err;
  EXPECT_EQ(written_path_, "cnivpc-bundle-20231124T024900Z.tar");
  EXPECT_THAT(outcome.out, StartsWith("wrote cnivpc-bundle-20231124T"));
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(Tar("-t"),
            "version.txt\nipamd/node.json\nipamd/pool.json\n"
            "ipamd/events.json\nipamd/config.json\nipamd/metrics.txt\n"
            "ipamd/log.txt\nkernel/links.txt\n"
            "node/etc/cni/net.d/10-cnivpc.conflist\n"
            "node/var/log/cnivpc.log\nnode/var/log/other.log\n");
  EXPECT_THAT(Tar("-xO ipamd/log.txt"), HasSubstr("API said"));
  EXPECT_THAT(Tar("-xO version.txt"), HasSubstr("2023-11-24T02:49:00"));
}

TEST_F(BundleTest, HasNoSecret) {
  WriteBundle({}, host_);
  EXPECT_THAT(written_, Not(HasSubstr("PLANTED")));
  EXPECT_THAT(written_, HasSubstr("<redacted>"));
}

TEST_F(BundleTest, WithoutIpamdItIsWrittenAllTheSame) {
  ipamd_ = absl::NotFoundError("ipamd isn't running");
  const Outcome outcome = WriteBundle({.subject = "b.tar"}, host_);
  EXPECT_EQ(outcome.exit_status, kDone);
  EXPECT_EQ(written_path_, "b.tar");
  EXPECT_EQ(outcome.err, "not in it: ipamd: ipamd isn't running\n");
  EXPECT_EQ(Tar("-xO errors.txt"), "ipamd: ipamd isn't running\n");
  EXPECT_THAT(Tar("-t"), HasSubstr("kernel/links.txt"));
}

TEST_F(BundleTest, WhatAnOlderIpamdLacksIsNamed) {
  missing_ = "/v1/config";
  files_.erase("/var/log/other.log");
  EXPECT_EQ(WriteBundle({}, host_).err,
            "not in it: /v1/config: no such path\n"
            "not in it: /var/log/other.log: /var/log/other.log: no file\n");
}

TEST_F(BundleTest, ADashIsStandardOutput) {
  const Outcome outcome = WriteBundle({.subject = "-"}, host_);
  written_ = outcome.out;
  EXPECT_THAT(Tar("-t"), HasSubstr("version.txt"));
  EXPECT_EQ(written_path_, "");
}

TEST_F(BundleTest, AFileThatCanNotBeWrittenIsTold) {
  host_.write = [](const std::string& path, absl::string_view) {
    return absl::AlreadyExistsError("open " + path + ": File exists");
  };
  const Outcome outcome = WriteBundle({.subject = "b.tar"}, host_);
  EXPECT_EQ(outcome.exit_status, kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("File exists"));
}

}  // namespace
}  // namespace applets::ctl
