#include "applets/ctl/table.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace applets::ctl {
namespace {

constexpr size_t kGap = 3;
constexpr absl::string_view kNothing = "<none>";

std::string Shown(const std::string& cell) {
  return cell.empty() ? std::string(kNothing) : Printable(cell);
}

std::vector<size_t> Widths(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Shown(row[i]).size());
    }
  }
  return widths;
}

std::string Line(const Row& row, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string cell = Shown(row[i]);
    line += cell;
    if (i + 1 < row.size()) line.append(widths[i] + kGap - cell.size(), ' ');
  }
  return line + "\n";
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string printable(text);
  std::replace_if(
      printable.begin(), printable.end(),
      [](unsigned char c) { return !absl::ascii_isprint(c); }, '?');
  return printable;
}

std::string FormatTable(const std::vector<Row>& rows) {
  if (rows.empty()) return "";
  const std::vector<size_t> widths = Widths(rows);
  std::string text;
  for (const Row& row : rows) absl::StrAppend(&text, Line(row, widths));
  return text;
}

}  // namespace applets::ctl
