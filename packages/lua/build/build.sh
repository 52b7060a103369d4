#!/bin/bash
# Builds module/runtime32.wasm and runtime64.wasm (Lua 5.3 and runtime/*.c, no Lua files) from Debian packages, byte for
# byte the same every time.
#
#   build/build.sh            make a Debian "trixie" chroot (needs root and debootstrap, about 2.5 GB), then build in it
#   build/build.sh check      do the same, and fail if what is in module/ is not what the sources give
#   build/build.sh compile    build on this machine, which has trixie's emscripten and the lua5.3 source package
#
# AO_LUA_CHROOT names the chroot's directory; an existing one is used again.
set -euo pipefail
# The order of files is the order of the linked code.
export LC_ALL=C

PACKAGE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LUA_SOURCE=lua5.3_5.3.6.orig.tar.gz
EMSCRIPTEN=3.1.69
STACK_BYTES=$((16 * 1024 * 1024))
MEMORY_BYTES=$((18 * 1024 * 1024))

# Debian has emscripten's C library for 32 bits only: this one is compiled from the sources in its package, in three minutes.
wide_library() {
  export EM_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ao-lua-emscripten EM_FROZEN_CACHE=0
  "$(dirname "$(realpath "$(command -v emcc)")")"/embuilder build libc libdlmalloc libcompiler_rt --wasm64 >&2
  echo "$EM_CACHE/sysroot/lib/wasm64-emscripten"
}

# In a folder with the sources of Lua: compiles for `bits`, and links with the C library in the folder `lib`.
runtime() {
  local bits=$1 lib=$2 max_memory=$3 invoke=$4 flags features file
  features=(--enable-mutable-globals --enable-sign-ext)
  # LUA_COMPAT_5_2: Debian's own setting; programs for ao use bit32 and math.pow.
  flags="-O2 -DNDEBUG -DLUA_COMPAT_5_2 -sSUPPORT_LONGJMP=emscripten -ffile-prefix-map=$PWD=. -I$LUA"
  if [ "$bits" = 64 ]; then
    flags+=" -sMEMORY64=1 -Wno-experimental"
    # The hosts of ao modules number functions with 32 bits.
    features+=(--enable-memory64 --table64-lowering)
  fi
  for file in "$LUA"/*.c; do
    case $file in */lua.c | */luac.c) continue ;; esac
    emcc $flags -Wno-string-plus-int -include "$PACKAGE/runtime/luahost.h" -c "$file" -o "lua_$(basename "$file" .c).$bits.o"
  done
  for file in "$PACKAGE"/runtime/*.c; do
    emcc -Wall -Wextra -Werror -fno-builtin $flags -c "$file" -o "ao_$(basename "$file" .c).$bits.o"
  done
  # Linked without emcc: what it would add is a JavaScript host, and the hosts of ao modules bring their own.
  (cat "$PACKAGE/build/imports.txt" && echo "$invoke") > imports
  wasm-ld-19 -mwasm"$bits" -o linked.wasm ./*."$bits".o -L"$lib" -lc -ldlmalloc -lcompiler_rt -lc \
    --no-entry --gc-sections --stack-first -z stack-size=$STACK_BYTES \
    --initial-memory=$MEMORY_BYTES --max-memory="$max_memory" \
    --export-table --table-base=1 --strip-debug \
    --export=__wasm_call_ctors --export=malloc --export=free --export=setThrew \
    --export=emscripten_stack_init --export=emscripten_stack_get_free \
    --export=emscripten_stack_get_base --export=emscripten_stack_get_end \
    --export=emscripten_stack_get_current --export=_emscripten_stack_restore --export=_emscripten_stack_alloc \
    --allow-undefined-file=imports
  # asyncify: so that a host may answer the drive's imports later. Only these functions are on the stack then (see drive.c).
  wasm-opt "${features[@]}" --asyncify \
    --pass-arg=asyncify-imports@'env.__asyncjs__*' --pass-arg=asyncify-onlylist@handle,drive_fetch,read_whole \
    -O3 --strip-debug linked.wasm -o "$PACKAGE/module/runtime$bits.wasm" 2> warnings
  if [ -s warnings ]; then cat warnings >&2; exit 1; fi
}

compile() {
  local work
  emcc --version | grep -q " $EMSCRIPTEN " || { echo "emscripten $EMSCRIPTEN is needed" >&2; exit 1; }
  work=$(mktemp -d)
  cd "$work"
  apt-get source --download-only lua5.3 > /dev/null 2>&1
  echo "fc5fd69bb8736323f026672b1b7235da613d7177e72558893a0bdcd320466d60  $LUA_SOURCE" | sha256sum --check --quiet
  tar xzf "$LUA_SOURCE"
  LUA=$(echo lua-5.3.6*/src)
  runtime 32 "$(dirname "$(emcc -print-file-name=libc.a)")" $((1 << 30)) invoke_vii
  runtime 64 "$(wide_library)" $((16 << 30)) invoke_vjj
  rm -rf "$work"
  dpkg-query --show --showformat='${Package} ${Version}\n' binaryen clang-19 emscripten lld-19 > "$PACKAGE/module/runtime.tools"
  # A test compares this list with the tree, so that a runtime older than its sources is noticed.
  cd "$PACKAGE" && sha256sum build/build.sh build/imports.txt runtime/* module/runtime*.wasm > module/runtime.sha256
}

in_chroot() {
  local root=${AO_LUA_CHROOT:-/var/tmp/ao-lua-trixie}
  if [ ! -x "$root/usr/bin/emcc" ]; then
    debootstrap --variant=minbase trixie "$root" http://deb.debian.org/debian
    printf '%s\n' 'deb http://deb.debian.org/debian trixie main' 'deb-src http://deb.debian.org/debian trixie main' \
      > "$root/etc/apt/sources.list"
    chroot "$root" apt-get update
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends emscripten
  fi
  # The chroot gets a copy of the sources and gives back what it made, so nothing has to be mounted.
  rm -rf "$root/build" && mkdir -p "$root/build/module"
  cp -r "$PACKAGE/build" "$PACKAGE/runtime" "$root/build/"
  chroot "$root" bash /build/build/build.sh compile
  local file
  for file in runtime32.wasm runtime64.wasm runtime.sha256 runtime.tools; do
    "$@" "$root/build/module/$file" "$PACKAGE/module/$file"
  done
}

case ${1:-} in
  '') in_chroot cp ;;
  check)
    in_chroot cmp
    echo "module/runtime32.wasm and runtime64.wasm are what their sources give"
    ;;
  compile) compile ;;
  *) sed -n '2,9p' "${BASH_SOURCE[0]}" && exit 2 ;;
esac
