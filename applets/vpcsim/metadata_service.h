#ifndef CNIVPC_APPLETS_VPCSIM_METADATA_SERVICE_H_
#define CNIVPC_APPLETS_VPCSIM_METADATA_SERVICE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "applets/vpcsim/exchange.h"
#include "applets/vpcsim/metadata.h"
#include "applets/vpcsim/server.h"
#include "applets/vpcsim/simulator.h"

namespace applets::vpcsim {

// The metadata of all hosts over HTTP (metadata.h). Which host asks: the one
// whose interface has the address that the request comes from, else the one
// given; 404 without any.
//
// On the loop's thread.
class MetadataService {
 public:
  // All must live longer.
  MetadataService(Simulator& simulator, Exchanges& exchanges)
      : simulator_(simulator), exchanges_(exchanges) {}

  // `host` is the id of the host for requests from elsewhere; "" for none.
  void OnRequest(const HttpRequest& request, absl::string_view host,
                 HttpReply reply);

 private:
  const Host* HostOf(const HttpRequest& request, absl::string_view host) const;
  HttpAnswer Show(const std::string& host, absl::string_view path) const;
  HttpAnswer IssueKeys(const std::string& host, const StsRequest& asked,
                       absl::string_view duration_header);

  Simulator& simulator_;
  Exchanges& exchanges_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_METADATA_SERVICE_H_
