# What configure scripts and makefiles call by its plain name: GNU make,
# relocated, and LLVM's binary tools, which know every target's files. Build
# scripts that wrap such a library (jemalloc is the best known) need them.
{
  step,
  unpack,
  packages,
  libs,
  llvm,
  patchelf,
}:
let
  raw = unpack {
    name = "make-raw";
    debs = packages.set "make";
  };
in
step {
  name = "build-tools";
  path = [ patchelf ];
  script = ''
    mkdir -p $out/bin
    cp ${raw}/usr/bin/make $out/bin/
    chmod u+w $out/bin/make
    patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
      --force-rpath --set-rpath ${libs}/lib $out/bin/make
    ln -s make $out/bin/gmake
    $out/bin/make --version
    for tool in ar nm objcopy objdump ranlib readelf strip; do
      ln -s ${llvm}/bin/llvm-$tool $out/bin/$tool
      $out/bin/$tool --version
    done
  '';
}
