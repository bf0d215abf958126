#include "applets/upgrade/page/rows.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <tuple>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::upgrade::page {
namespace {

using Order = Question::Order;

constexpr absl::string_view kNames[kRowStates] = {
    "unknown",     "current", "outdated",  "unreadable",
    "unreachable", "waiting", "upgrading", "checking",
    "returning",   "failed",  "lost"};
constexpr absl::string_view kOrders[] = {"list", "node", "version", "state",
                                         "changed"};
constexpr size_t kMaxPage = 1000000;

// Without a copy in lower case of each row.
bool Contains(absl::string_view text, absl::string_view lower) {
  const auto found = std::search(
      text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return absl::ascii_tolower(static_cast<unsigned char>(a)) == b;
      });
  return found != text.end() || lower.empty();
}

bool Matches(const Row& row, absl::string_view search) {
  return Contains(row.node, search) || Contains(row.address, search) ||
         Contains(row.version, search) || Contains(row.text, search);
}

bool Before(const Row& a, const Row& b, Order order) {
  switch (order) {
    case Order::kNode:
      return a.node < b.node;
    case Order::kVersion:
      return std::tie(a.version, a.sha256) < std::tie(b.version, b.sha256);
    case Order::kState:
      return a.state < b.state;
    case Order::kChanged:
      return a.changed < b.changed;
    case Order::kList:
      break;
  }
  return false;
}

std::vector<const Row*> Find(absl::Span<const Row> all,
                             const Question& question, View* counts) {
  const std::string search = absl::AsciiStrToLower(question.search);
  std::vector<const Row*> found;
  for (const Row& row : all) {
    if (!Matches(row, search)) continue;
    if (counts != nullptr) ++counts->counts[static_cast<size_t>(row.state)];
    if (question.state && *question.state != row.state) continue;
    found.push_back(&row);
  }
  return found;
}

void Sort(std::vector<const Row*>& rows, const Question& question) {
  if (question.order == Order::kList) {
    if (question.descending) absl::c_reverse(rows);
    return;
  }
  absl::c_stable_sort(rows, [&](const Row* a, const Row* b) {
    return question.descending ? Before(*b, *a, question.order)
                               : Before(*a, *b, question.order);
  });
}

absl::Status ReadNumber(const rpc::Query& query, const std::string& name,
                        size_t most, size_t& value) {
  const auto found = query.find(name);
  if (found == query.end()) return absl::OkStatus();
  if (absl::SimpleAtoi(found->second, &value) && value <= most) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": not a number up to ", most));
}

// One of a list of names.
template <size_t n>
absl::StatusOr<std::optional<size_t>> ReadName(
    const rpc::Query& query, const std::string& name,
    const absl::string_view (&names)[n]) {
  const auto found = query.find(name);
  if (found == query.end() || found->second.empty()) return std::nullopt;
  const auto* at = absl::c_find(names, found->second);
  if (at == std::end(names)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": unknown"));
  }
  return static_cast<size_t>(std::distance(std::begin(names), at));
}

}  // namespace

absl::string_view ToString(RowState state) {
  return kNames[static_cast<size_t>(state)];
}

absl::StatusOr<Question> QuestionOf(const rpc::Query& query) {
  Question question;
  if (const auto search = query.find("search"); search != query.end()) {
    question.search = search->second;
  }
  if (question.search.size() > kMaxSearchBytes) {
    return absl::InvalidArgumentError("search: too long");
  }
  ASSIGN_OR_RETURN(const auto state, ReadName(query, "state", kNames));
  if (state) question.state = static_cast<RowState>(*state);
  ASSIGN_OR_RETURN(const auto order, ReadName(query, "order", kOrders));
  if (order) question.order = static_cast<Order>(*order);
  const auto descending = query.find("descending");
  question.descending = descending != query.end() && descending->second == "1";
  RETURN_IF_ERROR(ReadNumber(query, "page", kMaxPage, question.page));
  RETURN_IF_ERROR(ReadNumber(query, "size", kMaxPageRows, question.size));
  question.size = std::max<size_t>(question.size, 1);
  return question;
}

View Look(absl::Span<const Row> all, const Question& question) {
  View view;
  std::vector<const Row*> found = Find(all, question, &view);
  view.total = found.size();
  const size_t pages = (found.size() + question.size - 1) / question.size;
  view.page = pages == 0 ? 0 : std::min(question.page, pages - 1);
  Sort(found, question);
  const size_t begin = view.page * question.size;
  const size_t end = std::min(found.size(), begin + question.size);
  for (size_t i = begin; i < end; ++i) view.rows.push_back(*found[i]);
  return view;
}

std::vector<std::string> NamesOf(absl::Span<const Row> all,
                                 const Question& question) {
  std::vector<std::string> names;
  for (const Row* row : Find(all, question, nullptr)) {
    if (row->can_upgrade || row->can_force || row->can_return) {
      names.push_back(row->node);
    }
  }
  return names;
}

}  // namespace applets::upgrade::page
