// Server-sent events over a request of evhttp.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_STREAM_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_STREAM_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "applets/upgrade/page/server.h"

struct evhttp_connection;
struct evhttp_request;

namespace applets::upgrade::page {

class EventStream : public Stream {
 public:
  // Begins the answer. Ends by itself when the browser hangs up.
  EventStream(evhttp_request* request, size_t max_unread_bytes);
  ~EventStream() override;
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  void Send(absl::string_view event, absl::string_view json) override;
  bool open() const override { return request_ != nullptr; }
  void HangUp();

 private:
  static void OnClose(evhttp_connection* connection, void* self);

  evhttp_request* request_;  // nullptr when it is over
  const size_t max_unread_bytes_;
};

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_STREAM_H_
