#include "vpc/ucloud/client.h"

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "vpc/ucloud/client_lab.h"
#include "vpc/ucloud/ret_code.h"

namespace vpc::ucloud {
namespace {

using absl::StatusCode;
using base::LabAnswer;
using base::LabRequest;
using testing::HasSubstr;
using testing::Not;
using Fields = std::map<std::string, std::string>;

TEST_F(ClientTest, SendsASignedForm) {
  Script({Recorded("allocate")});
  Client client(Options(), keys_, gate_);
  const auto answer = client.Call(AllocateThat(), {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->ip.ip.ToString(), "10.9.4.17");
  const LabRequest sent = lab_.requests().at(0);
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.target, "/?Action=AllocateSecondaryIp");
  EXPECT_EQ(sent.headers.at("content-type"),
            "application/x-www-form-urlencoded");
  const Fields form = FormOf(sent);
  const Fields want = {{"Action", "AllocateSecondaryIp"},
                       {"Region", "cn-bj2"},
                       {"ProjectId", "org-keys"},
                       {"PublicKey", "public+key/1=="},
                       {"SecurityToken", "security token&1"},
                       {"Zone", "cn-bj2-04"},
                       {"Mac", "52:54:00:AB:CD:01"},
                       {"ObjectId", "uni-1"},
                       {"SubnetId", "subnet-1"},
                       {"Ip", "10.9.4.17"},
                       {"Signature", SignatureOf(form, "private-key-1")}};
  EXPECT_EQ(form, want);
}

TEST_F(ClientTest, SendsSignedJson) {
  Script({Recorded("create-interface")});
  ClientOptions options = Options();
  options.encoding = Encoding::kJson;
  options.project_id = "org-mine";
  Client client(options, keys_, gate_);
  const auto answer = client.Call(
      CreateNetworkInterface{
          .vpc_id = "v", .subnet_id = "s", .sec_groups = {{"sg-1", 3}}},
      {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  const LabRequest sent = lab_.requests().at(0);
  EXPECT_EQ(sent.headers.at("content-type"), "application/json");
  const std::string signature = Sha1(
      "ActionCreateNetworkInterface"
      "PrioritySecGroupPriority3SecGroupIdsg-1"
      "ProjectIdorg-minePublicKeypublic+key/1==Regioncn-bj2"
      "SecurityMode1SecurityTokensecurity token&1SubnetIdsVPCIdv"
      "private-key-1");
  EXPECT_EQ(
      sent.body,
      absl::StrCat(R"({"Action":"CreateNetworkInterface",)"
                   R"("PrioritySecGroup":[{"Priority":3,"SecGroupId":"sg-1"}],)"
                   R"("ProjectId":"org-mine","PublicKey":"public+key/1==",)"
                   R"("Region":"cn-bj2","SecurityMode":1,)"
                   R"("SecurityToken":"security token&1","Signature":")",
                   signature, R"(","SubnetId":"s","VPCId":"v"})"));
}

TEST_F(ClientTest, PermanentKeysHaveNoToken) {
  Script({Recorded("delete")});
  PermanentCredentials keys({.public_key = "p", .private_key = "q"});
  Client client(Options(), keys, gate_);
  ASSERT_TRUE(client.Call(Delete(), {}).ok());
  const Fields form = FormOf(lab_.requests().at(0));
  EXPECT_EQ(form.count("SecurityToken"), 0U);
  EXPECT_EQ(form.count("ProjectId"), 0U);
  EXPECT_EQ(form.at("Signature"), SignatureOf(form, "q"));
}

TEST_F(ClientTest, AWrongRequestIsNotSent) {
  Script({Recorded("allocate")});
  Client client(Options(), keys_, gate_);
  EXPECT_EQ(client.Call(AllocateSecondaryIp{}, {}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_TRUE(lab_.requests().empty());
}

TEST_F(ClientTest, ARefusalIsFinalAndSaysWhy) {
  Script({Recorded("error-full")});
  Client client(Options(), keys_, gate_);
  const auto answer = client.Call(Allocate(), {});
  EXPECT_EQ(answer.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(answer.status().message(),
            "AllocateSecondaryIp: RetCode 57000: Subnet has no more IP "
            "(request UUID 5f7c2b9e-uuid)");
  EXPECT_EQ(lab_.requests().size(), 1U);
  EXPECT_EQ(client.usage().last_error, answer.status().message());
}

TEST_F(ClientTest, ATooLongAnswerDoesNotLookLikeAFullSubnet) {
  Script({Body(std::string(5000, ' '))});
  ClientOptions options = Options();
  options.http.max_body_bytes = 4000;
  Client client(options, keys_, gate_);
  const auto answer = client.Call(Allocate(), {});
  EXPECT_EQ(answer.status().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(OutcomeIsUnknown(answer.status()));
  EXPECT_EQ(Allocations(client, "unreadable"), 1U);
}

// NOT_FOUND would say that the address is gone.
TEST_F(ClientTest, NoKeysIsNotMistakenForNoAddress) {
  keys_.Fail(absl::NotFoundError("no role"));
  Client client(Options(), keys_, gate_);
  const auto answer = client.Call(Delete(), {});
  EXPECT_EQ(answer.status().code(), StatusCode::kUnauthenticated);
  EXPECT_TRUE(base::WasNotSent(answer.status()));
  EXPECT_TRUE(lab_.requests().empty());
}

TEST_F(ClientTest, ThrottlingLowersTheRate) {
  Script({RetCode(153), Recorded("allocate")});
  Client client(Options(), keys_, gate_);
  const double before = client.usage().rate_per_second;
  ASSERT_TRUE(client.Call(Allocate(), {}).ok());
  EXPECT_LT(client.usage().rate_per_second, before);
  EXPECT_EQ(client.usage().circuit, "closed");
}

TEST_F(ClientTest, CountsByActionAndOutcome) {
  Script({Recorded("allocate"), RetCode(57000), Http(503), Reset(),
          Recorded("delete")});
  Client client(Options(), keys_, gate_);
  for (int i = 0; i < 4; ++i) static_cast<void>(client.Call(Allocate(), {}));
  ASSERT_TRUE(client.Call(Delete(), {}).ok());
  EXPECT_EQ(Allocations(client, "0"), 1U);
  EXPECT_EQ(Allocations(client, "57000"), 1U);
  EXPECT_EQ(Allocations(client, "http-503"), 1U);
  EXPECT_EQ(Allocations(client, "reset"), 1U);
  EXPECT_EQ(client.usage().calls.at({"DeleteSecondaryIp", "0"}).count, 1U);
  EXPECT_EQ(client.usage().calls.size(), 5U);
  EXPECT_GT(client.usage().calls.at({"DeleteSecondaryIp", "0"}).took,
            absl::ZeroDuration());
}

TEST_F(ClientTest, ConnectionsAreUsedAgain) {
  Script({Recorded("delete")});
  Client client(Options(), keys_, gate_);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.Call(Delete(), {}).ok());
  EXPECT_EQ(lab_.requests().back().connection, 1);
}

TEST_F(ClientTest, ThreadsCallAtOnce) {
  constexpr int kThreads = 4;
  Script({Recorded("delete")});
  Client client(Options(), keys_, gate_);
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        if (client.Call(Delete(), {}).ok()) ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 100);
  EXPECT_EQ(client.usage().calls.at({"DeleteSecondaryIp", "0"}).count, 100U);
  for (const LabRequest& request : lab_.requests()) {
    EXPECT_LE(request.connection, kThreads);
  }
}

// Keeps what is logged.
class Log : public google::LogSink {
 public:
  Log() { google::AddLogSink(this); }
  ~Log() override { google::RemoveLogSink(this); }
  void send(google::LogSeverity /*severity*/, const char* /*full*/,
            const char* /*base*/, int /*line*/, const struct ::tm* /*when*/,
            const char* message, size_t size) override {
    absl::StrAppend(&text_, absl::string_view(message, size), "\n");
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

TEST_F(ClientTest, SecretsAreNeitherLoggedNorInErrors) {
  FLAGS_v = 9;
  Log log;
  Client client(Options(), keys_, gate_);
  std::string seen;
  // An API that quotes all it was sent, and a signature that it would expect.
  base::HttpLab echo([](const LabRequest& request) {
    const Fields form = FormOf(request);
    std::string all = absl::StrCat(request.body, " private-key-1 ");
    for (const auto& [name, value] : form) absl::StrAppend(&all, " ", value);
    return LabAnswer{
        .body = absl::StrCat(R"({"RetCode":171,"Message":")",
                             absl::CEscape(all), "\"}"),
        .headers = {{"X-UCLOUD-REQUEST-UUID", form.at("Signature")}}};
  });
  ClientOptions options = Options();
  options.endpoint = echo.url();
  Client echoed(options, keys_, gate_);
  const auto quoted = echoed.Call(Allocate(), {});
  ASSERT_EQ(RetCodeOf(quoted.status()), 171);
  EXPECT_THAT(quoted.status().ToString(), HasSubstr("PublicKey=***"));
  absl::StrAppend(&seen, quoted.status().ToString(), echoed.usage().last_error);
  for (const LabAnswer& answer :
       {RetCode(171), Reset(), Http(503), Body("{")}) {
    Script({answer});
    absl::StrAppend(&seen, client.Call(Allocate(), {}).status().ToString(),
                    client.usage().last_error);
  }
  EXPECT_THAT(log.text(), HasSubstr("action=AllocateSecondaryIp outcome=171"));
  seen += log.text();
  for (const std::string& secret :
       {std::string("public+key"), std::string("public%2Bkey"),
        std::string("private-key"), std::string("security token"),
        std::string("security%20token"),
        FormOf(echo.requests().at(0)).at("Signature"),
        FormOf(lab_.requests().at(0)).at("Signature")}) {
    EXPECT_THAT(seen, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace vpc::ucloud
