#ifndef CNIVPC_APPLETS_CTL_TABLE_H_
#define CNIVPC_APPLETS_CTL_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace applets::ctl {

using Row = std::vector<std::string>;

// `text` with '?' for what isn't printable ASCII: names come from the container
// runtime's caller, and must not be able to steer a terminal.
std::string Printable(absl::string_view text);

// Lines for people, in kubectl's shape: left-aligned columns, three spaces
// apart, no spaces at a line's end, "<none>" for an empty cell, all of it
// printable. Rows have equal lengths.
std::string FormatTable(const std::vector<Row>& rows);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_TABLE_H_
