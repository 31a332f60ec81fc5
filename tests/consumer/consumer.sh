#!/usr/bin/env bash
# Installs the build into a temporary prefix, moves it (it must be relocatable) and builds callers against it: by
# find_package and by pkg-config, in C and in C++, shared and static. Also: the shared library exports qs_* and nothing
# else, and every public header is there and compiles by itself.
# Usage: consumer.sh CMAKE BUILD_DIR CONSUMER_PROJECT
set -euo pipefail
cmake=$1 build=$2 project=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "consumer: $*" >&2; exit 1; }

echo "== install"
"$cmake" --install "$build" --prefix "$work/staged" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
mv "$work/staged" "$work/prefix"
prefix=$work/prefix
library=$(find "$prefix" -name libquickset.so)
libdir=$(dirname "$library")

echo "== exported symbols"
exported=$(nm -D --defined-only "$library" | awk '{print $NF}' | sed 's/@.*//')
[ -n "$exported" ] || fail "the library exports nothing"
foreign=$(grep -v '^qs_' <<<"$exported" || true)
[ -z "$foreign" ] || fail "exported, but not qs_*: $foreign"

echo "== headers"
source_headers=$(cd "$project/../../../include/quickset" && find . -name '*.h' -o -name '*.h.in' | sed 's/\.in$//' | sort)
installed_headers=$(cd "$prefix/include/quickset" && find . -name '*.h' | sort)
[ "$source_headers" = "$installed_headers" ] ||
  fail "headers differ: $(diff <(echo "$source_headers") <(echo "$installed_headers") || true)"
for header in $installed_headers; do
  header=quickset/${header#./}
  printf '#include "%s"\ntypedef int not_empty;\n' "$header" >"$work/header.c"
  cc -std=c17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$prefix/include" "$work/header.c" ||
    fail "$header does not compile by itself in C17"
  c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$prefix/include" -x c++ "$work/header.c" ||
    fail "$header does not compile by itself in C++17"
done

echo "== find_package"
"$cmake" -S "$project" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >"$work/configure.log" ||
  { cat "$work/configure.log"; exit 1; }
"$cmake" --build "$work/build"
for program in "$work"/build/consumer_*; do
  if [ ! -f "$program" ] || [ ! -x "$program" ]; then
    continue
  fi
  echo "-- $(basename "$program")"
  "$program"
done

echo "== pkg-config"
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags <<<"$(pkg-config --cflags --libs quickset)"
read -ra static_flags <<<"$(pkg-config --static --cflags --libs quickset)"
cc -std=c17 "$project/version.c" "${flags[@]}" -Wl,-rpath,"$libdir" -o "$work/shared_c"
c++ -std=c++17 "$project/version.cpp" "${flags[@]}" -Wl,-rpath,"$libdir" -o "$work/shared_cxx"
cc -std=c17 "$project/version.c" "$libdir/libquickset.a" -Wl,--as-needed "${static_flags[@]}" -o "$work/static_c"
for program in shared_c shared_cxx static_c; do
  echo "-- $program"
  "$work/$program"
done
readelf -d "$work/static_c" | grep -q 'libquickset' && fail "the static caller needs the shared library"
version=$(pkg-config --modversion quickset)
[ "$("$work/shared_c")" = "quickset $version" ] || fail "qs_version and quickset.pc disagree"

if [ -x "$prefix/bin/quickset" ]; then
  echo "== the installed program"
  "$prefix/bin/quickset" info
  echo "== in process and from files: the same bytes"
  "$work/build/consumer_inprocess" "$work/inprocess.json" >/dev/null
  "$prefix/bin/quickset" run "$project/../inprocess/nightly.yaml" --out "$work/results" --quiet >/dev/null
  cmp "$work/inprocess.json" "$work/results/results.json"
fi
echo "consumer: all built and ran"
