#ifndef CNIVPC_BASE_SQLITE_H_
#define CNIVPC_BASE_SQLITE_H_

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace base {

// A prepared statement of a Database, which must outlive it. Errors as in
// Database.
class Statement {
 public:
  // Parameters are numbered from 1, columns from 0 (sqlite3_bind_text,
  // sqlite3_column_text). Text is copied.
  Statement& Bind(int parameter, int64_t value);
  Statement& Bind(int parameter, absl::string_view value);
  Statement& BindNull(int parameter);

  // Runs to the next row: true when there is one, false at the end.
  absl::StatusOr<bool> Step();
  // Runs a statement that gives no rows, then resets it.
  absl::Status Run();
  void Reset();

  int64_t Int(int column) const;
  std::string Text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A connection to a SQLite file; not to be used by two threads at once.
//
// Errors carry the file's path and SQLite's text: DATA_LOSS when the file is
// damaged or no database, PERMISSION_DENIED when it can't be opened or written,
// UNAVAILABLE when another connection holds it too long, INTERNAL otherwise.
// Failures of storage (a full disk, read-only, I/O) are marked: base::IsIo.
class Database {
 public:
  // Opens or creates the file, in WAL mode with synchronous=NORMAL: a commit
  // survives the death of the process, and a power cut leaves the file sound.
  // `busy` is how long to wait for another connection's lock.
  static absl::StatusOr<Database> Open(const std::string& path,
                                       int busy_milliseconds = 2000);

  absl::Status Execute(const char* sql);
  absl::StatusOr<Statement> Prepare(absl::string_view sql);

  // Runs `body` between BEGIN IMMEDIATE and COMMIT; rolls back when either
  // fails.
  absl::Status Transaction(const std::function<absl::Status()>& body);

  // PRAGMA quick_check: OK, or DATA_LOSS with what is wrong.
  absl::Status QuickCheck();

  sqlite3* get() const { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  explicit Database(sqlite3* db) : db_(db) {}
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace base

#endif  // CNIVPC_BASE_SQLITE_H_
