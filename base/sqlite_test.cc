#include "base/sqlite.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "base/status.h"
#include "gtest/gtest.h"

namespace base {
namespace {

std::string FreshPath() {
  std::string path =
      testing::TempDir() + "/sqlite_test." + std::to_string(getpid()) + "." +
      testing::UnitTest::GetInstance()->current_test_info()->name();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    unlink((path + suffix).c_str());
  }
  return path;
}

TEST(SqliteTest, CommittedRowsAreThereWhenReopened) {
  const std::string path = FreshPath();
  {
    auto db = Database::Open(path);
    ASSERT_TRUE(db.ok()) << db.status();
    ASSERT_TRUE(db->Execute("CREATE TABLE t(a INTEGER, b TEXT)").ok());
    ASSERT_TRUE(db->Transaction([&] {
                    auto insert = db->Prepare("INSERT INTO t VALUES(?,?)");
                    return insert->Bind(1, 7).Bind(2, "x").Run();
                  }).ok());
  }
  auto db = Database::Open(path);
  auto select = db->Prepare("SELECT a, b FROM t");
  ASSERT_TRUE(select->Step().value());
  EXPECT_EQ(select->Int(0), 7);
  EXPECT_EQ(select->Text(1), "x");
  EXPECT_FALSE(select->Step().value());
}

TEST(SqliteTest, FailedTransactionLeavesNothing) {
  auto db = Database::Open(FreshPath());
  ASSERT_TRUE(db->Execute("CREATE TABLE t(a INTEGER)").ok());
  const absl::Status status = db->Transaction([&] {
    db->Execute("INSERT INTO t VALUES(1)").IgnoreError();
    return absl::CancelledError("changed my mind");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  auto count = db->Prepare("SELECT count(*) FROM t");
  ASSERT_TRUE(count->Step().value());
  EXPECT_EQ(count->Int(0), 0);
}

TEST(SqliteTest, DamagedFileIsDataLoss) {
  const std::string path = FreshPath();
  ASSERT_TRUE(WriteFileAtomically(path, std::string(8192, 'x')).ok());
  EXPECT_EQ(Database::Open(path).status().code(), absl::StatusCode::kDataLoss);
}

TEST(SqliteTest, MissingFolderIsPermissionDeniedAndNamesThePath) {
  const auto db = Database::Open("/nonexistent-folder/x.db");
  EXPECT_EQ(db.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(IsIo(db.status()));
  EXPECT_NE(db.status().message().find("/nonexistent-folder/x.db"),
            absl::string_view::npos);
}

TEST(SqliteTest, AnothersLockIsUnavailable) {
  const std::string path = FreshPath();
  auto one = Database::Open(path);
  ASSERT_TRUE(one->Execute("CREATE TABLE t(a INTEGER)").ok());
  ASSERT_TRUE(one->Execute("BEGIN IMMEDIATE").ok());
  auto two = Database::Open(path, /*busy_milliseconds=*/1);
  EXPECT_EQ(two->Execute("INSERT INTO t VALUES(1)").code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace base
