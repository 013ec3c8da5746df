# clang as a cross compiler and linker for one sysroot.
#
# clang reads TRIPLE.cfg from the folder that it stands in, after resolving
# links: so it is a copy (134 kB), not a link, and no shell wrapper is needed.
{ step, llvm }:
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
  script = ''
    mkdir -p $out/bin $out/lib
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
