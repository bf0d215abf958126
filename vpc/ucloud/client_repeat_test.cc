#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "vpc/ucloud/client_lab.h"
#include "vpc/ucloud/ret_code.h"

// What the client sends again, and what not.
namespace vpc::ucloud {
namespace {

using absl::StatusCode;
using base::LabAnswer;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(ClientTest, AnExpiredTokenIsReplacedOnce) {
  Script({RetCode(174), Recorded("allocate")});
  Client client(Options(), keys_, gate_);
  const auto answer = client.Call(Allocate(), {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(keys_.expired(), ElementsAre("public+key/1=="));
  ASSERT_EQ(lab_.requests().size(), 2U);
  const auto form = FormOf(lab_.requests()[1]);
  EXPECT_EQ(form.at("SecurityToken"), "security token&2");
  EXPECT_EQ(form.at("Signature"), SignatureOf(form, "private-key-2"));
}

TEST_F(ClientTest, ATokenThatIsRefusedAgainIsAnError) {
  Script({RetCode(174)});
  Client client(Options(), keys_, gate_);
  const auto answer = client.Call(Describe(), {});
  EXPECT_EQ(answer.status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(lab_.requests().size(), 2U);
  EXPECT_EQ(keys_.expired().size(), 1U);
}

TEST_F(ClientTest, WhatWasNotDoneIsRepeatedWhateverItIs) {
  for (const LabAnswer& first : {RetCode(150), RetCode(153), Http(429)}) {
    const size_t before = lab_.requests().size();
    Script({first, Recorded("allocate")});
    Client client(Options(), keys_, gate_);
    EXPECT_TRUE(client.Call(Allocate(), {}).ok());
    EXPECT_EQ(lab_.requests().size() - before, 2U);
  }
}

TEST_F(ClientTest, AnUnknownOutcomeIsNotRepeated) {
  for (const LabAnswer& first :
       {RetCode(110), RetCode(130), Http(500), Http(502), Http(503), Reset(),
        Body("{"), Body("{}")}) {
    const size_t before = lab_.requests().size();
    Script({first, Recorded("allocate")});
    Client client(Options(), keys_, gate_);
    const auto answer = client.Call(Allocate(), {});
    EXPECT_TRUE(OutcomeIsUnknown(answer.status())) << answer.status();
    EXPECT_EQ(lab_.requests().size() - before, 1U);
  }
}

TEST_F(ClientTest, WhatIsRepeatableIsRepeatedAfterAnUnknownOutcome) {
  for (const LabAnswer& first :
       {RetCode(110), RetCode(130), Http(500), Http(503), Reset(), Body("{")}) {
    const size_t before = lab_.requests().size();
    Script({first, Recorded("allocate")});
    Client client(Options(), keys_, gate_);
    const auto answer = client.Call(AllocateThat(), {});
    EXPECT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(lab_.requests().size() - before, 2U);
  }
}

TEST_F(ClientTest, SilenceIsATimeOut) {
  Script({Silence(), Recorded("allocate")});
  ClientOptions options = Options();
  options.attempt_timeout = absl::Milliseconds(50);
  Client client(options, keys_, gate_);
  const auto lost = client.Call(Allocate(), {});
  EXPECT_EQ(lost.status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(OutcomeIsUnknown(lost.status()));
  EXPECT_EQ(Allocations(client, "timeout"), 1U);
  Script({Silence(), Recorded("describe-ip")});
  EXPECT_TRUE(client.Call(Describe(), {}).ok());
}

TEST_F(ClientTest, TheDeadlineEndsAnAttempt) {
  Script({Silence()});
  Client client(Options(), keys_, gate_);
  const absl::Time started = absl::Now();
  const auto answer =
      client.Call(Describe(), {.deadline = started + absl::Milliseconds(50)});
  EXPECT_EQ(answer.status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - started, absl::Seconds(5));
  EXPECT_EQ(lab_.requests().size(), 1U);
}

TEST_F(ClientTest, ThereIsNoAttemptAfterTheDeadline) {
  Script({RetCode(150)});
  ClientOptions options = Options();
  options.first_backoff = options.max_backoff = absl::Minutes(10);
  Client client(options, keys_, gate_);
  const auto answer =
      client.Call(Describe(), {.deadline = absl::Now() + absl::Minutes(1)});
  EXPECT_EQ(RetCodeOf(answer.status()), 150);
  EXPECT_EQ(lab_.requests().size(), 1U);
}

TEST_F(ClientTest, AttemptsAreLimited) {
  Script({RetCode(153)});
  Client client(Options(), keys_, gate_);
  const auto answer = client.Call(Describe(), {});
  EXPECT_EQ(RetCodeOf(answer.status()), 153);
  EXPECT_FALSE(OutcomeIsUnknown(answer.status()));
  EXPECT_EQ(lab_.requests().size(), 4U);
}

TEST_F(ClientTest, ALaterErrorDoesNotHideThatItMayHaveBeenDone) {
  for (const LabAnswer& last : {RetCode(153), RetCode(57000), RetCode(174)}) {
    Script({Reset(), last});
    Client client(Options(), keys_, gate_);
    const auto answer = client.Call(AllocateThat(), {});
    EXPECT_TRUE(OutcomeIsUnknown(answer.status())) << answer.status();
    EXPECT_THAT(std::string(answer.status().message()),
                AllOf(HasSubstr("RetCode"), HasSubstr("before that")));
  }
  Script({Reset(), RetCode(58221)});
  Client client(Options(), keys_, gate_);
  EXPECT_EQ(client.Call(Delete(), {}).status().code(), StatusCode::kNotFound);
}

TEST_F(ClientTest, AnAnswerThatCannotBeReadIsNotAskedForAgain) {
  Script({Body(R"({"RetCode":0,"DataSet":[{"Ip":"x"}]})")});
  Client client(Options(), keys_, gate_);
  const auto answer = client.Call(Describe(), {});
  EXPECT_TRUE(OutcomeIsUnknown(answer.status()));
  EXPECT_EQ(answer.status().message(),
            "DescribeSecondaryIp: can't read the answer: DataSet[0].Ip: not an "
            "IPv4 address (request UUID 5f7c2b9e-uuid)");
  EXPECT_EQ(lab_.requests().size(), 1U);
}

TEST_F(ClientTest, NobodyListens) {
  ClientOptions options = Options();
  options.endpoint = absl::StrCat("http://127.0.0.1:", base::ClosedPort());
  Client client(options, keys_, gate_);
  const auto answer = client.Call(Allocate(), {});
  EXPECT_EQ(answer.status().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(base::WasNotSent(answer.status()));
  EXPECT_FALSE(OutcomeIsUnknown(answer.status()));
  EXPECT_EQ(Allocations(client, "unreachable"), 4U);
}

TEST_F(ClientTest, AnOpenCircuitKeepsCallsBack) {
  Script({Http(503)});
  BudgetOptions budget = Plenty();
  budget.breaker = {.failures_to_open = 2, .first_pause = absl::Minutes(1)};
  Gate gate(budget);
  Client client(Options(), keys_, gate);
  const auto answer = client.Call(Describe(), {});
  EXPECT_TRUE(OutcomeIsUnknown(answer.status())) << answer.status();
  EXPECT_EQ(lab_.requests().size(), 2U);
  EXPECT_EQ(client.usage().circuit, "open");
  const auto next = client.Call(Allocate(), {});
  EXPECT_EQ(next.status().code(), StatusCode::kUnavailable);
  EXPECT_FALSE(OutcomeIsUnknown(next.status()));
  EXPECT_EQ(lab_.requests().size(), 2U);
}

}  // namespace
}  // namespace vpc::ucloud
