# What configure scripts and makefiles call by its plain name: GNU make, and
# LLVM's binary tools, which know every target's files. Build scripts that wrap
# such a library (jemalloc is the best known) need them.
{ makePrograms, llvm }:
makePrograms {
  name = "build-tools";
  set = "make";
  programs = [ "make" ];
  script = ''
    ln -s make $out/bin/gmake
    $out/bin/make --version
    for tool in ar nm objcopy objdump ranlib readelf strip; do
      ln -s ${llvm}/bin/llvm-$tool $out/bin/$tool
      $out/bin/$tool --version
    done
  '';
}
