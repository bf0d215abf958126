#ifndef CNIVPC_APPLETS_UPGRADE_SELF_TEST_H_
#define CNIVPC_APPLETS_UPGRADE_SELF_TEST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "applets/upgrade/trial.h"

namespace applets::upgrade {

// Has `program` serve a pod on a node of its own, where nothing of this node
// can be touched: other network namespaces, a VPC that the plugin brings along,
// its state in `scratch_dir`, which is removed before and after. `protocols`
// are the CNI versions that it speaks.
absl::StatusOr<Tried> SelfTest(const std::string& program,
                               const std::vector<std::string>& protocols,
                               const std::string& scratch_dir);

// What a self-test has left that was cut off.
void RemoveScratch(const std::string& scratch_dir);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_SELF_TEST_H_
