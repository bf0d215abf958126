// hostPort: a runtime that is told of the capability hands us the ports of the
// node that lead to the pod (runtimeConfig.portMappings).
#ifndef CNIVPC_APPLETS_CNI_PORT_MAPPINGS_H_
#define CNIVPC_APPLETS_CNI_PORT_MAPPINGS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "applets/cni/request.h"

namespace applets::cni {

// Whether this call has any. In a chain they go to the portmap plugin behind us
// instead, and we get none; but UK8S's own configuration is no chain and has
// `capabilities: {portMappings: true}` with us. Then portmap is delegated to,
// with the configuration we got and our result.
bool HasPortMappings(const Request& request);

// These do nothing without mappings. The plugin portmap must be in CNI_PATH;
// its errors are ours. `result` is ADD's, as JSON.
absl::Status MapPorts(const Request& request, absl::string_view result);
absl::Status CheckPorts(const Request& request);
// Without the plugin there is nothing to undo, for ADD has failed.
absl::Status UnmapPorts(const Request& request);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_PORT_MAPPINGS_H_
