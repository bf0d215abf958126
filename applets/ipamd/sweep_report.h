#ifndef CNIVPC_APPLETS_IPAMD_SWEEP_REPORT_H_
#define CNIVPC_APPLETS_IPAMD_SWEEP_REPORT_H_

#include <string>
#include <vector>

#include "applets/ipamd/sweep.h"

namespace applets::ipamd {

// One thing that a sweep found, for people.
struct SweepFound {
  std::string kind;     // as in cnivpc_repairs_total
  std::string subject;  // an attachment or an address
  std::string text;     // what it is, and what becomes of it
};

// What was `found`, and what becomes of it: of `confirmed` it is put right now,
// or would be if this weren't a rehearsal; of the rest when it has been found
// again. Pure.
std::vector<SweepFound> Report(const Findings& found, const Findings& confirmed,
                               bool dry_run);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_SWEEP_REPORT_H_
