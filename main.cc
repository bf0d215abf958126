// Proves that every library links statically. The applets take its place.
#include <ares.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <gflags/gflags.h>
#include <glog/logging.h>
#include <libmnl/libmnl.h>
#include <openssl/ssl.h>
#include <rapidjson/document.h>
#include <sqlite3.h>
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/build_info.h"

DEFINE_bool(prove, false, "use every library once");

namespace {

int Prove() {
  std::printf("absl %s\n", absl::FormatTime(absl::Now()).c_str());
  curl_global_init(CURL_GLOBAL_DEFAULT);
  std::printf("%s\n", curl_version());
  event_base* loop = event_base_new();
  evhttp* http = evhttp_new(loop);
  std::printf("libevent %s\n", event_get_version());
  evhttp_free(http);
  event_base_free(loop);
  SSL_CTX* tls = SSL_CTX_new(TLS_method());
  std::printf("%s\n", OpenSSL_version(OPENSSL_VERSION));
  SSL_CTX_free(tls);
  rapidjson::Document document;
  document.Parse("{\"a\": 1}");
  std::printf("rapidjson %d\n", document["a"].GetInt());
  sqlite3* database = nullptr;
  sqlite3_open(":memory:", &database);
  std::printf("sqlite %s\n", sqlite3_libversion());
  sqlite3_close(database);
  std::printf("yaml %d\n", YAML::Load("[1, 2]")[1].as<int>());
  mnl_socket* netlink = mnl_socket_open(0);
  std::printf("libmnl %s\n", netlink != nullptr ? "open" : "closed");
  mnl_socket_close(netlink);
  LOG(INFO) << "glog";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "prove") return Prove();
  base::BuildInfo info = base::GetBuildInfo();
  std::printf("%s %s %s %s\n", info.version.data(), info.commit.data(),
              info.build_time.data(), info.compiler.data());
  return 0;
}
