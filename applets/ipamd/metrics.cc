#include "applets/ipamd/metrics.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "glog/logging.h"

namespace applets::ipamd {
namespace {

std::string LabelText(const Metrics::Labels& labels) {
  if (labels.empty()) return "";
  std::string text = "{";
  for (const auto& [key, value] : labels) {
    if (text.size() > 1) text += ',';
    const std::string escaped = absl::StrReplaceAll(
        value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
    absl::StrAppend(&text, key, "=\"", escaped, "\"");
  }
  return text + "}";
}

}  // namespace

void Metrics::Declare(const std::string& name, absl::string_view type,
                      absl::string_view help) {
  families_[name] = {std::string(type), std::string(help), {}};
}

void Metrics::Add(const std::string& name, const Labels& labels, double by) {
  const auto it = families_.find(name);
  CHECK(it != families_.end()) << "undeclared metric " << name;
  it->second.values[labels] += by;
}

void Metrics::Set(const std::string& name, double value, const Labels& labels) {
  const auto it = families_.find(name);
  CHECK(it != families_.end()) << "undeclared metric " << name;
  it->second.values[labels] = value;
}

std::string Metrics::Text() const {
  std::string text;
  for (const auto& [name, family] : families_) {
    absl::StrAppend(&text, "# HELP ", name, " ", family.help, "\n# TYPE ", name,
                    " ", family.type, "\n");
    for (const auto& [labels, value] : family.values) {
      absl::StrAppend(&text, name, LabelText(labels), " ",
                      absl::StrFormat("%.17g", value), "\n");
    }
  }
  return text;
}

}  // namespace applets::ipamd
