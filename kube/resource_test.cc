#include "kube/resource.h"

#include <string>

#include "gtest/gtest.h"

namespace kube {
namespace {

TEST(ResourceTest, APathHasGroupVersionAndNamespace) {
  EXPECT_EQ(*CollectionPath(kPods, ""), "/api/v1/pods");
  EXPECT_EQ(*CollectionPath(kPods, "web"), "/api/v1/namespaces/web/pods");
  EXPECT_EQ(*CollectionPath(kLeases, "kube-system"),
            "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases");
  EXPECT_EQ(*ObjectPath(kNodes, {.name = "node-a"}), "/api/v1/nodes/node-a");
  EXPECT_EQ(*ObjectPath(kIpamds, {"kube-system", "10.0.0.1"}, "status"),
            "/apis/vpc.uk8s.ucloud.cn/v1beta1/namespaces/kube-system/ipamds/"
            "10.0.0.1/status");
}

TEST(ResourceTest, ANameThatLeadsElsewhereIsRefused) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"),
        std::string("a%2fb"), std::string("a b"), std::string("a\nb"),
        std::string(254, 'a')}) {
    EXPECT_EQ(ObjectPath(kPods, {"web", name}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
    if (name.empty()) continue;
    EXPECT_FALSE(ObjectPath(kPods, {name, "x"}).ok()) << name;
    EXPECT_FALSE(CollectionPath(kPods, name).ok()) << name;
  }
}

TEST(ResourceTest, ANamesSpecialCharactersAreEncoded) {
  EXPECT_EQ(*ObjectPath(kPods, {"web", "a?b#c:d"}),
            "/api/v1/namespaces/web/pods/a%3Fb%23c%3Ad");
}

TEST(ResourceTest, AQueryLeavesOutWhatIsEmpty) {
  EXPECT_EQ(QueryOf({}), "");
  EXPECT_EQ(QueryOf({{"a", ""}, {"b", ""}}), "");
  EXPECT_EQ(QueryOf({{"a", ""}, {"b", "x=y&z"}, {"c", "1"}}),
            "?b=x%3Dy%26z&c=1");
}

TEST(ResourceTest, AKeyReadsAsKubectlWritesIt) {
  EXPECT_EQ((ObjectKey{"web", "a"}).ToString(), "web/a");
  EXPECT_EQ((ObjectKey{"", "a"}).ToString(), "a");
}

}  // namespace
}  // namespace kube
