#include "applets/cni/config.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "applets/cni/error.h"
#include "gtest/gtest.h"

namespace applets::cni {
namespace {

using base::Attachment;

absl::StatusOr<Config> Parse(absl::string_view text) {
  auto document = ParseDocument(text);
  if (!document.ok()) return document.status();
  return ParseConfig(*document);
}

// A complete configuration with `fields` at its end.
std::string With(absl::string_view fields) {
  return absl::StrCat(R"({"cniVersion":"1.0.0","name":"net","type":"cnivpc",)",
                      fields, "}");
}

Error ErrorOf(absl::string_view text) {
  return ToError(Parse(text).status(), Verb::kAdd);
}

Error UnsupportedIn(absl::string_view fields) {
  return ToError(CheckSupported(*ParseDocument(With(fields))), Verb::kAdd);
}

TEST(ConfigTest, TheShortestOneGetsEveryDefault) {
  const auto config = Parse(R"({"name":"net"})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->version, SpecVersion::k010);
  EXPECT_EQ(config->name, "net");
  EXPECT_EQ(config->socket, "/run/cni-vpc-ipamd.sock");
  EXPECT_EQ(config->state_dir, "/var/lib/cnivpc");
  EXPECT_EQ(config->log_file, "/var/log/cnivpc.log");
  EXPECT_EQ(config->mtu_bytes, 0u);
  EXPECT_EQ(config->timeout, absl::Seconds(10));
  EXPECT_EQ(config->vpc, "ucloud");
  EXPECT_FALSE(config->prev_result.has_value());
  EXPECT_FALSE(config->valid_attachments.has_value());
}

TEST(ConfigTest, ReadsEveryField) {
  const auto config = Parse(With(R"(
      "socket":"/tmp/s","stateDir":"/tmp/d","logFile":"","mtu":1400,
      "timeout":3,"vpc":"embedded","subnet":"subnet-1",
      "vpcState":"/tmp/vpc.json","interface":"eth1",
      "dns":{"nameservers":["10.0.0.2"]},"prevResult":{"ips":[]},
      "runtimeConfig":{"portMappings":[{"hostPort":80}]})"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->version, SpecVersion::k100);
  EXPECT_EQ(config->type, "cnivpc");
  EXPECT_EQ(config->socket, "/tmp/s");
  EXPECT_EQ(config->state_dir, "/tmp/d");
  EXPECT_EQ(config->log_file, "");
  EXPECT_EQ(config->mtu_bytes, 1400u);
  EXPECT_EQ(config->timeout, absl::Seconds(3));
  EXPECT_EQ(config->vpc, "embedded");
  EXPECT_EQ(config->subnet, "subnet-1");
  EXPECT_EQ(config->vpc_state, "/tmp/vpc.json");
  EXPECT_EQ(config->interface, "eth1");
  EXPECT_EQ(config->dns, R"({"nameservers":["10.0.0.2"]})");
  EXPECT_TRUE(config->has_port_mappings);
  EXPECT_TRUE(config->prev_result->Find("ips").has_value());
}

TEST(ConfigTest, EveryReleasedVersionIsAccepted) {
  for (const SpecVersion version : kSpecVersions) {
    const auto config = Parse(absl::StrCat(R"({"name":"n","cniVersion":")",
                                           ToString(version), "\"}"));
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->version, version);
  }
}

TEST(ConfigTest, AnUnknownVersionIsRefusedWithTheKnownOnes) {
  EXPECT_EQ(
      ErrorOf(R"({"name":"n","cniVersion":"99.0.0"})"),
      (Error{Code::kIncompatibleVersion, "incompatible CNI version: 99.0.0",
             "supported are " + SupportedVersions()}));
  EXPECT_EQ(ErrorOf(R"({"name":"n","cniVersion":1})"),
            (Error{Code::kInvalidConfig, "invalid configuration",
                   "cniVersion: must be a string"}));
}

TEST(ConfigTest, WhatIsNoJsonObjectIsUndecodable) {
  for (const char* text : {"", "{nonsense", "[]", "null", "\"x\"", "{}{}",
                           "{\"name\":\"\xff\"}"}) {
    EXPECT_EQ(ErrorOf(text).code, Code::kUndecodable) << text;
  }
}

TEST(ConfigTest, AnErrorNamesTheField) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"cniVersion":"1.0.0"})", "name: missing"},
      {R"({"name":""})", "name: missing"},
      {R"({"name":"a/b"})",
       "name: must be letters, digits, '_', '.' and '-' only"},
      {R"({"name":7})", "name: must be a string"},
      {With(R"("mtu":"big")"), "mtu: must be a whole number"},
      {With(R"("mtu":67)"), "mtu: must be 0 or 68 to 65535, not 67"},
      {With(R"("mtu":-1)"), "mtu: must be 0 or 68 to 65535, not -1"},
      {With(R"("mtu":65536)"), "mtu: must be 0 or 68 to 65535, not 65536"},
      {With(R"("timeout":0)"), "timeout: must be 1 to 3600 seconds, not 0"},
      {With(R"("timeout":0.5)"), "timeout: must be a whole number"},
      {With(R"("socket":"run/x")"), "socket: must be an absolute path"},
      {With(R"("socket":"")"), "socket: must be an absolute path"},
      {With(absl::StrCat(R"("socket":"/)", std::string(107, 'x'), "\"")),
       "socket: longer than 107 bytes"},
      {With(R"("stateDir":5)"), "stateDir: must be a string"},
      {With(R"("stateDir":"/a\u0000b")"), "stateDir: must be a path"},
      {With(R"("logFile":"log")"), "logFile: must be an absolute path"},
      {With(R"("interface":"a b")"),
       "interface: must be printable ASCII without '/', ':', '%' or "
       "whitespace"},
      {With(R"("dns":[])"), "dns: must be an object"},
      {With(R"("runtimeConfig":{"portMappings":7})"),
       "runtimeConfig.portMappings: must be an array"}};
  for (const auto& [text, details] : cases) {
    EXPECT_EQ(ErrorOf(text),
              (Error{Code::kInvalidConfig, "invalid configuration", details}))
        << text;
  }
}

TEST(ConfigTest, AnotherVpcIsUnsupportedAndNamed) {
  EXPECT_EQ(
      ErrorOf(With(R"("vpc":"moon")")),
      (Error{Code::kUnsupportedField, R"(unsupported field: vpc="moon")", ""}));
}

TEST(ConfigTest, WhatWeCannotDoIsRefusedWithKeyAndValue) {
  EXPECT_EQ(UnsupportedIn(R"("ipam":{"type":"host-local"})").msg,
            R"(unsupported field: ipam={"type":"host-local"})");
  EXPECT_EQ(UnsupportedIn(R"("ipMasq":true)").msg,
            "unsupported field: ipMasq=true");
  EXPECT_EQ(UnsupportedIn(R"("runtimeConfig":{"ips":["10.0.0.5"]})").msg,
            R"(unsupported field: runtimeConfig.ips=["10.0.0.5"])");
  EXPECT_EQ(
      UnsupportedIn(R"("runtimeConfig":{"mac":"02:00:00:00:00:01"})").code,
      Code::kUnsupportedField);
}

TEST(ConfigTest, WhatAsksForNothingIsSupported) {
  for (const char* fields :
       {R"("ipam":{})", R"("ipMasq":false)", R"("runtimeConfig":null)",
        R"("runtimeConfig":{"ips":[],"mac":"","ipRanges":null})",
        R"("runtimeConfig":{"bandwidth":{"ingressRate":1}})",
        R"("args":{"cni":{"x":1}},"keyA":["b"],"capabilities":{"mac":true})"}) {
    EXPECT_TRUE(CheckSupported(*ParseDocument(With(fields))).ok()) << fields;
    EXPECT_TRUE(Parse(With(fields)).ok()) << fields;
  }
}

TEST(ConfigTest, EmptyPortMappingsAreNone) {
  EXPECT_FALSE(
      Parse(With(R"("runtimeConfig":{"portMappings":[]})"))->has_port_mappings);
}

TEST(ConfigTest, ReadsTheValidAttachmentsOfThisNetwork) {
  const auto config = Parse(With(
      R"("cni.dev/valid-attachments":[{"containerID":"c1","ifname":"eth0"},
         {"containerID":"c2","ifname":"net1","more":1}])"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(
      *config->valid_attachments,
      (std::vector<Attachment>{{"net", "c1", "eth0"}, {"net", "c2", "net1"}}));
}

TEST(ConfigTest, TheOldNameOfValidAttachmentsIsSecondChoice) {
  const char* old_name =
      R"("cni.dev/attachments":[{"containerID":"c1","ifname":"eth0"}])";
  EXPECT_EQ(Parse(With(old_name))->valid_attachments->size(), 1u);
  EXPECT_EQ(
      Parse(With(absl::StrCat(R"("cni.dev/valid-attachments":[],)", old_name)))
          ->valid_attachments->size(),
      0u);
}

TEST(ConfigTest, NullAttachmentsAreNoneAndMissingOnesAreUnknown) {
  EXPECT_EQ(Parse(With(R"("cni.dev/valid-attachments":null)"))
                ->valid_attachments->size(),
            0u);
  EXPECT_FALSE(Parse(With(R"("x":1)"))->valid_attachments.has_value());
}

TEST(ConfigTest, AnAttachmentThatIsNotWholeFailsTheList) {
  EXPECT_EQ(
      ErrorOf(With(R"("cni.dev/valid-attachments":[{"containerID":"c1"}])"))
          .details,
      "cni.dev/valid-attachments[0].ifname: missing");
  EXPECT_EQ(ErrorOf(With(R"("cni.dev/valid-attachments":{})")).details,
            "cni.dev/valid-attachments: must be an array");
}

TEST(ConfigTest, ABrokenPrevResultIsNotLookedAt) {
  EXPECT_TRUE(Parse(With(R"("prevResult":"junk")")).ok());
}

TEST(MtuTest, IsTheConfiguredOneOrWhatTheNodeCanTake) {
  EXPECT_EQ(EffectiveMtu(0, 1500), 1452u);
  EXPECT_EQ(EffectiveMtu(0, 1400), 1400u);
  EXPECT_EQ(EffectiveMtu(0, 0), 1452u);
  EXPECT_EQ(EffectiveMtu(9000, 1500), 9000u);
}

}  // namespace
}  // namespace applets::cni
