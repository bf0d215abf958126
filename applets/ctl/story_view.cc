#include "applets/ctl/story_view.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "applets/ctl/document.h"
#include "applets/ctl/table.h"
#include "base/status.h"

namespace applets::ctl {
namespace {

using rpc::Event;

// The least width of a column, so that tables one after the other line up.
constexpr size_t kSubjectWidth = 24;
constexpr size_t kReasonWidth = 18;

std::string Stamp(absl::Time time) {
  if (time == absl::InfiniteFuture()) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// What the event is about: the pod, the address, or both; else the subnet.
std::string SubjectOf(const Event& event) {
  std::string subject;
  if (event.address) subject = event.address->ToString();
  if (!event.pod.name.empty()) {
    absl::StrAppend(&subject, subject.empty() ? "" : " ", event.pod.ns, "/",
                    event.pod.name);
  } else if (!event.attachment.container_id.empty()) {
    absl::StrAppend(&subject, subject.empty() ? "" : " ",
                    event.attachment.ToString());
  }
  return subject.empty() ? event.subnet : subject;
}

Row HeaderOf(Format format) {
  Row header = {"TIME", "COUNT", "REASON", "SUBJECT", "TEXT"};
  if (format == Format::kWide) {
    header.insert(header.begin() + 1, "FIRST");
    header.insert(header.end(), {"UNTIL", "SUBNET", "ATTACHMENT"});
  }
  return header;
}

Row RowOf(Format format, const Event& event) {
  Row row = {Stamp(event.last), absl::StrCat(event.count), event.reason,
             SubjectOf(event), event.text};
  if (format == Format::kWide) {
    row.insert(row.begin() + 1, Stamp(event.first));
    row.push_back(Stamp(event.until));
    row.push_back(event.subnet);
    row.push_back(event.attachment.container_id.empty()
                      ? ""
                      : event.attachment.ToString());
  }
  return row;
}

// Rows whose columns are as wide as those of any other table of events, as far
// as that can be foreseen.
std::string Lines(Format format, const std::vector<Row>& rows) {
  if (rows.empty()) return "";
  std::vector<Row> ruled = rows;
  Row ruler = HeaderOf(format);
  const size_t reason = format == Format::kWide ? 3 : 2;
  ruler[reason].resize(kReasonWidth, '-');
  ruler[reason + 1].resize(kSubjectWidth, '-');
  ruled.insert(ruled.begin(), std::move(ruler));
  const std::string table = FormatTable(ruled);
  return table.substr(table.find('\n') + 1);
}

std::vector<Row> RowsOf(Format format, const std::vector<Event>& events) {
  std::vector<Row> rows;
  rows.reserve(events.size());
  for (const Event& event : events) rows.push_back(RowOf(format, event));
  return rows;
}

std::string Forgotten(const rpc::EventsReply& reply) {
  if (reply.forgotten == 0) return "";
  return absl::StrCat(reply.forgotten,
                      " older events had to make room for newer ones.\n");
}

}  // namespace

absl::StatusOr<Output> FormatEvents(const Options& options,
                                    rpc::EventsReply reply, absl::Time now) {
  std::erase_if(reply.events, [&](const Event& event) {
    return event.last < now - options.since;
  });
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, rpc::ToJson(reply));
  }
  std::vector<Row> rows = RowsOf(options.format, reply.events);
  if (rows.empty()) {
    return Output{"", absl::StrCat("Nothing has happened since ",
                                   Stamp(reply.began), ".\n")};
  }
  if (options.headers) rows.insert(rows.begin(), HeaderOf(options.format));
  return Output{Lines(options.format, rows), Forgotten(reply)};
}

absl::StatusOr<std::string> FormatNews(const Options& options,
                                       const rpc::EventsReply& reply) {
  if (!IsDocument(options.format)) {
    return Lines(options.format, RowsOf(options.format, reply.events));
  }
  std::string text;
  for (const Event& event : reply.events) {
    const std::string json = rpc::ToJson(event);
    if (options.format == Format::kJson) {
      absl::StrAppend(&text, json, "\n");
      continue;
    }
    ASSIGN_OR_RETURN(const std::string yaml, ToYaml(json));
    absl::StrAppend(&text, "---\n", yaml);
  }
  return text;
}

absl::StatusOr<Output> FormatWhy(const Options& options,
                                 const rpc::WhyReply& reply) {
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, rpc::ToJson(reply));
  }
  std::string text = absl::StrCat(Printable(reply.summary),
                                  "\n  reason: ", reply.reason, "\n");
  for (const std::string& cause : reply.causes) {
    absl::StrAppend(&text, "  because ", Printable(cause), "\n");
  }
  if (!reply.next.empty()) {
    absl::StrAppend(&text, "  next: ", Printable(reply.next), "\n");
  }
  if (!reply.events.empty()) {
    absl::StrAppend(&text, "\n",
                    Lines(Format::kText, RowsOf(Format::kText, reply.events)));
  }
  return Output{std::move(text), ""};
}

}  // namespace applets::ctl
