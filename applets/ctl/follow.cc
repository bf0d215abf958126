#include "applets/ctl/follow.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "applets/ctl/calls.h"
#include "applets/ctl/failure.h"
#include "applets/ctl/story_view.h"
#include "base/status.h"

namespace applets::ctl {
namespace {

absl::StatusOr<rpc::EventsReply> AskOnce(const Options& options,
                                         const Host& host, uint64_t after) {
  ASSIGN_OR_RETURN(const Connection ipamd, host.connect(options));
  return AskEvents(ipamd, options, after);
}

// Prints what is new again and again; what was printed already is known by
// `seen` and by when the journal began.
Outcome Follow(const Options& options, const Host& host,
               rpc::EventsReply seen) {
  bool gone = false;
  while (host.pause(kFollowInterval)) {
    absl::StatusOr<rpc::EventsReply> news = AskOnce(options, host, seen.last);
    if (news.ok() && news->began != seen.began) {
      news = AskOnce(options, host, 0);  // a new journal: from its beginning
    }
    if (!news.ok()) {
      if (!gone && !host.print("# ipamd is gone; waiting for it\n")) break;
      gone = true;
      continue;
    }
    if (gone && !host.print("# ipamd is back\n")) break;
    gone = false;
    const absl::StatusOr<std::string> text = FormatNews(options, *news);
    if (!text.ok()) return {kFailed, "", ExplainRefused(text.status())};
    if (!text->empty() && !host.print(*text)) break;
    seen = *std::move(news);
  }
  return {};
}

}  // namespace

Outcome ShowEvents(const Options& options, const Host& host) {
  const absl::StatusOr<Connection> ipamd = host.connect(options);
  if (!ipamd.ok()) return {kFailed, "", ExplainUnreachable(ipamd.status())};
  absl::StatusOr<rpc::EventsReply> reply = AskEvents(*ipamd, options, 0);
  if (!reply.ok()) return {kFailed, "", ExplainRefused(reply.status())};
  if (!options.follow) {
    absl::StatusOr<Output> output =
        FormatEvents(options, *std::move(reply), host.now());
    if (!output.ok()) return {kFailed, "", ExplainRefused(output.status())};
    return {kDone, std::move(output->text), std::move(output->note)};
  }
  rpc::EventsReply old = *reply;
  std::erase_if(old.events, [&](const rpc::Event& event) {
    return event.last < host.now() - options.since;
  });
  const absl::StatusOr<std::string> text = FormatNews(options, old);
  if (!text.ok()) return {kFailed, "", ExplainRefused(text.status())};
  if (!host.print(*text)) return {};
  return Follow(options, host, *std::move(reply));
}

}  // namespace applets::ctl
