#include "vpc/ucloud/access.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "vpc/ucloud/credentials_file.h"
#include "vpc/ucloud/credentials_role.h"

namespace vpc::ucloud {

absl::Status CheckEndpoint(const std::string& endpoint) {
  absl::string_view rest = endpoint;
  const bool has_scheme = absl::ConsumePrefix(&rest, "http://") ||
                          absl::ConsumePrefix(&rest, "https://");
  if (has_scheme && !rest.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("not an http:// or https:// address: \"", endpoint, "\""));
}

absl::StatusOr<Variables> ReadVariables(const std::string& environment_file,
                                        const Variables& process) {
  Variables variables = process;
  if (environment_file.empty()) return variables;
  absl::StatusOr<Variables> file = ReadEnvironmentFile(environment_file);
  if (absl::IsNotFound(file.status())) return variables;
  RETURN_IF_ERROR(file.status());
  variables.merge(*file);  // leaves what is there already
  return variables;
}

absl::StatusOr<std::shared_ptr<Access>> Access::Open(AccessOptions options) {
  RETURN_IF_ERROR(base::Annotate(CheckEndpoint(options.client.endpoint),
                                 "the API's endpoint"));
  RETURN_IF_ERROR(base::Annotate(CheckEndpoint(options.metadata.base_url),
                                 "the metadata's address"));
  RETURN_IF_ERROR(CheckOptions(options.budget));
  if (const auto keys = KeysOf(options.variables);
      absl::IsInvalidArgument(keys.status())) {
    return keys.status();
  }
  return std::shared_ptr<Access>(new Access(std::move(options)));
}

Access::Access(AccessOptions options)
    : metadata_(options.metadata, MetadataService::RealMeans(),
                metadata_random_),
      credentials_(Chain(options)),
      gate_(options.budget),
      client_(std::move(options.client), credentials_, gate_) {}

CredentialsChain Access::Chain(const AccessOptions& options) {
  std::vector<std::unique_ptr<Credentials>> sources;
  if (!options.role.empty()) {
    sources.push_back(std::make_unique<RoleCredentials>(
        [this, role = options.role] { return metadata_.RoleKeys(role); },
        options.now, credentials_random_));
  }
  if (!options.environment_file.empty()) {
    sources.push_back(
        std::make_unique<FileCredentials>(options.environment_file));
  }
  if (absl::StatusOr<Keys> keys = KeysOf(options.variables); keys.ok()) {
    sources.push_back(std::make_unique<PermanentCredentials>(*std::move(keys)));
  }
  return CredentialsChain(std::move(sources));
}

}  // namespace vpc::ucloud
