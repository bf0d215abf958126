#include "kube/lease.h"

#include <string>

#include "absl/time/time.h"
#include "base/json.h"
#include "gtest/gtest.h"
#include "kube/objects.h"

namespace kube {
namespace {

Lease SomeLease() {
  Lease lease;
  lease.meta.key = {"kube-system", "cni-vpc-ipamd"};
  lease.holder = "node-a";
  lease.duration = absl::Seconds(30);
  lease.acquired = absl::FromUnixMicros(1'800'000'000'123'456);
  lease.renewed = absl::FromUnixMicros(1'800'000'010'000'001);
  lease.transitions = 3;
  return lease;
}

TEST(LeaseTest, IsReadAsItWasWritten) {
  EXPECT_EQ(*DecodeLease(*base::Json::Parse(EncodeLease(SomeLease()))),
            SomeLease());
}

TEST(LeaseTest, ThePatchIsForOneVersion) {
  Lease lease = SomeLease();
  lease.meta.resource_version = "17";
  EXPECT_EQ(LeasePatch(lease),
            R"({"metadata":{"resourceVersion":"17"},"spec":{)"
            R"("holderIdentity":"node-a","leaseDurationSeconds":30,)"
            R"("acquireTime":"2027-01-15T08:00:00.123456Z",)"
            R"("renewTime":"2027-01-15T08:00:10.000001Z",)"
            R"("leaseTransitions":3}})");
}

}  // namespace
}  // namespace kube
