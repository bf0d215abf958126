#include "applets/cni/environment.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "applets/cni/error.h"
#include "gtest/gtest.h"

namespace applets::cni {
namespace {

using Variables = std::map<std::string, std::string>;

absl::StatusOr<Environment> Read(const Variables& variables) {
  return ReadEnvironment([&](const char* name) -> const char* {
    const auto it = variables.find(name);
    return it == variables.end() ? nullptr : it->second.c_str();
  });
}

Variables Complete(Verb verb) {
  return {{"CNI_COMMAND", std::string(ToString(verb))},
          {"CNI_CONTAINERID", "c1"},
          {"CNI_NETNS", "/run/netns/a"},
          {"CNI_IFNAME", "eth0"},
          {"CNI_PATH", "/opt/cni/bin"}};
}

Error ErrorOf(const absl::Status& status) {
  return ToError(status, Verb::kAdd);
}

TEST(EnvironmentTest, ReadsEveryVariable) {
  Variables variables = Complete(Verb::kAdd);
  variables["CNI_ARGS"] = "K8S_POD_NAME=web-0";
  const auto environment = Read(variables);
  ASSERT_TRUE(environment.ok()) << environment.status();
  EXPECT_EQ(environment->verb, Verb::kAdd);
  EXPECT_EQ(environment->container_id, "c1");
  EXPECT_EQ(environment->netns, "/run/netns/a");
  EXPECT_EQ(environment->ifname, "eth0");
  EXPECT_EQ(environment->path, "/opt/cni/bin");
  EXPECT_EQ(environment->args.pod_name, "web-0");
}

TEST(EnvironmentTest, EachVerbNeedsItsVariablesAndNoOthers) {
  const std::map<Verb, std::string> needed = {
      {Verb::kAdd, "CNI_CONTAINERID CNI_NETNS CNI_IFNAME"},
      {Verb::kDel, "CNI_CONTAINERID CNI_IFNAME"},
      {Verb::kCheck, "CNI_CONTAINERID CNI_NETNS CNI_IFNAME"},
      {Verb::kGc, "CNI_PATH"},
      {Verb::kStatus, ""},
      {Verb::kVersion, ""}};
  for (const Verb verb : kVerbs) {
    for (const std::string name :
         {"CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"}) {
      Variables variables = Complete(verb);
      variables.erase(name);
      EXPECT_EQ(Read(variables).ok(), !absl::StrContains(needed.at(verb), name))
          << ToString(verb) << " without " << name;
    }
  }
}

TEST(EnvironmentTest, AnErrorNamesAllVariablesAtFault) {
  const auto environment = Read({{"CNI_COMMAND", "ADD"},
                                 {"CNI_CONTAINERID", "-c"},
                                 {"CNI_IFNAME", "eth0/1"},
                                 {"CNI_ARGS", "nonsense"}});
  const Error error = ErrorOf(environment.status());
  EXPECT_EQ(error.code, Code::kBadEnvironment);
  EXPECT_EQ(error.msg,
            "CNI_CONTAINERID: must begin with a letter or a digit; "
            "CNI_NETNS: missing; "
            "CNI_IFNAME: must be printable ASCII without '/', ':', '%' or "
            "whitespace; "
            "CNI_ARGS: \"nonsense\" has no '='");
}

TEST(EnvironmentTest, EmptyCountsAsMissing) {
  Variables variables = Complete(Verb::kAdd);
  variables["CNI_CONTAINERID"] = "";
  EXPECT_EQ(ErrorOf(Read(variables).status()).msg, "CNI_CONTAINERID: missing");
}

TEST(EnvironmentTest, AnUnknownCommandIsNamed) {
  EXPECT_EQ(ErrorOf(Read({}).status()),
            (Error{Code::kBadEnvironment, "CNI_COMMAND: missing", ""}));
  EXPECT_EQ(
      ErrorOf(Read({{"CNI_COMMAND", "NONSENSE"}}).status()),
      (Error{Code::kBadEnvironment, "CNI_COMMAND: unknown: NONSENSE", ""}));
}

TEST(EnvironmentTest, PodmansVersionCallPasses) {
  EXPECT_TRUE(Read({{"CNI_COMMAND", "VERSION"},
                    {"CNI_NETNS", "dummy"},
                    {"CNI_IFNAME", "dummy"},
                    {"CNI_PATH", "dummy"}})
                  .ok());
  EXPECT_TRUE(
      Read({{"CNI_COMMAND", "VERSION"}, {"CNI_CONTAINERID", "/"}}).ok());
}

TEST(EnvironmentTest, DelTakesAnEmptyNetnsAndAnyArgs) {
  Variables variables = Complete(Verb::kDel);
  variables["CNI_NETNS"] = "";
  variables["CNI_ARGS"] = "nonsense";
  const auto environment = Read(variables);
  ASSERT_TRUE(environment.ok()) << environment.status();
  EXPECT_EQ(environment->args, Args());
}

TEST(EnvironmentTest, ContainerIdsFollowTheSpec) {
  for (const char* good : {"c", "0", "k8s.io-web_1", "a..", "A-", "9.x"}) {
    EXPECT_TRUE(CheckContainerId(good).ok()) << good;
  }
  for (const char* bad :
       {"", "-c", ".c", "_c", "a/b", "a b", "a\n", "\xc3\xa4", "a:b"}) {
    EXPECT_FALSE(CheckContainerId(bad).ok()) << bad;
  }
}

TEST(EnvironmentTest, IfnamesAreWhatTheKernelTakes) {
  for (const char* good : {"e", "eth0", "123456789012345", "a.b", "net1-x"}) {
    EXPECT_TRUE(CheckIfname(good).ok()) << good;
  }
  for (const char* bad : {"", ".", "..", "1234567890123456", "a/b", "a:b",
                          "a b", "a\tb", "eth%d"}) {
    EXPECT_FALSE(CheckIfname(bad).ok()) << bad;
  }
}

TEST(ArgsTest, ReadsThePodInAnyOrder) {
  std::vector<std::string> pairs = {
      "IgnoreUnknown=1", "K8S_POD_INFRA_CONTAINER_ID=abc", "K8S_POD_NAME=web-0",
      "K8S_POD_NAMESPACE=shop",
      "K8S_POD_UID=11111111-2222-3333-4444-555555555555"};
  const Args expected = {"shop", "web-0",
                         "11111111-2222-3333-4444-555555555555", "abc"};
  do {
    const auto args = ParseArgs(absl::StrJoin(pairs, ";"));
    ASSERT_TRUE(args.ok()) << args.status();
    ASSERT_EQ(*args, expected);
  } while (std::next_permutation(pairs.begin(), pairs.end()));
}

TEST(ArgsTest, TakesWhatThereIs) {
  EXPECT_EQ(*ParseArgs(""), Args());
  EXPECT_EQ(*ParseArgs(";;;"), Args());
  EXPECT_EQ(ParseArgs("IgnoreUnknown=1;K8S_POD_NAME=db")->pod_name, "db");
  EXPECT_EQ(ParseArgs(";;K8S_POD_NAME=db;;")->pod_name, "db");
  EXPECT_EQ(ParseArgs("FOO=BAR;ABC=123;K8S_POD_NAME=")->pod_name, "");
}

TEST(ArgsTest, AValueMayHoldAnEqualsSign) {
  EXPECT_EQ(ParseArgs("K8S_POD_NAME=a=b=")->pod_name, "a=b=");
}

TEST(ArgsTest, TheLastOfEqualKeysCounts) {
  EXPECT_EQ(ParseArgs("K8S_POD_NAME=a;K8S_POD_NAME=b")->pod_name, "b");
}

TEST(ArgsTest, AMalformedPairIsNamed) {
  const std::map<std::string, std::string> messages = {
      {"A=1;oops;B=2", "CNI_ARGS: \"oops\" has no '='"},
      {"=1", "CNI_ARGS: \"=1\" has no key"},
      {"K8S_POD_NAME=a b",
       "CNI_ARGS: \"K8S_POD_NAME=a b\" isn't printable ASCII"}};
  for (const auto& [text, message] : messages) {
    EXPECT_EQ(ErrorOf(ParseArgs(text).status()),
              (Error{Code::kBadEnvironment, message, ""}));
  }
}

}  // namespace
}  // namespace applets::cni
