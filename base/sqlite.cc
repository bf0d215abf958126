#include "base/sqlite.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace base {
namespace {

absl::StatusCode CodeOf(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInternal;
  }
}

bool IsStorageFailure(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return true;
    default:
      return false;
  }
}

absl::Status MakeError(int sqlite_code, absl::string_view path,
                       absl::string_view text) {
  absl::Status status(CodeOf(sqlite_code), absl::StrCat(path, ": ", text));
  return IsStorageFailure(sqlite_code) ? MarkIo(status) : status;
}

absl::Status ErrorOf(sqlite3* db) {
  const char* path = sqlite3_db_filename(db, "main");
  return MakeError(sqlite3_extended_errcode(db), path == nullptr ? "" : path,
                   sqlite3_errmsg(db));
}

}  // namespace

Statement& Statement::Bind(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::Bind(int parameter, absl::string_view value) {
  sqlite3_bind_text(statement_.get(), parameter, value.data(),
                    static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::BindNull(int parameter) {
  sqlite3_bind_null(statement_.get(), parameter);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return ErrorOf(sqlite3_db_handle(statement_.get()));
}

absl::Status Statement::Run() {
  const absl::Status status = Step().status();
  Reset();
  return status;
}

void Statement::Reset() { sqlite3_reset(statement_.get()); }

int64_t Statement::Int(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(
      sqlite3_column_text(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr ? "" : std::string(text, static_cast<size_t>(size));
}

absl::StatusOr<Database> Database::Open(const std::string& path,
                                        int busy_milliseconds) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(handle);
  if (code != SQLITE_OK) {
    return MakeError(code, path, sqlite3_errstr(code));
  }
  sqlite3_busy_timeout(handle, busy_milliseconds);
  RETURN_IF_ERROR(database.Execute("PRAGMA journal_mode=WAL"));
  RETURN_IF_ERROR(database.Execute("PRAGMA synchronous=NORMAL"));
  return database;
}

absl::Status Database::Execute(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return ErrorOf(db_.get());
  }
  return absl::OkStatus();
}

absl::StatusOr<Statement> Database::Prepare(absl::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()),
                         &statement, nullptr) != SQLITE_OK) {
    return ErrorOf(db_.get());
  }
  return Statement(statement);
}

absl::Status Database::Transaction(const std::function<absl::Status()>& body) {
  RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  absl::Status status = body();
  if (status.ok()) status = Execute("COMMIT");
  // After some errors (a full disk) SQLite has rolled back by itself.
  if (!status.ok() && !sqlite3_get_autocommit(db_.get())) {
    Execute("ROLLBACK").IgnoreError();
  }
  return status;
}

absl::Status Database::QuickCheck() {
  ASSIGN_OR_RETURN(Statement check, Prepare("PRAGMA quick_check(1)"));
  ASSIGN_OR_RETURN(const bool row, check.Step());
  const std::string verdict = row ? check.Text(0) : "no answer";
  if (verdict == "ok") return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(sqlite3_db_filename(db_.get(), "main"), ": ", verdict));
}

}  // namespace base
