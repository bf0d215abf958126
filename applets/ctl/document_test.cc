#include "applets/ctl/document.h"

#include "gtest/gtest.h"
#include "yaml-cpp/yaml.h"

namespace applets::ctl {
namespace {

TEST(DocumentTest, JsonIsIndentedByFour) {
  EXPECT_EQ(*ToIndentedJson(R"({"node":"n","addresses":[{"recycled":1}]})"),
            R"({
    "node": "n",
    "addresses": [
        {
            "recycled": 1
        }
    ]
}
)");
}

TEST(DocumentTest, YamlIsInBlocks) {
  EXPECT_EQ(*ToYaml(R"({"b":"x","a":[{"i":1,"j":"k"},{"i":-2}],"e":[]})"),
            R"(b: x
a:
  - i: 1
    j: k
  - i: -2
e: []
)");
}

TEST(DocumentTest, YamlKeepsTheTypes) {
  EXPECT_EQ(*ToYaml(R"({"a":true,"b":null,"c":"","d":2.5})"),
            "a: true\nb: ~\nc: \"\"\nd: 2.5\n");
}

// What one reader takes for a string, another must not take for a number.
TEST(DocumentTest, YamlQuotesWhatCouldBeSomethingElse) {
  for (const std::string text :
       {"true", "No", "null", "~", "1234567890", "1e5", "10.0.0.1",
        "2023-11-24T02:49:00+00:00", "02:5d:c2:10:00:01", "a: b", "a #b", "-",
        "*a", "0x1f", ".5", ""}) {
    EXPECT_EQ(*ToYaml("[\"" + text + "\"]"), "- \"" + text + "\"\n");
  }
}

TEST(DocumentTest, YamlLeavesWordsPlain) {
  for (const std::string text :
       {"eth0", "default", "e1f9", "subnet-a_1.b", "kube-system/web-0"}) {
    EXPECT_EQ(*ToYaml("[\"" + text + "\"]"), "- " + text + "\n");
  }
}

TEST(DocumentTest, YamlCarriesAnyString) {
  const auto yaml = ToYaml(R"(["a\n\t\u001b\"\\\u0007é"])");
  ASSERT_TRUE(yaml.ok()) << yaml.status();
  EXPECT_EQ(YAML::Load(*yaml)[0].as<std::string>(), "a\n\t\x1b\"\\\aé");
}

TEST(DocumentTest, NoJsonIsAnError) {
  EXPECT_FALSE(ToIndentedJson("{").ok());
  EXPECT_FALSE(ToYaml("").ok());
}

}  // namespace
}  // namespace applets::ctl
