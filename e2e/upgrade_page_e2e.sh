#!/bin/bash
# upgrade_page_e2e.sh: the page "Network plugins" (cnivpc upgrade --serve) in headless
#   Chromium: it is read-only until somebody logs in, the service is switched on,
#   one node is upgraded, forced and rolled back, then all of them, canary first; a
#   release that can't set up pods stops at the canary; with the keyboard alone; in
#   Chinese; and with 5,000 nodes.
#   env: SHOTS  a folder for screenshots (docs/images has them)
. "$(dirname "$0")/lab.sh"
need gcc chromium chromedriver python3 openssl
lab_enter "$@"

for node in node-{a,b,c,d}; do
  node_start "$node"
  ipamd_start "$node"
  echo "${node_pid[$node]}" >"$LAB/bin/$node"
done
# What ssh is elsewhere.
cat >"$LAB/bin/at" <<E2
#!/bin/sh
pid=\$(cat "$LAB/bin/\$1") || exit 255
shift
exec nsenter -t "\$pid" --net --uts --mount -- "\$@"
E2
chmod +x "$LAB/bin/at"

# release FILE VERSION FAULT: ours by another version. Its ADD fails, or it doesn't
# say its version.
readonly old=$LAB/tmp/old
cp "$CNIVPC" "$old"
release() {
  gcc -O -static -o "$1" -x c - -DVERSION="\"$2\"" -DFAULT="\"${3-}\"" -DREAL="\"$old\"" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char** argv) {
  const char* verb = getenv("CNI_COMMAND");
  if (argc > 1 && strcmp(argv[1], "version") == 0) {
    if (strcmp(FAULT, "mute") == 0) return 1;
    puts("CNI Version:    " VERSION "\nCNI Protocols:  0.4.0, 1.0.0");
    return 0;
  }
  if (verb && strcmp(verb, "ADD") == 0 && strcmp(FAULT, "useless") == 0) {
    puts("{\"code\": 999, \"msg\": \"no pods today <img src=x onerror=alert(1)>\"}");
    return 1;
  }
  execv(REAL, argv);
  return 127;
}
C
}
release "$LAB/tmp/new" 0.9.0
release "$LAB/tmp/bad" 0.9.1 useless
release "$LAB/tmp/mute" 0.0.1 mute
jq '.releases += [
  {version: "0.9.0", type: "Feature", date: "2026-11-26", notes: ["Addresses are taken ahead of pods.", "A node is upgraded without a failed call."]},
  {version: "0.9.1", type: "Bugfix", date: "2026-11-27", notes: ["A mistake is repaired."]}]
  | .releases |= map(select(.version | startswith("1.") | not))' "$lab_root/testdata/upgrade/catalogue.json" >"$LAB/tmp/catalogue.json"

# Nodes that only say that they are: node-0001 and so on. Upgrading one takes a while.
mkdir "$LAB/tmp/nodes"
gcc -O2 -static -o "$LAB/bin/pretend" -x c - -DNODES="\"$LAB/tmp/nodes\"" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char** argv) {  // NODE PLUGIN upgrade FLAG...
  char file[256], sum[65] = "0123456789abcdef";
  const char* version = "0.1.0";
  snprintf(file, sizeof(file), NODES "/%s", argv[1]);
  for (int i = 2; i < argc; ++i) {
    if (strncmp(argv[i], "--from", 6) == 0) {
      usleep(300000);
      FILE* made = fopen(file, "w");
      fputs(argv[i + 1] + strlen("--sha256="), made);
      fclose(made);
    }
    if (strcmp(argv[i], "--status") != 0) continue;
    FILE* found = fopen(file, "r");
    if (found && fgets(sum, sizeof(sum), found)) version = "0.9.0";
    const int number = atoi(argv[1] + 5);
    printf("{\"installed\":{\"presence\":\"file\",\"sha256\":\"%s\",\"version\":\"%s\"},\"ipamd\":"
           "{\"version\":\"0.1.0\",\"address\":\"10.126.%d.%d\"}}\n", sum, version, number / 250, number % 250);
    return 0;
  }
  puts("{\"outcome\":\"done\"}");
  return 0;
}
C
seq -f node-%04g 1 5000 >"$LAB/tmp/thousands"

rc=0
timeout 900 python3 "$lab_e2e/upgrade_page.py" "$LAB" || rc=$?
# Its checks are counted here.
lab_checks=$(cat "$LAB/tmp/checks") lab_failures=$(cat "$LAB/tmp/failures")
[ "$rc" = 0 ] || not_ok "upgrade_page.py ended with $rc"
for node in node-{a,b,c,d}; do expect "$node: everything agrees" eventually 10 invariants "$node"; done
lab_done
