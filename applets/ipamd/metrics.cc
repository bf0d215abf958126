#include "applets/ipamd/metrics.h"

#include <algorithm>

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
  families_->try_emplace(name,
                         Family{std::string(type), std::string(help), {}});
}

Metrics::Family& Metrics::Find(const std::string& name) {
  const auto it = families_->find(name);
  CHECK(it != families_->end()) << "undeclared metric " << name;
  return it->second;
}

Metrics::Labels Metrics::Complete(Labels labels) const {
  labels.insert(common_.begin(), common_.end());
  return labels;
}

void Metrics::Add(const std::string& name, const Labels& labels, double by) {
  Find(name).values[Complete(labels)] += by;
}

void Metrics::Set(const std::string& name, double value, const Labels& labels) {
  Find(name).values[Complete(labels)] = value;
}

Metrics Metrics::With(Labels labels) const {
  Metrics with = *this;
  with.common_ = Complete(std::move(labels));
  return with;
}

void Metrics::Forget() {
  for (auto& [name, family] : *families_) {
    std::erase_if(family.values, [this](const auto& value) {
      return std::includes(value.first.begin(), value.first.end(),
                           common_.begin(), common_.end());
    });
  }
}

std::string Metrics::Text() const {
  std::string text;
  for (const auto& [name, family] : *families_) {
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
