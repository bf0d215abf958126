#include "netlink/socket.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace netlink {
namespace {

using ::testing::IsEmpty;

// One netlink message as the kernel would send it.
std::string Answer(uint16_t type, uint16_t flags, uint32_t sequence,
                   const std::string& payload) {
  nlmsghdr header = {};
  header.nlmsg_len = static_cast<uint32_t>(sizeof(header) + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = sequence;
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) +
         payload;
}

std::string Entry(uint16_t flags, uint32_t sequence, char content) {
  return Answer(RTM_NEWLINK, NLM_F_MULTI | flags, sequence,
                std::string(4, content));
}

std::string Done(uint32_t sequence, int32_t result = 0) {
  return Answer(NLMSG_DONE, NLM_F_MULTI, sequence,
                std::string(reinterpret_cast<const char*>(&result), 4));
}

std::string Error(uint32_t sequence, int32_t error) {
  std::string payload(sizeof(nlmsgerr), '\0');
  std::memcpy(payload.data(), &error, sizeof(error));
  return Answer(NLMSG_ERROR, 0, sequence, payload);
}

// A socket whose other end plays the kernel: it has said beforehand all that it
// will say. Sequence numbers begin at 1.
class ConversationTest : public ::testing::Test {
 protected:
  ConversationTest() : socket_(Socket::Adopt(MakePair())) {}

  void KernelSays(const std::string& datagram) {
    ASSERT_EQ(send(kernel_.get(), datagram.data(), datagram.size(), 0),
              static_cast<ssize_t>(datagram.size()));
  }
  void KernelHangsUp() { kernel_.Reset(); }

  absl::Status Dump() {
    return socket_.Dump(Request(RTM_GETLINK, 0), [&](const Message& message) {
      entries_ += message.payload[0];
      return absl::OkStatus();
    });
  }

  absl::Status Stream(size_t max_entries) {
    return socket_.Stream(Request(RTM_GETLINK, 0), max_entries,
                          [&](const Message& message) {
                            entries_ += message.payload[0];
                            return absl::OkStatus();
                          });
  }

  std::string entries_;  // one letter for each

 private:
  base::Fd MakePair() {
    int pair[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    kernel_ = base::Fd(pair[0]);
    return base::Fd(pair[1]);
  }

  base::Fd kernel_;

 protected:
  Socket socket_;
};

TEST_F(ConversationTest, ADumpMayComeInSeveralDatagrams) {
  KernelSays(Entry(0, 1, 'a') + Entry(0, 1, 'b'));
  KernelSays(Entry(0, 1, 'c'));
  KernelSays(Done(1));
  EXPECT_EQ(Dump(), absl::OkStatus());
  EXPECT_EQ(entries_, "abc");
}

TEST_F(ConversationTest, AnInterruptedDumpIsBegunAnewAndNothingComesTwice) {
  KernelSays(Entry(0, 1, 'a') + Entry(NLM_F_DUMP_INTR, 1, 'b'));
  KernelSays(Done(1));
  KernelSays(Entry(0, 2, 'a') + Entry(0, 2, 'c') + Done(2));
  EXPECT_EQ(Dump(), absl::OkStatus());
  EXPECT_EQ(entries_, "ac");
}

TEST_F(ConversationTest, ADumpThatIsAlwaysInterruptedIsGivenUp) {
  for (int i = 1; i <= Socket::kMaxDumpAttempts; ++i) {
    KernelSays(Entry(NLM_F_DUMP_INTR, i, 'a') + Done(i));
  }
  EXPECT_TRUE(absl::IsAborted(Dump()));
  EXPECT_THAT(entries_, IsEmpty());
}

TEST_F(ConversationTest, ADumpsErrorIsReported) {
  KernelSays(Entry(0, 1, 'a') + Done(1, -ENODEV));
  EXPECT_EQ(base::ErrnoOf(Dump()), ENODEV);
  EXPECT_THAT(entries_, IsEmpty());
}

TEST_F(ConversationTest, AnEntryThatIsRefusedEndsTheDump) {
  KernelSays(Entry(0, 1, 'a') + Entry(0, 1, 'b') + Done(1));
  int calls = 0;
  const absl::Status status =
      socket_.Dump(Request(RTM_GETLINK, 0), [&](const Message&) {
        ++calls;
        return absl::InternalError("enough");
      });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(calls, 1);
}

TEST_F(ConversationTest, AStreamHandsOverEachEntryOfItsOwnList) {
  KernelSays(Entry(0, 900, 'x') + Entry(0, 1, 'a'));
  KernelSays(Entry(NLM_F_DUMP_INTR, 1, 'b') + Done(1));
  EXPECT_EQ(Stream(2), absl::OkStatus());
  EXPECT_EQ(entries_, "ab");
}

TEST_F(ConversationTest, AStreamEndsAtItsLimit) {
  KernelSays(Entry(0, 1, 'a') + Entry(0, 1, 'b') + Done(1));
  EXPECT_TRUE(absl::IsOutOfRange(Stream(1)));
  EXPECT_EQ(entries_, "a");
}

TEST_F(ConversationTest, AStreamsErrorIsReported) {
  KernelSays(Error(1, -EPERM));
  EXPECT_EQ(base::ErrnoOf(Stream(1)), EPERM);
  KernelSays(Entry(0, 2, 'a') + Done(2, -ENODEV));
  EXPECT_EQ(base::ErrnoOf(Stream(1)), ENODEV);
}

TEST_F(ConversationTest, AnswersToEarlierRequestsArePassedOver) {
  KernelSays(Error(900, -EPERM));
  KernelSays(Error(1, 0));
  EXPECT_EQ(socket_.Transact(Request(RTM_NEWLINK, 0)), absl::OkStatus());
}

TEST_F(ConversationTest, EachRequestOfABatchGetsItsOwnAnswer) {
  KernelSays(Error(1, 0));
  KernelSays(Error(2, -EEXIST) + Error(3, -ENOENT));
  Batch batch;
  batch.Add(Request(RTM_NEWLINK, 0));
  batch.Add(Request(RTM_NEWRULE, 0));
  batch.Add(Request(RTM_DELNEIGH, 0));
  const auto statuses = socket_.Transact(batch);
  ASSERT_EQ(statuses.size(), 3u);
  EXPECT_EQ(statuses[0], absl::OkStatus());
  EXPECT_EQ(statuses[1].message(), "RTM_NEWRULE: File exists");
  EXPECT_EQ(base::ErrnoOf(statuses[1]), EEXIST);
  EXPECT_TRUE(absl::IsNotFound(statuses[2]));
}

TEST_F(ConversationTest, WhatIsNotAnsweredIsAnErrorOfThoseRequestsOnly) {
  KernelSays(Error(1, 0));
  KernelHangsUp();
  Batch batch;
  batch.Add(Request(RTM_NEWLINK, 0)).Add(Request(RTM_NEWRULE, 0));
  const auto statuses = socket_.Transact(batch);
  // The send may fail as well: then neither is answered.
  EXPECT_FALSE(statuses[1].ok());
}

TEST_F(ConversationTest, NonsenseIsAnError) {
  KernelSays("nonsense");
  EXPECT_TRUE(
      absl::IsInvalidArgument(socket_.Transact(Request(RTM_NEWLINK, 0))));
}

TEST_F(ConversationTest, ARequestThatIsTooLongIsNotSent) {
  Request request(RTM_NEWLINK, 0);
  request.PutString(3, std::string(5000, 'x'));
  EXPECT_TRUE(absl::IsResourceExhausted(socket_.Transact(request)));
  EXPECT_TRUE(absl::IsResourceExhausted(
      socket_.Get(request, [](const Message&) { return absl::OkStatus(); })));
}

TEST_F(ConversationTest, AGetTakesTheOneAnswer) {
  KernelSays(Answer(RTM_NEWLINK, 0, 1, "link"));
  std::string taken;
  EXPECT_EQ(socket_.Get(Request(RTM_GETLINK, 0),
                        [&](const Message& message) {
                          taken.assign(message.payload.begin(),
                                       message.payload.end());
                          return absl::OkStatus();
                        }),
            absl::OkStatus());
  EXPECT_EQ(taken, "link");
}

TEST_F(ConversationTest, AGetsErrorIsTheKernels) {
  KernelSays(Error(1, -ENODEV));
  const absl::Status status = socket_.Get(
      Request(RTM_GETLINK, 0), [](const Message&) { return absl::OkStatus(); });
  EXPECT_EQ(base::ErrnoOf(status), ENODEV);
}

TEST(StatusOfTest, EndsInTheKernelsText) {
  const absl::Status status =
      StatusOf({.error_number = ENETUNREACH, .text = "No way"}, RTM_NEWROUTE);
  EXPECT_EQ(status.message(), "RTM_NEWROUTE: No way: Network is unreachable");
  EXPECT_EQ(base::ErrnoOf(status), ENETUNREACH);
}

TEST(IgnoreTest, ForgivesOnlyWhatItSays) {
  EXPECT_EQ(IgnoreMissing(base::ErrnoStatus("x", ESRCH)), absl::OkStatus());
  EXPECT_FALSE(IgnoreMissing(base::ErrnoStatus("x", EPERM)).ok());
  EXPECT_EQ(IgnoreExisting(base::ErrnoStatus("x", EEXIST)), absl::OkStatus());
  EXPECT_FALSE(IgnoreExisting(absl::InternalError("x")).ok());
}

}  // namespace
}  // namespace netlink
