# Every derivation that xbuild is made of. The front end, `flake.nix` and the
# tests all come in through this file, so that a toolchain has one identity.
#
# Attributes: `toolchain.NAME`, `runner.NAME` (NAME = triple, with `-2_17` for
# a floor of 2.17), `buildPackage`, `clippy`, `stranger`, `rust`, `llvm`;
# `project` gives these for a project with packages or a Rust of its own.
let
  packages = import ./lib/packages.nix;
  targets = import ./lib/targets.nix;
  floors = import ./lib/floors.nix;

  step = import ./lib/step.nix;
  unpack = import ./lib/unpack.nix { inherit step; };
  patchelf = import ./lib/patchelf.nix { inherit step unpack packages; };
  raw = unpack {
    name = "host-raw";
    debs = packages.union [
      "rust"
      "llvm"
    ];
  };
  libs = import ./lib/host-libs.nix { inherit step raw patchelf; };
  llvm = import ./lib/llvm.nix { inherit step raw libs patchelf; };
  userland = import ./lib/userland.nix { inherit step; };
  stdDebian = import ./lib/std-debian.nix { inherit step unpack packages; };
  rust =
    import ./lib/rust.nix {
      inherit step raw libs patchelf;
      hostStd = stdDebian hostTarget;
      triples = builtins.attrNames targets;
    }
    // {
      # Upstream's version, which names the folder of its source.
      release = builtins.head (builtins.match "([0-9.]+)[+-].*" (packages.version "trixie/amd64/rustc-web"));
    };
  makePrograms = import ./lib/programs.nix { inherit step unpack packages libs patchelf; };
  buildTools = import ./lib/build-tools.nix { inherit makePrograms llvm; };
  pkgConfig = import ./lib/pkg-config.nix { inherit step unpack packages libs patchelf userland; };
  clippy = import ./lib/clippy.nix { inherit makePrograms rust; };
  toolSets = import ./lib/tool-sets.nix { inherit step unpack packages libs llvm patchelf; };
  sysrootBase = import ./lib/sysroot-base.nix { inherit unpack packages; };
  sysrootFloor = import ./lib/sysroot-floor.nix { inherit step llvm; };
  sysrootMusl = import ./lib/sysroot-musl.nix { inherit step unpack packages llvm; };
  withLibcxx = import ./lib/libcxx.nix { inherit step packages llvm; };
  stdSource = import ./lib/std-source.nix { inherit step llvm userland hostCc; };
  makeRuntime = import ./lib/runtime.nix { inherit step; };
  makeCc = import ./lib/cc.nix { inherit step llvm; };
  makeCMake = import ./lib/cmake.nix {
    inherit step;
    hostTriple = hostTarget.triple;
  };
  makeRunner = import ./lib/runner.nix { inherit step unpack packages; };
  makeToolchain = import ./lib/toolchain.nix {
    inherit
      step
      packages
      llvm
      buildTools
      pkgConfig
      userland
      makeCMake
      host
      ;
    debian = rust;
  };
  exactRust = import ./lib/exact-rust.nix {
    inherit step libs llvm patchelf userland stdSource crates;
    xz = import ./lib/xz.nix { inherit makePrograms; };
    host = hostTarget.triple;
    triples = builtins.attrNames targets;
  };
  makeLibraries = import ./lib/libraries.nix { inherit step; };
  withLibraries = import ./lib/with-libraries.nix { inherit step; };

  # What programs of the host load from: what rustc loads, since they may load
  # other tools' libraries themselves, and what a project has put beside it.
  hostRuntime =
    runtime:
    step {
      name = "runtime-host";
      script = ''
        lib=$out/lib/x86_64-linux-gnu
        mkdir -p $lib $out/lib64
        ${if runtime == null then "" else "ln -s ${runtime}/lib/x86_64-linux-gnu/*.so* $lib/"}
        ln -sf ${libs}/lib/* $lib/
        ln -s ${libs}/lib/ld-linux-x86-64.so.2 $out/lib64/
      '';
    };

  # Build scripts and proc macros run here, whatever the target is: they are
  # linked at the default floor of the machine's own kind.
  hostTarget = targets.x86_64-unknown-linux-gnu;
  host = {
    target = hostTarget;
    inherit (parts (floors.default hostTarget)) cc sysroot;
    runtime = hostRuntime null;
  };

  # The host's compiler for derivations: Nix's sandbox has no /lib64, so what
  # it links there names its loader and libraries by their store paths. They
  # are rustc's own, because rustc loads proc macros.
  hostCc = makeCc {
    name = "derivations";
    target = hostTarget;
    inherit (parts (floors.default hostTarget)) sysroot;
    flags = [
      "-Wl,--dynamic-linker=${libs}/lib/ld-linux-x86-64.so.2"
      "-Wl,-rpath,${libs}/lib"
    ];
  };

  # The parts of a glibc target at a floor.
  glibcParts =
    { target, floor, base, name }:
    let
      tree = sysrootBase {
        inherit (base) suite;
        inherit (target) arch;
      };
      sysroot = sysrootFloor {
        inherit target floor;
        inherit (base) suite;
        base = tree;
      };
    in
    {
      inherit sysroot;
      runtime = makeRuntime {
        base = tree;
        inherit (base) suite;
        inherit (target) arch;
      };
      cc = makeCc { inherit name target sysroot; };
      std = if target.triple == hostTarget.triple then null else stdDebian target;
      forStd = {
        inherit target sysroot;
        cc = makeCc { inherit name target sysroot; };
      };
    };
  # The parts of a musl target. Its programs are static: they need no runtime.
  muslParts =
    {
      target,
      name,
      cplusplus ? false,
      ...
    }:
    let
      plain = sysrootMusl target;
      sysroot = if cplusplus then withLibcxx { inherit target; sysroot = plain; } else plain;
      # A musl program is static here, whoever links it: configure scripts and
      # CMake try the compiler without a word about that.
      makeMuslCc =
        name: sysroot:
        makeCc {
          inherit name target sysroot;
          flags = [ "-static" ];
          flagsOfCxx = [ "-stdlib=libc++" ];
        };
      # The same with C++ and without it: std has none in it.
      forStd = {
        inherit target;
        cc = makeMuslCc target.triple plain;
        sysroot = plain;
      };
    in
    {
      inherit sysroot;
      cc = makeMuslCc name sysroot;
      runtime = null;
      std = stdSource (
        forStd
        // {
          inherit rust;
          source = packages.set "rust-src";
          unpack = "ar p $source data.tar.xz | xz -dc | tar -x -f - ./usr/src/rustc-${rust.release}/library";
        }
      );
      inherit forStd;
    };
  parts = request: if request.target.libc == "musl" then muslParts request else glibcParts request;

  requests = floors.requests targets;
  each = f: builtins.mapAttrs (_: f) requests;

  toolchain = each (
    request:
    makeToolchain (
      request
      // removeAttrs (parts request) [
        "runtime"
        "forStd"
      ]
    )
  );
  runner = each (
    request:
    makeRunner {
      inherit (request) name target;
      inherit (parts request) runtime;
    }
  );

  # A target as `xbuild.lock` pins it for a project: with packages of Debian in
  # its sysroot, {snapshot, packages = [{package, version, suite, path,
  # sha256}]}, with a Rust of its own, or both. Without a target only what
  # belongs to that Rust is there.
  project =
    {
      name ? null,
      snapshot ? null,
      packages ? [ ],
      rust ? null,
    }:
    let
      request = requests.${name};
      inherit (request) target;
      plain = parts request;
      # One copy serves all floors of a suite.
      common = "${request.base.suite}-${target.arch}";
      libraries = makeLibraries {
        name = "libraries-${common}";
        packages = map (pin: {
          inherit (pin) package version;
          file = import ./lib/fetch.nix { suites.${pin.suite} = { inherit snapshot; }; } pin;
        }) packages;
      };
      merged = withLibraries {
        inherit name common libraries;
        inherit (plain) sysroot runtime;
      };
      own =
        if snapshot == null then
          {
            inherit (plain) sysroot cc;
          }
        else
          {
            inherit (merged) sysroot;
            cc = makeCc {
              inherit name target;
              inherit (merged) sysroot;
              # What a package's library needs of glibc may be above the floor:
              # that is a finding with a remedy, not the linker's to say.
              flags = [ "-Wl,--allow-shlib-undefined" ];
            };
            runtime = if target.triple == hostTarget.triple then hostRuntime merged.runtime else host.runtime;
            owners = "${libraries}/owners";
          };
      exact = exactRust rust;
      compiler =
        if rust == null then
          {
            inherit (plain) std;
          }
        else
          {
            inherit (exact) rust;
            std = exact.std plain.forStd;
            exact = exact.facts;
          };
    in
    {
      toolchain.${name} = makeToolchain (request // own // compiler);
      runner.${name} = makeRunner {
        inherit name target;
        runtime = if snapshot == null then plain.runtime else merged.runtime;
      };
      inherit (exact) clippy;
    };

  bash = import ./lib/bash.nix { inherit step unpack packages; };
  stranger = import ./lib/stranger.nix { inherit step unpack packages libs patchelf host; };
  makeShell = import ./shell.nix { inherit bash hostCc; };
  crates = import ./lib/crates.nix { inherit step; };

  buildPackage = import ./build-package.nix {
    inherit
      step
      crates
      hostCc
      userland
      project
      toolSets
      ;
    inherit (rust) release;
    toolchains = toolchain;
  };

  # xbuild itself; the embedded copy of this folder has no Cargo.lock beside it.
  xbuild = import ./package.nix { inherit step buildPackage; };
in
{
  inherit
    rust
    llvm
    clippy
    patchelf
    stranger
    targets
    ;
  inherit
    toolchain
    runner
    project
    buildPackage
    ;
  tools = toolSets;
  shell = builtins.mapAttrs (
    name: request:
    makeShell {
      inherit (request) name target;
      toolchain = toolchain.${name};
      runner = runner.${name};
    }
  ) requests;
  inherit xbuild;
  checks = {
    inherit xbuild;
    pins = import ./checks/pins.nix { inherit step packages xbuild; };
    toolchains = import ./checks/toolchains.nix {
      inherit
        step
        targets
        toolchain
        runner
        ;
    };
  };
}
