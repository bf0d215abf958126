#ifndef CNIVPC_APPLETS_CTL_TABLE_H_
#define CNIVPC_APPLETS_CTL_TABLE_H_

#include <string>
#include <vector>

namespace applets::ctl {

using Row = std::vector<std::string>;

// Lines for people, in kubectl's shape: left-aligned columns, three spaces
// apart, no spaces at a line's end, "<none>" for an empty cell. What isn't
// printable ASCII becomes '?': names come from the container runtime's
// caller, and must not be able to steer a terminal. Rows have equal lengths.
std::string FormatTable(const std::vector<Row>& rows);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_TABLE_H_
