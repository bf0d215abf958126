#include "applets/ctl/connect.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "applets/rpc/client.h"
#include "applets/rpc/query.h"
#include "base/status.h"

namespace applets::ctl {

absl::StatusOr<Connection> ConnectToSocket(const Options& options) {
  ASSIGN_OR_RETURN(rpc::Client opened,
                   rpc::Client::Connect(options.socket, options.timeout));
  const auto client = std::make_shared<rpc::Client>(std::move(opened));
  const std::string of_node =
      options.node.empty()
          ? ""
          : absl::StrCat("/v1/nodes/", rpc::Escape(options.node));
  return Connection([client, of_node](absl::string_view method,
                                      absl::string_view path,
                                      absl::string_view body) {
    return client->Call(method, absl::StrCat(of_node, path), body);
  });
}

}  // namespace applets::ctl
