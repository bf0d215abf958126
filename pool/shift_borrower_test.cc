#include "pool/shift_borrower.h"

#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pool/actions_lab.h"

namespace pool {
namespace {

using base::Ipv4;

constexpr absl::Duration kNs = absl::Nanoseconds(1);
constexpr char kSubnet[] = "subnet-1";
constexpr base::Mac kTheirs({2, 0, 0, 0, 0, 9});
const Ipv4 kIp(0x0a000001);
const absl::Status kLost = absl::UnavailableError("no answer");

class BorrowerTest : public testing::Test, protected ActionsLab<ShiftAction> {
 protected:
  BorrowerTest() {
    options_.node = "node-a";
    options_.subnet = kSubnet;
    Restart();
  }

  // A borrower that knows nothing but the pool.
  void Restart() {
    borrower_ = std::make_unique<Borrower>(
        pool_,
        [this](const Records& records) {
          if (store_.ok()) pool_.Apply(records);
          return store_;
        },
        options_, random_);
    actions_.clear();
    Take(borrower_->Start(now_));
  }

  void Want(int count, const std::vector<std::string>& peers) {
    Take(borrower_->OnWanted(count, peers, now_));
  }
  void Spare(const std::string& peer, int spare,
             const std::string& subnet = kSubnet) {
    Take(borrower_->OnSpare(peer, Borrower::Offer{subnet, spare}, now_));
  }
  // The one address wanted, and one other node, which has some.
  CallLend Ask() {
    Want(1, {"node-b"});
    Expect<AskSpare>();
    Spare("node-b", 3);
    return Expect<CallLend>();
  }
  void Promise(const CallLend& call, Ipv4 ip = kIp) {
    Take(borrower_->OnPromised(call.key, {ip, kTheirs, absl::Seconds(60)},
                               now_));
  }
  CallTakeOver AskUntilTakeOver() {
    Promise(Ask());
    return Expect<CallTakeOver>();
  }
  void TakenOver(const CallTakeOver& call, const absl::Status& status) {
    Take(borrower_->OnTakenOver(call.key, status, now_));
  }
  void List(const absl::StatusOr<std::vector<Ipv4>>& listed) {
    Take(borrower_->OnListed(now_.steady, listed, now_));
  }
  void Pass(absl::Duration time) {
    now_.wall += time;
    now_.steady += time;
    Take(borrower_->OnTimer(now_));
  }
  std::optional<State> StateOf(Ipv4 ip) const {
    const Address* row = pool_.Find(ip);
    if (row == nullptr) return std::nullopt;
    return row->state;
  }

  Pool pool_{Policy{.probing = true}};
  absl::Status store_;
  ShiftOptions options_;
  std::mt19937_64 random_{7};
  Moment now_{absl::FromUnixSeconds(1'800'000'000), absl::Seconds(1000)};
  std::unique_ptr<Borrower> borrower_;
};

TEST_F(BorrowerTest, AnAddressComesFromTheNodeWithTheMostToSpare) {
  Want(1, {"node-a", "node-b", "node-c"});
  std::set<std::string> asked = {Expect<AskSpare>().peer,
                                 Expect<AskSpare>().peer};
  EXPECT_EQ(asked, (std::set<std::string>{"node-b", "node-c"}));
  EXPECT_TRUE(None<AskSpare>());
  Spare("node-b", 1);
  EXPECT_TRUE(None<CallLend>());
  Spare("node-c", 5);
  EXPECT_EQ(Expect<CallLend>().peer, "node-c");
  EXPECT_TRUE(None<CallLend>());
}

TEST_F(BorrowerTest, ANodeThatIsSlowToAnswerIsNotWaitedForLong) {
  Want(1, {"node-b", "node-c"});
  Spare("node-b", 1);
  EXPECT_EQ(borrower_->deadline(), now_.steady + Borrower::kGather);
  Pass(Borrower::kGather - kNs);
  EXPECT_TRUE(None<CallLend>());
  Pass(kNs);
  EXPECT_EQ(Expect<CallLend>().peer, "node-b");
  EXPECT_EQ(borrower_->deadline(),
            now_.steady - Borrower::kGather + Borrower::kLongest);
  Spare("node-c", 5);
  EXPECT_TRUE(None<CallLend>());
}

TEST_F(BorrowerTest, TheFirstAnswerWillDoWhenNoneCameInTime) {
  Want(1, {"node-b", "node-c", "node-d"});
  Pass(Borrower::kGather);
  EXPECT_TRUE(None<CallLend>());
  Spare("node-d", 1);
  EXPECT_EQ(Expect<CallLend>().peer, "node-d");
}

TEST_F(BorrowerTest, AShiftThatGoesWellEndsWithAFreshAddressAndIsSettled) {
  const CallTakeOver take = AskUntilTakeOver();
  EXPECT_EQ(take.ip, kIp);
  EXPECT_EQ(take.from, kTheirs);
  EXPECT_EQ(StateOf(kIp), State::kArriving);
  TakenOver(take, absl::OkStatus());
  EXPECT_EQ(StateOf(kIp), State::kFresh);
  EXPECT_TRUE(pool_.intents().empty());
  const auto came = Expect<Borrowed>().came;
  ASSERT_TRUE(came.ok());
  EXPECT_EQ(*came, std::vector<Ipv4>{kIp});
  EXPECT_TRUE(Expect<CallSettle>().taken);
}

TEST_F(BorrowerTest, TheIntentIsStoredBeforeAnybodyIsAsked) {
  Want(1, {"node-b"});
  store_ = absl::InternalError("disk full");
  Spare("node-b", 3);
  EXPECT_TRUE(None<CallLend>());
  EXPECT_EQ(Expect<Borrowed>().came.status(), store_);
}

TEST_F(BorrowerTest, NothingIsTakenOverThatIsNotStored) {
  const CallLend lend = Ask();
  store_ = absl::InternalError("disk full");
  Promise(lend);
  EXPECT_TRUE(None<CallTakeOver>());
  store_ = absl::OkStatus();
  Pass(Borrower::kRetry);
  EXPECT_TRUE(pool_.intents().empty());
  EXPECT_FALSE(Expect<CallSettle>().taken);
}

TEST_F(BorrowerTest, ThePromiseIsMeasuredFromBeforeItWasAskedFor) {
  const CallLend lend = Ask();
  const absl::Duration sent = now_.steady;
  Pass(absl::Seconds(10));
  Promise(lend);
  EXPECT_EQ(Expect<CallTakeOver>().not_after,
            sent + absl::Seconds(60) - options_.take_over_limit);
}

TEST_F(BorrowerTest, NothingBeginsThatCouldOutliveThePromise) {
  CallLend lend = Ask();
  Pass(absl::Seconds(60) - options_.take_over_limit + kNs);
  Promise(lend);
  EXPECT_TRUE(None<CallTakeOver>());
  EXPECT_EQ(StateOf(kIp), std::nullopt);
  EXPECT_FALSE(Expect<CallSettle>().taken);
}

TEST_F(BorrowerTest, ACallWithoutAnAnswerIsRepeatedWithTheSameKey) {
  const CallLend first = Ask();
  Take(borrower_->OnNoAnswer(first.key, kLost, now_));
  EXPECT_TRUE(None<CallLend>());
  Pass(Borrower::kRetry);
  const CallLend second = Expect<CallLend>();
  EXPECT_EQ(second.key, first.key);
  const absl::Duration sent = now_.steady;
  Promise(second);
  EXPECT_EQ(Expect<CallTakeOver>().not_after,
            sent + absl::Seconds(60) - options_.take_over_limit);
}

TEST_F(BorrowerTest, ANodeThatDoesNotAnswerIsGivenUp) {
  const CallLend lend = Ask();
  for (int i = 1; i < Borrower::kMaxAttempts; ++i) {
    Take(borrower_->OnNoAnswer(lend.key, kLost, now_));
    Pass(Borrower::kRetry);
    Expect<CallLend>();
  }
  Take(borrower_->OnNoAnswer(lend.key, kLost, now_));
  const absl::Status why = Expect<Borrowed>().came.status();
  EXPECT_TRUE(absl::IsResourceExhausted(why));
  EXPECT_NE(why.message().find("no answer"), std::string::npos) << why;
  EXPECT_FALSE(Expect<CallSettle>().taken);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(BorrowerTest, AnAddressThatTheVpcRefusesToMoveStaysAndIsSettled) {
  TakenOver(AskUntilTakeOver(), absl::PermissionDeniedError("no right"));
  EXPECT_EQ(StateOf(kIp), std::nullopt);
  EXPECT_FALSE(Expect<CallSettle>().taken);
  // Not at once again, though the node said that it had more.
  EXPECT_TRUE(None<CallLend>());
  const absl::Status why = Expect<Borrowed>().came.status();
  EXPECT_NE(why.message().find("no right"), std::string::npos) << why;
}

TEST_F(BorrowerTest, AMoveWithoutAnAnswerIsNotRepeatedButLookedFor) {
  TakenOver(AskUntilTakeOver(), absl::DeadlineExceededError("slow"));
  EXPECT_TRUE(None<CallTakeOver>());
  EXPECT_TRUE(None<CallSettle>());
  EXPECT_EQ(StateOf(kIp), State::kArriving);
  Pass(options_.latest_effect + options_.settle - kNs);
  EXPECT_TRUE(None<LookThrough>());
  Pass(kNs);
  Expect<LookThrough>();
  List(std::vector<Ipv4>{kIp});
  EXPECT_EQ(StateOf(kIp), State::kArriving);
  Pass(options_.settle);
  Expect<LookThrough>();
  List(std::vector<Ipv4>{kIp});
  EXPECT_EQ(StateOf(kIp), State::kFresh);
  EXPECT_TRUE(Expect<CallSettle>().taken);
}

TEST_F(BorrowerTest, WhatTwoListsLackDidNotCome) {
  TakenOver(AskUntilTakeOver(), absl::DeadlineExceededError("slow"));
  Pass(options_.latest_effect + options_.settle);
  List(std::vector<Ipv4>{});
  Pass(options_.settle);
  List(std::vector<Ipv4>{});
  EXPECT_EQ(StateOf(kIp), std::nullopt);
  EXPECT_FALSE(Expect<CallSettle>().taken);
}

TEST_F(BorrowerTest, AfterARestartAPromiseIsNotUsedButLookedFor) {
  AskUntilTakeOver();
  Restart();
  EXPECT_TRUE(None<CallTakeOver>());
  Pass(options_.latest_effect + options_.settle);
  Expect<LookThrough>();
  List(std::vector<Ipv4>{kIp});
  Pass(options_.settle);
  List(std::vector<Ipv4>{kIp});
  EXPECT_EQ(StateOf(kIp), State::kFresh);
}

TEST_F(BorrowerTest, AfterARestartACallThatWasNotAnsweredIsSettledAtOnce) {
  const CallLend lend = Ask();
  Restart();
  const CallSettle settle = Expect<CallSettle>();
  EXPECT_EQ(settle.key, lend.key);
  EXPECT_EQ(settle.peer, "node-b");
  EXPECT_FALSE(settle.taken);
  EXPECT_TRUE(pool_.intents().empty());
}

TEST_F(BorrowerTest, ALateAnswerToAnEarlierRunIsIgnored) {
  const CallLend lend = Ask();
  Restart();
  Promise(lend);
  EXPECT_TRUE(None<CallTakeOver>());
  TakenOver({lend.key, kIp, kTheirs, {}}, absl::OkStatus());
  EXPECT_EQ(StateOf(kIp), std::nullopt);
}

TEST_F(BorrowerTest, AnAddressThatIsHereAlreadyIsNotTakenOver) {
  pool_.Apply(
      PutAddress{In(State::kWarm, {.ip = kIp, .subnet = kSubnet}, now_.wall)});
  Promise(Ask());
  EXPECT_TRUE(None<CallTakeOver>());
  EXPECT_EQ(StateOf(kIp), State::kWarm);
}

TEST_F(BorrowerTest, NodesOfOtherSubnetsAndThoseWithoutSpareAreNotAsked) {
  Want(1, {"node-b", "node-c"});
  Spare("node-b", 5, "subnet-2");
  EXPECT_TRUE(None<Borrowed>());
  Spare("node-c", 0);
  EXPECT_TRUE(None<CallLend>());
  EXPECT_TRUE(absl::IsResourceExhausted(Expect<Borrowed>().came.status()));
}

TEST_F(BorrowerTest, InALargeClusterAFewNodesAreAskedAtATime) {
  std::vector<std::string> peers;
  for (int i = 0; i < 1000; ++i) peers.push_back(absl::StrCat("node-", i));
  Want(1, peers);
  std::set<std::string> asked;
  while (auto ask = Next<AskSpare>()) asked.insert(ask->peer);
  EXPECT_EQ(asked.size(), Borrower::kSample);
  while (!asked.empty()) {
    const std::string peer = *asked.begin();
    asked.erase(peer);
    Spare(peer, 0);
    while (auto ask = Next<AskSpare>()) {
      EXPECT_TRUE(asked.insert(ask->peer).second);
    }
  }
  EXPECT_FALSE(Expect<Borrowed>().came.ok());
}

TEST_F(BorrowerTest, WhatANodeSaidIsBelievedForAWhile) {
  const CallLend first = Ask();
  Take(borrower_->OnRefused(first.key, kLost, now_));
  Expect<Borrowed>();
  Pass(Borrower::kFresh - kNs);
  Want(1, {"node-b"});
  EXPECT_TRUE(None<AskSpare>());
  EXPECT_FALSE(Expect<Borrowed>().came.ok());
  Pass(kNs);
  Want(1, {"node-b"});
  Expect<AskSpare>();
}

TEST_F(BorrowerTest, ManyAddressesComeAFewAtATime) {
  Want(10, {"node-b"});
  Spare("node-b", 10);
  std::vector<CallLend> calls;
  while (auto call = Next<CallLend>()) calls.push_back(*call);
  ASSERT_EQ(calls.size(), Borrower::kMaxUnderWay);
  Promise(calls[0]);
  TakenOver(Expect<CallTakeOver>(), absl::OkStatus());
  Expect<CallLend>();
  EXPECT_TRUE(None<CallLend>());
}

TEST_F(BorrowerTest, NoMoreAreAskedForThanAreWantedNow) {
  Want(3, {"node-b"});
  Spare("node-b", 10);
  int calls = 0;
  while (Next<CallLend>()) ++calls;
  EXPECT_EQ(calls, 3);
  Want(2, {"node-b"});
  EXPECT_TRUE(None<CallLend>());
}

TEST_F(BorrowerTest, SettlingIsRepeatedAndThenLeftToTheLender) {
  TakenOver(AskUntilTakeOver(), absl::OkStatus());
  for (int i = 0; i < Borrower::kMaxSettles; ++i) {
    const CallSettle settle = Expect<CallSettle>();
    Take(borrower_->OnSettled(settle.key, kLost, now_));
    Pass(absl::Minutes(1));
  }
  EXPECT_TRUE(None<CallSettle>());
  EXPECT_EQ(borrower_->deadline(), absl::InfiniteDuration());
}

TEST_F(BorrowerTest, WhoeverWaitsIsToldInTimeThoughNobodyAnswers) {
  Want(1, {"node-b"});
  Expect<AskSpare>();
  Pass(Borrower::kLongest - kNs);
  EXPECT_TRUE(None<Borrowed>());
  EXPECT_EQ(borrower_->deadline(), now_.steady + kNs);
  Pass(kNs);
  EXPECT_FALSE(Expect<Borrowed>().came.ok());
}

TEST_F(BorrowerTest, WhatComesAfterThatIsToldAllTheSame) {
  const CallTakeOver call = AskUntilTakeOver();
  Pass(Borrower::kLongest);
  EXPECT_FALSE(Expect<Borrowed>().came.ok());
  TakenOver(call, absl::OkStatus());
  EXPECT_EQ(*Expect<Borrowed>().came, std::vector<Ipv4>{kIp});
}

}  // namespace
}  // namespace pool
