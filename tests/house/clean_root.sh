#!/usr/bin/env bash
# From nothing: a minimal Debian 12 root with git and certificates, a fresh clone of HEAD, ./run demo and ./run test.
# Needs root and debootstrap; packages come from the mirror that this machine's own apt is set to.
# Usage: clean_root.sh DIR [COMMAND...]    DIR must not exist or be empty, and wants about 3 GB. Each COMMAND is run in
# the clone, in its order, in place of './run demo' './run test'. DIR/log.txt holds what they said; the root stays in
# DIR/root.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "clean_root: needs root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "clean_root: install debootstrap first" >&2; exit 1; }
repository=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
[ -z "$(ls -A "$work")" ] || { echo "clean_root: $work is not empty" >&2; exit 1; }
shift
[ $# -gt 0 ] || set -- './run demo' './run test'
root=$work/root

# Lines "URI suite component" of the Debian archives that apt is set to.
# shellcheck disable=SC2016
archives=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u)
mirror=$(awk '$2 == "bookworm" && $3 == "main" {print $1; exit}' <<<"$archives")
[ -n "$mirror" ] || { echo "clean_root: apt on this machine has no Debian 12 archive" >&2; exit 1; }

trap 'mountpoint -q "$root/proc" && umount "$root/proc"' EXIT
exec > >(tee "$work/log.txt") 2>&1
echo "== debootstrap, minbase with git and ca-certificates"
start=$SECONDS
debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror" >"$work/debootstrap.txt" 2>&1 ||
  { tail -20 "$work/debootstrap.txt"; exit 1; }
awk '$2 ~ /^bookworm/ && $3 == "main" {print "deb", $1, $2, $3}' <<<"$archives" >"$root/etc/apt/sources.list"
mount -t proc proc "$root/proc" 2>/dev/null || echo "(no /proc in it: the mount was refused)"
echo "   $((SECONDS - start)) s; packages in it: $(chroot "$root" dpkg-query -f '.\n' -W | wc -l)"

echo "== fresh clone of $(git -c safe.directory='*' -C "$repository" log -1 --format='%h %s')"
git -c safe.directory='*' -C "$repository" bundle create "$root/root/quickset.bundle" HEAD 2>/dev/null
inside() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    chroot "$root" /bin/bash -c "$1" </dev/null
}
inside 'git clone -q /root/quickset.bundle /root/quickset'

status=0
for command in "$@"; do
  echo "== $command"
  start=$SECONDS
  result=0
  inside "cd /root/quickset && $command" || result=$?
  echo "== $command: exit status $result after $((SECONDS - start)) s"
  [ "$result" -eq 0 ] || status=1
done
exit "$status"
