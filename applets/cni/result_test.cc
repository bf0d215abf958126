#include "applets/cni/result.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace applets::cni {
namespace {

Result Parse(absl::string_view text) {
  const auto json = base::Json::Parse(text);
  EXPECT_TRUE(json.ok()) << json.status();
  const auto result = ParseResult(*json);
  EXPECT_TRUE(result.ok()) << result.status() << "\n" << text;
  return result.value_or(Result());
}

absl::Status ParseError(absl::string_view text) {
  return ParseResult(*base::Json::Parse(text)).status();
}

Attached Ours() {
  Attached ours;
  ours.ifname = "eth0";
  ours.netns = "/run/netns/a";
  ours.mac = *base::Mac::Parse("02:00:00:00:00:01");
  ours.host_ifname = "ucni0123456789a";
  ours.host_mac = *base::Mac::Parse("02:00:00:00:00:02");
  ours.address = *base::Ipv4::Parse("10.0.0.5");
  ours.gateway = *base::Ipv4::Parse("10.0.0.2");
  ours.mtu_bytes = 1452;
  return ours;
}

constexpr char kPrevious[] = R"({
    "cniVersion": "1.1.0",
    "interfaces": [
      {"name": "br0", "mac": "02:aa:00:00:00:01", "mtu": 1500},
      {"name": "net1", "sandbox": "/run/netns/a", "pciID": "0000:00:1f.6",
       "socketPath": "/run/s", "new": {"deep": [1, null]}}],
    "ips": [{"address": "10.9.0.7/24", "gateway": "10.9.0.1", "interface": 1},
            {"address": "fd00::7/64", "interface": 1, "note": "kept"}],
    "routes": [{"dst": "10.8.0.0/16", "gw": "10.9.0.1", "mtu": 1400,
                "priority": 5, "table": 7, "scope": 253}],
    "dns": {"nameservers": ["10.9.0.1"], "search": ["x.y"]},
    "later": {"plugin": true}})";

TEST(ResultTest, OursAloneHasTheHostsEndFirst) {
  const Result result = Append({}, Ours(), SpecVersion::k100);
  ASSERT_EQ(result.interfaces.size(), 2u);
  EXPECT_EQ(result.interfaces[0].name, "ucni0123456789a");
  EXPECT_EQ(result.interfaces[0].sandbox, "");
  EXPECT_EQ(result.interfaces[1].name, "eth0");
  EXPECT_EQ(result.interfaces[1].sandbox, "/run/netns/a");
  EXPECT_EQ(result.ips,
            (std::vector<IpConfig>{{"10.0.0.5/32", "10.0.0.2", 1, {}}}));
  EXPECT_EQ(result.routes, (std::vector<Route>{{"0.0.0.0/0", "10.0.0.2", {}}}));
}

TEST(ResultTest, MtusAreToldSinceOneOne) {
  for (const SpecVersion version : kSpecVersions) {
    const Result result = Append({}, Ours(), version);
    EXPECT_EQ(result.interfaces[1].extra.empty(), version < SpecVersion::k110);
  }
}

TEST(ResultTest, OursIsAppendedWithItsOwnIndices) {
  const Result before = Parse(kPrevious);
  const Result after = Append(before, Ours(), SpecVersion::k110);
  ASSERT_EQ(after.interfaces.size(), 4u);
  EXPECT_EQ(after.interfaces[0], before.interfaces[0]);
  EXPECT_EQ(after.interfaces[1], before.interfaces[1]);
  ASSERT_EQ(after.ips.size(), 3u);
  EXPECT_EQ(after.ips[0], before.ips[0]);
  EXPECT_EQ(after.ips[1], before.ips[1]);
  EXPECT_EQ(after.ips[2].interface, 3);
  EXPECT_EQ(after.interfaces[3].name, "eth0");
  EXPECT_EQ(after.routes.size(), 2u);
  EXPECT_EQ(after.dns, before.dns);
  EXPECT_EQ(after.extra, before.extra);
}

TEST(ResultTest, WhatWeDoNotKnowIsKept) {
  EXPECT_EQ(
      ToJson(Parse(kPrevious), SpecVersion::k110),
      R"({"cniVersion":"1.1.0","interfaces":[)"
      R"({"name":"br0","mac":"02:aa:00:00:00:01","mtu":1500},)"
      R"({"name":"net1","sandbox":"/run/netns/a","pciID":"0000:00:1f.6",)"
      R"("socketPath":"/run/s","new":{"deep":[1,null]}}],"ips":[)"
      R"({"address":"10.9.0.7/24","gateway":"10.9.0.1","interface":1},)"
      R"({"address":"fd00::7/64","interface":1,"note":"kept"}],"routes":[)"
      R"({"dst":"10.8.0.0/16","gw":"10.9.0.1","mtu":1400,"priority":5,)"
      R"("table":7,"scope":253}],"dns":{"nameservers":["10.9.0.1"],)"
      R"("search":["x.y"]},"later":{"plugin":true}})");
}

TEST(ResultTest, OldShapesHoldTheFirstAddressOfEachFamily) {
  EXPECT_EQ(ToJson(Parse(kPrevious), SpecVersion::k020),
            R"({"cniVersion":"0.2.0","ip4":{"ip":"10.9.0.7/24",)"
            R"("gateway":"10.9.0.1","routes":[{"dst":"10.8.0.0/16",)"
            R"("gw":"10.9.0.1","mtu":1400,"priority":5,"table":7,)"
            R"("scope":253}]},"ip6":{"ip":"fd00::7/64","note":"kept"},)"
            R"("dns":{"nameservers":["10.9.0.1"],"search":["x.y"]},)"
            R"("later":{"plugin":true}})");
}

TEST(ResultTest, OldShapesAreUnderstood) {
  const Result result = Parse(
      R"({"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.5/24","gateway":"10.0.0.1",
          "routes":[{"dst":"0.0.0.0/0"}]},"ip6":{"ip":"fd00::5/64",
          "routes":[{"dst":"::/0","gw":"fd00::1"}]},"dns":{}})");
  EXPECT_EQ(result.ips,
            (std::vector<IpConfig>{{"10.0.0.5/24", "10.0.0.1", {}, {}},
                                   {"fd00::5/64", "", {}, {}}}));
  EXPECT_EQ(result.routes, (std::vector<Route>{{"0.0.0.0/0", "", {}},
                                               {"::/0", "fd00::1", {}}}));
  EXPECT_EQ(result.dns, "");
}

TEST(ResultTest, OfTwoShapesAtOnceTheOldOneCounts) {
  const Result result = Parse(
      R"({"ip4":{"ip":"10.0.0.5/24","address":"10.0.0.6/24"},
          "interfaces":[{"name":"eth0"}],"ips":7,"x":1})");
  EXPECT_EQ(ToJson(result, SpecVersion::k100),
            R"({"cniVersion":"1.0.0","ips":[{"address":"10.0.0.5/24"}],)"
            R"("x":1})");
}

TEST(ResultTest, TheIpVersionFollowsTheAddress) {
  const std::string json = ToJson(Parse(kPrevious), SpecVersion::k040);
  const auto ips = base::Json::Parse(json)->Array("ips");
  EXPECT_EQ((*ips)[0].String("version").value(), "4");
  EXPECT_EQ((*ips)[1].String("version").value(), "6");
}

TEST(ResultTest, EmptyAndNullMembersAreNone) {
  EXPECT_EQ(Parse("{}"), Result());
  EXPECT_EQ(Parse(R"({"cniVersion":"1.0.0","interfaces":[],"ips":null,
                      "routes":null,"dns":{}})"),
            Result());
  EXPECT_EQ(ToJson({}, SpecVersion::k100), R"({"cniVersion":"1.0.0"})");
}

TEST(ResultTest, ErrorsNameThePath) {
  EXPECT_EQ(ParseError(R"({"ips":[{"gateway":"10.0.0.1"}]})").message(),
            "ips[0].address: missing");
  EXPECT_EQ(ParseError(R"({"interfaces":[5]})").message(),
            "interfaces[0]: must be an object");
  EXPECT_EQ(ParseError(R"({"ip4":[]})").message(), "ip4: must be an object");
  EXPECT_EQ(ParseError(R"({"dns":7})").message(), "dns: must be an object");
  EXPECT_EQ(ParseError("[]").message(), "document: must be an object");
}

// A result of random parts, with what versions since `since` can hold.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Result Make() {
    Result result;
    for (int i = Below(4); i > 0; --i) {
      result.interfaces.push_back({Text(), Maybe(), Maybe(), Some()});
    }
    for (int i = Below(4); i > 0; --i) {
      result.ips.push_back({Address(), Maybe(), {}, Some()});
      if (Below(2) == 1) result.ips.back().interface = Below(5) - 1;
    }
    for (int i = Below(4); i > 0; --i) {
      result.routes.push_back({Address(), Maybe(), Some()});
    }
    if (Below(2) == 1) result.dns = R"({"nameservers":["10.0.0.1"]})";
    result.extra = Some();
    return result;
  }

 private:
  int Below(int n) { return static_cast<int>(random_() % n); }
  std::string Text() { return absl::StrCat("t\"\\\n", Below(1000)); }
  std::string Maybe() { return Below(2) == 1 ? Text() : ""; }
  std::string Address() {
    return absl::StrCat(Below(2) == 1 ? "10.0.0." : "fd00::", Below(9), "/32");
  }
  Extra Some() {
    Extra extra;
    for (int i = Below(3); i > 0; --i) {
      extra.emplace_back(absl::StrCat("x", i), R"({"a":[1.5,null,"\""]})");
    }
    return extra;
  }

  std::mt19937 random_;
};

TEST(ResultPropertyTest, WhatIsWrittenIsReadBack) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const Result result = Generator(seed).Make();
    for (const SpecVersion version : kSpecVersions) {
      if (version < SpecVersion::k030) continue;
      ASSERT_EQ(Parse(ToJson(result, version)), result) << seed;
    }
  }
}

TEST(ResultPropertyTest, OldShapesAreStableOnceWritten) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const Result result = Generator(seed).Make();
    const std::string once = ToJson(result, SpecVersion::k020);
    ASSERT_EQ(ToJson(Parse(once), SpecVersion::k020), once) << seed;
  }
}

TEST(ResultPropertyTest, AppendingKeepsEverythingAndIsFoundAgain) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const Result before = Generator(seed).Make();
    const Result after = Append(before, Ours(), SpecVersion::k110);
    ASSERT_TRUE(std::equal(before.interfaces.begin(), before.interfaces.end(),
                           after.interfaces.begin()));
    ASSERT_TRUE(
        std::equal(before.ips.begin(), before.ips.end(), after.ips.begin()));
    const auto found = FindInterface(after, "eth0", "/run/netns/a");
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_TRUE(found->Has(Ours().address)) << seed;
  }
}

TEST(FindInterfaceTest, FindsItByNameAndNetns) {
  const Result result = Parse(
      R"({"interfaces":[{"name":"eth0","mac":"02:00:00:00:00:09"},
          {"name":"eth0","sandbox":"/run/netns/b"},
          {"name":"eth0","sandbox":"/run/netns/a","mac":"02:00:00:00:00:01"}],
          "ips":[{"address":"10.0.0.9/32","interface":1},
                 {"address":"10.0.0.5/32","interface":2},
                 {"address":"fd00::5/64","interface":2},
                 {"address":"10.0.0.6/24","interface":2}]})");
  const auto found = FindInterface(result, "eth0", "/run/netns/a");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->mac, "02:00:00:00:00:01");
  ASSERT_EQ(found->addresses.size(), 2u);
  EXPECT_TRUE(found->Has(*base::Ipv4::Parse("10.0.0.5")));
  EXPECT_TRUE(found->Has(*base::Ipv4::Parse("10.0.0.6")));
  EXPECT_FALSE(found->Has(*base::Ipv4::Parse("10.0.0.9")));
}

TEST(FindInterfaceTest, AnotherPathToTheNetnsWillDo) {
  const Result result = Append({}, Ours(), SpecVersion::k100);
  EXPECT_TRUE(FindInterface(result, "eth0", "/proc/7/ns/net").ok());
}

TEST(FindInterfaceTest, AnAddressWithoutAnInterfaceCounts) {
  const Result result = Parse(
      R"({"interfaces":[{"name":"eth0","sandbox":"/a"}],
          "ips":[{"address":"10.0.0.5/32"}]})");
  EXPECT_TRUE(
      FindInterface(result, "eth0", "/a")->Has(*base::Ipv4::Parse("10.0.0.5")));
}

TEST(FindInterfaceTest, AHostInterfaceOfThatNameIsNotIt) {
  const Result result = Parse(R"({"interfaces":[{"name":"eth0"}]})");
  const auto found = FindInterface(result, "eth0", "");
  EXPECT_EQ(found.status(),
            absl::FailedPreconditionError("prevResult has no interface eth0"));
}

}  // namespace
}  // namespace applets::cni
