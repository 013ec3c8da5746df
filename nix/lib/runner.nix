# How programs of a target run on an x86_64 machine: natively where the
# machine can, otherwise under QEMU, always on the base suite's real C library
# so that a floor that lies is caught.
#
# `bin/emulate` is for the kernel, which starts an emulator without arguments.
{
  step,
  unpack,
  packages,
}:
{
  name,
  target,
  runtime,
}:
let
  native = target.arch == "amd64";
  qemu = unpack {
    name = "qemu";
    debs = packages.set "qemu";
    # All emulators of the package, less those that no target here uses.
    script = ''
      mkdir bin
      for emulator in aarch64 arm i386 ppc64le riscv64 s390x x86_64; do
        mv usr/bin/qemu-$emulator bin/
      done
      rm -rf usr etc
    '';
  };
  root = if runtime == null then [ ] else [ "-L" "${runtime}" ];
  command = if native then [ ] else [ "${qemu}/bin/${target.qemu}" ] ++ root;
in
{
  inherit command;
}
// step {
  name = "runner-${name}";
  passAsFile = [ "runnerJson" ];
  runnerJson = builtins.toJSON {
    version = 1;
    inherit command;
    emulator = if native then null else "bin/emulate";
    # Where the loader of a native dynamic program finds its libraries.
    runtime = if native && runtime != null then "${runtime}" else null;
    qemu = if native then null else packages.version "trixie/amd64/qemu-user";
  };
  script = ''
    mkdir $out
    cp $runnerJsonPath $out/runner.json
    ${
      if native then
        ""
      else
        ''
          mkdir $out/bin
          echo '#!${../seed}/busybox sh' > $out/bin/emulate
          echo 'exec ${builtins.concatStringsSep " " command} "$@"' >> $out/bin/emulate
          chmod 555 $out/bin/emulate
        ''
    }
  '';
}
