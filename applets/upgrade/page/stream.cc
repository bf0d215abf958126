#include "applets/upgrade/page/stream.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>

#include <sys/time.h>

#include <utility>

namespace applets::upgrade::page {
namespace {

// What a browser says while it listens: nothing, so there is no use for more.
constexpr size_t kMaxInputBytes = 4096;
constexpr timeval kWriteTimeout = {60, 0};

void Add(evbuffer* buffer, absl::string_view text) {
  evbuffer_add(buffer, text.data(), text.size());
}

}  // namespace

EventStream::EventStream(evhttp_request* request, size_t max_unread_bytes)
    : request_(request), max_unread_bytes_(max_unread_bytes) {
  evhttp_connection* connection = evhttp_request_get_connection(request);
  bufferevent* bytes = evhttp_connection_get_bufferevent(connection);
  // It may be silent for hours.
  bufferevent_set_timeouts(bytes, nullptr, &kWriteTimeout);
  bufferevent_setwatermark(bytes, EV_READ, 0, kMaxInputBytes);
  evhttp_connection_set_closecb(connection, OnClose, this);
  evkeyvalq* headers = evhttp_request_get_output_headers(request);
  evhttp_add_header(headers, "Content-Type", "text/event-stream");
  for (const auto& [name, value] : SafeHeaders()) {
    evhttp_add_header(headers, name, value);
  }
  evhttp_send_reply_start(request, HTTP_OK, "OK");
}

EventStream::~EventStream() { HangUp(); }

void EventStream::Send(absl::string_view event, absl::string_view json) {
  if (request_ == nullptr) return;
  bufferevent* bytes = evhttp_connection_get_bufferevent(
      evhttp_request_get_connection(request_));
  if (evbuffer_get_length(bufferevent_get_output(bytes)) > max_unread_bytes_) {
    HangUp();
    return;
  }
  evbuffer* chunk = evbuffer_new();
  Add(chunk, "event: ");
  Add(chunk, event);
  Add(chunk, "\ndata: ");
  Add(chunk, json);
  Add(chunk, "\n\n");
  evhttp_send_reply_chunk(request_, chunk);
  evbuffer_free(chunk);
}

void EventStream::HangUp() {
  if (request_ == nullptr) return;
  // Calls OnClose.
  evhttp_connection_free(evhttp_request_get_connection(request_));
}

void EventStream::OnClose(evhttp_connection* connection, void* self) {
  evhttp_request* request =
      std::exchange(static_cast<EventStream*>(self)->request_, nullptr);
  evhttp_connection_set_closecb(connection, nullptr, nullptr);
  // When the browser has hung up evhttp leaves the request to us.
  if (request != nullptr && evhttp_request_get_connection(request) == nullptr) {
    evhttp_send_reply_end(request);
  }
}

}  // namespace applets::upgrade::page
