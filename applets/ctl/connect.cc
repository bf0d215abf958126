#include "applets/ctl/connect.h"

#include <memory>
#include <utility>

#include "applets/rpc/client.h"
#include "base/status.h"

namespace applets::ctl {

absl::StatusOr<Connection> ConnectToSocket(const Options& options) {
  ASSIGN_OR_RETURN(rpc::Client opened,
                   rpc::Client::Connect(options.socket, options.timeout));
  const auto client = std::make_shared<rpc::Client>(std::move(opened));
  return Connection([client](absl::string_view method, absl::string_view path,
                             absl::string_view body) {
    return client->Call(method, path, body);
  });
}

}  // namespace applets::ctl
