# clang as a cross compiler and linker for one sysroot, and what CMake must be
# told of it.
#
# clang reads TRIPLE.cfg from the folder that it stands in, after resolving
# links: so it is a copy (134 kB), not a link, and no shell wrapper is needed.
{
  step,
  llvm,
  hostTriple,
}:
{
  name,
  target,
  sysroot,
  flags ? [ ],
  # More for what is called as a compiler of C++.
  flagsOfCxx ? [ ],
}:
let
  # The crate `cc` says `--target=arm-…` for every ARM of 32 bits.
  isArm = builtins.match "armv7-.*" target.clang != null;
  alias =
    if isArm then
      "\nfor mode in \"\" -clang++; do ln -s $triple$mode.cfg arm-\${triple#armv7-}$mode.cfg; done"
    else
      "";
  # As `uname -m` says it.
  named = builtins.head (builtins.match "([^-]+)-.*" target.clang);
  processor =
    {
      armv7 = "armv7l";
      powerpc64le = "ppc64le";
    }
    .${named} or named;
in
step {
  name = "cc-${name}";
  config = builtins.concatStringsSep "\n" (
    [
      "--target=${target.clang}"
      "--sysroot=${sysroot}"
      "--ld-path=${llvm}/bin/ld.lld"
      # Debug information names headers; a store path would leak with it.
      "-ffile-prefix-map=${sysroot}=/sysroot"
      "-ffile-prefix-map=${llvm}=/llvm"
    ]
    ++ flags
    ++ [ "" ]
  );
  # What runs here is no cross build: CMake then runs what it has compiled.
  toolchain = builtins.concatStringsSep "\n" (
    (
      if target.triple == hostTriple then
        [ ]
      else
        [
          "set(CMAKE_SYSTEM_NAME Linux)"
          "set(CMAKE_SYSTEM_PROCESSOR ${processor})"
        ]
    )
    ++ [
      "set(CMAKE_C_COMPILER @out@/bin/${target.clang}-clang)"
      "set(CMAKE_CXX_COMPILER @out@/bin/${target.clang}-clang++)"
      "set(CMAKE_ASM_COMPILER @out@/bin/${target.clang}-clang)"
      "set(CMAKE_AR @out@/bin/${target.clang}-ar CACHE FILEPATH \"\")"
      "set(CMAKE_RANLIB @out@/bin/${target.clang}-ranlib CACHE FILEPATH \"\")"
      "set(CMAKE_NM @out@/bin/${target.clang}-nm CACHE FILEPATH \"\")"
      "set(CMAKE_STRIP @out@/bin/${target.clang}-strip CACHE FILEPATH \"\")"
      "set(CMAKE_OBJCOPY @out@/bin/${target.clang}-objcopy CACHE FILEPATH \"\")"
      "set(CMAKE_READELF @out@/bin/${target.clang}-readelf CACHE FILEPATH \"\")"
      "set(CMAKE_FIND_ROOT_PATH ${sysroot})"
      "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)"
      "set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)"
      "set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)"
      "set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)"
      ""
    ]
  );
  passAsFile = [ "toolchain" ];
  script = ''
    mkdir -p $out/bin $out/lib
    sed "s|@out@|$out|g" $toolchainPath > $out/toolchain.cmake
    cd $out/bin
    cp ${llvm}/bin/clang ${target.clang}-clang
    ln -s ${target.clang}-clang ${target.clang}-clang++
    ln -s ${llvm}/lib/clang $out/lib/clang
    config="$config-ffile-prefix-map=$out=/llvm
    "
    printf '%s' "$config" > ${target.clang}-clang.cfg
    printf '%s' "$config${builtins.concatStringsSep "\n" (flagsOfCxx ++ [ "" ])}" > ${target.clang}-clang++.cfg
    # The name of the configuration is the normalised triple.
    triple=$(./${target.clang}-clang -print-target-triple)
    ln -s ${target.clang}-clang.cfg $triple.cfg
    ln -s ${target.clang}-clang++.cfg $triple-clang++.cfg${alias}
    ./${target.clang}-clang --version | grep -F "Configuration file"
    for tool in ar ranlib nm objcopy strip readelf; do
      ln -s ${llvm}/bin/llvm-$tool ${target.clang}-$tool
    done
  '';
}
