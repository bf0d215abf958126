// The texts that runtimes get, byte for byte, for every version. After a change
// that is meant: CNIVPC_UPDATE_GOLDENS=1 bazel run //applets/cni:golden_test
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "applets/cni/config.h"
#include "applets/cni/environment.h"
#include "applets/cni/error.h"
#include "applets/cni/result.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::cni {
namespace {

constexpr size_t kMaxGoldenBytes = 1 << 20;

std::string PathOf(const std::string& name) {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  return absl::StrCat(workspace == nullptr ? "" : workspace,
                      workspace == nullptr ? "" : "/", "testdata/cni/", name);
}

void ExpectGolden(const std::string& name, const std::string& text) {
  if (std::getenv("CNIVPC_UPDATE_GOLDENS") != nullptr) {
    const absl::Status status =
        base::WriteFileAtomically(PathOf(name), text + "\n");
    ASSERT_TRUE(status.ok()) << status;
    return;
  }
  const auto golden = base::ReadFile(PathOf(name), kMaxGoldenBytes);
  ASSERT_TRUE(golden.ok()) << golden.status();
  EXPECT_EQ(text + "\n", *golden) << name;
}

Attached Ours() {
  Attached ours;
  ours.ifname = "eth0";
  ours.netns = "/run/netns/blue";
  ours.mac = *base::Mac::Parse("02:5d:c2:10:00:01");
  ours.host_ifname = "ucni9a0364b9e99";
  ours.host_mac = *base::Mac::Parse("02:5d:c2:10:00:02");
  ours.address = *base::Ipv4::Parse("10.126.3.17");
  ours.gateway = *base::Ipv4::Parse("10.126.0.11");
  ours.mtu_bytes = 1452;
  return ours;
}

Result Previous() {
  const auto text = base::ReadFile(PathOf("previous.json"), kMaxGoldenBytes);
  EXPECT_TRUE(text.ok()) << text.status();
  return *ParseResult(*base::Json::Parse(*text));
}

std::string File(absl::string_view kind, SpecVersion version) {
  return absl::StrCat(kind, "-", ToString(version), ".json");
}

TEST(GoldenTest, ResultOfThePluginAlone) {
  for (const SpecVersion version : kSpecVersions) {
    ExpectGolden(File("result", version),
                 ToJson(Append({}, Ours(), version), version));
  }
}

TEST(GoldenTest, ResultBehindAnotherPlugin) {
  for (const SpecVersion version : kSpecVersions) {
    if (version < SpecVersion::k030) continue;  // no prevResult before
    ExpectGolden(File("chained", version),
                 ToJson(Append(Previous(), Ours(), version), version));
  }
}

void ExpectGoldenError(const std::string& name, const absl::Status& status,
                       Verb verb) {
  ExpectGolden(absl::StrCat("error-", name, ".json"),
               ToJson(ToError(status, verb), kNewestVersion));
}

absl::Status Environ(const char* command) {
  return ReadEnvironment([&](const char* name) {
           return std::string(name) == "CNI_COMMAND" ? command : nullptr;
         })
      .status();
}

TEST(GoldenTest, ErrorsFoundBeforeAnythingIsDone) {
  ExpectGoldenError("environment", Environ("ADD"), Verb::kAdd);
  ExpectGoldenError("command", Environ("NONSENSE"), Verb::kAdd);
  ExpectGoldenError("args", ParseArgs("IgnoreUnknown=1;oops").status(),
                    Verb::kAdd);
  ExpectGoldenError("undecodable", ParseDocument("{nonsense").status(),
                    Verb::kAdd);
  ExpectGoldenError(
      "version",
      ParseVersion(*ParseDocument(R"({"cniVersion":"99.0.0"})")).status(),
      Verb::kAdd);
  ExpectGoldenError(
      "field", ParseConfig(*ParseDocument(R"({"name":"n","mtu":1})")).status(),
      Verb::kAdd);
  ExpectGoldenError("unsupported",
                    CheckSupported(*ParseDocument(R"({"ipMasq":true})")),
                    Verb::kAdd);
}

TEST(GoldenTest, ErrorsOfTheDaemon) {
  ExpectGoldenError("try-again", absl::UnavailableError("ipamd is starting"),
                    Verb::kAdd);
  ExpectGoldenError(
      "no-address",
      absl::ResourceExhaustedError("subnet-a has no free address"), Verb::kAdd);
  ExpectGoldenError("not-ready", absl::ResourceExhaustedError("pool is empty"),
                    Verb::kStatus);
  ExpectGoldenError("unknown-container",
                    absl::NotFoundError("net/c1/eth0 has no lease"),
                    Verb::kCheck);
}

}  // namespace
}  // namespace applets::cni
