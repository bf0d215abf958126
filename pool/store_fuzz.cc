// Rows that a store may have after a damage that SQLite doesn't notice, or by
// another hand: loading them either says DATA_LOSS, or gives records that a
// pool takes and that are the same when they are stored and loaded again.

#include <sqlite3.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/sqlite.h"
#include "pool/pool.h"
#include "pool/record.h"
#include "pool/store.h"

namespace pool {
namespace {

constexpr absl::string_view kTables[] = {"address", "tombstone", "intent",
                                         "shift",   "fixed",     "setting"};

void Require(bool holds) {
  if (!holds) abort();
}

// A store, and another connection to its file that writes what it likes.
class Bench {
 public:
  Bench()
      : dir_(absl::StrCat(std::filesystem::temp_directory_path().string(),
                          "/cnivpc-store-fuzz.", getpid())),
        made_(std::filesystem::create_directories(dir_)),
        store_(Store::Open(dir_).value()),
        writer_(base::Database::Open(store_->path()).value()) {}
  ~Bench() { std::filesystem::remove_all(dir_); }

  Store& store() { return *store_; }

  void Clear() {
    for (const absl::string_view table : kTables) {
      Require(
          writer_.Execute(absl::StrCat("DELETE FROM ", table).c_str()).ok());
    }
  }

  // A line "TABLE<tab>VALUE..." is a row; a value that begins with '#' is a
  // whole number, "NULL" is NULL, others are text. Rows that the schema refuses
  // don't come in.
  void Insert(absl::string_view line) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, '\t');
    std::vector<std::string> marks(fields.size() - 1, "?");
    auto statement = writer_.Prepare(
        absl::StrCat("INSERT INTO ", TableNamed(fields[0]), " VALUES(",
                     absl::StrJoin(marks, ","), ")"));
    if (!statement.ok()) return;
    for (size_t i = 1; i < fields.size(); ++i) {
      BindValue(*statement, static_cast<int>(i), fields[i]);
    }
    statement->Run().IgnoreError();
  }

 private:
  static absl::string_view TableNamed(absl::string_view name) {
    for (const absl::string_view table : kTables) {
      if (table == name) return table;
    }
    return kTables[0];
  }

  static void BindValue(base::Statement& statement, int parameter,
                        absl::string_view value) {
    int64_t number = 0;
    if (value == "NULL") {
      statement.BindNull(parameter);
    } else if (!value.empty() && value[0] == '#' &&
               absl::SimpleAtoi(value.substr(1), &number)) {
      statement.Bind(parameter, number);
    } else {
      statement.Bind(parameter, value);
    }
  }

  std::string dir_;
  bool made_;
  std::unique_ptr<Store> store_;
  base::Database writer_;
};

void Try(Bench& bench, absl::string_view rows) {
  bench.Clear();
  for (const absl::string_view line : absl::StrSplit(rows, '\n')) {
    bench.Insert(line);
  }
  auto loaded = bench.store().Load();
  if (!loaded.ok()) {
    Require(absl::IsDataLoss(loaded.status()));
    Require(!loaded.status().message().empty());
    return;
  }
  Pool pool{Policy{}};
  pool.Apply(*loaded);
  bench.Clear();
  Require(bench.store().Commit(*loaded).ok());
  Pool again{Policy{}};
  again.Apply(bench.store().Load().value());
  Require(again.addresses() == pool.addresses());
  Require(again.intents() == pool.intents());
}

}  // namespace
}  // namespace pool

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static pool::Bench bench;
  if (size > 1 << 14) return 0;
  pool::Try(bench,
            absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
