# Everything that cargo needs for one target and floor, as one folder.
#
# `env.json` in it is the whole contract with the front end: what to bind
# where, and the variables of the hermetic shell. Its references keep every
# part of the toolchain alive behind a single GC root.
{
  step,
  packages,
  # Debian's compiler.
  debian,
  llvm,
  buildTools,
  pkgConfig,
  userland,
  makeCMake,
  host,
}:
{
  name,
  target,
  floor,
  base,
  std,
  cc,
  sysroot,
  # Of a project's own packages: a file that names their shared libraries, and
  # what programs of the machine's kind load with them.
  owners ? null,
  # Whether a musl sysroot has a C++ library.
  cplusplus ? false,
  runtime ? host.runtime,
  # Another Rust than Debian's, and what is to be said of it.
  rust ? debian,
  exact ? null,
}:
let
  upper = import ./upper.nix;
  lower = builtins.replaceStrings [ "-" ] [ "_" ];
  variables =
    {
      name,
      target,
      cc,
      sysroot,
    }@parts:
    let
      tool = tool: "${cc}/bin/${target.clang}-${tool}";
      t = lower target.triple;
      folders = [
        "lib/${target.multiarch}"
        "lib"
        "share"
      ];
    in
    {
      "CARGO_TARGET_${upper target.triple}_LINKER" = tool "clang";
      "CC_${t}" = tool "clang";
      "CXX_${t}" = tool "clang++";
      "AR_${t}" = tool "ar";
      "RANLIB_${t}" = tool "ranlib";
      "NM_${t}" = tool "nm";
      "STRIP_${t}" = tool "strip";
      "OBJCOPY_${t}" = tool "objcopy";
      "PKG_CONFIG_LIBDIR_${t}" = builtins.concatStringsSep ":" (
        map (folder: "${sysroot}/usr/${folder}/pkgconfig") folders
      );
      "PKG_CONFIG_SYSROOT_DIR_${t}" = "${sysroot}";
      "CMAKE_TOOLCHAIN_FILE_${t}" = "${makeCMake parts}";
      "BINDGEN_EXTRA_CLANG_ARGS_${t}" = "--target=${target.clang} --sysroot=${sysroot}";
    };
  facts = {
    version = 1;
    inherit (target) triple libc;
    inherit name floor;
    host = host.target.triple;
    base = if base == null then null else { inherit (base) suite version; };
    rust = if exact == null then packages.version "trixie/amd64/rustc-web" else exact.version;
    llvm = packages.version "trixie/amd64/clang-22";
    musl =
      if target.libc == "musl" then packages.version "trixie/${target.arch}/musl-dev" else null;
    cargo = "${rust}/bin/cargo";
    # The target's standard library goes over an empty folder of the compiler's.
    std =
      if std == null then
        null
      else
        {
          source = "${std}";
          target = "${rust}/lib/rustlib/${target.triple}";
        };
    sysroot = "${sysroot}";
    # What host programs (build scripts, proc macros' own needs) load from.
    runtime = "${runtime}";
    inherit owners;
    path = [
      "${rust}/bin"
      "${cc}/bin"
      "${host.cc}/bin"
      "${llvm}/bin"
      "${buildTools}/bin"
      "${pkgConfig}/bin"
      "${userland}/bin"
    ];
    env =
      variables {
        name = "host";
        inherit (host) target cc sysroot;
      }
      // variables {
        inherit
          name
          target
          cc
          sysroot
          ;
      }
      // {
        RUSTC = "${rust}/bin/rustc";
        RUSTDOC = "${rust}/bin/rustdoc";
        PKG_CONFIG = "${pkgConfig}/bin/pkg-config";
        HOST_CC = "${host.cc}/bin/${host.target.clang}-clang";
        HOST_CXX = "${host.cc}/bin/${host.target.clang}-clang++";
        HOST_AR = "${host.cc}/bin/${host.target.clang}-ar";
      };
  }
  // (if exact == null then { } else { inherit exact; });
in
# The facts are for other Nix code; everything else reads env.json.
{
  inherit facts;
}
// step {
  name = "toolchain-${name}";
  passAsFile = [ "envJson" ];
  envJson = builtins.toJSON facts;
  script = ''
    mkdir -p $out/bin $out/lib/rustlib
    cp $envJsonPath $out/env.json
    ln -s ${sysroot} $out/sysroot
    # Outside the hermetic shell nothing can be bound over the compiler's
    # folder, so there rustc is told of a folder of links.
    for part in ${rust}/lib/rustlib/*; do
      ln -s $part $out/lib/rustlib/
    done
    ${if std == null then "" else "rm -f $out/lib/rustlib/${target.triple}; ln -s ${std} $out/lib/rustlib/${target.triple}"}
    for program in rustc rustdoc; do
      printf '#!%s/bin/sh\nexec %s/bin/%s --sysroot %s "$@"\n' ${userland} ${rust} $program $out > $out/bin/$program
      chmod +x $out/bin/$program
    done
    ${
      # Paths below that folder have no more place in what is made than those of
      # the compiler's own.
      if exact == null then
        ""
      else
        ''
          shown=$out/lib/rustlib/src/shown-as
          if [ -f $shown ]; then
            sed -i "2s|\$| --remap-path-prefix=$out/lib/rustlib/src/rust=$(cat $shown)|" $out/bin/rustc
          fi''
    }
    ln -s ${rust}/bin/cargo $out/bin/cargo
    ln -s ${cc}/bin/* $out/bin/
  '';
}
