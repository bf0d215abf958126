// What a request to the page means, and whether whoever sends it may ask for
// it. Pure.
//
// Anybody who can connect may look. Who wants to change something shows the
// token, in a header (Authorization: Bearer …), or once in the form: then a
// cookie that scripts can't read, and that other sites' requests don't carry
// (HttpOnly, SameSite=Strict), stands for it, together with a value that only
// this page's script knows (X-Csrf-Token). A request from another site, or one
// that was sent to a name that isn't ours (DNS rebinding), is refused anyway.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_ROUTER_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_ROUTER_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "applets/rpc/query.h"
#include "applets/upgrade/page/access.h"
#include "applets/upgrade/page/orders.h"
#include "applets/upgrade/page/rows.h"

namespace applets::upgrade::page {

struct Request {
  std::string method = {};  // GET, HEAD or POST
  std::string path = {};
  rpc::Query query = {};
  std::string body = {};
  // Headers; "" for one that isn't there.
  std::string host = {};
  std::string origin = {};
  std::string fetch_site = {};  // Sec-Fetch-Site
  std::string cookie = {};
  std::string authorization = {};
  std::string csrf = {};  // X-Csrf-Token
  std::string content_type = {};
  std::string if_none_match = {};
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};
Response ErrorResponse(const absl::Status& error);
Response JsonResponse(std::string json);

// What is left to do, by somebody who knows the nodes.
struct Show {
  enum class What {
    kView,      // GET /api/view: what there is to see, once
    kEvents,    // GET /api/events: and from then on
    kNames,     // GET /api/names: of all that the question finds
    kReleases,  // GET /api/releases
  };
  What what = What::kView;
  Question question = {};
};
// By somebody who may; never LogIn or LogOut.
struct Carry {
  Order order;
};
using Verdict = std::variant<Response, Show, Carry>;

// Headers that every response has: nothing is loaded from elsewhere, no script
// but ours runs, nobody puts us into a frame, nothing is kept.
absl::Span<const std::pair<const char*, const char*>> SafeHeaders();

class Router {
 public:
  struct Settings {
    std::string token = {};
    std::string cookie_name = {};  // so that pages on several ports get along
    bool secure = false;           // over TLS
    // What else Host may say, besides addresses and localhost: the name of a
    // proxy in front.
    std::vector<std::string> names = {};
  };
  explicit Router(Settings settings);

  Verdict Route(const Request& request, absl::Time now,
                const Access::Random& random);

 private:
  absl::Status CheckOrigin(const Request& request) const;
  absl::Status CheckMayChange(const Request& request, absl::Time now) const;
  std::string CookieOf(const Request& request) const;
  std::string SetCookie(absl::string_view value, absl::Duration age) const;
  Verdict Get(const Request& request, absl::Time now) const;
  Verdict Post(const Request& request, absl::Time now,
               const Access::Random& random);
  Response SessionOf(const Session* session) const;
  Response Enter(const LogIn& order, absl::Time now,
                 const Access::Random& random);
  Response Leave(const Request& request);

  const Settings settings_;
  Access access_;
};

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_ROUTER_H_
