# A Rust of the official distribution, as the table `rust` of a project's
# `xbuild.lock` pins it: relocated like Debian's, in whose place it stands.
#
# Gives {rust, clippy, std, facts}: compiler and cargo; the lints; the folder
# that belongs at lib/rustlib/TRIPLE for a target; what env.json says of it.
{
  step,
  libs,
  llvm,
  patchelf,
  xz,
  userland,
  stdSource,
  crates,
  host,
  triples,
}:
pin:
let
  release = builtins.head (builtins.match "([^ ]+).*" pin.version);
  fetch =
    one:
    import ./download.nix {
      name = baseNameOf one.path;
      url = "https://static.rust-lang.org/${one.path}";
      inherit (one) sha256;
    };
  # The file of a component; null where none is pinned.
  find =
    name: target:
    let
      found = builtins.filter (one: one.name == name && one.target or null == target) pin.component;
    in
    if found == [ ] then null else fetch (builtins.head found);
  need =
    name: target:
    let
      file = find name target;
    in
    if file == null then throw "xbuild.lock pins no ${name} of Rust ${release}" else file;
  # Some parts are of the host, others the same everywhere.
  part = name: if find name host != null then find name host else need name null;

  asked = map part pin.components;
  # Targets that are not xbuild's own, for whoever compiles for them besides.
  further = map (need "rust-std") pin.targets;

  # After rust-installer: `components` names the folders that are laid over
  # each other.
  unpack = ''
    unpack() {
      mkdir unpacked
      ${xz}/bin/xz -dc "$1" | tar -x -C unpacked -f -
      for part in $(cat unpacked/*/components); do
        rm -f unpacked/*/$part/manifest.in
        cp -r unpacked/*/$part/. "$2"/
      done
      rm -rf unpacked
    }
    is_elf() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -c 4 "$1" | tail -c 3)" = ELF ]; }
  '';

  rust =
    step {
      name = "rust-${release}";
      path = [ patchelf ];
      inherit triples;
      files = [
        (need "rustc" host)
        (need "cargo" host)
        (need "rust-std" host)
      ]
      ++ asked
      ++ further;
      script = ''
        ${unpack}
        mkdir $out
        for file in $files; do unpack $file $out; done
        chmod -R u+w $out
        rm -rf $out/share/doc $out/share/man
        own=$out/lib/rustlib/${host}
        # One linker for everything, whatever rustc calls it by.
        mkdir -p $own/bin/gcc-ld
        for name in ld.lld ld64.lld lld-link wasm-ld; do ln -sf ${llvm}/bin/lld $own/bin/gcc-ld/$name; done
        ln -sf ${llvm}/bin/lld $own/bin/rust-lld
        ln -sf ${llvm}/bin/llvm-objcopy $own/bin/rust-objcopy
        for program in $out/bin/* $out/libexec/* $own/bin/*; do
          if is_elf $program && patchelf --print-interpreter $program > /dev/null 2>&1; then
            patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
              --force-rpath --set-rpath $out/lib:$own/lib:${libs}/lib $program
          fi
        done
        for library in $out/lib/*.so*; do
          if is_elf $library; then patchelf --remove-rpath $library; fi
        done
        # With the source at hand rustc names it by where it lies, also in what
        # it makes: the store's path has no place there.
        if [ -d $out/lib/rustlib/src/rust ]; then
          commit=$($out/bin/rustc -vV | sed -n 's/^commit-hash: \([0-9a-f]\{40\}\)$/\1/p')
          mkdir -p $out/libexec
          mv $out/bin/rustc $out/libexec/rustc
          echo /rustc/''${commit:-${release}} > $out/lib/rustlib/src/shown-as
          printf '#!${userland}/bin/sh\nexec %s "$@" --remap-path-prefix=%s=%s\n' \
            $out/libexec/rustc $out/lib/rustlib/src/rust $(cat $out/lib/rustlib/src/shown-as) > $out/bin/rustc
          chmod +x $out/bin/rustc
        fi
        for triple in $triples; do
          mkdir -p $out/lib/rustlib/$triple
        done
        $out/bin/rustc -vV
        $out/bin/cargo -V
      '';
    }
    // {
      inherit release;
    };

  # What the source of the standard library is built with, and does not bring
  # along.
  vendor =
    if pin ? crate then
      crates {
        name = "std-${release}";
        std = pin.crate;
      }
    else
      throw "Rust ${release} has no standard library for every target, and xbuild.lock pins no crates to build one with: `xbuild lock --update`, or a release from 1.83 on";

  # Of a component, or built from source where the distribution has none.
  std =
    {
      target,
      cc,
      sysroot,
    }:
    let
      file = find "rust-std" target.triple;
    in
    if target.triple == host then
      null
    else if file == null then
      stdSource {
        inherit
          rust
          target
          cc
          sysroot
          ;
        source = need "rust-src" null;
        links = "${rust}/lib/rustlib/*-*";
        unpack = ''
          ${unpack}
          mkdir -p source usr/src
          unpack $source source
          mv source/lib/rustlib/src/rust usr/src/rustc-${release}
          # Copied, so that no path of the store is written down.
          cp -r ${vendor} usr/src/rustc-${release}/library/vendor'';
      }
    else
      step {
        name = "std-${target.triple}-${release}";
        inherit file;
        script = ''
          ${unpack}
          mkdir tree $out
          unpack $file tree
          cp -r tree/lib/rustlib/${target.triple}/lib $out/lib
          chmod -R u+w $out
          ${
            if target.libc == "musl" then
              ''
                # The C library of the sysroot, for C code is linked with it too;
                # but early releases call functions that musl 1.2.4 dropped.
                if ! ${llvm}/bin/llvm-nm $out/lib/libstd-*.rlib 2> /dev/null | grep ' U open64$' > /dev/null; then
                  mkdir -p $out/lib/self-contained
                  ${import ./self-contained.nix sysroot}
                fi''
            else
              ""
          }
        '';
      };

  clippy = step {
    name = "clippy-${release}";
    path = [ patchelf ];
    file = need "clippy" host;
    script = ''
      ${unpack}
      mkdir tree
      unpack $file tree
      mkdir -p $out/bin
      cp tree/bin/cargo-clippy tree/bin/clippy-driver $out/bin/
      chmod u+w $out/bin/*
      for program in $out/bin/*; do
        patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
          --force-rpath --set-rpath ${rust}/lib:${libs}/lib $program
      done
      $out/bin/clippy-driver --version
    '';
  };
in
{
  inherit rust std clippy;
  facts = {
    inherit (pin)
      channel
      version
      date
      key
      ;
    manifest = pin.sha256;
  };
}
