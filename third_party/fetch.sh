#!/bin/bash
# Fills third_party/distdir with the tarballs that archives.bzl names, taken
# from the distribution's source packages through apt. Only needed without
# internet access: Bazel downloads what isn't there. Skips files that are there.
set -euo pipefail
cd "$(dirname "$0")"

# "sha256  file  package" of each archive.
wanted() {
  python3 - <<'PY'
scope = {}
exec(open("archives.bzl").read(), scope)
for a in scope["ARCHIVES"].values():
    print(a.get("distfile_sha256", a["sha256"]), a["distfile"], a["source_package"])
PY
}
is_good() { [ -f "distdir/$2" ] && echo "$1  distdir/$2" | sha256sum --check --status; }

missing=()
while read -r sha file package; do
  is_good "$sha" "$file" || missing+=("$package")
done < <(wanted)
if [ ${#missing[@]} -eq 0 ]; then
  echo "fetch.sh: third_party/distdir is complete"
  exit 0
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/parts" "$scratch/lists/partial" "$scratch/got" distdir
# The machine's own package sources, asked for source packages; its settings
# stay as they are. Both ways to write them down are understood.
for list in /etc/apt/sources.list.d/*.sources; do
  [ ! -e "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" >"$scratch/parts/$(basename "$list")"
done
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ ! -e "$list" ] || { grep -E '^deb[[:space:]]' "$list" || true; } |
    sed 's/^deb/deb-src/' >"$scratch/parts/$(basename "$list" .list).list"
done
apt_src() {
  apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$scratch/parts" \
    -o Dir::State::Lists="$scratch/lists" -o APT::Sandbox::User=root "$@"
}

echo "fetch.sh: getting the sources of ${missing[*]} through apt"
apt_src update >"$scratch/log" 2>&1 || echo "fetch.sh: some package lists can't be had; trying without" >&2
(cd "$scratch/got" && apt_src source --download-only --tar-only "${missing[@]}" >>"$scratch/log" 2>&1) ||
  { cat "$scratch/log" >&2; exit 1; }
failed=0
while read -r sha file package; do
  ! is_good "$sha" "$file" || continue
  if [ -f "$scratch/got/$file" ] && echo "$sha  $scratch/got/$file" | sha256sum --check --status; then
    mv "$scratch/got/$file" distdir/
  else
    echo "fetch.sh: source package $package has no $file with sha256 $sha" >&2
    failed=1
  fi
done < <(wanted)
exit $failed
