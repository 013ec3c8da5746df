# LLVM's C++ library for a musl sysroot, which Debian has none for: built from
# the source that its package of Emscripten carries, a tenth of LLVM's own size.
#
# It stands under GCC's name too, because build scripts ask for that one.
{
  step,
  packages,
  llvm,
}:
{ target, sysroot }:
let
  # Upstream's version, which names the folder in the archive.
  release = builtins.head (builtins.match "([0-9.]+)[+-].*" (packages.version "trixie/source/emscripten"));
  lib = "emscripten-${release}/system/lib";
in
step {
  name = "sysroot-${target.triple}-cxx";
  path = [ llvm ];
  source = packages.set "libcxx-source";
  site = builtins.concatStringsSep "\n" [
    "#pragma once"
    "#define _LIBCPP_ABI_VERSION 1"
    "#define _LIBCPP_ABI_NAMESPACE __1"
    "#define _LIBCPP_HAS_MUSL_LIBC"
    "#define _LIBCPP_HAS_NO_TIME_ZONE_DATABASE"
    "#define _LIBCPP_HAS_NO_VENDOR_AVAILABILITY_ANNOTATIONS"
    "#define _LIBCPP_HARDENING_MODE_DEFAULT _LIBCPP_HARDENING_MODE_NONE"
    "#define _LIBCPP_PSTL_CPU_BACKEND_SERIAL"
    ""
  ];
  passAsFile = [ "site" ];
  script = ''
    xz -dc $source | tar -x -f - ${lib}/libcxx ${lib}/libcxxabi
    mv ${lib} upstream
    mkdir $out
    cp -a ${sysroot}/. $out/
    chmod -R u+w $out
    headers=$out/usr/include/c++/v1
    mkdir -p $headers
    cp -r upstream/libcxx/include/. upstream/libcxxabi/include/. $headers/
    cp $sitePath $headers/__config_site

    # What is of other systems, or is there for programs without exceptions.
    rm -f upstream/libcxx/src/tz*.cpp upstream/libcxxabi/src/*emscripten.cpp \
      upstream/libcxxabi/src/*js_utils.cpp upstream/libcxxabi/src/cxa_noexception.cpp
    # Emscripten's own way of throwing, which is another than LLVM's.
    sed -i '/^\/\/ XXX EMSCRIPTEN$/,$d' upstream/libcxxabi/src/private_typeinfo.cpp
    cat > compile << 'E'
    clang++ --target=${target.clang} --sysroot=$1 -std=c++20 -O2 -fPIC -DNDEBUG -w \
      -ffile-prefix-map=$PWD=/libcxx -ffile-prefix-map=$1=/sysroot -ffile-prefix-map=${llvm}=/llvm \
      -D_LIBCPP_BUILDING_LIBRARY -D_LIBCXXABI_BUILDING_LIBRARY -DLIBCXX_BUILDING_LIBCXXABI \
      -DLIBCXXABI_USE_LLVM_UNWINDER -nostdinc++ -isystem $1/usr/include/c++/v1 \
      -Iupstream/libcxx/src -Iupstream/libcxxabi/src \
      -c $2 -o objects/$(echo $2 | sed 's|/|-|g').o
    E
    mkdir objects
    ls upstream/libcxx/src/*.cpp upstream/libcxx/src/filesystem/*.cpp \
      upstream/libcxx/src/ryu/*.cpp upstream/libcxxabi/src/*.cpp |
      xargs -n 1 -P $(nproc) sh -eu compile $out
    llvm-ar rcsD $out/usr/lib/libc++.a objects/*.o
    ln -s libc++.a $out/usr/lib/libstdc++.a

    # A program that throws across threads, linked as cargo would have it.
    printf '%s\n' '#include <iostream>' '#include <regex>' '#include <thread>' \
      'int main() { std::thread([] { try { std::regex("("); } catch (...) { std::cout << 1; } }).join(); }' > try.cc
    clang++ --target=${target.clang} --sysroot=$out --ld-path=${llvm}/bin/ld.lld -stdlib=libc++ -static try.cc -o try
  '';
}
